"""RNN, LSTM and GRU on one held axis: the same quantity, input, length and norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pages.charts import theme
from pages.charts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.numbers import derivative, derivative_html, number, numbers, subscript
from rnn_core.cells import CELLS
from rnn_core.experiment import Run
from rnn_core.scaled import Scaled

Runs = Mapping[str, Run]
_DASH = {"rnn": "solid", "lstm": "dash", "gru": "dot"}
_SYMBOL = {"rnn": "circle", "lstm": "square", "gru": "diamond"}


def state_norms(runs: Runs) -> Arrays:
    """‖∂s_t/∂s_j‖₂ for j = k … t, s = h or (C, h)."""
    return _arrays(runs, {name: r.flow.products_to(r.t, r.k).norm(2) for name, r in runs.items()})


def input_norms(runs: Runs) -> Arrays:
    """|∂h_t/∂x_j| for j = k+1 … t."""
    norms = {name: r.flow.by_input(r.t)[r.k :].norm(2) for name, r in runs.items()}
    return _arrays(runs, norms, first=1)


def hidden_norms(runs: Runs) -> Arrays:
    """|∂h_t/∂h_j| for j = k … t, the cell held: an LSTM's memory is left out."""
    return _arrays(
        runs, {name: r.flow.block(r.flow.products_to(r.t, r.k), "h", "h").norm(2) for name, r in runs.items()}
    )


def _arrays(runs: Runs, norms: dict[str, Scaled], first: int = 0) -> Arrays:
    run = next(iter(runs.values()))
    return {
        **axis(run), "t": run.t, "k": run.k, "j": np.arange(run.k + first, run.t + 1),
        "norms": {name: time_last(norm, runs[name]) for name, norm in norms.items()},
    }  # fmt: skip


def draw(a: Arrays, axis: str) -> theme.Json:
    """One curve a cell, labelled where it arrives."""
    bounds = theme.held_range(a["t"] - a["k"], -12, 4, rungs=(50, 100))
    norms = a["norms"] if len(a["j"]) else {}
    texts = {theme.CELL_COLORS[name]: each(_end, a, name) for name in norms}
    return {
        "data": [
            *(_curve(a, name, norm) for name, norm in a["norms"].items()),
            theme.off_scale(a, a["j"], {theme.CELL_COLORS[name]: norm for name, norm in a["norms"].items()}, bounds),
            theme.end_labels(a["k"], [norm[..., 0] for norm in norms.values()], texts, bounds),
        ],
        "layout": {
            "xaxis": theme.step_axis(a["k"], a["t"], "step j, where the gradient arrives", gutter=0.17),
            "yaxis": theme.log_axis(bounds, axis),
            "shapes": [theme.line_at(0)],
        },
    }  # fmt: skip


def _curve(a: Arrays, name: str, norm: Scaled) -> theme.Json:
    color, title = theme.CELL_COLORS[name], CELLS[name].title
    return {
        "type": "scatter", "mode": "lines+markers", "x": a["j"], "y": along(theme.gaps(norm.log10)), "name": title,
        "line": {"color": color, "width": 3, "dash": _DASH[name]},
        "marker": {"size": theme.mark_size(len(a["j"])), "symbol": _SYMBOL[name], "color": color},
        **hover(a, {"text": lambda: numbers(norm), "hovertemplate": f"{title}, step %{{x}}: %{{text}}<extra></extra>"}),
    }  # fmt: skip


def _end(a: Arrays, name: str) -> str:
    return f"<b>{CELLS[name].title} {number(a['norms'][name][0], 3)}</b>"


def sentence(a: Arrays, what: str, last: str = "") -> str:
    """Which cell keeps most."""
    if not len(a["j"]):
        return f"The chain is empty: there is no step to compare.{last}"
    found = {name: norm[0] for name, norm in a["norms"].items()}
    listed = ", ".join(f"{CELLS[name].title} {number(value, 3)}" for name, value in found.items())
    sizes = {name: float(value.log10) for name, value in found.items()}
    best = max(sizes, key=lambda name: sizes[name])
    tie = list(sizes.values()).count(sizes[best]) > 1
    return f"{what}: {listed}." + ("" if tie else f" The {CELLS[best].title} passes on most.") + last


def _item(a: Arrays, name: str, title: str, text: Any, axis: str, **more: Any) -> theme.Json:
    """On a phone the numbers stand in the sentence below, and the curves get the room."""
    wide = draw(a, axis)
    slim = theme.narrow(
        wide, showlegend=True, margin={"l": 40, "r": 8, "t": 26, "b": 24},
        xaxis=theme.step_axis(a["k"], a["t"], ""), yaxis=theme.log_axis(wide["layout"]["yaxis"]["range"], "", most=4),
    )  # fmt: skip
    slim["data"] = {"4": {"visible": False}}  # the labels
    return theme.figure_item(name, title, text, wide, narrow=slim, ghost=[0, 1, 2], **more)


def state_picture(a: Arrays) -> theme.Json:
    """The default quantity, the same for every cell: the whole state by the whole state."""
    text = each(sentence, a, f"‖{derivative('s', a['t'], 's', a['k'])}‖₂ with s = h, or (C, h) for the LSTM")
    axis = f"‖{derivative_html('s', 't', 's', 'j')}‖<sub>2</sub>"
    return _item(a, "state-norm", "The whole state", text, axis, role="main", height=296)


def input_picture(runs: Runs) -> theme.Json:
    """Sensitivity to the input of each step: the same object for every cell."""
    a = input_norms(runs)
    text = each(sentence, a, f"How h{subscript(a['t'])} feels the input of step {a['k'] + 1}")
    return _item(a, "input-norm", "By the input, ∂hₜ/∂xⱼ", text, f"|{derivative_html('h', 't', 'x', 'j')}|", height=280)


def hidden_picture(runs: Runs) -> theme.Json:
    """h by h, with the warning that belongs to it."""
    a = hidden_norms(runs)
    name = f"|{derivative('h', a['t'], 'h', a['k'])}|"
    text = each(sentence, a, name, " This leaves the LSTM's cell path out: what C remembers does not show here.")
    return _item(a, "hidden-norm", "From h to h only", text, f"|{derivative_html('h', 't', 'h', 'j')}|", height=280)


def formula(a: Arrays) -> theme.Json:
    """The three norms with their numbers."""
    return {
        "kind": "formula", "name": "compare-formula", "alt": "The three norms in numbers.",
        "lines": [_line(a, name) for name in a["norms"]],
    }  # fmt: skip


def _line(a: Arrays, name: str) -> theme.Json:
    return {
        "latex": rf"\text{{{CELLS[name].title}}}:\ "
        r"\left\| \frac{\partial s_{@t@}}{\partial s_{@k@}} \right\|_2"
        rf" = @{name}@, \quad s = {'(C, h)' if name == 'lstm' else 'h'}",
        "slots": {"t": str(a["t"]), "k": str(a["k"]), name: each(lambda r: number(r["norms"][name][0]), a)},
        "colors": {name: name},
    }
