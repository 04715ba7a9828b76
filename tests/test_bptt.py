"""Losses and backpropagation through time against complex step through the whole unrolled loss."""

import dataclasses
import math

import mpmath as mp
import numpy as np
import pytest

from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS, GRU, LSTM, RNN
from rnn_core.experiment import Experiment, run
from rnn_core.flow.bptt import LOSSES, Loss, backpropagate
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import in_numbers, unroll
from rnn_core.scaled import Scaled
from tests.test_cells import as_cell, flow_of, setting
from tests.textbook import TINY, close

KINDS = ["rnn tanh", "rnn sigmoid", "lstm", "lstm peepholes", "lstm f pinned", "gru", "gru z pinned"]
every_kind = pytest.mark.parametrize("kind", KINDS)
every_loss = pytest.mark.parametrize("name", LOSSES)


def a_loss(name, rng, n, T):
    """A loss of every kind, at some of the steps, one of them step 0 where that is allowed."""
    if name == "sum_last":
        return Loss(name)
    q, steps = int(rng.integers(2, 5)), np.sort(rng.choice(T + 1, size=rng.integers(1, T + 2), replace=False))
    V, c = rng.normal(size=(q, n)), rng.normal(size=q)
    targets = rng.normal(size=(len(steps), q)) if name == "squared_error" else rng.integers(0, q, len(steps))
    return Loss(name, V, c, targets, steps)


def per_step(loss, h):
    """L_t as the books print it, of (possibly complex) h (T+1, …, n): one row a step."""
    T, out = len(h) - 1, np.zeros(h.shape[:-1], dtype=h.dtype)
    if loss.kind == "sum_last":
        out[T] = h[T].sum(axis=-1)
        return out
    steps = range(1, T + 1) if loss.steps is None else loss.steps
    for row, t in enumerate(steps):
        y = h[t] @ np.asarray(loss.V).T + loss.c
        if loss.kind == "squared_error":
            out[t] = ((y - loss.targets[row]) ** 2).sum(axis=-1) / 2
        else:
            out[t] = np.log(np.exp(y).sum(axis=-1)) - y[..., loss.targets[row]]
    return out


def parameters(net):
    return ["W_x", "W_h", "b", *(["b_h"] if net.kind == "gru" else []), *(["p"] if net.p is not None else [])]


def by_complex_step(net, name, change):
    """∂change(net)/∂(each number of one parameter); `change` may return any array."""
    value = np.asarray(getattr(net, name), dtype=complex)
    out = []
    for index in np.ndindex(value.shape):
        moved = value.copy()
        moved[index] += 1j * TINY
        out.append(np.imag(change(dataclasses.replace(net, **{name: moved}))) / TINY)
    return np.moveaxis(np.array(out), 0, -1).reshape(*np.shape(out[0]), *value.shape)


@every_loss
@every_kind
def test_every_gradient_is_the_derivative_of_the_loss(kind, name):
    for seed in range(12):
        net, x, s0 = setting(kind, seed)
        loss = a_loss(name, np.random.default_rng(seed), net.n, len(x))
        got = backpropagate(flow_of(net, x, s0), loss)
        assert close(got.loss_t, per_step(loss, net.states(s0, x)[:, -net.n :]), 1e-13), seed
        assert pytest.approx(got.loss_t.sum(), rel=1e-15) == got.L
        fields = {"W_x": got.dW_x, "W_h": got.dW_h, "b": got.db, "b_h": got.db_h}
        if net.p is not None:
            fields["p"] = got.dpeepholes

        def total(changed, x=x, s0=s0, loss=loss):
            return per_step(loss, changed.states(s0 + 0j, x)[:, -changed.n :]).sum()

        for parameter in parameters(net):
            want = by_complex_step(net, parameter, total)
            assert close(fields[parameter], want, 1e-10), (seed, parameter)
        if net.kind != "gru":
            assert np.array_equal(got.db_h, got.db)


@every_loss
@every_kind
def test_gradient_of_every_state_follows_all_paths_to_the_loss(kind, name):
    for seed in range(12):
        net, x, s0 = setting(kind, seed)
        loss = a_loss(name, np.random.default_rng(seed), net.n, len(x))
        got, s = backpropagate(flow_of(net, x, s0), loss), net.states(s0, x)
        for k in range(len(x) + 1):
            later = net.states(s[k] + 1j * TINY * np.eye(len(s0)), x[k:])
            whole = np.concatenate([np.broadcast_to(s[:k, None], (k, *later.shape[1:])), later])
            want = per_step(loss, whole[..., -net.n :]).sum(axis=0).imag / TINY
            assert close(got.ds.value[k], want, 1e-10), (seed, k)
            local = per_step(
                loss, np.where(np.arange(len(x) + 1)[:, None, None] == k, whole, s[:, None])[..., -net.n :]
            )
            assert close(got.dh_local[k], local[k].imag[-net.n :] / TINY, 1e-11), (seed, k)


