"""Charts, tested by their data: independent arithmetic on one side, the arrays and texts of the figure on the other."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pages.charts import views
from pages.charts.drawings import factors, folded, inputs, norms, over_time, paths, states
from pages.charts.parts import theme
from pages.charts.parts.numbers import bracketed, number, percent, steps, weight
from pages.charts.parts.remarks import bend, quantities, remarks
from pages.charts.parts.remarks import item as remarks_item
from pages.charts.parts.theme import trace_of
from pages.charts.parts.view import Study
from pages.controls.table import TABLE
from pages.figures import live
from pages.figures.show import encode, latex_number
from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS
from rnn_core.experiment import Experiment, nudged, run, sweep
from rnn_core.scaled import Scaled
from rnn_core.sequences import SEQUENCES
from tests.figures import unpacked, valid
from tests.settings import PAGES

ITEMS = {page: view.items for page, view in views.VIEWS.items()}
COLUMNS = {page: view.columns for page, view in views.VIEWS.items()}
CODE = {page: view.code for page, view in views.VIEWS.items()}
LSTM_OPENING = SCENARIOS["lstm"].experiment
EDGES = [
    {}, {"T": 0}, {"T": 1}, {"t": 0}, {"k": 99, "t": 100}, {"T": 100, "t": 100}, {"T": 100, "t": 60, "k": 59},
    {"w": 0.0}, {"w": -1.5}, {"w": 1e100, "T": 100, "t": 100}, {"sequence": "sunspots", "T": 100, "start": 2008},
    {"sequence": "pasted", "values": (1.0, -1e100)}, {"h0": 0.0, "activation": "relu"},
]  # fmt: skip


def texts_of(value):
    """Every string of an item, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_of(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts_of(part)


@pytest.mark.parametrize("page", ITEMS)
@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_every_figure_is_valid_and_free_of_nan_at_the_edges(page, edge):
    e = Experiment(**{"cell": PAGES[page].cell, **edge})
    items = ITEMS[page](e)
    encode(items)  # no text or number of the JSON part is NaN: a gap stands in an array
    for item in items:
        if item["kind"] == "figure":
            valid(item["figure"])
            valid(item["figure"], item.get("narrow"))
            assert item["alt"].endswith(".")
        assert not any("nan" in text.lower().split() for text in texts_of(item)), item["name"]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_every_scenario_has_valid_figures(scenario):
    for item in ITEMS[scenario.page](scenario.experiment):
        if item["kind"] == "figure":
            valid(item["figure"])
            valid(item["figure"], item.get("narrow"))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_drawn_product_is_the_product_of_the_drawn_factors(activation):
    e = Experiment(activation=activation, w=-1.3, sequence="sine", T=12, t=11, k=2)
    a = factors.quantities(run(e))
    multiplied = a["factor"].value
    assert np.allclose(multiplied, a["slope"].value * e.w, rtol=1e-14)
    after = np.array([np.prod(multiplied[j:]) for j in range(len(multiplied) + 1)])
    assert np.allclose(a["product"].value, after, rtol=1e-12)
    drawn = trace_of(factors.picture(a), "product")["y"]
    for y, value in zip(drawn, after, strict=True):
        assert (math.isnan(y) and value == 0) or y == pytest.approx(np.log10(abs(value)), abs=1e-12)


def slots_of(formula):
    return {name: text for line in formula["lines"] for name, text in line["slots"].items()}


def test_the_switch_from_identity_to_tanh_turns_1024_into_almost_nothing():
    shown = {
        name: slots_of(factors.formula(factors.quantities(run(Experiment(activation=name)))))
        for name in ("identity", "tanh", "sigmoid")
    }
    assert {name: slots["product"] for name, slots in shown.items()} == {
        "identity": "1024",
        "tanh": "2.139 × 10⁻⁷",
        "sigmoid": "2.955 × 10⁻⁶",
    }


def test_an_axis_follows_the_length_of_the_chain_and_no_weight():
    ranges = {
        tuple(factors.draw(factors.quantities(run(Experiment(w=w))))["layout"]["yaxis"]["range"]) for w in (-6, 0, 2, 8)
    }
    assert len(ranges) == 1


def test_what_leaves_the_scale_is_marked_at_the_edge():
    a = factors.quantities(run(Experiment(w=8.0)))
    bounds = factors.draw(a)["layout"]["yaxis"]["range"]
    marks = next(t for t in factors.draw(a)["data"] if t["mode"] == "markers" and t["yaxis"] == "y")
    beyond = [j for j in range(11) if math.log10(8.0 ** (10 - j)) > bounds[1]]
    assert np.flatnonzero(np.isfinite(marks["y"])).tolist() == beyond
    assert marks["y"][beyond] == pytest.approx(bounds[1], abs=1e-4) and (marks["y"][beyond] < bounds[1]).all()
    assert (np.float32(marks["y"][beyond]) <= bounds[1]).all()  # a drag rounds, and must not lose the mark


def test_a_negative_product_is_drawn_with_an_open_mark():
    picture = factors.picture(factors.quantities(run(Experiment(w=-2.0))))
    symbols = trace_of(picture, "product")["marker"]["symbol"]
    circle, open_circle = 0, 100  # Plotly's codes
    assert symbols.tolist() == [circle if (10 - i) % 2 == 0 else open_circle for i in range(11)]


def test_a_dead_step_ends_the_curve_and_is_named():
    e = Experiment(activation="relu", w=1.0, sequence="impulse", at=4, amplitude=-5.0)
    item = factors.picture(factors.quantities(run(e)))
    assert "step" in item["alt"] and "0 exactly" in item["alt"]
    assert math.isnan(trace_of(item, "product")["y"][0])


@pytest.mark.parametrize("most", [6, folded.WIDE, 14])
@pytest.mark.parametrize(("T", "t", "k"), [(0, 0, 0), (1, 1, 0), (10, 10, 0), (13, 13, 0), (14, 9, 3), (100, 100, 0),
                                           (100, 90, 20), (100, 51, 50), (100, 0, 0)])  # fmt: skip
def test_the_unrolled_network_shows_every_state_once_and_both_ends(T, t, k, most):
    row = folded.cells(T, t, k, most)
    assert len(row) <= most
    assert [i for i, j in row] == [0, *(j + 1 for i, j in row[:-1])] and row[-1][1] == T
    assert (t, t) in row and (k, k) in row


def test_a_tap_moves_the_nearer_end_of_the_chain():
    e = Experiment(T=10, t=8, k=2)
    tapped = [views.chain.tapped(e, {"figure": "walk", "value": i}) for i in (0, 3, 5, 6, 10)]
    assert tapped == [{"k": 0}, {"k": 3}, {"k": 5}, {"t": 6}, {"t": 10}]
    assert views.chain.tapped(e, {"figure": "chain", "value": 0}) == {"step": 1}


def test_a_nudge_of_a_linear_unit_grows_by_exactly_the_product():
    a = states.quantities(run(Experiment()))
    assert a["apart"] == pytest.approx(10.24, rel=1e-12) and float(a["linear"].value) == pytest.approx(10.24, rel=1e-15)
    assert "moved by 10.24; 0.01 × product = 10.24" in states.sentence(a)


def test_the_smaller_the_nudge_the_nearer_it_comes_to_the_product():
    r = run(Experiment(activation="tanh", w=1.1, T=6, t=6))
    product = float(r.flow.P.value[0, 0, 0])
    errors = [abs((nudged(r, eps)[-1, 0] - r.trajectory.h[-1, 0]) / eps / product - 1) for eps in (1e-2, 1e-3, 1e-4)]
    assert errors[0] < 0.05 and errors[1] < errors[0] / 9 and errors[2] < errors[1] / 9


def test_pinning_every_gate_makes_direct_path_and_total_one():
    a = paths.quantities(run(replace(LSTM_OPENING, pin_all=True)))
    assert np.array_equal(a["readings"]["direct"].value, a["readings"]["total"].value)
    assert "agree" in paths.sentence(a)


def test_the_lstm_opens_on_two_different_curves_and_a_memory():
    a = paths.quantities(run(LSTM_OPENING))
    ratio = a["readings"]["direct"].value[0] / a["readings"]["total"].value[0]
    assert ratio > 2 and run(LSTM_OPENING).trajectory.c[-1, 0] > 0.1
    assert "74.0 %" in paths.sentence(a)


def test_three_cells_share_one_held_axis():
    runs = {name: run(replace(SCENARIOS["same_input"].experiment, cell=name)) for name in CELLS}
    figures = [
        norms.input_picture(norms.input_norms(runs)),
        norms.state_picture(runs),
        norms.hidden_picture(runs),
    ]
    assert len({tuple(item["figure"]["layout"]["yaxis"]["range"]) for item in figures}) == 1
    for name, norm in norms.state_norms(runs)["norms"].items():
        J = runs[name].flow.J
        product = np.linalg.multi_dot(J[::-1])
        assert norm[0].value == pytest.approx(np.linalg.norm(product, 2), rel=1e-11)


def test_hidden_to_hidden_leaves_out_what_the_cell_remembers():
    e = SCENARIOS["hidden_path"].experiment
    runs = {name: run(replace(e, cell=name)) for name in CELLS}
    assert norms.hidden_norms(runs)["norms"]["lstm"].value[0] == 0
    assert norms.state_norms(runs)["norms"]["lstm"].value[0] > 0.8
    assert "leaves the LSTM’s cell path out" in norms.hidden_picture(runs)["alt"]
    assert "feels it most" not in norms.hidden_picture(runs)["alt"] + norms.state_picture(runs)["alt"]


def opening(page):
    """The experiment with which a page opens."""
    return live.meant(page, {}).experiment


def test_compare_opens_on_gates_of_one_half_life_and_on_a_read_out_that_is_not_flat():
    """Or the ranking would be put in by hand, and the LSTM's output would hide what its cell keeps."""
    e = opening("compare")
    assert e == replace(SCENARIOS["same_input"].experiment, cell=e.cell, t=e.t) and e.end == 30
    lstm, gru = (run(replace(e, cell=name)) for name in ("lstm", "gru"))
    assert (lstm.trajectory.gate("f") == 0.99).all() and (gru.trajectory.gate("z") == 0.99).all()
    assert np.abs(lstm.trajectory.c).max() < 0.3
    assert (1 / np.cosh(lstm.trajectory.c) ** 2 > 0.9).all()


def nudged_input(e, at, by=1e-6):
    """(h_T, C_T) of the LSTM for input `at` moved by ±`by`, written out by hand: central difference."""
    ends = []
    for sign in (1, -1):
        c, h = e.c0, e.h0
        for t in range(1, e.T + 1):
            x = math.sin(2 * math.pi * t / e.period) + sign * by * (t == at)
            i = e.i if e.i_mode == "pinned" else 1 / (1 + math.exp(-(e.w_i * h + e.u_i * x + e.b_i)))
            c = e.f * c + i * math.tanh(e.w_g * h + e.u_g * x + e.b_g)
            h = e.o * math.tanh(c)
        ends.append((h, c))
    (h1, c1), (h0, c0) = ends
    return abs(h1 - h0) / (2 * by), abs(c1 - c0) / (2 * by)


def test_a_cell_may_keep_what_its_output_does_not_show():
    """C_30 = 7.23: the cell keeps .76 of its first input, and h feels a millionth of it."""
    e = SCENARIOS["flat_read_out"].experiment
    runs = {name: run(replace(e, cell=name)) for name in CELLS}
    by_h, by_c = nudged_input(e, at=1)
    a = norms.input_norms(runs)
    assert a["norms"]["lstm"].value[0] == pytest.approx(by_h, rel=2e-3) and 1.4e-6 < by_h < 1.45e-6
    assert a["by_c"].value == pytest.approx(by_c, rel=1e-6) and round(by_c, 2) == 0.76
    text = norms.input_picture(a)["alt"]
    assert "C₃₀ = 7.23, where tanh is flat: the cell holds |∂C₃₀/∂x₁| = 0.756" in text and "GRU feels it most" in text


def test_compare_says_that_z_keeps():
    runs = {name: run(replace(SCENARIOS["same_input"].experiment, cell=name)) for name in CELLS}
    [gru] = [line["latex"] for line in norms.formula(norms.input_norms(runs))["lines"] if "GRU" in line["latex"]]
    assert r"z \, h_{t-1} + (1 - z) \, n_t" in gru and "kept" in TABLE["z"].label
    h = run(Experiment(cell="gru", T=1, t=1, h0=0.5, z=1.0, sequence="constant")).trajectory.h
    assert h[1] == h[0]  # z = 1 keeps all


@pytest.mark.parametrize("page", ITEMS)
def test_a_figure_calls_its_traces_by_names_that_it_has(page):
    """What stays in sight, what a phone changes, and what is held."""
    e = Experiment(PAGES[page].cell, activation="tanh", T=9, t=8, k=2, sequence="sine")
    for item in views.VIEWS[page].shown(Study(e, held=replace(e, T=5))):
        if item["kind"] == "figure":
            names = [trace["meta"] for trace in item["figure"]["data"] if "meta" in trace]
            patch = item.get("narrow", {}).get("data", {})
            patched = [name for name in patch if not name.isdigit()] if isinstance(patch, dict) else []  # else anew
            assert {*item.get("ghost", []), *patched} <= {*names} and len(names) == len({*names}), item["name"]


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_gates_and_states_are_those_of_the_run(sequence):
    r = run(replace(LSTM_OPENING, sequence=sequence, values=(1.0, 2.0)))
    a = over_time.quantities(r)
    for q in "figo":
        assert np.array_equal(trace_of(over_time.picture(a), q)["y"], r.trajectory.gate(q)[:, 0])
    assert np.array_equal(trace_of(over_time.states_picture(a), "c")["y"], r.trajectory.c[:, 0])


def test_remarks_name_what_was_adjusted():
    assert remarks(run(Experiment())) == []
    assert any("ends at t = 10" in s for s in remarks(run(Experiment(t=40))))
    assert any("begins at k = 10" in s for s in remarks(run(Experiment(k=12))))
    sunspots = remarks(run(Experiment(sequence="sunspots", start=2005)))
    assert any("1999–2008" in s and "(x − mean)/std" in s for s in sunspots)
    assert any("at the kink" in s for s in remarks(run(Experiment(activation="relu", h0=0.0))))
    assert any("exceeds" in s for s in remarks(run(Experiment(w=1e90))))
    assert any("remaining 8" in s for s in remarks(run(Experiment(sequence="pasted", values=(1.0, 2.0)))))


@pytest.mark.parametrize(("value", "text"), [
    (1024.0, "1024"), (59049.0, "59049"), (2.1387469e-7, "2.139 × 10⁻⁷"), (-0.5, "−0.5"), (math.inf, "∞"), (0.0, "0"),
    (0.168, "0.168"), (0.00099999, "10 × 10⁻⁴"), (999999.6, "1000000"), (1e6, "1 × 10⁶"), (9.99999e-8, "1 × 10⁻⁷"),
])  # fmt: skip
def test_numbers_are_written_with_four_digits(value, text):
    assert number(value) == text.replace("10 × 10⁻⁴", "1 × 10⁻³")


def test_no_number_is_too_large_to_be_written():
    assert number(Scaled.from_log(np.array(1000 * math.log(10)))) == "1 × 10¹⁰⁰⁰"
    assert number(Scaled.from_log(np.array(-5000 * math.log(10)), -1.0)) == "−1 × 10⁻⁵⁰⁰⁰"


def test_a_number_whose_logarithm_is_held_has_no_digits_to_show():
    deep = Scaled.from_log(np.array(-1e15))
    assert deep.log > -1e11  # 10 to the −4.3 · 10¹⁴ it is not
    assert number(deep) == "< 10⁻¹⁰⁰⁰⁰⁰⁰⁰⁰⁰" and number(deep * -1.0) == "−(< 10⁻¹⁰⁰⁰⁰⁰⁰⁰⁰⁰)"
    assert latex_number(number(deep)) == "< 10^{-1000000000}" and number(Scaled.of(np.array(0.0))) == "0"
    assert number(Scaled.from_log(np.array(-1e9 * math.log(10)))) == "1 × 10⁻¹⁰⁰⁰⁰⁰⁰⁰⁰⁰"


def test_a_factor_that_would_be_misread_stands_in_brackets():
    assert [bracketed(x) for x in (2.0, -0.5, 1e99)] == ["2.00", "(−0.50)", "(1 × 10⁹⁹)"]


def test_a_share_that_is_not_all_is_not_called_all():
    assert [percent(Scaled.of(np.array(s))) for s in (0.9994, 0.99951, 1 - 1e-12)] == [
        "99.9 %",
        "over 99.9 %",
        "over 99.9 %",
    ]


def test_the_bend_is_spoken_of_where_h_carries_something_and_nowhere_else():
    """By whether the total over two steps depends on what h_1 does."""
    open_h = replace(LSTM_OPENING, k=0)
    closed = replace(open_h, w_i=0.0, w_f=0.0, w_g=0.0)
    assert "bend" in bend(run(open_h))[0] and bend(run(replace(open_h, k=1))) == bend(run(replace(open_h, T=0))) == []
    for e in (closed, replace(open_h, pin_all=True)):
        assert np.array_equal(run(e).flow.total().value[..., 0], run(e).flow.direct().value)
        assert bend(run(e)) == [""]
    swept = sweep(replace(closed, g_mode="computed"), "w_g", [0.0, 0.5, 0.0])
    runs = run(closed), run(open_h), swept
    said = [remarks_item(quantities(r), last=[*bend(r), "More."])["text"] for r in runs]
    assert said[0] == "More." and said[1].endswith("at j = 0. More.")
    assert said[2]["each"] == [said[0], said[1], said[0]]


def test_chaos_is_not_claimed_of_units_that_grow_in_proportion():
    for activation in ("identity", "relu", "leaky_relu"):
        e = Experiment(activation=activation, w=8.0, T=40, t=40)
        moved = nudged(run(e), 0.01)[-1, 0] - run(e).trajectory.h[-1, 0]
        assert moved == pytest.approx(0.01 * 8.0**40, rel=1e-3)
        assert not any("smallest change" in s for s in remarks(run(e)))
    steep = Experiment(activation="sigmoid", w=8.0, b=-4.0, T=60, t=60)  # held on its unstable point
    assert any("smallest change" in s for s in remarks(run(steep)))


def test_settings_and_shares_are_written_as_a_reader_expects():
    assert [weight(x) for x in (2, -0.55, 0.123, 8)] == ["2.00", "−0.55", "0.123", "8.00"]
    shares = Scaled.of(np.array([1.0, 0.7397, 0.0, 1e-5]))
    assert [percent(shares[j]) for j in range(4)] == ["100.0 %", "74.0 %", "0 %", "0.001 %"]
    assert percent(Scaled.from_log(np.array(-1000 * math.log(10)))) == "1 × 10⁻⁹⁹⁸ %"
    assert [steps(x) for x in (1.0, 2.21, 692.8, math.inf)] == [
        "1 step",
        "2.2 steps",
        "693 steps",
        "for ever",
    ]


def test_magnitudes_are_coloured_by_which_side_of_one_they_lie_on():
    scale = theme.MAGNITUDE["colorscale"]
    assert theme.MAGNITUDE["cmin"] == -theme.MAGNITUDE["cmax"] and [0.5, theme.NEUTRAL] in scale
    assert all(color.startswith(theme.VANISH if at < 0.5 else theme.EXPLODE) for at, color in scale if at != 0.5)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_the_code_on_the_page_prints_the_number_on_the_page(scenario, capsys):
    from pages.controls.export import snippet

    exec(snippet(scenario.experiment, CODE[scenario.page](scenario.experiment)), {})
    printed = capsys.readouterr().out.split()
    code = CODE[scenario.page](scenario.experiment)
    promised = [line.split("#")[1].split()[-1] for line in code if "#" in line and "∂" not in line]
    assert [float(word) for word in printed if word not in CELLS] == [float(word) for word in promised]


@pytest.mark.parametrize("page", COLUMNS)
@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_the_table_has_one_row_a_step_and_exports_as_csv(page, edge):
    from pages.controls.export import csv

    e = Experiment(**{"cell": PAGES[page].cell, **edge})
    columns = COLUMNS[page](e)
    assert {len(column) for column in columns.values()} == {e.end - e.begin + 1}
    assert len(csv(columns).splitlines()) == e.end - e.begin + 2


def test_the_message_of_a_page_is_small():
    message = encode(views.chain.items(Experiment()))
    assert len(message) < 24_000
    assert unpacked(message)["items"][0]["name"] == "walk"


def test_sunspots_are_shown_in_their_unit_and_fed_standardised():
    r = run(Experiment(sequence="sunspots", start=1957, T=10))
    a = inputs.quantities(r)
    assert a["names"][0] == "1957" and a["raw"][0] == 190.2  # the strongest maximum on record
    assert a["fed"].mean() == pytest.approx(0, abs=1e-15) and a["fed"].std() == pytest.approx(1)
    drawn = trace_of(states.picture(r), "input")
    assert drawn["hover"]["text"][0].startswith("1957: 190.2 sunspots (yearly mean), fed as 1.")
    assert views.chain.columns(Experiment(sequence="sunspots", start=1957))["year"][1] == 1957
