"""Every choice a reader can make, and running it.

An `Experiment` holds names and numbers only, is frozen and hashable; `run` makes arrays of it, `sweep` the
same experiment at many values of one field in one vectorised call. The unit is scalar: n = m = 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from rnn_core.activations import ACTIVATIONS, activation
from rnn_core.cells import CELLS, GRU, LIMIT, LSTM, RNN, Cell
from rnn_core.flow import GradientFlow
from rnn_core.readout import F2, WORDS
from rnn_core.scaled import frozen
from rnn_core.sequences import MAX_NUMBERS, SEQUENCES, YEARS
from rnn_core.unroll import T_MAX, Trajectory, unroll

MODES = ("pinned", "computed")
_RANGES: dict[str, tuple[float, float]] = {
    "slope": (0, 1),
    "T": (0, T_MAX),
    "t": (0, T_MAX),
    "k": (0, T_MAX),
    "step": (1, T_MAX),
    "period": (1e-3, LIMIT),
    "at": (1, T_MAX),
    "seed": (0, 2**31 - 1),
    "start": YEARS,
    "b_net": (-10, 10),
    **dict.fromkeys(("i", "f", "o", "r", "z"), (0, 1)),
    **dict.fromkeys(("g", "n"), (-1, 1)),
}
_NAMES = {
    "cell": tuple(CELLS),
    "activation": tuple(ACTIVATIONS),
    "sequence": tuple(SEQUENCES),
    "f2": F2,
    "target": WORDS,
    **dict.fromkeys(("i_mode", "f_mode", "g_mode", "o_mode", "r_mode", "z_mode", "n_mode"), MODES),
}


@dataclass(frozen=True)
class Experiment:
    """One scalar cell, its weights and its input; the fields are the URL's names.

    RNN: h_t = φ(w h_{t-1} + u x_t + b). Gate q of an LSTM (i, f, g, o) or a GRU (r, z, n) is *pinned* to its
    value `q`, or *computed* from w_q h_{t-1} + u_q x_t + b_q. The chain runs from h_k to h_t.

    Raises ValueError that names field, value and range for any number that is not finite or out of range,
    any unknown name.
    """

    cell: str = "rnn"
    activation: str = "identity"
    slope: float = 0.01  # of leaky_relu below 0
    w: float = 2.0
    u: float = 1.0
    b: float = 0.0
    h0: float = 0.5
    T: int = 10
    t: int = 10
    k: int = 0
    step: int = 1  # the step whose numbers are spelled out
    sequence: str = "none"
    amplitude: float = 1.0
    period: float = 8.0
    at: int = 1  # step of the impulse
    seed: int = 0
    start: int = 1900  # first year of the sunspot window
    values: tuple[float, ...] = ()  # pasted numbers
    f2: str = "softmax"  # of the output o_t = f2(W_hy h_t)
    w_y: float = 1.0  # output weight
    target: str = "be"  # the target word of every step
    y: float = 1.0  # the target number of every step, where f2 is the identity

    c0: float = 0.0
    pin_all: bool = False  # every gate pinned, whatever its mode
    cut_i: bool = False  # ablation: whether the paths through this gate are left out of a reading
    cut_f: bool = False
    cut_g: bool = False
    cut_o: bool = False
    b_net: float = 0.0  # forget bias of the networks that are shown beside the scalar cell
    i_mode: str = "computed"
    i: float = 0.5
    w_i: float = 1.0
    u_i: float = 4.0
    b_i: float = -2.0
    f_mode: str = "pinned"
    f: float = 0.99
    w_f: float = 0.0
    u_f: float = 0.0
    b_f: float = 1.0  # Gers et al. 2000: start with open forget gates
    g_mode: str = "computed"
    g: float = 0.5
    w_g: float = -0.3
    u_g: float = 2.0
    b_g: float = 0.0
    o_mode: str = "pinned"
    o: float = 0.9
    w_o: float = 0.0
    u_o: float = 0.0
    b_o: float = 0.0

    r_mode: str = "computed"
    r: float = 0.5
    w_r: float = 1.0
    u_r: float = 0.0
    b_r: float = 0.0
    z_mode: str = "pinned"
    z: float = 0.9
    w_z: float = 0.0
    u_z: float = 0.0
    b_z: float = 1.0
    n_mode: str = "computed"
    n: float = 0.5
    w_n: float = 1.0
    u_n: float = 2.0
    b_n: float = 0.0

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, _checked(one.name, one.type, getattr(self, one.name)))

    @property
    def end(self) -> int:
        """t' = min(t, T), where the chain really ends."""
        return min(self.t, self.T)

    @property
    def begin(self) -> int:
        """k' = min(k, t'), where the chain really begins."""
        return min(self.k, self.end)

    @property
    def cut(self) -> str:
        """The gates whose paths are switched off, in the cell's order, such as "fo"."""
        return "".join(q for q in LSTM.gates if getattr(self, f"cut_{q}"))

    def pins(self, gate: str) -> bool:
        """Whether the gate is held at its value."""
        return self.pin_all or getattr(self, f"{gate}_mode") == "pinned"


