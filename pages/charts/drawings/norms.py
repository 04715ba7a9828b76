"""RNN, LSTM and GRU on one held axis: the same quantity, input and length."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np

from pages.charts.drawings.over_time import SATURATED
from pages.charts.parts import lanes, latex, theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.numbers import derivative, derivative_html, number, numbers, percent, subscript
from rnn_core.cells import CELLS
from rnn_core.experiment import Run
from rnn_core.scaled import Scaled, cumulative_products

Runs = Mapping[str, Run]
_MARKS = (
    ("solid", "circle"),
    ("dash", "square"),
    ("dot", "diamond"),
    ("dashdot", "cross"),
    ("longdash", "x"),
    ("longdashdot", "triangle-up"),
)
_LOOKS = dict(zip(CELLS, cycle(_MARKS), strict=False))  # a line's dash and its mark, by cell


def effect(run: Run) -> Scaled:
    """|∂h_t/∂x_{k+1}|, what the chain's first input does to its end, of shape batch; 0 where it comes later."""
    if run.t == run.k:
        return Scaled.of(np.zeros(run.trajectory.batch))
    return run.flow.by_input(run.t)[run.k].norm(2)


def input_norms(runs: Runs) -> Arrays:
    """|∂h_t/∂x_j| for j = k+1 … t; what the gates of LSTM and GRU keep meanwhile, and an LSTM's memory (`_memory`)."""
    norms = {name: r.flow.by_input(r.t)[r.k :].norm(2) for name, r in runs.items()}
    return _arrays(runs, norms, first=1) | _memory(runs["lstm"]) | {"z": _kept(runs["gru"], "z")}


def _kept(run: Run, gate: str) -> Scaled:
    """The product of a gate's values over the chain, (*batch,)."""
    values = run.trajectory.gate(gate)[run.k : run.t, ..., 0]
    return cumulative_products(Scaled.of(values))[-1]


def _memory(lstm: Run) -> Arrays:
    """C_t, |∂C_t/∂x_{k+1}| and the product of forget gates."""
    by_c = lstm.flow.by_input(lstm.t, "c")[lstm.k :].norm(2)
    return {
        "c": lstm.trajectory.c[lstm.t, ..., 0],
        "f": _kept(lstm, "f"),
        "by_c": time_last(by_c, lstm)[..., 0] if lstm.t > lstm.k else None,
    }


def state_norms(runs: Runs) -> Arrays:
    """‖∂s_t/∂s_j‖₂ for j = k … t, s = h or (C, h)."""
    return _arrays(runs, {name: r.flow.products_to(r.t, r.k).norm(2) for name, r in runs.items()})


def hidden_norms(runs: Runs) -> Arrays:
    """|∂h_t/∂h_j| for j = k … t, the cell held: an LSTM's memory is left out."""
    return _arrays(
        runs, {name: r.flow.block(r.flow.products_to(r.t, r.k), "h", "h").norm(2) for name, r in runs.items()}
    )


def _arrays(runs: Runs, norms: dict[str, Scaled], first: int = 0) -> Arrays:
    run = next(iter(runs.values()))
    return {
        **axis(run),
        "t": run.t,
        "k": run.k,
        "j": np.arange(run.k + first, run.t + 1),
        "norms": {name: time_last(norm, runs[name]) for name, norm in norms.items()},
    }


def draw(a: Arrays, axis: str) -> theme.Json:
    """One curve a cell, labelled where it arrives."""
    bounds = theme.held_range(a["t"] - a["k"], -12, 4, rungs=(50, 100))
    norms = a["norms"] if len(a["j"]) else {}
    texts = {theme.CELL_COLORS[name]: each(_end, a, name) for name in norms}
    return {
        "data": [
            *(_curve(a, name, norm) for name, norm in a["norms"].items()),
            theme.off_scale(a, a["j"], {theme.CELL_COLORS[name]: norm for name, norm in a["norms"].items()}, bounds),
            theme.end_labels(a["k"], [norm[..., 0] for norm in norms.values()], texts, bounds, room=0.12),
        ],
        "layout": {
            "xaxis": theme.step_axis(a["k"], a["t"], "step j, where the gradient arrives", gutter=0.17),
            "yaxis": theme.log_axis(bounds, axis),
            "shapes": [theme.line_at(0)],
        },
    }


def _curve(a: Arrays, name: str, norm: Scaled) -> theme.Json:
    color, title, (dash, symbol) = theme.CELL_COLORS[name], CELLS[name].title, _LOOKS[name]
    return theme.scatter(
        "lines+markers",
        meta=name,
        x=a["j"],
        y=along(theme.gaps(norm.log10)),
        name=title,
        line={"color": color, "width": 3, "dash": dash},
        marker={"size": theme.mark_size(len(a["j"])), "symbol": symbol, "color": color},
        **hover(a, text=lambda: numbers(norm), hovertemplate=f"{title}, step %{{x}}: %{{text}}<extra></extra>"),
    )


def _end(a: Arrays, name: str) -> str:
    return f"<b>{CELLS[name].title} {number(a['norms'][name][0], 3)}</b>"


def _listed(a: Arrays) -> str:
    return ", ".join(f"{CELLS[name].title} {number(norm[0], 3)}" for name, norm in a["norms"].items())


