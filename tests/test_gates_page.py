"""The LSTM gate by gate: ways back, spans of memory and starts, against textbook, closed forms and papers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pages.charts import views
from pages.charts.drawings import cell_diagram, half_lives, over_time
from pages.charts.parts.numbers import brief
from pages.charts.parts.theme import trace_of
from pages.figures.show import encode
from pages.lessons.scenarios import SCENARIOS
from rnn_core.cells import LSTM
from rnn_core.experiment import Experiment, run, sweep
from rnn_core.flow.gradient import GradientFlow, half_life
from rnn_core.flow.unroll import unroll
from rnn_core.flow.ways_back import ways_back
from rnn_core.initializers import chrono_bias, keras
from rnn_core.memory_span import FEW, STARTS, span, starts
from tests.apps import healthy, items, opened, slots
from tests.figures import unpacked, valid
from tests.textbook import TINY, Net, close, random_net

GATES = LSTM.gates
OPENING = SCENARIOS["gates"].experiment
COMPUTED = Experiment(
    cell="lstm",
    T=9,
    t=8,
    k=2,
    step=5,
    sequence="sine",
    c0=0.7,
    h0=-0.4,
    w_f=1.3,
    u_f=-0.6,
    w_i=-2.0,
    w_g=1.7,
    w_o=2.2,
    u_o=0.5,
    **{f"{q}_mode": "computed" for q in GATES},
)
MINE = [s.experiment for s in SCENARIOS.values() if s.page == "gates"] + [COMPUTED]


def textbook(e):
    """The experiment's cell once more, without the core."""
    weights = [[[getattr(e, f"{letter}_{q}")] for q in GATES] for letter in "uw"]
    bias = np.array([getattr(e, f"b_{q}") for q in GATES])
    return Net("lstm", *map(np.array, weights), bias, pinned={q: getattr(e, q) for q in GATES if e.pins(q)})


def alone(net, q, opened):
    """The same net, whose gates but q keep today's values: only q reads h."""
    return replace(net, pinned={p: value for p, value in opened.items() if p != q or p in net.pinned})


def by_h(net, s, x):
    """(∂C_t/∂h_{t-1}, ∂h_t/∂h_{t-1}) by complex step, each (n, n)."""
    n = net.n
    rows = [net.lstm(s + 1j * TINY * np.eye(2 * n)[n + column], x).imag / TINY for column in range(n)]
    return np.array(rows).T[:n], np.array(rows).T[n:]


# --- the ways back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("e", MINE, ids=repr)
def test_each_way_back_is_the_derivative_with_everything_else_held(e):
    r = run(e)
    net, ways, tr = textbook(e), ways_back(r.flow), r.trajectory
    for j in range(r.experiment.T):
        s, x = tr.s[j], tr.x[j]
        values = {q: tr.gate(q)[j] for q in GATES}
        for q in GATES:
            over_C, over_h = by_h(alone(net, q, values), s, x)
            assert close(ways[q][j].value, over_h if q == "o" else over_C)
        kept = net.lstm(s + np.array([1j * TINY, 0]), x).imag[0] / TINY
        assert close(ways["highway"][j].value, [kept])
        assert close(ways["read"][j].value, net.read_out(s, x))


@pytest.mark.parametrize("peepholes", [False, True])
def test_ways_back_of_many_units_make_up_the_whole_jacobian(peepholes):
    rng = np.random.default_rng(5)
    net = random_net("lstm", rng, 3, 2, peepholes=peepholes)
    tr = unroll(LSTM(net.W_x, net.W_h, net.b, peepholes=net.p), rng.normal(size=(6, 2)), *rng.normal(size=(2, 3)))
    ways = {name: way.value for name, way in ways_back(GradientFlow(tr)).items()}
    for j in range(6):
        rows = [net.lstm(tr.s[j] + 1j * TINY * d, tr.x[j]).imag / TINY for d in np.eye(6)]
        J = np.array(rows).T
        E, read = sum(ways[q][j] for q in "ifg"), ways["read"][j]
        assert close(np.diag(ways["highway"][j]), J[:3, :3]) and close(E, J[:3, 3:])
        assert close(read[:, None] * E + ways["o"][j], J[3:, 3:])
        assert close(np.diag(read * ways["highway"][j]), J[3:, :3])


