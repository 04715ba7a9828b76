"""Long short-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rnn_core.cells.base import Code, checked, is_safe, joined, matvec
from rnn_core.cells.gate import Gate
from rnn_core.cells.gated import Gated
from rnn_core.cells.local import Local
from rnn_core.decimals import Complex, tanh
from rnn_core.scaled import Scaled

if TYPE_CHECKING:
    from rnn_core.check import State, Textbook
    from rnn_core.flow.unroll import Trajectory


@dataclass(frozen=True, eq=False)
class LSTM(Gated):
    """Long short-term memory with a forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

    `peepholes` (*batch, 3, n), optional: p_i and p_f read C_{t-1}, p_o reads C_t (Gers & Schmidhuber 2000).
    """

    peepholes: np.ndarray | None = None

    name = "lstm"
    title = "LSTM"
    since = 1997
    color = "blue"
    gates = ("i", "f", "g", "o")
    told = (
        Gate("f", "forget", "forget", mode="pinned", value=0.99, b=1.0),  # open at first: Gers et al. 2000
        Gate("i", "input", "update", w=1.0, u=4.0, b=-2.0),
        Gate("g", "candidate", "candidate", symbol="C̃", latex=r"\tilde C", candidate=True, w=-0.3, u=2.0),
        Gate("o", "output", "output", mode="pinned", value=0.9),
    )
    records: ClassVar[Mapping[str, int]] = {"z": 4, "gates": 4}
    blocks = ("c", "h")
    latex = (
        r"i_t = \sigma(W_{xi} x_t + W_{hi} h_{t-1} + b_i)",
        r"f_t = \sigma(W_{xf} x_t + W_{hf} h_{t-1} + b_f)",
        r"\tilde C_t = \tanh(W_{xg} x_t + W_{hg} h_{t-1} + b_g)",
        r"o_t = \sigma(W_{xo} x_t + W_{ho} h_{t-1} + b_o)",
        r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde C_t",
        r"h_t = o_t \odot \tanh(C_t)",
    )

    renewal = r"C_t = f \, C_{t-1} + i \, \tilde C_t, \ h_t = o \, \tanh \, C_t"
    code = Code(state="C, h", lines=("C = f * C + i * g",), new="C, o * {tanh}(C)")

    def _check_own(self) -> None:
        super()._check_own()
        if self.peepholes is not None:
            object.__setattr__(self, "peepholes", checked("peepholes", self.peepholes, (3, self.n)))

    def _parameters(self) -> list[np.ndarray]:
        p = self.peepholes
        return super()._parameters() + ([] if p is None else [p[..., 0, :]]) + self._pins()

    def step(self, a: Any, s: Any) -> dict[str, Any]:
        c_prev, h_prev = s[..., : self.n], s[..., self.n :]
        p = self.peepholes
        z = a + matvec(self.W_h, h_prev)
        z_i, z_f, z_g, z_o = self.split(z)
        if p is not None:
            z_i = z_i + p[..., 0, :] * c_prev
            z_f = z_f + p[..., 1, :] * c_prev
        i, f, g = self._open("i", z_i), self._open("f", z_f), self._open("g", z_g)
        c = f * c_prev + i * g
        if p is not None:
            z_o = z_o + p[..., 2, :] * c
            z = joined(z_i, z_f, z_g, z_o)
        o = self._open("o", z_o)
        h = o * self.activation(c)
        return {"s": joined(c, h), "z": z, "gates": joined(i, f, g, o)}

    def read_out(self, tr: Trajectory, peephole: bool = True) -> Scaled:
        """∂h_t/∂C_t within step t = 1 … T, (T, *batch, n): o_t tanh'(C_t), plus o_t's own peephole."""
        safe = tr.fits and is_safe(tr.z, tr.c)
        read = self._read_out(self._c(tr, safe)[1:], *self._values_and_slopes(tr, safe), peephole)
        return read if isinstance(read, Scaled) else Scaled.of(read)

    def _c(self, tr: Trajectory, safe: bool) -> Any:
        return tr.c if safe else tr.numbers("s")[..., : self.n]

    def _read_out(self, c: Any, values: list[Any], slopes: list[Any], peephole: bool = True) -> Any:
        φ = self.activation
        read = values[3] * (φ.scaled_slope(c) if isinstance(c, Scaled) else φ.slope(c))
        if peephole and self.peepholes is not None:
            read = read + slopes[3] * (self.peepholes[..., 2, :] * φ(c))
        return read

    def local(self, tr: Trajectory) -> Local:
        safe = tr.fits and is_safe(tr.z, tr.c)
        (i, f, g, _), (si, sf, sg, so) = values, slopes = self._values_and_slopes(tr, safe)
        p, c = self.peepholes, self._c(tr, safe)
        A_c = [g * si, sf * c[:-1], i * sg]
        read = self._read_out(c[1:], values, slopes)
        keep, peeped = f, None
        if p is not None:
            peeped = A_c[0] * p[..., 0, :] + A_c[1] * p[..., 1, :]
            keep = f + peeped
        A_h = [read * a for a in A_c] + [so * self.activation(c[1:])]
        return Local.of([[keep, None], [read * keep, None]], [[*A_c, None], A_h], peeped=peeped)

    @staticmethod
    def textbook(net: Textbook, s: State, j: int) -> State:
        c, o = LSTM.memory(net, s, j)
        return c, net.rounded(o * tanh(c))

    @staticmethod
    def memory(net: Textbook, s: State, j: int) -> tuple[Complex, Complex]:
        """C_j once more, and the output gate that reads it out."""
        c, h = s
        i, f, g, o = (net.gate(q, h, j) for q in "ifgo")
        return net.rounded(f * c, i * g), o


CELL = LSTM
