"""Cells, their unrolling and their Jacobians against a textbook forward differentiated by complex step."""

import dataclasses

import mpmath as mp
import numpy as np
import pytest

from rnn_core.activations import ACTIVATIONS, activation
from rnn_core.cells import CELLS, GRU, LSTM, RNN, base
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import T_MAX, by_step, unroll
from rnn_core.scaled import Scaled
from tests.cases import first
from tests.textbook import close, random_net

KINDS = {f"rnn {name}": {"kind": "rnn", "phi": name} for name in ACTIVATIONS} | {
    "lstm": {"kind": "lstm"},
    "lstm peepholes": {"kind": "lstm", "peepholes": True},
    "lstm f pinned": {"kind": "lstm", "pins": "f"},
    "lstm i, g, o pinned": {"kind": "lstm", "pins": "igo", "peepholes": True},
    "lstm elu": {"kind": "lstm", "phi": "elu"},
    "gru": {"kind": "gru"},
    "gru z pinned": {"kind": "gru", "pins": "z"},
    "gru r, n pinned": {"kind": "gru", "pins": "rn"},
}
THOROUGH = ("rnn identity", "rnn tanh", "rnn sigmoid", "rnn elu", "lstm", "lstm peepholes", "gru")
every_kind = pytest.mark.parametrize("kind", KINDS)


def settings(kind):
    return range(200 if kind in THOROUGH else 40)


def as_cell(net):
    """The core's cell with the textbook net's weights."""
    φ, σ = activation(net.phi), activation(net.gate)
    if net.kind == "rnn":
        return RNN(net.W_x, net.W_h, net.b, φ)
    if net.kind == "lstm":
        return LSTM(net.W_x, net.W_h, net.b, φ, σ, net.pinned, peepholes=net.p)
    return GRU(net.W_x, net.W_h, net.b, φ, σ, net.pinned, b_h=net.b_h)


def setting(kind, seed):
    """A random net, its input and its first state."""
    rng = np.random.default_rng(seed)
    n, m, T = rng.integers(1, 5), rng.integers(1, 4), rng.integers(1, 9)
    net = random_net(KINDS[kind]["kind"], rng, n, m, **{k: v for k, v in KINDS[kind].items() if k != "kind"})
    N = 2 * n if net.kind == "lstm" else n
    return net, rng.normal(size=(T, m)), rng.normal(size=N)


def flow_of(net, x, s0):
    n = net.n
    return GradientFlow(unroll(as_cell(net), x, s0[-n:], s0[:n] if net.kind == "lstm" else None))


def cell_of(name, n, m, rng=None):
    """A cell of any kind, and of one that no table here knows."""
    rng, rows = rng or np.random.default_rng(0), len(CELLS[name].gates) * n
    return CELLS[name](rng.normal(size=(rows, m)), rng.normal(size=(rows, n)), rng.normal(size=rows))


def parts(cell, s0):
    """The state that a cell starts from, as `unroll` takes it."""
    return dict(zip(cell.starts(), np.split(s0, len(cell.blocks)), strict=True))


@pytest.mark.parametrize("name", CELLS)
def test_a_jacobian_is_the_derivative_of_the_cells_own_step(name):
    """By differences, which ask for no second copy of the cell."""
    rng = np.random.default_rng(3)
    cell = cell_of(name, 3, 2, rng)
    x = rng.normal(size=(4, 2))
    flow = GradientFlow(unroll(cell, x, **parts(cell, rng.normal(size=cell.N))))
    for t, (s, a) in enumerate(zip(flow.trajectory.s, cell.drive(x), strict=False)):
        d = 1e-6 * np.eye(cell.N)
        columns = [(cell.step(a, s + row)["s"] - cell.step(a, s - row)["s"]) / 2e-6 for row in d]
        np.testing.assert_allclose(flow.J[t], np.transpose(columns), atol=1e-8)
        assert flow.trajectory.s[t + 1] == pytest.approx(cell.step(a, s)["s"], rel=1e-14)


