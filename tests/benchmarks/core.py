"""Speed of the core: our time as a multiple of the bare necessary work, beside torch and compiled JAX.

The *limit* is NumPy code written by hand for one job alone: the fewest operations that it needs, with plain
floats, without any care for overflow, underflow or saturation, and two power steps for a spectral norm
whether that is enough or not. All run on one thread, taking turns; each time is the best of its rounds, so
that a noisy machine hurts none. The error is the largest relative error against the same job written out in
extended precision.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rnn_core.activations import IDENTITY, TANH
from rnn_core.cells import LSTM, RNN
from rnn_core.experiment import Experiment
from rnn_core.flow.bptt import Loss, backpropagate
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import unroll
from rnn_core.landscape import by_bias, by_steps
from rnn_core.scaled import Scaled

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1") | {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
}
Result = dict[str, Any]
Maker = Callable[..., Callable[[], Result]]
COLUMNS = ("limit", "ours", "torch", "jax")
SIDE = 71  # weights of the map by bias


@dataclass(frozen=True)
class Job:
    """One job and the least that is asked: `limit` × the limit at most, `torch` and `jax` × faster."""

    name: str
    kind: str
    limit: float
    torch: float
    jax: float
    sizes: dict[str, int]


JOBS = (
    Job("A scalar, T 100, factors, both products", "scalar", 8, 40, 0.35, {"S": 0, "T": 100}),
    Job("B RNN n 64, T 200, all J, both norms of P", "rnn", 3.5, 4.5, 1, {"n": 64, "T": 200}),
    Job("C LSTM N 128, T 200, the same", "lstm", 4, 6, 1, {"n": 64, "T": 200}),
    Job("D 201 weights, T 100, factors, products, log10", "scalar", 3.5, 5, 0.5, {"S": 201, "T": 100}),
    Job("E all pairs, n 32, T 100", "pairs", 1.6, 1.8, 1, {"n": 32, "T": 100}),
    Job("F BPTT n 128, T 200, batch 32", "bptt", 1.5, 1.8, 1, {"n": 128, "T": 200, "B": 32}),
    Job("G 101 weight scales, n 8, T 50, J, P, norms", "scales", 6, 3.5, 0.5, {"n": 8, "T": 50, "S": 101}),
    Job("H maps, 201 weights × T 100, 71 × 121 biases", "map", 6, 2.5, 0.01, {"S": 201, "T": 100, "B": 121}),
)


# --- the inputs, the same for all columns ----------------------------------------------------------


def given(kind: str, n: int = 1, T: int = 0, S: int = 0, B: int = 0) -> dict[str, np.ndarray]:
    """Weights and inputs of ordinary size: nothing saturates, vanishes or explodes."""
    rng = np.random.default_rng(0)
    if kind in ("scalar", "map"):
        biases = {"b": np.linspace(-1, 1, B)} if B else {}
        return {"w": np.linspace(0.8, 1.6, S) if S else np.array(1.2), "x": 0.5 * rng.normal(size=T)} | biases
    G, m = (4 if kind == "lstm" else 1), 8
    out = {
        "W_x": rng.normal(size=(G * n, m)) / math.sqrt(m) / 2,
        "W_h": rng.normal(size=(G * n, n)) / math.sqrt(n),
        "b": 0.1 * rng.normal(size=G * n),
        "x": rng.normal(size=(T, B, m) if B else (T, m)),
    }
    if kind == "scales":
        out["W_h"] = np.linspace(0.5, 1.5, S)[:, None, None] * out["W_h"]
    if kind == "bptt":
        out |= {"V": rng.normal(size=(4, n)) / math.sqrt(n), "y": rng.normal(size=(T, B, 4))}
    return out


# --- ours ------------------------------------------------------------------------------------------


def ours_scalar(w: np.ndarray, x: np.ndarray) -> Result:
    cell = RNN(np.ones((1, 1)), w[..., None, None], np.zeros(1), TANH)
    flow = GradientFlow(unroll(cell, x[:, None] if not w.ndim else x[:, None, None], 0.5))
    if w.ndim:
        return {"factors": flow.factors, "P": flow.P, "log10": flow.P.log10}
    return {"factors": flow.factors, "P": flow.products_to(), "S": flow.products_from()}


def ours_map(w: np.ndarray, x: np.ndarray, b: np.ndarray) -> Result:
    e = Experiment(activation="tanh", T=len(x), t=len(x), sequence="pasted", values=tuple(x.tolist()))
    return {"log10": by_steps(e, w).log10, "bias": by_bias(e, w[:SIDE], b).log10}


def norms(flow: GradientFlow) -> Result:
    return {"J": flow.J, "fro": flow.P.norm().log, "spectral": flow.P.norm(2).log}


def ours_rnn(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> Result:
    return norms(GradientFlow(unroll(RNN(W_x, W_h, b, TANH), x[:, None] if W_h.ndim > 2 else x, 0.1)))


def ours_lstm(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> Result:
    return norms(GradientFlow(unroll(LSTM(W_x, W_h, b), x, 0.1, 0.1)))


def ours_pairs(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> Result:
    return {"pairs": GradientFlow(unroll(RNN(W_x, W_h, b, TANH), x, 0.1)).pair_norms()}


def ours_bptt(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray, V: np.ndarray, y: np.ndarray) -> Result:
    flow = GradientFlow(unroll(RNN(W_x, W_h, b, TANH), x, 0.1))
    got = backpropagate(flow, Loss("squared_error", V, None, y))
    return {"dW_x": got.dW_x.sum(0), "dW_h": got.dW_h.sum(0), "db": got.db.sum(0)}


# --- the limit -------------------------------------------------------------------------------------


def limit_scalar(w: np.ndarray, x: np.ndarray) -> Callable[[], Result]:
    def one() -> Result:
        weight, h, ys = float(w), 0.5, []
        for drive in x.tolist():
            h = math.tanh(weight * h + drive)
            ys.append(h)
        y = np.array(ys)
        factors = weight * (1 - y * y)
        return {"factors": factors, "P": np.multiply.accumulate(factors[::-1])[::-1], "S": np.cumprod(factors)}

    def many() -> Result:
        y = np.empty((len(x) + 1, len(w)))
        y[0] = 0.5
        for t, drive in enumerate(x.tolist()):
            row = np.multiply(w, y[t], out=y[t + 1])
            row += drive
            np.tanh(row, out=row)
        factors = w * (1 - y[1:] ** 2)
        P = np.multiply.accumulate(factors[::-1])[::-1]
        return {"factors": factors, "P": P, "log10": np.log10(np.abs(P))}

    return many if w.ndim else one


def limit_map(w: np.ndarray, x: np.ndarray, b: np.ndarray) -> Callable[[], Result]:
    def chains(w: np.ndarray, b: np.ndarray | float, keep: bool) -> np.ndarray:
        h = np.full(np.broadcast_shapes(w.shape, np.shape(b)), 0.5)
        P, rows = np.ones_like(h), []
        for drive in x.tolist():
            h *= w
            h += drive + b
            np.tanh(h, out=h)
            P *= w * (1 - h * h)
            if keep:
                rows.append(P.copy())
        return np.log10(np.abs(np.stack(rows) if keep else P))

    return lambda: {"log10": chains(w, 0.0, True), "bias": chains(w[:SIDE, None], b, False)}


def states(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """h of a tanh RNN, (T+1, *batch, n)."""
    a = x @ W_x.T + b
    h = np.empty((len(x) + 1, *np.broadcast_shapes(a.shape[1:-1], W_h.shape[:-2]), W_h.shape[-1]))
    h[0] = 0.1
    for t in range(len(x)):
        row = h[t] @ W_h.T if W_h.ndim == 2 else (W_h @ h[t][..., None])[..., 0]
        row += a[t]
        np.tanh(row, out=h[t + 1])
    return h


def summary(J: np.ndarray, P: np.ndarray) -> Result:
    """Both norms of all products; the spectral norm by two power steps, enough or not."""
    flat = P.reshape(*P.shape[:-2], -1)
    v = np.broadcast_to(P.sum(axis=-2, keepdims=True), (*P.shape[:-2], 1, P.shape[-1]))
    for _ in range(2):
        v = (P @ v.swapaxes(-1, -2)).swapaxes(-1, -2) @ P
        v /= np.abs(v).max(axis=-1, keepdims=True)
    u = P @ v.swapaxes(-1, -2)
    spectral = np.sqrt((u * u).sum(axis=(-1, -2)) / (v * v).sum(axis=(-1, -2)))
    return {"J": J, "fro": np.log(np.sqrt(np.vecdot(flat, flat))), "spectral": np.log(spectral)}


def limit_rnn(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> Callable[[], Result]:
    def run() -> Result:
        h = states(W_x, W_h, b, x)
        J = (1 - h[1:] ** 2)[..., None] * W_h
        P = np.empty((len(J) + 1, *J.shape[1:]))
        P[-1] = np.eye(J.shape[-1])
        for k in range(len(J) - 1, -1, -1):
            np.matmul(P[k + 1], J[k], out=P[k])
        return summary(J, P)

    return run


def limit_lstm(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> Callable[[], Result]:
    n = W_h.shape[-1]
    half = np.repeat([0.5, 0.5, 1.0, 0.5], n)  # σ(z) = (1 + tanh(z/2))/2: one tanh for all gates

    def run() -> Result:
        a, W = (x @ W_x.T + b) * half, W_h * half[:, None]
        T = len(x)
        gates, c, y = np.empty((T, 4 * n)), np.full((T + 1, n), 0.1), np.empty((T, n))
        h = np.full(n, 0.1)
        for t in range(T):
            row = np.tanh(W @ h + a[t], out=gates[t])
            row *= half
            row += 1 - half
            c[t + 1] = row[n : 2 * n] * c[t] + row[:n] * row[2 * n : 3 * n]
            np.tanh(c[t + 1], out=y[t])
            h = row[3 * n :] * y[t]
        i, f, g, o = (gates[:, q * n : (q + 1) * n] for q in range(4))
        read = o * (1 - y * y)
        A = np.stack([g * i * (1 - i), c[:-1] * f * (1 - f), i * (1 - g * g)], axis=1)
        by_h = np.einsum("tqj,qjl->tjl", A, W_h[: 3 * n].reshape(3, n, n))
        J, units = np.zeros((T, 2 * n, 2 * n)), np.arange(n)
        J[:, :n, n:] = by_h
        J[:, n:, n:] = read[..., None] * by_h + (o * (1 - o) * y)[..., None] * W_h[3 * n :]
        J[:, units, units], J[:, n + units, units] = f, read * f
        P = np.empty((T + 1, 2 * n, 2 * n))
        P[T] = np.eye(2 * n)
        for k in range(T - 1, -1, -1):
            P[k, :, :n] = P[k + 1, :, :n] * f[k] + P[k + 1, :, n:] * (read * f)[k]  # C's columns are diagonal
            np.matmul(P[k + 1], J[k, :, n:], out=P[k, :, n:])
        return summary(J, P)

    return run


def limit_pairs(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> Callable[[], Result]:
    n = W_h.shape[-1]

    def run() -> Result:
        h = states(W_x, W_h, b, x)
        J = (1 - h[1:] ** 2)[..., None] * W_h
        T = len(J)
        squares = np.full((T + 1, T + 1), np.nan)
        rows, spare = np.zeros((2, (T + 1) * n, n))  # block k is (∂h_t/∂h_k)'
        rows[:n] = np.eye(n)
        squares[0, 0] = n
        for t in range(1, T + 1):
            np.matmul(rows[: t * n], J[t - 1].T, out=spare[: t * n])
            rows, spare = spare, rows
            rows[t * n : (t + 1) * n] = np.eye(n)
            flat = rows[: (t + 1) * n].reshape(t + 1, n * n)
            squares[t, : t + 1] = np.vecdot(flat, flat)
        return {"pairs": np.log(squares) / 2}

    return run


def limit_bptt(
    W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray, V: np.ndarray, y: np.ndarray
) -> Callable[[], Result]:
    def run() -> Result:
        h = states(W_x, W_h, b, x)
        dh = (h[1:] @ V.T - y) @ V
        slope = 1 - h[1:] ** 2
        dz = np.empty_like(dh)
        g = dh[-1]
        for t in range(len(x) - 1, -1, -1):
            np.multiply(g, slope[t], out=dz[t])
            if t:
                g = dz[t] @ W_h
                g += dh[t - 1]
        flat = dz.reshape(-1, dz.shape[-1])
        return {
            "dW_x": flat.T @ x.reshape(len(flat), -1),
            "dW_h": flat.T @ h[:-1].reshape(len(flat), -1),
            "db": flat.sum(axis=0),
        }

    return run


# --- torch, as a good user would -------------------------------------------------------------------


def torch_columns() -> dict[str, Maker]:
    import torch
    from torch.func import jacrev, jvp, vmap

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    norm = torch.linalg.matrix_norm

    def rnn_of(W_x: Any, W_h: Any, b: Any) -> Any:
        net = torch.nn.RNN(W_x.shape[1], W_h.shape[1])
        for name, value in (("weight_ih_l0", W_x), ("weight_hh_l0", W_h), ("bias_ih_l0", b), ("bias_hh_l0", 0 * b)):
            getattr(net, name).data = value
        return net

    def scalar(w: Any, x: Any) -> Callable[[], Result]:
        def step(h: Any, drive: Any, w: Any) -> Any:
            return torch.tanh(w * h + drive)

        def states(nudges: Any, w: Any) -> Any:  # h_0 … h_T, each nudged by its own number
            rows = [0.5 + nudges[0]]
            for drive, nudge in zip(x, nudges[1:], strict=True):
                rows.append(step(rows[-1], drive, w) + nudge)
            return torch.stack(rows)

        def run() -> Result:
            zero = torch.zeros(len(x) + 1)
            by_all = jacrev(lambda nudges, w: states(nudges, w)[-1])
            slopes = vmap(jacrev(step), (0, 0, None))
            if w.ndim:
                h = vmap(states, (None, 0), 1)(zero, w)
                P = vmap(by_all, (None, 0), 1)(zero, w)
                return {"factors": vmap(slopes, (1, None, 0), 1)(h[:-1], x, w), "P": P, "log10": P.abs().log10()}
            first = torch.eye(len(zero))[0]
            h, S = jvp(lambda nudges: states(nudges, w), (zero,), (first,))
            return {"factors": slopes(h[:-1], x, w), "P": by_all(zero, w), "S": S}

        return run

    def products(J: Any) -> Result:
        rows = [torch.eye(J.shape[-1]).expand(J.shape[1:])]
        for k in range(len(J) - 1, -1, -1):
            rows.append(rows[-1] @ J[k])
        P = torch.stack(rows[::-1])
        return {"J": J, "fro": norm(P).log(), "spectral": norm(P, 2).log()}

    def jacobians(W_x: Any, W_h: Any, b: Any, x: Any) -> Any:
        h = rnn_of(W_x, W_h, b)(x, torch.full((1, len(b)), 0.1))[0]
        h = torch.cat([torch.full((1, len(b)), 0.1), h[:-1]])
        return vmap(jacrev(lambda h, x: torch.tanh(W_x @ x + W_h @ h + b)))(h, x)

    def rnn(W_x: Any, W_h: Any, b: Any, x: Any) -> Callable[[], Result]:
        @torch.no_grad()
        def run() -> Result:
            return products(jacobians(W_x, W_h, b, x))

        return run

    def lstm(W_x: Any, W_h: Any, b: Any, x: Any) -> Callable[[], Result]:
        def step(s: Any, x: Any) -> Any:
            c, h = s.chunk(2)
            i, f, g, o = (W_x @ x + W_h @ h + b).chunk(4)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            return torch.cat([c, o.sigmoid() * c.tanh()])

        @torch.no_grad()
        def run() -> Result:
            s = [torch.full((2 * W_h.shape[1],), 0.1)]
            for row in x:
                s.append(step(s[-1], row))
            return products(vmap(jacrev(step))(torch.stack(s[:-1]), x))

        return run

    def scales(W_x: Any, W_h: Any, b: Any, x: Any) -> Callable[[], Result]:
        def step(h: Any, x: Any, W_h: Any) -> Any:
            return torch.tanh(W_x @ x + W_h @ h + b)

        @torch.no_grad()
        def run() -> Result:
            h = [torch.full((len(W_h), len(b)), 0.1)]
            for row in x:
                h.append(vmap(step, (0, None, 0))(h[-1], row, W_h))
            return products(vmap(vmap(jacrev(step), (0, None, 0)), (0, 0, None))(torch.stack(h[:-1]), x, W_h))

        return run

    def pairs(W_x: Any, W_h: Any, b: Any, x: Any) -> Callable[[], Result]:
        @torch.no_grad()
        def run() -> Result:
            J, n = jacobians(W_x, W_h, b, x), W_h.shape[1]
            out = torch.full((len(J) + 1, len(J) + 1), torch.nan)
            rows = torch.eye(n)[None]
            out[0, 0] = norm(rows[0])
            for t in range(1, len(J) + 1):
                rows = torch.cat([J[t - 1] @ rows, torch.eye(n)[None]])
                out[t, : t + 1] = norm(rows)
            return {"pairs": out.log()}

        return run

    def bptt(W_x: Any, W_h: Any, b: Any, x: Any, V: Any, y: Any) -> Callable[[], Result]:
        net, h0 = rnn_of(W_x, W_h, b), torch.full((1, x.shape[1], len(b)), 0.1)

        def run() -> Result:
            net.zero_grad()
            (((net(x, h0)[0] @ V.T - y) ** 2).sum() / 2).backward()
            return {"dW_x": net.weight_ih_l0.grad, "dW_h": net.weight_hh_l0.grad, "db": net.bias_ih_l0.grad}

        return run

    def maps(w: Any, x: Any, b: Any) -> Callable[[], Result]:
        def states(h: Any, w: Any, b: Any) -> Any:
            rows = []
            for drive in x:
                h = torch.tanh(w * h + drive + b)
                rows.append(h)
            return torch.stack(rows)

        def by_start(w: Any, b: Any) -> Any:
            h = torch.full(torch.broadcast_shapes(w.shape, b.shape), 0.5)
            return jvp(lambda h: states(h, w, b), (h,), (torch.ones_like(h),))[1].abs().log10()

        zero = torch.zeros(())
        return lambda: {"log10": by_start(w, zero), "bias": by_start(w[:SIDE, None], b)[-1]}

    makers = {"scalar": scalar, "rnn": rnn, "lstm": lstm, "pairs": pairs, "bptt": bptt, "scales": scales, "map": maps}

    def made(kind: str, **arrays: np.ndarray) -> Callable[[], Result]:
        return makers[kind](**{name: torch.from_numpy(np.array(a)) for name, a in arrays.items()})

    return {kind: partial(made, kind) for kind in makers}


# --- JAX, compiled ---------------------------------------------------------------------------------


def jax_columns() -> dict[str, Maker]:
    import jax
    import jax.numpy as jnp
    from jax.lax import scan

    jax.config.update("jax_enable_x64", True)

    def tanh_step(W_x: Any, W_h: Any, b: Any, h: Any, x: Any) -> Any:
        return jnp.tanh(W_x @ x + W_h @ h + b)

    def lstm_step(W_x: Any, W_h: Any, b: Any, s: Any, x: Any) -> Any:
        c, h = jnp.split(s, 2)
        i, f, g, o = jnp.split(W_x @ x + W_h @ h + b, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jnp.concatenate([c, jax.nn.sigmoid(o) * jnp.tanh(c)])

    def scalar(w: Any, x: Any) -> Result:
        def step(h: Any, drive: Any, w: Any) -> Any:
            return jnp.tanh(w * h + drive)

        def states(nudges: Any, w: Any) -> Any:  # h_0 … h_T, each nudged by its own number
            h0 = 0.5 + nudges[0]
            rest = scan(lambda h, given: (step(h, given[0], w) + given[1],) * 2, h0, (x, nudges[1:]))[1]
            return jnp.concatenate([h0[None], rest])

        zero = jnp.zeros(len(x) + 1)
        by_all = jax.grad(lambda nudges, w: states(nudges, w)[-1])
        slopes = jax.vmap(jax.grad(step), (0, 0, None))
        if w.ndim:
            h, P = (jax.vmap(f, (None, 0), 1)(zero, w) for f in (states, by_all))
            factors = jax.vmap(slopes, (1, None, 0), 1)(h[:-1], x, w)
            return {"factors": factors, "P": P, "log10": jnp.log10(jnp.abs(P))}
        h, S = jax.jvp(lambda nudges: states(nudges, w), (zero,), (jnp.eye(len(zero))[0],))
        return {"factors": slopes(h[:-1], x, w), "P": by_all(zero, w), "S": S}

    def jacobians(step: Any, s0: Any, x: Any) -> Any:
        s = scan(lambda s, x: (step(s, x), s), s0, x)[1]
        return jax.vmap(jax.jacfwd(step))(s, x)

    def products(J: Any) -> Result:
        eye = jnp.eye(J.shape[-1])
        P = jnp.concatenate([scan(lambda P, J: (P @ J, P @ J), eye, J, reverse=True)[1], eye[None]])
        return {"J": J, "fro": jnp.log(jnp.linalg.norm(P, axis=(1, 2))), "spectral": jnp.log(norm2(P))}

    def norm2(P: Any) -> Any:
        return jnp.linalg.norm(P, 2, axis=(1, 2))

    def rnn(W_x: Any, W_h: Any, b: Any, x: Any) -> Result:
        return products(jacobians(lambda h, x: tanh_step(W_x, W_h, b, h, x), jnp.full(b.shape, 0.1), x))

    def lstm(W_x: Any, W_h: Any, b: Any, x: Any) -> Result:
        return products(jacobians(lambda s, x: lstm_step(W_x, W_h, b, s, x), jnp.full(2 * W_h.shape[1], 0.1), x))

    def scales(W_x: Any, W_h: Any, b: Any, x: Any) -> Result:
        return jax.vmap(rnn, (None, 0, None, None), 1)(W_x, W_h, b, x)

    def pairs(W_x: Any, W_h: Any, b: Any, x: Any) -> Result:
        J = jacobians(lambda h, x: tanh_step(W_x, W_h, b, h, x), jnp.full(b.shape, 0.1), x)
        T, eye = len(J), jnp.eye(len(b))

        def grow(rows: Any, given: Any) -> Any:
            t, J = given
            rows = (J @ rows).at[t].set(eye)
            return rows, jnp.linalg.norm(rows, axis=(1, 2))

        rows = jnp.zeros((T + 1, *eye.shape)).at[0].set(eye)
        norms = scan(grow, rows, (jnp.arange(1, T + 1), J))[1]
        out = jnp.concatenate([jnp.linalg.norm(rows, axis=(1, 2))[None], norms])
        return {"pairs": jnp.where(jnp.tril(jnp.ones((T + 1, T + 1), bool)), jnp.log(out), jnp.nan)}

    def bptt(W_x: Any, W_h: Any, b: Any, x: Any, V: Any, y: Any) -> Result:
        def loss(W_x: Any, W_h: Any, b: Any) -> Any:
            step = jax.vmap(lambda h, x: tanh_step(W_x, W_h, b, h, x))
            h = scan(lambda h, x: (step(h, x),) * 2, jnp.full((x.shape[1], len(b)), 0.1), x)[1]
            return ((h @ V.T - y) ** 2).sum() / 2

        return dict(zip(("dW_x", "dW_h", "db"), jax.grad(loss, (0, 1, 2))(W_x, W_h, b), strict=True))

    def maps(w: Any, x: Any, b: Any) -> Result:
        def by_start(w: Any, b: Any) -> Any:
            h = jnp.full(jnp.broadcast_shapes(w.shape, jnp.shape(b)), 0.5)

            def states(h: Any) -> Any:
                return scan(lambda h, drive: (jnp.tanh(w * h + drive + b),) * 2, h, x)[1]

            return jnp.log10(jnp.abs(jax.jvp(states, (h,), (jnp.ones_like(h),))[1]))

        return {"log10": by_start(w, 0.0), "bias": by_start(w[:SIDE, None], b)[-1]}

    makers = {"scalar": scalar, "rnn": rnn, "lstm": lstm, "pairs": pairs, "bptt": bptt, "scales": scales, "map": maps}

    def made(kind: str, **arrays: np.ndarray) -> Callable[[], Result]:
        compiled, on_device = jax.jit(makers[kind]), {name: jnp.asarray(a) for name, a in arrays.items()}
        return lambda: jax.block_until_ready(compiled(**on_device))

    return {kind: partial(made, kind) for kind in makers}


# --- the trusted result ----------------------------------------------------------------------------


def trusted(kind: str, given: dict[str, np.ndarray]) -> Result:
    """The same job written out in extended precision (64-bit mantissas), with scaled products."""
    arrays = {name: np.asarray(a, dtype=np.longdouble) for name, a in given.items()}
    if kind == "scalar":
        w, x = arrays["w"], arrays["x"]
        h = [np.full(w.shape, np.longdouble(0.5))]
        for drive in x:
            h.append(np.tanh(w * h[-1] + drive))
        factors = w * (1 - np.stack(h[1:]) ** 2)
        P = np.cumprod(np.concatenate([np.ones_like(factors[:1]), factors[::-1]]), axis=0)[::-1]
        if w.ndim:
            return {"factors": factors, "P": P, "log10": np.log10(np.abs(P))}
        return {"factors": factors, "P": P, "S": np.concatenate([[1], np.cumprod(factors)])}
    if kind == "map":
        found = []
        for w, b in ((arrays["w"], np.longdouble(0)), (arrays["w"][:SIDE, None], arrays["b"])):
            h, P, rows = np.longdouble(0.5), np.longdouble(1), []
            for drive in arrays["x"]:
                h = np.tanh(w * h + drive + b)
                P = P * w * (1 - h**2)
                rows.append(np.log10(np.abs(P)))
            found.append(np.stack(rows))
        return {"log10": found[0], "bias": found[1][-1]}
    W_x, W_h, b, x = (arrays[name] for name in ("W_x", "W_h", "b", "x"))
    n = W_h.shape[-1]
    if kind == "bptt":
        h = _long_states(W_x, W_h, b, x)
        dh = (h[1:] @ arrays["V"].T - arrays["y"]) @ arrays["V"]
        g, dz = 0 * dh[0], np.empty_like(dh)
        for t in range(len(x) - 1, -1, -1):
            dz[t] = (dh[t] + g) * (1 - h[t + 1] ** 2)
            g = dz[t] @ W_h
        flat = dz.reshape(-1, n)
        return {
            "dW_x": flat.T @ x.reshape(len(flat), -1),
            "dW_h": flat.T @ h[:-1].reshape(len(flat), -1),
            "db": flat.sum(0),
        }
    J = (_long_lstm if kind == "lstm" else _long_rnn)(W_x, W_h, b, x)
    if kind == "pairs":
        out = np.full((len(J) + 1, len(J) + 1), np.nan, dtype=np.longdouble)
        for k in range(len(J) + 1):
            P = np.eye(n, dtype=np.longdouble)
            out[k, k] = np.log((P**2).sum()) / 2
            for t in range(k, len(J)):
                P = J[t] @ P
                out[t + 1, k] = np.log((P**2).sum()) / 2
        return {"pairs": out}
    P = [np.broadcast_to(np.eye(J.shape[-1], dtype=np.longdouble), J.shape[1:])]
    for k in range(len(J) - 1, -1, -1):
        P.append(P[-1] @ J[k])
    fro = np.sqrt((np.stack(P[::-1]) ** 2).sum(axis=(-2, -1)))
    unit = (np.stack(P[::-1]) / fro[..., None, None]).astype(float)
    spectral = np.log(np.linalg.svd(unit, compute_uv=False)[..., 0]) + np.log(fro)
    return {"J": J, "fro": np.log(fro), "spectral": spectral}


def _long_states(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    shape = (*np.broadcast_shapes(x.shape[1:-1], W_h.shape[:-2]), len(b))
    h = [np.full(shape, 0.1).astype(np.longdouble)]
    h[0][:] = np.float64(0.1)
    for row in x:
        h.append(np.tanh(row @ W_x.T + (W_h @ h[-1][..., None])[..., 0] + b))
    return np.stack(h)


def _long_rnn(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    return (1 - _long_states(W_x, W_h, b, x)[1:] ** 2)[..., None] * W_h


def _long_lstm(W_x: np.ndarray, W_h: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    n = W_h.shape[-1]
    c = h = np.full(n, 0.1).astype(np.longdouble)
    out = []
    for row in x:
        i, f, g, o = np.split(W_x @ row + W_h @ h + b, 4)
        i, f, o, g = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o)), np.tanh(g)
        V_i, V_f, V_g, V_o = np.split(W_h, 4)
        before, c = c, f * c + i * g
        y = np.tanh(c)
        h, read = o * y, o * (1 - y * y)
        by_h = (g * i * (1 - i))[:, None] * V_i + (before * f * (1 - f))[:, None] * V_f
        by_h = by_h + (i * (1 - g * g))[:, None] * V_g
        low = read[:, None] * by_h + (y * o * (1 - o))[:, None] * V_o
        out.append(np.block([[np.diag(f), by_h], [np.diag(read * f), low]]))
    return np.stack(out)


def worst(got: Result, want: Result) -> float:
    """Largest relative error; the error of a logarithm is the relative error of its number."""
    out = 0.0
    for name, exact in want.items():
        value = got[name]
        value = np.asarray(value.value if isinstance(value, Scaled) else value, dtype=np.longdouble)
        value = value.reshape(len(value), *exact.shape[1:])  # our numbers are matrices, 1 × 1
        exact = (
            exact[: len(value)] if name in ("P", "log10") else exact[len(exact) - len(value) :]
        )  # some leave the unit out
        apart = np.abs(value - exact)
        if name in ("J", "dW_x", "dW_h", "db"):  # entries near 0 are sums that cancel: over the largest
            axes = tuple(range(value.ndim - 2, value.ndim)) if value.ndim > 1 else (0,)
            apart = apart / np.abs(exact).max(axis=axes, keepdims=True)
        elif name in ("factors", "P", "S"):
            apart = apart / np.abs(exact)
        elif name in ("log10", "bias"):
            apart = apart * math.log(10)
        out = max(out, float(np.nanmax(apart)))
    return out


# --- measuring -------------------------------------------------------------------------------------


def columns_of(name: str) -> dict[str, Maker] | None:
    """The yardsticks of an optional package, None where it is not installed, or not with all that they need."""
    try:
        importlib.import_module(name)
        return {"torch": torch_columns, "jax": jax_columns}[name]()
    except ImportError:
        return None


OURS: dict[str, Callable[..., Result]] = {
    "scalar": ours_scalar, "rnn": ours_rnn, "lstm": ours_lstm,
    "pairs": ours_pairs, "bptt": ours_bptt, "scales": ours_rnn, "map": ours_map,
}  # fmt: skip
LIMIT: dict[str, Maker] = {
    "scalar": limit_scalar, "rnn": limit_rnn, "lstm": limit_lstm,
    "pairs": limit_pairs, "bptt": limit_bptt, "scales": limit_rnn, "map": limit_map,
}  # fmt: skip


def best(calls: dict[str, Callable[[], Any]], seconds: float = 1.0) -> dict[str, float]:
    """The shortest time of each call; they take turns, at least seven rounds and `seconds` each."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    while min(map(len, times.values())) < 7 or min(map(sum, times.values())) < seconds / 7:
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: min(found) for name, found in times.items()}


