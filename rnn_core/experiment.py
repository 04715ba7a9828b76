"""Every choice a reader can make, and running it.

An `Experiment` holds names and numbers only, is frozen and hashable; `run` makes arrays of it, `sweep` the
same experiment at many values of one field in one vectorised call. The unit is scalar: n = m = 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, make_dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS, GATES, LIMIT, LSTM, Cell, Gate
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.number_types import NUMBER_TYPES
from rnn_core.flow.unroll import T_MAX, Trajectory, unroll
from rnn_core.readout import F2, WORDS
from rnn_core.scaled import frozen
from rnn_core.sequences import MAX_NUMBERS, SEQUENCES, YEARS

MODES = ("pinned", "computed")
CLIPS = ("none", "norm", "value")
EXACT = "exact"  # no number type: nothing over- or underflows


def _number(default: Any, low: float = -LIMIT, high: float = LIMIT, of: str = "cell") -> Any:
    """A field from `low` to `high`; by what it is `of`, `_CHANGE_NO_ARRAY` and `idle` know what it does."""
    return field(default=default, metadata={"range": (low, high), "of": of})


def _name(default: str, options: Iterable[str], of: str = "cell") -> Any:
    return field(default=default, metadata={"options": tuple(options), "of": of})


@dataclass(frozen=True)
class _Experiment:
    """The fields of an `Experiment` that are no gate's: their defaults, ranges and what they are of."""

    cell: str = _name("rnn", CELLS)
    activation: str = _name("identity", ACTIVATIONS)
    slope: float = _number(0.01, 0, 1)  # of leaky_relu below 0
    w: float = 2.0
    u: float = 1.0
    b: float = 0.0
    h0: float = 0.5
    T: int = _number(10, 0, T_MAX)
    t: int = _number(T_MAX, 0, T_MAX, of="chain")  # beyond T it means T
    k: int = _number(0, 0, T_MAX, of="chain")
    step: int = _number(1, 1, T_MAX, of="eye")  # the step whose numbers are spelled out
    dtype: str = _name(EXACT, (EXACT, *NUMBER_TYPES), of="eye")  # in which the chain's product is told once more
    clip: str = _name("none", CLIPS, of="eye")  # by which that product is clipped
    sequence: str = _name("none", SEQUENCES)
    amplitude: float = _number(1.0, of="input")
    period: float = _number(8.0, 1e-3, of="input")
    at: int = _number(1, 1, T_MAX, of="input")  # step of the impulse
    seed: int = _number(0, 0, 2**31 - 1, of="input")
    start: int = _number(1900, *YEARS, of="input")  # first year of the sunspot window
    values: tuple[float, ...] = field(default=(), metadata={"of": "input"})  # pasted numbers
    f2: str = _name("softmax", F2, of="output")  # of the output o_t = f2(W_hy h_t)
    w_y: float = _number(1.0, of="output")  # output weight
    target: str = _name("be", WORDS, of="output")  # the target word of every step
    y: float = _number(1.0, of="output")  # the target number of every step, where f2 is the identity

    c0: float = 0.0
    pin_all: bool = False  # every gate pinned, whatever its mode
    # ablation: whether the paths through this gate are left out of a reading
    cut_i: bool = field(default=False, metadata={"of": "eye"})
    cut_f: bool = field(default=False, metadata={"of": "eye"})
    cut_g: bool = field(default=False, metadata={"of": "eye"})
    cut_o: bool = field(default=False, metadata={"of": "eye"})
    b_net: float = _number(0.0, -10, 10, of="eye")  # forget bias of the networks that are shown beside the scalar cell

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, _checked(one, getattr(self, one.name)))

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


def _field_of(gate: Gate, name: str, at: Any) -> tuple[str, str, Any]:
    """A field of an experiment that a gate adds: its mode, its value between its limits, or a weight."""
    if name.endswith("_mode"):
        return name, "str", _name(at, MODES)
    return name, "float", _number(at, gate.low, 1) if name == gate.letter else at


if TYPE_CHECKING:

    class Experiment(_Experiment):
        def __init__(self, cell: str = "rnn", activation: str = "identity", **fields: Any) -> None: ...
        def __getattr__(self, field_of_a_gate: str) -> Any: ...

else:
    Experiment = make_dataclass(
        "Experiment",
        [_field_of(gate, name, at) for gate in GATES.values() for name, at in gate.fields().items()],
        bases=(_Experiment,),
        frozen=True,
        namespace={"__module__": __name__},
    )
    Experiment.__doc__ = """One scalar cell, its weights and its input; the fields are the URL's names.

    RNN: h_t = φ(w h_{t-1} + u x_t + b). Gate q of an LSTM (i, f, g, o) or a GRU (r, z, n) is *pinned* to its
    value `q`, or *computed* from w_q h_{t-1} + u_q x_t + b_q. The chain runs from h_k to h_t.

    Raises ValueError that names field, value and range for any number that is not finite or out of range,
    any unknown name.
    """

