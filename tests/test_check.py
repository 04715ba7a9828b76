"""The second opinion: right by itself, blind to the core, and honest where there is none."""

from dataclasses import replace
from decimal import Decimal

import mpmath
import numpy as np
import pytest

from pages.charts.drawings import norms
from pages.charts.parts.numbers import scalar
from rnn_core import check
from rnn_core.activations import ACTIVATIONS, activation
from rnn_core.cells import CELLS, GATES
from rnn_core.check import Check, computed
from rnn_core.decimals import EPSILON, Complex, derivative
from rnn_core.experiment import Experiment, inputs, run
from rnn_core.scaled import Scaled
from tests.precise import VALUE_AND_SLOPE

MODES = {f"{q}_mode": "computed" for q in GATES}
GATED = Experiment(h0=0.3, c0=-0.4, T=7, t=7, sequence="noise", w_f=0.7, u_f=-0.8, w_o=-1.1, u_o=0.6, **MODES)


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(60), check._digits():
        yield


def shown(e):
    """What the core says to the question of each cell."""
    r = run(e)
    if e.cell == "rnn":
        return scalar(r.flow.products_to(r.t, r.k))[0]
    return scalar(r.flow.total(r.t, r.k))[0] if e.cell == "lstm" else norms.effect(r)


def way_of(e):
    return {"rnn": check.chain, "lstm": check.total}.get(e.cell, check.effect)


def checked(e):
    return check.check("it", shown(e), e, way_of(e))


def near(got, want, digits=20):
    least = mpmath.mpf(10) ** -(10**16)  # the square of the complex step is no mistake
    return abs(mpmath.mpf(str(got)) - want) <= abs(want) * mpmath.mpf(10) ** -digits + least


@pytest.mark.parametrize("name", VALUE_AND_SLOPE)
@pytest.mark.parametrize("z", [-800.0, -37.5, -1.3, -1e-8, -3e-12, 2e-9, 0.0, 0.7, 5.0, 40.0, 900.0])
def test_a_complex_step_takes_value_and_slope_to_twenty_digits(name, z):
    value, slope = VALUE_AND_SLOPE[name](mpmath.mpf(z))
    y = ACTIVATIONS[name].exact(Complex(Decimal(z), EPSILON))
    assert near(y.re, value)
    assert near(y.im / EPSILON, slope)


@pytest.mark.parametrize(
    ("name", "z", "slope"),
    [("relu", 0, 0), ("leaky_relu", 0, 0.25), ("hardtanh", 1, 0), ("hardtanh", -1, 0), ("hardsigmoid", 3, 0),
     ("hardsigmoid", -3, 0), ("elu", 0, 1), ("relu", 2, 1), ("hardtanh", 0.5, 1), ("identity", 9, 1)],
)  # fmt: skip
def test_at_a_kink_the_slope_is_pytorchs(name, z, slope):
    found = derivative(activation(name, 0.25).exact, Decimal(z))
    assert found == Decimal(slope)


def test_complex_numbers_obey_their_arithmetic():
    a, b = Complex(Decimal("0.3"), Decimal("-1.7e-9")), Complex(Decimal("2.5"), Decimal("0.4e-9"))
    plain = {z: complex(float(z.re), float(z.im)) for z in (a, b)}
    for got, want in [
        (a + b, plain[a] + plain[b]),
        (a - b, plain[a] - plain[b]),
        (a * b, plain[a] * plain[b]),
        (a / b, plain[a] / plain[b]),
        (-a, -plain[a]),
        (Decimal(2) - a, 2 - plain[a]),
        (Decimal(2) * a, 2 * plain[a]),
    ]:
        assert float(got.re) == pytest.approx(want.real) and float(got.im) == pytest.approx(want.imag)


def test_ten_factors_of_two_make_1024():
    assert computed(Experiment(w=2.0), check.chain).value == 1024.0