def test_ways_back_belong_to_an_lstm():
    with pytest.raises(ValueError, match="cell must be an LSTM, got 'rnn'"):
        ways_back(run(Experiment()).flow)


# --- the diagram -----------------------------------------------------------------------------------

WAYS = ["highway", "read", "f", "i", "g", "o"]


def way(figure, name):
    return trace_of(figure, name)["line"]


def said(figure):
    return [text for t in figure["data"] for text in t.get("text", [])]


@pytest.mark.parametrize("e", MINE, ids=repr)
def test_the_wires_carry_what_the_textbooks_step_computes(e):
    a = cell_diagram.quantities(run(e))
    net, c, h = textbook(e), e.c0, e.h0
    for x in run(e).x[: a["step"]]:
        before, s = (c, h), net.lstm(np.array([c, h]), np.array([x]))
        c, h = s
    assert [a[name] for name in ("C_prev", "h_prev", "C", "h", "x")] == pytest.approx([*before, c, h, x], rel=1e-12)
    i, g, f, o = (a["gates"][q] for q in "igfo")
    assert f * before[0] + i * g == pytest.approx(c) and o * math.tanh(c) == pytest.approx(h)
    shown = "".join(said(cell_diagram.draw(a)))
    assert f"C<sub>{a['step']}</sub><br><b>{brief(float(c))}</b>" in shown


def test_an_arrow_is_as_wide_as_its_factor_and_dashed_where_that_is_negative():
    a = cell_diagram.quantities(run(replace(COMPUTED, step=4)))
    figure, values = cell_diagram.draw(a), {name: float(x.value) for name, x in a["ways"].items()}
    assert min(values.values()) < 0 < max(values.values())
    for name, value in values.items():
        assert way(figure, name)["dash"] == ("solid" if value > 0 else "4px,3px")
    inside = [name for name in WAYS if abs(values[name]) < 1.4]
    slopes = np.polyfit([abs(values[n]) for n in inside], [way(figure, n)["width"] for n in inside], 1, full=True)
    assert slopes[0][0] > 1 and slopes[1].max(initial=0) < 1e-20  # one straight line through all of them


def test_a_pinned_gate_has_no_way_back():
    figure = cell_diagram.draw(cell_diagram.quantities(run(replace(COMPUTED, pin_all=True))))
    assert [way(figure, q)["width"] for q in "figo"] == [0, 0, 0, 0] and way(figure, "highway")["width"] > 0
    alt = cell_diagram.picture(cell_diagram.quantities(run(replace(OPENING, pin_all=True))))["alt"]
    assert "and no gate lets h into C. Over" in alt


def test_an_output_gate_alone_leads_h_to_h_and_not_into_the_cell_state():
    e = replace(OPENING, i_mode="pinned", g_mode="pinned", o_mode="computed", w_o=2.0, h0=0.5, c0=1.0)
    a = cell_diagram.quantities(run(e))
    into_C, into_h = by_h(textbook(e), np.array([a["C_prev"], a["h_prev"]]), np.array([a["x"]]))
    assert into_C == 0 != into_h
    assert "and no gate lets h into C, though h reaches h through the output gate." in cell_diagram.sentence(a)


def test_a_saturated_read_out_is_small_but_not_zero():
    a = cell_diagram.quantities(run(replace(OPENING, pin_all=True, f=1.0, c0=800.0)))
    assert a["slope"].log == pytest.approx(math.log(4) - 2 * float(a["C"]), rel=1e-14)  # sech² of about 800
    assert any("× 10⁻⁶⁹" in line["slots"].get("slope", "") for line in cell_diagram.formula(a)["lines"])


def test_the_labels_of_the_ways_are_their_derivatives():
    e = Experiment(cell="lstm", T=1, t=1, h0=0.5, c0=2.0, f_mode="computed", w_f=2.0, b_f=-1.0)  # σ(0) = ½
    texts = said(cell_diagram.draw(cell_diagram.quantities(run(e))))
    assert "<b>∂C<sub>1</sub>/∂C<sub>0</sub> = f<sub>1</sub> = 0.5</b>" in texts
    assert "<b>∂C<sub>1</sub>/∂h<sub>0</sub><br>1</b>" in texts  # C · σ′(0) · w = 2 · ¼ · 2


