"""The page on saturation: working points, factors, cobweb and fixed points, against independent arithmetic."""

import math

import numpy as np
import pytest

from pages.charts.drawings import cobweb
from pages.charts.parts.theme import trace_of
from pages.charts.views import VIEWS, saturation
from pages.figures.show import encode
from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS
from rnn_core.experiment import Experiment, run
from tests.figures import valid

TANH = Experiment(activation="tanh")
ITEMS = VIEWS["saturation"].items
CIRCLE, UP, DOWN, LEFT, RIGHT, OPEN = 0, 5, 6, 7, 8, 100  # Plotly's codes
PHI = {"tanh": math.tanh, "sigmoid": lambda z: 1 / (1 + math.exp(-z)), "relu": lambda z: max(z, 0.0)}


def item(e, name):
    return next(one for one in ITEMS(e) if one["name"] == name)


def with_steps(e, name="saturation"):
    """The traces of a figure whose points stand for steps."""
    return [t for t in item(e, name)["figure"]["data"] if "customdata" in t.get("hover", {})]


def mapped(e, h, steps=1):
    for _ in range(steps):
        h = PHI[e.activation](e.w * h + e.b)
    return h


@pytest.mark.parametrize("activation", PHI)
def test_the_working_points_lie_on_the_activation_and_on_its_slope(activation):
    e = Experiment(activation=activation, w=0.8, b=0.2)
    on_curve, on_slope, _ = with_steps(e)
    h = [e.h0]
    for _ in range(e.T):
        h.append(mapped(e, h[-1]))
    z = [e.w * before + e.b for before in h[:-1]]
    assert on_curve["x"] == pytest.approx(z, rel=1e-14) and on_slope["x"] == pytest.approx(z, rel=1e-14)
    assert on_curve["y"] == pytest.approx(h[1:], rel=1e-14)
    slopes = [(PHI[activation](x + 1e-6) - PHI[activation](x - 1e-6)) / 2e-6 for x in z]
    assert on_slope["y"] == pytest.approx(slopes, rel=1e-8)


def test_the_factors_multiply_to_what_a_nudge_of_h_k_becomes():
    e = Experiment(activation="sigmoid", w=5.0, b=-2.4, T=9, t=8, k=2)
    factors = with_steps(e)[2]["y"]
    start = mapped(e, e.h0, e.k)
    moved = (mapped(e, start + 1e-6, 6) - mapped(e, start - 1e-6, 6)) / 2e-6
    assert sum(factors) == pytest.approx(math.log10(moved), abs=1e-7)


def test_a_step_has_one_colour_and_one_name_wherever_it_is_shown():
    """By that name its points light up together."""
    shown = [*with_steps(TANH), *with_steps(TANH, "cobweb")]
    assert len(shown) == 4
    for t in shown:
        assert list(t["hover"]["customdata"]) == t["marker"]["color"] == list(range(1, 11))
        assert (t["marker"]["cmin"], t["marker"]["cmax"]) == (1, 10)
    assert all(item(TANH, name)["linked"] for name in ("saturation", "cobweb"))


@pytest.mark.parametrize(("activation", "steepest", "threshold"), [
    ("sigmoid", "1/4", "4"), ("tanh", "1", "1"), ("hardsigmoid", "1/6", "6"), ("relu", "1", "1"),
])  # fmt: skip
def test_the_threshold_weight_is_one_over_the_steepest_slope(activation, steepest, threshold):
    texts = str(item(Experiment(activation=activation), "saturation")["figure"]["data"])
    assert f"steepest {steepest}: threshold |w| = {threshold}'" in texts


@pytest.mark.parametrize("w", [-6.0, -2.0, 0.9, 2.0, 8.0])
def test_a_factor_exceeds_one_just_where_its_point_lies_above_the_line(w):
    e = Experiment(activation="tanh", w=w, h0=0.05)
    line = trace_of(item(e, "saturation"), "threshold")["y"]
    _, on_slope, factors = with_steps(e)
    assert line == pytest.approx([1 / abs(w)] * 2) and len(set(factors["y"] > 0)) > (abs(w) > 1)
    assert ((on_slope["y"] > line[0]) == (factors["y"] > 0)).all()