def sentence(a: Arrays) -> str:
    """How each cell feels the chain's first input, which feels it most, and what becomes of an LSTM's memory."""
    if not len(a["j"]):
        return "The chain is empty: it ends before its first input comes."
    sizes = {name: float(norm[0].log10) for name, norm in a["norms"].items()}
    best = max(sizes, key=lambda name: sizes[name])
    tie = list(sizes.values()).count(sizes[best]) > 1
    first = f"How h{subscript(a['t'])} feels the input of step {a['k'] + 1}: {_listed(a)}."
    return first + ("" if tie else f" The {CELLS[best].title} feels it most.") + _kept_or_flat(a)


def _kept_or_flat(a: Arrays) -> str:
    """What the gates keep; where tanh C is flat, that the cell keeps what h does not show."""
    t, first = a["t"], a["k"] + 1
    if abs(a["c"]) > SATURATED:
        c, held = number(float(a["c"]), 3), f"|{derivative('C', t, 'x', first)}| = {number(a['by_c'], 3)}"
        return f" C{subscript(t)} = {c}, where tanh is flat: the cell holds {held}, and h does not show it."
    if a["f"].mant == a["z"].mant and a["f"].exp2 == a["z"].exp2:
        return f" The LSTM’s forget gates and the GRU’s update gates both keep {percent(a['f'])} over these steps."
    return (
        f" The LSTM’s forget gates keep {percent(a['f'])} over these steps, the GRU’s update gates {percent(a['z'])}."
    )


def _unranked(a: Arrays, what: str, last: str) -> str:
    """The numbers where sizes rank nothing, and why."""
    return f"{what}: {_listed(a)}. {last}" if len(a["j"]) else "The chain is empty: there is no step to compare."


def _item(a: Arrays, name: str, title: str, text: Any, axis: str, **more: Any) -> theme.Json:
    """On a phone the numbers stand in the sentence below, and the curves get the room."""
    wide = draw(a, axis)
    if "row" in more:
        ways = {CELLS[name].title: (theme.CELL_COLORS[name], norm) for name, norm in a["norms"].items()}
        wide = lanes.under(wide, a["j"], ways)
    slim = theme.narrow(
        wide,
        {"labels": {"visible": False}, **(lanes.SLIM if "row" in more else {})},
        showlegend=True,
        margin={"l": 40, "r": 8, "t": 26, "b": 24},
        xaxis=theme.step_axis(a["k"], a["t"], ""),
        yaxis=theme.log_axis(wide["layout"]["yaxis"]["range"], "", most=4),
    )
    return theme.figure_item(name, title, text, wide, narrow=slim, ghost=[*a["norms"]], **more)


def input_picture(a: Arrays) -> theme.Json:
    """Sensitivity to the input of each step: the same object for every cell, whatever unit its state has."""
    axis = f"|{derivative_html('h', 't', 'x', 'j')}|"
    row = 32 * len(a["norms"])
    rest = {} if a["bare"] else {"play": played(a)}
    return _item(
        a,
        "input-norm",
        "By the input, ∂hₜ/∂xⱼ",
        each(sentence, a),
        axis,
        role="main",
        height=256 + row,
        row=row,
        **rest,
    )


def played(a: Arrays) -> theme.Json:
    """One clock for all: step by step back from h_t, how much it feels that step's input."""
    way = [
        lanes.lane((a["j"], -row), norm, theme.CELL_COLORS[name], digits=3)
        for row, (name, norm) in enumerate(a["norms"].items())
    ]
    said = [
        f"|{derivative('h', a['t'], 'x', j)}|: "
        + ", ".join(f"{CELLS[name].title} {number(norm[place], 3)}" for name, norm in a["norms"].items())
        for place, j in enumerate(a["j"].tolist())
    ]
    return lanes.play(way, said[::-1])


def state_picture(runs: Runs) -> theme.Json:
    """The whole state by the whole state: h, or (C, h), whose parts have units of their own."""
    a = state_norms(runs)
    name = f"‖{derivative('s', a['t'], 's', a['k'])}‖₂ with s = h, or (C, h) for the LSTM"
    text = each(
        _unranked, a, name, "C and h have units of their own: compare how the curves fall, not how high they are."
    )
    return _item(
        a, "state-norm", "The whole state", text, f"‖{derivative_html('s', 't', 's', 'j')}‖<sub>2</sub>", height=280
    )


def hidden_picture(runs: Runs) -> theme.Json:
    """h by h, with the warning that belongs to it."""
    a = hidden_norms(runs)
    name = f"|{derivative('h', a['t'], 'h', a['k'])}|"
    text = each(_unranked, a, name, "This leaves the LSTM’s cell path out: what C remembers does not show here.")
    return _item(a, "hidden-norm", "From h to h only", text, f"|{derivative_html('h', 't', 'h', 'j')}|", height=280)


def formula(a: Arrays) -> theme.Json:
    """The three effects with their numbers, and how each state is renewed: z keeps, as in PyTorch."""
    return latex.item(
        "compare-formula",
        "The three effects in numbers; how states are renewed.",
        [_line(a, name) for name in a["norms"]],
    )


def _line(a: Arrays, name: str) -> theme.Json:
    return latex.line(
        rf"\text{{{CELLS[name].title}}}:\ "
        r"\left| \frac{\partial h_{@t@}}{\partial x_{@k1@}} \right|"
        rf" = @{name}@, \quad {CELLS[name].renewal}",
        {
            "t": str(a["t"]),
            "k1": str(a["k"] + 1),
            name: each(lambda r: number(r["norms"][name][0]) if len(r["j"]) else "0", a),
        },
        {name: CELLS[name].color},
    )