def _checked(name: str, kind: Any, value: Any) -> Any:
    if name in _NAMES:
        if not isinstance(value, str) or value not in _NAMES[name]:
            raise ValueError(f"{name} must be one of {', '.join(_NAMES[name])}, got {_shown(value)}")
        return value
    if name == "values":
        if not isinstance(value, (tuple, list)):
            raise ValueError(f"values must be a sequence of at most {MAX_NUMBERS} numbers, got {_shown(value)}")
        value = tuple(_number(f"values[{j}]", v, -LIMIT, LIMIT) for j, v in enumerate(value))
        if len(value) > MAX_NUMBERS:
            raise ValueError(f"values must be at most {MAX_NUMBERS} numbers, got {len(value)}")
        return value
    if kind == "bool":
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, got {_shown(value)}")
        return value
    low, high = _RANGES.get(name, (-LIMIT, LIMIT))
    number = _number(name, value, low, high)
    if kind == "int":
        if number != int(number):
            raise ValueError(f"{name} must be a whole number from {low} to {high}, got {_shown(value)}")
        return int(number)
    return number


def _number(name: str, value: Any, low: float, high: float) -> float:
    try:
        number = math.nan if isinstance(value, np.ndarray) and value.ndim else float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}, got {_shown(value)}") from None
    if not low <= number <= high:
        raise ValueError(f"{name} must be from {low:g} to {high:g}, got {_shown(value)}")
    return number


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python prints no whole number of more than 4300 digits
        text = "a number of very many digits"
    return text if len(text) <= 40 else text[:39] + "…"


def inputs(experiment: Experiment) -> np.ndarray:
    """x_1 … x_T as they are fed, (T,)."""
    return SEQUENCES[experiment.sequence].make(experiment.T, vars(experiment))


def build(experiment: Experiment, **swept: np.ndarray) -> Cell:
    """The cell of an experiment; a field given as an array (S,) becomes a batch axis."""

    def value(name: str) -> np.ndarray:
        return np.asarray(swept.get(name, getattr(experiment, name)), dtype=float)

    if experiment.cell == "rnn":
        φ = activation(experiment.activation, value("slope")[..., None])
        return RNN(value("u")[..., None, None], value("w")[..., None, None], value("b")[..., None], φ)
    kind: type[LSTM] | type[GRU] = LSTM if experiment.cell == "lstm" else GRU
    pinned = {q: value(q) for q in kind.gates if experiment.pins(q)}

    def lanes(letter: str) -> np.ndarray:
        rows = [np.zeros(()) if q in pinned else value(f"{letter}_{q}") for q in kind.gates]
        return np.stack(np.broadcast_arrays(*rows), axis=-1)

    return kind(lanes("u")[..., None], lanes("w")[..., None], lanes("b"), pinned=pinned)


@dataclass(frozen=True, eq=False)
class Run:
    """An experiment and everything that follows from it; with a sweep, batch axis (S,)."""

    experiment: Experiment
    x: np.ndarray  # (T, *batch)
    flow: GradientFlow
    swept: Mapping[str, np.ndarray] = field(default_factory=dict)  # the field that a sweep varies: its S values

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", frozen(self.x))
        object.__setattr__(self, "swept", MappingProxyType({name: frozen(x) for name, x in self.swept.items()}))

    def value(self, name: str) -> np.ndarray:
        """A number of the experiment, of shape batch: with a sweep of it, its value at each position."""
        return np.broadcast_to(self.swept.get(name, getattr(self.experiment, name)), self.trajectory.batch)

    @property
    def trajectory(self) -> Trajectory:
        return self.flow.trajectory

    @property
    def t(self) -> int:
        return self.experiment.end

    @property
    def k(self) -> int:
        return self.experiment.begin


