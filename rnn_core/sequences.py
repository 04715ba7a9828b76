"""Input sequences x_1 … x_T, made up, measured or pasted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from rnn_core.scaled import frozen

SUNSPOTS = Path(__file__).parent / "data" / "sunspots.csv"  # yearly means, public domain
YEARS = (1700, 2008)
MAX_NUMBERS = 10_000


@dataclass(frozen=True)
class Sequence:
    """One kind of input: `make(T, p)` gives x (T,) from the parameters named in `parameters`.

    `unit` is that of `raw`, the numbers before they are fed (the same ones where they are fed as they are).
    """

    name: str
    title: str
    parameters: tuple[str, ...]
    make: Callable[[int, dict], np.ndarray]
    raw: Callable[[int, dict], np.ndarray] | None = None
    unit: str = ""


@cache
def sunspots() -> np.ndarray:
    """Yearly mean sunspot numbers 1700 … 2008, (309,)."""
    return frozen(np.loadtxt(SUNSPOTS, delimiter=",", skiprows=1, usecols=1))


def first_year(T: int, start: int) -> int:
    """The first year of the window of T years: `start`, or earlier where the data end first."""
    if len(sunspots()) < T:
        raise ValueError(f"T must be from 0 to {len(sunspots())} for the sunspot numbers, got {T}")
    if not YEARS[0] <= start <= YEARS[1]:
        raise ValueError(f"start must be from {YEARS[0]} to {YEARS[1]}, got {start}")
    return min(start, YEARS[1] + 1 - T) if T else start


def _window(T: int, p: dict) -> np.ndarray:
    offset = first_year(T, p["start"]) - YEARS[0]
    return sunspots()[offset : offset + T]


def standardised(x: np.ndarray) -> np.ndarray:
    """(x - mean) / std of the window; zeros where all values are equal."""
    if not len(x) or x.min() == x.max():  # rounding gives even equal numbers a tiny spread
        return np.zeros(len(x))
    return (x - x.mean()) / x.std()


def parse_numbers(text: str) -> tuple[float, ...]:
    """Numbers separated by commas, semicolons or white space.

    Raises ValueError with the first word that is not a finite number of magnitude up to 1e100.
    """
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    if len(words) > MAX_NUMBERS:
        raise ValueError(f"at most {MAX_NUMBERS} numbers can be pasted, got {len(words)}")
    numbers = []
    for place, word in enumerate(words, 1):
        shown = word if len(word) <= 20 else word[:19] + "…"
        try:
            if not word.isascii() or "_" in word:  # float takes 1_000 and ١٢, too
                raise ValueError
            number = float(word)
        except ValueError:
            raise ValueError(f"number {place} must be a number, got “{shown}”") from None
        if not abs(number) <= 1e100:
            raise ValueError(f"number {place} must be from -1e100 to 1e100, got “{shown}”")
        numbers.append(number)
    return tuple(numbers)


def _impulse(T: int, p: dict) -> np.ndarray:
    return p["amplitude"] * (np.arange(1, T + 1) == p["at"])


def _sine(T: int, p: dict) -> np.ndarray:
    return p["amplitude"] * np.sin(2 * np.pi * np.arange(1, T + 1) / p["period"])


def _noise(T: int, p: dict) -> np.ndarray:
    return p["amplitude"] * np.random.default_rng(p["seed"]).standard_normal(T)


def _pasted(T: int, p: dict) -> np.ndarray:
    x = np.zeros(T)
    given = p["values"][:T]
    x[: len(given)] = given
    return x


SEQUENCES = {
    s.name: s
    for s in (
        Sequence("none", "No input", (), lambda T, p: np.zeros(T)),
        Sequence("constant", "Constant", ("amplitude",), lambda T, p: np.full(T, p["amplitude"])),
        Sequence("impulse", "One impulse", ("amplitude", "at"), _impulse),
        Sequence("sine", "Sine", ("amplitude", "period"), _sine),
        Sequence("noise", "Noise", ("amplitude", "seed"), _noise),
        Sequence(
            "sunspots",
            "Sunspots 1700–2008",
            ("start",),
            lambda T, p: standardised(_window(T, p)),
            _window,
            "sunspots (yearly mean)",
        ),
        Sequence("pasted", "Your numbers", ("values",), _pasted),
    )
}