@pytest.mark.parametrize(("plan", "width", "height"), [(cell_diagram.WIDE, 780, 330), (cell_diagram.SLIM, 324, 219)])
def test_boxes_stay_apart_and_inside_the_picture(plan, width, height):
    px = {name: (x * width / 100, y * height / 64) for name, (x, y) in plan.at.items()}
    boxes = [px[name] for name in ("C_prev", "h_prev", "x", "C", "h", *"figo")]
    half = plan.box / 2
    for n, (x, y) in enumerate(boxes):
        assert half <= x <= width - half and half - 4 <= y <= height - half
        assert all(max(abs(x - u), abs(y - v)) >= plan.box + 4 for u, v in boxes[:n])
    for op in ("keep", "add", "write", "show"):
        apart = [max(abs(px[op][0] - x), abs(px[op][1] - y)) for x, y in boxes]
        assert min(apart) >= half + plan.op / 2
    assert plan.font >= 11


@pytest.mark.parametrize("e", MINE, ids=repr)
def test_the_read_out_names_the_pages_number(e):
    name, value = views.lstm.number(e)
    alt = cell_diagram.picture(cell_diagram.quantities(run(e)))["alt"]
    assert f"{name} = {cell_diagram.number(value)}." in alt


def test_a_step_outside_the_chain_becomes_the_nearest_inside():
    for e, step in (
        (replace(OPENING, k=5, t=9, step=2), 6),
        (replace(OPENING, k=5, t=9, step=30), 9),
        (replace(OPENING, t=0, step=7), 1),
        (replace(OPENING, t=7, k=7, step=9), 7),
        (replace(OPENING, T=3, step=9), 3),
    ):
        assert cell_diagram.chosen_step(run(e)) == step
    empty = cell_diagram.picture(cell_diagram.quantities(run(replace(OPENING, T=0))))
    assert not empty["figure"]["data"] and "has not run yet" in empty["alt"]


def test_a_tap_on_the_gates_spells_a_step_out():
    drawn = over_time.picture(over_time.quantities(run(OPENING)))
    assert drawn["tap"] and trace_of(drawn, "f")["hover"]["customdata"].tolist() == list(range(1, 31))
    assert views.gates.tapped(OPENING, {"figure": "gates", "value": 7}) == {"step": 7}


@pytest.mark.parametrize("values", [(1e99,), (-1e99, 1e99), (1e-300,)])
def test_monstrous_inputs_leave_every_item_finite(values):
    e = replace(COMPUTED, sequence="pasted", values=values, step=3, k=0)
    for item in views.gates.items(e):
        if item["kind"] == "figure":
            valid(item["figure"], item.get("narrow"))
    shown = str(unpacked(encode(views.gates.items(e)))["frames"])
    assert "∞" not in shown and "'nan" not in shown


# --- half-life and horizon -------------------------------------------------------------------------


@pytest.mark.parametrize(("f", "half"), [(0.5, 1), (1 / (1 + math.exp(-1)), 2.21), (1 / (1 + math.exp(-2)), 5.46),
                                         (0.9, 6.58), (0.99, 68.97), (0.999, 692.8)])  # fmt: skip
def test_half_lives_of_forget_gates(f, half):
    a = half_lives.quantities(run(replace(OPENING, f=f)))
    digits = 10.0 ** -len(str(half).partition(".")[2])
    assert a["half_life"] == pytest.approx(half, abs=0.51 * digits)
    assert f ** float(a["horizon"]) == pytest.approx(0.01, rel=1e-12)
    assert 10 ** trace_of(half_lives.draw(a), "marks")["x"] == pytest.approx([a["half_life"], a["horizon"]])


@pytest.mark.parametrize(("f", "left", "within"), [(0.9, 2.7e-5, 5e-7), (0.99, 0.366, 5e-4), (0.999, 0.905, 5e-4)])
def test_what_forget_gates_leave_after_a_hundred_steps(f, left, within):
    figure = half_lives.draw(half_lives.quantities(run(replace(OPENING, f=f, T=100, t=100))))
    assert trace_of(figure, "direct")["y"][-1] == pytest.approx(left, abs=within)
    kept = trace_of(figure, "kept")
    at_100 = np.flatnonzero(np.isclose(kept["x"], 2.0))[0]
    assert kept["y"][at_100] == pytest.approx(left, abs=within)


