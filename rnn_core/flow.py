"""How a gradient flows back through a trajectory: Jacobians, their products, factors, paths.

`products_to(t)` holds P[k] = ∂s_t/∂s_k = J_t J_{t-1} … J_{k+1} with P[t] = I; `products_from(k)` holds
∂s_t/∂s_k for t = k … T. All products are mantissa · 2^exponent; take logarithms last.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add

import numpy as np

from rnn_core.cells import LSTM, RNN, Local
from rnn_core.scaled import Scaled, cumulative_products, ldexp, matrix_norm
from rnn_core.unroll import Trajectory


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """The derivative of every state of a trajectory by every earlier one (Pascanu et al. 2013, eq. 5)."""

    trajectory: Trajectory

    @property
    def T(self) -> int:
        return self.trajectory.T

    @property
    def n(self) -> int:
        return self.trajectory.cell.n

    @cached_property
    def local(self) -> Local:
        return self.trajectory.cell.local(self.trajectory)

    @cached_property
    def jacobians(self) -> Scaled:
        """J_t = ∂s_t/∂s_{t-1}, (T, *batch, N, N), true also where float64 underflows."""
        local, cell = self.local, self.trajectory.cell
        B, n = len(cell.blocks), cell.n
        if cell.N == 1:
            J = local.A[..., 0, :, :] * cell.W_h  # (T, *batch, G, 1) by (*batch, G, 1)
            return Scaled(J.sum(axis=-2, keepdims=True) + local.D[..., 0, :, :], local.exp2)
        J = np.zeros((*local.exp2.shape, B, n, B, n))
        J[..., -1, :] = np.einsum("...bqj,...qjl->...bjl", local.A, cell.W_h_by_gate)
        units = np.arange(n)
        for b, b_prev in np.ndindex(B, B):
            J[..., b, units, b_prev, units] += local.D[..., b, b_prev, :]
        return Scaled(J.reshape(*local.exp2.shape, cell.N, cell.N), local.exp2)

    @cached_property
    def J(self) -> np.ndarray:
        """Step Jacobians as float64, (T, *batch, N, N)."""
        return self.jacobians.value

    def _interval(self, t: int | None, k: int) -> tuple[int, int]:
        t = self.T if t is None else t
        if not 0 <= t <= self.T:
            raise ValueError(f"t must be from 0 to T = {self.T}, got {t}")
        if not 0 <= k <= t:
            raise ValueError(f"k must be from 0 to {t}, got {k}")
        return t, k

    def products_to(self, t: int | None = None, k: int = 0) -> Scaled:
        """∂s_t/∂s_j for j = k … t, (t-k+1, *batch, N, N); the default t is T."""
        t, k = self._interval(t, k)
        steps = self.jacobians[k:t]
        products = _products(Scaled(steps.mant[::-1], steps.exp2[::-1]), left=False)
        return Scaled(products.mant[::-1], products.exp2[::-1])

    def products_from(self, k: int = 0) -> Scaled:
        """∂s_t/∂s_k for t = k … T, (T-k+1, *batch, N, N)."""
        _, k = self._interval(None, k)
        return _products(self.jacobians[k:], left=True)

    @cached_property
    def P(self) -> Scaled:
        """∂s_T/∂s_k for k = 0 … T."""
        return self.products_to()

    @cached_property
    def slopes(self) -> Scaled:
        """φ'(z_t) of an RNN, (T, *batch, n), each with its own exponent."""
        cell = self.trajectory.cell
        if not isinstance(cell, RNN):
            raise ValueError(f"slopes belong to an RNN, got cell {cell.name!r}; a gated cell has one a gate")
        return cell.activation.scaled_slope(self.trajectory.z)

    @cached_property
    def factors(self) -> Scaled:
        """w · φ'(z_t), the RNN's factor of each step, (T, *batch); n = 1 only."""
        if self.n != 1:
            raise ValueError(f"factors are numbers for n = 1 only, got n = {self.n}; use J")
        return self.slopes[..., 0] * self.trajectory.cell.W_h[..., 0, 0]

    def block(self, products: Scaled, row: str, column: str) -> Scaled:
        """One block of products, such as ∂h_t/∂h_k or ∂C_t/∂C_k with h_k held (*state*)."""
        blocks, n = self.trajectory.cell.blocks, self.n
        if row not in blocks or column not in blocks:
            raise ValueError(f"state parts of this cell are {', '.join(blocks)}, got {row!r}, {column!r}")
        b, c = blocks.index(row) * n, blocks.index(column) * n
        return Scaled(products.mant[..., b : b + n, c : c + n], products.exp2).normalised()

    def by_input(self, t: int | None = None) -> Scaled:
        """∂h_t/∂x_k for k = 1 … t, (t, *batch, n, m): the same object for every cell."""
        t, _ = self._interval(t, 0)
        cell = self.trajectory.cell
        by_x = np.einsum("...bqj,...qjm->...bjm", self.local.A_x[:t], _by_gate(cell.W_x, len(cell.gates)))
        by_x = by_x.reshape(*by_x.shape[:-3], cell.N, cell.m)
        rows = self.products_to(t)[1:]
        exp2 = rows.exp2 + self.local.exp2[:t]
        return Scaled(rows.mant[..., -self.n :, :] @ by_x, exp2).normalised()

    # --- the four readings of ∂C_t/∂C_k, LSTM only ----------------------------------------------------------

    def _lstm(self) -> LSTM:
        cell = self.trajectory.cell
        if not isinstance(cell, LSTM):
            raise ValueError(f"∂C_t/∂C_k exists for an LSTM only, got cell {cell.name!r}")
        return cell

    def direct(self, t: int | None = None, k: int = 0) -> Scaled:
        """The book's product of forget gates f_t … f_{j+1} for j = k … t, unit by unit: (t-k+1, *batch, n)."""
        t, k = self._interval(t, k)
        cell = self._lstm()
        z_f, f = cell.split(self.trajectory.z)[1], self.trajectory.gate("f")
        f = Scaled.of(f) if "f" in cell.pinned else cell.gate_activation.scaled_phi(z_f)
        return _running(f, t, k)

    def state(self, t: int | None = None, k: int = 0) -> Scaled:
        """∂C_t/∂C_j with h_j held fixed, j = k … t: the CC block of P, (t-k+1, *batch, n, n)."""
        self._lstm()
        return self.block(self.products_to(t, k), "c", "c")

    def total(self, t: int | None = None, k: int = 0) -> Scaled:
        """∂C_t/∂C_j with h_j = o_j tanh C_j following C_j, j = k … t: what autograd returns; the truth.

        h_0 is given independently, so at j = 0 this is `state`.
        """
        t, k = self._interval(t, k)
        P = self.products_to(t, k)
        n, v = self.n, self._following()[k : t + 1]
        M = P.mant[..., :n, :n] + P.mant[..., :n, n:] * v[..., None, :]
        return Scaled(M, P.exp2).normalised()

    def one_step(self, t: int | None = None, k: int = 0) -> Scaled:
        """Product of one-step totals ∂C_j/∂C_{j-1}, often met in blogs; exact at lag 1 only.

        The blogs' ∂h/∂C = o tanh'(C) is used, without o's peephole (with one, not even lag 1 is exact).
        """
        t, k = self._interval(t, k)
        n, J, follow = self._lstm().n, self.jacobians, self._following(peephole=False)
        M = J.mant[..., :n, :n] + J.mant[..., :n, n:] * follow[:-1, ..., None, :]
        steps = Scaled(M[k:t][::-1], J.exp2[k:t][::-1])
        products = _products(steps, left=False)
        return Scaled(products.mant[::-1], products.exp2[::-1])

    def _following(self, peephole: bool = True) -> np.ndarray:
        """∂h_k/∂C_k for k = 0 … T, (T+1, *batch, n): 0 at k = 0, where h_0 is given."""
        read = self._lstm().read_out(self.trajectory, peephole)
        return np.concatenate([np.zeros((1, *read.shape[1:])), read])

    def split_by_gate(self, t: int | None = None, k: int = 0) -> dict[str, Scaled]:
        """The total split by the first departure from the highway, each (t-k+1, *batch, n, n), j = k … t.

        `highway` is ∂C_t/∂C_j along C alone (the product of forget gates; with peepholes also the gates' reads
        of C); `i`, `f`, `g`, `o` are R_q = Σ_j [P(t ← j+1) E_{q,j+1} D_j … D_{k+1} v_k]_C, what h_{j} does
        through gate q when it is the first to leave the highway. Their sum is `total`.
        """
        t, k = self._interval(t, k)
        cell, n, local = self._lstm(), self.n, self.local
        P = self.products_to(t, k)
        batch = P.exp2.shape[1:]
        W = np.moveaxis(cell.W_h_by_gate, -3, 0)  # (G, *batch, n, n)
        # M[q] (C rows only): Σ_j P(t ← j+1) E_{q,j+1} D_j … D_{k+1}, built from t downwards
        M = Scaled(np.zeros((4, *batch, n, 2 * n)), np.full((4, *batch), -(2**40), dtype=np.int64))
        follow = self._following()
        mant = np.zeros((t - k + 1, 4, *batch, n, n))
        exp2 = np.full((t - k + 1, 4, *batch), -(2**40), dtype=np.int64)
        for j in range(t - 1, k - 1, -1):  # from step j + 1 back to state j
            D, A, e = local.D[j], local.A[j], local.exp2[j]
            rows = P[j + 1 - k]
            through = np.einsum("...ibl,...bql->...qil", _blocks(rows.mant, n), A)  # (*batch, G, n, n)
            left = np.moveaxis(through, -3, 0) @ W  # by h_j through gate q
            new = Scaled(np.concatenate([np.zeros_like(left), left], axis=-1), rows.exp2 + e)
            old = M.mant[..., :n] * D[..., 0, 0, None, :] + M.mant[..., n:] * D[..., 1, 0, None, :]
            old = np.concatenate([old, np.zeros_like(old)], axis=-1)
            new = Scaled(new.mant, np.broadcast_to(new.exp2, M.exp2.shape))
            M = new + Scaled(old, M.exp2 + e)
            R = Scaled(M.mant[..., :n] + M.mant[..., n:] * follow[j][..., None, :], M.exp2).normalised()
            mant[j - k], exp2[j - k] = R.mant, R.exp2
        parts = {q: Scaled(mant[:, g], exp2[:, g]) for g, q in enumerate(cell.gates)}
        return {"highway": self._highway(t, k), **parts}

    def gap(self, t: int | None = None, k: int = 0) -> np.ndarray:
        """‖total - direct‖_F / ‖total‖_F, summed from the split by gate so that nothing cancels."""
        parts = self.split_by_gate(t, k)
        apart = reduce(add, (parts[q] for q in self._lstm().gates))
        if self._lstm().peepholes is not None:
            apart = apart + parts["highway"] + self.direct_matrix(t, k) * -1.0
        apart, total = apart.norm(), self.total(t, k).norm()
        with np.errstate(invalid="ignore", over="ignore"):
            return np.where(apart.mant == 0, 0.0, np.exp(apart.log - total.log))

    def _highway(self, t: int, k: int) -> Scaled:
        D = Scaled(self.local.D[..., 0, 0, :], self.local.exp2)
        keep = Scaled(D.mant, np.repeat(D.exp2[..., None], self.n, -1)).normalised()
        return _diagonal(_running(keep, t, k))

    def direct_matrix(self, t: int | None = None, k: int = 0) -> Scaled:
        """`direct` as diagonal matrices (t-k+1, *batch, n, n), comparable with the other readings."""
        return _diagonal(self.direct(t, k))

    # --- all pairs ---------------------------------------------------------------------------------------------

    def pair_norms(self, order: str | int = "fro") -> np.ndarray:
        """log ‖∂s_t/∂s_k‖ (natural) for all pairs, (T+1, T+1, *batch); NaN for k > t, where none exists."""
        T, N = self.T, self.trajectory.cell.N
        batch = self.jacobians.exp2.shape[1:]
        out = np.full((T + 1, T + 1, *batch), np.nan)
        rows = np.zeros((T + 1, *batch, N, N))  # rows[k] = ∂s_t/∂s_k, grown as t goes on
        exp2 = np.zeros((T + 1, *batch), dtype=np.int64)
        rows[0] = np.eye(N)
        out[0, 0] = Scaled(matrix_norm(rows[0], order), exp2[0]).log
        for t in range(1, T + 1):
            step = self.jacobians[t - 1]
            moved = Scaled(step.mant @ rows[:t], step.exp2 + exp2[:t]).normalised()
            rows[:t], exp2[:t], rows[t] = moved.mant, moved.exp2, np.eye(N)
            out[t, : t + 1] = Scaled(matrix_norm(rows[: t + 1], order), exp2[: t + 1]).log
        return out


