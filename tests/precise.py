"""The textbook's cells in as many digits as they need, with the derivatives of their states: an oracle beyond float64.

A `Dual` is a number and its derivative along one direction (forward mode); both are mpmath's, whose exponents end
nowhere. Nothing here comes from the core; but an activation that is newer than the table below is its own `exact`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext

import mpmath as mp
import numpy as np

from rnn_core.activations import ACTIVATIONS
from rnn_core.decimals import EPSILON, Complex

DIGITS = 50


@dataclass(frozen=True)
class Dual:
    """v + d ε with ε² = 0."""

    v: mp.mpf
    d: object = 0

    def __add__(self, other):
        other = dual(other)
        return Dual(self.v + other.v, self.d + other.d)

    def __neg__(self):
        return Dual(-self.v, -self.d)

    def __sub__(self, other):
        return self + -dual(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        other = dual(other)
        return Dual(self.v * other.v, self.v * other.d + self.d * other.v)

    __radd__, __rmul__ = __add__, __mul__


def dual(x):
    return x if isinstance(x, Dual) else Dual(mp.mpf(x), mp.mpf(0))


def _sech2(z):
    e = mp.exp(-2 * abs(z))
    return 4 * e / (1 + e) ** 2


def _sigmoid(z):
    return 1 / (1 + mp.exp(-z))


def _leaky(z, slope=0.01):
    return (z, 1) if z > 0 else (slope * z, slope)


class Known(dict):
    """What is known of activations by name; of one that is not in the table, what `other` finds."""

    def __init__(self, table: dict, other: Callable) -> None:
        super().__init__(table)
        self.other = other

    def __missing__(self, name):
        return self.other(name)


def _by_second_opinion(name):
    def both(z):
        digits = mp.mp.dps + 10
        with localcontext(Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN)):
            y = ACTIVATIONS[name].exact(Complex(Decimal(mp.nstr(mp.mpf(z), digits)), EPSILON))
            return mp.mpf(str(y.re)), mp.mpf(str(y.im / EPSILON))

    return both


VALUE_AND_SLOPE = Known({
    "identity": lambda z: (z, 1),
    "tanh": lambda z: (mp.tanh(z), _sech2(z)),
    "sigmoid": lambda z: (_sigmoid(z), _sigmoid(z) * _sigmoid(-z)),
    "relu": lambda z: (z, 1) if z > 0 else (mp.mpf(0), 0),
    "leaky_relu": _leaky,
    "elu": lambda z: (z, 1) if z > 0 else (mp.expm1(z), mp.exp(z)),
    "hardtanh": lambda z: (z, 1) if abs(z) < 1 else (mp.sign(z), 0),
    "hardsigmoid": lambda z: ((z + 3) / 6, mp.mpf(1) / 6) if abs(z) < 3 else (mp.mpf(int(z > 0)), 0),
}, _by_second_opinion)  # fmt: skip


def _function(both):
    def of(z):
        value, slope = both(z.v)
        return Dual(value, slope * z.d)

    return np.frompyfunc(of, 1, 1)


FUNCTIONS = Known(
    {name: _function(both) for name, both in VALUE_AND_SLOPE.items()}, lambda name: _function(VALUE_AND_SLOPE[name])
)


def states(net, s0, xs, direction=None, since=0):
    """s_0 … s_T of a `textbook.Net` as Duals, (T+1, N), and their derivatives by s_since along `direction`."""
    net = replace(net, functions=FUNCTIONS)
    s = np.array([dual(x) for x in s0], dtype=object)
    rows = [s]
    for t in range(len(xs) + 1):
        if t:
            rows.append(net.step(rows[-1], np.array([dual(x) for x in xs[t - 1]], dtype=object)))
        if t == since and direction is not None:
            rows[-1] = np.array([Dual(x.v, mp.mpf(d)) for x, d in zip(rows[-1], direction, strict=True)], dtype=object)
    return rows


def product(net, s0, xs, k=0):
    """∂s_T/∂s_k, N × N as nested lists of mpf."""
    columns = [[x.d for x in states(net, s0, xs, row, k)[-1]] for row in np.eye(len(s0))]
    return [list(row) for row in zip(*columns, strict=True)]


def as_mp(x):
    """A Scaled number as it is."""
    return mp.mpf(float(x.mant)) * mp.mpf(2) ** int(x.exp2)


def off(got, want):
    """How far a Scaled number is from an mpf."""
    return abs(as_mp(got) - want)


def near(got, want, tolerance):
    """Whether a Scaled number is an mpf within a relative tolerance; 0 is 0 alone."""
    return off(got, want) <= tolerance * abs(want)
