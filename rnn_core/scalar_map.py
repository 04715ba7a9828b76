"""The map h → φ(w h + b) that a scalar RNN without input repeats: where it rests, and what becomes of a state.

It rests at h* = φ(z*), where z* solves G(z) = z - w φ(z) = b. The slope of every φ in the registry rises up to
z = 0 and falls beyond (not strictly), so w φ'(z) > 1 holds on one interval at most: there G falls, elsewhere it
rises, and no b has more than three fixed points. Roots are bisected over the floats themselves, so that no scale
is too small or too large.

w and b are floats or arrays of one shape (*batch); results have one axis behind it. Pascanu, Mikolov & Bengio
2013 (§2.1, Fig. 3) repeat z → w φ(z) + b: the same map seen from z, with the same multipliers and bifurcations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_core.activations import Activation, Function

_FAR = 2.0**500  # beyond every z* that weights up to 1e100 can have; a power of two rounds no product of slopes
_STEEPEST = 5e-324  # just above 0 each φ is as steep as anywhere; at 0 itself relu has PyTorch's slope
_NOISE = 4 * np.finfo(float).eps  # what rounding may make of G, relative to its terms
_LONG = 1e-3  # rounding hides the root of a tangent within 1e-5; what is longer is a stretch of fixed points
_BEND = 100.0  # no φ bends beyond: a stretch that goes on there never ends
_NOTHING = 1e-300  # a root nearer to 0 is 0
_NEUTRAL = 1e-9  # so near 1 a multiplier is taken for 1
_BESIDE = 1e-9  # how far from a kink its two slopes are looked up
_STEPS = 1000  # after these a state that alternates has settled, unless it creeps
_SIDES = np.array([1.0, -1.0])  # as it is, and mirrored


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """Isolated fixed points in ascending order of z, NaN behind the last; and a stretch of them, if there is one."""

    z: np.ndarray  # (*batch, 3)
    h: np.ndarray  # (*batch, 3) φ(z)
    multiplier: np.ndarray  # (*batch, 3) w φ'(z), the factor of a step there; at a kink with PyTorch's slope
    stable: np.ndarray  # (*batch, 3) bool: |multiplier| < 1, at a kink on both its sides
    stretch: np.ndarray  # (*batch, 2) all h from … to are fixed points, with multiplier 1; ±inf, or NaN for none


def steep(φ: Activation, w: Any) -> np.ndarray:
    """The ends of the interval of z where |w φ'(z)| > 1, (*batch, 2); ±inf, or NaN where there is none.

    As exact as the computed slope: to the last unit where that passes 1.
    """
    w = np.abs(np.asarray(w, dtype=float))[..., None]

    def amplifies(y: np.ndarray) -> np.ndarray:
        return w * φ.slope(_SIDES * y) > 1

    top = np.broadcast_to(_SIDES * _STEEPEST, np.broadcast_shapes(w.shape, amplifies(_SIDES).shape))
    first = _first(amplifies, np.full(top.shape, -_FAR), top)
    return np.where(amplifies(top), _SIDES * np.where(first == -_FAR, -np.inf, first), np.nan)


def bifurcations(φ: Activation, w: Any) -> np.ndarray:
    """The biases at the ends of `steep`, (*batch, 2), where the multiplier passes ±1; NaN where it does not.

    w > 0: two fixed points meet and vanish (a fold). w < 0: the fixed point loses its hold, and states
    alternate between two values (a flip).
    """
    z = steep(φ, w)
    z = np.where(np.isfinite(z), z, np.nan)
    return z - np.asarray(w, dtype=float)[..., None] * φ.phi(z)


def fixed_points(φ: Activation, w: Any, b: Any) -> FixedPoints:
    """Every fixed point of h → φ(w h + b), as exact as G can be evaluated."""
    w, b = (np.asarray(x, dtype=float)[..., None] for x in (w, b))
    falling = np.where(w > 0, steep(φ, w[..., 0]), np.nan)
    ends = np.clip(np.nan_to_num(falling, nan=_FAR), -_FAR, _FAR)
    ends = np.broadcast_to(ends, (*np.broadcast_shapes(ends.shape[:-1], b.shape[:-1]), 2))
    far = np.full_like(ends[..., :1], _FAR)
    low, high = np.concatenate([-far, ends], axis=-1), np.concatenate([ends, far], axis=-1)
    sign = np.array([1.0, -1.0, 1.0])  # G rises, falls, rises on the three pieces

    def excess(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """±(G - b), rising on every piece, and how much of it may be rounding."""
        y = w * φ.phi(z)
        noise = _NOISE * (np.abs(z) + np.abs(y) + np.abs(b)) + _NOTHING
        return sign * (z - y - b), np.where(np.abs(z) < _FAR, noise, 0.0)  # far out it would drown b

    def reached(y: np.ndarray) -> np.ndarray:
        over, noise = excess(side * y)
        return side * over >= -noise

    side = _SIDES.reshape(2, *(1,) * low.ndim)
    (at_low, noise_low), (at_high, noise_high) = excess(low), excess(high)
    # an end that is itself a root belongs to its rising piece
    holds = (low < high) & (at_low <= sign * noise_low) & (at_high >= -sign * noise_high)
    # the first z that may be the root and, mirrored, the last: in between float64 cannot tell
    first, last = side * _first(reached, np.stack([low, -high]), np.stack([high, -low]))
    middle = first / 2 + last / 2
    long = holds & (last - first > _LONG * (1 + np.abs(first))) & (np.abs(w * φ.slope(middle) - 1) < _NEUTRAL)
    z = np.sort(np.where(holds & ~long, middle, np.nan), axis=-1)
    z = np.where(np.abs(z) < _NOTHING, 0.0, z)
    apart = np.where(bool(φ.kinks), _BESIDE * np.maximum(1.0, np.abs(z)), 0.0)
    multiplier, left, right = (np.where(np.isnan(z), np.nan, w * φ.slope(z + d)) for d in (0.0, -apart, apart))
    steepest = np.maximum(np.abs(left), np.abs(right))
    return FixedPoints(z, φ.phi(z), multiplier, steepest < 1 - _NEUTRAL, _stretch(φ, first, last, long))


def _stretch(φ: Activation, first: np.ndarray, last: np.ndarray, long: np.ndarray) -> np.ndarray:
    """The values of φ from `first` to `last` on the one piece that is `long`, (*batch, 2)."""
    first, last = np.where(long, first, _FAR).min(axis=-1), np.where(long, last, -_FAR).max(axis=-1)
    ends = φ.phi(np.stack([first, last], axis=-1))
    ends = np.where(np.abs(ends) > _BEND, np.copysign(np.inf, ends), np.round(ends, 9) + 0.0)
    return np.where(long.any(axis=-1, keepdims=True), ends, np.nan)


def limit(φ: Activation, w: Any, b: Any, h: Any) -> np.ndarray:
    """Where a state h goes, (*batch, 2): a fixed point twice, the two values it alternates between, or ±inf.

    w ≥ 0: the map rises, so a state that does not stay moves one way, up to the next fixed point. w < 0: the map
    falls and its square rises, so states settle or alternate; followed for `_STEPS` steps. A monotone map knows
    nothing else.
    """
    w, b, h = np.broadcast_arrays(*(np.asarray(x, dtype=float)[..., None] for x in (w, b, np.nan_to_num(h))))

    def after(h: np.ndarray) -> np.ndarray:
        return np.clip(φ.phi(w * h + b), -_FAR, _FAR)

    h = np.clip(h, -_FAR, _FAR)
    points = fixed_points(φ, w[..., 0], b[..., 0])
    rests = np.concatenate([points.h, points.stretch], axis=-1)
    z, following = w * h + b, after(h)
    noise = _NOISE * (np.abs(h) + np.abs(following) + np.abs(φ.slope(z)) * (np.abs(w * h) + np.abs(b)))
    above = np.where(rests > h, rests, np.inf).min(axis=-1, keepdims=True)
    below = np.where(rests < h, rests, -np.inf).max(axis=-1, keepdims=True)
    rest = np.where(np.abs(following - h) <= noise, h, np.where(following > h, above, below))
    rest = np.concatenate([rest, rest], axis=-1)
    return _unbounded(np.where(w < 0, _alternating(φ, after, h, points.h[..., :1]), rest) if (w < 0).any() else rest)


def _alternating(φ: Activation, after: Function, h: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Where a falling map takes h: to `own`, its one fixed point, or to two values in turn."""
    before = last = h
    for _ in range(_STEPS // 2):
        before, last = last, after(after(last))
    still = np.abs(last - before) <= 1e-9 * (1 + np.abs(last))
    leaves = np.where(still, np.abs(last - own) > 1e-6 * (1 + np.abs(own)), np.abs(last - own) > np.abs(before - own))
    pair = np.where(leaves, np.concatenate([last, after(last)], axis=-1), own)
    grows = leaves & ~still & (not np.isfinite(φ.limits).any())
    return np.where(grows, np.copysign(_FAR, pair), pair)


def _unbounded(h: np.ndarray) -> np.ndarray:
    return np.where(np.abs(h) >= _FAR, np.copysign(np.inf, h), h)


def _first(holds: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The smallest float in low … high from which on a rising condition holds; `high` where it holds nowhere.

    Bisection over the floats' ranks: 64 steps from any scale to the last unit.
    """
    low, high = _rank(low), _rank(high)
    for _ in range(64):
        middle = (low & high) + ((low ^ high) >> 1)  # their mean, rounded down, without overflow
        enough = holds(_rank(middle).view(float))
        low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
    return _rank(high).view(float)


def _rank(x: np.ndarray) -> np.ndarray:
    """Floats as whole numbers of the same order, and back (as bits)."""
    bits = np.ascontiguousarray(x).view(np.int64)
    return np.where(bits < 0, np.iinfo(np.int64).min - bits, bits)
