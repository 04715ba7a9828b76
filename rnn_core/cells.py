"""The recurrent cells: parameters, equations, one step, and what a step's derivative is made of.

Index conventions: parameters may carry batch axes in front, (*batch, G·n, …); a state s has N = n numbers
(RNN, GRU) or N = 2n, s = (c, h) (LSTM), so that h is always its last n. Rows are PyTorch's: LSTM i, f, g, o;
GRU r, z, n. All cells share one structure: unit j of the state depends on the previous state directly
(its *highway*, D) and through its gates' recurrent weights,

    J[b j, h l] = Σ_q A[b, q, j] · W_h[q, j, l],   J[b j, b' j] += D[b, b', j],

with A the derivative of the state by what the weights deliver to gate q. `local` returns D and A.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rnn_core.activations import SIGMOID, TANH, Activation, difference
from rnn_core.scaled import NOTHING, Scaled, frozen, largest_of, ldexp, where

if TYPE_CHECKING:
    from rnn_core.unroll import Trajectory

LIMIT = 1e100  # products of two parameters stay far inside float64
_PART = 2**14  # numbers whose temporary copies stay in the cache
_CANCELLED, _CANCELS = 2.0**-20, 2.0**-8  # what a difference may leave of its terms before it is taken otherwise
_SAFE = 100.0  # below this |z| no product of a step's slopes underflows


@dataclass(frozen=True, eq=False)
class Local:
    """The derivative of each step, unit by unit: floats, with exponents 0 for each n of them, or numbers."""

    D: Scaled  # (T, *batch, B, B, n) highway: block b of s_t by block b' of s_{t-1}
    A: Scaled  # (T, *batch, B, G, n) by what W_h delivers to gate q
    A_x: Scaled  # (T, *batch, B, G, n) by what W_x delivers to gate q; differs from A for the GRU only
    peeped: Scaled | None = None  # (T, *batch, n) the peepholes' part of D's C to C, plain numbers

    @classmethod
    def of(
        cls,
        D: list[list[Any]],
        A: list[list[Any]],
        A_x: list[list[Any]] | None = None,
        peeped: Any = None,
    ) -> Local:
        """From nested lists of float or Scaled arrays (T, *batch, n), None where there is nothing."""
        terms = [x for x in (*D[0], *A[0]) if x is not None]
        shape = np.broadcast_shapes(*(t.mant.shape if isinstance(t, Scaled) else t.shape for t in terms))
        tables = [_table(rows, shape) for rows in (D, A, *([A_x] if A_x else []))]
        if isinstance(peeped, np.ndarray):
            peeped = Scaled.of(peeped)
        return cls(tables[0], tables[1], tables[-1], peeped)


def _table(rows: list[list[Any]], shape: tuple[int, ...]) -> Scaled:
    lone = rows[0][0] if len(rows) == len(rows[0]) == 1 else None
    if isinstance(lone, np.ndarray):
        return Scaled(lone[..., None, None, :], np.zeros((*shape[:-1], 1, 1), dtype=np.int64))
    mant = np.zeros((*shape[:-1], len(rows), len(rows[0]), shape[-1]))
    plain = not any(isinstance(x, Scaled) for row in rows for x in row)
    exp2 = np.zeros(mant.shape[:-1], dtype=np.int64) if plain else np.full(mant.shape, NOTHING)
    for b, row in enumerate(rows):
        for q, x in enumerate(row):
            if plain and x is not None:
                mant[..., b, q, :] = x
            elif x is not None:
                x = x if isinstance(x, Scaled) else Scaled.of(x)
                mant[..., b, q, :], exp2[..., b, q, :] = x.mant, x.exp2
    return Scaled(mant, exp2)


def common_scale(*tables: Scaled) -> tuple[list[np.ndarray], np.ndarray] | None:
    """Tables of `Local` as floats times one power of two for each step, (T, *batch); None where that loses a number."""
    if not any(table.exp2.any() for table in tables):
        return [table.mant for table in tables], np.zeros(tables[0].mant.shape[:-3], dtype=np.int64)
    tables = tuple(table.entries() for table in tables)
    exp2 = np.maximum.reduce([table.exp2.max(axis=(-3, -2, -1)) for table in tables])
    scaled = [ldexp(t.mant, t.exp2 - exp2[..., None, None, None]) for t in tables]
    whole = all(((x != 0) == (t.mant != 0)).all() for x, t in zip(scaled, tables, strict=True))
    return (scaled, exp2) if whole else None


def where_read(table: Scaled, W: np.ndarray) -> Scaled:
    """A table of `Local` without the gates whose weights W (*batch, G, n, …) are all 0.

    What is multiplied by 0 must not set the scale of the rest.
    """
    if not table.exp2.any():
        return table
    read = (W != 0).any(axis=(-2, -1))[..., None, :, None]
    return where(read, table.entries(), Scaled.of(np.zeros(())))


def checked(name: str, value: Any, tail: tuple[int | None, ...]) -> np.ndarray:
    """`value` as a finite float array whose last axes are `tail` (None: any length).

    Raises ValueError that names the field, the offending value and what is allowed.
    """
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold real numbers, got {_short(value)}") from None
    wrong = array.ndim < len(tail) or any(
        want is not None and have != want
        for have, want in zip(array.shape[array.ndim - len(tail) :], tail, strict=False)
    )
    if wrong:
        want = ", ".join("any" if d is None else str(d) for d in tail)
        raise ValueError(f"{name} must have shape (*batch, {want}), got {array.shape}")
    bad = ~(np.abs(array) <= LIMIT)  # NaN fails the comparison, too
    if bad.any():
        raise ValueError(f"{name} must be finite, from -{LIMIT:g} to {LIMIT:g}, got {array[bad][0]:g}")
    return frozen(array)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def matvec(W: np.ndarray, v: Any, out: np.ndarray | None = None) -> Any:
    """W (*batch, r, n) times v (…, n), floats or Scaled, over any leading axes of v; `out` (…, r) for all axes."""
    if isinstance(v, Scaled):
        return v * W[..., 0] if W.shape[-1] == 1 else (Scaled.of(W) @ v[..., None])[..., 0]
    if W.shape[-1] == 1:
        return np.multiply(W[..., 0], v, out=out)
    if W.ndim == 2:
        return np.matmul(v, W.T, out=out)
    return np.matmul(W, v[..., None], out=None if out is None else out[..., None])[..., 0]


@dataclass(frozen=True, eq=False)
class Cell:
    """What all cells share; see the subclasses."""

    W_x: np.ndarray  # (*batch, G·n, m)
    W_h: np.ndarray  # (*batch, G·n, n)
    b: np.ndarray  # (*batch, G·n)
    activation: Activation = TANH

    name: ClassVar[str]
    title: ClassVar[str]
    latex: ClassVar[tuple[str, ...]]
    gates: ClassVar[tuple[str, ...]]  # row blocks of the weights, in order
    records: ClassVar[Mapping[str, int]]  # what `step` returns besides `s`: numbers a unit
    blocks: ClassVar[tuple[str, ...]] = ("h",)  # parts of the state
    carries_on: ClassVar[bool] = False  # whether its states may exceed float64

    def __post_init__(self) -> None:
        G = len(self.gates)
        W_h = checked("W_h", self.W_h, (None, None))
        n = W_h.shape[-1]
        if n < 1 or W_h.shape[-2] != G * n:
            raise ValueError(f"W_h must have shape (*batch, {G}·n, n) with n ≥ 1, got {W_h.shape}")
        object.__setattr__(self, "W_h", W_h)
        object.__setattr__(self, "W_x", checked("W_x", self.W_x, (G * n, None)))
        object.__setattr__(self, "b", checked("b", self.b, (G * n,)))
        self._check_own()
        try:
            self.batch  # noqa: B018  (raises when the parameters' batch axes do not agree)
        except ValueError:
            raise ValueError(
                f"batch axes of the parameters must broadcast, got {[p.shape for p in self._parameters()]}"
            ) from None

    def _check_own(self) -> None:
        """Check what a subclass adds."""

    def _parameters(self) -> list[np.ndarray]:
        """All parameters with their batch axes and one more."""
        return [self.W_x[..., 0] if self.m else self.b, self.W_h[..., 0], self.b]

    @property
    def n(self) -> int:
        return self.W_h.shape[-1]

    @property
    def m(self) -> int:
        return self.W_x.shape[-1]

    @property
    def N(self) -> int:
        """State size: n, or 2n for the LSTM."""
        return len(self.blocks) * self.n

    @property
    def batch(self) -> tuple[int, ...]:
        """Batch axes of the parameters."""
        return np.broadcast_shapes(*(p.shape[:-1] for p in self._parameters()))

    @property
    def W_h_by_gate(self) -> np.ndarray:
        """Recurrent weights as (*batch, G, n, n)."""
        return self.W_h.reshape(*self.W_h.shape[:-2], len(self.gates), self.n, self.n)

    def split(self, z: Any) -> list[Any]:
        """The row blocks of (…, G·n), one (…, n) a gate."""
        return [z[..., q * self.n : (q + 1) * self.n] for q in range(len(self.gates))]

    def drive(self, x: Any) -> Any:
        """a = W_x x + b, what the input delivers to the gates: (…, m) → (…, G·n)."""
        if self.m:
            return matvec(self.W_x, x) + self.b
        return np.broadcast_to(self.b, (*x.shape[:-1], self.b.shape[-1]))

    def step(self, a: Any, s: Any) -> dict[str, Any]:
        """One step from state s (…, N) with drive a (…, G·n): the new `s` and what a derivative needs.

        Of floats, or of Scaled numbers where float64 over- or underflows.
        """
        raise NotImplementedError

    def local(self, tr: Trajectory) -> Local:
        """Highway and gate derivatives of every step of a trajectory."""
        raise NotImplementedError


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
        safe = tr.fits and _safe(tr.z)
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


def _joined(*parts: Any) -> Any:
    """Floats, or Scaled numbers, side by side."""
    if any(isinstance(part, Scaled) for part in parts):
        return Scaled.concatenate(parts)
    return np.concatenate(parts, axis=-1)


def _safe(*arrays: np.ndarray) -> bool:
    return all(largest_of(a, a.ndim) < _SAFE for a in arrays)


@dataclass(frozen=True, eq=False)
class _Gated(Cell):
    """A cell with gates, each of which may be *pinned* to a value: then it reads nothing and has slope 0."""

    gate_activation: Activation = SIGMOID
    pinned: Mapping[str, np.ndarray | float] = field(default_factory=dict)

    candidate: ClassVar[str]

    def _check_own(self) -> None:
        if self.gate_activation.limits != (0.0, 1.0):
            raise ValueError(f"gate_activation must run from 0 to 1, got {self.gate_activation.name!r}")
        pins = {}
        for gate, value in self.pinned.items():
            if gate not in self.gates:
                raise ValueError(f"pinned gates must be among {', '.join(self.gates)}, got {gate!r}")
            low = -1.0 if gate == self.candidate else 0.0
            pins[gate] = checked(f"pinned {gate}", value, ())
            outside = (pins[gate] < low) | (pins[gate] > 1)
            if outside.any():
                raise ValueError(f"pinned {gate} must be from {low:g} to 1, got {pins[gate][outside][0]:g}")
            pins[gate] = pins[gate][..., None]  # one value for all units
        object.__setattr__(self, "pinned", pins)

    def _pins(self) -> list[np.ndarray]:
        return [np.asarray(value) for value in self.pinned.values()]

    def function(self, gate: str) -> Activation:
        """The activation of one gate or of the candidate."""
        return self.activation if gate == self.candidate else self.gate_activation

    def _open(self, gate: str, z: Any) -> Any:
        """The gate's value: pinned, or computed from its pre-activation."""
        if gate in self.pinned:
            return np.broadcast_to(self.pinned[gate], z.shape)
        return self.function(gate)(z)

    def _values_and_slopes(self, tr: Trajectory, safe: bool) -> tuple[list[Any], list[Any]]:
        """Values and slopes of all gates, as floats where that is safe, else as Scaled."""
        values = self.split(tr.gates if safe else tr.numbers("gates"))
        slopes: list[Any] = []
        for gate, z in zip(self.gates, self.split(tr.z if safe else tr.numbers("z")), strict=True):
            φ = self.function(gate)
            if gate in self.pinned:
                slopes.append(np.zeros(z.shape) if safe else Scaled.of(np.zeros(z.shape)))
            else:
                slopes.append(φ.slope(z) if safe else φ.scaled_slope(z))
        return values, slopes


