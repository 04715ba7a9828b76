"""One place for colours, axes and marks: they belong to the quantity, not to the picture.

Colours are names of CSS variables ("--u-forget", "--u-product/0.4"), so that a theme switch needs no new data.
Magnitudes lie on a linear axis of decimal logarithms, whose ticks are written as powers of ten.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts.numbers import superscript

WEIGHT, SLOPE, PRODUCT, REFERENCE = "--u-weight", "--u-slope", "--u-product", "--u-reference"
STATE, INPUT = "--u-state", "--u-input"
GATES = {
    "i": "--u-update", "f": "--u-forget", "g": "--u-candidate", "o": "--u-output",
    "r": "--u-update", "z": "--u-forget", "n": "--u-candidate",
}  # fmt: skip
DIRECT, TOTAL = "--u-direct", "--u-total"
CELL_COLORS = {"rnn": "--u-rnn", "lstm": "--u-lstm", "gru": "--u-gru"}
VANISH, NEUTRAL, EXPLODE, GRID = "--u-vanish", "--u-neutral", "--u-explode", "--u-grid"
TEXT, MUTED, BACKGROUND = "--st-text-color", "--u-muted", "--u-background"

Json = dict[str, Any]


def magnitude_color(log10: float) -> str:
    """Diverging colour of a magnitude, centred at 1: vanishing cool, 1 neutral, exploding warm."""
    if abs(log10) < 0.05:
        return NEUTRAL
    strength = min(1.0, 0.45 + abs(log10) / 8)
    return f"{EXPLODE if log10 > 0 else VANISH}/{strength:.2f}"


def held_range(lag: int, low: float, high: float, rungs: tuple[int, ...] = (10, 20, 50, 100)) -> tuple[float, float]:
    """Decades shown for a chain of `lag` steps: low … high up to the first rung, in proportion beyond.

    They follow the length alone, so that no weight moves the axis.
    """
    scale = next((r for r in rungs if lag <= r), rungs[-1]) / rungs[0]
    return low * scale, high * scale


def log_axis(bounds: tuple[float, float], title: str, most: int = 8, **more: Any) -> Json:
    """An axis of decimal logarithms over `bounds`, with at most `most` intervals, ticks written as powers of ten."""
    low, high = bounds
    step = next(s for s in (1, 2, 4, 5, 8, 10, 20, 40, 50, 100) if (high - low) / s <= most)
    ticks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    text = ["1" if d == 0 else "10" if d == 1 else f"10{superscript(int(d))}" for d in ticks]
    return {
        "range": [low, high], "tickvals": ticks, "ticktext": text, "title": {"text": title}, "zeroline": False, **more,
    }  # fmt: skip


def step_axis(first: int, last: int, title: str = "step", gutter: float = 0.0, **more: Any) -> Json:
    """An axis of whole steps, half a step of room at both ends and, left of them, a gutter for the curves' names."""
    span = max(1, last - first)
    every = next(d for d in (1, 2, 5, 10, 20, 50, 1000) if span / d <= 12)
    return {
        "range": [first - 0.6 - gutter * span, last + 0.6],
        "tickvals": np.arange(-(-first // every) * every, last + 1, every),
        "title": {"text": title}, "zeroline": False, "showgrid": False, **more,
    }  # fmt: skip


def narrow(figure: Json, **more: Any) -> Json:
    """What differs on a phone: no legend, no axis titles, slim margins."""
    layout = {**figure["layout"], "showlegend": False, "margin": {"l": 40, "r": 8, "t": 8, "b": 24}, **more}
    for axis in ("xaxis", "yaxis", "yaxis2"):
        if axis in layout:
            layout[axis] = {**layout[axis], "title": {"text": ""}}
    return {"layout": layout}


def line_at(y: float, axis: str = "y") -> Json:
    """A line right across the plot, such as the one at 1."""
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis, "y0": y, "y1": y}


def visible(log10: np.ndarray, bounds: tuple[float, float]) -> tuple[list[float | None], np.ndarray, np.ndarray]:
    """A log curve for Plotly: a gap where the quantity is exactly 0; and masks of what lies above and below."""
    low, high = bounds
    shown = [float(y) if np.isfinite(y) else None for y in log10]
    return shown, log10 > high, log10 < low


def off_scale(x: np.ndarray, above: np.ndarray, below: np.ndarray, bounds: tuple[float, float], labels: list[str],
              color: str, axis: str = "y") -> Json:  # fmt: skip
    """Marks at the edge for points beyond it: triangles, not clamps, and a cross for an exact 0."""
    hit = np.flatnonzero(above | below)
    texts = [labels[j] for j in hit]
    symbols = ["triangle-up" if above[j] else "x-thin" if labels[j] == "0" else "triangle-down" for j in hit]
    mark = {"size": 9, "color": color, "line": {"color": color, "width": 2}}
    if not len(hit):  # without any point Plotly forgets to show again what it hid in other traces
        return {"type": "scatter", "mode": "markers", "x": [None], "y": [None], "yaxis": axis, "showlegend": False}
    return {
        "type": "scatter", "mode": "markers", "x": np.asarray(x)[hit], "yaxis": axis,
        "y": np.where(above, bounds[1], bounds[0])[hit], "marker": mark | {"symbol": symbols},
        "text": ["exactly 0" if text == "0" else f"off the scale: {text}" for text in texts],
        "hovertemplate": "%{text}<extra></extra>", "showlegend": False, "cliponaxis": False,
    }  # fmt: skip


def mark_size(steps: int) -> int:
    """Marks shrink where there are many, so that they stay apart."""
    return 8 if steps <= 40 else 4


def label(x: float, y: float, text: str, color: str, **more: Any) -> Json:
    """A direct label beside a curve."""
    return {"x": x, "y": y, "text": text, "font": {"color": color}, **more}


def end_labels(x: float, ends: list[tuple[float, str, str]], bounds: tuple[float, float]) -> list[Json]:
    """Texts left of the curves' ends (log10, text, colour) at x, spread so that none covers another."""
    low, high = bounds
    room, notes, top = 0.085 * (high - low), [], np.inf
    for y, text, color in sorted(ends, key=lambda end: -end[0]):
        top = min(float(np.clip(y, low, high)), top - room)
        notes.append(label(x, top, f"<b>{text}</b>", color, xanchor="right", xshift=-9))
    return notes


def figure_item(name: str, title: str, alt: str, figure: Json, **more: Any) -> Json:
    """A figure as `show` takes it."""
    return {"kind": "figure", "name": name, "title": title, "alt": alt, "figure": figure, **more}
