"""A cell over a sequence, and how gradients flow back through it."""
