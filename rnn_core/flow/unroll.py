"""Unrolling a cell over a sequence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rnn_core.cells import RNN, Cell, checked, matvec
from rnn_core.scaled import Scaled, frozen, is_mild, size_of, smallest_of

T_MAX = 10_000
_TINY = 1e-290  # what is below may have lost digits
_LOST = -900  # exponent of two below which a number that float64 has as 0 did not cancel, but underflow


@dataclass(frozen=True, eq=False)
class Trajectory:
    """All states of an unrolled cell, read-only. Row t - 1 of a per-step array is step t."""

    cell: Cell
    x: np.ndarray  # (T, *batch, m)
    s: np.ndarray  # (T+1, *batch, N); ±inf where a state exceeds float64
    z: np.ndarray  # (T, *batch, G·n), peephole terms included
    gates: np.ndarray  # (T, *batch, G·n) φ(z), or the pinned values; the RNN's only "gate" is h
    more: Mapping[str, np.ndarray] = field(default_factory=dict)  # (T, *batch, …) what else the cell's steps record
    beyond: Mapping[str, Scaled] | None = None  # all of these as numbers, where they over- or underflow

    def __post_init__(self) -> None:
        for name in ("x", "s", "z", "gates"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        object.__setattr__(self, "more", {name: frozen(row) for name, row in self.more.items()})

    @property
    def fits(self) -> bool:
        """Whether float64 holds all that was computed."""
        return self.beyond is None

    def numbers(self, name: str) -> Scaled:
        """`s`, `z`, `gates` or one of `more`, each number with its own exponent, true beyond float64."""
        if self.beyond is not None:
            return self.beyond[name]
        return Scaled.of(self.more[name] if name in self.more else getattr(self, name))

    @property
    def T(self) -> int:
        return len(self.z)

    @property
    def h(self) -> np.ndarray:
        """(T+1, *batch, n)"""
        return self.s[..., -self.cell.n :]

    @property
    def c(self) -> np.ndarray:
        """(T+1, *batch, n), LSTM only."""
        if self.cell.blocks != ("c", "h"):
            raise ValueError(f"only an LSTM has a cell state c, got cell {self.cell.name!r}")
        return self.s[..., : self.cell.n]

    @cached_property
    def scaled_h(self) -> Scaled:
        """h (T+1, *batch, n), true also beyond float64; as floats with one exponent a vector, 0, where they serve."""
        if self.fits and is_mild(size_of(self.h, axes=1)).all():
            return Scaled(self.h, np.zeros(self.h.shape[:-1], dtype=np.int64))
        return self.numbers("s")[..., -self.cell.n :]

    @property
    def batch(self) -> tuple[int, ...]:
        return self.s.shape[1:-1]

    def gate(self, name: str) -> np.ndarray:
        """(T, *batch, n) values of one gate."""
        return self.cell.split(self.gates)[self.cell.gates.index(name)]


def unroll(cell: Cell, x: np.ndarray, h0: np.ndarray | float = 0.0, c0: np.ndarray | float | None = None) -> Trajectory:
    """Run `cell` over x (T, *batch, m), 0 ≤ T ≤ 10,000, from h0 (*batch, n) and, for an LSTM, c0 (*batch, n).

    Batch axes of inputs, states and parameters broadcast. Raises ValueError for wrong shapes, values that
    are not finite, T beyond the limit, c0 given to a cell without one, or an LSTM or GRU with an unbounded
    activation whose states exceed float64. An RNN's states may overflow: they are shown as ±inf, and those that
    underflow as 0, while `beyond` holds what they are.
    """
    x = checked("x", x, (None, cell.m))
    T = len(x)
    if T > T_MAX:
        raise ValueError(f"T must be from 0 to {T_MAX}, got {T}")
    parts = {"c": c0, "h": h0}
    if c0 is not None and "c" not in cell.blocks:
        raise ValueError(f"c0 is for an LSTM only, got {c0!r} for cell {cell.name!r}")
    initial = []
    for name in cell.blocks:
        start = np.asarray(0.0 if parts[name] is None else parts[name])
        initial.append(checked(f"{name}0", start, (cell.n,) if start.ndim else ()))
    try:
        batch = np.broadcast_shapes(x.shape[1:-1], cell.batch, *(p.shape[:-1] for p in initial))
    except ValueError:
        shapes = [x.shape[1:-1], cell.batch, *(p.shape[:-1] for p in initial)]
        raise ValueError(f"batch axes of x, parameters and states must broadcast, got {shapes}") from None

    with np.errstate(over="ignore", invalid="ignore"):
        lone = (1,) * (len(batch) - (x.ndim - 2))
        x = x.reshape(T, *lone, *x.shape[1:])
        drive = cell.drive(x)
        s = np.empty((T + 1, *batch, cell.N))
        for block, start in enumerate(initial):
            s[0, ..., block * cell.n : (block + 1) * cell.n] = start
        rows = {name: np.empty((T, *batch, width * cell.n)) for name, width in cell.records.items()}
        if isinstance(cell, RNN):
            _run_rnn(cell, drive, s, rows["z"])
        else:
            by_step(cell, drive, s, rows)
        fits, beyond = np.isfinite(np.vdot(s, s)) or np.isfinite(s).all(), None
        if not (fits or cell.carries_on):
            finite = np.isfinite(s).reshape(T + 1, -1).all(axis=1)
            end, name = int(np.argmin(finite)), cell.activation.name
            raise ValueError(f"the states exceed float64 at step {end} with the unbounded activation {name!r}")
        if not fits or _underflows(cell, x, s, rows):
            beyond = in_numbers(cell, x, s[0], rows)
            s, rows = beyond["s"].value, {name: beyond[name].value for name in rows}
            beyond.setdefault("gates", beyond["s"][1:])
    if batch != x.shape[1:-1]:
        x = np.broadcast_to(x, (T, *batch, cell.m))
    return Trajectory(cell, x, s, rows.pop("z"), rows.pop("gates", s[1:]), rows, beyond)


def _underflows(cell: Cell, x: np.ndarray, s: np.ndarray, rows: dict[str, np.ndarray]) -> bool:
    """Whether a number that was computed is below float64's normal ones, and no exact 0.

    All steps are done once more, from the states as they are: the first that loses a number finds it.
    """
    done = rows | {"s": s[1:]}
    if all(smallest_of(row) >= _TINY for row in done.values()):
        return False
    small = {name: np.abs(row) < _TINY for name, row in done.items()}
    exact = cell.step(cell.drive(Scaled.of(x)), Scaled.of(s[:-1]))
    return any(
        (there & (exact[name].mant != 0) & (exact[name].exp2 < _LOST)).any()
        for name, there in small.items()
        if isinstance(exact[name], Scaled)
    )


def in_numbers(cell: Cell, x: np.ndarray, s0: np.ndarray, rows: Iterable[str]) -> dict[str, Scaled]:
    """All steps of any cell in numbers of any size: `s` and the `rows`."""
    drive, s = cell.drive(Scaled.of(x)), [Scaled.of(s0)]
    found: dict[str, list[Scaled]] = {name: [] for name in rows}
    for t in range(len(x)):
        step = cell.step(drive[t], s[-1])
        s.append(step["s"])
        for name, row in found.items():
            done = step[name]
            row.append(done if isinstance(done, Scaled) else Scaled.of(done))  # plain where all gates are pinned
    return {"s": Scaled.stack(s)} | {name: Scaled.stack(row) for name, row in found.items()}


def by_step(cell: Cell, drive: np.ndarray, s: np.ndarray, rows: dict[str, np.ndarray]) -> None:
    """All steps of any cell, as its `step` says, into the arrays given."""
    for t in range(len(drive)):
        step = cell.step(drive[t], s[t])
        s[t + 1] = step["s"]
        for name, row in rows.items():
            row[t] = step[name]


def _run_rnn(cell: RNN, drive: np.ndarray, s: np.ndarray, z: np.ndarray) -> None:
    """What `by_step` does for an RNN, to the last bit, without its temporary arrays."""
    φ, W_h = cell.activation.phi, cell.W_h
    if s[0].size == 1:  # one number: lone ones are faster than arrays of one
        w, h, states = W_h.item(), s[0].item(), []
        for a in drive.ravel().tolist():
            h = φ(a + w * h)
            states.append(h)
        s[1:] = np.reshape(states, s[1:].shape)
        np.add(matvec(W_h, s[:-1]), drive, out=z)
        return
    for t in range(len(drive)):
        row = matvec(W_h, s[t], out=z[t])
        row += drive[t]
        s[t + 1] = φ(row)
