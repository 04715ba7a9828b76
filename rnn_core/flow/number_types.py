"""What a gradient becomes where it is computed in fewer digits: float16, bfloat16, float32.

A number type has p binary digits and exponents from `lowest` to `highest` (IEEE 754-2019, table 3.5; bfloat16 is
float32 cut to 8 digits). What lies above its largest number is ∞, what lies below half its smallest is exactly 0.
Rounding is to nearest, ties to even, and computed in float64, of which all these types are a part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NumberType:
    """A binary floating-point type of p digits, the first of them not stored."""

    name: str
    p: int
    lowest: int  # exponents of two of its normal numbers
    highest: int

    @property
    def largest(self) -> float:
        """Its largest finite number, (2 - 2^(1-p)) 2^highest."""
        return (2.0 - 2.0 ** (1 - self.p)) * 2.0**self.highest

    @property
    def smallest(self) -> float:
        """Its smallest positive number, a subnormal one, 2^(lowest - p + 1)."""
        return 2.0 ** (self.lowest - self.p + 1)

    def rounded(self, x: np.ndarray) -> np.ndarray:
        """The type's nearest numbers to those of x, as float64, of x's shape; ∞ and NaN stay."""
        x = np.asarray(x, dtype=float)
        with np.errstate(over="ignore", invalid="ignore"):
            exponent = np.maximum(np.frexp(x)[1] - 1, self.lowest)
            grain = np.ldexp(1.0, exponent - self.p + 1)
            near = np.where(np.isfinite(x), np.rint(x / grain) * grain, x)
            return np.where(np.abs(near) > self.largest, np.copysign(np.inf, near), near)

    def products(self, factors: np.ndarray) -> np.ndarray:
        """Running products of factors (T, …) from the last back, (T+1, …): the last is the empty one, 1.

        Each factor and each product is rounded, as where a backward pass runs in this type. ∞ · 0 is NaN.
        """
        out = np.ones((len(factors) + 1, *np.shape(factors)[1:]))
        with np.errstate(over="ignore", invalid="ignore"):
            for j in range(len(factors) - 1, -1, -1):
                out[j] = self.rounded(out[j + 1] * self.rounded(factors[j]))
        return out


NUMBER_TYPES = {
    one.name: one
    for one in (
        NumberType("float16", 11, -14, 15),
        NumberType("bfloat16", 8, -126, 127),
        NumberType("float32", 24, -126, 127),
        NumberType("float64", 53, -1022, 1023),
    )
}
