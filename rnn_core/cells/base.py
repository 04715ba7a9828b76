"""What all cells share: parameters, equations, one step, and what a step's derivative is made of.

Index conventions: parameters may carry batch axes in front, (*batch, G·n, …); a state s has N = n numbers
(RNN, GRU) or N = 2n, s = (c, h) (LSTM), so that h is always its last n. Rows are PyTorch's: LSTM i, f, g, o;
GRU r, z, n. All cells share one structure: unit j of the state depends on the previous state directly
(its *highway*, D) and through its gates' recurrent weights,

    J[b j, h l] = Σ_q A[b, q, j] · W_h[q, j, l],   J[b j, b' j] += D[b, b', j],

with A the derivative of the state by what the weights deliver to gate q. `local` returns D and A.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rnn_core.activations import TANH, Activation
from rnn_core.cells.gate import Gate
from rnn_core.cells.local import Local
from rnn_core.scaled import Scaled

if TYPE_CHECKING:
    from rnn_core.check import State, Textbook
    from rnn_core.experiment import Experiment
    from rnn_core.flow.unroll import Trajectory

Value = Callable[[str], np.ndarray]  # a field of an experiment, with a sweep's batch axis where it is swept

LIMIT = 1e100  # products of two parameters stay far inside float64
_SAFE = 100.0  # below this |z| no product of a step's slopes underflows


def checked(name: str, value: Any, tail: tuple[int | None, ...]) -> np.ndarray:
    """`value` as a finite float array whose last axes are `tail` (None: any length).

    Raises ValueError that names the field, the offending value and what is allowed.
    """
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold real numbers, got {_short(value)}") from None
    shape = array.shape[array.ndim - len(tail) :]
    if len(shape) < len(tail) or any(want not in (None, have) for want, have in zip(tail, shape, strict=True)):
        want = ", ".join("any" if d is None else str(d) for d in tail)
        raise ValueError(f"{name} must have shape (*batch, {want}), got {array.shape}")
    if not np.vdot(array, array) <= LIMIT:  # NaN fails the comparison, too; else no number can be beyond
        bad = ~(np.abs(array) <= LIMIT)
        if bad.any():
            raise ValueError(f"{name} must be finite, from -{LIMIT:g} to {LIMIT:g}, got {array[bad][0]:g}")
    array.setflags(write=False)
    return array


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def matvec(W: np.ndarray, v: Any, out: np.ndarray | None = None) -> Any:
    """W (*batch, r, n) times v (…, n), floats or Scaled, over any leading axes of v; `out` (…, r) for all axes."""
    if isinstance(v, Scaled):
        return v * W[..., 0] if W.shape[-1] == 1 else (Scaled.of(W) @ v[..., None])[..., 0]
    if W.shape[-1] == 1:
        return np.multiply(W[..., 0], v, out=out)
    if W.ndim == 2:
        return np.matmul(v, W.T, out=out)
    return np.matmul(W, v[..., None], out=None if out is None else out[..., None])[..., 0]


def joined(*parts: Any) -> Any:
    """Floats, or Scaled numbers, side by side."""
    if any(isinstance(part, Scaled) for part in parts):
        return Scaled.concatenate(parts)
    return np.concatenate(parts, axis=-1)


def is_safe(*arrays: np.ndarray) -> bool:
    return all(a.max(initial=0.0) < _SAFE and a.min(initial=0.0) > -_SAFE for a in arrays)


@dataclass(frozen=True)
class Code:
    """One step of one unit as a reader writes it, once its gates are computed; {tanh} and {sigmoid} are a library's."""

    new: str  # the parts of the new state
    state: str = "h"  # their names
    lines: tuple[str, ...] = ()  # what comes before
    recurrent: Mapping[str, str] = field(default_factory=dict)  # what a gate q reads of h, if not w_q * h
    rests: Mapping[str, str] = field(default_factory=dict)  # the name of 1 - q, where a gate's is needed


