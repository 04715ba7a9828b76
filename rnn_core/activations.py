"""Activations and their slopes, accurate far into saturation.

Slopes are computed from the pre-activation z, never from y = φ(z): 1 - y² is 100 % wrong at tanh z = 20.
At a kink the slope is PyTorch's: relu'(0) = 0, leaky_relu'(0) = slope,
hardtanh'(±1) = 0, hardsigmoid'(±3) = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_core.scaled import Scaled, ldexp, where

Function = Callable[[np.ndarray], np.ndarray]
_TINY = 1e-290  # below this a float slope loses digits; the logarithm takes over
_LINEAR = 900  # beyond 2**±900 an activation is linear, or no longer changes
_NEAR = 1e-6  # how far apart two z may be for the slope between them to stand for all
_FAR = 1e300  # 2 * z overflows soon after, and its exponential is 0 long before


@dataclass(frozen=True, eq=False)
class Activation:
    """A function φ and its derivative in one glance.

    `log_slope` is the natural log of |φ'(z)|, true also where φ'(z) underflows; `log_phi` likewise for a
    φ that approaches 0. `limits` are the infimum and supremum of φ, `kinks` the z without a derivative.
    """

    name: str
    latex: str
    phi: Function
    slope: Function
    max_slope: float
    limits: tuple[float, float] = (-np.inf, np.inf)
    kinks: tuple[float, ...] = ()
    log_slope_formula: Function | None = None
    log_phi: Function | None = None

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
    slope = np.asarray(slope, dtype=float)
    outside = ~((slope >= 0) & (slope <= 1))
    if outside.any():
        raise ValueError(f"slope must be a number from 0 to 1, got {slope[outside][0]!r}")
    return Activation(
        "leaky_relu",
        r"\max(z, a z)",
        lambda z: np.where(z > 0, z, slope * z),
        lambda z: np.where(np.asarray(z) > 0, 1.0, slope),
        1.0,
        kinks=(0.0,),
    )


IDENTITY = Activation("identity", "z", lambda z: +np.asarray(z), lambda z: np.ones(np.shape(z)), 1.0)
TANH = Activation("tanh", r"\tanh z", np.tanh, _tanh_slope, 1.0, (-1.0, 1.0), log_slope_formula=_log_tanh_slope)
SIGMOID = Activation(
    "sigmoid",
    r"\frac{1}{1 + e^{-z}}",
    _sigmoid,
    _sigmoid_slope,
    0.25,
    (0.0, 1.0),
    log_slope_formula=_log_sigmoid_slope,
    log_phi=_log_sigmoid,
)
RELU = Activation(
    "relu",
    r"\max(z, 0)",
    lambda z: np.maximum(z, 0.0),
    lambda z: np.where(np.asarray(z) > 0, 1.0, 0.0),
    1.0,
    (0.0, np.inf),
    kinks=(0.0,),
)
ELU = Activation(  # Clevert et al. 2016, α = 1
    "elu",
    r"z \ (z > 0),\ e^z - 1 \ (z \le 0)",
    lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
    lambda z: np.exp(np.minimum(z, 0.0)),
    1.0,
    (-1.0, np.inf),
    log_slope_formula=lambda z: np.minimum(z, 0.0),
)
HARDTANH = Activation(
    "hardtanh",
    r"\max(-1, \min(1, z))",
    lambda z: np.clip(z, -1.0, 1.0),
    lambda z: np.where(np.abs(z) < 1, 1.0, 0.0),
    1.0,
    (-1.0, 1.0),
    kinks=(-1.0, 1.0),
)
HARDSIGMOID = Activation(
    "hardsigmoid",
    r"\max(0, \min(1, \tfrac{z + 3}{6}))",
    lambda z: np.clip(z + 3.0, 0.0, 6.0) / 6,
    lambda z: np.where(np.abs(z) < 3, 1 / 6, 0.0),
    1 / 6,
    (0.0, 1.0),
    kinks=(-3.0, 3.0),
)

_SQUEEZE = {"sigmoid": 1.0, "tanh": 2.0}  # a, where φ'(z) = a² σ'(a z)


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


ACTIVATIONS = {a.name: a for a in (IDENTITY, TANH, SIGMOID, RELU, leaky_relu(), ELU, HARDTANH, HARDSIGMOID)}


def activation(name: str, slope: float | np.ndarray | None = None) -> Activation:
    """The activation of that name; `slope` chooses the leaky_relu's.

    Raises ValueError for an unknown name or a slope outside 0 … 1.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, got {name!r}")
    return leaky_relu(slope) if name == "leaky_relu" and slope is not None else ACTIVATIONS[name]
