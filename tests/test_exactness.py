"""Derivatives of states that float64 cannot hold, against mpmath: nothing underflows, nothing cancels."""

import math

import mpmath as mp
import numpy as np
import pytest

from rnn_core.activations import ACTIVATIONS
from rnn_core.bptt import Loss, backpropagate
from rnn_core.cells import RNN
from rnn_core.experiment import Experiment, run
from rnn_core.flow import GradientFlow
from rnn_core.unroll import unroll
from tests.apps import healthy, opened, slots
from tests.precise import DIGITS, near, product
from tests.test_cells import as_cell
from tests.textbook import Net

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


def test_the_page_shows_a_gradient_behind_a_state_below_float64():
    for phi in ("relu", "leaky_relu"):
        at = healthy(opened("chain", activation=phi, w="0.0005", T="100", t="100"))
        assert "7.889 × 10⁻³³¹" in str(slots(at, "chain-formula"))
