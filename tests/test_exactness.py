"""Derivatives of states that float64 cannot hold, against mpmath: nothing underflows, nothing cancels."""

import math
from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

from rnn_core.activations import ACTIVATIONS, difference
from rnn_core.cells import RNN
from rnn_core.check import check, total
from rnn_core.experiment import Experiment, inputs, run
from rnn_core.flow.bptt import Loss, backpropagate
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import unroll
from rnn_core.flow.ways_back import ways_back
from rnn_core.scaled import Scaled, size_of
from tests.apps import healthy, opened, slots
from tests.precise import DIGITS, FUNCTIONS, Dual, as_mp, dual, near, off, product
from tests.test_cells import as_cell
from tests.textbook import Net, random_net

POSITIVE = ("identity", "tanh", "relu", "leaky_relu", "elu")  # each passes 0 with slope 1 from above


@pytest.mark.parametrize("phi", POSITIVE)
def test_a_state_below_float64_keeps_the_slope_of_its_side(phi):
    """h_100 = .0005^100 / 2 > 0, so every slope is 1 and the product .0005^100."""
    r = run(Experiment(activation=phi, w=0.0005, T=100, t=100))
    for products in (r.flow.products_to(), r.flow.products_from()):
        assert products.log10.max() == 0
        assert products.log10.min() == pytest.approx(100 * math.log10(0.0005), rel=1e-9)
    with mp.workdps(DIGITS):
        assert near(r.trajectory.scaled_h.entries()[100, 0], mp.mpf(0.0005) ** 100 / 2, 1e-6)
    assert r.trajectory.h[100] == 0


def test_a_falling_state_changes_sides_below_float64_as_above():
    """leaky_relu with w < 0: 50 slopes are 1, and 50 are .01."""
    r = run(Experiment(activation="leaky_relu", w=-0.0005, T=100, t=100))
    assert r.flow.products_to().log10[0, 0, 0] == pytest.approx(100 * math.log10(0.0005) - 100, rel=1e-13)
    dead = run(Experiment(activation="relu", w=-0.0005, T=100, t=100))
    assert dead.flow.products_to().mant[0] == 0


def test_what_is_exactly_0_stays_at_its_kink():
    for b, h0, w in ((0.0, 0.0, 0.5), (-1.0, 0.5, 0.5), (0.0, 0.5, 0.0)):
        r = run(Experiment(activation="relu", w=w, h0=h0, b=b, T=10, t=10))
        assert r.trajectory.fits
        assert r.flow.products_to().mant[0] == 0