@every_kind
def test_states_are_those_of_the_textbook(kind):
    for seed in settings(kind):
        net, x, s0 = setting(kind, seed)
        assert close(flow_of(net, x, s0).trajectory.s, net.states(s0, x), 1e-13), seed


@every_kind
def test_jacobian_is_the_derivative_of_one_step(kind):
    for seed in settings(kind):
        net, x, s0 = setting(kind, seed)
        flow = flow_of(net, x, s0)
        for t, J in enumerate(flow.J):
            want = net.derivatives(flow.trajectory.s[t], x[t : t + 1], np.eye(len(s0)))[1]
            assert close(J, want), (seed, t)


@every_kind
def test_products_are_the_derivatives_of_the_unrolled_chain(kind):
    for seed in settings(kind):
        net, x, s0 = setting(kind, seed)
        flow, N = flow_of(net, x, s0), len(s0)
        P, S = flow.products_to().value, flow.products_from().value
        assert close(S, net.derivatives(s0, x, np.eye(N)), 1e-11), seed
        for k in range(len(x) + 1):
            want = net.derivatives(flow.trajectory.s[k], x[k:], np.eye(N))
            assert close(P[k], want[-1], 1e-11), (seed, k)
            assert close(flow.products_from(k).value, want, 1e-11), (seed, k)


@every_kind
def test_derivative_by_input_follows_every_path_from_x_to_h(kind):
    for seed in settings(kind):
        net, x, s0 = setting(kind, seed)
        flow, s, n = flow_of(net, x, s0), net.states(s0, x), net.n
        for t in [len(x) if seed % 2 else (len(x) + 1) // 2]:
            by_input = flow.by_input(t).value
            for k in range(1, t + 1):
                steps = np.broadcast_to(x[k - 1 : t, None], (t - k + 1, x.shape[1], x.shape[1])).astype(complex)
                steps[0] += 1e-100j * np.eye(x.shape[1])
                want = net.states(s[k - 1] + 0j * np.zeros((x.shape[1], 1)), steps)[-1, :, -n:].imag.T / 1e-100
                # h_{t-1} - n_t cancels where the gate z_t lets the candidate through step after step
                assert close(by_input[k - 1], want, 1e-9), (seed, t, k)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("rnn")])
def test_factor_of_a_scalar_chain_is_weight_times_slope(kind):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        net = random_net("rnn", rng, 1, 1, KINDS[kind]["phi"])
        x, s0 = rng.normal(size=(6, 1)), rng.normal(size=1)
        flow = flow_of(net, x, s0)
        for t, factor in enumerate(flow.factors.value):
            assert close(factor, net.derivatives(flow.trajectory.s[t], x[t : t + 1], np.eye(1))[1, 0, 0]), (
                seed,
                t,
            )
        np.testing.assert_array_equal(flow.slopes.value[:, 0] * net.W_h[0, 0], flow.factors.value)


@every_kind
def test_unrolling_repeats_the_step(kind):
    for seed in range(20):
        net, x, s0 = setting(kind, seed)
        tr = flow_of(net, x, s0).trajectory
        drive = tr.cell.drive(x)
        for t in range(len(x)):
            step = tr.cell.step(drive[t], tr.s[t])
            np.testing.assert_array_equal(step["s"], tr.s[t + 1])
            np.testing.assert_array_equal(step["z"], tr.z[t])


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("n", "start", "weights"), [(1, (), ()), (1, (5,), ()), (1, (5,), (5,)), (3, (), ()),
                                                     (3, (5,), ()), (3, (2, 5), (5,))])  # fmt: skip
def test_the_fast_route_of_an_rnn_is_its_step_to_the_last_bit(name, n, start, weights):
    rng = np.random.default_rng(n)
    W_x, W_h, b = (rng.normal(size=(*weights, *shape)) for shape in ((n, 2), (n, n), (n,)))
    tr = unroll(RNN(W_x, W_h, b, ACTIVATIONS[name]), rng.normal(size=(30, *start, 2)), rng.normal(size=(*start, n)))
    drive = np.broadcast_to(tr.cell.drive(tr.x), tr.z.shape)
    s, rows = np.empty(tr.s.shape), {"z": np.empty(tr.z.shape)}
    s[0] = tr.s[0]
    by_step(tr.cell, drive, s, rows)
    assert np.array_equal(tr.s, s)
    assert np.array_equal(tr.z, rows["z"])