def test_a_line_beyond_the_axis_is_named_at_its_edge():
    figure = item(Experiment(activation="sigmoid", w=1.0), "saturation")
    assert np.isnan(trace_of(figure, "threshold")["y"]).all()
    assert trace_of(figure, "levels")["text"][1] == "↑ amplifies above 1/|w| = 1"


def test_a_point_beyond_the_axis_is_marked_at_its_edge():
    for w, edge, symbol in ((8.0, saturation.REACH, RIGHT), (-8.0, -saturation.REACH, LEFT)):
        on_curve, on_slope, _ = with_steps(Experiment(activation="tanh", w=w, h0=3.0, T=1, t=1))
        for t in (on_curve, on_slope):
            assert t["x"].tolist() == [edge] and t["marker"]["symbol"].tolist() == [symbol]
            assert t["hover"]["text"][0].startswith("z = 24," if w > 0 else "z = −24,")


def test_a_negative_factor_has_an_open_mark():
    assert with_steps(Experiment(activation="tanh", w=-3.0))[2]["marker"]["symbol"].tolist() == [CIRCLE + OPEN] * 10


def test_a_tapped_step_is_spelled_out():
    tapped = VIEWS["saturation"].tapped
    assert tapped(TANH, {"figure": "saturation", "value": 4}) == {"step": 4}
    lines = item(Experiment(activation="tanh", step=4), "saturation-formula")["lines"]
    step = next(line["slots"] for line in lines if "factor" in line["slots"])
    assert (step["i"], step["w"]) == ("4", "2.00")
    z = 2 * mapped(TANH, 0.5, 3)
    assert step["slope"] == f"{1 / math.cosh(z) ** 2:.4g}" and step["factor"] == f"{2 / math.cosh(z) ** 2:.4g}"


def test_the_formula_says_where_the_chain_goes_and_what_a_step_does_there():
    def last(e):
        return {k: v for line in item(e, "saturation-formula")["lines"][-2:] for k, v in line["slots"].items()}

    assert last(TANH) == {"h": "0.9575", "m": "0.1664", "words": "< 1: it shrinks"}
    assert last(Experiment(activation="tanh", h0=0.0)) == {"h": "0", "m": "2", "words": "> 1: it grows"}
    assert last(Experiment(activation="tanh", w=-0.5))["words"] == "> −1: it shrinks"
    assert last(Experiment(w=-1.0, h0=0.0))["words"] == "and keeps the gradient"
    assert last(Experiment(activation="tanh", w=-3.0))["words"] == "in two steps"
    assert last(Experiment(b=1.0))["h"] == "∞"


def test_the_cobweb_visits_every_state_from_the_first():
    path = trace_of(item(TANH, "cobweb"), "path")
    h = [mapped(TANH, 0.5, n) for n in range(11)]
    assert (path["x"][0], path["y"][0]) == (0.5, 0.5)
    assert path["x"][0::2] == pytest.approx(h[:10] + h[10:11]) and path["x"][1::2] == pytest.approx(h[:10])
    assert path["y"][1::2] == pytest.approx(h[1:]) and path["y"][0::2] == pytest.approx(h)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("w", [-3.0, 0.0, 0.5, 1.0, 2.0, 7.0])
def test_every_point_of_a_branch_is_a_fixed_point_at_its_bias(activation, w):
    a, φ = cobweb.quantities(run(Experiment(activation=activation, w=w))), ACTIVATIONS[activation]
    n = len(a["wild_h"])
    assert len(a["calm_h"]) == 2 * n + 1  # before and after the wild part, with a gap
    for branch, part in (("calm", slice(0, n)), ("wild", slice(0, n)), ("calm", slice(n + 1, None))):
        h, b = a[f"{branch}_h"][part], a[f"{branch}_b"][part]
        z = w * h + b
        assert φ.phi(z) == pytest.approx(h, abs=1e-12)
        if np.ptp(z) > 1e-9:  # else the part is a mere point
            assert ((np.abs(w * φ.slope(z[1:-1])) > 1) == (branch == "wild")).all()


