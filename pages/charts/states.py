"""The states, and a nudge: what the product of all factors means."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts import inputs, theme
from pages.charts.numbers import number, scalar, subscript
from rnn_core.activations import activation
from rnn_core.experiment import NUDGE, Run, nudged

Arrays = dict[str, Any]


def quantities(run: Run) -> Arrays:
    """h_t, the trajectory whose h_k was moved by `NUDGE`, how far they are apart, and NUDGE · ∂h_t/∂h_k."""
    t, k = run.t, run.k
    moved = nudged(run)[..., 0]
    h = run.trajectory.h[..., 0]
    with np.errstate(invalid="ignore"):
        apart = moved - h[k:]
    product = scalar(run.flow.products_to(t, k))[0]
    return {
        "t": t, "k": k, "step": np.arange(len(h)), "h": h, "moved": moved, "apart": apart[t - k],
        "linear": product * NUDGE, "input": inputs.quantities(run),
        "limits": activation(run.experiment.activation).limits,
    }  # fmt: skip


def held_span(a: Arrays) -> tuple[float, float]:
    """The y axis: the activation's own limits, else a power of ten that holds all finite states."""
    low, high = a["limits"]
    if np.isfinite([low, high]).all():
        low, high = min(low, a["h"][0]), max(high, a["h"][0])
        return low - 0.08 * (high - low), high + 0.08 * (high - low)
    seen = np.concatenate([a["h"], a["moved"]])
    size = np.abs(seen[np.isfinite(seen) & (np.abs(seen) < 1e9)]).max(initial=0.0)
    top = 10.0 ** np.ceil(np.log10(max(size, 1.0)))
    return (-1.08 * top if low < 0 and seen.min() < -1e-3 * top else -0.08 * top), 1.08 * top


def draw(a: Arrays) -> theme.Json:
    """Both trajectories over all steps; beyond the axis, a mark at its edge."""
    span = held_span(a)
    T = len(a["h"]) - 1
    later = a["step"][a["k"] :]
    texts = [number(float(h)) for h in a["h"]]
    fed, axes = inputs.strip(a["input"])
    return {
        "data": [
            *fed,
            {
                "type": "scatter", "mode": "lines+markers", "x": later, "y": _gaps(a["moved"]),
                "name": f"h<sub>{a['k']}</sub> moved by {NUDGE:g}",
                "line": {"color": theme.PRODUCT, "width": 2, "dash": "dash"},
                "marker": {"size": 9, "symbol": "circle-open", "color": theme.PRODUCT},
                "text": [number(float(h)) for h in a["moved"]],
                "hovertemplate": "step %{x}, nudged: %{text}<extra></extra>",
            },
            {
                "type": "scatter", "mode": "lines+markers", "x": a["step"], "y": _gaps(a["h"]),
                "name": "state h<sub>t</sub>",
                "line": {"color": theme.STATE, "width": 2.5}, "marker": {"size": 6, "color": theme.STATE},
                "text": texts, "hovertemplate": "h<sub>%{x}</sub> = %{text}<extra></extra>",
            },
            theme.off_scale(a["step"], a["h"] > span[1], a["h"] < span[0], span, texts, theme.STATE),
        ],
        "layout": {
            "xaxis": theme.step_axis(0, T, **inputs.anchor(axes)),
            "yaxis": {"range": list(span), "title": {"text": "state h"}, "zeroline": True, **inputs.domain(axes)},
            **axes,
            "shapes": [_end(a["k"]), _end(a["t"])],
        },
    }  # fmt: skip


def _gaps(y: np.ndarray) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in y]


def _end(x: int) -> theme.Json:
    return {
        "type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1,
        "line": {"color": f"{theme.PRODUCT}/0.35", "width": 1.5, "dash": "dot"},
    }  # fmt: skip


def sentence(a: Arrays) -> str:
    """What the nudge does."""
    here, there = f"h{subscript(a['k'])}", f"h{subscript(a['t'])}"
    if not np.isfinite(a["apart"]):
        return f"The states leave the range of numbers: {there} = {number(float(a['h'][a['t']]))}."
    linear = f"{NUDGE:g} × product = {number(a['linear'])}"
    moved = f"{here} moved by {NUDGE:g}, so {there} moved by {number(float(a['apart']))}"
    lost = abs(a["apart"]) < 1e-12 * max(1.0, abs(float(a["h"][a["t"]])))
    if lost and a["linear"].mant != 0:
        return f"{moved} as far as float64 can tell; {linear}."
    return f"{moved}; {linear}."


def picture(run: Run) -> theme.Json:
    """Figure (c) as `show` takes it."""
    a = quantities(run)
    return theme.figure_item("states", "The states, and a nudge", sentence(a), draw(a), height=260)
