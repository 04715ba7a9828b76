"""Complex decimals for a second opinion: numbers of many digits that neither over- nor underflow, with a derivative.

The imaginary part is so small that its square is nothing, so f(x + i·ε).imag / ε is the derivative of f at x, with no
difference to cancel (Squire & Trapp 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

EPSILON = Decimal((0, (1,), -(10**16)))
ZERO, ONE, TWO = Decimal(0), Decimal(1), Decimal(2)
_LEAST = Decimal((0, (1,), -(10**15)))  # an exponential below it is held there, never 0: hundreds of factors still fit
_NEAR = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex number, of whose imaginary part the square is left out."""

    re: Decimal
    im: Decimal = ZERO

    def __add__(self, other: Complex | Decimal) -> Complex:
        b = as_complex(other)
        return Complex(self.re + b.re, self.im + b.im)

    def __neg__(self) -> Complex:
        return Complex(-self.re, -self.im)

    def __sub__(self, other: Complex | Decimal) -> Complex:
        return self + -as_complex(other)

    def __rsub__(self, other: Decimal) -> Complex:
        return -self + other

    def __mul__(self, other: Complex | Decimal) -> Complex:
        b = as_complex(other)
        return Complex(self.re * b.re, self.re * b.im + self.im * b.re)

    def __truediv__(self, other: Complex | Decimal) -> Complex:
        b = as_complex(other)
        return Complex(self.re / b.re, (self.im * b.re - self.re * b.im) / (b.re * b.re))

    __radd__, __rmul__ = __add__, __mul__


def as_complex(x: Complex | Decimal) -> Complex:
    return x if isinstance(x, Complex) else Complex(x)


def derivative(f: Callable[[Complex], Complex], at: Decimal) -> Decimal:
    """df/dx at a real `at`, by complex step."""
    return f(Complex(at, EPSILON)).im / EPSILON


def exp(z: Complex) -> Complex:
    """e^z = e^x (cos y + i sin y), where cos y = 1 and sin y = y to the last digit."""
    size = max(z.re.exp(), _LEAST)
    return Complex(size, size * z.im)


def log(z: Complex) -> Complex:
    """ln z, for a positive real part."""
    return Complex(z.re.ln(), z.im / z.re)


def expm1(z: Complex) -> Complex:
    """e^z - 1; near 0 by its series, since nothing may cancel there."""
    if abs(z.re) > _NEAR:
        return exp(z) - ONE
    return z * (z * (z / Decimal(6) + Decimal("0.5")) + ONE)


def sigmoid(z: Complex) -> Complex:
    if z.re >= 0:
        return Complex(ONE) / (exp(-z) + ONE)
    small = exp(z)
    return small / (small + ONE)


def tanh(z: Complex) -> Complex:
    if z.re < 0:
        return -tanh(-z)
    small = expm1(z * -TWO)
    return -small / (small + TWO)


def between(low: int, z: Complex, high: int) -> Complex:
    """`z`, or where its real part is not inside, the nearer end: constant, as in PyTorch also at the kink."""
    return z if low < z.re < high else Complex(Decimal(low if z.re <= low else high))