@every_kind
def test_shares_of_the_steps_add_up_to_the_gradient(kind):
    for seed in range(12):
        net, x, s0 = setting(kind, seed)
        got = backpropagate(flow_of(net, x, s0), a_loss("squared_error", np.random.default_rng(seed), net.n, len(x)))
        for step, whole in (
            (got.dW_h_step, got.dW_h),
            (got.dW_x_step, got.dW_x),
            (got.db_step.value, got.db),
            (got.db_h_step.value, got.db_h),
        ):
            assert close(step.sum(axis=0), whole, 1e-12), seed
        with np.errstate(divide="ignore"):
            for log, step in ((got.dW_h_step_log, got.dW_h_step), (got.dW_x_step_log, got.dW_x_step)):
                np.testing.assert_allclose(log, np.log(np.linalg.norm(step, axis=(1, 2))), atol=1e-12)


@every_kind
def test_share_of_a_step_is_the_derivative_by_the_weight_used_at_that_step_alone(kind):
    for seed in range(5):
        net, x, s0 = setting(kind, seed)
        loss = a_loss("squared_error", np.random.default_rng(seed), net.n, len(x))
        got, s = backpropagate(flow_of(net, x, s0), loss), net.states(s0, x)
        itemised = got.itemised_log
        for k in range(1, len(x) + 1):

            def losses(changed, k=k, s=s, x=x, loss=loss, net=net):
                once = changed.step(s[k - 1] + 0j, x[k - 1])
                return per_step(loss, np.concatenate([s[:k], net.states(once, x[k:])])[:, -net.n :])

            want = by_complex_step(net, "W_h", losses)
            assert close(got.dW_h_step[k - 1], want.sum(axis=0), 1e-10), (seed, k)
            for t in range(1, len(x) + 1):
                if t < k or t not in loss.steps:
                    assert np.isnan(itemised[t - 1, k - 1])
                else:
                    with np.errstate(divide="ignore"):
                        assert itemised[t - 1, k - 1] == pytest.approx(np.log(np.linalg.norm(want[t])), abs=1e-9)


@every_loss
def test_a_batch_shares_the_targets_and_keeps_its_gradients_apart(name):
    net, x, s0 = setting("lstm peepholes", 3)
    rng = np.random.default_rng(0)
    loss, n = a_loss(name, rng, net.n, len(x)), net.n
    starts = s0 + 0.1 * rng.normal(size=(5, len(s0)))
    many = backpropagate(GradientFlow(unroll(as_cell(net), x, starts[:, n:], starts[:, :n])), loss)
    for j, start in enumerate(starts):
        one = backpropagate(flow_of(net, x, start), loss)
        for field in ("L", "dW_h", "dW_x", "db", "dpeepholes"):
            assert close(getattr(many, field)[j], getattr(one, field), 1e-12), field
        np.testing.assert_allclose(many.itemised_log[..., j], one.itemised_log, atol=1e-10)


def test_targets_may_differ_over_a_batch():
    net, x, _ = setting("rnn tanh", 1)
    T, n = len(x), net.n
    targets = np.random.default_rng(0).normal(size=(T, 3, n))
    flow = GradientFlow(unroll(as_cell(net), x, np.zeros((3, n))))
    many = backpropagate(flow, Loss("squared_error", np.eye(n), None, targets))
    labels = np.random.default_rng(0).integers(0, n, (T, 3))
    words = backpropagate(flow, Loss("softmax_cross_entropy", np.eye(n), None, labels))
    for j in range(3):
        one = backpropagate(flow_of(net, x, np.zeros(n)), Loss("squared_error", np.eye(n), None, targets[:, j]))
        assert close(many.dW_h[j], one.dW_h, 1e-12)
        one = backpropagate(flow_of(net, x, np.zeros(n)), Loss("softmax_cross_entropy", np.eye(n), None, labels[:, j]))
        assert close(words.dW_h[j], one.dW_h, 1e-12)


