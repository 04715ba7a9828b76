"""How a gradient flows back through a trajectory: Jacobians, their products, factors, paths.

`products_to(t)` holds P[k] = ∂s_t/∂s_k = J_t J_{t-1} … J_{k+1} with P[t] = I; `products_from(k)` holds
∂s_t/∂s_k for t = k … T. All products are mantissa · 2^exponent; take logarithms last.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import numpy as np

from rnn_core.cells import LSTM, RNN, Local, common_scale, where_read
from rnn_core.flow.unroll import Trajectory
from rnn_core.scaled import (
    NOTHING,
    RESCALE,
    ROOM,
    Scaled,
    bits_below,
    cumulative_products,
    frozen,
    is_mild,
    largest_of,
    matrix_norm,
    where,
)

_APART = 600  # bits that the numbers of a step may lie below 1 when they share an exponent


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """The derivative of every state of a trajectory by every earlier one (Pascanu et al. 2013, eq. 5)."""

    trajectory: Trajectory
    cut: frozenset[str] = frozenset()  # gates whose paths are switched off, see `ablated`

    @property
    def T(self) -> int:
        return self.trajectory.T

    @property
    def n(self) -> int:
        return self.trajectory.cell.n

    @cached_property
    def local(self) -> Local:
        return self.trajectory.cell.local(self.trajectory)

    def ablated(self, gates: Iterable[str]) -> GradientFlow:
        """The same states with the paths through `gates` switched off: J_t - Σ E_{q,t} in place of J_t at every step.

        E_{q,t} is what h_{t-1} does through gate q, so this is the derivative of a network whose gate q reads a
        copy of h that nothing flows back through. Unlike R_q of `split_by_gate`, the first departure, it leaves
        out every path that uses the gate anywhere. Raises ValueError for a gate that the cell does not have.
        """
        known = self.trajectory.cell.gates
        cut = frozenset(gates)
        if not cut <= {*known}:
            raise ValueError(f"gates to switch off must be among {', '.join(known)}, got {min(cut - {*known})!r}")
        return replace(self, cut=self.cut | cut)

    @cached_property
    def _tables(self) -> tuple[Scaled, Scaled]:
        """Highway D and gate derivatives A, as J is made of them."""
        local, cell = self.local, self.trajectory.cell
        by_gate = where_read(local.A, cell.W_h_by_gate)
        if self.cut:
            kept = np.array([gate not in self.cut for gate in cell.gates])[:, None]
            by_gate = where(kept, by_gate.entries(), Scaled.of(np.zeros(())))
        return local.D, by_gate

    @cached_property
    def _parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, int] | None:
        """D and A as floats, the exponent that a step's share, and how many bits below 1 a number of J may lie.

        None where the numbers of a step lie too far apart for that: then each has an exponent of its own.
        """
        common = common_scale(*self._tables)
        if common is None:
            return None
        (D, A), exp2 = common
        bits = bits_below(A) + bits_below(self.trajectory.cell.W_h)
        if self.local.highway:
            bits = max(bits, bits_below(D))
        return (frozen(D), frozen(A), frozen(exp2), bits) if bits <= _APART else None

    @property
    def bits(self) -> int | None:
        """How many bits below 1 the smallest number of a step's J may lie that is not 0; None: no one knows."""
        return None if self._parts is None else self._parts[3]

    @cached_property
    def jacobians(self) -> Scaled:
        """J_t = ∂s_t/∂s_{t-1}, (T, *batch, N, N), true also where float64 underflows."""
        cell = self.trajectory.cell
        if self._parts is None:
            return self._by_entries().shared(2)
        D, A, exp2, _ = self._parts
        B, n = len(cell.blocks), cell.n
        if A.shape[-3:-1] == (1, 1) and not self.local.highway:
            return Scaled(A[..., 0, 0, :, None] * cell.W_h, exp2)
        if cell.N == 1:
            J = A[..., 0, :, :] * cell.W_h  # (T, *batch, G, 1) by (*batch, G, 1)
            return Scaled(J.sum(axis=-2, keepdims=True) + D[..., 0, :, :], exp2)
        J = np.zeros((*exp2.shape, B, n, B, n))
        J[..., -1, :] = np.einsum("...bqj,...qjl->...bjl", A, cell.W_h_by_gate)
        units = np.arange(n)
        for b, b_prev in np.ndindex(B, B):
            J[..., b, units, b_prev, units] += D[..., b, b_prev, :]
        return Scaled(J.reshape(*exp2.shape, cell.N, cell.N), exp2)

    def _by_entries(self) -> Scaled:
        """The Jacobians, each number with its own exponent."""
        (D, A), cell = (table.entries() for table in self._tables), self.trajectory.cell
        B, n = len(cell.blocks), cell.n
        by_h = (A[..., None] * cell.W_h_by_gate[..., None, :, :, :]).sum(axis=-3)  # (T, *batch, B, n, n)
        mant = np.zeros((*D.shape[:-3], B, n, B, n))
        exp2 = np.full(mant.shape, NOTHING)
        mant[..., -1, :], exp2[..., -1, :] = by_h.mant, by_h.exp2
        units = np.arange(n)
        for b, b_prev in np.ndindex(B, B):
            at = (..., b, units, b_prev, units)
            total = Scaled(mant[at], exp2[at]) + D[..., b, b_prev, :]
            mant[at], exp2[at] = total.mant, total.exp2
        return Scaled(mant, exp2).reshape(*D.shape[:-3], cell.N, cell.N)

    @cached_property
    def J(self) -> np.ndarray:
        """Step Jacobians as float64, (T, *batch, N, N)."""
        return self.jacobians.value

    @property
    def exp2(self) -> np.ndarray:
        """Exponents of the Jacobians, (T, *batch), where `bits` are known."""
        assert self._parts is not None
        return self._parts[2]

    def times_jacobian(self, g: np.ndarray, t: int) -> np.ndarray:
        """g J_t for row vectors g (…, *batch, N) without forming J_t, but for its exponent; where `bits` are known."""
        assert self._parts is not None
        (D, A, *_), cell = self._parts, self.trajectory.cell
        da, W_h = to_gates(g, A[t - 1]), cell.W_h
        by_h = da @ W_h if W_h.ndim == 2 else (da[..., None, :] @ W_h)[..., 0, :]
        if not self.local.highway:
            return by_h
        out = np.einsum("...bj,...bcj->...cj", g.reshape(*g.shape[:-1], len(cell.blocks), cell.n), D[t - 1])
        out[..., -1, :] += by_h
        return out.reshape(*out.shape[:-2], cell.N)

    def pulled_back(self, g: Scaled, t: int) -> Scaled:
        """∂L/∂s_{t-1} from ∂L/∂s_t, rows (…, *batch, N)."""
        if g.axes and self.bits is not None and bits_below(g.mant) + self.bits <= ROOM:
            return Scaled(self.times_jacobian(g.mant, t), g.exp2 + self.exp2[t - 1]).normalised()
        return (g.entries()[..., None, :] @ self.jacobians[t - 1])[..., 0, :].shared(1)

    def _interval(self, t: int | None, k: int) -> tuple[int, int]:
        t, k = _whole("t", self.T if t is None else t), _whole("k", k)
        if not 0 <= t <= self.T:
            raise ValueError(f"t must be from 0 to T = {self.T}, got {t}")
        if not 0 <= k <= t:
            raise ValueError(f"k must be from 0 to {t}, got {k}")
        return t, k

    def products_to(self, t: int | None = None, k: int = 0) -> Scaled:
        """∂s_t/∂s_j for j = k … t, (t-k+1, *batch, N, N); the default t is T."""
        t, k = self._interval(t, k)
        return self.P[k:] if t == self.T else _backwards(self.jacobians[k:t], self._columns(k, t), self.bits)

    def products_from(self, k: int = 0) -> Scaled:
        """∂s_t/∂s_k for t = k … T, (T-k+1, *batch, N, N)."""
        _, k = self._interval(None, k)
        return _products(self.jacobians[k:], self._columns(k, self.T), self.bits, left=True)

    @cached_property
    def P(self) -> Scaled:
        """∂s_T/∂s_k for k = 0 … T."""
        return _backwards(self.jacobians, self._columns(0, self.T), self.bits)

    def _columns(self, k: int, t: int) -> np.ndarray | None:
        """The columns of J without recurrent weights (an LSTM's C): diagonals, (t-k, *batch, B, B-1, n)."""
        return None if self._parts is None else self._parts[0][k:t, ..., :-1, :]

    @cached_property
    def slopes(self) -> Scaled:
        """φ'(z_t) of an RNN, (T, *batch, n), each with its own exponent."""
        cell = self.trajectory.cell
        if not isinstance(cell, RNN):
            raise ValueError(f"slopes belong to an RNN, got cell {cell.name!r}; a gated cell has one a gate")
        return cell.activation.scaled_slope(self.trajectory.numbers("z"))

    @cached_property
    def factors(self) -> Scaled:
        """w · φ'(z_t), the RNN's factor of each step, (T, *batch); n = 1 only."""
        if self.n != 1:
            raise ValueError(f"factors are numbers for n = 1 only, got n = {self.n}; use J")
        if not isinstance(self.trajectory.cell, RNN):
            raise ValueError(f"factors belong to an RNN, got cell {self.trajectory.cell.name!r}; use J")
        return _number(self.jacobians).normalised()

    def block(self, products: Scaled, row: str, column: str) -> Scaled:
        """One block of products, such as ∂h_t/∂h_k or ∂C_t/∂C_k with h_k held (*state*)."""
        blocks, n = self.trajectory.cell.blocks, self.n
        if row not in blocks or column not in blocks:
            raise ValueError(f"state parts of this cell are {', '.join(blocks)}, got {row!r}, {column!r}")
        b, c = blocks.index(row) * n, blocks.index(column) * n
        return products.part(slice(b, b + n), slice(c, c + n)).shared(2)

    def by_input(self, t: int | None = None, row: str = "h") -> Scaled:
        """∂h_t/∂x_k for k = 1 … t, (t, *batch, n, m): the same object for every cell; row = "c" for ∂C_t/∂x_k."""
        t, _ = self._interval(t, 0)
        cell = self.trajectory.cell
        W_x = _by_gate(cell.W_x, len(cell.gates))
        A_x = self.local.A_x[:t].entries()
        by_x = (A_x[..., None] * W_x[..., None, :, :, :]).sum(axis=-3)  # (t, *batch, B, n, m)
        at = cell.blocks.index(row) * self.n
        rows = self.products_to(t)[1:].entries()[..., at : at + self.n, :]
        return (rows @ by_x.reshape(*by_x.shape[:-3], cell.N, cell.m)).shared(2)

    # --- the four readings of ∂C_t/∂C_k, LSTM only -------------------------------------------------

    def _lstm(self) -> LSTM:
        cell = self.trajectory.cell
        if not isinstance(cell, LSTM):
            raise ValueError(f"∂C_t/∂C_k exists for an LSTM only, got cell {cell.name!r}")
        return cell

    def direct(self, t: int | None = None, k: int = 0) -> Scaled:
        """The book's product of forget gates f_t … f_{j+1}, j = k … t, unit by unit: (t-k+1, *batch, n)."""
        t, k = self._interval(t, k)
        cell = self._lstm()
        return _running(cell.split(self.trajectory.numbers("gates"))[1], t, k)

    def state(self, t: int | None = None, k: int = 0) -> Scaled:
        """∂C_t/∂C_j with h_j held fixed, j = k … t: the CC block of P, (t-k+1, *batch, n, n)."""
        self._lstm()
        return self.block(self.products_to(t, k), "c", "c")

    def total(self, t: int | None = None, k: int = 0) -> Scaled:
        """∂C_t/∂C_j with h_j = o_j tanh C_j following C_j, j = k … t: what autograd returns; the truth.

        h_0 is given independently, so at j = 0 this is `state`.

        Multiplied in the basis (C, h - v_j C), v_j = ∂h_j/∂C_j: there h moves with C by itself, and only what the
        output gate reads is left beside it. In the basis (C, h) the ways may cancel at every step anew.
        """
        t, k = self._interval(t, k)
        W_h, v = self._lstm().W_h_by_gate, self._following()[k:t, ..., None, :]
        A = self._tables[1][k:t].entries()[..., None]  # (t-k, *batch, B, G, n, 1)
        by_h = (A[..., 0, :3, :, :] * W_h[..., :3, :, :]).sum(axis=-3)  # through i, f and g to C
        by_o = A[..., 1, 3, :, :] * W_h[..., 3, :, :]  # past C to h
        keep = _diagonal(self._keep[k:t]).entries()
        rows = [Scaled.concatenate(row) for row in ((keep + by_h * v, by_h), (by_o * v, by_o))]
        M = Scaled(*(np.concatenate([getattr(row, part) for row in rows], axis=-2) for part in ("mant", "exp2")))
        return self.block(_backwards(M.shared(2), None, None), "c", "c")

    def one_step(self, t: int | None = None, k: int = 0) -> Scaled:
        """Product of one-step totals ∂C_j/∂C_{j-1}, often met in blogs; exact at lag 1, or where o reads no h.

        The blogs' ∂h/∂C = o tanh'(C) is used, without o's peephole (with one, not even lag 1 is exact).
        """
        t, k = self._interval(t, k)
        n, J, follow = self._lstm().n, self.jacobians, self._following(peephole=False)
        J = J[k:t].entries()
        M = J[..., :n, :n] + J[..., :n, n:] * follow[k:t, ..., None, :]
        return _backwards(M.shared(2), np.zeros((t - k, 0, 0, n)), None)

    def _following(self, peephole: bool = True) -> Scaled:
        """∂h_k/∂C_k for k = 0 … T, (T+1, *batch, n): 0 at k = 0, where h_0 is given."""
        read = self._lstm().read_out(self.trajectory, peephole)
        first = Scaled.of(np.zeros((1, *read.shape[1:])))
        return Scaled(np.concatenate([first.mant, read.mant]), np.concatenate([first.exp2, read.exp2]))

    def split_by_gate(self, t: int | None = None, k: int = 0) -> dict[str, Scaled]:
        """The total split by the first departure from the highway, each (t-k+1, *batch, n, n), j = k … t.

        `highway` is ∂C_t/∂C_j along C alone (the product of forget gates; with peepholes also the gates'
        reads of C); `i`, `f`, `g`, `o` are R_q = Σ_j [P(t ← j+1) E_{q,j+1} D_j … D_{k+1} v_k]_C, what h_{j}
        does through gate q when it is the first to leave the highway. Their sum is `total`.
        """
        t, k = self._interval(t, k)
        cell, n = self._lstm(), self.n
        D, A = (table[k:t].entries() for table in self._tables)
        rows = self.products_to(t, k)[1:].entries()[..., :n, :]  # P(t ← j+1) for the departures at j = k … t-1
        rows = rows.reshape(*rows.shape[:-1], 2, n)[..., None, :, :, :]  # (t-k, *batch, 1, n, B, n)
        through = (rows * A.moved(-3, -2)[..., None, :, :]).sum(axis=-2) @ Scaled.of(cell.W_h_by_gate)
        leaves = _and_nothing(through.moved(-3, 1))  # by h_j through gate q, (t-k+1, G, *batch, n, n)
        keep, read = D[:, None, ..., 0, 0, None, :], D[:, None, ..., 1, 0, None, :]  # C to C and to h
        later = leaves[1:] * read
        R = _accumulated(later, keep) + leaves * self._following()[k : t + 1, None, ..., None, :]
        parts = {q: R[:, g].shared(2) for g, q in enumerate(cell.gates)}
        return {"highway": _diagonal(_running(self._keep, t, k)), **parts}

    def gap(self, t: int | None = None, k: int = 0) -> np.ndarray:
        """‖total - direct‖_F / ‖total‖_F, summed from the split by gate so that nothing cancels."""
        parts = self.split_by_gate(t, k)
        apart = reduce(operator.add, (parts[q] for q in self._lstm().gates))
        if self.local.peeped is not None:
            apart = apart + self._highway_beyond_direct(*self._interval(t, k))
        apart, total = apart.norm(), self.total(t, k).norm()
        with np.errstate(invalid="ignore", over="ignore"):
            return np.where(apart.mant == 0, 0.0, np.exp(apart.log - total.log))

    @property
    def _keep(self) -> Scaled:
        """∂C_t/∂C_{t-1} along C alone, unit by unit, (T, *batch, n)."""
        return self.local.D.entries()[..., 0, 0, :]

    def _highway_beyond_direct(self, t: int, k: int) -> Scaled:
        """Highway minus direct, summed from what the peepholes add at each step: nothing cancels."""
        assert self.local.peeped is not None
        terms = self.local.peeped[k:t] * self.direct(t, k)[1:]
        return _diagonal(_accumulated(terms, self._keep[k:t]))

    def direct_matrix(self, t: int | None = None, k: int = 0) -> Scaled:
        """`direct` as diagonal matrices (t-k+1, *batch, n, n), comparable with the other readings."""
        return _diagonal(self.direct(t, k))

    # --- all pairs ---------------------------------------------------------------------------------

    def pair_norms(self, order: str | int = "fro") -> np.ndarray:
        """log ‖∂s_t/∂s_k‖ (natural) for all pairs, (T+1, T+1, *batch); NaN for k > t, where none exists."""
        T, N, J = self.T, self.trajectory.cell.N, self.jacobians
        batch = J.mant.shape[1:-2]
        mants, exponents_of_all = np.zeros((T + 1, T + 1, *batch)), np.zeros((T + 1, T + 1, *batch), dtype=np.int64)
        rows, spare = np.zeros((2, *batch, (T + 1) * N, N))  # block k is (∂s_t/∂s_k)': one product a step moves all
        exp2, eye = np.zeros((*batch, T + 1), dtype=np.int64), np.eye(N)
        mant_of, exp2_of = np.moveaxis(mants, 1, -1), np.moveaxis(exponents_of_all, 1, -1)  # (T+1, *batch, T+1)
        bits, room = self.bits, ROOM
        for t in range(T + 1):
            if t:
                if bits is not None and room < bits:
                    room = ROOM - bits_below(rows[..., : (t - 1) * N, :])  # the newest are I
                if bits is None or room < bits:
                    return self._pair_norms_by_entries(order)
                room -= bits
                np.matmul(rows[..., : t * N, :], J.mant[t - 1].mT, out=spare[..., : t * N, :])
                exp2[..., :t] += J.exp2[t - 1, ..., None]
                rows, spare = spare, rows
            rows[..., t * N : (t + 1) * N, :] = eye
            blocks, exponents = rows[..., : (t + 1) * N, :].reshape(*batch, t + 1, N, N), exp2[..., : t + 1]
            size = matrix_norm(blocks)
            if not (is_mild(size) | (exponents < NOTHING // 2)).all():
                tame = Scaled(blocks, exponents).normalised()
                blocks[...], exponents[...] = tame.mant, tame.exp2
                size, room = matrix_norm(blocks), 0
            mant_of[t, ..., : t + 1] = size if order == "fro" else matrix_norm(blocks, order)
            exp2_of[t, ..., : t + 1] = exponents
        out, exists = np.full(mants.shape, np.nan), np.tri(T + 1, dtype=bool)
        out[exists] = Scaled(mants, exponents_of_all)[exists].log
        return out

    def _pair_norms_by_entries(self, order: str | int) -> np.ndarray:
        out = np.full((self.T + 1, self.T + 1, *self.trajectory.batch), np.nan)
        for k in range(self.T + 1):
            out[k:, k] = self.products_from(k).norm(order).log
        return out


def _whole(name: str, value: int) -> int:
    """`value` as an int; a ValueError, not a TypeError, for anything but a whole number."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, got {value!r}") from None


def _accumulated(terms: Scaled, keep: Scaled) -> Scaled:
    """a[j] = a[j+1] · keep[j] + terms[j], from the last step back; a[L] = 0: (L+1, …)."""
    rows = [Scaled.of(np.zeros(terms.mant.shape[1:]), axes=terms.axes)]
    for j in range(len(terms.mant) - 1, -1, -1):
        rows.append(rows[-1] * keep[j] + terms[j])
    return Scaled.stack(rows[::-1])


def _and_nothing(x: Scaled) -> Scaled:
    """Numbers (L, …) with a row of zeros behind them, (L+1, …)."""
    nothing = Scaled.of(np.zeros((1, *x.shape[1:])))
    return Scaled(np.concatenate([x.mant, nothing.mant]), np.concatenate([x.exp2, nothing.exp2]))


def half_life(f: np.ndarray | float) -> np.ndarray:
    """Steps in which a product of factors f halves: ln 2 / -ln f, for f from 0 to 1, of any shape.

    f = 1 keeps all for ever (inf), f = 0 nothing at all (0). Raises ValueError for f outside 0 … 1.
    """
    f = np.asarray(f, dtype=float)
    outside = ~((f >= 0) & (f <= 1))
    if outside.any():
        raise ValueError(f"f must be from 0 to 1, got {f[outside][0]:g}")
    with np.errstate(divide="ignore"):
        return np.log(2.0) / np.abs(np.log(f))


def to_gates(g: np.ndarray, A: np.ndarray) -> np.ndarray:
    """What row vectors g (…, N) by the state are by the gates, flat: times A (…, B, G, n), (…, G·n)."""
    B, G, n = A.shape[-3:]
    if B * G == 1:
        return g * A[..., 0, 0, :]
    da = np.einsum("...bj,...bqj->...qj", g.reshape(*g.shape[:-1], B, n), A)
    return da.reshape(*da.shape[:-2], G * n)


def _by_gate(W: np.ndarray, G: int) -> np.ndarray:
    return W.reshape(*W.shape[:-2], G, W.shape[-2] // G, W.shape[-1])


def _diagonal(x: Scaled) -> Scaled:
    """Numbers (…, n) as diagonal matrices."""
    n = x.shape[-1]
    mant, exp2 = np.zeros((*x.shape, n)), np.full((*x.shape, n), NOTHING)
    mant[..., range(n), range(n)], exp2[..., range(n), range(n)] = x.mant, x.exp2
    return Scaled(mant, exp2).shared(2)


def _running(factors: Scaled, t: int, k: int) -> Scaled:
    """Products of `factors[j:t]` for j = k … t."""
    return cumulative_products(factors[k:t][::-1])[::-1]


def _number(matrices: Scaled) -> Scaled:
    """1 × 1 matrices as numbers."""
    return Scaled(matrices.mant[..., 0, 0], matrices.exp2)


def _backwards(steps: Scaled, D: np.ndarray | None, bits: int | None) -> Scaled:
    """J_L … J_{j+1} for j = 0 … L, the last of them I."""
    return _products(steps[::-1], None if D is None else D[::-1], bits, left=False)[::-1]


def _products(steps: Scaled, D: np.ndarray | None, bits: int | None, left: bool) -> Scaled:
    """Running matrix products from I; each new step multiplies from the left, or from the right.

    D (L, *batch, B, B-1, n) are the diagonals of the first B-1 block columns of each step; `bits` as a flow's. As long
    as no number can underflow, the steps are floats and each matrix has one exponent; from there on each number.
    """
    L, *shape = steps.mant.shape
    if shape[-2:] == [1, 1]:
        products = cumulative_products(_number(steps.blocks(2)))
        return Scaled(products.mant[..., None, None], products.exp2)
    if steps.axes == 2 and (bits is None or D is None):
        bits, D = bits_below(steps.mant), np.zeros((L, 0, 0, shape[-1]))
    mant = np.empty((L + 1, *shape))
    exp2 = np.zeros((L + 1, *shape[:-2]), dtype=np.int64)
    mant[0] = np.eye(shape[-1])
    start = 0
    while start < L:
        room = 0 if not steps.axes or bits is None else (ROOM - bits_below(mant[start])) // max(bits, 1)
        stop = min(start + RESCALE, L, start + room)
        if stop <= start or D is None:
            break
        with np.errstate(over="ignore", invalid="ignore"):
            for j in range(start, stop):
                _times(steps.mant[j], D[j], mant[j], mant[j + 1], left)
        largest = largest_of(mant[start + 1 : stop + 1], axes=2)
        if (is_mild(largest) | (largest_of(mant[start], axes=2) == 0)).all():
            shift = np.frexp(largest)[1]
            mant[start + 1 : stop + 1] *= np.ldexp(1.0, -shift)[..., None, None]
            exp2[start + 1 : stop + 1] = exp2[start] + np.cumsum(steps.exp2[start:stop], axis=0) + shift
            exp2[start + 1 : stop + 1][largest == 0] = NOTHING
            start = stop
            continue
        for j in range(start, stop):  # the sizes of these steps differ widely: rescale after each
            step = steps[j].normalised()
            if bits_below(step.mant) + bits_below(mant[j]) > ROOM:
                break
            product = step.mant @ mant[j] if left else mant[j] @ step.mant
            block = Scaled(product, step.exp2 + exp2[j]).normalised()
            mant[j + 1], exp2[j + 1] = block.mant, block.exp2
            start = j + 1
        if start < stop:
            break
    done = Scaled(mant[: start + 1], exp2[: start + 1])
    if start == L:
        return done
    rows = [done.entries()]
    last = rows[0][-1]
    for j in range(start, L):
        step = steps[j].entries()
        last = step @ last if left else last @ step
        rows.append(last[None])
    whole = Scaled(*(np.concatenate([getattr(row, name) for row in rows]) for name in ("mant", "exp2")))
    return whole.shared(2)


def _times(J: np.ndarray, D: np.ndarray, P: np.ndarray, out: np.ndarray, left: bool) -> None:
    """J P, or P J, into `out`; the first block columns of J are the diagonals D: half the work for an LSTM."""
    B, n = D.shape[-3], D.shape[-1]
    full = slice((B - 1) * n, None) if B > 1 else slice(None)
    if left:
        np.matmul(J[..., full], P[..., full, :], out=out)
    else:
        np.matmul(P, J[..., full], out=out[..., full])
    for b, column in np.ndindex(B, B - 1 if B else 0):
        to, fro = slice(b * n, (b + 1) * n), slice(column * n, (column + 1) * n)
        if left:
            out[..., to, :] += D[..., b, column, :, None] * P[..., fro, :]
        elif b:
            out[..., fro] += P[..., to] * D[..., b, column, None, :]
        else:
            np.multiply(P[..., to], D[..., b, column, None, :], out=out[..., fro])
