"""Numbers as mantissa · 2^exponent: products that neither overflow nor underflow, exact where float64 is."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np

LN2, LOG10_2 = math.log(2.0), math.log10(2.0)
_CHUNK = 512  # mantissas in [1/2, 1): a product of 512 of them is still a normal number
_MANY = 1000  # numbers from which a look at all exponents pays off
_EXACT = 2.0**-50  # relative error of a squared norm that is as good as none
_BLOCK = 2**19  # numbers that stay in the cache while they are read again and again
_POWER = 3  # power steps before Lanczos': where one value leads, they do
_CHECKS = (4, 8, 14, 22, 32)  # Lanczos steps after which to look which values stand
_SMALL = 16  # up to this size more power steps and LAPACK are as fast as Lanczos' method
RESCALE = 16  # steps after which a running product is rescaled
ROOM = 900  # bits below 1 down to which no float has lost a digit, with some to spare
_PART = 2**14  # numbers whose temporary copies stay in the cache
FULL = 2.0**-ROOM  # what no sum of that size has lost to underflow matters to it
_BAND = 400  # bits; products of two numbers of one band each stay within the room
NOTHING = -(2**49)  # exponent given to an exact zero, so that it never wins an alignment
_DEEPEST = 2.0**35  # logarithms beyond this are held there: 10,000 of them still fit above NOTHING
_LN2_HIGH, _LN2_LOW = 0.69314718036912382, 1.9082149292705877e-10  # their sum is ln 2 to 85 bits (fdlibm)


def frozen(x: np.ndarray) -> np.ndarray:
    """The same numbers, which nobody can write through this view: results are shared."""
    if not x.flags.writeable:
        return x
    x = x.view()
    x.setflags(write=False)
    return x


@dataclass(frozen=True, eq=False, init=False)
class Scaled:
    """The numbers `mant * 2**exp2`, read-only.

    `exp2` (int64) spans the leading axes of `mant`; the trailing `mant.ndim - exp2.ndim` axes share one
    exponent: none for plain numbers, one for vectors, two for matrices. Exact zeros have mantissa 0.
    """

    mant: np.ndarray
    exp2: np.ndarray
    __array_ufunc__ = None  # so that array * Scaled asks Scaled

    def __init__(self, mant: np.ndarray, exp2: np.ndarray) -> None:
        vars(self).update(mant=frozen(mant), exp2=frozen(exp2))

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

    @classmethod
    def concatenate(cls, parts: Sequence[Scaled | np.ndarray]) -> Scaled:
        """Numbers side by side along the last axis."""
        numbers = [part if isinstance(part, Scaled) else cls.of(part) for part in parts]
        return cls(*(np.concatenate([getattr(x, name) for x in numbers], axis=-1) for name in ("mant", "exp2")))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.mant.shape

    @property
    def axes(self) -> int:
        """Number of trailing axes that share an exponent."""
        return self.mant.ndim - self.exp2.ndim

    @cached_property
    def bits(self) -> int:
        """How many bits below 1 the smallest mantissa lies that is not 0."""
        return bits_below(self.mant)

    def _expand(self, exp2: np.ndarray) -> np.ndarray:
        return exp2.reshape(exp2.shape + (1,) * self.axes)

    def normalised(self) -> Scaled:
        """The same numbers with the largest mantissa of each block in [1/2, 1)."""
        if not self.axes:
            mant, shift = np.frexp(self.mant)
            return Scaled(mant, np.where(mant != 0, self.exp2 + shift, NOTHING))
        largest = largest_of(self.mant, self.axes)
        shift = np.frexp(largest)[1]
        exp2 = np.where(largest > 0, self.exp2 + shift, NOTHING)
        return Scaled(ldexp(self.mant, -self._expand(shift)), exp2)

    def mild(self) -> Scaled:
        """The same numbers, normalised unless every block but 0 is of ordinary size as it stands."""
        mild = is_mild(size_of(self.mant, self.axes)) | (self.exp2 < NOTHING // 2)
        return self if mild.all() else self.normalised()

    def plain(self, axes: int) -> Scaled:
        """As floats, each block of the last `axes` axes with exponent 0, where they serve; else as they are."""
        value = self.value
        size = size_of(value, axes)
        x = Scaled(value, np.where(size > 0, 0, NOTHING))
        whole = (is_mild(size) | (size == 0)).all() and ((value != 0) == (self.mant != 0)).all()
        return x if whole and x.bits <= ROOM else self

    def entries(self) -> Scaled:
        """The same numbers, each with an exponent of its own."""
        if not self.axes:
            return self
        return Scaled(self.mant, np.broadcast_to(self._expand(self.exp2), self.mant.shape)).normalised()

    def blocks(self, axes: int) -> Scaled:
        """One exponent (the largest) for each block of the last `axes` axes: what is 2^1074 below it is lost."""
        if self.axes >= axes:
            return self
        x = self.entries()
        exp2 = x.exp2.max(axis=tuple(range(-axes, 0)), initial=NOTHING)
        return Scaled(ldexp(x.mant, x.exp2 - exp2.reshape(exp2.shape + (1,) * axes)), exp2)

    def part(self, rows: slice, columns: slice) -> Scaled:
        """Some rows and columns of each matrix."""
        exp2 = self.exp2[..., rows, columns] if not self.axes else self.exp2
        return Scaled(self.mant[..., rows, columns], exp2).normalised()

    def reshape(self, *shape: int) -> Scaled:
        """Numbers in another shape."""
        x = self.entries()
        return Scaled(x.mant.reshape(shape), x.exp2.reshape(shape))

    def moved(self, source: int, to: int) -> Scaled:
        """Numbers with one axis moved elsewhere."""
        return Scaled(np.moveaxis(self.mant, source, to), np.moveaxis(self.exp2, source, to))

    def shared(self, axes: int) -> Scaled:
        """`blocks` where that loses nothing; else the numbers as they are."""
        if self.axes >= axes:
            return self
        x = self.blocks(axes)
        return x if ((x.mant != 0) == (self.mant != 0)).all() and x.bits <= ROOM else self

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
        """Elementwise product; of blocks with one exponent where both have equal axes, else of numbers."""
        a, b = self._beside(other)
        return Scaled(a.mant * b.mant, a.exp2 + b.exp2).normalised()

    __rmul__ = __mul__

    def __add__(self, other: Scaled | np.ndarray | float) -> Scaled:
        """Elementwise sum; of blocks with one exponent where both have equal axes, else of numbers."""
        a, b = align(*self._beside(other))
        return Scaled(a.mant + b.mant, a.exp2).normalised()

    __radd__ = __add__

    def __neg__(self) -> Scaled:
        return Scaled(-self.mant, self.exp2)

    def __sub__(self, other: Scaled | np.ndarray | float) -> Scaled:
        return self + -(other if isinstance(other, Scaled) else np.asarray(other))

    def __rsub__(self, other: np.ndarray | float) -> Scaled:
        return -self + other

    def _beside(self, other: Scaled | np.ndarray | float) -> tuple[Scaled, Scaled]:
        other = other if isinstance(other, Scaled) else Scaled.of(np.asarray(other))
        return (self, other) if self.axes == other.axes else (self.entries(), other.entries())

    def __matmul__(self, other: Scaled) -> Scaled:
        """Matrix product of numbers: a float product for each pair of bands of sizes, in which nothing underflows."""
        parts = [
            Scaled(a.mant @ b.mant, a.exp2 + b.exp2).entries()
            for a in _bands(self.entries())
            for b in _bands(other.entries())
        ]
        return reduce(operator.add, parts)

    def sum(self, axis: int) -> Scaled:
        """Sum of numbers along one axis."""
        x = self.entries()
        exp2 = x.exp2.max(axis=axis, keepdims=True, initial=NOTHING)
        return Scaled(ldexp(x.mant, x.exp2 - exp2).sum(axis=axis), exp2.squeeze(axis)).normalised()

    def vector_norm(self) -> Scaled:
        """Euclidean norm over the last axis."""
        x = self.blocks(1)
        return Scaled(size_of(x.mant, 1), x.exp2).normalised()

    def norm(self, order: str | int = "fro") -> Scaled:
        """Frobenius (`"fro"`) or spectral (`2`) norm of each matrix."""
        x = self.blocks(2)
        return Scaled(matrix_norm(x.mant, order), x.exp2).normalised()


def times(v: Scaled, W: np.ndarray) -> Scaled:
    """Vectors (…, k) times a float matrix (k, c): (…, c), with one exponent a vector where that loses nothing."""
    v = v.shared(1)
    if v.axes == 1:
        product = v.mant @ W
        if v.bits + bits_below(W) <= ROOM or smallest_of(product) > FULL:
            return Scaled(product, v.exp2)
    return (v.entries()[..., None, :] @ Scaled.of(W))[..., 0, :]


def where(condition: np.ndarray, a: Scaled, b: Scaled) -> Scaled:
    """Numbers of `a` where the condition holds, of `b` elsewhere."""
    return Scaled(np.where(condition, a.mant, b.mant), np.where(condition, a.exp2, b.exp2))


def _bands(x: Scaled) -> list[Scaled]:
    """Matrices of numbers as a sum of matrices with one exponent, whose numbers but 0 are within `_BAND` bits."""
    there = x.mant != 0
    top = x.exp2.max(axis=(-2, -1), keepdims=True, initial=NOTHING)
    depth = np.where(there, (top - x.exp2) // _BAND, -1)
    parts = []
    for d in np.unique(depth[there]) if there.any() else [0]:
        mant = np.where(depth == d, ldexp(x.mant, x.exp2 - top + d * _BAND), 0.0)
        parts.append(Scaled(mant, top[..., 0, 0] - d * _BAND))
    return parts


def bits_below(x: np.ndarray) -> int:
    """How many bits below 1 the smallest magnitude in `x` lies that is not 0; 0 where none does."""
    least = smallest_of(x, but_0=True)
    return max(0, 1 - math.frexp(least)[1]) if math.isfinite(least) else 0


def smallest_of(x: np.ndarray, but_0: bool = False) -> float:
    """The smallest magnitude, or the smallest that is not 0; inf where there is none."""
    if x.size > _PART and x.flags.c_contiguous:
        flat = x.reshape(-1)
        return min(smallest_of(flat[j : j + _PART], but_0) for j in range(0, len(flat), _PART))
    size = np.abs(x)
    least = float(size.min(initial=np.inf))
    return float(size.min(initial=np.inf, where=size > 0)) if but_0 and least == 0 else least


def ldexp(mant: np.ndarray, exp2: np.ndarray) -> np.ndarray:
    """`mant * 2**exp2` for int64 exponents of any size."""
    exp2 = np.asarray(exp2, dtype=np.int64)
    with np.errstate(over="ignore", under="ignore"):
        if mant.size > _MANY and np.abs(exp2).max(initial=0) <= 1022:
            if not exp2.any() and mant.shape == np.broadcast_shapes(mant.shape, exp2.shape):
                same = mant.view()
                same.flags.writeable = False  # shared, where a copy of so many numbers would only cost time
                return same
            # One rounding, as in np.ldexp, which costs many times more: these bits are 2.0**exp2.
            return mant * ((exp2 + 1023) << 52).view(np.float64)
        return np.ldexp(mant, np.minimum(np.maximum(exp2, -5000), 5000).astype(np.intc))


def largest_of(x: np.ndarray, axes: int) -> np.ndarray:
    """The largest magnitude over the last `axes` axes; 0 where they hold no numbers."""
    flat = x.reshape(*x.shape[: x.ndim - axes], math.prod(x.shape[x.ndim - axes :]))
    return np.maximum(flat.max(axis=-1, initial=0.0), -flat.min(axis=-1, initial=0.0))


def size_of(x: np.ndarray, axes: int) -> np.ndarray:
    """Root of the sum of squares over the last `axes` axes."""
    flat = x.reshape(*x.shape[: x.ndim - axes], math.prod(x.shape[x.ndim - axes :]))
    with np.errstate(over="ignore"):  # inf is a size, too
        return np.sqrt(np.vecdot(flat, flat))


def is_mild(size: np.ndarray) -> np.ndarray:
    """Whether blocks of that size may go on as plain floats: their small numbers are as safe as their large."""
    return (size > 2.0**-100) & (size < 2.0**100)


def align(*terms: Scaled) -> list[Scaled]:
    """The same numbers with one common exponent a block (the largest)."""
    exp2 = reduce(np.maximum, (term.exp2 for term in terms))
    return [Scaled(ldexp(s.mant, s._expand(s.exp2 - exp2)), exp2) for s in terms]


def matrix_norm(M: np.ndarray, order: str | int = "fro") -> np.ndarray:
    """Frobenius (`"fro"`) or spectral (`2`) norm over the last two axes."""
    if M.shape[-2:] == (1, 1):
        return np.abs(M[..., 0, 0])
    if order == "fro":
        return size_of(M, 2)
    if order != 2:
        raise ValueError(f"order must be 'fro' or 2, got {order!r}")
    if M.shape[-2:] == (2, 2):  # closed form: far cheaper than a million tiny SVDs
        a, b, c, d = M[..., 0, 0], M[..., 0, 1], M[..., 1, 0], M[..., 1, 1]
        return (np.hypot(a + d, b - c) + np.hypot(a - d, b + c)) / 2
    return _spectral_norms(M.reshape(-1, *M.shape[-2:])).reshape(M.shape[:-2])


def _spectral_norms(M: np.ndarray) -> np.ndarray:
    """Largest singular values of M (B, r, n): roots of the largest eigenvalues of M'M.

    Power steps, then Lanczos' method; a value stands as soon as its residual bounds its error. The rest are
    left to LAPACK.
    """
    B, r, n = M.shape
    if B * r * n > _BLOCK and B > 1:
        size = max(1, _BLOCK // (r * n))
        return np.concatenate([_spectral_norms(M[b : b + size]) for b in range(0, B, size)])
    out, whole = np.empty(B), np.square(size_of(M, 2))
    near = (whole > 1e-100) & (whole < 1e100)  # else squares might leave float64
    if not near.all():
        out[~near] = np.linalg.norm(M[~near], 2, axis=(-2, -1))
        out[near] = _spectral_norms(M[near]) if near.any() else 0.0
        return out
    live, small = np.arange(B), n <= _SMALL
    M = M.mT @ M if small else M
    v = np.broadcast_to(np.random.default_rng(0).normal(size=n) / math.sqrt(n), (B, n))  # no direction is 0
    for _ in range(4 * _POWER if small else _POWER):
        w = (M @ v[..., None])[..., 0] if small else _gram(M, v)
        top, size_of_w = np.vecdot(v, w), np.sqrt(np.vecdot(w, w))
        out[live] = np.sqrt(top)
        v, apart = w / size_of_w[:, None], w - top[:, None] * v
        far = ~_stands(top, np.sqrt(np.vecdot(apart, apart)), 2 * top - whole)
        if 2 * far.sum() < len(far):
            M, v, whole, live, far = M[far], v[far], whole[far], live[far], far[far]
    M, v, whole, live = M[far], v[far], whole[far], live[far]
    last, beta = np.zeros_like(v), np.zeros(len(v))
    T = np.zeros((len(v), _CHECKS[-1] + 1, _CHECKS[-1] + 1))  # M'M in the basis of the v: tridiagonal
    for j in range(1, 1 if small or not len(v) else _CHECKS[-1] + 1):
        w = _gram(M, v)
        T[:, j - 1, j - 1] = alpha = np.vecdot(v, w)
        w -= alpha[:, None] * v + beta[:, None] * last
        T[:, j - 1, j] = T[:, j, j - 1] = beta = np.sqrt(np.vecdot(w, w))
        last, v = v, w / beta[:, None]
        if j in _CHECKS:
            θ, vectors = np.linalg.eigh(T[:, :j, :j])
            top = θ[:, -1]
            out[live] = np.sqrt(top)
            far = ~_stands(top, beta * np.abs(vectors[:, -1, -1]), 2 * top - whole + θ[:, :-2].sum(axis=-1))
            M, v, last, beta, whole, T, live = (x[far] for x in (M, v, last, beta, whole, T, live))
            if not far.any():
                break
    out[live] = np.sqrt(np.linalg.eigvalsh(M if small else M.mT @ M)[:, -1])
    return out


def _stands(top: np.ndarray, residual: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Whether `top` is the eigenvalue to `_EXACT`: no other lies within `gap`, which proves nothing if negative."""
    return residual * np.where(gap > residual, residual / gap, 1.0) <= _EXACT * top