varied: Callable[..., Experiment] = replace
"""An experiment with other values of some fields."""

_FIELDS: dict[str, Field] = {one.name: one for one in fields(Experiment)}
RANGES: dict[str, tuple[float, float]] = {  # of the numbers among the fields
    name: one.metadata.get("range", (-LIMIT, LIMIT)) for name, one in _FIELDS.items() if one.type in ("int", "float")
}


def _fields_of(*what: str) -> dict[str, Any]:
    """The fields of one kind or more, with their defaults."""
    return {name: one.default for name, one in _FIELDS.items() if one.metadata.get("of") in what}


def _checked(one: Field, value: Any) -> Any:
    name, options = one.name, one.metadata.get("options")
    if options:
        if not isinstance(value, str) or value not in options:
            raise ValueError(f"{name} must be one of {', '.join(options)}, got {_shown(value)}")
        return value
    if name == "values":
        if not isinstance(value, (tuple, list)):
            raise ValueError(f"values must be a sequence of at most {MAX_NUMBERS} numbers, got {_shown(value)}")
        value = tuple(_in_range(f"values[{j}]", v, -LIMIT, LIMIT) for j, v in enumerate(value))
        if len(value) > MAX_NUMBERS:
            raise ValueError(f"values must be at most {MAX_NUMBERS} numbers, got {len(value)}")
        return value
    if one.type == "bool":
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, got {_shown(value)}")
        return value
    low, high = one.metadata.get("range", (-LIMIT, LIMIT))
    number = _in_range(name, value, low, high)
    if one.type == "int":
        if number != int(number):
            raise ValueError(f"{name} must be a whole number from {low} to {high}, got {_shown(value)}")
        return int(number)
    return number


def _in_range(name: str, value: Any, low: float, high: float) -> float:
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

    return CELLS[experiment.cell].scalar(value, experiment)


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
    everywhere = replace(experiment, **_CHANGE_NO_ARRAY)
    if experiment != everywhere:
        return replace(run(everywhere), experiment=experiment)
    return _run(experiment, inputs(experiment), {})


def _run(experiment: Experiment, x: np.ndarray, swept: dict[str, np.ndarray]) -> Run:
    cell = build(experiment, **swept)
    start = {name: np.asarray(swept.get(name, getattr(experiment, name)))[..., None] for name in cell.starts()}
    return Run(experiment, x, GradientFlow(unroll(cell, x[..., None], **start)), swept)


CHOOSE_ROWS = ("T", "t", "k", "step")  # they change which rows of a run there are or are looked at, and no other
_CHANGE_NO_ARRAY = _fields_of("chain", "eye", "output")


def sweep(experiment: Experiment, field: str, values: Iterable[float]) -> Run:
    """`run` at S values of one numeric field in one vectorised call; arrays get a batch axis (S,) after time.

    With field = "T" every position runs to the largest T, its own input being followed by zeros. The choice
    of `t` and `k` changes no array: take rows instead. Raises ValueError for a field that cannot be swept.
    """
    if field not in RANGES or field in {*CHOOSE_ROWS} - {"T"}:
        raise ValueError(f"field must be a number that changes the run, got {field!r}")
    variants = [_checked(_FIELDS[field], v) for v in values]
    if not variants:
        raise ValueError(f"a sweep of {field} needs at least one value, got none")
    swept = {field: np.array(variants)}
    if field == "T" or field in _fields_of("input"):
        T = max(variants) if field == "T" else experiment.T
        x = np.zeros((T, len(variants)))
        parameters = vars(experiment)
        for s, variant in enumerate(variants):
            steps = variant if field == "T" else T
            x[:steps, s] = SEQUENCES[experiment.sequence].make(steps, parameters | {field: variant})
        return _run(experiment, x, swept)
    x = np.broadcast_to(inputs(experiment)[:, None], (experiment.T, len(variants)))
    return _run(experiment, x, swept)


def idle(e: Experiment) -> set[str]:
    """Fields that change no number of an experiment: those that it does not read, and those that guide the eye."""
    out = {*_fields_of("eye"), "y" if e.f2 == "softmax" else "target"}
    out |= {*_fields_of("input")} - {*SEQUENCES[e.sequence].parameters}
    if not ACTIVATIONS[e.activation].family:
        out.add("slope")
    for q in GATES:
        out |= {f"w_{q}", f"u_{q}", f"b_{q}"} if e.pins(q) else {q}
        if e.pin_all:
            out.add(f"{q}_mode")
    return out
