"""The unrolled network: outputs, losses and corrections against a textbook's forward pass, and how they are drawn."""

import math
from dataclasses import replace
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest

from pages.charts.drawings import folded
from pages.charts.parts.theme import trace_of
from pages.charts.views import network
from pages.figures.show import encode
from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS
from rnn_core.check import DEEPEST
from rnn_core.experiment import Experiment, inputs, run, sweep
from rnn_core.readout import BANDS, F2, WORDS, cumulative_share, readout
from tests.apps import healthy, opened, slots
from tests.figures import unpacked, valid
from tests.textbook import PHI, TINY, close

CASES = [
    Experiment(activation=phi, f2=f2, w=w, u=0.8, b=0.15, h0=0.4, w_y=1.7, target=word, y=-0.3, T=T, t=t,
               sequence="sine", period=6.5)
    for phi, f2, w, word, T, t in [
        *((phi, f2, -1.1, "not", 17, 14) for phi in ACTIVATIONS for f2 in F2),
        *(("tanh", "softmax", 1.4, word, 12, 12) for word in WORDS), ("tanh", "identity", 0.9, "be", 3, 2),
        ("tanh", "softmax", 0.9, "to", 11, 11), ("sigmoid", "identity", 4.0, "be", 1, 1),
    ]
]  # fmt: skip
every_case = pytest.mark.parametrize("e", CASES, ids=lambda e: f"{e.activation}-{e.f2}-{e.target}-T{e.T}")


def textbook_losses(e, weights):
    """L_1 … L_T as a book prints them; `weights` are W_hh at each step, possibly complex."""
    h, losses = e.h0, []
    for w, x in zip(weights, inputs(e), strict=True):
        h = PHI[e.activation](np.asarray(w * h + e.u * x + e.b))
        if e.f2 == "identity":
            losses.append((e.w_y * h - e.y) ** 2 / 2)
        else:
            logits = np.array([e.w_y * place * h for place in (-1.5, -0.5, 0.5, 1.5)])
            losses.append(np.log(np.exp(logits).sum()) - logits[("to", "be", "or", "not").index(e.target)])
    return np.array(losses)


def by_complex_step(e, used_at=None):
    """∂L_τ/∂W_hh for τ = 1 … T; with `used_at`, through its use at that step alone."""
    moved = [e.w + 1j * TINY * (used_at in (None, j)) for j in range(1, e.T + 1)]
    return np.imag(textbook_losses(e, moved)) / TINY


@every_case
def test_each_loss_is_that_of_the_textbook(e):
    assert close(readout(run(e)).loss[1:], textbook_losses(e, [e.w] * e.T), 1e-13)
    assert readout(run(e)).loss[0] == 0


@every_case
def test_the_correction_by_a_loss_is_its_derivative_by_the_weight(e):
    read = readout(run(e))
    assert close([read.dW(t).value for t in range(1, e.T + 1)], by_complex_step(e), 1e-11)


@every_case
def test_each_lags_share_is_the_derivative_by_the_weight_used_at_that_step_alone(e):
    once = np.array([by_complex_step(e, j) for j in range(1, e.T + 1)])  # [j - 1, τ - 1]
    assert close(readout(run(e)).by_lag(e.end).value, once[: e.end, e.end - 1][::-1], 1e-11)
    stacks = readout(run(e)).corrections().value
    bands = [*pairwise(BANDS), (BANDS[-1], e.T)]
    for band, (first, stop) in enumerate(bands):
        want = [sum(once[tau - lag - 1, tau - 1] for lag in range(first, min(stop, tau))) for tau in range(1, e.T + 1)]
        assert close(stacks[band], want, 1e-11), band


@every_case
def test_all_contributions_add_up_to_the_derivative_of_the_whole_loss(e):
    h = 1e-6
    up, down = (textbook_losses(e, [e.w + side] * e.T).sum() for side in (h, -h))
    assert readout(run(e)).corrections().value.sum() == pytest.approx((up - down) / (2 * h), rel=2e-6)


