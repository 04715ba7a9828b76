"""The total split by gate, stacked over the steps: direct path and R_f, R_i, R_g, R_o, by first departure."""

from __future__ import annotations

import numpy as np

from pages.charts.drawings.paths import EMPTY
from pages.charts.parts import theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.gates import GATES
from pages.charts.parts.numbers import number, numbers, roughly
from rnn_core.experiment import Run
from rnn_core.scaled import ldexp

PARTS = ("highway", *GATES)
_NAMES = {"highway": "direct"} | {q: f"via {gate.shown}" for q, gate in GATES.items()}
_COLORS = {"highway": theme.DIRECT} | {q: theme.GATE_COLORS[q] for q in GATES}
_FILLS = _COLORS | {"f": f"{theme.GATE_COLORS['f']}/0.5"}  # the direct path is made of forget gates and has their hue
_GRAIN = 2**12  # no screen tells more apart, and such numbers travel light while a slider moves


def quantities(run: Run) -> Arrays:
    """The parts of ∂C_t/∂C_j for j = k … t, and each as a share of the sum of their magnitudes.

    Shares lie between -1 and 1, so they stay readable where the parts all but cancel; they are 0 where all parts are.
    """
    flow, t, k = run.flow, run.t, run.k
    split = flow.split_by_gate(t, k)
    parts = {name: time_last(split[name], run) for name in PARTS}
    exp2 = np.max([part.exp2 for part in parts.values()], axis=0)
    sizes = {name: ldexp(part.mant, part.exp2 - exp2) for name, part in parts.items()}
    whole = np.sum([np.abs(size) for size in sizes.values()], axis=0)
    shares = {name: size / np.where(whole > 0, whole, 1.0) for name, size in sizes.items()}
    return {
        **axis(run),
        "t": t,
        "k": k,
        "j": np.arange(k, t + 1),
        "parts": parts,
        "shares": shares,
        "total": time_last(flow.total(t, k), run),
        "left": np.sum(list(shares.values()), axis=0),
    }


def draw(a: Arrays) -> theme.Json:
    """Bars that add up: what carries the gradient on stands above 0, what takes away below, the total is a line."""
    j, shares = a["j"], a["shares"]
    stacked = np.stack([shares[name] for name in PARTS], axis=-2)  # (*batch, parts, L)
    stacked = np.round(stacked * _GRAIN) / _GRAIN
    above, below = (np.cumsum(part, axis=-2) for part in (np.maximum(stacked, 0), np.minimum(stacked, 0)))
    ends = np.where(stacked >= 0, above, below)
    flat = (*ends.shape[:-2], ends.shape[-2] * ends.shape[-1])
    bounds = (-1.05, 1.05)
    middle = np.where(stacked != 0, ends - stacked / 2, bounds[1])[..., 0]  # what is nothing is not named
    heights = [*np.moveaxis(middle, -1, 0), a["left"][..., 0]]
    texts = {_COLORS[name]: each(_end, a, name) for name in PARTS} | {theme.TOTAL: each(_end_of_total, a)}
    labels = theme.end_labels(a["k"] - 0.5, heights, texts, bounds)
    return {
        "data": [
            theme.bar(
                meta="parts",
                x=np.tile(j, len(PARTS)),
                width=1,
                base=along((ends - stacked).reshape(flat)),
                y=along(stacked.reshape(flat)),
                marker={
                    "color": [_FILLS[name] for name in PARTS for _ in j],
                    "line": {"color": theme.BACKGROUND, "width": 1 if len(j) <= 60 else 0},
                },
                **hover(
                    a,
                    text=lambda: [f"{_NAMES[name]}: {text}" for name in PARTS for text in numbers(a["parts"][name], 3)],
                    textposition="none",
                    hovertemplate="j = %{x}, %{text}<extra></extra>",
                ),
            ),
            theme.scatter(
                "lines",
                x=j,
                y=along(stacked.sum(axis=-2)),
                name="total",
                meta="total",
                line={"color": theme.TOTAL, "width": 4},
                **hover(
                    a, text=lambda: numbers(a["total"], 3), hovertemplate="j = %{x}, total: %{text}<extra></extra>"
                ),
            ),
            labels,
        ],
        "layout": {
            "xaxis": theme.step_axis(a["k"], a["t"], "step j, where the gradient arrives", gutter=0.2),
            "yaxis": {
                "range": list(bounds),
                "tickvals": [-1, -0.5, 0, 0.5, 1],
                "zeroline": False,
                "ticktext": ["−100 %", "−50 %", "0", "50 %", "100 %"],
                "title": {"text": "share of all paths"},
            },
            "showlegend": False,
            "barmode": "overlay",
            "bargap": 0,
            "shapes": [theme.line_at(0)],
        },
    }


def _end(a: Arrays, name: str) -> str:
    return f"{_NAMES[name]} {_percent(a['shares'][name][0])}" if a["shares"][name][0] else ""


def _end_of_total(a: Arrays) -> str:
    return f"<b>total {_percent(a['left'][0])}</b>"


def _percent(share: float) -> str:
    """A signed share in whole percent; "0" only where nothing takes this way."""
    if share == 0:
        return "0"
    text = roughly(abs(share)).replace("under ", "&lt;").replace("over ", "&gt;")
    return ("−" if share < 0 else "+") + text


def sentence(a: Arrays) -> str:
    """Which way the gradient took."""
    if a["t"] == a["k"]:
        return EMPTY
    first = {name: part[0] for name, part in a["parts"].items()}
    shares = {q: first[q] for q in GATES if first[q].mant != 0}
    total = a["total"][0]
    if not shares:
        if total.mant == 0:
            return "Nothing is left to split: the total is exactly 0."
        return "All of it flows along the cell state: no gate lets h carry any gradient."
    q = max(shares, key=lambda gate: float(shares[gate].log10))
    kind = "adds" if shares[q].sign > 0 else "takes away"
    gate = GATES[q].full_title
    beside = f"Beside the direct {number(first['highway'], 3)}, the {gate} {kind} most: {number(shares[q], 3)}."
    left = float(a["left"][0])
    lost = f" The paths partly cancel: {100 * abs(left):.2g} % of their sizes is left." if abs(left) < 0.995 else ""
    return f"{beside} All together make the total {number(total, 3)}.{lost}"


def _short(a: Arrays) -> list[str]:
    return [*(_NAMES[name] if a["shares"][name][0] else "" for name in PARTS), "<b>total</b>"]


def picture(run: Run) -> theme.Json:
    """The split as `show` takes it."""
    a = quantities(run)
    wide = draw(a)
    briefly = {"labels": {"text": each(_short, a), "textfont": {"size": 12}}}
    slim = theme.narrow(wide, briefly, xaxis=theme.step_axis(a["k"], a["t"], "", gutter=0.3))
    return theme.figure_item(
        "split", "The total, split by gate", each(sentence, a), wide, narrow=slim, height=280, ghost=["total"]
    )
