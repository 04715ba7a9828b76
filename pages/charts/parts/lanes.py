"""The gradient's way back as lanes with one clock: their rows under a figure, and what the browser's pulses need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pages.charts.parts import theme
from pages.charts.parts.along import along
from pages.charts.parts.numbers import numbers
from rnn_core.scaled import Scaled

_BACK = slice(None, None, -1)
_DOTS = 60  # most steps with a mark for each


Stops = tuple[np.ndarray, Any]  # x and y


def lane(
    stops: Stops,
    left: Scaled,
    color: str,
    crossed: Sequence[str] | None = None,
    slim: Stops | None = None,
    digits: int = 4,
    **more: Any,
) -> theme.Json:
    """One pulse's stops in the order of time, which it walks backwards: where they lie on the axes, in a `slim` figure
    too if elsewhere, what is `left` of the gradient at each, and what each arrow between them does to it."""
    return {
        **_places(stops),
        "product": numbers(left, digits)[_BACK],
        "log": theme.gaps(left.log10)[_BACK],
        "sign": np.asarray(left.sign, dtype=float)[_BACK],
        "color": color,
        **({"crossed": [*crossed][_BACK]} if crossed is not None else {}),
        **({"slim": _places(slim)} if slim is not None else {}),
        **more,
    }


def _places(stops: Stops) -> theme.Json:
    x, y = (np.asarray(part, dtype=float) for part in stops)
    return {"x": x[_BACK], "y": np.broadcast_to(y, x.shape)[_BACK]}


def play(lanes: Sequence[theme.Json], said: Sequence[str], axis: str = "y2", **more: Any) -> theme.Json:
    """What a figure's `play` is: its lanes, and what is said at each stop, in the order of the walk."""
    return {"lanes": [*lanes], "said": [*said], "axis": axis, **more}


def under(figure: theme.Json, j: np.ndarray, lanes: Mapping[str, tuple[str, Scaled]], room: float = 0.0) -> theme.Json:
    """The figure over its lanes' rows, in line with its steps, `room` rows above and below them empty; how high all
    that is its item's `row` says."""
    layout, count = figure["layout"], len(lanes)
    return {
        "data": [*figure["data"], *_rows(j, lanes)],
        "layout": {
            **layout,
            "xaxis": {**layout["xaxis"], "anchor": "y2"},
            "yaxis": {**layout["yaxis"], "domain": [0.3, 1]},
            "yaxis2": {
                "visible": False,
                "range": [0.4 - count - room, 0.6 + room],
                "domain": [0, 0.28],
                "fixedrange": True,
            },
            "barmode": "overlay",
            "bargap": 0,
        },
    }


def _rows(j: np.ndarray, lanes: Mapping[str, tuple[str, Scaled]]) -> list[theme.Json]:
    """A row for each lane over steps j, {name: (colour, what is left)}: the way as wide and warm as that is large."""
    if not len(j):
        return []
    left = np.concatenate([values.log10[..., :-1] for _, values in lanes.values()], axis=-1)
    with np.errstate(invalid="ignore"):
        left = np.clip(np.where(np.isnan(left), -np.inf, left), -9.0, 9.0)
    y = np.repeat(-np.arange(len(lanes), dtype=float), len(j) - 1)
    colors = [color for color, _ in lanes.values()]
    return [
        theme.bar(
            meta="lanes",
            orientation="h",
            y=y,
            base=np.tile(j[:-1], len(lanes)).astype(float),
            x=np.ones(len(y)),
            yaxis="y2",
            width=along(0.3 * np.clip(1 + left / 6, 0.12, 1.6)),
            marker=theme.MAGNITUDE | {"color": along(left)},
            hoverinfo="skip",
            showlegend=False,
        ),
        theme.scatter(
            "markers",
            meta="stops",
            x=np.tile(j, len(lanes)).astype(float),
            y=np.repeat(-np.arange(len(lanes), dtype=float), len(j)),
            yaxis="y2",
            hoverinfo="skip",
            showlegend=False,
            marker={
                "symbol": "square",
                "size": 9 if len(j) <= _DOTS else 3,
                "opacity": 1,
                "color": theme.BACKGROUND,
                "line": {"color": np.repeat(colors, len(j)).tolist(), "width": 1.5},
            },
        ),
        theme.scatter(
            "text",
            x=[j[0] - 0.3] * len(lanes),
            y=-np.arange(len(lanes), dtype=float),
            yaxis="y2",
            text=[f"{name} " for name in lanes],
            textposition="middle left",
            textfont={"color": colors, "size": 13},
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        ),
    ]


SLIM = {"stops": {"marker": {"size": 4}}}  # where there is little room, as `theme.narrow` takes it
