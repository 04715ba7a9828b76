"""The update gate recurrent network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rnn_core.cells.base import Code, is_safe, joined, matvec
from rnn_core.cells.gate import Gate
from rnn_core.cells.gated import Gated
from rnn_core.cells.local import Local

if TYPE_CHECKING:
    from rnn_core.check import State, Textbook
    from rnn_core.flow.unroll import Trajectory


@dataclass(frozen=True, eq=False)
class UGRNN(Gated):
    """h = p h + (1 - p) v (Collins, Sohl-Dickstein & Sussillo 2017)."""

    name = "ugrnn"
    title = "UGRNN"
    since = 2017
    color = "purple"
    gates = ("p", "v")
    told = (
        Gate("p", "keep", "forget", w=0.5, b=1.0),
        Gate("v", "candidate", "candidate", candidate=True, w=-0.7, u=2.0),
    )
    records: ClassVar = {"z": 2, "gates": 2}
    latex = (
        r"p_t = \sigma(W_{xp} x_t + W_{hp} h_{t-1} + b_p)",
        r"v_t = \tanh(W_{xv} x_t + W_{hv} h_{t-1} + b_v)",
        r"h_t = p_t \odot h_{t-1} + (1 - p_t) \odot v_t",
    )
    renewal = r"h_t = p \, h_{t-1} + (1 - p) \, v_t"
    code = Code(new="{open} * v + p * h", rests={"p": "open"})

    def step(self, a: Any, s: Any) -> dict[str, Any]:
        z_p, z_v = self.split(a + matvec(self.W_h, s))
        p, v = self._open("p", z_p), self._open("v", z_v)
        return {"s": p * s + (1 - p) * v, "z": joined(z_p, z_v), "gates": joined(p, v)}

    def local(self, tr: Trajectory) -> Local:
        safe = tr.fits and is_safe(tr.z)
        (p, v), (sp, sv) = self._values_and_slopes(tr, safe)
        h = tr.h[:-1] if safe else tr.numbers("s")[:-1]
        return Local.of([[p]], [[sp * (h - v), (1 - p) * sv]])

    @staticmethod
    def textbook(net: Textbook, s: State, j: int) -> State:
        [h] = s
        p, v = net.gate("p", h, j), net.gate("v", h, j)
        return (net.rounded(p * h, (1 - p) * v),)


CELL = UGRNN