@pytest.mark.parametrize("phi", list(ACTIVATIONS))
@pytest.mark.parametrize("seed", range(8))
def test_products_of_states_that_fade_are_those_of_the_textbook(phi, seed):
    rng = np.random.default_rng(seed)
    n, T = int(rng.integers(1, 4)), 12
    W_x = rng.normal(size=(n, 1)) * 10 ** rng.uniform(-60, 0, size=(n, 1))
    W_h = rng.normal(size=(n, n)) * 10.0 ** rng.integers(-90, -20)
    net = Net("rnn", W_x, W_h, np.zeros(n), phi)
    x = (rng.normal(size=(T, 1)) * 10 ** rng.uniform(-60, 0)) * (rng.random(T) < 0.3)[:, None]
    s0 = rng.normal(size=n)
    flow = GradientFlow(unroll(as_cell(net), x, s0))
    with mp.workdps(DIGITS):
        for k in (0, T // 2):
            want, got = product(net, s0, x, k), flow.products_to(T, k).entries()[0]
            scale = max(abs(number) for row in want for number in row)
            for i, j in np.ndindex(n, n):
                assert near(got[i, j], want[i][j], 1e-11) or abs(want[i][j]) < 1e-11 * scale, (k, i, j)


def test_a_weight_is_corrected_by_a_state_below_float64():
    """L = h_2 with h_1 = 1e-200 h_0 read by W_h: its share at step 2 is h_1, at step 1 W_h h_0."""
    cell = RNN([[0.0]], [[1e-200]], [0.0], ACTIVATIONS["relu"])
    got = backpropagate(GradientFlow(unroll(cell, np.zeros((4, 1)), 1e-90)), Loss("sum_last"))
    np.testing.assert_allclose(got.dW_h_step_log, [math.log(10) * -690] * 4, rtol=1e-13)


def test_numbers_of_a_step_that_lie_far_apart_all_live_on():
    """Unit 1 is saturated at step 1 and unit 2 at step 2: each number of P is e^-800 beside 1 at one of them."""
    cell = RNN(np.eye(2), np.eye(2), np.zeros(2), ACTIVATIONS["tanh"])
    x = np.array([[400.0, 0.0], [0.0, 400.0]])
    flow = GradientFlow(unroll(cell, x))
    first, second = math.log(4) - 800, 2 * math.log(1 / math.cosh(1))
    want = [[first + second, -math.inf], [-math.inf, first]]
    np.testing.assert_allclose(flow.products_to().log[0], want, rtol=1e-14)
    np.testing.assert_allclose(flow.products_from().log[2], want, rtol=1e-14)
    np.testing.assert_allclose(flow.products_to().norm(2).log[0], first, rtol=1e-14)
    np.testing.assert_allclose(flow.pair_norms()[2, 0], np.logaddexp(2 * first, 2 * (first + second)) / 2, rtol=1e-14)
    np.testing.assert_allclose(flow.by_input().log[0, [0, 1], [0, 1]], [first + second, first], rtol=1e-14)
    got = backpropagate(flow, Loss("sum_last"))
    np.testing.assert_allclose(got.ds.log[0], [first + second, first], rtol=1e-14)
    np.testing.assert_allclose(got.db_step.log[0], [first + second, first], rtol=1e-14)


KINDS = ("rnn", "lstm", "lstm peepholes", "gru")


def hard(kind, seed, T=5):
    """A net of one to three units, its weights and inputs from tiny to huge, and its start."""
    rng = np.random.default_rng(seed)
    n, phi = (
        int(rng.integers(1, 4 if kind == "rnn" else 3)),
        list(ACTIVATIONS)[seed % len(ACTIVATIONS)] if kind == "rnn" else "tanh",
    )
    net = random_net(kind.split()[0], rng, n, 2, phi, kind.endswith("peepholes"))
    scale = 10.0 ** rng.integers(-3, 2, size=(len(net.b), 1))
    net = replace(net, W_x=net.W_x * scale, W_h=net.W_h * scale * (rng.random(net.W_h.shape) < 0.7))
    x = (
        rng.normal(size=(T, 2))
        * 10.0 ** rng.integers(-3, 2 if kind == "gru" else 3, size=(T, 2))
        * (rng.random((T, 2)) < 0.8)
    )
    return net, x, rng.normal(size=n * (1 + (net.kind == "lstm")))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(8))
def test_every_number_of_a_hard_product_is_the_textbooks(kind, seed):
    """Each relative to what it is summed from, so that no small one hides behind a large one."""
    net, x, s0 = hard(kind, seed)
    flow = GradientFlow(unroll(as_cell(net), x, s0[-net.n :], s0[: -net.n] if net.kind == "lstm" else None))
    size = np.abs(flow.trajectory.z).max()
    reach = 1e-13 * (1 + size)  # e^-z is as exact as z
    with mp.workdps(DIGITS + (int(size) if kind == "gru" else 0)):  # for 1 - σ(z)
        for k in (0, 3):
            want, got = product(net, s0, x, k), flow.products_to(len(x), k).entries()[0]
            terms = product_of_sizes(flow, k)
            for i, j in np.ndindex(*got.shape):
                assert off(got[i, j], want[i][j]) <= reach * terms[i, j], (k, i, j)


def product_of_sizes(flow, k):
    """|J_T| … |J_{k+1}|: what each number of a product is summed from."""
    with mp.workdps(DIGITS):
        whole = mp.eye(flow.trajectory.cell.N)
        for t in range(k, flow.T):
            J = flow.jacobians.entries()[t]
            size = [[abs(as_mp(J[i, j])) for j in range(J.shape[1])] for i in range(J.shape[0])]
            whole = mp.matrix(size) * whole
        return whole


def test_the_page_shows_a_gradient_behind_a_state_below_float64():
    for phi in ("relu", "leaky_relu"):
        at = healthy(opened("chain", activation=phi, w="0.0005", T="100", t="100"))
        assert "7.889 × 10⁻³³¹" in str(slots(at, "chain-formula"))


