"""The plain recurrent network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rnn_core.activations import activation
from rnn_core.cells.base import Cell, Code, Value, is_safe, matvec
from rnn_core.cells.local import Local

if TYPE_CHECKING:
    from rnn_core.check import State, Textbook
    from rnn_core.experiment import Experiment
    from rnn_core.flow.unroll import Trajectory

_PART = 2**14  # numbers whose temporary copies stay in the cache


@dataclass(frozen=True, eq=False)
class RNN(Cell):
    """h_t = φ(W_x x_t + W_h h_{t-1} + b) (Elman 1990)."""

    name = "rnn"
    title = "RNN"
    since = 1990
    color = "orange"
    gates = ("h",)
    records: ClassVar[Mapping[str, int]] = {"z": 1}
    carries_on = True
    latex = (r"h_t = \varphi(W_{xh} x_t + W_{hh} h_{t-1} + b)",)
    renewal = r"h_t = \varphi(w \, h_{t-1} + u \, x_t + b)"
    code = Code(new="phi(u * x_j + b + w * h)")
    reads = ("activation", "slope", "w", "u", "b")

    @classmethod
    def scalar(cls, value: Value, e: Experiment) -> RNN:
        φ = activation(e.activation, value("slope")[..., None])
        return cls(value("u")[..., None, None], value("w")[..., None, None], value("b")[..., None], φ)

    def step(self, a: Any, s: Any) -> dict[str, Any]:
        z = a + matvec(self.W_h, s)
        return {"s": self.activation(z), "z": z}

    def local(self, tr: Trajectory) -> Local:
        φ = self.activation
        safe = tr.fits and is_safe(tr.z)
        return Local.of([[None]], [[_in_parts(φ.slope, tr.z) if safe else φ.scaled_slope(tr.numbers("z"))]])

    @staticmethod
    def textbook(net: Textbook, s: State, j: int) -> State:
        return (net.rounded(net.φ(net.sum("", s[0], j))),)


def _in_parts(function: Callable[[np.ndarray], np.ndarray], z: np.ndarray) -> np.ndarray:
    """`function` of z (T, …), some steps at a time, so that its temporary arrays stay in the cache."""
    rows = 1 + _PART // (1 + z[:1].size)
    if len(z) <= rows:
        return function(z)
    out = np.empty(z.shape)
    for t in range(0, len(z), rows):
        out[t : t + rows] = function(z[t : t + rows])
    return out


CELL = RNN
