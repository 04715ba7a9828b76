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
from rnn_core.scaled import NOTHING, RESCALE, Scaled, cumulative_products, is_mild, largest_of, matrix_norm
from rnn_core.unroll import Trajectory


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
    def _parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Highway D and gate derivatives A as floats, and the exponent they share, as J is made of them."""
        local, cell = self.local, self.trajectory.cell
        by_gate = where_read(local.A, cell.W_h_by_gate)
        if self.cut:
            kept = np.array([gate not in self.cut for gate in cell.gates])[:, None]
            by_gate = Scaled(np.where(kept, by_gate.mant, 0.0), by_gate.exp2)
        (D, A), exp2 = common_scale(local.D, by_gate)
        return D, A, exp2

    @cached_property
    def jacobians(self) -> Scaled:
        """J_t = ∂s_t/∂s_{t-1}, (T, *batch, N, N), true also where float64 underflows."""
        (D, A, exp2), cell = self._parts, self.trajectory.cell
        B, n = len(cell.blocks), cell.n
        if cell.N == 1:
            J = A[..., 0, :, :] * cell.W_h  # (T, *batch, G, 1) by (*batch, G, 1)
            return Scaled(J.sum(axis=-2, keepdims=True) + D[..., 0, :, :], exp2)
        if A.shape[-3:-1] == (1, 1):
            J = (A[..., 0, 0, :, None] * cell.W_h)[..., None, :, None, :]
        else:
            J = np.zeros((*exp2.shape, B, n, B, n))
            J[..., -1, :] = np.einsum("...bqj,...qjl->...bjl", A, cell.W_h_by_gate)
        units = np.arange(n)
        for b, b_prev in np.ndindex(B, B):
            J[..., b, units, b_prev, units] += D[..., b, b_prev, :]
        return Scaled(J.reshape(*exp2.shape, cell.N, cell.N), exp2)

    @cached_property
    def J(self) -> np.ndarray:
        """Step Jacobians as float64, (T, *batch, N, N)."""
        return self.jacobians.value

    @property
    def exp2(self) -> np.ndarray:
        """Exponents of the Jacobians, (T, *batch)."""
        return self._parts[2]

    def times_jacobian(self, g: np.ndarray, t: int) -> np.ndarray:
        """g J_t for row vectors g (…, *batch, N) without forming J_t, but for its exponent."""
        (D, A, _), cell = self._parts, self.trajectory.cell
        da, W_h = to_gates(g, A[t - 1]), cell.W_h
        by_h = da @ W_h if W_h.ndim == 2 else (da[..., None, :] @ W_h)[..., 0, :]
        if isinstance(cell, RNN):  # no highway
            return by_h
        out = np.einsum("...bj,...bcj->...cj", g.reshape(*g.shape[:-1], len(cell.blocks), cell.n), D[t - 1])
        out[..., -1, :] += by_h
        return out.reshape(*out.shape[:-2], cell.N)

    def pulled_back(self, g: Scaled, t: int) -> Scaled:
        """∂L/∂s_{t-1} from ∂L/∂s_t, rows (…, *batch, N)."""
        return Scaled(self.times_jacobian(g.mant, t), g.exp2 + self.exp2[t - 1]).normalised()

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
        return self.P[k:] if t == self.T else _backwards(self.jacobians[k:t], self._columns[k:t])

    def products_from(self, k: int = 0) -> Scaled:
        """∂s_t/∂s_k for t = k … T, (T-k+1, *batch, N, N)."""
        _, k = self._interval(None, k)
        return _products(self.jacobians[k:], self._columns[k:], left=True)

    @cached_property
    def P(self) -> Scaled:
        """∂s_T/∂s_k for k = 0 … T."""
        return _backwards(self.jacobians, self._columns)

    @property
    def _columns(self) -> np.ndarray:
        """The columns of J without recurrent weights (an LSTM's C): diagonals, (T, *batch, B, B-1, n)."""
        return self._parts[0][..., :-1, :]

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
        return Scaled(products.mant[..., b : b + n, c : c + n], products.exp2).normalised()

    def by_input(self, t: int | None = None, row: str = "h") -> Scaled:
        """∂h_t/∂x_k for k = 1 … t, (t, *batch, n, m): the same object for every cell; row = "c" for ∂C_t/∂x_k."""
        t, _ = self._interval(t, 0)
        cell = self.trajectory.cell
        W_x = _by_gate(cell.W_x, len(cell.gates))
        (A_x,), exp2 = common_scale(where_read(self.local.A_x[:t], W_x))
        by_x = np.einsum("...bqj,...qjm->...bjm", A_x, W_x).reshape(*exp2.shape, cell.N, cell.m)
        rows, at = self.products_to(t)[1:], cell.blocks.index(row) * self.n
        return Scaled(rows.mant[..., at : at + self.n, :] @ by_x, rows.exp2 + exp2).normalised()

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
        """
        t, k = self._interval(t, k)
        P = self.products_to(t, k)
        n, v = self.n, self._following()[k : t + 1]
        P = P.entries()
        return (P[..., :n, :n] + P[..., :n, n:] * v[..., None, :]).shared(2)

    def one_step(self, t: int | None = None, k: int = 0) -> Scaled:
        """Product of one-step totals ∂C_j/∂C_{j-1}, often met in blogs; exact at lag 1, or where o reads no h.

        The blogs' ∂h/∂C = o tanh'(C) is used, without o's peephole (with one, not even lag 1 is exact).
        """
        t, k = self._interval(t, k)
        n, J, follow = self._lstm().n, self.jacobians, self._following(peephole=False)
        J = J[k:t].entries()
        M = (J[..., :n, :n] + J[..., :n, n:] * follow[k:t, ..., None, :]).blocks(2)
        return _backwards(M, self._parts[0][k:t, ..., :0, :0, :])

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
        D, A, e = (part[k:t] for part in self._parts)
        rows = self.products_to(t, k)[1:]  # P(t ← j+1) for the departures at j = k … t-1
        through = np.einsum("...ibl,...bql->...qil", _blocks(rows.mant, n), A)  # (t-k, *batch, G, n, n)
        mant = np.zeros((t - k + 1, len(cell.gates), *e.shape[1:], n, n))
        mant[:-1] = np.moveaxis(through @ cell.W_h_by_gate, -3, 1)
        exp2 = np.zeros(mant.shape[:-2], dtype=np.int64)
        exp2[:-1] = (rows.exp2 + e)[:, None]
        leaves = Scaled(mant, exp2).normalised()  # by h_j through gate q
        keep, read = D[:, None, ..., 0, 0, None, :], D[:, None, ..., 1, 0, None, :]  # C to C and to h
        e = e[:, None]
        later = Scaled(leaves.mant[1:] * read, leaves.exp2[1:] + e).normalised()
        R = _accumulated(later, Scaled(keep, e)) + (leaves * self._following()[k : t + 1, None, ..., None, :]).blocks(2)
        parts = {q: R[:, g] for g, q in enumerate(cell.gates)}
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
        batch = J.exp2.shape[1:]
        norms = Scaled(np.zeros((T + 1, T + 1, *batch)), np.zeros((T + 1, T + 1, *batch), dtype=np.int64))
        rows, spare = np.zeros((2, *batch, (T + 1) * N, N))  # block k is (∂s_t/∂s_k)': one product a step moves all
        exp2, eye = np.zeros((*batch, T + 1), dtype=np.int64), np.eye(N)
        mant_of, exp2_of = np.moveaxis(norms.mant, 1, -1), np.moveaxis(norms.exp2, 1, -1)  # (T+1, *batch, T+1)
        for t in range(T + 1):
            if t:
                np.matmul(rows[..., : t * N, :], J.mant[t - 1].mT, out=spare[..., : t * N, :])
                exp2[..., :t] += J.exp2[t - 1, ..., None]
                rows, spare = spare, rows
            rows[..., t * N : (t + 1) * N, :] = eye
            blocks, exponents = rows[..., : (t + 1) * N, :].reshape(*batch, t + 1, N, N), exp2[..., : t + 1]
            with np.errstate(over="ignore"):
                size = matrix_norm(blocks)
            if not (is_mild(size) | (exponents < NOTHING // 2)).all():
                tame = Scaled(blocks, exponents).normalised()
                blocks[...], exponents[...] = tame.mant, tame.exp2
                size = matrix_norm(blocks)
            mant_of[t, ..., : t + 1] = size if order == "fro" else matrix_norm(blocks, order)
            exp2_of[t, ..., : t + 1] = exponents
        out, exists = np.full(norms.mant.shape, np.nan), np.tri(T + 1, dtype=bool)
        out[exists] = norms[exists].log
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


def _blocks(rows: np.ndarray, n: int) -> np.ndarray:
    """The C rows of P, (*batch, n, 2n) → (*batch, n, B, n)."""
    return rows[..., :n, :].reshape(*rows.shape[:-2], n, 2, n)


def _diagonal(x: Scaled) -> Scaled:
    """Numbers (…, n) as diagonal matrices with one exponent each."""
    x, n = x.blocks(1), x.mant.shape[-1]
    matrix = np.zeros((*x.mant.shape, n))
    matrix[..., range(n), range(n)] = x.mant
    return Scaled(matrix, x.exp2)


def _running(factors: Scaled, t: int, k: int) -> Scaled:
    """Products of `factors[j:t]` for j = k … t."""
    steps = Scaled(factors.mant[k:t][::-1], factors.exp2[k:t][::-1])
    products = cumulative_products(steps)
    return Scaled(products.mant[::-1], products.exp2[::-1])


def _number(matrices: Scaled) -> Scaled:
    """1 × 1 matrices as numbers."""
    return Scaled(matrices.mant[..., 0, 0], matrices.exp2)


def _backwards(steps: Scaled, D: np.ndarray) -> Scaled:
    """J_L … J_{j+1} for j = 0 … L, the last of them I."""
    products = _products(Scaled(steps.mant[::-1], steps.exp2[::-1]), D[::-1], left=False)
    return Scaled(products.mant[::-1], products.exp2[::-1])


def _products(steps: Scaled, D: np.ndarray, left: bool) -> Scaled:
    """Running matrix products from I; each new step multiplies from the left, or from the right.

    D (L, *batch, B, B-1, n) are the diagonals of the first B-1 block columns of each step.
    """
    L, *shape = steps.mant.shape
    if shape[-2:] == [1, 1]:
        products = cumulative_products(_number(steps))
        return Scaled(products.mant[..., None, None], products.exp2)
    mant = np.empty((L + 1, *shape))
    exp2 = np.zeros((L + 1, *shape[:-2]), dtype=np.int64)
    mant[0] = np.eye(shape[-1])
    for start in range(0, L, RESCALE):
        stop = min(start + RESCALE, L)
        with np.errstate(over="ignore", invalid="ignore"):
            for j in range(start, stop):
                _times(steps.mant[j], D[j], mant[j], mant[j + 1], left)
        largest = largest_of(mant[start + 1 : stop + 1], axes=2)
        if (is_mild(largest) | (largest_of(mant[start], axes=2) == 0)).all():
            shift = np.frexp(largest)[1]
            mant[start + 1 : stop + 1] *= np.ldexp(1.0, -shift)[..., None, None]
            exp2[start + 1 : stop + 1] = exp2[start] + np.cumsum(steps.exp2[start:stop], axis=0) + shift
            exp2[start + 1 : stop + 1][largest == 0] = NOTHING
            continue
        for j in range(start, stop):  # the sizes of these steps differ widely: rescale after each
            step = steps[j].normalised()
            product = step.mant @ mant[j] if left else mant[j] @ step.mant
            block = Scaled(product, step.exp2 + exp2[j]).normalised()
            mant[j + 1], exp2[j + 1] = block.mant, block.exp2
    return Scaled(mant, exp2)


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