NUDGE = 0.01  # small enough to be nearly linear, large enough to be seen


def nudged(run: Run, epsilon: float = NUDGE) -> np.ndarray:
    """The states h_k … h_T after h_k was moved by `epsilon`, (T-k+1, *batch, n): what the product means.

    Where h_k is beyond what `unroll` takes, the states as they are.
    """
    tr, k = run.trajectory, run.k
    c = tr.c[k] if "c" in tr.cell.blocks else None
    small = np.abs(tr.h[k]) < LIMIT
    start = np.where(small, tr.h[k], 0.0) + epsilon
    return np.where(small, unroll(tr.cell, tr.x[k:], start, c).h, tr.h[k:])


@lru_cache(maxsize=128)
def run(experiment: Experiment) -> Run:
    """Unroll the experiment; results are shared, so their arrays are read-only."""
    # these change no array
    everywhere = replace(experiment, t=0, k=0, step=1, b_net=0.0, **_UNCUT, **_UNSAID)
    if experiment != everywhere:
        return replace(run(everywhere), experiment=experiment)
    return _run(experiment, inputs(experiment), {})


def _run(experiment: Experiment, x: np.ndarray, swept: dict[str, np.ndarray]) -> Run:
    c0 = np.asarray(swept.get("c0", experiment.c0))[..., None] if experiment.cell == "lstm" else None
    h0 = np.asarray(swept.get("h0", experiment.h0))[..., None]
    return Run(experiment, x, GradientFlow(unroll(build(experiment, **swept), x[..., None], h0, c0)), swept)


CHOOSE_ROWS = ("T", "t", "k", "step")  # they change which rows of a run there are or are looked at, and no other
_UNCUT: dict[str, Any] = {f"cut_{q}": False for q in LSTM.gates}
_UNSAID: dict[str, Any] = {"f2": "softmax", "w_y": 1.0, "target": "be", "y": 1.0}
_OF_SEQUENCE = ("amplitude", "period", "at", "seed", "start")


def sweep(experiment: Experiment, field: str, values: Iterable[float]) -> Run:
    """`run` at S values of one numeric field in one vectorised call; arrays get a batch axis (S,) after time.

    With field = "T" every position runs to the largest T, its own input being followed by zeros. The choice
    of `t` and `k` changes no array: take rows instead. Raises ValueError for a field that cannot be swept.
    """
    if field not in _TYPES or field in ({*CHOOSE_ROWS} - {"T"}) | {"values", "pin_all", *_UNCUT, *_NAMES}:
        raise ValueError(f"field must be a number that changes the run, got {field!r}")
    variants = [_checked(field, _TYPES[field], v) for v in values]
    if not variants:
        raise ValueError(f"a sweep of {field} needs at least one value, got none")
    swept = {field: np.array(variants)}
    if field == "T" or field in _OF_SEQUENCE:
        T = max(variants) if field == "T" else experiment.T
        x = np.zeros((T, len(variants)))
        parameters = vars(experiment)
        for s, variant in enumerate(variants):
            steps = variant if field == "T" else T
            x[:steps, s] = SEQUENCES[experiment.sequence].make(steps, parameters | {field: variant})
        return _run(experiment, x, swept)
    x = np.broadcast_to(inputs(experiment)[:, None], (experiment.T, len(variants)))
    return _run(experiment, x, swept)


_TYPES = {field.name: field.type for field in fields(Experiment)}


def idle(e: Experiment) -> set[str]:
    """Fields that change no number of an experiment: those that it does not read, and those that guide the eye."""
    out = {"step", "b_net", "y" if e.f2 == "softmax" else "target", *_UNCUT}
    out |= {*_OF_SEQUENCE, "values"} - {*SEQUENCES[e.sequence].parameters}
    if not ACTIVATIONS[e.activation].family:
        out.add("slope")
    for q in (*LSTM.gates, *GRU.gates):
        out |= {f"w_{q}", f"u_{q}", f"b_{q}"} if e.pins(q) else {q}
        if e.pin_all:
            out.add(f"{q}_mode")
    return out
