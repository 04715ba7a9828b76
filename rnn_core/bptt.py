"""Losses, and backpropagation through time itemised by step and by (loss step, use step).

Names: a gradient is d + name, so `dW_h` is ∂L/∂W_h. Row t - 1 of a per-step array is the share of the
parameter's use at step t (the bars of RNNbow, Cashman et al. 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rnn_core.cells import LSTM, checked, common_scale
from rnn_core.flow import GradientFlow
from rnn_core.scaled import NOTHING, Scaled, ldexp

LOSSES = ("sum_last", "squared_error", "softmax_cross_entropy")


@dataclass(frozen=True, eq=False)
class Loss:
    """L = Σ over `steps` (default 1 … T) of L_t(h_t); no averaging.

    `sum_last`: L = Σ h_T. `squared_error`: ½‖V h + c - y‖², targets y (S, *batch, q).
    `softmax_cross_entropy`: -log softmax(V h + c)[label], targets = labels (S, *batch) of a vocabulary of
    q words. V (q, n), c (q), default 0; S loss steps.

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

    def steps_of(self, T: int) -> np.ndarray:
        """The steps that bear a loss, each from 0 to T."""
        if self.kind == "sum_last":
            return np.array([T])
        steps = np.arange(1, T + 1) if self.steps is None else np.asarray(self.steps)
        if steps.dtype.kind not in "iu" and steps.size:
            raise ValueError(f"loss steps must be whole numbers from 0 to T = {T}, got {steps.flat[0]}")
        outside = (steps < 0) | (steps > T)
        if outside.any():
            raise ValueError(f"loss steps must be from 0 to T = {T}, got {steps[outside][0]}")
        return steps.astype(int)

    def of_states(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """L_t (T+1, *batch) and ∂L_t/∂h_t (T+1, *batch, n) for states h (T+1, *batch, n)."""
        steps = self.steps_of(len(h) - 1)
        L, dh = np.zeros(h.shape[:-1]), np.zeros(h.shape)
        if self.kind == "sum_last":
            L[-1], dh[-1] = h[-1].sum(axis=-1), 1.0
            return L, dh
        V = checked("V", self.V, (None, h.shape[-1]))
        c = checked("c", np.zeros(len(V)) if self.c is None else self.c, (len(V),))
        targets = np.asarray(self.targets)
        if len(np.atleast_1d(targets)) != len(steps):
            raise ValueError(f"targets must have one row a loss step ({len(steps)}), got {targets.shape}")
        y = h[steps] @ V.T + c
        lone = (1,) * (y.ndim - 2)  # targets without batch axes serve every position of the batch
        if self.kind == "squared_error":
            targets = checked("targets", targets, (len(V),))
            error = y - (targets.reshape(len(steps), *lone, -1) if targets.ndim == 2 else targets)
            L_t, dy = (error**2).sum(axis=-1) / 2, error
        else:
            L_t, dy = _cross_entropy(y, targets.reshape(len(steps), *lone) if targets.ndim == 1 else targets)
        np.add.at(L, steps, L_t)
        np.add.at(dh, steps, dy @ V)
        return L, dh


def _cross_entropy(y: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-log softmax(y)[label] and its derivative softmax(y) - onehot, without cancellation."""
    words = y.shape[-1]
    wrong = (labels < 0) | (labels >= words)
    if labels.dtype.kind not in "iu" or wrong.any():
        got = labels[wrong][0] if wrong.any() else labels.dtype
        raise ValueError(f"labels must be whole numbers from 0 to {words - 1}, got {got}")
    labels = np.broadcast_to(labels, y.shape[:-1])[..., None]
    chosen = np.arange(words) == labels
    lead = y - np.take_along_axis(y, labels, axis=-1)  # over the label's own logit
    top = lead.max(axis=-1, keepdims=True)
    e = np.exp(lead - top)
    others = np.where(chosen, 0.0, e).sum(axis=-1, keepdims=True)
    whole = np.exp(-top) + others
    L = np.where(top > 0, top + np.log(whole), np.log1p(others))  # log1p where the label leads
    return L[..., 0], np.where(chosen, -others, e) / whole


@dataclass(frozen=True, eq=False)
class Gradients:
    """∂L/∂everything for one trajectory; see `backpropagate`."""

    flow: GradientFlow
    loss: Loss
    loss_t: np.ndarray  # (T+1, *batch)
    dh_local: np.ndarray  # (T+1, *batch, n) ∂L_t/∂h_t alone
    ds: Scaled  # (T+1, *batch, N) ∂L/∂s_k along every path

    @property
    def L(self) -> np.ndarray:
        """The loss, (*batch)."""
        return self.loss_t.sum(axis=0)

    def _delivered(self, table: Scaled) -> Scaled:
        """∂L/∂(what weights deliver to the gates), (T, *batch, G·n)."""
        (A,), exp2 = common_scale(table)
        return _through_gates(self.ds[1:], A, exp2).normalised()

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
        return _outer(self.db_h_step, self.flow.trajectory.h[:-1])

    @property
    def dW_x_step(self) -> np.ndarray:
        """(T, *batch, G·n, m)"""
        return _outer(self.db_step, self.flow.trajectory.x)

    @property
    def dW_h_step_log(self) -> np.ndarray:
        """log ‖·‖_F of `dW_h_step` (natural), (T, *batch); true beyond underflow."""
        return _log_outer(self.db_h_step, _log_norm(self.flow.trajectory.h[:-1]))

    @property
    def dW_x_step_log(self) -> np.ndarray:
        """log ‖·‖_F of `dW_x_step` (natural), (T, *batch); true beyond underflow."""
        return _log_outer(self.db_step, _log_norm(self.flow.trajectory.x))

    @property
    def dW_h(self) -> np.ndarray:
        """∂L/∂W_h, (*batch, G·n, n)"""
        return self._summed(self.db_h_step, self.flow.trajectory.h[:-1])

    @property
    def dW_x(self) -> np.ndarray:
        """∂L/∂W_x, (*batch, G·n, m)"""
        return self._summed(self.db_step, self.flow.trajectory.x)

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
        dz_i, dz_f, _, dz_o = cell.split(self.db_step.value)
        c_prev, c = tr.c[:-1], tr.c[1:]
        return np.stack([(dz_i * c_prev).sum(0), (dz_f * c_prev).sum(0), (dz_o * c).sum(0)], axis=-2)

    def _summed(self, da: Scaled, read: np.ndarray) -> np.ndarray:
        """Σ_t of the outer products, without storing each where floats allow."""
        if not np.isfinite(read).all():
            with np.errstate(invalid="ignore"):
                return _outer(da, read).sum(axis=0)
        common, exp2 = _common(da)
        read = np.broadcast_to(read, (*da.exp2.shape, read.shape[-1]))
        return ldexp(np.moveaxis(common, 0, -1) @ np.moveaxis(read, 0, -2), exp2[..., None, None])

    @cached_property
    def itemised_log(self) -> np.ndarray:
        """log ‖∂L_t/∂W_h used at step k‖_F (natural), [t-1, k-1], (T, T, *batch).

        NaN where it does not exist: k > t, or no loss at step t.
        """
        tr = self.flow.trajectory
        T, N, batch = tr.T, tr.cell.N, tr.batch
        out = np.full((T, T, *batch), np.nan)
        rows = Scaled(np.zeros((T, *batch, N)), np.full((T, *batch), NOTHING, dtype=np.int64))
        log_h = _log_norm(tr.h[:-1])
        n, ((A,), exp2) = tr.cell.n, common_scale(self.flow.local.A)
        for k in range(T, 0, -1):
            rows.mant[k - 1, ..., -n:], rows.exp2[k - 1] = self.dh_local[k], 0
            live = rows[k - 1 :]
            out[k - 1 :, k - 1] = _log_outer(_through_gates(live, A[k - 1], exp2[k - 1]), log_h[k - 1])
            J = self.flow.jacobians[k - 1]
            moved = (live.mant[..., None, :] @ J.mant)[..., 0, :]
            moved_rows = Scaled(moved, live.exp2 + J.exp2).normalised()
            rows.mant[k - 1 :], rows.exp2[k - 1 :] = moved_rows.mant, moved_rows.exp2
        out[np.setdiff1d(np.arange(1, T + 1), self.loss.steps_of(T)) - 1] = np.nan
        return out


def _through_gates(g: Scaled, A: np.ndarray, exp2: np.ndarray) -> Scaled:
    """∂L/∂s (…, N) times A (…, B, G, n) 2^exp2, flat: (…, G·n)."""
    B, G, n = A.shape[-3:]
    by_block = g.mant.reshape(*g.exp2.shape, B, n)
    da = np.einsum("...bj,...bqj->...qj", by_block, A)
    return Scaled(da.reshape(*g.exp2.shape, G * n), g.exp2 + exp2)


def _common(steps: Scaled) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (T, *batch, r) as floats times one power of two for all steps, (*batch)."""
    exp2 = steps.exp2.max(axis=0, initial=NOTHING)
    return ldexp(steps.mant, (steps.exp2 - exp2)[..., None]), exp2


def _sum(steps: Scaled) -> np.ndarray:
    """Sum over the steps: terms beyond float64 may cancel."""
    common, exp2 = _common(steps)
    return ldexp(common.sum(axis=0), exp2[..., None])


def _log_norm(x: np.ndarray) -> np.ndarray:
    """log ‖x‖ over the last axis; squares neither overflow nor underflow."""
    largest = np.abs(x).max(axis=-1, initial=0.0)
    unit = np.where((largest > 0) & (largest < np.inf), largest, 1.0)
    with np.errstate(divide="ignore"):
        return np.log(unit) + np.log(((x / unit[..., None]) ** 2).sum(axis=-1)) / 2


def _log_outer(da: Scaled, log_read: np.ndarray) -> np.ndarray:
    """log ‖da ⊗ read‖_F; 0 · ∞ is 0, since what was read is finite in truth."""
    log_da = da.vector_norm().log
    with np.errstate(invalid="ignore"):
        return np.where(np.isneginf(log_da), -np.inf, log_da + log_read)


def _outer(da: Scaled, read: np.ndarray) -> np.ndarray:
    """da ⊗ read as floats; 0 · ∞ is 0, since both are finite in truth."""
    a = da.value[..., :, None]
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where((a == 0) | (read[..., None, :] == 0), 0.0, a * read[..., None, :])


def backpropagate(flow: GradientFlow, loss: Loss) -> Gradients:
    """Backpropagation through time, in exactly reverse order (Werbos 1990)."""
    tr = flow.trajectory
    loss_t, dh = loss.of_states(tr.h)
    N, n = tr.cell.N, tr.cell.n
    local = np.zeros((*dh.shape[:-1], N))
    local[..., N - n :] = dh
    mant, exp2 = np.empty(local.shape), np.zeros(local.shape[:-1], dtype=np.int64)
    g = Scaled.of(local[-1], axes=1)
    mant[-1], exp2[-1] = g.mant, g.exp2
    for t in range(tr.T, 0, -1):
        J = flow.jacobians[t - 1]
        g = Scaled((g.mant[..., None, :] @ J.mant)[..., 0, :], g.exp2 + J.exp2).normalised()
        if local[t - 1].any():
            g = g + Scaled.of(local[t - 1], axes=1)
        mant[t - 1], exp2[t - 1] = g.mant, g.exp2
    return Gradients(flow, loss, loss_t, dh, Scaled(mant, exp2))
