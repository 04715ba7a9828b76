"""What an RNN puts out at each step, how wrong it is, and which earlier steps the loss corrects.

o_t = f2(W_hy h_t), with L_t = -ln o_t[target] for a softmax over `WORDS` and ½(o_t - y)² for the identity. The unit
is scalar: W_hy is w_y · `PLACES` for the words, and w_y for a number. Step 0 is given and has no output.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import pairwise
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from rnn_core.flow.bptt import Loss, odds
from rnn_core.flow.gradient import GradientFlow
from rnn_core.scaled import NOTHING, Scaled, frozen, ldexp

if TYPE_CHECKING:
    from rnn_core.experiment import Run

F2 = ("softmax", "identity")
WORDS = ("to", "be", "or", "not")
PLACES = frozen(np.array([-1.5, -0.5, 0.5, 1.5]))  # what W_hy makes of h = 1 at w_y = 1: no word is favoured at h = 0
BANDS = (0, 1, 2, 3, 4, 5, 10)  # the first lag of each band; the last holds all older ones


@dataclass(frozen=True, eq=False)
class Readout:
    """Outputs, losses and corrections of W_hh of a scalar RNN; batch axes as those of its trajectory.

    Row t of `o`, `loss` and `dh` belongs to step t; at row 0 there is no loss.
    """

    flow: GradientFlow
    f2: str
    w_y: np.ndarray  # (*batch)
    target: str  # the target word of every step, for a softmax
    y: np.ndarray  # the target number of every step, for the identity, (*batch)

    @cached_property
    def _delivered(self) -> Scaled:
        """w_y h_t, (T+1, *batch, 1)."""
        return self.flow.trajectory.scaled_h.entries() * self.w_y[..., None]

    @cached_property
    def said(self) -> Scaled:
        """o_t, (T+1, *batch, q): probabilities of the words, none of them 0, or the number (q = 1)."""
        if self.f2 == "identity":
            return self._delivered
        e = odds(self._delivered * PLACES)
        return e * (1 / e.sum(axis=-1).value[..., None])

    @property
    def o(self) -> np.ndarray:
        """`said` as float64: a number may be infinite, a probability 0."""
        return self.said.value

    @cached_property
    def _scored(self) -> tuple[Scaled, Scaled]:
        T = self.flow.T
        if self.f2 == "softmax":
            loss = Loss("softmax_cross_entropy", PLACES[:, None], targets=np.full(T, WORDS.index(self.target)))
        else:
            loss = Loss("squared_error", np.ones((1, 1)), targets=np.tile(self.y, (T, *(1,) * self.y.ndim))[..., None])
        return loss.of_states(self._delivered)

    @property
    def losses(self) -> Scaled:
        """L_t, (T+1, *batch)."""
        return self._scored[0]

    @property
    def loss(self) -> np.ndarray:
        """`losses` as float64: beyond it a loss is inf, its gradient is not."""
        return self.losses.value

    @cached_property
    def dh(self) -> Scaled:
        """∂L_t/∂h_t, (T+1, *batch)."""
        return _plain(self._scored[1]) * self.w_y

    @cached_property
    def _use(self) -> Scaled:
        """∂h_j/∂W_hh by its use at step j alone: f1'(z_j) h_{j-1}, (T, *batch)."""
        h = self.flow.trajectory.scaled_h[:-1]
        return _plain(self.flow.slopes) * _plain(h)

    def by_state(self, t: int) -> Scaled:
        """∂L_t/∂h_j for j = 0 … t, (t+1, *batch) (Pascanu et al. 2013, eq. 4)."""
        products = self.flow.products_to(t)
        return Scaled(products.mant[..., 0, 0], products.exp2) * self.dh[t : t + 1]

    def by_lag(self, t: int) -> Scaled:
        """∂L_t/∂W_hh through its use at step t - lag, lag = 0 … t-1, (t, *batch): eq. 5's terms, newest first."""
        return (self.by_state(t)[1:] * self._use[:t])[::-1]

    def dW(self, t: int) -> Scaled:
        """∂L_t/∂W_hh, (*batch)."""
        terms, exp2 = _common(self.by_lag(t))
        return Scaled(terms.sum(axis=0), exp2).normalised()

    def corrections(self) -> Scaled:
        """∂L_t/∂W_hh of every loss, split by lag into `BANDS`: (bands, T, *batch), row t - 1 for step t.

        RNNbow's stacks (Cashman et al. 2017). The whole is ∂L/∂W_hh with L = Σ L_t.
        """
        T, use, factors = self.flow.T, self._use, self.flow.factors
        nothing = Scaled(np.zeros(use.mant.shape), np.full(use.exp2.shape, NOTHING))
        g, lags = self.dh[1:], []
        for lag in range(min(BANDS[-1], T)):
            if lag:
                g = g[1:] * factors[1 : T - lag + 1]
            lags.append(_late(nothing, g * use[: T - lag], lag))
        lags += [nothing] * (BANDS[-1] - len(lags))
        older = nothing
        if BANDS[-1] < T:
            g = g[1:] * factors[1 : T - BANDS[-1] + 1]
            older = _late(nothing, g * self._so_far(T - BANDS[-1]), BANDS[-1])
        return Scaled.stack([*(reduce(add, lags[first:stop]) for first, stop in pairwise(BANDS)), older])

    def _so_far(self, steps: int) -> Scaled:
        """∂h_j/∂W_hh by its use at all steps up to j = 1 … `steps`, forwards (Williams & Zipser 1989)."""
        use, factors = self._use, self.flow.factors
        rows = [use[0]]
        for j in range(1, steps):
            rows.append(rows[-1] * factors[j] + use[j])
        return Scaled.stack(rows)


def readout(run: Run) -> Readout:
    """What the network of an experiment puts out."""
    e = run.experiment
    w_y, y = (frozen(run.value(name).astype(float)) for name in ("w_y", "y"))
    return Readout(run.flow, e.f2, w_y, e.target, y)


def cumulative_share(terms: Scaled) -> np.ndarray:
    """Which share of all magnitudes the first 1, 2, … terms hold, (L, *batch); NaN where all are 0."""
    sizes = np.abs(_common(terms)[0])
    with np.errstate(invalid="ignore"):
        return np.asarray(np.cumsum(sizes, axis=0) / sizes.sum(axis=0))


def _plain(x: Scaled) -> Scaled:
    """One-element vectors as numbers."""
    return Scaled(x.mant[..., 0], x.exp2 if x.axes else x.exp2[..., 0])


def _common(x: Scaled) -> tuple[np.ndarray, np.ndarray]:
    """Mantissas of numbers (L, *batch) under one exponent (*batch) for all L."""
    exp2 = x.exp2.max(axis=0, initial=NOTHING)
    return ldexp(x.mant, x.exp2 - exp2), exp2


def _late(nothing: Scaled, rows: Scaled, lag: int) -> Scaled:
    """The rows of steps lag+1 … T, preceded by nothing."""
    return Scaled(np.concatenate([nothing.mant[:lag], rows.mant]), np.concatenate([nothing.exp2[:lag], rows.exp2]))
