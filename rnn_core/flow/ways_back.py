"""The ways by which a gradient goes back through one step of an LSTM: the highway, and each gate's read of h."""

from __future__ import annotations

from rnn_core.cells import LSTM
from rnn_core.flow.gradient import GradientFlow
from rnn_core.scaled import Scaled


def ways_back(flow: GradientFlow) -> dict[str, Scaled]:
    """The derivatives that make up each step t = 1 … T, every one with all else held.

    `highway` ∂C_t/∂C_{t-1} along C alone, the forget gate (with peepholes also the gates' reads of C), and `read`
    ∂h_t/∂C_t, both unit by unit, (T, *batch, n). `i`, `f`, `g` are ∂C_t/∂h_{t-1} through that gate alone, `o` is
    ∂h_t/∂h_{t-1} through the output gate alone, (T, *batch, n, n). With E = i + f + g,

        J_t = [[highway, E], [read · highway, read · E + o]].

    Raises ValueError for a cell that is no LSTM.
    """
    tr, local = flow.trajectory, flow.local
    cell = tr.cell
    if not isinstance(cell, LSTM):
        raise ValueError(f"cell must be an LSTM, got {cell.name!r}")
    C, H = range(2)

    def through(q: str) -> Scaled:
        row, g = H if q == "o" else C, cell.gates.index(q)
        return (local.A.entries()[..., row, g, :, None] * cell.W_h_by_gate[..., g, :, :]).shared(2)

    return {
        "highway": local.D.entries()[..., C, C, :].shared(1),
        "read": cell.read_out(tr).shared(1),
        **{q: through(q) for q in cell.gates},
    }
