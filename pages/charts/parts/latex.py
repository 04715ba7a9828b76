"""Formulas as `show` takes them: lines of LaTeX with @slot@ for each number, and the slots' texts and colours."""

from __future__ import annotations

from typing import Any

from pages.charts.parts.theme import Json


def item(name: str, alt: str, lines: Any) -> Json:
    """A formula of these lines, or of the lines of each position."""
    return {"kind": "formula", "name": name, "alt": alt, "lines": lines}


def line(latex: str, slots: Json | None = None, colors: Json | None = None) -> Json:
    """A line by itself."""
    return {"latex": latex, "slots": slots or {}, "colors": colors or {}, "part": False}


def part(latex: str, slots: Json | None = None, colors: Json | None = None) -> Json:
    """Part of a line: parts share one where there is room."""
    return line(latex, slots, colors) | {"part": True}


BREAK = line("{}")  # ends a line of parts, so that those that follow begin another
