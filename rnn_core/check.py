"""The number that a page shows, computed once more in another way.

A derivative by complex step (Squire & Trapp 1998): f(s + i·ε).imag / ε, with no difference to cancel. The forward
pass is the textbook's, in complex numbers of 28 decimal digits whose exponents reach 10^18, so that nothing
over- or underflows; ε = 10^(-10^16). No slope, no Jacobian and no product of the core has a part in it.

What is 0 here is exactly 0, unless digits were cut on the way: then `check` asks what the last of a float decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, localcontext
from functools import lru_cache, partial
from random import Random

import numpy as np

from rnn_core.activations import activation
from rnn_core.cells import CELLS, GATES, LSTM
from rnn_core.decimals import EPSILON, TWO, ZERO, Complex, as_complex, derivative, exp, log, sigmoid, tanh
from rnn_core.experiment import Experiment, inputs
from rnn_core.readout import PLACES, WORDS
from rnn_core.scaled import Scaled

DIGITS = 28
MANY_DIGITS = 2000  # enough for 100 steps without a digit cut, where weights and inputs are short numbers
TOLERANCE = 1e-9  # relative; far above rounding, far below any mistake
_ULP = Decimal(2.0**-52)
_CHANCES = 3
_VAGUE = 1e-3  # where rounding alone moves a number by more than that, no second opinion helps
DEEPEST = -(2**33)  # exponents of two below which logarithms of the core are held, and differences mean nothing
_LOG2_10 = math.log2(10.0)


State = tuple[Complex, ...]  # (h,), an LSTM's (C, h)
Noise = Callable[[], Decimal]  # what the next number is rounded by, relative to the terms of its sum


class Textbook:
    """One experiment's forward pass, one step a method; `changed` puts complex numbers in the place of fields.

    `reached` is the last step whose state follows what was moved; `sizes` are decimal exponents of how it does.
    `lost` adds up, in last digits, what a product of Jacobians loses where a step's derivatives nearly cancel.
    """

    def __init__(self, e: Experiment, noise: Noise | None = None, **changed: Complex) -> None:
        self.e, self.noise, self.reached = e, noise, e.begin
        self.φ = activation(e.activation, e.slope).exact
        self.sizes: list[int] = []
        self.lost = 0.0
        self.p = {name: Decimal(value) for name, value in vars(e).items() if isinstance(value, float)} | changed
        self.x: list[Complex | Decimal] = [Decimal(x) for x in inputs(e).tolist()]

    def start(self) -> State:
        return tuple(as_complex(self.p[name]) for name in CELLS[self.e.cell].starts())

    def step(self, s: State, j: int) -> State:
        """s_j from s_{j-1}."""
        return CELLS[self.e.cell].textbook(self, s, j)

    def states(self, s: State, k: int, t: int) -> State:
        """s_t from s_k."""
        for j in range(k + 1, t + 1):
            s = self.step(s, j)
            follows = [part.im.adjusted() - EPSILON.adjusted() for part in s if part.im]
            if follows:
                self.reached = max(self.reached, j)
                self.sizes.append(max(follows))
        return s

    def gate(self, q: str, h: Complex, j: int) -> Complex:
        if self.e.pins(q):
            return as_complex(self.p[q])
        return (tanh if GATES[q].candidate else sigmoid)(self.sum(f"_{q}", h, j))

    def sum(self, q: str, h: Complex, j: int) -> Complex:
        """w h_{j-1} + u x_j + b."""
        return self.rounded(h * self.p[f"w{q}"], *map(as_complex, (self.p[f"u{q}"] * self.x[j - 1], self.p[f"b{q}"])))

    def rounded(self, *terms: Complex) -> Complex:
        total = sum(terms[1:], terms[0])
        if total.im:
            self.lost += float(sum(abs(term.im) for term in terms) / abs(total.im)) ** 2
        if self.noise:
            total += self.noise() * sum(abs(term.re) for term in terms)
        return total


Way = Callable[[Textbook], Decimal]  # from an experiment's forward pass to a number


@dataclass(frozen=True)
class Check:
    """The number shown beside the independent one.

    `rounding` is by how much of itself a float's last digit in every sum moves the number. It is asked for only
    where the two are apart, or 0 with digits cut. `stops` is the first step whose state no longer follows what is
    moved, None where all do.
    """

    name: str
    shown: Scaled
    independent: Scaled
    rounding: float = 0.0
    stops: int | None = None

    @property
    def error(self) -> float:
        """Relative difference; 0 between exact zeros, and between numbers too small to be told apart."""
        return difference(self.shown, self.independent)

    @property
    def means_something(self) -> bool:
        """Whether a second opinion counts: not where rounding alone makes another number."""
        return self.rounding < _VAGUE

    @property
    def too_small(self) -> bool:
        """Whether both are too small to be told apart, and not both exactly 0."""
        return self.error == 0 and any(x.mant != 0 and x.exp2 < DEEPEST for x in (self.shown, self.independent))

    @property
    def is_zero(self) -> bool:
        """Whether both are exactly 0."""
        return not (self.shown.mant or self.independent.mant)

    @property
    def agrees(self) -> bool:
        return self.error <= max(TOLERANCE, 10 * self.rounding)


def check(name: str, shown: Scaled, e: Experiment, way: Way) -> Check:
    """A number of an experiment, once more by another way: `chain`, `total`, `effect` or `loss_gradient`."""
    net = Textbook(e)
    independent = _by(way, net)
    first = Check(name, shown, independent, stops=net.reached + 1 if net.reached < e.end else None)
    if first.error <= TOLERANCE and (independent.mant or _is_zero(e, way)):
        return first
    rounding = max(_rounding(e, way, independent, _CHANCES), net.lost * float(_ULP))
    return replace(first, rounding=rounding)


@dataclass(frozen=True)
class Walk:
    """What code in float64 meets on the way to a number.

    By how much of itself a last digit in every sum moves it, and decimal exponents of the derivatives of states by
    what is moved: the smallest, the largest, and that of the last state.
    """

    rounding: float
    least: int
    most: int
    last: int


@lru_cache(maxsize=256)
def walk(e: Experiment, way: Way) -> Walk:
    """The way to a number of an experiment."""
    net = Textbook(e)
    number = _by(way, net)
    sizes = net.sizes or [0]
    return Walk(_rounding(e, way, number, 1), min(sizes), max(sizes), sizes[-1])


def _rounding(e: Experiment, way: Way, number: Scaled, chances: int) -> float:
    """By how much of itself a float's last digit in every sum moves a number: all up, all down, some of each."""
    return max(_moved(_by(way, Textbook(e, noise)), number) for noise in _roundings(chances))


