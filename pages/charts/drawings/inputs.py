"""The input sequence as it was made or measured, in its own unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pages.charts.parts import theme
from pages.charts.parts.along import Arrays, along, axis, hover, time_last
from pages.charts.parts.numbers import number
from rnn_core.experiment import Run
from rnn_core.sequences import SEQUENCES, first_year


def quantities(run: Run) -> Arrays:
    """Steps 1 … T, the numbers `raw` in their `unit`, the same as they are `fed`, and what to call each step."""
    e = run.experiment
    sequence = SEQUENCES[e.sequence]
    years = e.sequence == "sunspots" and e.T > 0
    names = np.arange(e.T) + first_year(e.T, e.start) if years else np.arange(1, e.T + 1)
    fed = time_last(run.x, run)
    return {
        **axis(run),
        "name": e.sequence,
        "step": np.arange(1, e.T + 1),
        "raw": fed if sequence.raw is None else _raw(sequence.raw, run),
        "fed": fed,
        "unit": sequence.unit,
        "names": [str(name) if years else f"step {name}" for name in names.tolist()],
    }


def _raw(make: Callable[[int, Arrays], np.ndarray], run: Run) -> np.ndarray:
    T, parameters = run.experiment.T, vars(run.experiment)
    if not run.trajectory.batch:
        return make(T, parameters)
    [(field, values)] = run.swept.items()
    return np.stack([make(T, parameters | {field: value}) for value in values.tolist()])


def bars(a: Arrays, axis: str = "y") -> theme.Json:
    """The input as bars, in its unit; hover tells what the cell is fed."""

    def texts() -> list[str]:
        unit, rows = a["unit"], zip(a["names"], a["raw"].tolist(), a["fed"].tolist(), strict=True)
        if unit:
            return [f"{name}: {number(raw)} {unit}, fed as {number(fed)}" for name, raw, fed in rows]
        return [f"{name}: x = {number(fed)}" for name, _, fed in rows]

    return theme.bar(
        meta="input",
        x=a["step"],
        y=along(a["raw"]),
        yaxis=axis,
        name=a["unit"] or "input x",
        marker={"color": f"{theme.INPUT}/0.6"},
        **hover(a, text=texts, textposition="none", hovertemplate="%{text}<extra></extra>"),
    )


def strip(a: Arrays) -> tuple[list[theme.Json], theme.Json]:
    """A low panel for the input below a figure's own: its traces and its axes; empty where there is no input."""
    if a["name"] == "none" or not len(a["step"]):
        return [], {}
    low, high = np.minimum(0.0, a["raw"].min(axis=-1)), np.maximum(0.0, a["raw"].max(axis=-1))
    room = np.where(high > low, 0.1 * (high - low), 1.0)
    span = along(np.stack([low - room * (low < 0), high + room], axis=-1))
    axis = {"range": span, "title": {"text": "input"}, "domain": [0, 0.2], "nticks": 3, "anchor": "x", "zeroline": True}
    return [bars(a, "y2")], {"yaxis2": axis}


def domain(axes: theme.Json) -> theme.Json:
    """Where the figure's own axis goes: above the strip, if there is one."""
    return {"domain": [0.34, 1]} if axes else {}


def anchor(axes: theme.Json) -> theme.Json:
    """The axis of steps goes below the strip, if there is one."""
    return {"anchor": "y2"} if axes else {}


def columns(r: Run) -> dict[str, list[Any]]:
    """What was fed at each step from k to t; with a unit, also what was measured, and when."""
    a = quantities(r)
    rows = [i - 1 for i in range(r.k, r.t + 1)]  # h_0 has no step
    fed: dict[str, list[Any]] = {"x_i": [None if j < 0 else a["fed"][j].item() for j in rows]}
    if a["unit"]:
        fed = {
            "year": [None if j < 0 else int(a["names"][j]) for j in rows],
            a["unit"]: [None if j < 0 else a["raw"][j].item() for j in rows],
        } | fed
    return fed
