"""The size of a gradient over many settings at once: weight by steps, and weight by bias.

What decides is the mean of ln|w φ'(z_i)| along each trajectory (Pascanu et al. 2013), so every cell of a map is a
chain of its own, computed in one vectorised call.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rnn_core.experiment import Experiment, build, inputs, sweep
from rnn_core.flow.unroll import unroll
from rnn_core.scaled import RESCALE, Scaled

_BLOCK = 2**16  # pre-activations that stay in the cache while their slopes are multiplied


def by_steps(experiment: Experiment, weights: Iterable[float]) -> Scaled:
    """∂h_t/∂h_k of an RNN for t = k+1 … T and S recurrent weights, (T-k, S); exact zeros stay zeros.

    To the trajectory's own rounding the product of 100 factors adds less than 1e-13, relatively. Raises ValueError
    for a cell other than the RNN, a weight that `Experiment` would refuse, or no weight at all.
    """
    _rnn(experiment)
    products = sweep(experiment, "w", weights).flow.products_from(experiment.begin)[1:]
    return Scaled(products.mant[..., 0, 0], products.exp2)


def by_bias(experiment: Experiment, weights: np.ndarray, biases: np.ndarray) -> Scaled:
    """∂h_t/∂h_k of an RNN for S recurrent weights (S,) and B biases (B,), (S, B); exact zeros stay zeros.

    As exact as `by_steps`. Raises ValueError for a cell other than the RNN, for no weight at all, or for a weight
    or bias that is not finite.
    """
    _rnn(experiment)
    weights, biases = np.asarray(weights, dtype=float), np.asarray(biases, dtype=float)
    t, k = experiment.end, experiment.begin
    x = inputs(experiment)[:t, None, None, None]  # (t, S, B, m)
    rows = max(1, _BLOCK // max(1, t * len(biases)))
    parts = []
    for start in range(0, len(weights), rows):
        w = weights[start : start + rows, None]
        trajectory = unroll(build(experiment, w=w, b=biases), x, np.full(1, experiment.h0))
        z = trajectory.z if trajectory.fits else trajectory.numbers("z")
        parts.append(_product(trajectory.cell.activation.scaled_slope(z[k:, ..., 0]) * w))
    return Scaled(np.concatenate([p.mant for p in parts]), np.concatenate([p.exp2 for p in parts]))


def _product(factors: Scaled) -> Scaled:
    """The product of normalised numbers along axis 0, (L, …) → (…)."""
    product = Scaled.of(np.ones(factors.mant.shape[1:]))
    for start in range(0, len(factors.mant), RESCALE):
        mant, exp2 = factors.mant[start : start + RESCALE], factors.exp2[start : start + RESCALE]
        product = product * Scaled(np.multiply.reduce(mant, axis=0), exp2.sum(axis=0))
    return product


def _rnn(experiment: Experiment) -> None:
    if experiment.cell != "rnn":
        raise ValueError(f"a map is of an RNN's weight, got cell {experiment.cell!r}")