def in_batches(net, x, s0, rng):
    """The same net with random batch axes on each parameter: fields (*batch, …)."""
    shapes = [(), (3,), (2, 1), (2, 3), (1, 3)]

    def spread(value):
        shape = shapes[rng.integers(len(shapes))]
        return np.asarray(value) + 0.3 * rng.normal(size=(*shape, *np.shape(value)))

    fields = {name: spread(getattr(net, name)) for name in ("W_x", "W_h", "b")}
    if net.kind == "gru":
        fields["b_h"] = spread(net.b_h)
    if net.p is not None:
        fields["p"] = spread(net.p)
    pins = {q: np.full(shapes[rng.integers(len(shapes))], v) for q, v in net.pinned.items()}
    xs = np.moveaxis(spread(x), -2, 0)
    return dataclasses.replace(net, **fields, pinned=pins), xs, spread(s0)


def at(value, batch, place, axes, first=False):
    """One position of a batch: batch axes stand in front of the last `axes`, after time if `first`."""
    value = np.asarray(value)
    if first:
        return np.stack([at(row, batch, place, axes) for row in value])
    return np.broadcast_to(value, (*batch, *value.shape[value.ndim - axes :]))[place]


@every_kind
def test_a_batch_is_the_loop_over_its_positions(kind):
    for seed in range(25):
        rng = np.random.default_rng(1000 + seed)
        net, x, s0 = setting(kind, seed)
        many, xs, starts = in_batches(net, x, s0, rng)
        n = net.n
        flow = GradientFlow(
            unroll(as_cell(many), xs, starts[..., -n:], starts[..., :n] if net.kind == "lstm" else None)
        )
        batch = flow.trajectory.batch
        P, by_input = flow.products_to().value, flow.by_input().value
        for place in np.ndindex(batch):
            axes = (
                {"W_x": 2, "W_h": 2, "b": 1}
                | ({"b_h": 1} if net.kind == "gru" else {})
                | ({"p": 2} if net.p is not None else {})
            )
            fields = {name: at(getattr(many, name), batch, place, a) for name, a in axes.items()}
            pins = {q: float(at(v, batch, place, 0)) for q, v in many.pinned.items()}
            one = flow_of(
                dataclasses.replace(net, **fields, pinned=pins),
                at(xs, batch, place, 1, True),
                at(starts, batch, place, 1),
            )
            index = (slice(None), *place)
            # not bit for bit: matrix products add in another order with and without a batch
            assert close(flow.trajectory.s[index], one.trajectory.s, 4e-15), (seed, place)
            assert close(flow.J[index], one.J, 2e-14), (seed, place)
            assert close(P[index], one.products_to().value, 1e-13), (seed, place)
            assert close(by_input[index], one.by_input().value, 1e-13), (seed, place)


@pytest.mark.parametrize("kind", ["rnn tanh", "lstm peepholes", "gru"])
def test_a_scalar_batch_is_the_loop_to_the_last_bit(kind):
    rng = np.random.default_rng(0)
    spec = {k: v for k, v in KINDS[kind].items() if k != "kind"}
    nets = [random_net(KINDS[kind]["kind"], rng, 1, 1, **spec) for _ in range(7)]
    x, h0 = rng.normal(size=(9, 1)), rng.normal(size=1)
    names = ["W_x", "W_h", "b", *(["b_h"] if kind == "gru" else []), *(["p"] if spec else [])]
    many = dataclasses.replace(nets[0], **{name: np.stack([getattr(net, name) for net in nets]) for name in names})
    batch = GradientFlow(unroll(as_cell(many), x, h0))
    for j, net in enumerate(nets):
        one = GradientFlow(unroll(as_cell(net), x, h0))
        np.testing.assert_array_equal(batch.trajectory.s[:, j], one.trajectory.s)
        np.testing.assert_array_equal(batch.J[:, j], one.J)