@dataclass(frozen=True, eq=False)
class LSTM(_Gated):
    """Long short-term memory with a forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

    `peepholes` (*batch, 3, n), optional: p_i and p_f read C_{t-1}, p_o reads C_t (Gers & Schmidhuber 2000).
    """

    peepholes: np.ndarray | None = None

    name = "lstm"
    title = "LSTM"
    gates = ("i", "f", "g", "o")
    records: ClassVar[Mapping[str, int]] = {"z": 4, "gates": 4}
    candidate = "g"
    blocks = ("c", "h")
    latex = (
        r"i_t = \sigma(W_{xi} x_t + W_{hi} h_{t-1} + b_i)",
        r"f_t = \sigma(W_{xf} x_t + W_{hf} h_{t-1} + b_f)",
        r"\tilde C_t = \tanh(W_{xg} x_t + W_{hg} h_{t-1} + b_g)",
        r"o_t = \sigma(W_{xo} x_t + W_{ho} h_{t-1} + b_o)",
        r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde C_t",
        r"h_t = o_t \odot \tanh(C_t)",
    )

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
            z = _joined(z_i, z_f, z_g, z_o)
        o = self._open("o", z_o)
        h = o * self.activation(c)
        return {"s": _joined(c, h), "z": z, "gates": _joined(i, f, g, o)}

    def read_out(self, tr: Trajectory, peephole: bool = True) -> Scaled:
        """∂h_t/∂C_t within step t = 1 … T, (T, *batch, n): o_t tanh'(C_t), plus o_t's own peephole."""
        safe = tr.fits and _safe(tr.z, tr.c)
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
        safe = tr.fits and _safe(tr.z, tr.c)
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


