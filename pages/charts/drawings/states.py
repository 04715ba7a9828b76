"""The states, and a nudge: what the product of all factors means."""

from __future__ import annotations

import numpy as np

from pages.charts.drawings import inputs
from pages.charts.parts import theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.numbers import number, subscript
from rnn_core.activations import activation
from rnn_core.experiment import NUDGE, Run, nudged


def quantities(run: Run) -> Arrays:
    """h_t, the trajectory whose h_k was moved by `NUDGE`, how far they are apart, and NUDGE · ∂h_t/∂h_k."""
    t, k = run.t, run.k
    moved = time_last(nudged(run), run)
    h = time_last(run.trajectory.h, run)
    with np.errstate(invalid="ignore"):
        apart = moved[..., -1 - (run.experiment.T - t)] - h[..., t]
    product = time_last(run.flow.products_to(t, k), run)[..., 0]
    return {
        **axis(run),
        "t": t,
        "k": k,
        "step": np.arange(h.shape[-1]),
        "h": h,
        "moved": moved,
        "end": h[..., t],
        "apart": apart,
        "linear": product * NUDGE,
        "input": inputs.quantities(run),
        "limits": activation(run.experiment.activation).limits,
    }


def held_span(a: Arrays) -> np.ndarray:
    """The y axis (*batch, 2): the activation's own limits, else a power of ten that holds all finite states."""
    low, high = a["limits"]
    if np.isfinite([low, high]).all():
        low, high = np.minimum(low, a["h"][..., 0]), np.maximum(high, a["h"][..., 0])
        return np.stack([low - 0.08 * (high - low), high + 0.08 * (high - low)], axis=-1)
    seen = np.concatenate([a["h"], a["moved"]], axis=-1)
    size = np.where(np.abs(seen) < 1e9, np.abs(seen), 0.0).max(axis=-1)
    top = 10.0 ** np.ceil(np.log10(np.maximum(size, 1.0)))
    negative = (low < 0) & (np.nan_to_num(seen, nan=0.0).min(axis=-1) < -1e-3 * top)
    return np.stack([np.where(negative, -1.08 * top, -0.08 * top), 1.08 * top], axis=-1)


def draw(a: Arrays) -> theme.Json:
    """Both trajectories over all steps; beyond the axis, a mark at its edge."""
    span = held_span(a)
    fed, axes = inputs.strip(a["input"])
    return {
        "data": [
            theme.scatter(
                "lines+markers",
                x=a["step"][a["k"] :],
                y=along(theme.gaps(a["moved"])),
                meta="moved",
                name=f"h<sub>{a['k']}</sub> moved by {NUDGE:g}",
                line={"color": theme.PRODUCT, "width": 2, "dash": "dash"},
                marker={"size": 9, "symbol": "circle-open", "color": theme.PRODUCT},
                **hover(
                    a,
                    text=lambda: list(map(number, a["moved"].tolist())),
                    hovertemplate="step %{x}, nudged: %{text}<extra></extra>",
                ),
            ),
            theme.scatter(
                "lines+markers",
                x=a["step"],
                y=along(theme.gaps(a["h"])),
                name="state h<sub>t</sub>",
                meta="h",
                line={"color": theme.STATE, "width": 2.5},
                marker={"size": 6, "color": theme.STATE},
                **hover(
                    a,
                    text=lambda: list(map(number, a["h"].tolist())),
                    hovertemplate="h<sub>%{x}</sub> = %{text}<extra></extra>",
                ),
            ),
            theme.off_scale(a, a["step"], {theme.STATE: a["h"]}, (span[..., :1], span[..., 1:])),
            *fed,
        ],
        "layout": {
            "xaxis": theme.step_axis(0, len(a["step"]) - 1, **inputs.anchor(axes)),
            "yaxis": {"range": along(span), "title": {"text": "state h"}, "zeroline": True, **inputs.domain(axes)},
            **axes,
            "shapes": [_end(a["k"]), _end(a["t"])],
        },
    }


def _end(x: int) -> theme.Json:
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": f"{theme.PRODUCT}/0.35", "width": 1.5, "dash": "dot"},
    }


def sentence(a: Arrays) -> str:
    """What the nudge does."""
    here, there = f"h{subscript(a['k'])}", f"h{subscript(a['t'])}"
    if not np.isfinite(a["apart"]):
        return f"The states leave the range of numbers: {there} = {number(a['end'])}."
    linear = f"{NUDGE:g} × product = {number(a['linear'])}"
    moved = f"{here} moved by {NUDGE:g}, so {there} moved by {number(a['apart'])}"
    lost = abs(a["apart"]) < 1e-12 * max(1.0, abs(a["end"]))
    if lost and a["linear"].mant != 0:
        return f"{moved} as far as float64 can tell; {linear}."
    return f"{moved}; {linear}.{_why_apart(a)}"


def _why_apart(a: Arrays) -> str:
    """What a gradient is, said where a nudge of the size shown does not follow it."""
    with np.errstate(over="ignore"):
        linear = float(a["linear"].value)
    if abs(a["apart"] - linear) <= 0.1 * max(abs(a["apart"]), abs(linear)):
        return ""
    return (
        " They differ: a gradient is the answer to a nudge so small that it meets the same slopes all the way, and this"
        " one met others."
    )


def picture(run: Run) -> theme.Json:
    """Figure (c) as `show` takes it."""
    a = quantities(run)
    return theme.figure_item("states", "The states, and a nudge", each(sentence, a), draw(a), height=260, ghost=["h"])