def test_forget_gates_alone_multiply_to_their_power():
    e = Experiment(cell="lstm", pin_all=True, f=0.9, T=100, t=100, k=20)
    assert near(Decimal(computed(e, check.total).value.item()), mpmath.mpf(0.9) ** 80, digits=15)


def sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


def in_mpmath(e, c, h, first, last, **changed):
    """(C, h) of an LSTM, or h of a GRU, after the steps first … last; `changed` = {"x4": …} replaces an input."""
    x = [changed.get(f"x{j}", x) for j, x in enumerate(inputs(e).tolist(), 1)]

    def gate(q, squash):
        return squash(getattr(e, f"w_{q}") * h + getattr(e, f"u_{q}") * x[j] + getattr(e, f"b_{q}"))

    for j in range(first - 1, last):
        if e.cell == "lstm":
            i, f, g, o = (gate(q, mpmath.tanh if q == "g" else sigmoid) for q in "ifgo")
            c = f * c + i * g
            h = o * mpmath.tanh(c)
        else:
            r, z = gate("r", sigmoid), gate("z", sigmoid)
            n = mpmath.tanh(e.u_n * x[j] + e.b_n + r * (e.w_n * h))
            h = (1 - z) * n + z * h
    return c, h


@pytest.mark.parametrize("k", [0, 3])
def test_a_memorys_total_is_mpmaths_derivative(k):
    e = replace(GATED, cell="lstm", k=k)
    c, h = in_mpmath(e, mpmath.mpf(e.c0), mpmath.mpf(e.h0), 1, k)
    o = h / mpmath.tanh(c)  # h_k = o_k tanh C_k follows C_k, but h_0 is given
    along = lambda c: in_mpmath(e, c, h if k == 0 else o * mpmath.tanh(c), k + 1, e.T)[0]  # noqa: E731
    assert near(Decimal(computed(e, check.total).value.item()), mpmath.diff(along, c), digits=15)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_an_inputs_effect_is_mpmaths_derivative(cell):
    e = replace(GATED, cell=cell, k=2)
    along = lambda x: in_mpmath(e, mpmath.mpf(e.c0), mpmath.mpf(e.h0), 1, e.T, x3=x)[1]  # noqa: E731
    slope = mpmath.diff(along, mpmath.mpf(inputs(e)[2].item()))
    assert near(Decimal(computed(e, check.effect).value.item()), abs(slope), digits=15)


@pytest.mark.parametrize("cell", CELLS)
def test_core_and_second_opinion_agree_on_what_an_input_does(cell):
    e = replace(GATED, cell=cell, activation="tanh", w=-0.8, T=9, t=8, k=2)
    assert check.difference(run(e).flow.by_input(8)[2].norm(2), computed(e, check.effect)) < 1e-13
    assert computed(replace(e, k=8), check.effect).mant == 0  # x_9 comes after h_8


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_core_and_second_opinion_agree_for_every_activation(activation):
    e = Experiment(activation=activation, w=-1.2, u=0.8, b=0.3, T=40, t=37, k=2, sequence="sine", slope=0.2)
    assert checked(e).error < 1e-13


@pytest.mark.parametrize("cell", [name for name, cell in CELLS.items() if cell.gates != ("h",)])
@pytest.mark.parametrize("pinned", ["", "f", "ig", "ifgo", "z", "rn", [*GATES]])
def test_core_and_second_opinion_agree_whatever_is_pinned(cell, pinned):
    e = replace(GATED, cell=cell, T=30, t=30, k=4, **{f"{q}_mode": "pinned" for q in pinned})
    assert checked(e).error < 1e-12


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_wrong_slope_in_the_core_is_found(activation, monkeypatch):
    e = Experiment(activation=activation, w=0.5, b=0.3, h0=0.4)  # no working point comes near a kink
    φ = ACTIVATIONS[activation]
    broken = replace(φ, slope=lambda z: φ.slope(z) * (1 + 1e-7), log_slope_formula=None)
    assert checked(e).agrees
    monkeypatch.setattr("rnn_core.cells.rnn.activation", lambda name, slope: broken)
    run.cache_clear()
    found = checked(e)
    run.cache_clear()
    assert not found.agrees and found.error == pytest.approx(1e-6, rel=0.01)