@dataclass(frozen=True, eq=False)
class GRU(_Gated):
    """Gated recurrent unit (Cho et al. 2014) in PyTorch's form: b_hn sits inside r ⊙ (…)."""

    b_h: np.ndarray | None = None  # (*batch, 3n) second bias, added to W_h h (default 0); `b` goes with x

    name = "gru"
    title = "GRU"
    gates = ("r", "z", "n")
    records: ClassVar[Mapping[str, int]] = {"z": 3, "gates": 3, "u_n": 1}
    candidate = "n"
    latex = (
        r"r_t = \sigma(W_{xr} x_t + W_{hr} h_{t-1} + b_r)",
        r"z_t = \sigma(W_{xz} x_t + W_{hz} h_{t-1} + b_z)",
        r"n_t = \tanh(W_{xn} x_t + b_{xn} + r_t \odot (W_{hn} h_{t-1} + b_{hn}))",
        r"h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}",
    )

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
            "z": _joined(z_r, z_z, z_n),
            "gates": _joined(r, z, n),
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
        safe = tr.fits and _safe(tr.z)
        (r, z, n), (sr, sz, sn) = self._values_and_slopes(tr, safe)
        z_z, u_n = self.split(tr.z if safe else tr.numbers("z"))[1], tr.u_n if safe else tr.numbers("u_n")
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


CELLS = {cell.name: cell for cell in (RNN, LSTM, GRU)}
