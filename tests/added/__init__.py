"""One activation, cell, page and slider: what `test_one_place` adds to a copy of the house."""
