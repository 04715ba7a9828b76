"""The map of vanishing and exploding: each cell against other routes, its colours and words against its numbers."""

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

from pages.charts.parts.theme import trace_of
from pages.charts.views import VIEWS
from pages.charts.views import map as charts
from pages.controls.table import TABLE
from pages.figures.show import encode
from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS
from rnn_core.experiment import Experiment, run
from rnn_core.landscape import by_bias, by_steps
from rnn_core.scaled import Scaled
from rnn_core.sequences import SEQUENCES
from tests.figures import unpacked

CSS = Path(__file__).parent.parent / "pages" / "figures" / "figures.css"
MAP = Experiment(activation="tanh", T=50, t=10)
TINY, HUGE = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)


def sole(e, t=None):
    """∂h_t/∂h_k of one experiment, by the chain's own route."""
    r = run(e)
    products = r.flow.products_to(r.t if t is None else t, r.k)[0]
    return Scaled(products.mant[0, 0], products.exp2)


def same(one, other):
    assert (one.mant == 0) == (other.mant == 0)
    if one.mant != 0:
        assert one.sign == other.sign and abs(one.log10 - other.log10) < 1e-12 * max(1, abs(other.log10))


def drawn(e, name="map"):
    return next(item for item in charts.items(e) if item["name"] == name)


# --- the numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_every_cell_is_the_chain_of_its_own_weight_steps_and_bias(activation, sequence):
    rng = np.random.default_rng(7)
    e = Experiment(activation=activation, sequence=sequence, values=(0.3, -2.0), T=23, t=19, k=2, b=-0.3)
    weights, biases = np.sort(rng.uniform(-6, 8, 9)), np.sort(rng.uniform(-6, 6, 7))
    steps, bias = by_steps(e, weights), by_bias(e, weights, biases)
    assert steps.exp2.shape == (21, 9) and bias.exp2.shape == (9, 7)
    for s, t, b in rng.integers((0, 3, 0), (9, 24, 7), (12, 3)):
        same(steps[t - 3, s], sole(replace(e, w=weights[s]), t))
        same(bias[s, b], sole(replace(e, w=weights[s], b=biases[b])))