@pytest.mark.parametrize("name", CELLS)
def test_no_steps_leave_the_first_state_and_the_identity(name):
    cell, s0 = cell_of(name, 2, 3), np.arange(2.0 * len(CELLS[name].blocks))
    flow = GradientFlow(unroll(cell, np.zeros((0, 3)), **parts(cell, s0)))
    assert flow.trajectory.s.tolist() == [s0.tolist()]
    assert flow.products_to().value.tolist() == flow.products_from().value.tolist() == [np.eye(len(s0)).tolist()]
    assert flow.J.shape == (0, len(s0), len(s0))
    assert flow.by_input().value.shape == (0, 2, 3)
    assert flow.pair_norms().shape == (1, 1)


@pytest.mark.parametrize("name", first(2, CELLS))
def test_ten_thousand_steps_run_and_one_more_is_refused(name):
    net = random_net(name, np.random.default_rng(1), 1, 1)
    flow = GradientFlow(unroll(as_cell(net), np.zeros((T_MAX, 1))))
    assert flow.products_to().mant.shape[0] == T_MAX + 1
    assert np.isfinite(flow.products_to().norm().log).all()
    with pytest.raises(ValueError, match="T must be from 0 to 10000, got 10001"):
        unroll(as_cell(net), np.zeros((T_MAX + 1, 1)))


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_declares_what_its_step_records(name):
    rows = len(CELLS[name].gates) * 2
    cell = CELLS[name](np.ones((rows, 1)), np.ones((rows, 2)), np.zeros(rows))
    step = cell.step(cell.drive(np.ones(1)), np.zeros(cell.N))
    assert {key: len(row) / 2 for key, row in step.items() if key != "s"} == cell.records


def test_a_cell_without_inputs_runs_on_its_bias():
    cell = RNN(np.zeros((1, 0)), [[0.5]], [0.25])
    flow = GradientFlow(unroll(cell, np.zeros((3, 0)), 0.1))
    assert flow.trajectory.h[1, 0] == np.tanh(0.25 + 0.5 * 0.1)
    assert flow.by_input().value.shape == (3, 1, 0)


@pytest.mark.parametrize(("kind", "gates"), [("lstm", "ifgo"), ("gru", "rzn")])
def test_a_pinned_gate_reads_nothing(kind, gates):
    for gate in gates:
        net = random_net(kind, np.random.default_rng(5), 3, 2, pins=gate)
        tr = flow_of(net, np.ones((4, 2)), np.full(6 if kind == "lstm" else 3, 0.3)).trajectory
        assert (tr.gate(gate) == net.pinned[gate]).all()
        assert (tr.cell.local(tr).A.mant[..., gates.index(gate), :] == 0).all()


# --- where states leave float64 --------------------------------------------------------------------


@pytest.mark.parametrize("w", [10.0, -10.0])
def test_a_linear_state_overflows_to_infinity_while_its_jacobian_stays(w):
    flow = GradientFlow(unroll(RNN([[1.0]], [[w]], [0.0], ACTIVATIONS["identity"]), np.zeros((400, 1)), 0.5))
    h = flow.trajectory.h[:, 0]
    assert h[:300].tolist() == [pytest.approx(0.5 * w**t, rel=1e-13) for t in range(300)]
    assert h[-1] == np.inf
    assert h[-2] == np.inf * np.sign(w)
    assert (w == flow.J).all()
    np.testing.assert_allclose(flow.products_to().log10[:, 0, 0], np.arange(400, -1, -1), rtol=1e-15)


