"""Many LSTMs with the weights that PyTorch draws: how far the product of forget gates is from their gradient.

Every network reads `M` inputs from N(0, 1) for `STEPS` steps from a state of 0, and ∂C_t/∂C_j is taken at the last
of them, so that even at the largest lag h_j follows C_j. A forget bias is added to the same draws, whose own sum
b_ih + b_hh is 0 on average only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from rnn_core.cells import LSTM
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import unroll
from rnn_core.initializers import pytorch
from rnn_core.scaled import frozen, matrix_norm

UNITS, NETWORKS, SCALARS, M = 32, 30, 500, 3
LAGS, STEPS = 50, 60


@dataclass(frozen=True, eq=False)
class Population:
    """Networks that differ in their seed alone, one a column."""

    b_f: float
    ratio: np.ndarray  # (LAGS+1, S) log10 of ‖total‖_F / ‖direct‖_F
    spectral: np.ndarray  # (LAGS+1, S) log10 of ‖total‖₂
    f_max: float  # the largest value of any forget gate


@lru_cache(maxsize=32)
def networks(b_f: float) -> Population:
    """`NETWORKS` LSTMs of `UNITS` units with forget bias b_f."""
    flow = at_start(UNITS, NETWORKS, b_f)
    M = totals(flow, LAGS)
    direct = flow.direct_matrix(STEPS, STEPS - LAGS).norm().log10[::-1]
    ratio, spectral = np.log10(matrix_norm(M)) - direct, np.log10(matrix_norm(M, 2))
    return Population(b_f, frozen(ratio), frozen(spectral), float(flow.trajectory.gate("f").max()))


@lru_cache(maxsize=32)
def negative(b_f: float) -> np.ndarray:
    """The share of `SCALARS` LSTMs of one unit whose total is negative, by lag, (LAGS+1,)."""
    flow = at_start(1, SCALARS, b_f)
    return frozen((flow.total(STEPS, STEPS - LAGS).mant[::-1, :, 0, 0] < 0).mean(axis=-1))


def at_start(n: int, count: int, b_f: float) -> GradientFlow:
    """LSTMs of n units with the seeds 0 … count - 1 as torch.nn.LSTM starts them, batch (count,)."""
    cell, x = _drawn(n, count)
    b = cell.b.copy()
    b[:, n : 2 * n] += b_f
    return GradientFlow(unroll(replace(cell, b=b), x))


@lru_cache(maxsize=4)
def _drawn(n: int, count: int) -> tuple[LSTM, np.ndarray]:
    """Weights with forget bias 0, and inputs (STEPS, count, M)."""
    cells, x = [], np.empty((STEPS, count, M))
    for seed in range(count):
        rng = np.random.default_rng(seed)
        cells.append(pytorch("lstm", n, M, rng))
        x[:, seed] = rng.standard_normal((STEPS, M))
    W_x, W_h, b = (np.stack([getattr(cell, name) for cell in cells]) for name in ("W_x", "W_h", "b"))
    return LSTM(W_x, W_h, b), frozen(x)


def totals(flow: GradientFlow, lags: int) -> np.ndarray:
    """`flow.total()` of LSTMs with batch (S,) by lag, (lags+1, S, n, n), as floats: n rows, and no Jacobian formed.

    Only for networks near their start, whose products stay inside float64.
    """
    cell, T, local = flow.trajectory.cell, flow.T, flow.local
    assert isinstance(cell, LSTM)
    (S,), n = flow.trajectory.batch, cell.n
    D, A, follow = local.D.value, local.A.value, cell.read_out(flow.trajectory).value
    M = np.empty((lags + 1, S, n, n))
    M[0] = by_c = np.broadcast_to(np.eye(n), (S, n, n))
    by_h = np.zeros((S, n, n))
    for lag in range(1, lags + 1):
        d, a = D[T - lag, ..., None, :], A[T - lag, ..., None, :]  # (S, B, B, 1, n), (S, B, G, 1, n)
        by_gate = by_c[:, None] * a[:, 0] + by_h[:, None] * a[:, 1]  # (S, G, n, n)
        by_c, by_h = by_c * d[:, 0, 0] + by_h * d[:, 1, 0], (by_gate @ cell.W_h_by_gate).sum(axis=1)
        M[lag] = by_c + by_h * follow[T - lag - 1][:, None]
    return M
