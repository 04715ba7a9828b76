"""Activations and their slopes, accurate far into saturation.

Slopes are computed from the pre-activation z, never from y = φ(z): 1 - y² is 100 % wrong at tanh z = 20.
At a kink the slope is PyTorch's: relu'(0) = 0, leaky_relu'(0) = slope,
hardtanh'(±1) = 0, hardsigmoid'(±3) = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from rnn_core import decimals
from rnn_core.decimals import Complex
from rnn_core.scaled import Scaled, ldexp, where

Function = Callable[[np.ndarray], np.ndarray]
_TINY = 1e-290  # below this a float slope loses digits; the logarithm takes over
_LINEAR = 900  # beyond 2**±900 an activation is linear, or no longer changes
_NEAR = 1e-6  # how far apart two z may be for the slope between them to stand for all
_FAR = 1e300  # 2 * z overflows soon after, and its exponential is 0 long before


@dataclass(frozen=True)
class Code:
    """φ as a reader writes it: expressions of z, and of `a`, leaky_relu's slope."""

    phi: str  # NumPy's, of a float
    slope: str
    torch: str
    of_complex: str = ""  # NumPy's where the real part decides, with `sigmoid` at hand; "" where `phi` serves
    from_y: bool = False  # whether PyTorch takes the slope from y = φ(z), which loses its digits in saturation


@dataclass(frozen=True, eq=False)
class Activation:
    """A function φ and its derivative in one glance.

    `exact` is φ once more, written for the second opinion: it shares nothing with `phi` and `slope`. `log_slope` is the
    natural log of |φ'(z)|, true also where φ'(z) underflows; `log_phi` likewise for a φ that approaches 0. `limits` are
    the infimum and supremum of φ, `kinks` the z without a derivative. `flat` is a where 1 - |φ(z)| comes to φ'(z) / a
    as φ flattens out. `family` makes other members by `slope`.
    """

    name: str
    latex: str
    phi: Function
    slope: Function
    max_slope: float
    exact: Callable[[Complex], Complex]
    code: Code
    limits: tuple[float, float] = (-np.inf, np.inf)
    kinks: tuple[float, ...] = ()
    log_slope_formula: Function | None = None
    log_phi: Function | None = None
    flat: float | None = None
    family: Callable[[float | np.ndarray], Activation] | None = None

    @property
    def straight(self) -> bool:
        """Whether its slope is the same everywhere."""
        return self is IDENTITY

    @property
    def bounded(self) -> bool:
        return bool(np.isfinite(self.limits).all())

    def __call__(self, z: Any) -> Any:
        """φ(z), of floats or of Scaled numbers."""
        return self._phi_of(z) if isinstance(z, Scaled) else self.phi(z)

    def log_slope(self, z: np.ndarray) -> np.ndarray:
        """log |φ'(z)|, natural; -inf where the slope is exactly 0."""
        if self.log_slope_formula is not None:
            return self.log_slope_formula(np.asarray(z, dtype=float))
        with np.errstate(divide="ignore"):
            return np.log(np.abs(self.slope(z)))

    def scaled_slope(self, z: np.ndarray | Scaled) -> Scaled:
        """φ'(z) with its own exponent: no underflow at any z."""
        if isinstance(z, Scaled):
            z = ldexp(z.mant, _held(z))
        slope = self.slope(z)
        return _rescued(slope, z, self.log_slope_formula) if self.log_slope_formula else Scaled.of(slope)

    def _phi_of(self, z: Scaled) -> Scaled:
        """φ(z) for numbers z inside float64 or not."""
        held = _held(z)
        v = ldexp(z.mant, held)
        y = self.scaled_phi(v)
        if np.array_equal(held, z.exp2):
            return y
        with np.errstate(under="ignore"):
            linear = (self.slope(v) * v == self.phi(v)) & (self.log_phi is None)  # else it saturates, or sits at φ(0)
        return Scaled(y.mant, y.exp2 + np.where(linear, z.exp2 - held, 0)).normalised()

    def scaled_phi(self, z: np.ndarray) -> Scaled:
        """φ(z) with its own exponent."""
        y = self.phi(z)
        if self.log_phi:
            return _rescued(y, z, self.log_phi)
        plain, small = Scaled.of(y), np.abs(y) < _TINY
        return where(small, self.scaled_slope(z) * z, plain) if small.any() else plain  # φ passes 0 as a line


def _held(z: Scaled) -> np.ndarray:
    """Exponents with which z is a float of its own sign, so large or small that φ bends no more."""
    return np.where(z.mant == 0, 0, np.clip(z.exp2, -_LINEAR, _LINEAR))