def _gram(M: np.ndarray, v: np.ndarray) -> np.ndarray:
    """M'M v for matrices (B, r, n) and vectors (B, n)."""
    return ((M @ v[..., None]).mT @ M)[:, 0]


def cumulative_products(factors: Scaled) -> Scaled:
    """Running products of plain numbers along axis 0, starting at 1: row j holds `factors[0] … factors[j-1]`.

    Shape (L, …) → (L+1, …). An exact zero makes every later row exactly 0.
    """
    L, *rest = factors.mant.shape
    mant, exp2 = np.empty((L + 1, *rest)), np.empty((L + 1, *rest), dtype=np.int64)
    mant[0], exp2[0] = 0.5, 1
    m, e = np.frexp(factors.mant)
    np.add(e, factors.exp2, out=exp2[1:])
    exp2 = np.add.accumulate(exp2, axis=0)
    for start in range(0, L, _CHUNK):
        stop = min(start + _CHUNK, L)
        m[start] *= mant[start]
        mant[start + 1 : stop + 1], shift = np.frexp(np.multiply.accumulate(m[start:stop], axis=0))
        exp2[start + 1 : stop + 1] += shift
        exp2[stop + 1 :] += shift[-1]
    exp2[mant == 0] = NOTHING
    return Scaled(mant, exp2)