@pytest.mark.parametrize("lead", [-800.0, -40.0, -1e-9, 0.0, 1e-9, 40.0, 700.0, 1e5])
def test_softmax_loses_no_digit_however_sure_it_is(lead):
    """Logits (lead, 0): L = log(1 + e^-lead), slope -1/(1 + e^lead)."""
    cell = RNN([[0.0]], [[0.0]], [0.0], ACTIVATIONS["identity"])
    flow = GradientFlow(unroll(cell, np.zeros((1, 1)), 0.0))
    got = backpropagate(flow, Loss("softmax_cross_entropy", [[1.0], [0.0]], [lead, 0.0], [0]))
    with mp.workdps(600):
        want_L, want_dh = float(mp.log1p(mp.exp(-mp.mpf(lead)))), float(-1 / (1 + mp.exp(mp.mpf(lead))))
    assert pytest.approx(want_L, rel=1e-15, abs=1e-320) == got.L
    assert got.dh_local[1, 0] == pytest.approx(want_dh, rel=1e-15, abs=1e-320)


def test_a_gradient_that_float64_cannot_hold_keeps_its_logarithm():
    flow = run(Experiment(w=0.5, h0=1.0, T=3000)).flow
    got = backpropagate(flow, Loss("sum_last"))
    np.testing.assert_allclose(got.ds.vector_norm().log, -np.log(2) * np.arange(3000, -1, -1), rtol=1e-14)
    h_log = -np.log(2) * np.arange(1000)
    np.testing.assert_allclose(got.dW_h_step_log[:1000], h_log - np.log(2) * np.arange(2999, 1999, -1), rtol=1e-13)


@pytest.mark.parametrize("w", [10.0, -10.0])
def test_a_gradient_through_overflowing_states_holds_no_nan(w):
    flow = run(Experiment(w=w, T=700, sequence="impulse")).flow
    got = backpropagate(flow, Loss("sum_last"))
    assert not np.isnan(got.itemised_log[-1]).any()
    assert not np.isnan(got.dW_h_step_log).any()
    assert not np.isnan(got.dW_x).any()
    assert got.db == np.inf if w > 0 else np.isinf(got.db)


def test_shares_near_the_end_of_float64_may_cancel():
    """w = -10: the shares of b alternate in sign, near the largest float, in sum (w^T - 1)/(w-1)."""
    got = backpropagate(run(Experiment(w=-10.0, u=0.0, h0=0.0, T=308)).flow, Loss("sum_last"))
    assert got.db[0] == pytest.approx(-(1e308 - 1) / 11 * 1.0, rel=1e-13)


def test_no_steps_bear_no_gradient():
    got = backpropagate(run(Experiment(T=0)).flow, Loss("sum_last"))
    assert got.L == 0.5
    assert got.ds.value.tolist() == [[1.0]]
    assert got.dW_h.tolist() == [[0.0]]
    assert got.itemised_log.shape == (0, 0)


@every_loss
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", [(0,), (0, 3)], ids=["flat", "rows"])
def test_without_a_loss_step_nothing_is_lost(cell, name, shape):
    for T, steps in ((0, None), (0, []), (4, [])):
        flow = run(Experiment(cell=cell, T=T)).flow
        got = backpropagate(flow, Loss(name, np.ones((3, 1)), None, np.zeros(shape), steps))
        h = flow.trajectory.h[-1].sum() if name == "sum_last" else 0.0
        assert h == got.L
        if name != "sum_last":
            for field in ("dW_h", "dW_x", "db", "db_h", "dh_local", "loss_t"):
                assert not getattr(got, field).any(), field
            assert (got.ds.vector_norm().log == -np.inf).all()
        assert got.dW_h_step_log.shape == (T,)
        assert got.itemised_log.shape == (T, T)


def test_labels_and_steps_may_be_whole_floats():
    as_read = Loss(SOFTMAX, V, None, np.array([0.0, 1.0]), np.array([1.0, 3.0]))
    got, want = backpropagate(FLOW, as_read), backpropagate(FLOW, Loss(SOFTMAX, V, None, [0, 1], [1, 3]))
    assert got.loss_t.tolist() == want.loss_t.tolist()


def test_steps_with_two_losses_count_both():
    twice = backpropagate(FLOW, Loss(SOFTMAX, V, None, [0, 1], [2, 2]))
    once = [backpropagate(FLOW, Loss(SOFTMAX, V, None, [label], [2])) for label in (0, 1)]
    assert pytest.approx(once[0].L + once[1].L) == twice.L
    assert twice.dh_local == pytest.approx(once[0].dh_local + once[1].dh_local)