def _rescued(values: np.ndarray, z: np.ndarray, log: Function) -> Scaled:
    """Float values, replaced by their logarithm's where they are about to underflow."""
    plain, lost = Scaled.of(values), np.abs(values) < _TINY
    return where(lost, Scaled.from_log(log(z)), plain) if lost.any() else plain


def activation(name: str, slope: float | np.ndarray | None = None) -> Activation:
    """The activation of that name; `slope` chooses the leaky_relu's.

    Raises ValueError for an unknown name or a slope outside 0 … 1.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, got {name!r}")
    φ = ACTIVATIONS[name]
    return φ.family(slope) if φ.family and slope is not None else φ


_SQUEEZE = {"sigmoid": 1.0, "tanh": 2.0}  # a, where φ'(z) = a² σ'(a z)


def steep_width(φ: Activation, least: float) -> float | None:
    """How wide the z are where φ'(z) ≥ `least` ≥ 0, in units of z; 0 where there are none. None for a φ of other form.

    φ'(z) = a² σ'(a z) is `least` at a |z| = ln(s / (1 - s)) with s (1 - s) = least / a².
    """
    a = _SQUEEZE.get(φ.name)
    if a is None:
        return None
    product = least / a**2
    if 4 * product >= 1:
        return 0.0
    if product == 0:
        return math.inf
    return 2 * (2 * math.log((1 + math.sqrt(1 - 4 * product)) / 2) - math.log(product)) / a


def difference(φ: Activation, a: Scaled, b: Scaled, d: Scaled) -> Scaled:
    """φ(b) - φ(a) for numbers of which b - a = d is known better than they are: nothing cancels.

    σ(b) - σ(a) = σ(b) σ(-a) (1 - e^-d) for d > 0; elsewhere the slope in the middle serves where d is small.
    """
    scale = _SQUEEZE.get(φ.name)
    if scale is None:
        near = np.abs(d.value) < _NEAR
        return where(near, φ.scaled_slope(a + d * 0.5) * d, φ(b) - φ(a))
    up = d.mant >= 0
    high, low = where(up, b, a) * scale, where(up, a, b) * scale
    fall = ELU(Scaled(-np.abs(d.mant), d.exp2) * scale)  # e^-|d| - 1
    return SIGMOID(high) * SIGMOID(-low) * fall * (-scale * np.where(up, 1.0, -1.0))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1 + e)


def _sigmoid_slope(z: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def _log_sigmoid_slope(z: np.ndarray) -> np.ndarray:
    return -np.abs(z) - 2 * np.log1p(np.exp(-np.abs(z)))


def _log_sigmoid(z: np.ndarray) -> np.ndarray:
    return np.minimum(z, 0.0) - np.log1p(np.exp(-np.abs(z)))


def _tanh_slope(z: np.ndarray) -> np.ndarray:
    e = np.minimum(np.abs(z), _FAR)
    e *= -2  # in place from here on: memory costs more than arithmetic
    e = np.exp(e)
    d = 1 + e
    d *= d
    e *= 4
    e /= d
    return e


def _log_tanh_slope(z: np.ndarray) -> np.ndarray:
    z = np.minimum(np.abs(z), _FAR)
    return np.log(4.0) - 2 * z - 2 * np.log1p(np.exp(-2 * z))


def leaky_relu(slope: float | np.ndarray = 0.01) -> Activation:
    """max(z, 0) + a · min(z, 0), a = `slope` (Maas et al. 2013); the slope at 0 is a, as in PyTorch.

    `slope` may be an array that broadcasts with z (…, n).
    """
    given = np.asarray(slope, dtype=float)
    outside = ~((given >= 0) & (given <= 1))
    if outside.any():
        raise ValueError(f"slope must be a number from 0 to 1, got {given[outside][0]!r}")
    slope = given.item() if given.size == 1 else given  # so that φ of a lone number is one, too
    return Activation(
        name="leaky_relu",
        latex=r"\max(z, a z)",
        phi=lambda z: np.where(z > 0, z, slope * z)[()],
        slope=lambda z: np.where(np.asarray(z) > 0, 1.0, slope),
        max_slope=1.0,
        kinks=(0.0,),
        family=leaky_relu,
        exact=lambda z: z if z.re > 0 else z * Decimal(given.item()),
        code=Code(
            phi="z if z > 0 else a * z",
            of_complex="z if z.real > 0 else a * z",
            slope="1.0 if z > 0 else a",
            torch="torch.nn.functional.leaky_relu(z, a)",
        ),
    )


IDENTITY = Activation(
    name="identity",
    latex="z",
    phi=lambda z: +np.asarray(z),
    slope=lambda z: np.ones(np.shape(z)),
    max_slope=1.0,
    exact=lambda z: z,
    code=Code(phi="z", slope="1.0", torch="z"),
)
TANH = Activation(
    name="tanh",
    latex=r"\tanh z",
    phi=np.tanh,
    slope=_tanh_slope,
    log_slope_formula=_log_tanh_slope,
    max_slope=1.0,
    limits=(-1.0, 1.0),
    flat=2.0,  # φ' = (1 - tanh)(1 + tanh)
    exact=decimals.tanh,
    code=Code(
        phi="np.tanh(z)",
        slope="1 / np.cosh(z) ** 2  # 1 - tanh(z)**2 would lose its digits in saturation",
        torch="torch.tanh(z)",
        from_y=True,
    ),
)
SIGMOID = Activation(
    name="sigmoid",
    latex=r"\frac{1}{1 + e^{-z}}",
    phi=_sigmoid,
    slope=_sigmoid_slope,
    log_slope_formula=_log_sigmoid_slope,
    log_phi=_log_sigmoid,
    max_slope=0.25,
    limits=(0.0, 1.0),
    flat=1.0,
    exact=decimals.sigmoid,
    code=Code(
        phi="1 / (1 + np.exp(-z))",
        of_complex="sigmoid(z)",
        slope="phi(z) * phi(-z)",
        torch="torch.sigmoid(z)",
        from_y=True,
    ),
)
RELU = Activation(
    name="relu",
    latex=r"\max(z, 0)",
    phi=lambda z: np.maximum(z, 0.0),
    slope=lambda z: np.where(np.asarray(z) > 0, 1.0, 0.0),
    max_slope=1.0,
    limits=(0.0, np.inf),
    kinks=(0.0,),
    exact=lambda z: z if z.re > 0 else Complex(decimals.ZERO),
    code=Code(
        phi="max(z, 0.0)",
        of_complex="z if z.real > 0 else 0 * z",
        slope="1.0 if z > 0 else 0.0",
        torch="torch.relu(z)",
    ),
)
ELU = Activation(
    name="elu",  # Clevert et al. 2016, α = 1
    latex=r"z \ (z > 0),\ e^z - 1 \ (z \le 0)",
    phi=lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
    slope=lambda z: np.exp(np.minimum(z, 0.0)),
    log_slope_formula=lambda z: np.minimum(z, 0.0),
    max_slope=1.0,
    limits=(-1.0, np.inf),
    flat=1.0,
    exact=lambda z: z if z.re > 0 else decimals.expm1(z),
    code=Code(
        phi="z if z > 0 else np.expm1(z)",
        of_complex="z if z.real > 0 else np.expm1(z)",
        slope="1.0 if z > 0 else np.exp(z)",
        torch="torch.nn.functional.elu(z)",
    ),
)
HARDTANH = Activation(
    name="hardtanh",
    latex=r"\max(-1, \min(1, z))",
    phi=lambda z: np.clip(z, -1.0, 1.0),
    slope=lambda z: np.where(np.abs(z) < 1, 1.0, 0.0),
    max_slope=1.0,
    limits=(-1.0, 1.0),
    kinks=(-1.0, 1.0),
    exact=lambda z: decimals.between(-1, z, 1),
    code=Code(
        phi="np.clip(z, -1, 1)",
        of_complex="z if abs(z.real) < 1 else np.sign(z.real) + 0 * z",
        slope="1.0 if abs(z) < 1 else 0.0",
        torch="torch.nn.functional.hardtanh(z)",
    ),
)
HARDSIGMOID = Activation(
    name="hardsigmoid",
    latex=r"\max(0, \min(1, \tfrac{z + 3}{6}))",
    phi=lambda z: np.clip(z + 3.0, 0.0, 6.0) / 6,
    slope=lambda z: np.where(np.abs(z) < 3, 1 / 6, 0.0),
    max_slope=1 / 6,
    limits=(0.0, 1.0),
    kinks=(-3.0, 3.0),
    exact=lambda z: decimals.between(0, z + Decimal(3), 6) / Decimal(6),
    code=Code(
        phi="np.clip(z + 3, 0, 6) / 6",
        of_complex="(z + 3) / 6 if abs(z.real) < 3 else (z.real > 0) + 0 * z",
        slope="1 / 6 if abs(z) < 3 else 0.0",
        torch="torch.nn.functional.relu6(z + 3) / 6  # F.hardsigmoid's slope is a 1/6 in single precision",
    ),
)

ACTIVATIONS = {φ.name: φ for φ in (IDENTITY, TANH, SIGMOID, RELU, leaky_relu(), ELU, HARDTANH, HARDSIGMOID)}