@pytest.mark.parametrize("name", ["identity", "relu", "elu", "leaky_relu"])
def test_states_with_mixed_signs_overflow_without_a_nan(name):
    W = np.array([[10.0, -3, 2, 1], [-4, 9, 1, -2], [3, -5, 8, 2], [1, 2, -6, 7]])
    φ = ACTIVATIONS[name]
    flow = GradientFlow(unroll(RNN(np.ones((4, 1)), W, np.ones(4), φ), np.ones((600, 1)), [0.5, -1, 2, -0.3]))
    h, z = flow.trajectory.h, flow.trajectory.z
    assert not np.isnan(h).any()
    assert not np.isnan(z).any()
    assert np.isinf(h[-1]).any()
    mp.mp.dps = 40
    state, rows = (
        [mp.mpf(v) for v in ("0.5", "-1", "2", "-0.3")],
        [[mp.mpf(v) for v in row] for row in W.tolist()],
    )
    phi = {
        "identity": lambda v: v,
        "relu": lambda v: max(v, 0),
        "leaky_relu": lambda v: v if v > 0 else v * mp.mpf(0.01),
        "elu": lambda v: v if v > 0 else mp.expm1(v),
    }[name]
    for t in range(600):
        pre = [sum(a * b for a, b in zip(row, state, strict=True)) + 2 for row in rows]
        slopes = [
            1.0 if v > 0 else {"identity": 1.0, "relu": 0.0, "leaky_relu": 0.01, "elu": float(mp.exp(v))}[name]
            for v in pre
        ]
        np.testing.assert_allclose(flow.J[t], np.array(slopes)[:, None] * W, rtol=1e-9, atol=1e-300)
        assert np.sign(z[t]).tolist() == [float(mp.sign(v)) for v in pre]
        state = [phi(v) for v in pre]


@pytest.mark.parametrize(("name", "end"), [("identity", -np.inf), ("relu", 0.0), ("elu", -1.0), ("hardtanh", -1.0)])
def test_what_saturates_stays_put_beside_what_overflows(name, end):
    """Units far below zero: saturated ones keep their value, however far the weights drive them."""
    cell = RNN([[1.0], [1.0]], [[1e90, 0.0], [-1e90, 0.0]], [0.0, 0.0], ACTIVATIONS[name])
    tr = unroll(cell, np.zeros((6, 1)), [1.0, 0.0])
    assert not np.isnan(tr.s).any()
    assert tr.h[-1].tolist() == [1.0 if name == "hardtanh" else np.inf, end]


def test_a_gated_cell_with_an_unbounded_activation_says_where_its_state_ends():
    cell = LSTM(np.zeros((4, 1)), [[50.0]] * 4, [5.0] * 4, ACTIVATIONS["identity"])
    with pytest.raises(ValueError, match=r"states exceed float64 at step \d+ with the unbounded activation 'identity'"):
        unroll(cell, np.zeros((1000, 1)), 5.0)


# --- deep saturation -------------------------------------------------------------------------------


@every_kind
def test_the_path_for_deep_saturation_agrees_with_the_plain_one(kind, monkeypatch):
    for seed in range(30):
        net, x, s0 = setting(kind, seed)
        plain = flow_of(net, x, s0)
        J, P, by_input = plain.J, plain.products_to().value, plain.by_input().value
        with monkeypatch.context() as patch:
            patch.setattr(base, "_SAFE", 0.0)
            deep = flow_of(net, x, s0)
            assert close(deep.J, J, 1e-14), seed
            assert close(deep.products_to().value, P, 1e-13), seed
            assert close(deep.by_input().value, by_input, 1e-13), seed


class Dual:
    """A 60-digit number and its derivatives by the two parts of the state."""

    def __init__(self, value, *by):
        self.value, self.by = mp.mpf(value), [mp.mpf(d) for d in by] or [mp.mpf(0)] * 2

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value + other.value, *(a + b for a, b in zip(self.by, other.by, strict=True)))

    def __mul__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(
            self.value * other.value,
            *(a * other.value + self.value * b for a, b in zip(self.by, other.by, strict=True)),
        )

    __radd__, __rmul__ = __add__, __mul__

    def chain(self, value, slope):
        return Dual(value, *(slope * d for d in self.by))

    def sigmoid(self):
        return self.chain(1 / (1 + mp.exp(-self.value)), mp.sech(self.value / 2) ** 2 / 4)

    def tanh(self):
        return self.chain(mp.tanh(self.value), mp.sech(self.value) ** 2)