@every_case
def test_what_arrives_at_a_state_is_the_derivative_of_the_loss_by_that_state(e):
    got = readout(run(e)).by_state(e.end).value
    h = run(e).trajectory.h[:, 0]
    for k in range(e.end + 1):
        later = replace(e, T=e.end - k, t=e.end - k)
        state = h[k] + 1j * TINY
        for x in inputs(e)[k : e.end]:
            state = PHI[e.activation](np.asarray(e.w * state + e.u * x + e.b))
        delivered = e.w_y * state
        if e.f2 == "identity":
            loss = (delivered - e.y) ** 2 / 2
        else:
            loss = np.log(sum(np.exp(delivered * p) for p in (-1.5, -0.5, 0.5, 1.5))) - delivered * (
                -1.5 + WORDS.index(e.target)
            )
        assert got[k] == pytest.approx(np.imag(loss) / TINY, rel=1e-11, abs=1e-250), (k, later.T)


def test_with_a_linear_weight_of_a_half_the_last_5_of_40_lags_hold_969_per_mille_and_10_hold_999():
    e = SCENARIOS["not_zero"].experiment
    read = readout(run(e))
    assert np.array_equal(read.by_lag(40).value, 0.5 ** np.arange(40))  # (o - y) w^lag h, h held at 1
    share = cumulative_share(read.by_lag(40))
    assert share[[4, 9]] == pytest.approx([1 - 0.5**5, 1 - 0.5**10], abs=1e-11)
    text = network.lags_picture(network.quantities(run(e)))["alt"]
    assert "∂L₄₀/∂Wₕₕ = 2" in text and "last 5 of 40 lags hold 96.9 %" in text and "last 10 hold 99.9 %" in text


def test_shares_are_of_magnitudes_so_that_signs_hide_nothing():
    read = readout(run(Experiment(w=-0.5, f2="identity", h0=1.0, b=1.5, y=0.0)))
    assert cumulative_share(read.by_lag(10)) == pytest.approx((1 - 0.5 ** np.arange(1, 11)) / (1 - 0.5**10), rel=1e-12)


def test_where_the_gradient_grows_the_first_step_is_corrected_most():
    e = SCENARIOS["blame"].experiment
    by_lag = readout(run(e)).by_lag(40).value
    assert by_lag == pytest.approx(1.2 ** np.arange(40), rel=1e-9) and by_lag.argmax() == 39


def test_a_free_linear_unit_is_corrected_alike_at_every_step():
    e = SCENARIOS["each_alike"].experiment
    d = 0.5 * 0.5**10  # o - y
    assert readout(run(e)).by_lag(10).value == pytest.approx([d * 0.5**9 * 0.5] * 10, rel=1e-14)
    assert readout(run(e)).dW(10).value == pytest.approx(10 * d * 0.5**10, rel=1e-14)


def test_who_is_sure_and_wrong_pays_much_and_learns_little_where_the_state_is_saturated():
    read = readout(run(SCENARIOS["sure_and_wrong"].experiment))
    assert read.o[20].argmax() == WORDS.index("not") and read.o[20, 3] > 0.98 and read.loss[20] > 10
    assert abs(read.dh.value[20]) > 10 and abs(read.dW(20).value) < 0.2


@pytest.mark.parametrize("w", [1e6, -3e7, 1e-9])
def test_corrections_beyond_float64_keep_their_size_and_sign(w):
    e = Experiment(w=w, T=100, t=100, f2="identity", y=0.25, w_y=-2.0)
    with mp.workdps(60):
        h = mp.mpf(w) ** 100 / 2
        whole = (-2 * h - 0.25) * -2 * 100 * mp.mpf(w) ** 99 / 2
        dW = readout(run(e)).dW(100)
        assert float(dW.log10) == pytest.approx(float(mp.log10(abs(whole))), rel=1e-13)
        assert float(dW.sign) == mp.sign(whole)
    encode(network.items(e))


def test_a_state_that_overflows_still_says_a_word_and_has_a_gradient():
    read = readout(run(Experiment(w=1e6, T=60, t=60, target="to")))  # logits of 10^360
    assert read.o[60].tolist() == [0, 0, 0, 1] and read.loss[60] == math.inf
    assert read.dh.value[60] == pytest.approx(1.5 - -1.5)
    dW = readout(run(Experiment(w=1e6, T=60, t=60, target="not"))).dW(60)
    assert dW.mant < 0 and dW.exp2 < DEEPEST  # not 0, but e^-10^360