def test_the_fixed_points_are_filled_where_stable_and_lie_at_the_present_bias():
    figure = item(Experiment(activation="sigmoid", w=5.0, b=-2.5), "cobweb")
    on_diagonal, over_b, turns = (trace_of(figure, name) for name in ("fixed", "fixed over b", "turns"))
    assert on_diagonal["marker"]["symbol"].tolist() == [CIRCLE, CIRCLE + OPEN, CIRCLE]
    assert np.array_equal(on_diagonal["x"], on_diagonal["y"]) and np.array_equal(on_diagonal["y"], over_b["y"])
    assert over_b["x"].tolist() == [-2.5] * 3
    assert sorted(turns["text"]) == ["b = −2.344", "b = −2.656"]  # Pascanu et al. 2013, Fig. 3


def test_a_fixed_point_beyond_the_axis_is_marked_at_its_edge():
    marks = trace_of(item(Experiment(w=1.05, b=2.0), "cobweb"), "fixed")
    assert marks["marker"]["symbol"][0] == DOWN and marks["text"][0] == "h* = −40, multiplier 1.05"
    assert marks["y"][0] == pytest.approx(-4.8)


@pytest.mark.parametrize(("e", "says"), [
    (TANH, "The states go to the stable point h* = 0.9575: each step there multiplies a gradient by 0.1664."),
    (TANH, "Not reached: −0.9575 (stable, multiplier 0.166), 0 (unstable, multiplier 2)."),
    (TANH, "Between b = −0.5328 and 0.5328 there are three fixed points."),
    (Experiment(activation="tanh", h0=0.0), "The states stay on the unstable point h* = 0: a step multiplies"),
    (Experiment(activation="tanh", w=-3.0), "alternating between 0.9949 and −0.9949"),
    (Experiment(activation="tanh", w=-3.0), "Between b = −3.596 and 3.596 the fixed point is unstable."),
    (Experiment(activation="tanh", w=1.0, h0=0.0), "The fixed point h* = 0 has multiplier 1: there a gradient neither"),
    (Experiment(activation="tanh", w=1.0, T=100, t=100), "creep towards h* = 0, with multiplier 1: only a state"),
    (Experiment(activation="tanh", w=-1.0, T=100, t=100), "creep towards h* = 0, with multiplier −1: only a state"),
    (Experiment(activation="relu", w=2.0), "0 (unstable: at the kink, multiplier 0 to its left and 2 to its right)."),
    (Experiment(activation="relu", w=1.0), "Every h from 0 up is a fixed point"),
    (Experiment(w=1.0), "Every h is a fixed point"), (Experiment(activation="hardtanh", w=1.0), "Every h from −1 to 1"),
    (Experiment(w=1.0, b=-1.0), "No fixed point holds these states: h goes to −∞."),
    (Experiment(w=-2.0), "∞ and −∞ in turn"),
])  # fmt: skip
def test_the_cobwebs_sentence_says_where_the_states_go(e, says):
    assert says in item(e, "cobweb")["alt"]


@pytest.mark.parametrize(("e", "says"), [
    (TANH, "∂h₁₀/∂h₀ = 2.139 × 10⁻⁷: at step 10 the chain sits where tanh is flat, slope 0.0832 of at most 1, so the"),
    (TANH, "so the factor is 0.166. The weight would let it grow; the slopes met here do not."),
    (Experiment(), "= 1024: every step works where identity is steepest, slope 1, so each factor is 2."),
    (Experiment(w=0.0), "∂h₁₀/∂h₀ = 0: the weight is 0, and so is every factor."),
    (Experiment(activation="sigmoid"), "Below |w| = 4 it can only shrink."),
    (Experiment(activation="tanh", t=0), "the product is empty"),
    (Experiment(activation="relu", w=2.0, h0=-1.0), "where relu is flat, slope 0 of at most 1, so the factor is 0."),
])  # fmt: skip
def test_the_sentence_says_where_the_chain_works(e, says):
    assert says in item(e, "saturation")["alt"]