@pytest.mark.parametrize(
    ("activation", "slope"),
    [
        ("tanh", lambda z: 1 - mpmath.tanh(z) ** 2),
        ("sigmoid", lambda z: mpmath.exp(-z) / (1 + mpmath.exp(-z)) ** 2),
    ],
)
def test_cells_agree_with_fifty_digits(activation, slope):
    phi = {"tanh": mpmath.tanh, "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z))}[activation]
    weights, biases = np.array([-3.3, 0.95, 1.05, 2.0, 7.7]), np.array([-1.2, 0.0, 2.5])
    e = Experiment(activation=activation, T=40, t=40)
    bias = by_bias(e, weights, biases)
    with mpmath.workdps(50):
        for s, w in enumerate(weights):
            for j, b in enumerate(biases):
                h, exact = mpmath.mpf("0.5"), mpmath.mpf(1)
                for _ in range(40):
                    z = mpmath.mpf(w) * h + mpmath.mpf(b)
                    h, exact = phi(z), exact * mpmath.mpf(w) * slope(z)
                got = mpmath.mpf(float(bias.mant[s, j])) * mpmath.mpf(2) ** int(bias.exp2[s, j])
                assert abs(got / exact - 1) < 2e-11  # the states' own rounding, carried on through 40 steps


def test_a_linear_unit_has_exactly_its_weight_to_the_power_of_steps():
    weights = [-2.0, 0.5, 1.0, 1.5, 4.0]  # so few binary digits that every power is exact
    steps = by_steps(Experiment(T=24), weights)
    bias = by_bias(Experiment(T=24, t=24), np.array(weights), np.array([-6.0, 0.1]))
    for s, w in enumerate(weights):
        for t in range(1, 25):
            assert Fraction(steps.mant[t - 1, s]) * Fraction(2) ** int(steps.exp2[t - 1, s]) == Fraction(w) ** t
        assert all(Fraction(bias.mant[s, j]) * Fraction(2) ** int(bias.exp2[s, j]) == Fraction(w) ** 24 for j in (0, 1))


def test_from_one_half_no_weight_of_a_tanh_keeps_more_than_0_223_over_ten_steps():
    weights = np.linspace(0.9, 1.1, 2001)
    tenth = by_steps(Experiment(activation="tanh"), weights)[9].value
    assert tenth.max() == pytest.approx(0.223, abs=5e-4) and weights[tenth.argmax()] == pytest.approx(0.992, abs=5e-4)
    assert np.abs(by_steps(Experiment(activation="tanh"), charts.WEIGHTS)[9].value).max() < 0.2235


def test_a_sigmoid_held_at_one_half_explodes_as_a_quarter_of_its_weight():
    weights = charts.WEIGHTS[::4]
    e = Experiment(activation="sigmoid", T=10)
    bias = by_bias(e, weights, -weights / 2)
    np.testing.assert_allclose(np.diagonal(bias.value), (weights / 4) ** 10, rtol=1e-13)
    assert bias.value[-1, -1] == 1024
    beside = by_bias(e, weights[-5:], np.array([-3.0])).value
    assert (np.abs(beside) < 1e-3).all()


def test_the_wall_of_pascanu_is_where_the_sigmoid_stays_at_its_unstable_point():
    σ, slope = 0.6224593312018546, 0.2350037122015945  # σ(½) and its slope
    weights = np.array([4.2, 4.2552519304, 4.3, 5.0, 6.0])
    e = Experiment(activation="sigmoid", h0=σ, T=20, t=20)
    gradients = np.diagonal(by_bias(e, weights, 0.5 - σ * weights).value)
    np.testing.assert_allclose(gradients, (weights * slope) ** 20, rtol=1e-3)  # it is unstable: rounding grows, too
    assert gradients[0] < 1 < gradients[2] and gradients[1] == pytest.approx(1, abs=1e-6)


def test_a_dead_unit_is_exactly_zero_and_no_number_is_lost():
    e = Experiment(activation="relu", T=5, t=5)
    steps = by_steps(e, [-1.0, 0.0, 1.0])
    assert steps.mant[:, 0].tolist() == [0] * 5 and np.isneginf(steps.log10[:, 0]).all()
    assert steps.mant[:, 1].tolist() == [0] * 5 and (steps[:, 2].value == 1).all()
    deep = by_bias(Experiment(activation="tanh", sequence="constant", amplitude=1e9, T=9, t=9), [2.0], [0.0])
    assert deep.mant[0, 0] != 0 and deep.log10[0, 0] < -7e9 and np.isfinite(deep.log10).all()
    large = by_bias(Experiment(T=10_000, t=10_000), [8.0], [0.0])
    assert large.log10[0, 0] == pytest.approx(10_000 * np.log10(8), rel=1e-14)


def test_an_empty_chain_is_one_everywhere_and_a_map_belongs_to_an_rnn():
    e = Experiment(T=4, t=3, k=9)
    assert (by_bias(e, [-1.0, 0.0], [0.0, 1.0, 2.0]).value == np.ones((2, 3))).all()
    assert by_steps(replace(e, t=4, k=4), [0.0, 1.0]).exp2.shape == (0, 2)
    for make in (lambda e: by_steps(e, [1.0]), lambda e: by_bias(e, [1.0], [0.0])):
        with pytest.raises(ValueError, match="got cell 'gru'"):
            make(Experiment(cell="gru"))
    with pytest.raises(ValueError, match="inf"):
        by_bias(e, [np.inf], [0.0])
    with pytest.raises(ValueError, match="inf"):
        by_steps(e, [np.inf])


# --- the colours -----------------------------------------------------------------------------------


def test_a_tint_says_which_side_of_one_and_of_float32s_limits_a_number_lies():
    values = np.array([0.0, 1e-45, 1.1e-38, 1.2e-38, 0.99, 1.0, 1.01, 3.3e38, 3.5e38])
    with np.errstate(divide="ignore", over="ignore"):
        tints, single = charts.tints(np.log10(values)), values.astype(np.float32)
    assert (tints == charts.ZERO).tolist() == (values == 0).tolist()
    assert ((tints == 1) == ((values > 0) & (values < TINY))).all()
    assert ((tints > charts.ONE) == (values >= 1)).all()
    assert ((tints == charts.ABOVE) == np.isinf(single)).all()
    fine = charts.tints(np.linspace(-60, 60, 9999))
    assert (np.diff(fine.astype(int)) >= 0).all() and set(fine) == set(range(1, charts.ABOVE + 1))


def test_the_legend_stands_between_the_tints_that_it_separates_and_never_changes():
    bars = [trace_of(drawn(e, name), "map") for e in (MAP, Experiment(T=100, h0=-3.0)) for name in ("map", "bias-map")]
    assert all(bar["colorscale"] == bars[0]["colorscale"] and bar["colorbar"] == bars[0]["colorbar"] for bar in bars)
    ticks = dict(zip(bars[0]["colorbar"]["ticktext"], bars[0]["colorbar"]["tickvals"], strict=True))
    powers = {"10⁻²⁰": -20, "10⁻¹⁰": -10, "10⁻⁵": -5, "0.01": -2, "<b>1</b>": 0}
    powers |= {"100": 2, "10⁵": 5, "10¹⁰": 10, "10²⁰": 20}
    limits = {"1.2 × 10⁻³⁸": np.log10(TINY), "3.4 × 10³⁸": np.log10(HUGE)}
    for text, decade in (powers | limits).items():
        below, above = charts.tints(np.array([decade - 1e-6, decade + 1e-6]))
        assert above == below + 1 and ticks[text] == below + 0.5
    assert ticks.keys() == powers.keys() | limits.keys() | {"0"} and ticks["0"] < 0.5


def palette(dark):
    """The map's colours as the style sheet has them, as sRGB (5, 3), from the least gradient to the most."""
    found = re.findall(r"--u-map-\w+: light-dark\(#(\w{6}), #(\w{6})\);", CSS.read_text(encoding="utf-8"))
    return np.array([[int(pair[dark][i : i + 2], 16) for i in (0, 2, 4)] for pair in found]) / 255


def luminance(rgb):
    """Relative luminance (WCAG) of sRGB (…, 3): what a printer of greys prints."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_colours_are_cool_below_one_grey_at_one_and_warm_above():
    shown = trace_of(drawn(MAP), "map")
    span = shown["zmax"] - shown["zmin"]
    where = {color: at * span + shown["zmin"] for at, color in shown["colorscale"]}
    assert list(where) == ["--u-background", *(f"--u-map-{name}" for name in ("least", "less", "one", "more", "most"))]
    assert where["--u-background"] < 0.6 < where["--u-map-least"] < where["--u-map-less"] < charts.ONE
    assert where["--u-map-one"] == pytest.approx(charts.ONE) and where["--u-map-more"] > charts.ONE
    for dark in (False, True):
        red, _, blue = palette(dark).T
        assert (blue[:2] > red[:2] + 0.1).all() and (red[3:] > blue[3:] + 0.1).all()
        assert np.ptp(palette(dark)[2]) < 0.03


@pytest.mark.parametrize("dark", [False, True])
def test_in_greys_the_larger_gradient_is_always_the_farther_from_the_ground(dark):
    shown = trace_of(drawn(MAP), "map")
    at, names = zip(*shown["colorscale"], strict=True)
    stops = [(p, palette(dark)[list(charts.theme.MAP).index(n)]) for p, n in zip(at, names, strict=True) if "map" in n]
    places, colors = np.array([p for p, _ in stops]), np.array([c for _, c in stops])
    tints = (np.arange(1, charts.ABOVE + 1) - shown["zmin"]) / (shown["zmax"] - shown["zmin"])
    greys = luminance(np.stack([np.interp(tints, places, channel) for channel in colors.T], axis=-1))  # as Plotly mixes
    assert (np.diff(greys) * (1 if dark else -1) > 0).all()
    away = {decade: greys[int(charts.tints(np.array([decade]))[0]) - 1] for decade in (-10.0, -1.5, 1.5, 10.0)}
    low, middle = sorted((away[-1.5], away[1.5]))
    assert (middle + 0.05) / (low + 0.05) > 1.05  # just beyond 1 on either side
    low, high = sorted((away[-10.0], away[10.0]))
    assert (high + 0.05) / (low + 0.05) > 2


def test_every_region_of_a_linear_units_map_has_its_name():
    texts = trace_of(drawn(Experiment(T=50)), "texts")
    placed = [(x, word) for x, word in list(zip(texts["x"], texts["text"], strict=True))[1:] if np.isfinite(x)]
    assert sorted(word for x, word in placed if x < -1) == ["exploding"]
    assert [word for x, word in placed if -1 < x < 1] == ["vanishing"]
    assert sorted(word for x, word in placed if x > 1) == ["exploding"]


def test_the_lines_run_at_one_and_at_float32s_limits():
    lines = trace_of(drawn(MAP), "lines")["contours"]
    levels = np.arange(lines["start"], lines["end"] + 0.1, lines["size"])
    assert levels.tolist() == [1.5, charts.ONE, charts.ABOVE - 0.5]


def test_every_cell_of_the_picture_has_the_tint_of_its_own_chain():
    rng = np.random.default_rng(3)
    for name, e in (("map", MAP), ("bias-map", replace(MAP, t=30)), ("map", Experiment(T=9, k=4))):
        shown = trace_of(drawn(e, name), "map")
        assert len(shown["z"]) == len(shown["y"]) and {len(row) for row in shown["z"]} == {len(shown["x"])}
        for row, column in zip(rng.integers(0, len(shown["y"]), 12), rng.integers(0, len(shown["x"]), 12), strict=True):
            place = {"w": shown["x"][column], "t" if name == "map" else "b": shown["y"][row].item()}
            assert shown["z"][row][column] == charts.tints(sole(replace(e, **place)).log10)


@pytest.mark.parametrize("e", [MAP, Experiment(T=100), Experiment(activation="relu", T=30), replace(MAP, h0=0.0)])
def test_a_word_lies_on_what_it_names(e):
    for name in ("map", "bias-map"):
        item = drawn(e, name)
        shown = trace_of(item, "map")
        texts = trace_of(item, "texts")
        for x, y, word in list(zip(texts["x"], texts["y"], texts["text"], strict=True))[1:]:
            if np.isfinite(x):
                cell = shown["z"][np.abs(shown["y"] - y).argmin()][np.abs(shown["x"] - x).argmin()]
                low, high = charts._WORDS[word]
                assert low <= cell <= high
        assert np.isfinite(texts["x"]).sum() >= 2


# --- the reader's place ----------------------------------------------------------------------------


def test_the_maps_are_made_of_the_sliders_own_positions():
    for grid, key in ((charts.WEIGHTS, "w"), (charts.BIASES, "b")):
        c = TABLE[key]
        assert grid[0] == c.min and grid[-1] == c.max and np.diff(grid) == pytest.approx(c.step)


@pytest.mark.parametrize(("figure", "value", "expected"), [
    ("map", [0.95, 12], {"w": 0.95, "t": 12}), ("map", [0.9624, 12.4], {"w": 0.95, "t": 12}),
    ("map", [99, -3], {"w": 8.0, "t": 1}), ("map", [-1e99, 1e99], {"w": -6.0, "t": 50}),
    ("map", [float("nan"), float("inf")], None),
    ("bias-map", [-1.2, 3.3], {"w": -1.2, "b": 3.3}), ("bias-map", [9, -9], {"w": 8.0, "b": -6.0}),
])  # fmt: skip
def test_a_tap_sets_the_sliders_to_the_cell_within_their_ranges(figure, value, expected):
    set_to = charts.tapped(MAP, {"figure": figure, "value": value})
    assert expected is None or set_to == expected
    for key, number in set_to.items():
        assert TABLE[key].min <= number <= TABLE[key].max and isinstance(number, type(TABLE[key].default))


def test_the_cross_stands_where_the_sliders_are_and_says_the_number():
    for name, y in (("map", 7), ("bias-map", 0.4)):
        item = drawn(replace(MAP, w=1.35, t=7, b=0.4), name)
        texts, cross = trace_of(item, "texts"), trace_of(item, "cross")
        assert (cross["x"][-1], cross["y"][-1]) == (1.35, y) and cross["marker"]["size"][-1] > 0
        assert texts["text"][0].startswith("<b>∂h<sub>7</sub>/∂h<sub>0</sub> = ") and texts["x"][0] == 1.35


def test_where_no_bias_matters_none_is_named():
    assert drawn(Experiment(), "bias-map")["alt"].endswith("at w = 8.00, whatever the bias.")
    assert drawn(replace(MAP, t=10), "bias-map")["alt"].rpartition("at w = ")[2].count("b = ") == 1


@pytest.mark.parametrize(("w", "symbol"), [(-1e9, 7), (0.0, 0), (1e9, 8)])
def test_a_weight_off_the_map_is_a_triangle_at_its_edge(w, symbol):
    cross = trace_of(drawn(replace(MAP, w=w)), "cross")
    assert cross["marker"]["symbol"] == symbol and cross["x"][-1] == np.clip(w, -6, 8)


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS.values() if s.page == "map"], ids=lambda s: s.name)
def test_the_sentence_names_the_weights_that_the_chains_agree_with(scenario):
    e = scenario.experiment
    kept = [w for w in charts.WEIGHTS.tolist() if abs(sole(replace(e, w=w)).log10) <= 1]
    alt = drawn(e)["alt"]
    named = alt.split("for w = ")[1].rstrip(".") if "for w = " in alt else ""
    spans = [span.split(" to ") for span in named.replace(" and ", ", ").split(", ") if span]
    spans = [[float(end.replace("−", "-")) for end in span] for span in spans]
    assert kept == [w for w in charts.WEIGHTS.tolist() if any(span[0] <= w <= span[-1] for span in spans)]


def test_the_sentences_of_the_opening():
    assert drawn(MAP)["alt"] == (
        "With w = 2.00, 10 steps leave 2.139 × 10⁻⁷: the gradient vanishes."
        " The gradient stays within a factor of 10 of 1 for w = −1.10 to −0.85 and 0.85 to 1.10."
    )
    alt = drawn(SCENARIOS["map_wall"].experiment, "bias-map")["alt"]
    assert alt.endswith("the largest is 1024, at w = 8.00, b = −4.00.")


def test_what_decides_is_the_mean_logarithm_of_a_factor():
    for e in (MAP, replace(MAP, w=-1.3, t=33, k=4), replace(MAP, activation="sigmoid", w=8.0, b=-4.0)):
        a = charts.quantities(run(e))
        assert (e.t - e.k) * (a["log_w"] + a["log_slope"]) == pytest.approx(sole(e).log, rel=1e-13)
    shown = charts.formula(charts.quantities(run(MAP)))["lines"]
    product, *_, mean, size = (line["slots"] for line in shown)
    assert mean == {"w": "0.6931", "slope": "(−2.229)", "is": "=", "mean": "−1.536"}  # ln 2.139e-7 / 10
    assert product["product"] == size["size"] == "2.139 × 10⁻⁷" and size["mean"] == "(−1.53579)"


@pytest.mark.parametrize("T", [10, 50, 100])
def test_a_map_travels_light(T):
    message = encode(VIEWS["map"].items(replace(MAP, T=T, t=T)))
    assert len(message) < 65_000


def test_what_two_traces_share_is_sent_once():
    z = np.arange(1000, dtype=np.uint8)
    sizes = [len(encode([{"name": "a", "z": [z] * copies}])) for copies in (1, 2)]
    assert sizes[1] - sizes[0] < 40
    [[item]] = unpacked(encode([{"name": "a", "z": [z, z[:5].copy(), z]}]))["frames"]
    assert [row.tolist() for row in item["z"]] == [z.tolist(), [0, 1, 2, 3, 4], z.tolist()]
