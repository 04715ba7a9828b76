"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rnn_core.activations import difference
from rnn_core.cells.base import Code, checked, is_safe, joined, matvec
from rnn_core.cells.gate import Gate
from rnn_core.cells.gated import Gated
from rnn_core.cells.local import Local
from rnn_core.decimals import ONE, as_complex, sigmoid, tanh
from rnn_core.scaled import Scaled, where

if TYPE_CHECKING:
    from rnn_core.check import State, Textbook
    from rnn_core.flow.unroll import Trajectory

_CANCELLED, _CANCELS = 2.0**-20, 2.0**-8  # what a difference may leave of its terms before it is taken otherwise


@dataclass(frozen=True, eq=False)
class GRU(Gated):
    """Gated recurrent unit (Cho et al. 2014) in PyTorch's form: b_hn sits inside r ⊙ (…)."""

    b_h: np.ndarray | None = None  # (*batch, 3n) second bias, added to W_h h (default 0); `b` goes with x

    name = "gru"
    title = "GRU"
    since = 2014
    color = "green"
    gates = ("r", "z", "n")
    told = (
        # z keeps, as in PyTorch; some papers have it the other way round
        Gate("z", "update", "forget", share="the share of h that is kept", mode="pinned", value=0.9, b=1.0),
        Gate("r", "reset", "update", w=1.0),
        Gate("n", "candidate", "candidate", candidate=True, w=1.0, u=2.0),
    )
    records: ClassVar[Mapping[str, int]] = {"z": 3, "gates": 3, "u_n": 1}
    latex = (
        r"r_t = \sigma(W_{xr} x_t + W_{hr} h_{t-1} + b_r)",
        r"z_t = \sigma(W_{xz} x_t + W_{hz} h_{t-1} + b_z)",
        r"n_t = \tanh(W_{xn} x_t + b_{xn} + r_t \odot (W_{hn} h_{t-1} + b_{hn}))",
        r"h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}",
    )

    renewal = r"h_t = z \, h_{t-1} + (1 - z) \, n_t"
    code = Code(new="{fresh} * n + z * h", recurrent={"n": "r * (w_n * h)"}, rests={"z": "fresh"})

    def _check_own(self) -> None:
        super()._check_own()
        b_h = np.zeros(3 * self.n) if self.b_h is None else self.b_h
        object.__setattr__(self, "b_h", checked("b_h", b_h, (3 * self.n,)))

    def _parameters(self) -> list[np.ndarray]:
        return [*super()._parameters(), np.asarray(self.b_h), *self._pins()]

    def step(self, a: Any, s: Any) -> dict[str, Any]:
        a_r, a_z, a_n = self.split(a)
        u_r, u_z, u_n = self.split(matvec(self.W_h, s) + self.b_h)
        z_r, z_z = a_r + u_r, a_z + u_z
        r, z = self._open("r", z_r), self._open("z", z_z)
        z_n = a_n + r * u_n
        n = self._open("n", z_n)
        h = self._complement(z_z) * n + z * s
        return {
            "s": h,
            "z": joined(z_r, z_z, z_n),
            "gates": joined(r, z, n),
            "u_n": u_n,
        }

    def _behind(self, tr: Trajectory, lost: np.ndarray) -> Scaled:
        """h_{t-1} - n_t, (T, *batch, n), where h has come so near to n that a difference of floats has no digits left.

        It is followed from step to step: h_t - n_{t+1} = z_t (h_{t-1} - n_t) - (n_{t+1} - n_t), and what n moves by
        comes from what h and x move by.
        """
        h, z, gates, u_n = (tr.numbers(name) for name in ("s", "z", "gates", "u_n"))
        (z_r, z_z, z_n), (r, keep, n) = self.split(z), self.split(gates)
        fresh, plain = self._complement(z_z), h[:-1] - n
        a_r, _, a_n = self.split(matvec(self.W_x, Scaled.of(np.diff(tr.x, axis=0)))) if self.m else 3 * [None]
        rows = [plain[0]]
        for t in range(tr.T - 1):
            moved = matvec(self.W_h, -(rows[-1] * fresh[t]))  # W_h (h_{t+1} - h_t), counted from 0
            by_r, _, by_n = self.split(moved)
            step = keep[t] * rows[-1]
            if "n" not in self.pinned:
                by_n = r[t + 1] * by_n if a_n is None else a_n[t] + r[t + 1] * by_n
                if "r" not in self.pinned:
                    by_r = by_r if a_r is None else a_r[t] + by_r
                    by_n = by_n + difference(self.gate_activation, z_r[t], z_r[t + 1], by_r) * u_n[t]
                step = step - difference(self.activation, z_n[t], z_n[t + 1], by_n)
            rows.append(where(lost[t + 1], step, plain[t + 1]))
        return Scaled.stack(rows)

    def _complement(self, z_z: Any) -> Any:
        """1 - z_t without cancellation: 1 - σ(z) = σ(-z)."""
        if "z" in self.pinned:
            return np.broadcast_to(1 - self.pinned["z"], z_z.shape)
        return self.gate_activation(-z_z)

    def local(self, tr: Trajectory) -> Local:
        safe = tr.fits and is_safe(tr.z)
        (r, z, n), (sr, sz, sn) = self._values_and_slopes(tr, safe)
        z_z, u_n = self.split(tr.z if safe else tr.numbers("z"))[1], tr.more["u_n"] if safe else tr.numbers("u_n")
        h = tr.h[:-1] if safe else tr.numbers("s")[:-1]
        through = self._complement(z_z) * sn
        behind = h - n
        if "z" not in self.pinned and tr.T:
            with np.errstate(divide="ignore", invalid="ignore"):
                left = np.abs(behind / n) if safe else np.abs(behind.value / n.value)
            if (left < _CANCELLED).any():
                behind = self._behind(tr, left < _CANCELS)
        A_r, A_z = through * sr * u_n, sz * behind
        return Local.of([[z]], [[A_r, A_z, through * r]], [[A_r, A_z, through]])

    @staticmethod
    def textbook(net: Textbook, s: State, j: int) -> State:
        [h] = s
        r, z, n = net.gate("r", h, j), net.gate("z", h, j), as_complex(net.p["n"])
        if not net.e.pins("n"):
            n = tanh(net.rounded(r * (net.p["w_n"] * h), as_complex(net.p["u_n"] * net.x[j - 1] + net.p["b_n"])))
        fresh = ONE - z if net.e.pins("z") else sigmoid(-net.sum("_z", h, j))  # 1 - σ(z), without cancellation
        return (net.rounded(fresh * n, z * h),)


CELL = GRU
