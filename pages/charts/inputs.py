"""The input sequence as it was made or measured, in its own unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts import theme
from pages.charts.numbers import number
from rnn_core.experiment import Run
from rnn_core.sequences import SEQUENCES, first_year

Arrays = dict[str, Any]


def quantities(run: Run) -> Arrays:
    """Steps 1 … T, the numbers `raw` in their `unit`, the same as they are `fed`, and what to call each step."""
    e = run.experiment
    sequence = SEQUENCES[e.sequence]
    years = e.sequence == "sunspots" and e.T > 0
    names = np.arange(e.T) + first_year(e.T, e.start) if years else np.arange(1, e.T + 1)
    return {
        "name": e.sequence,
        "step": np.arange(1, e.T + 1),
        "raw": (sequence.raw or sequence.make)(e.T, vars(e)),
        "fed": run.x,
        "unit": sequence.unit,
        "names": [str(name) if years else f"step {name}" for name in names.tolist()],
    }


def bars(a: Arrays, axis: str = "y") -> theme.Json:
    """The input as bars, in its unit; hover tells what the cell is fed."""
    texts = [
        f"{name}: {number(raw)} {a['unit']}, fed as {number(fed)}" if a["unit"] else f"{name}: x = {number(fed)}"
        for name, raw, fed in zip(a["names"], a["raw"].tolist(), a["fed"].tolist(), strict=True)
    ]
    return {
        "type": "bar", "x": a["step"], "y": a["raw"], "yaxis": axis, "name": a["unit"] or "input x", "text": texts,
        "marker": {"color": f"{theme.INPUT}/0.6"}, "textposition": "none", "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def strip(a: Arrays) -> tuple[list[theme.Json], theme.Json]:
    """A low panel for the input below a figure's own: its traces and its axes; empty where there is no input."""
    if a["name"] == "none" or not len(a["step"]):
        return [], {}
    low, high = min(0.0, float(a["raw"].min())), max(0.0, float(a["raw"].max()))
    room = 0.1 * (high - low) or 1.0
    axis = {"range": [low - room * (low < 0), high + room], "title": {"text": "input"}, "domain": [0, 0.2], "nticks": 3}
    return [bars(a, "y2")], {"yaxis2": axis | {"anchor": "x", "zeroline": True}}


def domain(axes: theme.Json) -> theme.Json:
    """Where the figure's own axis goes: above the strip, if there is one."""
    return {"domain": [0.34, 1]} if axes else {}


def anchor(axes: theme.Json) -> theme.Json:
    """The axis of steps goes below the strip, if there is one."""
    return {"anchor": "y2"} if axes else {}