@dataclass(frozen=True, eq=False)
class Cell:
    """What all cells share; see the subclasses."""

    W_x: np.ndarray  # (*batch, G·n, m)
    W_h: np.ndarray  # (*batch, G·n, n)
    b: np.ndarray  # (*batch, G·n)
    activation: Activation = TANH

    name: ClassVar[str]
    title: ClassVar[str]
    since: ClassVar[int]  # the year of its paper; menus and legends go by it
    color: ClassVar[str]  # on every page: a hue of the palette
    latex: ClassVar[tuple[str, ...]]
    renewal: ClassVar[str]  # how the state of one unit is renewed, in short, as LaTeX
    reads: ClassVar[tuple[str, ...]]  # its fields of an `Experiment`, but for `starts`
    gates: ClassVar[tuple[str, ...]]  # row blocks of the weights, in order
    records: ClassVar[Mapping[str, int]]  # what `step` returns besides `s`: numbers a unit
    blocks: ClassVar[tuple[str, ...]] = ("h",)  # parts of the state
    carries_on: ClassVar[bool] = False  # whether its states may exceed float64
    told: ClassVar[tuple[Gate, ...]] = ()  # its gates as data, in the order in which they are told
    by_letter: ClassVar[Mapping[str, Gate]] = {}  # the same in the order of `gates`
    code: ClassVar[Code]

    def __post_init__(self) -> None:
        G = len(self.gates)
        W_h = checked("W_h", self.W_h, (None, None))
        n = W_h.shape[-1]
        if n < 1 or W_h.shape[-2] != G * n:
            raise ValueError(f"W_h must have shape (*batch, {G}·n, n) with n ≥ 1, got {W_h.shape}")
        object.__setattr__(self, "W_h", W_h)
        object.__setattr__(self, "W_x", checked("W_x", self.W_x, (G * n, None)))
        object.__setattr__(self, "b", checked("b", self.b, (G * n,)))
        self._check_own()
        try:
            self.batch  # noqa: B018  (raises when the parameters' batch axes do not agree)
        except ValueError:
            raise ValueError(
                f"batch axes of the parameters must broadcast, got {[p.shape for p in self._parameters()]}"
            ) from None

    def _check_own(self) -> None:
        """Check what a subclass adds."""

    def _parameters(self) -> list[np.ndarray]:
        """All parameters with their batch axes and one more."""
        return [self.W_x[..., 0] if self.m else self.b, self.W_h[..., 0], self.b]

    @property
    def n(self) -> int:
        return self.W_h.shape[-1]

    @property
    def m(self) -> int:
        return self.W_x.shape[-1]

    @property
    def N(self) -> int:
        """State size: n, or 2n for the LSTM."""
        return len(self.blocks) * self.n

    @cached_property
    def batch(self) -> tuple[int, ...]:
        """Batch axes of the parameters."""
        return np.broadcast_shapes(*(p.shape[:-1] for p in self._parameters()))

    @property
    def W_h_by_gate(self) -> np.ndarray:
        """Recurrent weights as (*batch, G, n, n)."""
        return self.W_h.reshape(*self.W_h.shape[:-2], len(self.gates), self.n, self.n)

    def split(self, z: Any) -> list[Any]:
        """The row blocks of (…, G·n), one (…, n) a gate."""
        return [z[..., q * self.n : (q + 1) * self.n] for q in range(len(self.gates))]

    def drive(self, x: Any) -> Any:
        """a = W_x x + b, what the input delivers to the gates: (…, m) → (…, G·n)."""
        if self.m:
            return matvec(self.W_x, x) + self.b
        return np.broadcast_to(self.b, (*x.shape[:-1], self.b.shape[-1]))

    @classmethod
    def starts(cls) -> tuple[str, ...]:
        """The fields of an `Experiment` that hold the state it starts from."""
        return tuple(f"{part}0" for part in cls.blocks)

    @classmethod
    def scalar(cls, value: Value, e: Experiment) -> Cell:
        """The cell of one unit that an experiment asks for."""
        raise NotImplementedError

    def step(self, a: Any, s: Any) -> dict[str, Any]:
        """One step from state s (…, N) with drive a (…, G·n): the new `s` and what a derivative needs.

        Of floats, or of Scaled numbers where float64 over- or underflows.
        """
        raise NotImplementedError

    def local(self, tr: Trajectory) -> Local:
        """Highway and gate derivatives of every step of a trajectory."""
        raise NotImplementedError

    @staticmethod
    def textbook(net: Textbook, s: State, j: int) -> State:
        """s_j from s_{j-1} once more, of one unit and in complex decimals: the second opinion's own lines."""
        raise NotImplementedError