def test_another_reading_of_the_memorys_gradient_is_found():
    e = replace(GATED, cell="lstm", k=3)
    flow = run(e).flow
    for other in (flow.direct(e.t, 3), flow.state(e.t, 3), flow.one_step(e.t, 3)):
        assert not check.check("it", Scaled.of(other.value.ravel()[0]), e, check.total).agrees


@pytest.mark.parametrize("field", ["t", "k"])
def test_a_chain_that_is_one_step_off_is_found(field):
    e = Experiment(activation="tanh", T=10, t=8, k=2)
    moved = replace(e, **{field: getattr(e, field) + 1})
    assert not check.check("it", shown(moved), e, check.chain).agrees


def test_what_float64_cannot_hold_is_checked_all_the_same():
    tiny = checked(Experiment(activation="sigmoid", w=0.01, b=-6.0, T=100, t=100))
    assert tiny.shown.value == 0.0 or tiny.shown.log10 < -300
    huge = checked(Experiment(w=1e100, T=100, t=100))
    assert huge.shown.log10 > 9000
    deep = checked(Experiment(activation="tanh", w=2.0, u=4.0, T=3, t=3, sequence="pasted", values=(1e99, 5.0, 1e9)))
    assert deep.shown.log10 < -1e9
    assert tiny.error < 1e-12 and huge.error < 1e-12 and deep.agrees


def test_exact_zeros_agree_and_nothing_else_agrees_with_zero():
    dead = checked(Experiment(activation="relu", w=-1.0, h0=1.0))
    assert dead.shown.mant == 0 and dead.error == 0.0
    one, zero = Scaled.of(np.array(1e-300)), Scaled.of(np.array(0.0))
    assert Check("it", one, zero).error == np.inf and Check("it", zero, one).error == 1.0


@pytest.mark.parametrize(
    "edge", [{"T": 0}, {"t": 0}, {"T": 1}, {"k": 99, "t": 100}, {"w": 0.0}, {"t": 4, "k": 4}], ids=str
)
@pytest.mark.parametrize("cell", CELLS)
def test_the_edges_are_checked_too(cell, edge):
    assert checked(replace(GATED, cell=cell, **edge)).error < 1e-13


def test_what_is_held_is_too_small_and_an_exact_zero_is_not():
    zero, one = (Scaled.of(np.array(x)) for x in (0.0, 1.0))
    deep, deeper = (Scaled.from_log(np.array(log)) for log in (-1e10, -1e12))
    assert Check("it", deep, deeper).too_small and Check("it", zero, deep).too_small
    assert not any(Check("it", *pair).too_small for pair in ((zero, zero), (one, one), (deep, one), (one, deep)))


def test_where_rounding_decides_there_is_no_second_opinion():
    """0.7 + 0.3 is 1 in float64, on the kink, and below it where the digits go on."""
    found = checked(Experiment(activation="hardtanh", w=0.7, b=0.3, h0=1.0, T=5, t=5))
    assert found.error == 1.0 and found.rounding == 1.0 and not found.means_something


def test_far_in_saturation_agreement_is_what_rounding_allows():
    e = Experiment(activation="tanh", u=4.0, T=2, t=2, sequence="pasted", values=(1e8 / 3, 7.0))
    found = checked(replace(e, b=0.1))
    assert found.agrees and found.means_something and 1e-9 < found.rounding < 1e-6


def test_the_difference_is_relative_at_any_size():
    a, b = (Scaled(np.array(m), np.array(n)) for m, n in ((0.75, 5000), (0.5, 5000)))
    assert check.difference(a, b) == 0.5
    assert check.difference(Scaled(a.mant, np.array(9000)), b) == np.inf
    assert check.difference(Scaled(a.mant, np.array(-9000)), b) == 1.0
