"""What a control is: one name for the widget, the URL and the experiment's field."""

from dataclasses import dataclass
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
    alike: bool = True  # sliders: whether one position stands for its neighbours; a seed's does not
    between: bool = True  # sliders: whether numbers between the steps are taken; not where each is dear to compute