def rows_of_jobs(only: str = "") -> list[dict[str, Any]]:
    optional = {name: columns_of(name) for name in ("torch", "jax")}
    rows = []
    for job in JOBS:
        if only and job.name[0] not in only:
            continue
        arrays = given("scalar" if job.kind == "scalar" else job.kind, **job.sizes)
        calls: dict[str, Callable[[], Result]] = {
            "limit": LIMIT[job.kind](**arrays),
            "ours": partial(OURS[job.kind], **arrays),
        }
        calls |= {name: makers[job.kind](**arrays) for name, makers in optional.items() if makers}
        want, first, errors = trusted(job.kind, arrays), {}, {}
        for name, call in list(calls.items()):
            start = time.perf_counter()
            try:
                result = call()
            except ImportError:  # torch asks for more where it differentiates than where it is imported
                del calls[name]
                continue
            first[name] = time.perf_counter() - start
            errors[name] = worst(result, want)
        times = best(calls)
        row: dict[str, Any] = {"job": job.name, "seconds": times, "error": errors, "first_jax_call": first.get("jax")}
        row["of_limit"], row["at_most"] = times["ours"] / times["limit"], job.limit
        for name, least in (("torch", job.torch), ("jax", job.jax)):
            row[f"{name}_faster"] = times[name] / times["ours"] if name in times else None
            row[f"{name}_at_least"] = least
        rows.append(row)
    return rows