def test_where_steps_alternate_the_last_one_does_not_speak_for_all():
    e = Experiment(activation="tanh", w=-3.0, b=-3.0)
    z = [e.w * mapped(e, e.h0, n) + e.b for n in range(10)]
    factors = [e.w / math.cosh(x) ** 2 for x in z]
    product = math.prod(factors)
    assert abs(factors[-1]) > 1 > abs(product)
    i = min(range(10), key=lambda j: abs(factors[j]))
    text = item(e, "saturation")["alt"]
    assert f"the steps differ; step {i + 1} has the smallest factor, −{-factors[i]:.3g}," in text
    assert f"the 10 factors multiply by {product**0.1:.3g} a step on average" in text


def test_a_dead_step_is_named_though_the_last_is_steep():
    e = Experiment(activation="relu", w=-3.0, b=1.0, T=2, t=2)  # h: 0.5, 0, 1
    assert "the steps differ; the factor of step 1 is 0, and nothing passes it." in item(e, "saturation")["alt"]


def test_a_neutral_point_keeps_a_gradient_only_where_the_state_already_is():
    for h0, words in ((0.5, "and keeps the gradient only there"), (0.0, "and keeps the gradient")):
        lines = item(Experiment(activation="tanh", w=1.0, h0=h0), "saturation-formula")["lines"]
        assert lines[-1]["slots"]["words"] == words


def test_at_a_kink_a_label_tells_both_slopes_of_the_map():
    for w, slopes in ((2.0, "0 and 2"), (-2.0, "−2 and 0")):
        text = trace_of(item(Experiment(activation="relu", w=w), "cobweb"), "fixed")["text"][0]
        nudge = [(max(w * h, 0.0) - 0.0) / h for h in (-1e-3, 1e-3)]
        assert text == f"h* = 0, multipliers {slopes}" and nudge == pytest.approx([0, 2] if w > 0 else [-2, 0])


def test_a_slope_below_float64_is_not_called_zero():
    a = cobweb.quantities(run(Experiment(activation="tanh", w=500.0)))  # sech²(500) = 4 e^-1000
    assert a["pull"].log == pytest.approx(math.log(500) + math.log(4) - 1000, rel=1e-14)
    assert "multiplies a gradient by 0." not in cobweb.sentence(a)


def test_two_starts_lead_to_two_memories():
    e = SCENARIOS["two_memories"].experiment
    ends = []
    for h0 in (0.45, 0.55):
        start = Experiment(**{**{f: getattr(e, f) for f in ("activation", "w", "b", "T", "t")}, "h0": h0})
        ends.append(cobweb.quantities(run(start))["limit"][0])
        assert ends[-1] == pytest.approx(mapped(start, h0, 2000), abs=1e-12)
    assert ends == pytest.approx([0.1448, 0.8552], abs=5e-5)


def test_held_where_it_is_steepest_a_sigmoid_makes_1024():
    number = VIEWS["saturation"].number(SCENARIOS["quarter"].experiment)[1]
    assert number.value == 2.0**10


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("edge", [
    {"T": 1}, {"t": 0}, {"k": 99, "t": 100}, {"T": 100, "t": 100}, {"w": 0.0}, {"w": 1.0}, {"w": -1.0}, {"w": 1e100},
    {"w": -1e100, "b": 1e100, "T": 100, "t": 100}, {"h0": 1e99}, {"h0": 0.0}, {"w": 4.0, "b": -2.0},
    {"w": 6.0, "b": -3.0},
])  # fmt: skip
def test_every_activation_has_valid_figures_at_the_edges(name, edge):
    items = ITEMS(Experiment(activation=name, **edge))
    encode(items)
    for one in items:
        assert "nan" not in str([one.get("alt"), one.get("text"), one.get("lines")]).lower().split()
        if one["kind"] == "figure":
            valid(one["figure"])
            valid(one["figure"], one["narrow"])
            assert "nan" not in one["alt"] and one["alt"].endswith(".")
