"""How weights start: orthogonal, identity, Gaussian gain, PyTorch's, Keras's, chrono.

Matrices first, then whole cells. Every random one takes a seeded `numpy.random.Generator`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnn_core.activations import RELU, TANH, Activation
from rnn_core.cells import CELLS, GRU, LSTM, RNN, Cell


def orthogonal(rows: int, columns: int, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    """gain · Q with orthonormal rows or columns, Haar-distributed (Saxe et al. 2014)."""
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    Q, R = np.linalg.qr(tall)
    Q = Q * np.where(np.diag(R) < 0, -1.0, 1.0)  # makes the draw uniform (Mezzadri 2007)
    return gain * (Q if rows >= columns else Q.T)


def identity(n: int, gain: float = 1.0) -> np.ndarray:
    """gain · I (Le, Jaitly & Hinton 2015)."""
    return gain * np.eye(n)


def gaussian(n: int, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    """Entries N(0, gain² / n): spectral radius near `gain` (Sompolinsky et al. 1988)."""
    return gain * rng.standard_normal((n, n)) / np.sqrt(n)


def pytorch(cell: str, n: int, m: int, rng: np.random.Generator, b_f: float = 0.0) -> Cell:
    """As torch.nn.RNN, LSTM, GRU start: all U(-1/√n, 1/√n), two biases; `b_f` is added to the LSTM's f."""
    kind, k = _kind(cell), 1 / np.sqrt(n)
    G = len(kind.gates)
    W_x, W_h = rng.uniform(-k, k, (G * n, m)), rng.uniform(-k, k, (G * n, n))
    b_x, b_h = rng.uniform(-k, k, G * n), rng.uniform(-k, k, G * n)
    if kind is GRU:
        return GRU(W_x, W_h, b_x, b_h=b_h)
    b = b_x + b_h
    if kind is LSTM:
        b[n : 2 * n] += b_f
    return kind(W_x, W_h, b)


def keras(cell: str, n: int, m: int, rng: np.random.Generator) -> Cell:
    """As Keras starts: Glorot-uniform W_x, orthogonal W_h, zero biases, but 1 for the LSTM's forget gate."""
    kind = _kind(cell)
    G = len(kind.gates)
    limit = np.sqrt(6 / (m + G * n))  # Glorot & Bengio 2010, over the kernel of all gates
    b = np.zeros(G * n)
    if kind is LSTM:
        b[n : 2 * n] = 1.0  # Jozefowicz et al. 2015
    return kind(rng.uniform(-limit, limit, (G * n, m)), orthogonal(G * n, n, rng), b)


def chrono(n: int, m: int, rng: np.random.Generator, T_max: int) -> Cell:
    """PyTorch's weights with b_f = log U(1, T_max - 1), b_i = -b_f (Tallec & Ollivier 2018)."""
    if T_max < 2:
        raise ValueError(f"T_max must be at least 2, got {T_max}")
    base = pytorch("lstm", n, m, rng)
    b = np.zeros(4 * n)
    b[n : 2 * n] = np.log(rng.uniform(1, T_max - 1, n))
    b[:n] = -b[n : 2 * n]
    return replace(base, b=b)


def chrono_bias(T: float) -> float:
    """log(T - 1), the bias at which f = 1 - 1/T: a memory of T steps (Tallec & Ollivier 2018)."""
    if not T > 1:
        raise ValueError(f"T must be more than 1, got {T:g}")
    return float(np.log(T - 1))


def irnn(n: int, m: int, rng: np.random.Generator) -> RNN:
    """Identity recurrence with ReLU, small Gaussian inputs (Le, Jaitly & Hinton 2015)."""
    return RNN(0.001 * rng.standard_normal((n, m)), identity(n), np.zeros(n), RELU)


def chain_of(W_h: np.ndarray, m: int = 1, activation: Activation = TANH) -> RNN:
    """An RNN that is its recurrent matrix alone: no input weights, no bias."""
    n = len(W_h)
    return RNN(np.zeros((n, m)), W_h, np.zeros(n), activation)


def _kind(cell: str) -> type[Cell]:
    if cell not in CELLS:
        raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
    return CELLS[cell]


INITIALIZERS: dict[str, Callable[..., Cell]] = {
    "pytorch": pytorch,
    "keras": keras,
    "chrono": chrono,
    "irnn": irnn,
}
