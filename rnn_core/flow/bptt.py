"""Losses, and backpropagation through time itemised by step and by (loss step, use step).

Names: a gradient is d + name, so `dW_h` is ∂L/∂W_h. Row t - 1 of a per-step array is the share of the
parameter's use at step t (the bars of RNNbow, Cashman et al. 2017).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np

from rnn_core.cells import LSTM, checked, common_scale
from rnn_core.flow.gradient import GradientFlow, to_gates
from rnn_core.scaled import (
    FULL,
    NOTHING,
    RESCALE,
    ROOM,
    Scaled,
    bits_below,
    frozen,
    is_mild,
    ldexp,
    size_of,
    smallest_of,
    times,
    where,
)

LOSSES = ("sum_last", "squared_error", "softmax_cross_entropy")
_LINEAR = 1e-20  # up to here log(1 + x) is x


@dataclass(frozen=True, eq=False)
class Loss:
    """L = Σ over `steps` (default 1 … T) of L_t(h_t); no averaging.

    `sum_last`: L = Σ h_T. `squared_error`: ½‖V h + c - y‖², targets y (S, *batch, q).
    `softmax_cross_entropy`: -log softmax(V h + c)[label], targets = labels (S, *batch) of a vocabulary of
    q words. V (q, n), c (q), default 0; S loss steps. Labels and steps may be whole floats.

    Raises ValueError for an unknown kind, wrong shapes, labels or steps out of range.
    """

    kind: str
    V: Any = None
    c: Any = None
    targets: Any = None
    steps: Any = None

    def __post_init__(self) -> None:
        if self.kind not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {self.kind!r}")
        if self.kind != "sum_last" and self.V is None:
            raise ValueError(f"loss {self.kind!r} needs V, c and targets, got V = None")
        if self.kind != "sum_last" and self.targets is None:
            raise ValueError(f"loss {self.kind!r} needs V, c and targets, got targets = None")

    def steps_of(self, T: int) -> np.ndarray:
        """The steps that bear a loss, each from 0 to T."""
        if self.kind == "sum_last":
            return np.array([T])
        if self.steps is None:
            return np.arange(1, T + 1)
        return np.atleast_1d(_whole("loss steps", self.steps, T, f"T = {T}"))

    def of_states(self, h: Scaled) -> tuple[Scaled, Scaled]:
        """L_t (T+1, *batch) and ∂L_t/∂h_t (T+1, *batch, n) for states h (T+1, *batch, n)."""
        T = len(h.mant) - 1
        steps = self.steps_of(T)
        if self.kind == "sum_last":
            one = Scaled(np.ones((1, *h.mant.shape[1:])), np.zeros((1, *h.mant.shape[1:-1]), dtype=np.int64))
            return _placed(h.entries()[-1:].sum(axis=-1), steps, T), _placed(one, steps, T)
        V = checked("V", self.V, (None, h.mant.shape[-1]))
        c = checked("c", np.zeros(len(V)) if self.c is None else self.c, (len(V),))
        targets = np.asarray(self.targets)
        if len(np.atleast_1d(targets)) != len(steps):
            raise ValueError(f"targets must have one row a loss step ({len(steps)}), got {targets.shape}")
        if not len(steps):
            return Scaled.of(np.zeros(h.mant.shape[:-1])), Scaled.of(np.zeros(h.mant.shape))
        h = h[slice(1, T + 1) if self.steps is None else steps]
        batch = h.mant.shape[1:-1]
        lone = (1,) * len(batch)  # targets without batch axes serve every position of the batch
        if self.kind == "squared_error":
            targets = checked("targets", targets, (len(V),))
            wanted = targets.reshape(len(steps), *lone, len(V)) if targets.ndim == 2 else targets
            dy = times(h, V.T) + c - wanted
            return _placed((dy * dy * 0.5).sum(axis=-1), steps, T), times(_placed(dy, steps, T).plain(1), V).mild()
        labels = _whole("labels", targets, len(V) - 1, str(len(V) - 1))
        labels = labels.reshape(len(steps), *lone) if labels.ndim == 1 else labels
        labels = np.broadcast_to(labels, (len(steps), *batch))
        L, dh = ((np.zeros(shape), np.full(shape, NOTHING)) for shape in (labels.shape, h.mant.shape))
        for label in np.unique(labels):  # all is taken relative to the label's own logit, so that nothing cancels
            at = labels == label
            found = _cross_entropy(h[at], V - V[label], c - c[label], label)
            for (mant, exp2), part in zip((L, dh), found, strict=True):
                mant[at], exp2[at] = part.mant, part.exp2
        return _placed(Scaled(*L), steps, T), _placed(Scaled(*dh).shared(1), steps, T)


def _placed(terms: Scaled, steps: np.ndarray, T: int) -> Scaled:
    """Terms (S, …) added up at the steps that bear them, (T+1, …)."""
    mant, exp2 = np.zeros((T + 1, *terms.mant.shape[1:])), np.full((T + 1, *terms.exp2.shape[1:]), NOTHING)
    found, first = np.unique(steps, return_index=True)
    mant[found], exp2[found] = terms.mant[first], terms.exp2[first]
    for again in np.setdiff1d(np.arange(len(steps)), first):  # a step may bear more than one loss
        t = steps[again]
        added = Scaled(mant[t], exp2[t]) + terms[again]
        mant[t], exp2[t] = added.mant, added.exp2
    return Scaled(mant, exp2)


def _whole(name: str, values: Any, last: int, shown: str) -> np.ndarray:
    """`values` as whole numbers from 0 to `last`."""
    numbers = checked(name, values, ())
    wrong = (numbers != np.floor(numbers)) | (numbers < 0) | (numbers > last)
    if wrong.any():
        raise ValueError(f"{name} must be whole numbers from 0 to {shown}, got {numbers[wrong][0]:g}")
    return numbers.astype(int)


def _cross_entropy(h: Scaled, V: np.ndarray, c: np.ndarray, label: int) -> tuple[Scaled, Scaled]:
    """-log softmax(V h + c)[label] and its derivative by h (S, n), where V and c are 0 at the label."""
    lead = (times(h, V.T) + c).blocks(1)  # over the label's own logit
    top = Scaled(lead.mant.max(axis=-1), lead.exp2)
    e = odds(lead)
    others = where(np.arange(len(c)) == label, Scaled.of(np.zeros(())), e).sum(axis=-1)
    whole, small = e.sum(axis=-1).value, others.value
    behind = top + np.log(whole)
    ahead = where(small < _LINEAR, others, Scaled.of(np.log1p(small)))
    return where(top.mant > 0, behind, ahead), times(e * (1 / whole[..., None]), V).entries()


def odds(logits: Scaled) -> Scaled:
    """exp(logits) over the largest of each row, (…, q): numbers, none of them 0."""
    y = logits.blocks(1)
    below = Scaled(y.mant - y.mant.max(axis=-1, keepdims=True), y.exp2).value
    return Scaled.from_log(np.maximum(below, np.finfo(float).min))


@dataclass(frozen=True, eq=False)
class Gradients:
    """∂L/∂everything for one trajectory; see `backpropagate`."""

    flow: GradientFlow
    loss: Loss
    losses: Scaled  # (T+1, *batch) L_t
    dh: Scaled  # (T+1, *batch, n) ∂L_t/∂h_t alone
    ds: Scaled  # (T+1, *batch, N) ∂L/∂s_k along every path

    @property
    def loss_t(self) -> np.ndarray:
        """L_t, (T+1, *batch); beyond float64 it is inf, its gradient is not."""
        return self.losses.value

    @property
    def L(self) -> np.ndarray:
        """The loss, (*batch)."""
        return self.losses.sum(axis=0).value

    @property
    def dh_local(self) -> np.ndarray:
        """∂L_t/∂h_t alone, (T+1, *batch, n)."""
        return self.dh.value

    @cached_property
    def _read(self) -> tuple[Scaled, Scaled]:
        """What W_h and W_x read at each step, (T, *batch, n) and (T, *batch, m)."""
        tr = self.flow.trajectory
        return tr.scaled_h[:-1], Scaled.of(tr.x).shared(1)

    def _delivered(self, table: Scaled) -> Scaled:
        """∂L/∂(what weights deliver to the gates), (T, *batch, G·n)."""
        return _through_gates(self.ds[1:], table)

    @cached_property
    def db_h_step(self) -> Scaled:
        """Share of each step's use of b_h (with W_h's lanes), (T, *batch, G·n)."""
        return self._delivered(self.flow.local.A)

    @cached_property
    def db_step(self) -> Scaled:
        """Share of each step's use of b (with W_x's lanes), (T, *batch, G·n)."""
        local = self.flow.local
        return self.db_h_step if local.A_x is local.A else self._delivered(local.A_x)

    @property
    def dW_h_step(self) -> np.ndarray:
        """(T, *batch, G·n, n)"""
        return _outer(self.db_h_step, self._read[0])

    @property
    def dW_x_step(self) -> np.ndarray:
        """(T, *batch, G·n, m)"""
        return _outer(self.db_step, self._read[1])

    @property
    def dW_h_step_log(self) -> np.ndarray:
        """log ‖·‖_F of `dW_h_step` (natural), (T, *batch); true beyond underflow."""
        return _log_outer(self.db_h_step, self._read[0].vector_norm())

    @property
    def dW_x_step_log(self) -> np.ndarray:
        """log ‖·‖_F of `dW_x_step` (natural), (T, *batch); true beyond underflow."""
        return _log_outer(self.db_step, self._read[1].vector_norm())

    @property
    def dW_h(self) -> np.ndarray:
        """∂L/∂W_h, (*batch, G·n, n)"""
        return _summed(self.db_h_step, self._read[0])

    @property
    def dW_x(self) -> np.ndarray:
        """∂L/∂W_x, (*batch, G·n, m)"""
        return _summed(self.db_step, self._read[1])

    @property
    def db(self) -> np.ndarray:
        """∂L/∂b, (*batch, G·n)"""
        return _sum(self.db_step)

    @property
    def db_h(self) -> np.ndarray:
        """∂L/∂b_h, (*batch, G·n): the GRU's second bias; elsewhere the same as `db`."""
        return _sum(self.db_h_step)

    @property
    def dpeepholes(self) -> np.ndarray:
        """∂L/∂peepholes, (*batch, 3, n), LSTM with peepholes only."""
        cell, tr = self.flow.trajectory.cell, self.flow.trajectory
        if not isinstance(cell, LSTM) or cell.peepholes is None:
            raise ValueError(f"only an LSTM with peepholes has this gradient, got cell {cell.name!r} without")
        dz_i, dz_f, _, dz_o = cell.split(self.db_step.entries())
        c = tr.numbers("s")[..., : cell.n]
        return np.stack([(dz * c).sum(0).value for dz, c in ((dz_i, c[:-1]), (dz_f, c[:-1]), (dz_o, c[1:]))], axis=-2)

    @cached_property
    def itemised_log(self) -> np.ndarray:
        """log ‖∂L_t/∂W_h used at step k‖_F (natural), [t-1, k-1], (T, T, *batch).

        NaN where it does not exist: k > t, or no loss at step t.
        """
        tr = self.flow.trajectory
        T, N, batch = tr.T, tr.cell.N, tr.batch
        out = np.full((T, T, *batch), np.nan)
        h, local = self._read[0].vector_norm(), _of_states(self.dh, N)
        moved = local[:0]
        for k in range(T, 0, -1):
            live = _stacked(local[k : k + 1], moved)  # ∂L_t/∂s_k for t = k … T
            out[k - 1 :, k - 1] = _log_outer(_through_gates(live, self.flow.local.A[k - 1]), h[k - 1])
            moved = self.flow.pulled_back(live, k)
        out[np.setdiff1d(np.arange(1, T + 1), self.loss.steps_of(T)) - 1] = np.nan
        return frozen(out)


