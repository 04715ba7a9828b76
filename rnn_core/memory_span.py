"""How long a forget gate remembers, and how long networks remember before they have learnt anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from rnn_core.cells import LSTM
from rnn_core.flow.gradient import GradientFlow, half_life
from rnn_core.flow.unroll import unroll
from rnn_core.initializers import chrono, keras, pytorch
from rnn_core.scaled import frozen

CHRONO_STEPS = 100  # the longest dependency that chrono's biases are drawn for
LAGS = (10, 40)  # between them the gradient's decay is measured
_T = 50  # steps unrolled: the first ten let the zero state be forgotten


def span(f: np.ndarray | float, share: float) -> np.ndarray:
    """Steps until f^n has come down to `share`: ln share / ln f, for f from 0 to 1, of any shape.

    share = .5 is the half-life, .01 the memory horizon. f = 1 keeps all for ever (inf), f = 0 nothing (0).
    Raises ValueError for f outside 0 … 1 or a share outside 0 < share < 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share:g}")
    return half_life(f) * -np.log2(share)


@dataclass(frozen=True, eq=False)
class Start:
    """LSTMs of one kind before any training, one entry a seed; half-lives in steps."""

    forget: np.ndarray  # (seeds,) mean forget gate over units and steps
    rate: np.ndarray  # (seeds,) mean decay of ln ‖∂s_T/∂s_k‖_F a step, between `LAGS`; negative where it grows

    @property
    def gate_half_life(self) -> np.ndarray:
        """That of the mean forget gate, (seeds,)."""
        return half_life(self.forget)

    @property
    def gradient_half_life(self) -> np.ndarray:
        """Steps in which the gradient halves, (seeds,); inf where it grows instead."""
        with np.errstate(divide="ignore"):
            return np.log(2) / np.maximum(self.rate, 0.0)


STARTS: dict[str, Callable[[int, int, np.random.Generator], LSTM]] = {
    "pytorch": lambda n, m, rng: _lstm(pytorch("lstm", n, m, rng)),
    "keras": lambda n, m, rng: _lstm(keras("lstm", n, m, rng)),
    "pytorch_2": lambda n, m, rng: _lstm(pytorch("lstm", n, m, rng, b_f=2.0)),
    "chrono": lambda n, m, rng: _lstm(chrono(n, m, rng, CHRONO_STEPS)),
}


def _lstm(cell: object) -> LSTM:
    assert isinstance(cell, LSTM)
    return cell


FEW = {"n": 32, "m": 8, "seeds": 4}  # quick enough for a page to wait for


@lru_cache(maxsize=16)
def starts(n: int, m: int, seeds: int) -> Mapping[str, Start]:
    """Every kind of `STARTS` with n units and m inputs from N(0, 1), seeds 0 … seeds - 1."""
    rngs = [[np.random.default_rng(seed) for seed in range(seeds)] for _ in STARTS]
    cells = [[make(n, m, rng) for rng in row] for make, row in zip(STARTS.values(), rngs, strict=True)]
    W_x, W_h, b = (np.array([[getattr(cell, p) for cell in row] for row in cells]) for p in ("W_x", "W_h", "b"))
    x = np.array([[rng.standard_normal((_T, m)) for rng in row] for row in rngs])
    flow = GradientFlow(unroll(LSTM(W_x, W_h, b), np.moveaxis(x, 2, 0)))  # batch axes: kind, seed
    near, far = LAGS
    size = flow.products_to(_T, _T - far).norm().log
    rate = (size[far - near] - size[0]) / (far - near)
    forget = flow.trajectory.gate("f").mean(axis=(0, -1))
    return MappingProxyType({kind: Start(frozen(forget[j]), frozen(rate[j])) for j, kind in enumerate(STARTS)})