@every_kind
@pytest.mark.parametrize("size", [1e-60, 1.0, 1e60])
def test_a_long_gradient_is_the_sum_over_its_loss_steps(kind, size):
    """∂L/∂s_k = Σ_t ∂L_t/∂h_t · ∂h_t/∂s_k, with one loss `size` times the others."""
    net, _, s0 = setting(kind, 5)
    T, n = 60, net.n
    x = np.random.default_rng(1).normal(size=(T, net.W_x.shape[1]))
    flow, targets = flow_of(net, x, s0), np.ones((4, n))
    targets[2] = size
    steps = [7, 20, 41, T]
    got = backpropagate(flow, Loss("squared_error", np.eye(n), None, targets, steps))
    for k in (0, 6, 7, 8, 30, 41, T):
        terms = [np.zeros(len(s0))]
        for t in steps:
            if t >= k:
                P = flow.products_to(t, k)[0]
                h = Scaled(got.dh.mant[t] @ P.mant[-n:], got.dh.exp2[t] + P.exp2)
                terms.append(h.value)
        assert close(got.ds.value[k], sum(terms), 1e-11), k


@pytest.mark.parametrize("b", [0.0, 30.0, 200.0, -800.0])
def test_a_gradient_through_deep_saturation_is_the_sum_of_the_rows_of_the_product(b):
    rng, T = np.random.default_rng(0), 50
    flow = GradientFlow(unroll(RNN(np.zeros((3, 0)), rng.normal(size=(3, 3)), np.full(3, b)), np.zeros((T, 0)), 0.1))
    want = Scaled(flow.P.mant.sum(axis=-2), flow.P.exp2).vector_norm().log
    np.testing.assert_allclose(backpropagate(flow, Loss("sum_last")).ds.vector_norm().log, want, rtol=1e-13, atol=1e-11)


@every_kind
def test_going_back_without_jacobians_is_multiplying_by_them(kind):
    for seed in range(8):
        net, x, s0 = setting(kind, seed)
        flow, g = flow_of(net, x, s0), np.random.default_rng(seed).normal(size=(3, len(s0)))
        for t in range(1, len(x) + 1):
            want = g @ flow.J[t - 1]
            assert close(flow.times_jacobian(g, t), want, 1e-13), (seed, t)
            assert close(flow.pulled_back(Scaled.of(g, axes=1), t).value, want, 1e-13), (seed, t)


# --- states beyond float64 -------------------------------------------------------------------------


def test_what_a_deeply_shut_unit_hands_on_is_not_lost():
    """h = σ(-800 + …) = e^-800 is 0 in float64; the share of W_h at the last step is h · σ'(z) in size."""
    cell = RNN([[0.0]], [[1.0]], [-800.0], ACTIVATIONS["sigmoid"])
    got = backpropagate(GradientFlow(unroll(cell, np.zeros((3, 1)), 0.0)), Loss("sum_last"))
    np.testing.assert_allclose(got.dW_h_step_log, [-np.inf, -2400.0, -1600.0], rtol=1e-14)
    np.testing.assert_allclose(got.itemised_log[2], got.dW_h_step_log, rtol=1e-14)


def test_a_state_that_fades_below_float64_is_still_read():
    got = backpropagate(run(Experiment(w=0.5, h0=1.0, T=3000)).flow, Loss("sum_last"))
    np.testing.assert_allclose(got.dW_h_step_log, -2999 * np.log(2), rtol=1e-14)
    assert got.dW_h.tolist() == [[0.0]]


@pytest.mark.parametrize("depth", [800.0, 5000.0])
def test_a_shut_output_gate_hides_no_share(depth):
    """LSTM: h_1 = σ(-depth) tanh(C_1) with C_1 = σ(0) tanh(1); the last step's share of W_h is h_1 |dL/dz|."""
    cell = LSTM(np.zeros((4, 1)), np.zeros((4, 1)), [0.0, 0.0, 1.0, -depth])
    tr = unroll(cell, np.zeros((2, 1)), 0.0, 0.0)
    got = backpropagate(GradientFlow(tr), Loss("sum_last"))
    want = -depth + np.log(np.tanh(tr.c[1, 0]))
    assert tr.scaled_h[1].log[0] == pytest.approx(want, rel=1e-14)
    assert got.dW_h_step_log[1] == pytest.approx(want + got.db_h_step[1].vector_norm().log, rel=1e-14)


