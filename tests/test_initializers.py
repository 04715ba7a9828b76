"""How weights start: the distributions of the papers and of the frameworks."""

import inspect

import numpy as np
import pytest

from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS, GRU, LSTM, Cell
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import unroll
from rnn_core.initializers import (
    INITIALIZERS,
    chain_of,
    chrono,
    gaussian,
    identity,
    irnn,
    keras,
    orthogonal,
    pytorch,
)

every_cell = pytest.mark.parametrize("name", CELLS)
every_seed = pytest.mark.parametrize("seed", range(4))


def rng(seed=0):
    return np.random.default_rng(seed)


def made(name, n, m, seed=0):
    """A cell by any initializer, whatever else it wants to know."""
    known = {"cell": "lstm", "n": n, "m": m, "rng": rng(seed), "T_max": 50}
    parameters = inspect.signature(INITIALIZERS[name]).parameters
    return INITIALIZERS[name](**{key: value for key, value in known.items() if key in parameters})


@pytest.mark.parametrize("name", INITIALIZERS)
def test_every_initializer_makes_a_cell_that_runs_and_repeats_with_its_seed(name):
    cell, again, other = made(name, 5, 3), made(name, 5, 3), made(name, 5, 3, seed=1)
    assert isinstance(cell, Cell)
    assert (cell.n, cell.m) == (5, 3)
    assert np.array_equal(cell.W_x, again.W_x)
    assert not np.array_equal(cell.W_x, other.W_x)
    assert np.isfinite(GradientFlow(unroll(cell, np.ones((4, 3)))).J).all()


@every_seed
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (4, 4), (9, 3), (3, 9), (64, 64)])
def test_orthogonal_matrices_keep_every_length(rows, columns, seed):
    Q = orthogonal(rows, columns, rng(seed), gain=1.5)
    assert Q.shape == (rows, columns)
    gram = Q.T @ Q if rows >= columns else Q @ Q.T
    np.testing.assert_allclose(gram, 2.25 * np.eye(min(rows, columns)), atol=1e-13)


def test_orthogonal_matrices_are_uniform_over_the_group():
    """Under the Haar measure every entry has mean 0 and variance 1/n, and both determinants are as likely."""
    draws = np.stack([orthogonal(3, 3, rng(seed)) for seed in range(2000)])
    assert np.abs(draws.mean(axis=0)).max() < 0.05
    assert np.abs(draws.var(axis=0) - 1 / 3).max() < 0.03
    assert abs(np.linalg.det(draws).mean()) < 0.1


def test_identity_carries_a_state_on():
    assert identity(3, 0.5).tolist() == [[0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]


def test_gaussian_matrices_have_a_spectral_radius_near_their_gain():
    W = gaussian(400, rng(), gain=1.5)
    assert np.std(W) == pytest.approx(1.5 / 20, rel=0.02)
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(1.5, rel=0.1)


def fills(values, limit):
    """Whether a sample looks uniform on ±limit: inside, near both ends, right variance."""
    values = np.ravel(values)
    return (
        np.abs(values).max() <= limit
        and values.max() > 0.97 * limit
        and values.min() < -0.97 * limit
        and values.var() == pytest.approx(limit**2 / 3, rel=0.15)
    )


@every_cell
def test_pytorch_draws_everything_uniformly_within_one_over_root_n(name):
    cell, k = pytorch(name, 36, 20, rng()), 1 / 6
    assert fills(cell.W_x, k)
    assert fills(cell.W_h, k)
    if isinstance(cell, GRU):
        assert np.abs(cell.b).max() <= k
        assert np.abs(cell.b_h).max() <= k
        assert not np.array_equal(cell.b, cell.b_h)
    else:  # two uniform biases add up: twice the variance, up to twice the limit
        assert k < np.abs(cell.b).max() <= 2 * k
        assert np.var(cell.b) == pytest.approx(2 * k**2 / 3, rel=0.5)


def test_pytorch_adds_the_forget_gate_bias_to_the_forget_gate_only():
    plain, open_gate = pytorch("lstm", 4, 2, rng()), pytorch("lstm", 4, 2, rng(), b_f=3.0)
    np.testing.assert_allclose(open_gate.b - plain.b, np.repeat([0, 3, 0, 0], 4), atol=1e-15)
    assert np.array_equal(plain.W_h, open_gate.W_h)


@every_cell
def test_keras_draws_glorot_inputs_and_orthogonal_recurrence(name):
    cell = keras(name, 16, 10, rng())
    G = len(cell.gates)
    assert fills(cell.W_x, np.sqrt(6 / (10 + 16 * G)))
    np.testing.assert_allclose(cell.W_h.T @ cell.W_h, np.eye(16), atol=1e-13)
    assert cell.b.tolist() == ([0.0] * 16 + [1.0] * 16 + [0.0] * 32 if name == "lstm" else [0.0] * (16 * G))


@pytest.mark.parametrize("T", [3, 10, 100, 10_000])
def test_chrono_bias_log_T_less_one_opens_the_forget_gate_to_one_less_one_over_T(T):
    """Tallec & Ollivier 2018."""
    cell = LSTM(np.zeros((4, 1)), np.zeros((4, 1)), [0, np.log(T - 1), 0, 0])
    f = unroll(cell, np.zeros((1, 1))).gate("f")[0, 0]
    assert abs(f - (1 - 1 / T)) <= 4 * np.spacing(1 - 1 / T)


def test_chrono_biases_spread_the_time_scales_up_to_the_longest():
    cell = chrono(600, 1, rng(), T_max=100)
    b_i, b_f, b_g, b_o = cell.split(cell.b)
    time_scales = np.exp(b_f)
    assert 1 <= time_scales.min() < 2
    assert 98 < time_scales.max() <= 99
    assert time_scales.mean() == pytest.approx(50, rel=0.07)
    assert np.array_equal(b_i, -b_f)
    assert not b_g.any()
    assert not b_o.any()
    assert np.log(2 - 1) == 0
    assert not chrono(3, 1, rng(), T_max=2).b.any()


def test_mean_forget_gates_at_the_start():
    """n = 128: torch.nn.LSTM 0.50, Keras 0.73, chrono (T = 100) 0.96."""
    for cell, mean in (
        (pytorch("lstm", 128, 8, rng()), 0.50),
        (keras("lstm", 128, 8, rng()), 0.73),
        (chrono(128, 8, rng(), 100), 0.96),
    ):
        tr = unroll(cell, rng(1).normal(size=(50, 8)))
        assert tr.gate("f").mean() == pytest.approx(mean, abs=0.02)


def test_irnn_starts_as_the_identity_with_relu():
    cell = irnn(6, 2, rng())
    assert np.array_equal(cell.W_h, np.eye(6))
    assert cell.activation is ACTIVATIONS["relu"]
    assert not cell.b.any()
    assert np.abs(cell.W_x).max() < 0.01


def test_a_chain_is_its_recurrent_matrix_alone():
    cell = chain_of(np.array([[1.0, 2.0], [3.0, 4.0]]), m=3)
    assert cell.W_h.tolist() == [[1, 2], [3, 4]]
    assert not cell.W_x.any()
    assert cell.W_x.shape == (2, 3)


def test_an_unknown_cell_or_time_scale_is_refused():
    for initializer in (pytorch, keras):
        with pytest.raises(ValueError, match="cell must be one of rnn, lstm, gru, got 'LSTM'"):
            initializer("LSTM", 2, 1, rng())
    with pytest.raises(ValueError, match="T_max must be at least 2, got 1"):
        chrono(2, 1, rng(), 1)