def _by_gate(W: np.ndarray, G: int) -> np.ndarray:
    return W.reshape(*W.shape[:-2], G, W.shape[-2] // G, W.shape[-1])


def _blocks(rows: np.ndarray, n: int) -> np.ndarray:
    """The C rows of P, (*batch, n, 2n) → (*batch, n, B, n)."""
    return rows[..., :n, :].reshape(*rows.shape[:-2], n, 2, n)


def _diagonal(x: Scaled) -> Scaled:
    """Numbers (…, n) as diagonal matrices with one exponent each."""
    exp2, n = x.exp2.max(axis=-1), x.mant.shape[-1]
    matrix = np.zeros((*x.mant.shape, n))
    matrix[..., range(n), range(n)] = ldexp(x.mant, x.exp2 - exp2[..., None])
    return Scaled(matrix, exp2)


def _running(factors: Scaled, t: int, k: int) -> Scaled:
    """Products of `factors[j:t]` for j = k … t."""
    steps = Scaled(factors.mant[k:t][::-1], factors.exp2[k:t][::-1])
    products = cumulative_products(steps)
    return Scaled(products.mant[::-1], products.exp2[::-1])


def _products(steps: Scaled, left: bool) -> Scaled:
    """Running matrix products from I; each new step multiplies from the left, or from the right."""
    L, *shape = steps.mant.shape
    if shape[-2:] == [1, 1]:
        numbers = Scaled(steps.mant[..., 0, 0], steps.exp2).normalised()
        products = cumulative_products(numbers)
        return Scaled(products.mant[..., None, None], products.exp2)
    steps = steps.normalised()
    mant = np.empty((L + 1, *shape))
    exp2 = np.zeros((L + 1, *shape[:-2]), dtype=np.int64)
    mant[0] = np.eye(shape[-1])
    for j in range(L):
        step = steps.mant[j]
        product = step @ mant[j] if left else mant[j] @ step
        block = Scaled(product, steps.exp2[j] + exp2[j]).normalised()
        mant[j + 1], exp2[j + 1] = block.mant, block.exp2
    return Scaled(mant, exp2)