def test_a_certain_word_leaves_its_correction_on_the_page():
    at = healthy(opened("network", activation="relu", w="1.5", target="not"))
    shown = slots(at, "network-formula")
    assert shown["dW"] == "−1.852 × 10⁻¹⁹⁴⁵"
    assert shown["L"] == "3.186 × 10⁻¹⁹⁵⁰"
    with mp.workdps(2000):
        e = Experiment(activation="relu", w=1.5, target="not", T=20, t=20, sequence="sine", period=7.0)
        h, by_w = mp.mpf(e.h0), mp.mpf(0)
        for x in inputs(e).tolist():
            z, by_w = e.w * h + mp.mpf(x), h + e.w * by_w
            h, by_w = (z, by_w) if z > 0 else (mp.mpf(0), mp.mpf(0))
        p = [mp.exp(place * h) for place in (-1.5, -0.5, 0.5, 1.5)]
        by_h = sum(a * place for a, place in zip(p, (-1.5, -0.5, 0.5, 1.5), strict=True)) / sum(p) - 1.5
        assert shown["dW"].startswith(f"−{mp.nstr(-by_h * by_w, 4)[:5]} ")


def test_probabilities_are_those_of_a_softmax_and_add_up_to_one():
    o = readout(run(Experiment(activation="tanh", w=1.0, w_y=2.5))).o
    h = run(Experiment(activation="tanh", w=1.0)).trajectory.h[:, 0]
    e = np.exp(2.5 * h[:, None] * [-1.5, -0.5, 0.5, 1.5])
    assert np.allclose(o, e / e.sum(axis=1, keepdims=True), rtol=1e-14) and np.allclose(o.sum(axis=1), 1, rtol=1e-15)


@pytest.mark.parametrize(("field", "values"), [
    ("w", [-2.0, 0.0, 1.3]), ("w_y", [-1.0, 0.0, 2.0]), ("y", [-1.0, 0.5]), ("h0", [0.0, 2.0]), ("period", [3.0, 9.0]),
])  # fmt: skip
@pytest.mark.parametrize("f2", F2)
def test_a_sweep_reads_as_its_single_runs_do(f2, field, values):
    e = Experiment(activation="tanh", sequence="sine", T=14, t=13, f2=f2)
    swept = readout(sweep(e, field, values))
    for s, value in enumerate(values):
        one = readout(run(replace(e, **{field: value})))
        assert close(swept.o[:, s], one.o, 1e-14) and close(swept.loss[:, s], one.loss, 1e-14)
        assert close(swept.corrections().value[..., s], one.corrections().value, 1e-13)
        assert swept.dW(13).value[s] == pytest.approx(one.dW(13).value, rel=1e-13)


def test_what_reads_the_states_does_not_unroll_them_anew():
    run.cache_clear()  # what other tests left there may go in between
    e = Experiment(activation="tanh")
    others = [replace(e, f2="identity"), replace(e, w_y=3.0), replace(e, target="or"), replace(e, y=-1.0)]
    assert all(run(other).flow is run(e).flow for other in others)


# --- how it is drawn -----------------------------------------------------------------------------------------

SHAPES = [(0, 0), (1, 1), (1, 0), (2, 1), (10, 10), (40, 17), (100, 100), (100, 1)]


@pytest.mark.parametrize("most", [folded.NARROW, folded.WIDE])
@pytest.mark.parametrize(("T", "t"), SHAPES)
def test_an_arrow_leads_back_from_the_loss_to_every_earlier_state_that_is_drawn(T, t, most):
    a = folded.quantities(run(Experiment(activation="tanh", T=T, t=t)))
    row = folded.cells(T, t, 0, most)
    back, down = (trace_of(folded.draw(a, most), name) for name in ("back", "down"))
    assert len(back["y"]) == sum(last < t for _, last in row) and len(down["x"]) == (2 if t else 0)
    assert any(i <= t <= j for i, j in row) and len(row) <= most


def test_the_texts_beside_the_arrows_are_what_arrives():
    e = Experiment(w=2.0, f2="identity", y=0.0, T=3, t=3, h0=0.5)  # o = 4, so ∂L/∂h_j = 4 · 2^(3-j)
    names = trace_of(folded.draw(folded.quantities(run(e))), "names")
    arriving = [text for x, text in zip(names["x"], names["text"], strict=True) if text in ("32", "16", "8", "4")]
    assert arriving == ["32", "16", "8", "4"]


def test_the_way_back_is_warm_where_it_grows_and_cold_where_it_shrinks():
    for w, sign in ((2.0, 1), (0.5, -1)):
        back = trace_of(folded.draw(folded.quantities(run(Experiment(w=w)))), "back")
        assert (np.sign(back["marker"]["color"]) == sign).all()
        assert (np.diff(back["width"]) * sign <= 0).all()  # drawn from h_0 on