def test_spans_know_for_ever_and_not_at_all():
    assert span(np.array([0.0, 1.0]), 0.01).tolist() == [0.0, math.inf]
    assert span(0.5, 0.5) == half_life(0.5) == 1
    with pytest.raises(ValueError, match="share must be between 0 and 1, got 1"):
        span(0.5, 1.0)
    with pytest.raises(ValueError, match=r"f must be from 0 to 1, got 1\.5"):
        span(1.5, 0.5)


@pytest.mark.parametrize("f", [0.0, 0.3, 1.0])
def test_what_lies_beyond_the_axis_of_time_is_marked_at_its_edge(f):
    marks = trace_of(half_lives.draw(half_lives.quantities(run(replace(OPENING, f=f)))), "marks")
    symbols = {0.0: [7, 7], 0.3: [7, 0], 1.0: [8, 8]}[f]  # a triangle to the left, a circle, one to the right
    assert marks["marker"]["symbol"].tolist() == symbols and np.isfinite(marks["x"]).all()


def test_a_forget_gate_of_one_and_an_update_gate_of_zero_remember_only_what_was_written():
    e = SCENARIOS["nothing_written"].experiment
    for c0, words in ((0.0, "nothing was written in this chain"), (1.5, "for ever")):
        r = run(replace(e, c0=c0))
        assert (r.trajectory.c == c0).all() and r.flow.direct().value[0, 0] == 1
        assert words in half_lives.picture(half_lives.quantities(r))["alt"]


def test_what_is_written_after_the_chain_is_not_denied():
    e = replace(SCENARIOS["nothing_written"].experiment, i=1.0, i_mode="pinned", T=20, t=5, k=0, c0=0.0)
    e = replace(e, g_mode="computed", u_g=2.0, w_g=0.0, b_g=0.0, sequence="impulse", at=10)
    c = run(e).trajectory.c[:, 0]
    assert not c[:10].any() and c[10:].all()
    alt = half_lives.sentence(half_lives.quantities(run(e)))
    assert alt.endswith("nothing was written in this chain, so C stays 0 up to its end.")


def test_a_gate_near_one_is_not_called_one():
    a = half_lives.quantities(run(replace(OPENING, f=1 - 1e-5)))
    assert "= 0.99999 loses half" in half_lives.sentence(a) and "kept over 99.9 %" in half_lives.sentence(a)
    assert "= 0.99999, half-life" in str(trace_of(half_lives.draw_starts(half_lives.at_the_start(a)), "texts")["text"])
    assert "= 1 keeps all" in half_lives.sentence(half_lives.quantities(run(replace(OPENING, f=1.0))))


# --- the cell of 1997 ------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [1, 20, 100])
def test_without_a_forget_gate_the_cell_grows_without_bound_and_its_gradient_stays_one(T):
    """Hochreiter & Schmidhuber 1997: the carousel; Gers et al. 2000: c_t = t/2."""
    r = run(replace(SCENARIOS["carousel"].experiment, T=T, t=T))
    assert r.trajectory.c[:, 0].tolist() == [t / 2 for t in range(T + 1)]
    assert (r.flow.total().value == 1).all() and (r.flow.direct().value == 1).all()


def test_the_output_of_the_cell_of_1997_no_longer_feels_its_cell():
    r = run(SCENARIOS["carousel"].experiment)
    a = cell_diagram.quantities(r)
    assert a["ways"]["read"].value == pytest.approx(8.2446e-9, abs=5e-14)  # sech²(10) at t = 20, o = 1
    assert "8.245 × 10⁻⁹: tanh is saturated" in over_time.states_picture(over_time.quantities(r))["alt"]
    assert cell_diagram.formula(a)["lines"][-3]["slots"]["shown"] == "8.245 × 10⁻⁹"


# --- where networks start --------------------------------------------------------------------------


def test_forget_gates_and_gradients_before_any_training():
    """n = 128: mean gates .50, .73, .96; half-lives of the gradient about 1.5, 3 to 4 and 30 to 50 steps."""
    found = starts(128, 8, 1)
    for name, forget, low, high in (("pytorch", 0.50, 1.3, 1.7), ("keras", 0.73, 3, 4), ("chrono", 0.96, 30, 50)):
        assert found[name].forget == pytest.approx(forget, abs=0.0075)
        assert ((found[name].gradient_half_life > low) & (found[name].gradient_half_life < high)).all()
        few = starts(**FEW)[name]  # what the page shows, of fewer units
        assert few.forget.mean() == pytest.approx(forget, abs=0.01)
        assert low < np.median(few.gradient_half_life) < high