def log_norms(step, first, T):
    """log ‖∂s_t/∂s_0‖_F in 60 digits."""
    state = [Dual(v, *(float(j == k) for k in range(2))) for j, v in enumerate(first)]
    out = []
    for _ in range(T):
        state = step(*state)
        out.append(float(mp.log(mp.sqrt(sum(d * d for part in state for d in part.by)))))
    return out


def test_an_lstm_driven_to_800_has_the_right_log_norms():
    w, b = [3.0, -2.0, 1.5, 2.5], [-800.0, -790.0, 810.0, 805.0]

    def step(c, h):
        i, f, g, o = (w[q] * h + b[q] for q in range(4))
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return c, o.sigmoid() * c.tanh()

    with mp.workdps(60):
        want = log_norms(step, (0.7, 0.4), 3)
    cell = LSTM(np.zeros((4, 1)), np.array(w)[:, None], b)
    flow = GradientFlow(unroll(cell, np.zeros((3, 1)), 0.4, 0.7))
    assert want[0] < -700
    np.testing.assert_allclose(flow.products_from().norm().log[1:], want, rtol=0, atol=1e-11)


def test_a_gru_driven_to_800_has_the_right_log_norms():
    w, b = [2.0, 1.0, 1.5], [-800.0, -805.0, 0.3]

    def step(h, _):
        r, z = (w[0] * h + b[0]).sigmoid(), (w[1] * h + b[1]).sigmoid()
        one_less_z = (-1 * (w[1] * h + b[1])).sigmoid()
        n = (r * (w[2] * h + 0.25) + b[2]).tanh()
        return one_less_z * n + z * h, Dual(0)

    with mp.workdps(60):
        state, want = [Dual(0.4, 1, 0), Dual(0)], []
        for _ in range(3):
            state = step(*state)
            want.append(float(mp.log(abs(state[0].by[0]))))
    cell = GRU(np.zeros((3, 1)), np.array(w)[:, None], b, b_h=[0, 0, 0.25])
    flow = GradientFlow(unroll(cell, np.zeros((3, 1)), 0.4))
    assert want[0] < -700
    np.testing.assert_allclose(flow.products_from().norm().log[1:], want, rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_a_wide_open_gate_that_reads_nothing_does_not_hide_a_nearly_shut_highway(kind):
    """Its slope is large, its weight 0: the Jacobian is the e^-800 of the highway, not 0."""
    gates = len(CELLS[kind].gates)
    b = np.zeros(gates)
    b[1] = -800.0  # the LSTM's f, the GRU's z
    weights = np.zeros((gates, 1))
    flow = GradientFlow(unroll(CELLS[kind](weights, weights, b), np.zeros((4, 1)), 0.5))
    blocks = flow.block(flow.products_from(), flow.trajectory.cell.blocks[0], flow.trajectory.cell.blocks[0])
    np.testing.assert_allclose(blocks.log[:, 0, 0], -800.0 * np.arange(5), rtol=1e-14)


def test_a_tanh_unit_driven_to_1e80_neither_warns_nor_returns():
    flow = GradientFlow(unroll(RNN([[0.0]], [[1e80]], [0.0]), np.zeros((20, 1)), 0.5))
    assert (flow.products_to().log[:-1] < -1e9).all()
    assert (flow.products_to().value[:-1] == 0).all()


# --- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 2e100, "x", None, [[1, 2], [3]], 1j])
@pytest.mark.parametrize("place", ["W_x", "W_h", "b"])
def test_a_parameter_that_is_no_finite_number_is_refused_by_name(place, bad):
    parameters = {"W_x": [[1.0]], "W_h": [[1.0]], "b": [0.0]}
    parameters[place] = bad if isinstance(bad, list) else [[bad]] if place != "b" else [bad]
    with pytest.raises(ValueError, match=place):
        RNN(**parameters)


ONES, TANH = [[1.0]] * 4, ACTIVATIONS["tanh"]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: RNN([[1.0]], [[1.0, 2.0]], [0.0]), r"W_h must have shape \(\*batch, 1·n, n\).*got \(1, 2\)"),
        (lambda: LSTM([[1.0]] * 4, [[1.0]] * 3, [0.0] * 4), r"W_h must have shape \(\*batch, 4·n, n\)"),
        (lambda: RNN([[1.0], [2.0]], [[1.0]], [0.0]), "W_x must have shape"),
        (lambda: RNN([[1.0]], [[1.0]], [0.0, 1.0]), "b must have shape"),
        (lambda: RNN(np.ones((2, 1, 1)), np.ones((3, 1, 1)), [0.0]), "batch axes of the parameters"),
        (lambda: LSTM(ONES, ONES, [0.0] * 4, pinned={"z": 0.5}), "must be among i, f, g, o, got 'z'"),
        (lambda: LSTM(ONES, ONES, [0.0] * 4, pinned={"f": 1.5}), "pinned f must be from 0 to 1, got 1.5"),
        (lambda: LSTM(ONES, ONES, [0.0] * 4, pinned={"g": -1.5}), "pinned g must be from -1 to 1, got -1.5"),
        (lambda: LSTM(ONES, ONES, [0.0] * 4, pinned={"f": np.nan}), "pinned f must be finite"),
        (lambda: LSTM(ONES, ONES, [0.0] * 4, peepholes=[1.0]), "peepholes must have shape"),
        (lambda: GRU([[1.0]] * 3, [[1.0]] * 3, [0.0] * 3, b_h=[1.0]), "b_h must have shape"),
        (lambda: LSTM(ONES, ONES, [0.0] * 4, TANH, TANH), "gate_activation must run from 0 to 1, got 'tanh'"),
    ],
)  # fmt: skip
def test_a_wrong_shape_or_pin_is_refused_by_name_value_and_range(build, message):
    with pytest.raises(ValueError, match=message):
        build()