@pytest.mark.parametrize("f2", F2)
def test_f1_and_f2_are_named_in_the_diagram_and_spelled_out_in_the_equations(f2):
    e = Experiment(activation="leaky_relu", f2=f2)
    texts = trace_of(folded.draw(folded.quantities(run(e))), "names")["text"]
    assert f"f₁ = leaky relu<br>f₂ = {f2}" in texts
    latex = " ".join(line["latex"] for line in network.formula(network.quantities(run(e)))["lines"])
    assert r"\text{leaky relu}(" in latex and "f_1(W_{hh}" in latex and "f_2(W_{hy}" in latex


def test_the_equations_hold_for_the_numbers_in_them():
    e = Experiment(activation="tanh", w=0.9, u=0.5, b=0.25, T=4, t=4, sequence="sine", period=7.0, w_y=2.0)
    slots = {}
    for line in network.formula(network.quantities(run(e)))["lines"]:
        slots.update(line["slots"])
    words = ("due", "is")
    read = {name: float(text.strip("()").replace("−", "-")) for name, text in slots.items() if name not in words}
    z = 0.9 * run(e).trajectory.h[3, 0] + 0.5 * read["x"] + 0.25
    assert math.tanh(z) == pytest.approx(run(e).trajectory.h[4, 0], abs=1e-3)
    assert -math.log(read["p"]) == pytest.approx(read["L"], abs=1e-3) and slots["due"] == "be"
    terms = [read["lag0"], read["lag1"], read["lag2"], read["last"]]
    assert sum(terms) == pytest.approx(read["dW"], abs=2e-3)
    assert read["dW"] == pytest.approx(by_complex_step(e)[3], rel=1e-3)