def computed(e: Experiment, way: Way) -> Scaled:
    """A number of an experiment, by a way."""
    return _by(way, Textbook(e))


def _by(way: Way, net: Textbook) -> Scaled:
    with _digits():
        return scaled(way(net))


def _roundings(chances: int) -> Iterator[Noise]:
    yield lambda: _ULP
    yield lambda: -_ULP
    for seed in range(chances):
        yield partial(Random(seed).choice, (_ULP, -_ULP))


def _moved(other: Scaled, number: Scaled) -> float:
    """By how much of itself a number became another; what became something from nothing has no measure."""
    return difference(other, number) if number.mant else math.inf if other.mant else 0.0


def _is_zero(e: Experiment, way: Way) -> bool:
    """Whether a way ends at 0 with no digit cut: a 0 beyond doubt."""
    with _digits(MANY_DIGITS) as context, suppress(Inexact):
        context.traps[Inexact] = True
        return not way(Textbook(e))
    return False


def difference(a: Scaled, b: Scaled) -> float:
    """|a - b| / |b| of two numbers."""
    if all(x.mant == 0 or x.exp2 < DEEPEST for x in (a, b)):
        return 0.0
    if b.mant == 0:
        return math.inf
    apart = int(a.exp2) - int(b.exp2)
    return abs(math.ldexp(a.mant.item(), apart) / b.mant.item() - 1.0) if apart < 1000 else math.inf


def chain(net: Textbook) -> Decimal:
    """∂h_t/∂h_k of an RNN."""
    [h] = net.states(net.start(), 0, net.e.begin)
    return derivative(lambda h: _last(net, (h,)), h.re)


def total(net: Textbook) -> Decimal:
    """∂C_t/∂C_k of an LSTM, h_k = o_k tanh C_k following C_k; h_0 is given, so at k = 0 it stays."""
    k = net.e.begin
    if k == 0:
        c, h = net.start()
        return derivative(lambda c: _last(net, (c, h)), c.re)
    c, o = LSTM.memory(net, net.states(net.start(), 0, k - 1), k)
    return derivative(lambda c: _last(net, (c, o * tanh(c))), c.re)


def effect(net: Textbook) -> Decimal:
    """|∂h_t/∂x_{k+1}|, what the chain's first input does to its end, of any cell; 0 where that input comes later."""
    k, t = net.e.begin, net.e.end
    if k == t:
        return ZERO
    net.x[k] = Complex(as_complex(net.x[k]).re, EPSILON)
    return abs(net.states(net.start(), 0, t)[-1].im / EPSILON)


def loss_gradient(net: Textbook) -> Decimal:
    """∂L_t/∂w of an RNN that says f2(w_y h_t) at step t."""
    e = net.e

    def loss(w: Complex) -> Complex:
        moved = Textbook(e, net.noise, w=w)
        said = moved.states(moved.start(), 0, e.end)[0] * net.p["w_y"]
        net.lost = moved.lost
        net.reached, net.sizes = moved.reached, moved.sizes[-1:]  # a sum over steps: small terms may be lost
        if e.f2 == "identity":
            error = said - net.p["y"]
            return error * error / TWO
        logits = [said * Decimal(place) for place in PLACES.tolist()]
        largest = max(logits, key=lambda z: z.re)
        odds = sum((exp(z - largest) for z in logits), Complex(ZERO))
        return largest - logits[WORDS.index(e.target)] + log(odds)

    return derivative(loss, as_complex(net.p["w"]).re) if e.end else ZERO


def _last(net: Textbook, s: State) -> Complex:
    """The first part of s_t from s_k: h_t, or an LSTM's C_t."""
    return net.states(s, net.e.begin, net.e.end)[0]


@contextmanager
def _digits(count: int = DIGITS) -> Iterator[Context]:
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = count, MAX_EMAX, MIN_EMIN
        yield context


def scaled(x: Decimal) -> Scaled:
    """A decimal as mantissa · 2^exponent, the mantissa correctly rounded."""
    if not x:
        return Scaled.of(np.zeros(()))
    exp2 = math.floor(x.adjusted() * _LOG2_10)
    with _digits():
        mant = float(x / TWO**exp2)
    return Scaled(np.array(mant), np.array(exp2, dtype=np.int64)).normalised()