def growth() -> list[dict[str, Any]]:
    """How time grows with T, n and the slider's positions: the exponent between the sizes, and the expected."""

    def chain(T: int) -> None:
        ours_scalar(**given("scalar", T=T))

    def matrices(T: int, n: int = 32) -> None:
        flow = GradientFlow(unroll(RNN(**_weights(n), activation=TANH), np.zeros((T, 8)), 0.1))
        flow.P.norm()

    def pairs(T: int) -> None:
        GradientFlow(unroll(RNN(**_weights(32), activation=IDENTITY), np.zeros((T, 8)), 0.1)).pair_norms()

    def positions(S: int) -> None:
        ours_scalar(**given("scalar", S=S, T=50))

    topics: tuple[tuple[str, str, Callable[..., None], tuple[int, ...], float], ...] = (
        ("T, scalar: factors, both products", "T", chain, (1250, 2500, 5000, 10_000), 1),
        ("T, n 32: products, their norms", "T", matrices, (100, 200, 400, 800), 1),
        ("T, n 32: all pairs", "T", pairs, (50, 100, 200), 2),
        ("n, T 50: products, their norms", "n", partial(matrices, 50), (64, 128, 256), 3),
        ("positions of a slider, T 50", "S", positions, (1000, 4000, 16_000), 1),
    )
    rows = []
    for name, of, call, sizes, expected in topics:
        times = best({str(size): partial(call, **{of: size}) for size in sizes}, seconds=0.5)
        seconds = [times[str(size)] for size in sizes]
        exponent = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
        rows.append({"in": name, "sizes": sizes, "seconds": seconds, "exponent": exponent, "expected": expected})
    return rows