def test_the_gradients_decay_is_that_of_the_product_of_all_jacobians():
    found, rng = starts(4, 2, 2)["keras"], np.random.default_rng(1)
    cell = keras("lstm", 4, 2, rng)
    x, net = rng.standard_normal((50, 2)), Net("lstm", cell.W_x, cell.W_h, cell.b)
    states = net.states(np.zeros(8), x)
    J = [np.array([net.lstm(states[t] + 1j * TINY * d, x[t]).imag / TINY for d in np.eye(8)]).T for t in range(50)]
    near, far = (np.linalg.norm(np.linalg.multi_dot(J[50 - lag :][::-1])) for lag in (10, 40))
    assert found.rate[1] == pytest.approx(np.log(near / far) / 30, rel=1e-9)
    assert found.gradient_half_life[1] == pytest.approx(np.log(2) / found.rate[1])
    assert found.gate_half_life == pytest.approx(np.log(2) / -np.log(found.forget))


def test_a_gradient_that_grows_has_no_half_life():
    assert replace(starts(**FEW)["keras"], rate=np.array([-0.1, 0.0])).gradient_half_life.tolist() == [math.inf] * 2


def test_every_start_has_its_row_and_todays_gate_has_one_too():
    a = half_lives.at_the_start(half_lives.quantities(run(SCENARIOS["start_keras"].experiment)))
    gradients, gates, texts = (trace_of(half_lives.starts_picture(a), name) for name in ("gradients", "gates", "texts"))
    assert len(gates["x"]) == len(STARTS) + 1 and len(gradients["x"]) == len(STARTS) * FEW["seeds"]
    assert 10 ** gates["x"][-1] == pytest.approx(2.21, abs=0.005)  # σ(1)
    assert all(f"mean f = {f}" in " ".join(texts["text"]) for f in ("0.50", "0.73", "0.96"))


@pytest.mark.parametrize("T", [3, 10, 100, 10_000])
def test_the_chrono_bias_opens_the_forget_gate_to_one_less_one_over_T(T):
    """Tallec & Ollivier 2018."""
    e = replace(OPENING, f_mode="computed", w_f=0.0, u_f=0.0, b_f=chrono_bias(T))
    assert abs(run(e).trajectory.gate("f")[0, 0] - (1 - 1 / T)) <= 4 * np.spacing(1 - 1 / T)


def test_a_chrono_bias_needs_more_than_one_step():
    with pytest.raises(ValueError, match="T must be more than 1, got 1"):
        chrono_bias(1)


@pytest.mark.parametrize(("name", "f"), [("pytorch", 0.5), ("keras", 0.7311), ("chrono", 0.99)])
def test_a_start_sets_the_forget_gate_as_its_framework_does(name, f):
    e = SCENARIOS[f"start_{name}"].experiment
    assert run(e).trajectory.gate("f") == pytest.approx(np.full((30, 1), f), abs=5e-5)


# --- the page --------------------------------------------------------------------------------------


def test_the_page_opens_on_a_highway_of_099_and_a_written_impulse():
    at = healthy(opened("gates"))
    assert items(at)["cell"]["alt"].startswith("Step 2 keeps 99.00 % of C₁ = 0.8491 and takes away 0.0371: C₂ = 0.804.")
    assert slots(at, "cell-formula")["f"] == "0.99"
    scenario = {key: getattr(OPENING, key) for key in ("T", "step", "h0")} | {"t": OPENING.T}
    assert {key: at.slider(key=key).value for key in scenario} == scenario


def test_all_gates_pinned_lay_their_four_sliders_side_by_side():
    at = healthy(opened("gates", pin_all="true"))
    assert [slider.key for slider in at.slider][:4] == ["f", "i", "g", "o"] and not at.tabs
    healthy(at.slider(key="i").set_value(0.25).run())
    assert slots(at, "cell-formula")["i"] == "0.25"


def test_a_drag_of_the_forget_gate_moves_the_highways_width():
    figure = cell_diagram.draw(cell_diagram.quantities(sweep(OPENING, "f", [0.0, 0.5, 1.0])))
    width = way(figure, "highway")["width"]["along"]
    assert width[0] == 0 and np.diff(width).min() > 0
