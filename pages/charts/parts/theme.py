"""One place for colours, axes and marks: they belong to the quantity, not to the picture.

Colours are names of CSS variables ("--u-forget", "--u-product/0.4"), so that a theme switch needs no new data.
Magnitudes lie on a linear axis of decimal logarithms, whose ticks are written as powers of ten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from pages.charts.parts.along import Arrays, along, hover
from pages.charts.parts.numbers import number, superscript
from rnn_core import cells
from rnn_core.scaled import Scaled

WEIGHT, SLOPE, PRODUCT, REFERENCE = "--u-weight", "--u-slope", "--u-product", "--u-reference"
STATE, INPUT = "--u-state", "--u-input"
GATE_COLORS = {letter: f"--u-{gate.color}" for letter, gate in cells.GATES.items()}
DIRECT, TOTAL = "--u-direct", "--u-total"
STATE_READING, ONE_STEP, CUT = "--u-state-reading", "--u-one-step", "--u-cut"
CELL_COLORS = {name: f"--u-{cell.color}" for name, cell in cells.CELLS.items()}
VANISH, NEUTRAL, EXPLODE, GRID = "--u-vanish", "--u-neutral", "--u-explode", "--u-grid"
MAP = tuple(f"--u-map-{name}" for name in ("least", "less", "one", "more", "most"))
TEXT, MUTED, BACKGROUND = "--st-text-color", "--u-muted", "--u-background"

Json = dict[str, Any]


MAGNITUDE: Json = {  # of a decimal logarithm: vanishing cool, 1 neutral, exploding warm
    "cmin": -4,
    "cmax": 4,
    "colorscale": [[0, VANISH], [0.43, f"{VANISH}/0.5"], [0.5, NEUTRAL], [0.57, f"{EXPLODE}/0.5"], [1, EXPLODE]],
}


def held_range(lag: int, low: float, high: float, rungs: tuple[int, ...] = (10, 20, 50, 100)) -> tuple[float, float]:
    """Decades shown for a chain of `lag` steps: low … high up to the first rung, in proportion beyond.

    They follow the length alone, so that no weight moves the axis.
    """
    scale = next((r for r in rungs if lag <= r), rungs[-1]) / rungs[0]
    return low * scale, high * scale


def log_axis(bounds: tuple[float, float], title: str, most: int = 8, **more: Any) -> Json:
    """An axis of decimal logarithms over `bounds`, with at most `most` intervals, ticks written as powers of ten."""
    low, high = bounds
    step = next(
        s for e in count() for s in (10**e, 2 * 10**e, 4 * 10**e, 5 * 10**e, 8 * 10**e) if high - low <= s * most
    )
    ticks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    text = ["1" if d == 0 else "10" if d == 1 else f"10{superscript(int(d))}" for d in ticks]
    return {
        "range": [low, high],
        "tickvals": ticks,
        "ticktext": text,
        "title": {"text": title},
        "zeroline": False,
        **more,
    }


def step_axis(first: int, last: int, title: str = "step", gutter: float = 0.0, **more: Any) -> Json:
    """An axis of whole steps, half a step of room at both ends and, left of them, a gutter for the curves' names."""
    span = max(1, last - first)
    every = next(d for d in (1, 2, 5, 10, 20, 50, 1000) if span / d <= 12)
    return {
        "range": [first - 0.6 - gutter * span, last + 0.6],
        "tickvals": np.arange(-(-first // every) * every, last + 1, every),
        "title": {"text": title},
        "zeroline": False,
        "showgrid": False,
        **more,
    }


def scatter(mode: str, **more: Any) -> Json:
    """A trace of lines, markers or text."""
    return {"type": "scatter", "mode": mode, **more}


def bar(**more: Any) -> Json:
    """A trace of bars."""
    return {"type": "bar", **more}


def narrow(figure: Json, traces: Json | None = None, **more: Any) -> Json:
    """What differs on a phone: no legend, no axis titles, slim margins, and what `traces` says by a trace's `meta`."""
    axes = {axis: {"title": {"text": ""}} for axis in ("xaxis", "yaxis", "yaxis2") if axis in figure["layout"]}
    layout = {"showlegend": False, "margin": {"l": 40, "r": 8, "t": 8, "b": 24}, **axes, **more}
    return {"layout": layout, **({"data": traces} if traces else {})}


def patch(wide: Any, slim: Any) -> Any:
    """What has to be said of a figure to make another one of it, as theme.js' `merged` takes it; None if nothing."""
    if isinstance(wide, dict) and isinstance(slim, dict) and "along" not in wide and wide.keys() <= slim.keys():
        parts = {name: patch(wide[name], part) if name in wide else part for name, part in slim.items()}
        return {name: part for name, part in parts.items() if part is not None} or None
    if (
        isinstance(wide, list)
        and isinstance(slim, list)
        and len(wide) == len(slim)
        and wide
        and all(isinstance(one, dict) and "each" not in one for one in wide)
    ):
        parts = {str(j): patch(one, other) for j, (one, other) in enumerate(zip(wide, slim, strict=True))}
        return {name: part for name, part in parts.items() if part is not None} or None
    if isinstance(wide, np.ndarray) or isinstance(slim, np.ndarray):
        return None if type(wide) is type(slim) and np.array_equal(wide, slim, equal_nan=True) else slim
    if isinstance(wide, dict) and "along" in wide and isinstance(slim, dict) and "along" in slim:
        return None if np.array_equal(wide["along"], slim["along"], equal_nan=True) else slim
    return None if wide == slim else slim


def line_at(y: float, axis: str = "y") -> Json:
    """A line right across the plot, such as the one at 1."""
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis, "y0": y, "y1": y}


def band(step: int | None, **more: Any) -> list[Json]:
    """A faint band behind the step that is spelled out; `more` says on which axes."""
    if step is None:
        return []
    place = {"x0": step - 0.5, "x1": step + 0.5, "yref": "paper", "y0": 0, "y1": 1}
    return [{"type": "rect", **place, "fillcolor": f"{MUTED}/0.1", "line": {"width": 0}, **more}]


_HIGHEST = 1e30  # places are single-precision numbers for an SVG; no axis is so long that this is on it


def gaps(y: np.ndarray) -> np.ndarray:
    """For Plotly: a gap (NaN) where there is no finite number, and none so high that a browser cannot place it."""
    return np.where(np.isfinite(y), np.clip(y, -_HIGHEST, _HIGHEST), np.nan)


_SYMBOLS = {  # Plotly's codes
    "circle": 0,
    "square": 1,
    "diamond": 2,
    "cross": 3,
    "x": 4,
    "triangle-up": 5,
    "triangle-down": 6,
    "x-thin": 34,
}
_OPEN = 100


def signed(x: Scaled, symbol: str) -> np.ndarray:
    """A mark for each number, open where it is negative."""
    return np.where(x.mant < 0, _SYMBOLS[symbol] + _OPEN, _SYMBOLS[symbol]).astype(np.uint8)


def off_scale(
    a: Arrays, x: np.ndarray, curves: Mapping[str, Scaled | np.ndarray], bounds: tuple[Any, Any], axis: str = "y"
) -> Json:
    """Marks at the edge for what lies beyond it, by curves' colours: triangles, not clamps; a cross for an exact 0.

    One trace for all curves: Plotly's price of a redraw is by the trace.
    """
    y = np.concatenate([c.log10 if isinstance(c, Scaled) else c for c in curves.values()], axis=-1)
    exact_zero = np.isneginf(y)
    margin = 1e-6 * (bounds[1] - bounds[0])  # a rounded number must not fall off the axis
    low, high = bounds[0] + margin, bounds[1] - margin
    above, below = y > bounds[1], y < bounds[0]
    up, cross, down = (_SYMBOLS[name] for name in ("triangle-up", "x-thin", "triangle-down"))
    symbols = np.where(above, up, np.where(exact_zero, cross, down)).astype(np.uint8)
    colors: Any = [color for color in curves for _ in x] if len(curves) > 1 else next(iter(curves))

    def texts() -> list[str]:
        hits = iter((above | below).tolist())
        return [_beyond(curve[j]) if next(hits) else "" for curve in curves.values() for j in range(len(x))]

    return scatter(
        "markers",
        x=np.tile(x, len(curves)),
        yaxis=axis,
        y=along(np.where(above, high, np.where(below, low, np.nan))),
        marker={"size": 9, "color": colors, "line": {"color": colors, "width": 2}, "symbol": along(symbols)},
        showlegend=False,
        cliponaxis=False,
        **hover(a, text=texts, hovertemplate="%{text}<extra></extra>"),
    )


def _beyond(x: Scaled | float) -> str:
    text = number(x)
    return "exactly 0" if text == "0" else f"off the scale: {text}"


def mark_size(steps: int) -> int:
    """Marks shrink where there are many, so that they stay apart."""
    return 8 if steps <= 40 else 4


def labels(x: int, y: np.ndarray, texts: Mapping[str, Any], position: Any = "middle left") -> Json:
    """Texts beside curves, by their colours, at heights y (*batch, texts): a trace, not annotations, which are slow."""
    colors = list(texts)
    return scatter(
        "markers+text",
        meta="labels",
        x=[x] * len(colors),
        y=along(y),
        text=list(texts.values()),
        marker={"size": 16, "opacity": 0},  # unseen, it keeps the text off the curve's own marks
        textposition=position,
        textfont={"color": colors, "size": 14},
        showlegend=False,
        cliponaxis=False,
        hoverinfo="skip",
    )


def end_labels(
    x: int,
    ends: Sequence[Scaled | np.ndarray],
    texts: Mapping[str, Any],
    bounds: tuple[float, float],
    position: Any = "middle left",
    room: float = 0.085,
) -> Json:
    """Texts left of the curves' ends at x, spread so that none covers another: `room` is a line's share of the axis."""
    low, high = bounds
    room *= high - low
    heights = [end.log10 if isinstance(end, Scaled) else end for end in ends]
    y = np.clip(np.stack(heights, axis=-1), low, high) if ends else np.empty(0)
    order = np.argsort(-y, axis=-1, kind="stable")
    for c in range(1, len(ends)):
        above, below = order[..., c - 1, None], order[..., c, None]
        upper = np.take_along_axis(y, above, -1) - room
        np.put_along_axis(y, below, np.minimum(np.take_along_axis(y, below, -1), upper), -1)
    for c in range(len(ends)):  # those pushed off the plot push back
        at = order[..., c, None]
        lowest = low + room * (len(ends) - 1 - c)
        np.put_along_axis(y, at, np.maximum(np.take_along_axis(y, at, -1), lowest), -1)
    return labels(x, y, texts, position)


def figure_item(name: str, title: str, alt: str, figure: Json, **more: Any) -> Json:
    """A figure as `show` takes it. What is said of a trace calls it by its `meta`, its name in that figure."""
    return {"kind": "figure", "name": name, "title": title, "alt": alt, "figure": figure, **more}


def trace_of(figure: Json, name: str) -> Json:
    """A trace of a figure, or of its item, by its name there."""
    traces: list[Json] = figure.get("figure", figure)["data"]
    return next(trace for trace in traces if trace.get("meta") == name)