def by_input_of_a_gru(e):
    """∂h_T/∂x_j for some j, by forward mode."""
    x, found = [mp.mpf(v) for v in inputs(e).tolist()], {}
    for j in range(0, e.T, 9):
        h = Dual(mp.mpf(e.h0), mp.mpf(0))
        for t in range(e.T):
            fed = Dual(x[t], mp.mpf(int(t == j)))

            def gate(q, read, phi="sigmoid", fed=fed):
                own = getattr(e, f"w_{q}") * read + getattr(e, f"u_{q}") * fed + getattr(e, f"b_{q}")
                return dual(getattr(e, q)) if e.pins(q) else FUNCTIONS[phi](own)

            r, z = gate("r", h), gate("z", h)
            h = (1 - z) * gate("n", r * h, "tanh") + z * h
        found[j] = h.d
    return found


SETTLING = {
    "pinned": Experiment(n_mode="pinned", n=0.5, h0=-0.3, sequence="sine"),
    "slow": Experiment(w_n=0.3, b_n=1.0, u_n=0.0),
    "reset": Experiment(w_n=-0.8, b_n=1.0, u_n=0.0, u_r=0.3),
    "reset pinned": Experiment(w_n=-0.8, b_n=1.0, u_n=0.0, r_mode="pinned", r=0.9),
}


@pytest.mark.parametrize("name", SETTLING)
def test_a_gru_that_has_settled_still_says_by_how_little_its_inputs_move_it(name):
    """h_t - n_t shrinks for ever, far below the last digit of either."""
    e = replace(SETTLING[name], cell="gru", T=50, t=50, z_mode="computed", w_z=0.3, u_z=0.5, b_z=0.2)
    got = run(e).flow.by_input().entries()[:, 0, 0]
    with mp.workdps(80):
        for j, want in by_input_of_a_gru(e).items():
            assert near(got[j], want, 1e-12), j


def test_a_full_cell_is_read_out_below_float64():
    """f = i = g = 1: C_t = t, and tanh'(400) is 4 e^-800."""
    e = Experiment(cell="lstm", T=400, t=400, pin_all=True, f=1.0, i=1.0, g=1.0, o=0.9)
    r = run(e)
    want = [math.log(0.9) + math.log(4) - 2 * t - 2 * math.log1p(math.exp(-2 * t)) for t in range(1, 401)]
    np.testing.assert_allclose(ways_back(r.flow)["read"].log[:, 0], want, rtol=1e-14)
    np.testing.assert_allclose(r.trajectory.cell.read_out(r.trajectory).log[:, 0], want, rtol=1e-14)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "elu", "leaky_relu", "identity"])
def test_a_difference_of_two_values_does_not_cancel(name):
    φ, rng = ACTIVATIONS[name], np.random.default_rng(0)
    a = rng.uniform(-30, 30, 200)
    d = rng.normal(size=200) * 10.0 ** rng.integers(-40, -7 if name not in ("tanh", "sigmoid") else 2, size=200)
    got = difference(φ, Scaled.of(a), Scaled.of(a) + Scaled.of(d), Scaled.of(d))
    with mp.workdps(120):
        for j in range(200):
            x, y = FUNCTIONS[name](dual(a[j])), FUNCTIONS[name](dual(mp.mpf(a[j]) + mp.mpf(d[j])))
            assert near(got[j], y.v - x.v, 1e-13), (a[j], d[j])


def test_no_step_has_no_scale_to_share():
    """An LSTM that begins with a full cell, and is not unrolled: its numbers have exponents, but there are none."""
    assert run(Experiment(cell="lstm", T=0, t=0, c0=100.0, i_mode="computed")).flow.P.value.tolist() == [
        [[1.0, 0.0], [0.0, 1.0]]
    ]


def test_ways_that_cancel_at_every_step_cost_the_total_no_digits():
    """The direct path and the ways through h nearly cancel: in the basis (C, h) the total lost 7 of its 16 digits."""
    e = Experiment(cell="lstm", f=0.08525869769407945, b_g=-2.2, c0=-2.8, amplitude=-3.65)
    got = run(e).flow.total(e.end, e.begin)
    found = check("∂C_t/∂C_k", Scaled(got.mant[0, 0, 0], got.exp2.ravel()[0]), e, total)
    assert found.means_something and found.error < 2e-12
    assert got.log10[0].item() == pytest.approx(-36.025, abs=1e-3)


def test_a_size_beyond_float64_is_no_warning():
    with np.errstate(all="raise"):
        assert size_of(np.array([1e200, 1e200]), 1) == np.inf