CELL = RNN([[1.0]], [[1.0]], [0.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((CELL, np.ones(3)), "x must have shape"),
        ((CELL, np.ones((3, 2))), r"x must have shape \(\*batch, any, 1\), got \(3, 2\)"),
        ((CELL, [[np.nan]]), "x must be finite"),
        ((CELL, [[1e100], [2e100], [0.0]]), "x must be finite, from -1e[+]100 to 1e[+]100, got 2e[+]100"),
        ((CELL, np.ones((3, 1)), np.inf), "h0 must be finite"),
        ((CELL, np.ones((3, 1)), [0.1, 0.2]), "h0 must have shape"),
        ((CELL, np.ones((3, 1)), 0.0, 1.0), "c0 is for an LSTM only, got 1.0 for cell 'rnn'"),
        (
            (CELL, np.ones((3, 2, 1)), np.zeros((3, 1))),
            "batch axes of x, parameters and states must broadcast",
        ),
    ],
)
def test_unrolling_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        unroll(*arguments)


def test_only_an_lstm_has_a_cell_state():
    with pytest.raises(ValueError, match="only an LSTM has a cell state c, got cell 'rnn'"):
        _ = unroll(CELL, np.ones((1, 1))).c


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_brings_its_equations_and_its_gates(name):
    cell = CELLS[name]
    assert cell.name == name
    assert cell.title
    assert all("=" in line for line in cell.latex)
    assert len(cell.gates) == {"rnn": 1, "lstm": 4, "gru": 3}.get(name, len(cell.gates))


def test_jacobian_needs_no_rescue_to_be_a_scaled_number():
    flow = GradientFlow(unroll(CELL, np.ones((2, 1))))
    assert isinstance(flow.jacobians, Scaled)
    np.testing.assert_array_equal(flow.jacobians.value, flow.J)
