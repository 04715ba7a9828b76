"""An LSTM's gates, cell state and output over time; the step spelled out has a band, and a tap chooses another."""

from __future__ import annotations

import numpy as np

from pages.charts.drawings import inputs
from pages.charts.drawings.cell_diagram import chosen_step
from pages.charts.parts import theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.gates import GATES
from pages.charts.parts.numbers import number, subscript
from rnn_core.experiment import Run
from rnn_core.flow.ways_back import ways_back

_NAMES = {q: f"{gate.title} {gate.shown}" for q, gate in GATES.items()}


def quantities(run: Run) -> Arrays:
    """Gate values of steps 1 … T, the input, the states C and h of steps 0 … T, and ∂h_t/∂C_t of steps 1 … T."""
    tr = run.trajectory
    return {
        **axis(run),
        "t": run.t,
        "k": run.k,
        "step": np.arange(1, tr.T + 1),
        "chosen": chosen_step(run),
        "input": inputs.quantities(run),
        "c": time_last(tr.c, run),
        "h": time_last(tr.h, run),
        "read": time_last(ways_back(run.flow)["read"], run),
        "gates": {q: time_last(tr.gate(q), run) for q in GATES},
    }


def draw(a: Arrays) -> theme.Json:
    """Four curves between -1 and 1."""
    T = len(a["step"])
    dashes = {"f": "solid", "i": "dash", "g": "dot", "o": "dashdot"}
    data = [
        theme.scatter(
            "lines+markers",
            meta=q,
            x=a["step"],
            y=along(a["gates"][q]),
            name=name,
            line={"color": theme.GATE_COLORS[q], "width": 2.5, "dash": dashes[q]},
            marker={"size": 5},
            **hover(
                a,
                customdata=a["step"],
                text=lambda q=q: list(map(number, a["gates"][q].tolist())),
                hovertemplate=f"{name}<sub>%{{x}}</sub> = %{{text}}{_TAP}<extra></extra>",
            ),
        )
        for q, name in _NAMES.items()
    ]
    return {
        "data": data,
        "layout": {
            "xaxis": theme.step_axis(0, T),
            "yaxis": {"range": [-1.08, 1.08], "title": {"text": "gate value"}, "zeroline": True, "dtick": 0.5},
            "shapes": theme.band(a["chosen"]),
        },
    }


_TAP = "<br>Tap: spell this step out."


def sentence(a: Arrays) -> str:
    """The gates at the step spelled out."""
    step = a["chosen"]
    if step is None:
        return "No step is unrolled, so no gate has opened."
    f, i, g, o = (number(float(a["gates"][q][step - 1]), 3) for q in GATES)
    return f"At step {step}: forget gate {f}, input gate {i}, candidate {g}, output gate {o}."


def draw_states(a: Arrays) -> theme.Json:
    """C and h, and below them the input where there is one."""
    T = len(a["step"])
    top = _RUNGS[np.searchsorted(_RUNGS, np.abs(a["c"]).max(axis=-1))]
    low = np.where(a["c"].min(axis=-1) < -0.2 * top, -1.08, -0.2) * top
    fed, axes = inputs.strip(a["input"])
    return {
        "data": [
            _state(a, "c", "cell state C", {"color": theme.TOTAL, "width": 3}),
            _state(a, "h", "state h", {"color": theme.STATE, "width": 2.5, "dash": "dash"}),
            *fed,
        ],
        "layout": {
            "xaxis": theme.step_axis(0, T, **inputs.anchor(axes)),
            "yaxis": {
                "range": along(np.stack([low, 1.08 * top], axis=-1)),
                "title": {"text": "C, h"},
                "zeroline": True,
                **inputs.domain(axes),
            },
            **axes,
            "shapes": theme.band(a["chosen"]),
        },
    }


_RUNGS = np.array([1, 2, 5, 10, 20, 50, 100, 1000, 1e6, 1e101])  # where the axis of the states may end


def _state(a: Arrays, which: str, name: str, line: theme.Json) -> theme.Json:
    symbol = name[-1]
    return theme.scatter(
        "lines+markers",
        x=np.arange(a[which].shape[-1]),
        y=along(a[which]),
        name=name,
        meta=which,
        line=line,
        marker={"size": 5},
        **hover(
            a,
            text=lambda: list(map(number, a[which].tolist())),
            hovertemplate=f"{symbol}<sub>%{{x}}</sub> = %{{text}}<extra></extra>",
        ),
    )


def states_sentence(a: Arrays) -> str:
    """What is remembered at the end of the chain, and whether h still shows it."""
    t, k = a["t"], a["k"]
    if t == k:
        return f"The chain begins where it ends: C{subscript(t)} = {number(float(a['c'][t]))}."
    end = f"C{subscript(t)} = {number(float(a['c'][t]))} and h{subscript(t)} = {number(float(a['h'][t]))}"
    read = a["read"][t - 1]
    shown = f"∂h{subscript(t)}/∂C{subscript(t)} = {number(read)}"
    if np.abs(a["c"][t]) > SATURATED:
        shown += ": tanh is saturated, and h no longer shows what C does"
    return f"C{subscript(k)} = {number(float(a['c'][k]))}; at the end of the chain {end}, with {shown}."


SATURATED = 3.0  # |C| beyond which tanh'(C) is below 1 %


def picture(a: Arrays) -> theme.Json:
    """The gates as `show` takes them."""
    return theme.figure_item(
        "gates", "The gates over time", each(sentence, a), draw(a), height=260, tap=True, ghost=[*GATES]
    )


def states_picture(a: Arrays) -> theme.Json:
    """C and h as `show` takes them."""
    return theme.figure_item(
        "memory", "Cell state and output", each(states_sentence, a), draw_states(a), height=260, ghost=["c", "h"]
    )
