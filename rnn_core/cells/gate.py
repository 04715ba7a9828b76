"""A gate as data: its letter, its names, and where a reader finds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """Gate q of a cell, and the fields q, q_mode, w_q, u_q and b_q of an `Experiment` with where they begin.

    A cell that has a gate of another cell shares its record: one letter means one thing.
    """

    letter: str
    title: str
    color: str  # on every page: forget, update, candidate or output
    symbol: str = ""  # on screen, if not the letter
    latex: str = ""  # likewise in formulas
    candidate: bool = False  # what is written: from -1 to 1, through the cell's activation; a gate runs from 0 to 1
    share: str = ""  # what its value is the share of
    mode: str = "computed"
    value: float = 0.5  # where it is pinned
    w: float = 0.0
    u: float = 0.0
    b: float = 0.0

    @property
    def shown(self) -> str:
        return self.symbol or self.letter

    @property
    def written(self) -> str:
        """In LaTeX."""
        return self.latex or self.letter

    @property
    def full_title(self) -> str:
        return self.title if self.candidate else f"{self.title} gate"

    @property
    def low(self) -> float:
        """The least of its values; the greatest is 1."""
        return -1.0 if self.candidate else 0.0

    def fields(self) -> dict[str, float | str]:
        """Its fields of an `Experiment`, by name, with their defaults."""
        q = self.letter
        weights = {f"w_{q}": self.w, f"u_{q}": self.u, f"b_{q}": self.b}
        return {f"{q}_mode": self.mode, q: self.value, **weights}
