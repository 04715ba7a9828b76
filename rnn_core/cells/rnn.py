"""The plain recurrent network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rnn_core.cells.base import Cell, is_safe, matvec
from rnn_core.cells.local import Local

if TYPE_CHECKING:
    from rnn_core.unroll import Trajectory

_PART = 2**14  # numbers whose temporary copies stay in the cache


@dataclass(frozen=True, eq=False)
class RNN(Cell):
    """h_t = φ(W_x x_t + W_h h_{t-1} + b) (Elman 1990)."""

    name = "rnn"
    title = "RNN"
    gates = ("h",)
    records: ClassVar[Mapping[str, int]] = {"z": 1}
    carries_on = True
    latex = (r"h_t = \varphi(W_{xh} x_t + W_{hh} h_{t-1} + b)",)

    def step(self, a: Any, s: Any) -> dict[str, Any]:
        z = a + matvec(self.W_h, s)
        return {"s": self.activation(z), "z": z}

    def local(self, tr: Trajectory) -> Local:
        φ = self.activation
        safe = tr.fits and is_safe(tr.z)
        return Local.of([[None]], [[_in_parts(φ.slope, tr.z) if safe else φ.scaled_slope(tr.numbers("z"))]])


def _in_parts(function: Callable[[np.ndarray], np.ndarray], z: np.ndarray) -> np.ndarray:
    """`function` of z (T, …), some steps at a time, so that its temporary arrays stay in the cache."""
    rows = 1 + _PART // (1 + z[:1].size)
    if len(z) <= rows:
        return function(z)
    out = np.empty(z.shape)
    for t in range(0, len(z), rows):
        out[t : t + rows] = function(z[t : t + rows])
    return out
