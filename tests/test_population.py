"""LSTMs as PyTorch starts them: against autograd-like oracles, and near the numbers of the field."""

from dataclasses import replace

import numpy as np
import pytest

from pages.charts.drawings import population as charts
from rnn_core import population
from rnn_core.experiment import Experiment, run
from rnn_core.population import LAGS, NETWORKS, SCALARS, STEPS, UNITS, at_start, negative, networks, totals
from rnn_core.scaled import matrix_norm
from tests.textbook import Net, close


def net_of(cell, seed):
    """One network of a batch in the textbook's form."""
    return Net("lstm", cell.W_x[seed], cell.W_h[seed], cell.b[seed])


def derivative(flow, seed, lag):
    """∂C_t/∂C_{t-lag} of one network by complex step, h following C."""
    net, tr, k, n = net_of(flow.trajectory.cell, seed), flow.trajectory, flow.T - lag, flow.n
    s, x = tr.s[:, seed], tr.x[:, seed]
    follow = net.read_out(s[k - 1], x[k - 1])
    return net.derivatives(s[k], x[k:], np.hstack([np.eye(n), np.diag(follow)]))[-1, :n]


@pytest.mark.parametrize("b_f", [0.0, 5.0])
def test_the_total_of_a_network_of_32_units_is_its_derivative(b_f):
    flow = at_start(UNITS, NETWORKS, b_f)
    M = totals(flow, LAGS)
    for seed, lag in ((0, 1), (7, 20), (29, 50)):
        want = derivative(flow, seed, lag)
        assert close(M[lag, seed], want, 1e-11), (seed, lag)
        direct = np.prod(flow.trajectory.gate("f")[STEPS - lag :, seed], axis=0)
        ratio = np.linalg.norm(want) / np.linalg.norm(direct)
        assert networks(b_f).ratio[lag, seed] == pytest.approx(np.log10(ratio), abs=1e-10)
        assert networks(b_f).spectral[lag, seed] == pytest.approx(np.log10(np.linalg.norm(want, 2)), abs=1e-9)


@pytest.mark.parametrize("n", [1, 3])
def test_rows_pulled_back_are_the_total_of_the_whole_product(n):
    flow = at_start(n, 4, 1.0)
    want = flow.total(STEPS, STEPS - LAGS).value[::-1]
    assert close(totals(flow, LAGS), want, 1e-13)
    assert all(close(matrix_norm(M), matrix_norm(W), 1e-12) for M, W in zip(totals(flow, LAGS), want, strict=True))


@pytest.mark.parametrize(("b_f", "expected"), [
    (0.0, {10: 4.1, 20: 19, 50: 1300}), (1.0, {10: 2.3, 20: 7.2, 50: 153}), (2.0, {10: 1.5, 20: 3.1, 50: 30}),
])  # fmt: skip
def test_the_product_of_gates_understates_the_gradient_as_the_field_reports(b_f, expected):
    """Medians of 30 seeds depend on the draws: within a quarter, at lag 50 within a half."""
    median = 10 ** np.median(networks(b_f).ratio, axis=1)
    assert median[0] == pytest.approx(1)
    for lag, value in expected.items():
        assert median[lag] == pytest.approx(value, rel=0.25 if lag < 50 else 0.5), lag


def test_with_open_forget_gates_every_network_explodes_although_every_gate_forgets():
    found = networks(5.0)
    assert found.f_max < 1
    assert (found.spectral[1:] > 0).all()
    assert not (networks(0.0).spectral[1:] > 0).all()


def test_at_every_lag_means_one_network_at_all_lags(monkeypatch):
    """Two networks that fall short at one lag each: 29 are above 1 at every lag, but only 28 of them always."""
    spectral = np.ones((LAGS + 1, NETWORKS))
    spectral[3, 0] = spectral[7, 1] = -1.0
    found = replace(networks(0.0), spectral=spectral)
    monkeypatch.setattr(charts, "_at", lambda b: found)
    text = charts.beyond_sentence(charts.quantities(run(Experiment(cell="lstm")), 0.0))
    assert f"exceeds 1 at every lag in 28 of {NETWORKS} networks" in text


def test_some_scalar_lstms_have_a_negative_gradient_and_none_a_negative_product():
    flow = at_start(1, SCALARS, 0.0)
    for seed in range(0, SCALARS, 25):
        for lag in (1, 20, 50):
            assert np.sign(derivative(flow, seed, lag)[0, 0]) == np.sign(totals(flow, lag)[lag, seed, 0, 0])
    assert (flow.direct().mant > 0).all()
    shares = [negative(b)[20] for b in (0.0, 1.0, 2.0, 5.0)]
    assert 0.04 < shares[0] < 0.2 and shares == sorted(shares, reverse=True)
    assert negative(0.0)[20] == np.mean(totals(flow, 20)[20, :, 0, 0] < 0)
    assert negative(0.0)[0] == 0


def test_a_forget_bias_is_added_to_the_same_draws():
    low, high = (at_start(2, 5, b).trajectory for b in (0.0, 3.0))
    raised = high.cell.b - low.cell.b
    assert np.allclose(raised[:, 2:4], 3) and (raised[:, [0, 1, 4, 5, 6, 7]] == 0).all()
    assert np.array_equal(low.cell.W_h, high.cell.W_h) and np.array_equal(low.x, high.x)
    assert np.abs(low.cell.W_h).max() <= 1 / np.sqrt(2) and np.abs(low.cell.b).max() <= 2 / np.sqrt(2)
    assert low.x.shape == (STEPS, 5, population.M) and (low.s[0] == 0).all()
