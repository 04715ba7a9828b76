"""Numbers as mantissa · 2^exponent: products that neither overflow nor underflow, exact where float64 is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

LN2, LOG10_2 = math.log(2.0), math.log10(2.0)
_CHUNK = 512  # mantissas in [1/2, 1): a product of 512 of them is still a normal number
_MANY = 1000  # numbers from which a look at all exponents pays off
NOTHING = -(2**49)  # exponent given to an exact zero, so that it never wins an alignment
_DEEPEST = 2.0**35  # logarithms beyond this are held there: 10,000 of them still fit above NOTHING
_LN2_HIGH, _LN2_LOW = 0.69314718036912382, 1.9082149292705877e-10  # their sum is ln 2 to 85 bits (fdlibm)


@dataclass(frozen=True, eq=False)
class Scaled:
    """The numbers `mant * 2**exp2`.

    `exp2` (int64) spans the leading axes of `mant`; the trailing `mant.ndim - exp2.ndim` axes share one
    exponent: none for plain numbers, one for vectors, two for matrices. Exact zeros have mantissa 0.
    """

    mant: np.ndarray
    exp2: np.ndarray
    __array_ufunc__ = None  # so that array * Scaled asks Scaled

    @classmethod
    def of(cls, x: np.ndarray, axes: int = 0) -> Scaled:
        """Finite floats, with one exponent for each block of the last `axes` axes."""
        x = np.asarray(x, dtype=float)
        return cls(x, np.zeros(x.shape[: x.ndim - axes], dtype=np.int64)).normalised()

    @classmethod
    def from_log(cls, log: np.ndarray, sign: np.ndarray | float = 1.0) -> Scaled:
        """`sign * exp(log)`, `log` natural, held within ±2^35; -inf is an exact zero."""
        zero = np.isneginf(log)
        log = np.where(zero, 0.0, np.clip(log, -_DEEPEST, _DEEPEST))
        exp2 = np.rint(log / LN2)
        mant = np.where(zero, 0.0, np.exp(log - exp2 * _LN2_HIGH - exp2 * _LN2_LOW))
        return cls(sign * mant, exp2.astype(np.int64)).normalised()

    @classmethod
    def stack(cls, rows: Sequence[Scaled]) -> Scaled:
        """Equal blocks along a new first axis."""
        return cls(np.stack([row.mant for row in rows]), np.stack([row.exp2 for row in rows]))

    @property
    def axes(self) -> int:
        """Number of trailing axes that share an exponent."""
        return self.mant.ndim - self.exp2.ndim

    def _expand(self, exp2: np.ndarray) -> np.ndarray:
        return exp2.reshape(exp2.shape + (1,) * self.axes)

    def normalised(self) -> Scaled:
        """The same numbers with the largest mantissa of each block in [1/2, 1)."""
        if not self.axes:
            mant, shift = np.frexp(self.mant)
            return Scaled(mant, np.where(mant != 0, self.exp2 + shift, NOTHING))
        size = math.prod(self.mant.shape[self.exp2.ndim :])
        largest = np.abs(self.mant).reshape(*self.exp2.shape, size).max(axis=-1, initial=0.0)
        shift = np.frexp(largest)[1]
        exp2 = np.where(largest > 0, self.exp2 + shift, NOTHING)
        return Scaled(ldexp(self.mant, -self._expand(shift)), exp2)

    def as_vectors(self) -> Scaled:
        """Plain numbers with one exponent for the whole last axis (the largest)."""
        exp2 = self.exp2.max(axis=-1, initial=NOTHING)
        return Scaled(ldexp(self.mant, self.exp2 - exp2[..., None]), exp2)

    @property
    def value(self) -> np.ndarray:
        """As float64: overflow becomes ±inf, underflow a subnormal or 0."""
        return ldexp(self.mant, self._expand(self.exp2))

    @property
    def sign(self) -> np.ndarray:
        return np.sign(self.mant)

    @property
    def log(self) -> np.ndarray:
        """Natural logarithm of the magnitude; -inf where the number is exactly 0."""
        return self._logarithm(np.log, LN2)

    @property
    def log10(self) -> np.ndarray:
        """Decimal logarithm of the magnitude; -inf where the number is exactly 0."""
        return self._logarithm(np.log10, LOG10_2)

    def _logarithm(self, log: np.ufunc, of_two: float) -> np.ndarray:
        value = np.abs(self.value)
        with np.errstate(divide="ignore"):
            result = np.asarray(log(value))  # where float64 holds the number, its own log is best
            outside = ~((value > 1e-300) & (value < 1e300))
            if outside.any():
                mant = np.abs(np.asarray(self.mant)[outside])
                exp2 = np.broadcast_to(self._expand(self.exp2), value.shape)[outside]
                result[outside] = log(mant) + exp2 * of_two
        return result

    def __getitem__(self, index: Any) -> Scaled:
        """Index the leading (exponent) axes."""
        return Scaled(self.mant[index], self.exp2[index])

    def __mul__(self, other: Scaled | np.ndarray | float) -> Scaled:
        """Elementwise product; the other factor has the same exponent axes, or is a float array."""
        if not isinstance(other, Scaled):
            return Scaled(self.mant * other, self.exp2).normalised()
        return Scaled(self.mant * other.mant, self.exp2 + other.exp2).normalised()

    __rmul__ = __mul__

    def __add__(self, other: Scaled) -> Scaled:
        """Elementwise sum of blocks of equal shape."""
        a, b = align(self, other)
        return Scaled(a.mant + b.mant, a.exp2).normalised()

    def vector_norm(self) -> Scaled:
        """Euclidean norm over the last axis."""
        x = self if self.axes else self.as_vectors()
        return Scaled(np.sqrt(np.einsum("...i,...i->...", x.mant, x.mant)), x.exp2).normalised()

    def norm(self, order: str | int = "fro") -> Scaled:
        """Frobenius (`"fro"`) or spectral (`2`) norm of each matrix."""
        return Scaled(matrix_norm(self.mant, order), self.exp2).normalised()


def ldexp(mant: np.ndarray, exp2: np.ndarray) -> np.ndarray:
    """`mant * 2**exp2` for int64 exponents of any size."""
    exp2 = np.asarray(exp2, dtype=np.int64)
    with np.errstate(over="ignore", under="ignore"):
        if exp2.size > _MANY and np.abs(exp2).max() <= 1022:
            # One rounding, as in np.ldexp, which costs many times more: these bits are 2.0**exp2.
            return mant * ((exp2 + 1023) << 52).view(np.float64)
        return np.ldexp(mant, np.minimum(np.maximum(exp2, -5000), 5000).astype(np.intc))


def align(*terms: Scaled) -> list[Scaled]:
    """The same numbers with one common exponent a block (the largest)."""
    exp2 = reduce(np.maximum, (term.exp2 for term in terms))
    return [Scaled(ldexp(s.mant, s._expand(s.exp2 - exp2)), exp2) for s in terms]


def matrix_norm(M: np.ndarray, order: str | int = "fro") -> np.ndarray:
    """Frobenius (`"fro"`) or spectral (`2`) norm over the last two axes."""
    if M.shape[-2:] == (1, 1):
        return np.abs(M[..., 0, 0])
    if order == "fro":
        return np.sqrt(np.einsum("...ij,...ij->...", M, M))
    if order != 2:
        raise ValueError(f"order must be 'fro' or 2, got {order!r}")
    if M.shape[-2:] == (2, 2):  # closed form: far cheaper than a million tiny SVDs
        a, b, c, d = M[..., 0, 0], M[..., 0, 1], M[..., 1, 0], M[..., 1, 1]
        return (np.hypot(a + d, b - c) + np.hypot(a - d, b + c)) / 2
    return np.linalg.norm(M, 2, axis=(-2, -1))


def cumulative_products(factors: Scaled) -> Scaled:
    """Running products of plain numbers along axis 0, starting at 1: row j holds `factors[0] … factors[j-1]`.

    Shape (L, …) → (L+1, …). An exact zero makes every later row exactly 0.
    """
    L, *rest = factors.mant.shape
    mant = np.ones((L + 1, *rest))
    exp2 = np.zeros((L + 1, *rest), dtype=np.int64)
    m, e = np.frexp(factors.mant)
    np.cumsum(e + factors.exp2, axis=0, out=exp2[1:])
    for start in range(0, L, _CHUNK):
        stop = min(start + _CHUNK, L)
        carry, shift = np.frexp(mant[start])
        mant[start + 1 : stop + 1] = carry * np.multiply.accumulate(m[start:stop], axis=0)
        exp2[start + 1 :] += shift
    mant, shift = np.frexp(mant)
    return Scaled(mant, np.where(mant != 0, exp2 + shift, NOTHING))
