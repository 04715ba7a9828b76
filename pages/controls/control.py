"""What a control is: one name for the widget, the URL and the experiment's field."""

from dataclasses import dataclass
from math import inf
from typing import Any, Literal


@dataclass(frozen=True)
class Control:
    """One choice that a reader can make. Its range, step and default are part of every saved link."""

    key: str
    label: str
    kind: Literal["slider", "choice", "select", "toggle", "text"]
    default: Any
    min: float = 0  # sliders: all four of one type, int or float
    max: float = 0
    step: float = 0
    options: tuple[str, ...] = ()  # shown as they stand in the URL
    help: str | None = None
    max_chars: int = 2000
    typed: tuple[float, float] | None = None  # sliders: between which a typed number lies, where beyond the ends
    upto: str = ""  # sliders: the control whose value ends the range; whatever lies beyond means that end
    alike: bool = True  # sliders: whether one position stands for its neighbours; a seed's does not
    between: bool = True  # sliders: whether numbers between the steps are taken; not where each is dear to compute

    @property
    def limits(self) -> tuple[float, float]:
        """Of the numbers that are taken."""
        return self.typed or (self.min, self.max)

    def meant(self, value: Any, top: float = inf) -> Any:
        """A choice, where `upto` has the value `top`: from there on it is the default that follows it, if that does."""
        return self.default if self.upto and value >= top and self.default > top else value

    def shown(self, value: Any, top: float = inf) -> Any:
        """Where a slider stands for a choice: for what lies beyond its ends, there."""
        return min(max(value, self.min), self.max, max(top, self.min)) if self.kind == "slider" else value
