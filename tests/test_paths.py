"""What the formula leaves out, as the page shows it: the four readings, the split by gate, the ablation, networks."""

import random
from dataclasses import replace

import numpy as np
import pytest

from pages.charts import views
from pages.charts.drawings import paths, population, split
from pages.charts.parts import theme
from pages.charts.parts.numbers import number
from pages.charts.parts.theme import trace_of
from pages.lessons.scenarios import SCENARIOS
from rnn_core.cells import LSTM
from rnn_core.experiment import Experiment, run, sweep
from rnn_core.population import LAGS
from tests.figures import valid
from tests.reference_cases import evaluate
from tests.textbook import Net, close

COMPUTED = {f"{q}_mode": "computed" for q in LSTM.gates}
OF_THE_PAGE = [s.experiment for s in SCENARIOS.values() if s.page == "lstm"]
FOUR, WRONG_SIGN = (SCENARIOS[name].experiment for name in ("four_readings", "wrong_sign"))


def drawn_at_random(seed):
    """An experiment of the page with every gate computed, of any length."""
    draw = random.Random(seed)
    T = draw.choice([1, 2, 5, 9, 30, 100])
    weights = {f"{w}_{q}": draw.uniform(-3, 3) for q in LSTM.gates for w in "wub"}
    k = draw.randint(0, T // 2)
    return Experiment(
        cell="lstm", T=T, t=T, k=k, sequence=draw.choice(["sine", "impulse", "none"]), **COMPUTED, **weights
    )


RANDOM = [drawn_at_random(seed) for seed in range(25)]


def derivative(e, cut=""):
    """∂C_t/∂C_k by complex step, h_k following C_k; gates in `cut` read the value of h alone."""
    assert e.k > 0
    rows = {w: np.array([getattr(e, f"{w}_{q}") for q in LSTM.gates]) for w in "uwb"}
    net, r = Net("lstm", rows["u"][:, None], rows["w"][:, None], rows["b"]), run(e)
    c = r.trajectory.c[e.k, 0] + 1e-100j
    s = r.trajectory.s[e.k - 1]
    h = r.trajectory.h[e.k, 0] + 1e-100j * net.read_out(s, r.x[e.k - 1 : e.k])[0]
    for x in r.x[e.k : e.t]:
        z = {
            q: rows["u"][j] * x + rows["w"][j] * (h.real if q in cut else h) + rows["b"][j]
            for j, q in enumerate(LSTM.gates)
        }
        i, f, o = (1 / (1 + np.exp(-z[q])) for q in "ifo")
        c = f * c + i * np.tanh(z["g"])
        h = o * np.tanh(c)
    return c.imag / 1e-100


@pytest.mark.parametrize("e", RANDOM, ids=range(len(RANDOM)))
def test_the_four_curves_are_the_four_readings_of_the_reference_format(e):
    r, k = run(e), e.k
    cell = r.trajectory.cell
    given = {
        "x": r.x[:, None],
        "h0": np.array([e.h0]),
        "C0": np.array([e.c0]),
        "W_ih": cell.W_x,
        "W_hh": cell.W_h,
        "b_ih": cell.b,
        "b_hh": 0 * cell.b,
    }
    case = {"arch": "lstm", "act": "tanh", "act_param": None, "gate_act": "sigmoid", "loss": "none", "in": given}
    out, a = evaluate(case), paths.quantities(r)
    names = {"direct": "book", "state": "state", "one_step": "onestep", "total": "graph"}
    assert list(a["readings"]) == list(names)
    for name, field in names.items():
        curve = trace_of(paths.draw(a), name)
        want = out[f"dC_{field}_logF"][k:] / np.log(10)
        seen = np.isfinite(want)
        assert curve["name"] == paths._CURVES[name][1]
        np.testing.assert_allclose(curve["y"][seen], want[seen], atol=1e-9)
        negative = out[f"dC_{field}_mant"][k:, 0, 0] < 0
        assert ((curve["marker"]["symbol"] >= 100) == negative).all()  # Plotly's open marks


@pytest.mark.parametrize("cut", ["f", "g", "io", "ifgo"])
@pytest.mark.parametrize("e", [FOUR, WRONG_SIGN])
def test_a_switch_adds_the_curve_of_a_network_whose_gate_reads_a_frozen_h(e, cut):
    a = paths.quantities(run(replace(e, **{f"cut_{q}": True for q in cut})))
    assert a["readings"]["cut"].value[0] == pytest.approx(derivative(e, cut), rel=1e-11)
    assert a["readings"]["total"].value[0] == pytest.approx(derivative(e), rel=1e-11)
    assert paths.sentence(a).endswith(f"{number(derivative(e, cut), 3)}.")
    ablated = [curve for curve in paths.draw(a)["data"] if curve.get("name") == "ablated"]
    assert len(ablated) == 1 and any("cut" in line["slots"] for line in paths._lines(a))
    if cut == "ifgo":
        np.testing.assert_allclose(a["readings"]["cut"].log10, a["readings"]["direct"].log10, atol=1e-13)


def test_without_a_switch_there_is_no_ablation_and_switches_share_one_run():
    a = paths.quantities(run(FOUR))
    assert "cut" not in a["readings"] and "ithout" not in paths.sentence(a)
    assert run(replace(FOUR, cut_f=True, b_net=3.0)).trajectory is run(FOUR).trajectory
    with pytest.raises(ValueError, match="field must be a number that changes the run"):
        sweep(FOUR, "cut_f", [0.0])


def test_the_read_out_names_the_reading_that_misleads_most():
    for e in OF_THE_PAGE + RANDOM:
        a = paths.quantities(run(replace(e, k=min(e.k, e.t - 1))))
        total = a["readings"]["total"].log10[0]
        off = {which: abs(a["readings"][which].log10[0] - total) for which in ("direct", "state", "one_step")}
        text, worst = paths.sentence(a), max(off, key=off.get)
        if not np.isfinite(list(off.values())).all() or off[worst] < 1e-3:
            continue
        if worst == "direct":
            assert "No other reading is as far off" in text
        else:
            assert f"Furthest off: {paths._WRONG[worst]}" in text
            assert f" by a factor of {number(10 ** off[worst], 3)}." in text or off[worst] > 5
        signs = {which: a["readings"][which].mant[0] < 0 for which in a["readings"]}
        assert ("Wrong in sign" in text) == any(signs[w] != signs["total"] for w in ("state", "one_step"))
        assert ("of the other sign" in text) == signs["total"]


def test_the_scenarios_show_what_they_promise():
    a = paths.quantities(run(FOUR))
    decades = sorted(a["readings"][which].log10[0] for which in ("direct", "state", "one_step", "total"))
    assert np.diff(decades).min() > 0.2
    a = paths.quantities(run(WRONG_SIGN))
    assert a["readings"]["direct"].value[0] > 0.5 and a["readings"]["total"].value[0] < -0.02
    assert derivative(WRONG_SIGN) < 0 < a["readings"]["one_step"].value[0]


def test_the_one_step_product_is_exact_where_the_output_gate_does_not_read_h():
    for e in RANDOM:
        r = run(replace(e, o_mode="pinned"))
        assert close(r.flow.one_step(r.t, r.k).value, r.flow.total(r.t, r.k).value, 1e-10)
        assert bool(paths.remarks(r)) == (r.t > r.k) and not paths.remarks(run(e))


@pytest.mark.parametrize("e", [*RANDOM, *OF_THE_PAGE])
def test_shares_add_up_to_the_total_and_their_sizes_to_all(e):
    r = run(e)
    a = split.quantities(r)
    parts, shares = (
        np.array([a[kind][name] if kind == "shares" else a[kind][name].value for name in split.PARTS])
        for kind in ("parts", "shares")
    )
    total = r.flow.total(r.t, r.k).value[:, 0, 0]
    sizes = np.abs(parts).sum(axis=0)
    assert (np.abs(parts.sum(axis=0) - total) <= 1e-11 * sizes).all()
    assert np.allclose(np.abs(shares).sum(axis=0), 1) and np.allclose(shares.sum(axis=0), total / sizes, atol=1e-11)
    if r.t > r.k:
        assert shares[split.PARTS.index("o"), -2] == 0  # nothing departs through the output gate at lag 1
    assert shares[:, -1].tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("e", [*RANDOM[:12], *OF_THE_PAGE])
def test_the_stack_grows_away_from_zero_without_a_gap(e):
    figure = split.draw(split.quantities(run(e)))
    bars, line = trace_of(figure, "parts"), trace_of(figure, "total")
    L = len(line["x"])
    low, size = bars["base"].reshape(-1, L), bars["y"].reshape(-1, L)
    for j in range(L):
        for sign in (1, -1):
            ends = [0.0]
            for start, height in zip(low[:, j], size[:, j], strict=True):
                if height * sign > 0:
                    assert start == pytest.approx(ends[-1], abs=1e-12)
                    ends.append(start + height)
            assert sum(ends[-1:]) == pytest.approx(sum(h for h in size[:, j] if h * sign > 0), abs=1e-12)
    assert line["y"] == pytest.approx(size.sum(axis=0))


def test_a_dead_path_is_split_into_nothing():
    e = Experiment(cell="lstm", f=0.0, T=6, t=6, pin_all=True)
    a = split.quantities(run(e))
    assert all((a["shares"][name][:-1] == 0).all() for name in split.PARTS)
    assert "exactly 0" in split.sentence(a)


@pytest.mark.parametrize("cuts", [{}, {"cut_f": True, "cut_o": True}])
def test_no_label_covers_another_and_none_leaves_the_plot(cuts):
    for e in RANDOM + OF_THE_PAGE:
        r = run(replace(e, **cuts))
        for figure in (paths.draw(paths.quantities(r)), split.draw(split.quantities(r))):
            low, high = figure["layout"]["yaxis"]["range"]
            heights = trace_of(figure, "labels")["y"]
            apart = np.diff(np.sort(heights))
            assert (
                (apart >= 0.084 * (high - low)).all() and heights.min() >= low - 1e-9 and heights.max() <= high + 1e-9
            )


@pytest.mark.parametrize("b", [0.0, 2.0, 3.5])
def test_the_chosen_bias_stands_out_among_the_networks(b):
    a = population.quantities(run(FOUR), b)
    figure = population.draw(a)
    valid(figure)
    labels = trace_of(figure, "labels")
    assert labels["text"][0].startswith(f"<b>b = {b:g}: ") and len(labels["text"]) == 4 + (
        b not in population.REFERENCES
    )
    assert np.array_equal(trace_of(figure, "median")["y"], a["median"]) and len(a["median"]) == LAGS + 1
    assert (a["low"] <= a["median"]).all() and (a["median"] <= a["high"]).all()
    band = trace_of(figure, "quartiles")
    assert band["fill"] == "toself" and len(band["x"]) == 2 * (LAGS + 1)
    assert (f"forget bias raised by {b:g}" if b else "as PyTorch starts them") in population.sentence(a)
    assert f"is {number(10 ** a['median'][20], 3)}× the product" in population.sentence(a)


def test_open_gates_explode_in_every_network_and_the_sentence_says_so():
    a = population.quantities(run(FOUR), 5.0)
    assert "exceeds 1 at every lag in 30 of 30 networks" in population.beyond_sentence(a)
    assert "none of 500 scalar LSTMs" in population.beyond_sentence(a)
    a = population.quantities(run(FOUR), 0.0)
    assert f"{number(100 * a['negative'][20], 3)} % of 500 scalar LSTMs" in population.beyond_sentence(a)


def test_the_page_shows_its_figures_in_teaching_order_and_the_table_holds_every_reading():
    names = [item["name"] for item in views.lstm.items(FOUR)]
    assert names == ["paths", "paths-formula", "remarks", "split", "networks", "beyond"]
    columns = views.lstm.columns(replace(FOUR, cut_g=True))
    for name in ("direct", "state", "one-step", "total", "cut"):
        assert f"{name} dC_t/dC_j" in columns
    parts = sum(np.array(columns[f"R_{q}"]) for q in LSTM.gates)
    assert np.allclose(parts + columns["direct dC_t/dC_j"], columns["total dC_t/dC_j"], rtol=1e-10)


def test_each_reading_has_a_colour_a_dash_or_a_mark_of_its_own():
    looks = list(paths._CURVES.values())
    assert all(len({look[part] for look in looks}) == len(looks) for part in (0, 1, 2, 3))
    assert max(looks, key=lambda look: look[-1])[1] == "total"
    assert {theme.DIRECT, theme.TOTAL} < {look[0] for look in looks}
