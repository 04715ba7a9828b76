"""The cells once more, written as a textbook prints them, and their derivatives by complex step.

Nothing here comes from the core: f(s + i·ε·d).imag / ε is the derivative of f along d to rounding, with no
difference to cancel (Squire & Trapp 1998), as long as every line also works on complex numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import mpmath as mp
import numpy as np

from tests.precise import VALUE_AND_SLOPE, Known

TINY = 1e-100


def _of_many_digits(name):
    """φ of floats, and of complex numbers whose imaginary part is tiny, from `precise`."""
    both = np.vectorize(lambda z: tuple(map(float, VALUE_AND_SLOPE[name](mp.mpf(z)))), otypes=[float, float])

    def φ(z):
        value, slope = both(np.real(z))
        return value + 1j * slope * z.imag if np.iscomplexobj(z) else value

    return φ


PHI = Known({
    "identity": lambda z: z,
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "leaky_relu": lambda z: np.where(z.real > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z.real > 0, z, np.exp(z) - 1),
    "hardtanh": lambda z: np.where(np.abs(z.real) < 1, z, np.sign(z.real)),
    "hardsigmoid": lambda z: np.where(np.abs(z.real) < 3, (z + 3) / 6, z.real > 0),
}, _of_many_digits)  # fmt: skip


@dataclass
class Net:
    """One cell without batch axes; states are (…, N), LSTM s = (c, h)."""

    kind: str
    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray
    phi: str = "tanh"
    gate: str = "sigmoid"
    b_h: np.ndarray | float = 0.0
    p: np.ndarray | None = None
    pinned: dict[str, float] = field(default_factory=dict)
    functions: dict = field(default_factory=lambda: PHI)

    @property
    def n(self) -> int:
        return self.W_h.shape[1]

    def step(self, s, x):
        return {"rnn": self.rnn, "lstm": self.lstm, "gru": self.gru}[self.kind](s, x)

    def open(self, gate, z):
        if gate in self.pinned:
            return self.pinned[gate] + 0 * z
        return self.functions[self.phi if gate in ("g", "n") else self.gate](z)

    def rnn(self, h, x):
        return self.functions[self.phi](x @ self.W_x.T + h @ self.W_h.T + self.b)

    def lstm(self, s, x):
        n = self.n
        c, h = s[..., :n], s[..., n:]
        z = x @ self.W_x.T + h @ self.W_h.T + self.b
        p = np.zeros((3, n)) if self.p is None else self.p
        i = self.open("i", z[..., :n] + p[0] * c)
        f = self.open("f", z[..., n : 2 * n] + p[1] * c)
        g = self.open("g", z[..., 2 * n : 3 * n])
        c = f * c + i * g
        o = self.open("o", z[..., 3 * n :] + p[2] * c)
        return np.concatenate([c, o * self.functions[self.phi](c)], axis=-1)

    def gru(self, h, x):
        n = self.n
        a, u = x @ self.W_x.T + self.b, h @ self.W_h.T + self.b_h
        r = self.open("r", a[..., :n] + u[..., :n])
        z = self.open("z", a[..., n : 2 * n] + u[..., n : 2 * n])
        candidate = self.open("n", a[..., 2 * n :] + r * u[..., 2 * n :])
        return (1 - z) * candidate + z * h

    def states(self, s, xs):
        """s_0 … s_T, one row a step."""
        rows = [np.asarray(s)]
        for x in xs:
            rows.append(self.step(rows[-1], x))
        return np.stack(np.broadcast_arrays(*rows))

    def derivatives(self, s, xs, direction):
        """∂s_t along each row of `direction` (d, N) added to s, t = 0 … len(xs): (T+1, N, d)."""
        rows = self.states(s + 1j * TINY * direction, xs)
        return np.moveaxis(rows.imag / TINY, 1, 2)

    def read_out(self, s, x):
        """∂h_t/∂C_t inside the step that leaves `s`: o_t = σ(… + p_o C_t) follows C_t, too."""
        n = self.n
        c_new = self.lstm(s, x)[:n] + 1j * TINY
        z_o = x @ self.W_x[3 * n :].T + s[n:] @ self.W_h[3 * n :].T + self.b[3 * n :]
        if self.p is not None:
            z_o = z_o + self.p[2] * c_new
        return (self.open("o", z_o) * PHI[self.phi](c_new)).imag / TINY


GATES = {"rnn": "h", "lstm": "ifgo", "gru": "rzn"}


def random_net(kind, rng, n, m, phi="tanh", peepholes=False, pins=()):
    """Weights of order 1, so that slopes, gates and products are far from both 0 and 1."""
    rows = len(GATES[kind]) * n

    def draw(*shape):
        return rng.normal(size=shape) * rng.uniform(0.3, 1.2)

    return Net(
        kind,
        draw(rows, m),
        draw(rows, n),
        draw(rows),
        phi,
        b_h=draw(rows) if kind == "gru" else 0.0,
        p=draw(3, n) if peepholes else None,
        pinned={q: rng.uniform(0.05, 0.95) for q in pins},
    )


def close(got, want, tolerance=1e-12):
    """Largest error over the largest number of the block is within `tolerance`."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return False
    return bool(np.abs(got - want).max(initial=0.0) <= tolerance * np.abs(want).max(initial=0.0) + 1e-300)
