"""What cells with gates share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rnn_core.activations import SIGMOID, Activation
from rnn_core.cells.base import Cell, Value, checked
from rnn_core.scaled import Scaled

if TYPE_CHECKING:
    from rnn_core.experiment import Experiment
    from rnn_core.flow.unroll import Trajectory


@dataclass(frozen=True, eq=False)
class Gated(Cell):
    """A cell with gates, each of which may be *pinned* to a value: then it reads nothing and has slope 0."""

    gate_activation: Activation = SIGMOID
    pinned: Mapping[str, np.ndarray | float] = field(default_factory=dict)

    def __init_subclass__(cls) -> None:
        told = {gate.letter: gate for gate in cls.told}
        cls.by_letter = {q: told[q] for q in cls.gates}
        cls.reads = tuple(name for gate in cls.by_letter.values() for name in gate.fields())

    @classmethod
    def scalar(cls, value: Value, e: Experiment) -> Gated:
        pinned = {q: value(q) for q in cls.gates if e.pins(q)}

        def lanes(letter: str) -> np.ndarray:
            rows = [np.zeros(()) if q in pinned else value(f"{letter}_{q}") for q in cls.gates]
            return np.stack(np.broadcast_arrays(*rows), axis=-1)

        return cls(lanes("u")[..., None], lanes("w")[..., None], lanes("b"), pinned=pinned)

    def _check_own(self) -> None:
        if self.gate_activation.limits != (0.0, 1.0):
            raise ValueError(f"gate_activation must run from 0 to 1, got {self.gate_activation.name!r}")
        pins = {}
        for gate, value in self.pinned.items():
            if gate not in self.gates:
                raise ValueError(f"pinned gates must be among {', '.join(self.gates)}, got {gate!r}")
            low = self.by_letter[gate].low
            pins[gate] = checked(f"pinned {gate}", value, ())
            outside = (pins[gate] < low) | (pins[gate] > 1)
            if outside.any():
                raise ValueError(f"pinned {gate} must be from {low:g} to 1, got {pins[gate][outside][0]:g}")
            pins[gate] = pins[gate][..., None]  # one value for all units
        object.__setattr__(self, "pinned", pins)

    def _pins(self) -> list[np.ndarray]:
        return [np.asarray(value) for value in self.pinned.values()]

    def function(self, gate: str) -> Activation:
        """The activation of one gate or of the candidate."""
        return self.activation if self.by_letter[gate].candidate else self.gate_activation

    def _open(self, gate: str, z: Any) -> Any:
        """The gate's value: pinned, or computed from its pre-activation."""
        if gate in self.pinned:
            return np.broadcast_to(self.pinned[gate], z.shape)
        return self.function(gate)(z)

    def _values_and_slopes(self, tr: Trajectory, safe: bool) -> tuple[list[Any], list[Any]]:
        """Values and slopes of all gates, as floats where that is safe, else as Scaled."""
        values = self.split(tr.gates if safe else tr.numbers("gates"))
        slopes: list[Any] = []
        for gate, z in zip(self.gates, self.split(tr.z if safe else tr.numbers("z")), strict=True):
            φ = self.function(gate)
            if gate in self.pinned:
                slopes.append(np.zeros(z.shape) if safe else Scaled.of(np.zeros(z.shape)))
            else:
                slopes.append(φ.slope(z) if safe else φ.scaled_slope(z))
        return values, slopes