def _weights(n: int) -> dict[str, np.ndarray]:
    arrays = given("rnn", n=n)
    return {name: arrays[name] for name in ("W_x", "W_h", "b")}


def measure(only: str = "") -> dict[str, Any]:
    """Both tables, measured in a process of its own: NumPy reads the number of threads when it is imported."""
    command = [sys.executable, "-m", "tests.benchmarks.core", "--json", only]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def show(result: dict[str, Any]) -> None:
    """Print both tables."""
    heads = ("limit", "ours", "torch", "JAX")
    print(f"{'Core, one thread, ms (error)':48s}" + "".join(f"{head:>18s}" for head in heads) + "  JAX's first")
    for row in result["jobs"]:
        cells = (_cell(row, name) for name in COLUMNS)
        first = row["first_jax_call"]
        print(f"{row['job']:48s}" + "".join(f"{cell:>18s}" for cell in cells) + f"{_ms(first):>13s}")
    print(f"\n{'Ours as a ratio (asked)':48s}{'of the limit':>18s}{'torch / ours':>18s}{'JAX / ours':>18s}")
    for row in result["jobs"]:
        cells = [f"{row['of_limit']:.2f} (≤ {row['at_most']:g})"]
        for name in ("torch", "jax"):
            faster, least = row[f"{name}_faster"], row[f"{name}_at_least"]
            cells.append("-" if faster is None else f"{faster:.2f} (≥ {least:g})")
        print(f"{row['job']:48s}" + "".join(f"{cell:>18s}" for cell in cells))
    print(f"\n{'Growth of our time with …':48s}{'exponent':>9s}{'expected':>9s}   ms at each size")
    for row in result["growth"]:
        at = ", ".join(f"{size}: {_ms(s)}" for size, s in zip(row["sizes"], row["seconds"], strict=True))
        print(f"{row['in']:48s}{row['exponent']:9.2f}{row['expected']:9g}   {at}")


def _cell(row: dict[str, Any], name: str) -> str:
    return f"{_ms(row['seconds'][name])} ({row['error'][name]:.0e})" if name in row["seconds"] else "-"


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.3g}"


if __name__ == "__main__":
    if "--json" in sys.argv:
        only = sys.argv[-1] if sys.argv[-1] != "--json" else ""
        print(json.dumps({"jobs": rows_of_jobs(only), "growth": [] if only else growth()}))
    else:
        show(measure("".join(sys.argv[1:])))
