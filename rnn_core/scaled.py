"""Numbers as mantissa · 2^exponent: products that neither overflow nor underflow, exact where float64 is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

LN2 = np.log(2.0)
_CHUNK = 512  # mantissas in [1/2, 1): a product of 512 of them is still a normal number
_NOTHING = -(2**40)  # exponent given to an exact zero, so that it never wins an alignment


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
        """`sign * exp(log)`, `log` natural; -inf is an exact zero."""
        log = np.asarray(log, dtype=float)
        finite = np.isfinite(log)
        exp2 = np.where(finite, np.rint(np.where(finite, log, 0.0) / LN2), 0.0)
        mant = np.where(finite, np.exp(np.where(finite, log, 0.0) - exp2 * LN2), 0.0)
        return cls(sign * mant, exp2.astype(np.int64)).normalised()

    @property
    def axes(self) -> int:
        """Number of trailing axes that share an exponent."""
        return self.mant.ndim - self.exp2.ndim

    def _expand(self, exp2: np.ndarray) -> np.ndarray:
        return exp2.reshape(exp2.shape + (1,) * self.axes)

    def normalised(self) -> Scaled:
        """The same numbers with the largest mantissa of each block in [1/2, 1)."""
        largest = np.abs(self.mant)
        if self.axes:
            largest = largest.max(axis=tuple(range(self.exp2.ndim, self.mant.ndim)), initial=0.0)
        shift = np.frexp(largest)[1].astype(np.int64)
        exp2 = np.where(largest > 0, self.exp2 + shift, _NOTHING)
        return Scaled(ldexp(self.mant, -self._expand(shift)), exp2)

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
        value = np.abs(self.value)
        plain = (value > 1e-300) & (value < 1e300)  # where float64 holds the number, its own log is best
        with np.errstate(divide="ignore"):
            split = np.log(np.abs(self.mant)) + self._expand(self.exp2) * LN2
            return np.where(plain, np.log(value, where=plain, out=np.zeros_like(value)), split)

    @property
    def log10(self) -> np.ndarray:
        """Decimal logarithm of the magnitude; -inf where the number is exactly 0."""
        value = np.abs(self.value)
        plain = (value > 1e-300) & (value < 1e300)
        with np.errstate(divide="ignore"):
            split = np.log10(np.abs(self.mant)) + self._expand(self.exp2) * np.log10(2.0)
            return np.where(plain, np.log10(value, where=plain, out=np.zeros_like(value)), split)

    def __getitem__(self, index) -> Scaled:
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
        exp2 = self.exp2 if self.axes else self.exp2.max(axis=-1, initial=_NOTHING)
        mant = self.mant if self.axes else ldexp(self.mant, self.exp2 - exp2[..., None])
        return Scaled(np.sqrt(np.einsum("...i,...i->...", mant, mant)), exp2).normalised()

    def norm(self, order: str | int = "fro") -> Scaled:
        """Frobenius (`"fro"`) or spectral (`2`) norm of each matrix."""
        return Scaled(matrix_norm(self.mant, order), self.exp2).normalised()


def ldexp(mant: np.ndarray, exp2: np.ndarray) -> np.ndarray:
    """`mant * 2**exp2` for int64 exponents of any size."""
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(mant, np.clip(exp2, -5000, 5000).astype(np.intc))


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
    return Scaled(mant, np.where(mant != 0, exp2 + shift, _NOTHING))
