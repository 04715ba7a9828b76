"""Gradient clipping: what is too long is shortened, or cut value by value.

By norm: Pascanu, Mikolov & Bengio 2013, algorithm 1 (PyTorch's clip_grad_norm_ adds 10^-6 to the norm); by value:
Mikolov 2012, §3.2.2. ∞ and NaN fare as they do there.
"""

from __future__ import annotations

import numpy as np


def by_norm(gradient: np.ndarray, longest: float = 1.0) -> np.ndarray:
    """The gradient (…, n), each as a whole no longer than `longest`: its direction stays.

    A single ∞ makes the norm ∞ and the scale 0, so it becomes ∞ · 0 = NaN and all else 0. Raises ValueError if
    `longest` is not above 0.
    """
    _checked(longest)
    gradient = np.asarray(gradient, dtype=float)
    size = np.abs(gradient).max(axis=-1, keepdims=True, initial=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = np.where(np.isfinite(size) & (size > 0), size, 1.0)  # squares of large numbers would overflow
        norm = unit * np.sqrt(np.sum((gradient / unit) ** 2, axis=-1, keepdims=True))
        scale = np.minimum(longest / norm, 1.0)
        return gradient * scale


def by_value(gradient: np.ndarray, largest: float = 1.0) -> np.ndarray:
    """Each entry cut to -largest … largest: ∞ becomes finite, NaN stays, the direction may change.

    Raises ValueError if `largest` is not above 0.
    """
    _checked(largest)
    return np.clip(np.asarray(gradient, dtype=float), -largest, largest)


def _checked(limit: float) -> None:
    if not limit > 0:
        raise ValueError(f"the limit must be above 0, got {limit!r}")