def _of_states(dh: Scaled, N: int) -> Scaled:
    """∂L_t/∂s_t (…, N): a loss reads h alone, the last of a state's numbers."""
    n = dh.mant.shape[-1]
    if n == N:
        return dh
    mant, exp2 = np.zeros((*dh.mant.shape[:-1], N)), dh.exp2
    mant[..., N - n :] = dh.mant
    if not dh.axes:
        exp2 = np.full(mant.shape, NOTHING)
        exp2[..., N - n :] = dh.exp2
    return Scaled(mant, exp2)


def _stacked(first: Scaled, rest: Scaled) -> Scaled:
    """Vectors one after the other, with one exponent each where both have it."""
    a, b = (first, rest) if first.axes == rest.axes else (first.entries(), rest.entries())
    return Scaled(np.concatenate([a.mant, b.mant]), np.concatenate([a.exp2, b.exp2]))


def _through_gates(g: Scaled, A: Scaled) -> Scaled:
    """∂L/∂s (…, N) times a table A (…, B, G, n), flat: (…, G·n)."""
    common = common_scale(A)
    if g.axes and common is not None:
        da = to_gates(g.mant, common[0][0])
        if smallest_of(da) > FULL or g.bits + bits_below(common[0][0]) <= ROOM:
            return Scaled(da, g.exp2 + common[1]).mild()
    B, G, n = A.mant.shape[-3:]
    by_gate = (g.reshape(*g.mant.shape[:-1], B, 1, n) * A.entries()).sum(axis=-3)
    return by_gate.reshape(*by_gate.shape[:-2], G * n).shared(1)


