"""An LSTM's gates, cell state and output over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts import inputs, theme
from pages.charts.numbers import number, subscript
from rnn_core.experiment import Run

Arrays = dict[str, Any]
_NAMES = {"f": "forget f", "i": "update i", "g": "candidate C̃", "o": "output o"}


def quantities(run: Run) -> Arrays:
    """Gate values of steps 1 … T, the input, and the states C and h of steps 0 … T."""
    tr = run.trajectory
    return {
        "t": run.t, "k": run.k, "step": np.arange(1, tr.T + 1), "input": inputs.quantities(run),
        "c": tr.c[..., 0], "h": tr.h[..., 0],
        "gates": {q: tr.gate(q)[..., 0] for q in "figo"},
    }  # fmt: skip


def draw(a: Arrays) -> theme.Json:
    """Four curves between -1 and 1."""
    T = len(a["step"])
    dashes = {"f": "solid", "i": "dash", "g": "dot", "o": "dashdot"}
    data = [
        {
            "type": "scatter", "mode": "lines+markers", "x": a["step"], "y": a["gates"][q], "name": name,
            "line": {"color": theme.GATES[q], "width": 2.5, "dash": dashes[q]}, "marker": {"size": 5},
            "hovertemplate": f"{name}<sub>%{{x}}</sub> = %{{y:.4g}}<extra></extra>",
        }
        for q, name in _NAMES.items()
    ]  # fmt: skip
    return {
        "data": data,
        "layout": {
            "xaxis": theme.step_axis(0, T),
            "yaxis": {"range": [-1.08, 1.08], "title": {"text": "gate value"}, "zeroline": True, "dtick": 0.5},
        },
    }  # fmt: skip


def sentence(a: Arrays) -> str:
    """The gates at the end of the chain."""
    if not len(a["step"]):
        return "No step is unrolled, so no gate has opened."
    at = max(a["t"], 1) - 1
    f, i, g, o = (number(float(a["gates"][q][at]), 3) for q in "figo")
    return f"At step {at + 1}: forget gate {f}, update gate {i}, candidate {g}, output gate {o}."


def draw_states(a: Arrays) -> theme.Json:
    """C and h, and below them the input where there is one."""
    T = len(a["step"])
    size = max(1.0, np.abs(a["c"]).max())
    top = next(r for r in (1, 2, 5, 10, 20, 50, 100, 1000, 1e6, 1e101) if size <= r)
    fed, axes = inputs.strip(a["input"])
    return {
        "data": [
            *fed,
            _state(a["c"], "cell state C", "C", {"color": theme.TOTAL, "width": 3}),
            _state(a["h"], "state h", "h", {"color": theme.STATE, "width": 2.5, "dash": "dash"}),
        ],
        "layout": {
            "xaxis": theme.step_axis(0, T, **inputs.anchor(axes)),
            "yaxis": {
                "range": [-1.08 * top if a["c"].min() < -0.2 * top else -0.2 * top, 1.08 * top],
                "title": {"text": "C, h"}, "zeroline": True, **inputs.domain(axes),
            },
            **axes,
        },
    }  # fmt: skip


def _state(y: np.ndarray, name: str, symbol: str, line: theme.Json) -> theme.Json:
    return {
        "type": "scatter", "mode": "lines+markers", "x": np.arange(len(y)), "y": y, "name": name, "line": line,
        "marker": {"size": 5}, "hovertemplate": f"{symbol}<sub>%{{x}}</sub> = %{{y:.4g}}<extra></extra>",
    }  # fmt: skip


def states_sentence(a: Arrays) -> str:
    """What is remembered at the end of the chain."""
    t, k = a["t"], a["k"]
    return (
        f"C{subscript(k)} = {number(float(a['c'][k]))}; at the end of the chain C{subscript(t)} = "
        f"{number(float(a['c'][t]))} and h{subscript(t)} = {number(float(a['h'][t]))}."
    )


def picture(a: Arrays) -> theme.Json:
    """The gates as `show` takes them."""
    return theme.figure_item("gates", "The gates over time", sentence(a), draw(a), height=260)


def states_picture(a: Arrays) -> theme.Json:
    """C and h as `show` takes them."""
    return theme.figure_item("memory", "Cell state and output", states_sentence(a), draw_states(a), height=260)