def test_a_shut_update_gate_hides_no_share():
    """GRU: h_1 = (1 - z) n with 1 - z = e^-900."""
    cell = GRU(np.zeros((3, 1)), np.zeros((3, 1)), [0.0, 900.0, 1.0])
    tr = unroll(cell, np.zeros((2, 1)), 0.0)
    assert tr.scaled_h[1].log[0] == pytest.approx(-900 + np.log(np.tanh(1.0)), rel=1e-14)
    assert np.isfinite(backpropagate(GradientFlow(tr), Loss("sum_last")).dW_h_step_log[1])


@pytest.mark.parametrize("kind", KINDS)
def test_scaled_states_are_the_states(kind):
    for seed in range(5):
        tr = flow_of(*setting(kind, seed)).trajectory
        assert close(in_numbers(tr.cell, tr.x, tr.s[0], ["z"])["s"].value, tr.s, 1e-14), seed


@every_loss
@pytest.mark.parametrize("w", [1e50, -1e60, 1e90])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.filterwarnings("error")
def test_a_loss_of_states_beyond_float64_neither_warns_nor_is_nan(name, w, n):
    rng, T = np.random.default_rng(n), 10
    cell = RNN(np.ones((n, 1)), w * rng.normal(size=(n, n)), np.ones(n), ACTIVATIONS["identity"])
    flow = GradientFlow(unroll(cell, rng.normal(size=(T, 1)), rng.normal(size=n)))
    V, targets = rng.normal(size=(2, n)), np.zeros(T) if name == SOFTMAX else np.zeros((T, 2))
    got = backpropagate(flow, Loss(name, V, None, targets))
    for field in ("loss_t", "dh_local", "dW_h", "dW_x", "db", "dW_h_step", "dW_x_step", "dW_h_step_log"):
        assert not np.isnan(getattr(got, field)).any(), field
    assert not np.isnan(flow.trajectory.s).any()
    if name == SQUARED:
        assert np.inf == got.L


def test_the_gradient_of_an_infinite_loss_keeps_its_logarithm():
    """L = h_T²/2 with h_T = w^T: ∂L/∂h_k = w^(2T-k), the share of w at step k ∂L/∂h_k · w^(k-1)."""
    cell = RNN([[0.0]], [[1e80]], [0.0], ACTIVATIONS["identity"])
    flow = GradientFlow(unroll(cell, np.zeros((10, 1)), 1.0))
    got = backpropagate(flow, Loss(SQUARED, [[1.0]], None, [[0.0]], [10]))
    assert np.inf == got.L
    np.testing.assert_allclose(got.ds.vector_norm().log, np.log(1e80) * np.arange(20, 9, -1), rtol=1e-14)
    np.testing.assert_allclose(got.dW_h_step_log, np.log(1e80) * 19, rtol=1e-14)


FLOW = GradientFlow(unroll(RNN([[1.0]], [[1.0]], [0.0]), np.zeros((3, 1))))
V = [[1.0], [2.0]]
SQUARED, SOFTMAX = "squared_error", "softmax_cross_entropy"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Loss("mse"), "loss must be one of sum_last, .*, got 'mse'"),
        (lambda: Loss(SQUARED), "loss 'squared_error' needs V, c and targets, got V = None"),
        (lambda: Loss(SQUARED, [[1.0, 2.0]], [0.0], [[1.0]] * 3), r"V must have shape .*got \(1, 2\)"),
        (lambda: Loss(SQUARED, V, [0.0], [[1.0]] * 3), r"c must have shape \(\*batch, 2\)"),
        (lambda: Loss(SQUARED, V, None, [[1.0, 2.0]] * 2), r"one row a loss step \(3\)"),
        (lambda: Loss(SQUARED, V, None, [[1.0]] * 3), "targets must have shape"),
        (lambda: Loss(SQUARED, V, None, [[np.nan, 1.0]] * 3), "targets must be finite"),
        (lambda: Loss(SOFTMAX, V, None, [0, 1, 2]), "whole numbers from 0 to 1, got 2"),
        (lambda: Loss(SOFTMAX, V, None, [0, -1, 1]), "whole numbers from 0 to 1, got -1"),
        (lambda: Loss(SOFTMAX, V, None, [0.0, 0.5, 1.0]), "labels must be whole numbers from 0 to 1, got 0.5"),
        (lambda: Loss(SOFTMAX, V, None, [0], [4]), "loss steps must be whole numbers from 0 to T = 3, got 4"),
        (lambda: Loss(SOFTMAX, V, None, [0], [-1]), "loss steps must be whole numbers from 0 to T = 3, got -1"),
        (lambda: Loss(SOFTMAX, V, None, [0], [1.5]), "loss steps must be whole numbers"),
        (lambda: Loss(SQUARED, V, None, None), "loss 'squared_error' needs V, c and targets, got targets = None"),
    ],
)  # fmt: skip
def test_a_loss_that_does_not_fit_is_refused_by_name_value_and_range(build, message):
    with pytest.raises(ValueError, match=message):
        backpropagate(FLOW, build())