def _sum(steps: Scaled) -> np.ndarray:
    """Sum over the steps: terms beyond float64 may cancel."""
    if steps.axes == 1:
        exp2 = steps.exp2.max(axis=0, initial=NOTHING)
        total = ldexp(steps.mant, (steps.exp2 - exp2)[..., None]).sum(axis=0)
        if smallest_of(total) > FULL:
            return ldexp(total, exp2[..., None])
    return steps.sum(axis=0).value


def _summed(da: Scaled, read: Scaled) -> np.ndarray:
    """Σ_t of the outer products da_t ⊗ read_t, without storing each unless their sizes differ widely."""
    if da.axes == read.axes == 1:
        exp2 = (da.exp2 + read.exp2).max(axis=0, initial=NOTHING)
        wide, narrow = (da.mant, read.mant) if da.mant.shape[-1] > read.mant.shape[-1] else (read.mant, da.mant)
        down = da.exp2 + read.exp2 - exp2
        shifted = ldexp(narrow, down[..., None])
        left, right = (wide, shifted) if wide is da.mant else (shifted, wide)
        total = np.moveaxis(left, 0, -1) @ np.moveaxis(right, 0, -2)
        if smallest_of(total) > FULL or da.bits + read.bits - down[down > NOTHING // 2].min(initial=0) <= ROOM:
            return ldexp(total, exp2[..., None, None])
    rows = (da[t].entries()[..., :, None] * read[t].entries()[..., None, :] for t in range(len(da.mant)))
    return reduce(operator.add, rows, Scaled.of(np.zeros((*da.mant.shape[1:], read.mant.shape[-1])))).value


def _log_outer(da: Scaled, read: Scaled) -> np.ndarray:
    """log ‖da ⊗ read‖_F, given the norm of what was read."""
    return (da.vector_norm() * read).log


def _outer(da: Scaled, read: Scaled) -> np.ndarray:
    """da ⊗ read as floats."""
    return (da.entries()[..., :, None] * read.entries()[..., None, :]).value


def backpropagate(flow: GradientFlow, loss: Loss) -> Gradients:
    """Backpropagation through time, in exactly reverse order (Werbos 1990)."""
    losses, dh = loss.of_states(flow.trajectory.scaled_h)
    local = _of_states(dh, flow.trajectory.cell.N)
    ds = _with_one_exponent(flow, local) if local.axes else None
    return Gradients(flow, loss, losses, dh, ds or _by_numbers(flow, local))


def _with_one_exponent(flow: GradientFlow, local: Scaled) -> Scaled | None:
    """∂L/∂s_k with one exponent a vector; None where the numbers of one lie too far apart for that."""
    mant, exp2 = np.empty(local.mant.shape), np.empty(local.exp2.shape, dtype=np.int64)
    g = local[-1].mild()
    mant[-1], exp2[-1] = g.mant, g.exp2
    for stop in range(flow.T, 0, -RESCALE):
        start = max(stop - RESCALE, 0)
        if _swiftly_back(flow, local, mant, exp2, start, stop):
            continue
        g = Scaled(mant[stop], exp2[stop])
        for t in range(stop, start, -1):  # sizes differ widely: rescale after each step
            g = flow.pulled_back(g, t)
            if local.mant[t - 1].any():
                g = (g.entries() + local[t - 1].entries()).shared(1)
            if not g.axes:
                return None
            mant[t - 1], exp2[t - 1] = g.mant, g.exp2
    return Scaled(mant, exp2)


def _by_numbers(flow: GradientFlow, local: Scaled) -> Scaled:
    """∂L/∂s_k, each number with its own exponent."""
    rows = [local[-1].entries()]
    for t in range(flow.T, 0, -1):
        rows.append(flow.pulled_back(rows[-1], t).entries() + local[t - 1].entries())
    return Scaled.stack(rows[::-1]).shared(1)


def _swiftly_back(flow: GradientFlow, local: Scaled, mant: np.ndarray, exp2: np.ndarray, start: int, stop: int) -> bool:
    """∂L/∂s_k for k = stop-1 … start with one exponent for all; False where the sizes leave no room for that."""
    if flow.bits is None:
        return False
    grown = np.cumsum(flow.exp2[start:stop][::-1], axis=0)[::-1]  # exponents that the steps k+1 … stop bring in
    common = np.maximum(exp2[stop], (local.exp2[start:stop] - grown).max(axis=0))
    down, before = local.exp2[start:stop] - grown - common, exp2[stop] - common
    lowest = max(
        local.bits - down[local.exp2[start:stop] > NOTHING // 2].min(initial=0),
        bits_below(mant[stop]) - before[exp2[stop] > NOTHING // 2].min(initial=0),
    )
    if lowest + (stop - start) * flow.bits > ROOM:
        return False
    added, g = ldexp(local.mant[start:stop], down[..., None]), ldexp(mant[stop], before[..., None])
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(stop, start, -1):
            g = np.add(flow.times_jacobian(g, t), added[t - 1 - start], out=mant[t - 1])
        size = size_of(mant[start:stop], axes=1)
    if not is_mild(size).all():
        return False
    exp2[start:stop] = grown + common
    if is_mild(size**2).all():  # of so ordinary a size that the steps before may follow
        return True
    shift = np.frexp(size)[1]
    mant[start:stop] *= np.ldexp(1.0, -shift)[..., None]
    exp2[start:stop] += shift
    return True