def of_axis(layout):
    """What a height of 1 stands for, as the axis says."""
    [text] = layout["yaxis"]["ticktext"][-1:]
    return float(text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")).replace(" × 10", "e"))


@pytest.mark.parametrize(
    "e",
    [
        Experiment(w=0.5, f2="identity"),
        Experiment(w=-1.4, T=30, t=20, f2="identity"),
        CASES[2],
        Experiment(w=8.0, T=40),
        SCENARIOS["not_zero"].experiment,
        Experiment(activation="tanh", T=100, t=100, sequence="noise"),
    ],
)
def test_each_stack_ends_where_its_axis_says_its_correction_lies(e):
    figure = network.draw_corrections(network.quantities(run(e)))
    heights = sum(bar["y"] for bar in figure["data"])
    read = readout(run(e))
    want = np.array([read.dW(tau).value for tau in range(1, e.T + 1)])
    assert np.allclose(heights * of_axis(figure["layout"]), want, rtol=1e-9, atol=1e-9 * np.abs(want).max())
    low, high = figure["layout"]["yaxis"]["range"]
    above, below = (sum(side(bar["y"], 0) for bar in figure["data"]) for side in (np.maximum, np.minimum))
    assert low <= below.min() and above.max() <= high and max(above.max(), -below.min()) <= 1 + 1e-9


def test_a_stack_that_cancels_shows_both_sides_of_zero():
    figure = network.draw_corrections(network.quantities(run(Experiment(w=-0.9, b=0.5, f2="identity"))))
    ys = np.stack([bar["y"] for bar in figure["data"]])
    assert (ys > 0).any() and (ys < 0).any() and figure["layout"]["yaxis"]["range"][0] < -1
    assert figure["layout"]["barmode"] == "relative"


def test_a_negative_share_of_a_lag_is_drawn_open():
    e = Experiment(w=-0.5, f2="identity", h0=1.0, b=1.5, y=0.0)  # h held at 1: shares (-w)^lag in turns
    curve = trace_of(network.draw_lags(network.quantities(run(e))), "sizes")
    assert curve["y"] == pytest.approx(np.log10(0.5) * np.arange(10) + curve["y"][0])
    assert len(set(curve["marker"]["symbol"][::2].tolist())) == 1 == len(set(curve["marker"]["symbol"][1::2].tolist()))
    assert abs(int(curve["marker"]["symbol"][0]) - int(curve["marker"]["symbol"][1])) == 100  # Plotly's open marks


def test_the_word_that_is_due_is_marked_and_the_one_that_leads_is_named():
    item = network.output_picture(network.quantities(run(Experiment(activation="tanh", h0=2.0, target="or"))))
    bars = trace_of(item, "words")
    assert bars["x"] == ["to", "be", "<b>or</b>, target", "not"] and bars["marker"]["line"]["width"] == [0, 0, 2.5, 0]
    assert item["alt"].startswith("“not” leads with") and "the target “or” gets" in item["alt"]


EDGES = [
    {"T": 0}, {"T": 1}, {"t": 0}, {"w": 0.0}, {"w_y": 0.0}, {"f2": "identity", "w_y": 0.0, "y": 0.0}, {"h0": 0.0},
    {"w": 8.0, "T": 100, "t": 100}, {"w": -6.0, "T": 100, "t": 100, "f2": "identity"}, {"w": 1e100, "T": 100, "t": 99},
    {"activation": "relu", "h0": -1.0}, {"sequence": "pasted", "values": (1e99, -1e100)}, {"w": 1e-100, "T": 100},
    {"activation": "sigmoid", "w": 8.0, "T": 100, "t": 50, "f2": "identity", "y": 5.0},
]  # fmt: skip


@pytest.mark.parametrize("edge", EDGES, ids=str)
@pytest.mark.parametrize("f2", F2)
def test_the_page_is_whole_at_the_edges(f2, edge):
    e = Experiment(**{"f2": f2, **edge})
    items = network.items(e)
    [frame] = unpacked(encode(items))["frames"]
    for item in frame:
        assert "nan" not in str(item.get("alt", item.get("text"))).lower().split()
    for item in items:
        if item["kind"] == "figure":
            valid(item["figure"])
            valid(item["figure"], item.get("narrow"))
            assert item["alt"].endswith(".")
    assert len(network.columns(e)["j"]) == e.end + 1


def test_where_nothing_is_to_correct_the_page_says_so():
    a = network.quantities(run(Experiment(w_y=0.0)))
    assert "every term of the sum is exactly 0" in network.lags_sentence(a)
    assert "No word leads" in network.output_sentence(a)
    assert "no loss at step 0" in network.lags_sentence(network.quantities(run(Experiment(t=0))))


def test_a_probability_below_all_logarithms_is_written_by_its_loss():
    """L = 2 h_t to the last digit where logits lie h_t apart, and two words."""
    e = Experiment(w=2.0, T=50, t=50)  # h_50 = 2⁴⁹
    a = network.quantities(run(e))
    assert a["L"].value.item() == 2.0**50
    assert "the target “be” gets e^(−1.126 × 10¹⁵): L₅₀ = 1.126 × 10¹⁵." in network.output_sentence(a)
    [line] = [line for line in network.formula(a)["lines"] if "p" in line["slots"]]
    assert r"-\ln\, e^{@p@}" in line["latex"] and line["slots"]["p"] == "−1.126 × 10¹⁵"
    encode([network.formula(a)])


def test_where_nothing_was_sent_nothing_is_said_to_arrive():
    at_the_target = Experiment(f2="identity", w=1.0, h0=1.0, y=1.0)
    text = folded.sentence(folded.quantities(run(at_the_target)))
    assert "∂L₁₀/∂h₁₀ is 0, so there is nothing to send back." in text
    grown = folded.sentence(folded.quantities(run(Experiment(f2="identity", w=2.0, T=3, t=3, y=0.0))))  # o = 4
    assert grown.endswith("of ∂L₃/∂h₃ = 4, 32 arrives at h₀.")
    dead = folded.sentence(folded.quantities(run(Experiment(f2="identity", activation="relu", h0=-1.0))))
    assert dead.endswith("nothing reaches h₀.")


def test_where_no_word_leads_none_is_said():
    a = folded.quantities(run(Experiment(activation="relu", w=-1.0)))  # h = 0 from step 1 on
    assert "favours no word (25.0 % each), its target “be”" in folded.sentence(a)
    assert "o₁₀<br><i>?</i>" in trace_of(folded.draw(a), "nodes")["text"]


def test_a_tap_looks_at_the_loss_of_that_step():
    assert network.tapped(Experiment(), {"figure": "corrections", "value": 7}) == {"t": 7}
    assert network.tapped(Experiment(), {"figure": "unrolled", "value": 0}) == {"t": 1}


def test_the_pages_number_is_the_one_in_its_readouts():
    name, value = network.main_number(SCENARIOS["not_zero"].experiment)
    main, *_ = network.items(SCENARIOS["not_zero"].experiment)
    assert main["alt"].startswith(f"{name} = {float(value.value):g}.") and main["role"] == "main"