def test_only_peepholes_have_a_gradient_of_peepholes():
    with pytest.raises(ValueError, match="only an LSTM with peepholes has this gradient, got cell 'rnn' without"):
        _ = backpropagate(FLOW, Loss("sum_last")).dpeepholes


def exact_cross_entropy(V, c, h, label):
    """-log softmax(V h + c)[label] and its derivative by h, in 60 digits beyond the smallest probability."""
    with mp.workdps(60):
        V, h = mp.matrix(V.tolist()), mp.matrix(h.tolist())
        y = V * h + mp.matrix(c.tolist())
    with mp.workdps(60 + int((max(y) - min(y)) / 2.3)):
        p = [mp.exp(logit - max(y)) for logit in y]
        p = [one / sum(p) for one in p]
        dh = [sum(p[q] * (V[q, j] - V[label, j]) for q in range(len(p)) if q != label) for j in range(len(h))]
        return -mp.log1p(-sum(p[q] for q in range(len(p)) if q != label)), dh


def as_mp(x):
    """A Scaled number as it is."""
    return mp.mpf(float(x.mant)) * mp.mpf(2) ** int(x.exp2)


@pytest.mark.parametrize("seed", range(60))
def test_a_softmax_underflows_nowhere_and_nothing_cancels_in_it(seed):
    rng = np.random.default_rng(seed)
    n, q = int(rng.integers(1, 4)), int(rng.integers(2, 6))
    V, c = rng.normal(size=(q, n)), rng.normal(size=q) * 10 ** rng.uniform(-2, 3)
    h = rng.normal(size=n) * 10 ** rng.uniform(-3, 4.5)
    if seed % 3 == 0:  # words that no state tells apart
        V[-1], c[-1] = V[0], c[0]
    if seed % 5 == 0:  # what two of them have in common is far larger than what they differ in
        V, c = V + 1e6, c * 0
    L, dh = Loss("softmax_cross_entropy", V, c, np.arange(q)).of_states(Scaled.of(np.tile(h, (q + 1, 1)), axes=1))
    reach = 8e-16 * (10 + float(np.abs(V @ h).max() + np.abs(c).max()))  # e^-y is as exact as y
    for label in range(q):
        want, by_h = exact_cross_entropy(V, c, h, label)
        with mp.workdps(60):
            assert abs(as_mp(L[label + 1]) - want) <= reach * abs(want)
            for j in range(n):
                terms = sum(abs(x) for x in by_h)  # of both signs
                assert abs(as_mp(dh.entries()[label + 1, j]) - by_h[j]) <= reach * terms, (label, j)


def test_a_word_that_is_certain_leaves_its_gradient():
    flow = GradientFlow(unroll(RNN([[1.0]], [[1.0]], [0.0], ACTIVATIONS["identity"]), [[800.0]]))
    got = backpropagate(flow, Loss("softmax_cross_entropy", [[0.0], [1.0]], targets=[1]))
    for scaled in (got.ds.entries()[1, 0], got.ds.entries()[0, 0], got.db_step.entries()[0, 0]):
        assert scaled.sign == -1
        assert scaled.log == pytest.approx(-800, rel=1e-15)
    assert got.losses.log[1] == pytest.approx(-800, rel=1e-15)
    assert got.dW_x_step_log == pytest.approx(math.log(800) - 800, rel=1e-15)
    lone = backpropagate(flow, Loss("softmax_cross_entropy", [[0.0], [1.0], [1.0]], targets=[1]))
    assert lone.dh.entries()[1, 0].log == pytest.approx(-800 - math.log(2), rel=1e-15)


def test_a_step_with_three_losses_has_their_sum():
    flow = GradientFlow(unroll(RNN([[1.0]], [[1.0]], [0.0], ACTIVATIONS["identity"]), [[2.0], [3.0]]))
    got = backpropagate(flow, Loss("squared_error", [[1.0]], None, [[1.0], [2.0], [4.0]], [1, 1, 1]))
    assert got.loss_t.tolist() == [0, (1 + 0 + 4) / 2, 0]
    assert got.ds.value[:, 0].tolist() == [-1, -1, 0]
