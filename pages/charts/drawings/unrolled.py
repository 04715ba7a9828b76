"""The unrolled network: one cell a step, the gradient's way back in colour, each arrow with its factor."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from pages.charts.parts import theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.numbers import brief, number, numbers, steps, subscript
from rnn_core.experiment import Run
from rnn_core.scaled import cumulative_products

Row = list[tuple[int, int]]  # cells: (i, i) one state, (i, j) a fold
WIDE, NARROW = 14, 6  # most cells that are readable side by side


def quantities(run: Run) -> Arrays:
    """States h_0 … h_T, and of the chain: the factors of steps k+1 … t, and ∂h_t/∂h_i for i = k … t."""
    t, k, flow = run.t, run.k, run.flow
    return {
        **axis(run), "t": t, "k": k, "T": run.experiment.T, "h": time_last(run.trajectory.h, run),
        "factor": time_last(flow.factors[k:t], run), "product": time_last(flow.products_to(t, k), run),
    }  # fmt: skip


@lru_cache(maxsize=256)
def cells(T: int, t: int, k: int, most: int) -> Row:
    """The cells to draw: (i, i) is the state of step i, (i, j) with i < j folds the states i … j.

    The ends of the chain and of the sequence come first, then their neighbours, as long as there is room.
    """

    def fold(states: set[int]) -> Row:
        shown: Row = []
        for i in sorted(states):
            before = shown[-1][1] if shown else -1
            if i - before == 2:
                shown.append((i - 1, i - 1))  # a fold of one state hides nothing
            elif i - before > 2:
                shown.append((before + 1, i - 1))
            shown.append((i, i))
        if T - shown[-1][1] >= 1:
            shown.append((shown[-1][1] + 1, T))
        return shown

    chosen: set[int] = set()
    near = [i for d in range(T + 1) for i in (k + d, t - d, d, T - d)]
    for i in [k, t, 0, T, *near]:
        if 0 <= i <= T and len(fold(chosen | {i})) <= most:
            chosen.add(i)
    return fold(chosen)


def draw(a: Arrays, most: int = WIDE) -> theme.Json:
    """Cells in a row, the way forward between them, the gradient's way back below, as wide and warm as it is so far."""
    row = cells(a["T"], a["t"], a["k"], most)
    places = np.arange(len(row))
    way = _way_back(a["t"], a["k"], row)
    back = np.array([place for place, _, _ in way])
    log10 = a["product"][..., [first - 1 - a["k"] for _, first, _ in way]].log10
    color = theme.MAGNITUDE | {"color": along(np.clip(log10, -9.0, 9.0))}
    width = np.clip(3 + log10, 1.2, 9.0)
    return {
        "data": [
            _forward(len(row)),
            _cells(places, row, a),
            _texts(places, 0.68, [_name(i, j, a) for i, j in row], theme.MUTED),
            _texts(back + 0.5, -1.02, each(_factors, a, way), theme.TEXT),
            {"type": "bar", "orientation": "h", "y": np.full(len(way), -0.62), "base": back + 0.2,
             "x": np.full(len(way), 0.7), "width": along(width * 0.013), "marker": color, "hoverinfo": "skip"},
            {"type": "scatter", "mode": "markers", "x": back + 0.2, "y": np.full(len(way), -0.62), "hoverinfo": "skip",
             "marker": color | {"symbol": "triangle-left", "size": along(7 + 1.6 * width), "opacity": 1}},
        ],
        "layout": {
            "xaxis": {"visible": False, "range": [-0.55, max(len(row), 2) - 0.45], "fixedrange": True},
            "yaxis": {"visible": False, "range": [-1.3, 0.95], "fixedrange": True},
            "margin": {"l": 4, "r": 4, "t": 4, "b": 4},
            "showlegend": False, "hovermode": "closest",
        },
    }  # fmt: skip


def _forward(count: int) -> theme.Json:
    """Small arrow heads between the cells."""
    return {
        "type": "scatter", "mode": "lines+markers", "x": np.arange(max(2 * count - 1, 0)) / 2,
        "y": np.zeros(max(2 * count - 1, 0)), "line": {"color": theme.MUTED, "width": 1.2}, "hoverinfo": "skip",
        "marker": {"symbol": "triangle-right", "color": theme.MUTED, "size": [0, 9] * (count - 1) + [0]},
    }  # fmt: skip


def _cells(places: np.ndarray, row: Row, a: Arrays) -> theme.Json:
    ends = [i == j and i in (a["t"], a["k"]) for i, j in row]
    inside = [i <= a["t"] and j >= a["k"] for i, j in row]
    lines = [theme.PRODUCT if end else theme.STATE if on else theme.GRID for end, on in zip(ends, inside, strict=True)]
    return {
        "type": "scatter", "mode": "markers+text", "x": places, "y": np.zeros(len(row)), "cliponaxis": False,
        "text": each(_contents, a, row),
        "textfont": {"color": theme.TEXT, "size": 13},
        "marker": {
            "symbol": "square", "size": 42, "opacity": 1,
            "color": [f"{theme.STATE}-fill" if on else theme.BACKGROUND for on in inside],
            "line": {"color": lines, "width": [3 if end else 1.5 for end in ends]},
        },
        **hover(a, {"customdata": [i if i == j else None for i, j in row],
                    "hovertext": lambda: [_hover(i, j, a) for i, j in row],
                    "hovertemplate": "%{hovertext}<extra></extra>"}),
    }  # fmt: skip


def _contents(a: Arrays, row: Row) -> list[str]:
    h = a["h"].tolist()
    return [brief(h[i]) if i == j else "⋯" for i, j in row]


def _state(h: float) -> str:
    return number(h, 3 if abs(h) < 1000 else 4)


def _texts(x: Any, y: float, text: Any, color: str) -> theme.Json:
    return {
        "type": "scatter", "mode": "text", "x": x, "y": np.full(len(x), y), "text": text, "hoverinfo": "skip",
        "textfont": {"color": color, "size": 12.5}, "cliponaxis": False,
    }  # fmt: skip


def _name(i: int, j: int, a: Arrays) -> str:
    if i != j:
        return f"{j - i + 1} states"
    roles = [role for role in "tk" if i == a[role]]
    name = f"h<sub>{i}</sub>"
    return f"<b>{name} = h<sub>{roles[0]}</sub></b>" if roles else name


def _way_back(t: int, k: int, row: Row) -> list[tuple[int, int, int]]:
    """The arrows of the chain: the place of the cell where each ends, first and last step of its factor."""
    arrows = []
    for place, ((_, before), (_, last)) in enumerate(pairwise(row)):
        first, last = max(before + 1, k + 1), min(last, t)  # the steps of a fold leave it together
        if first <= last:
            arrows.append((place, first, last))
    return arrows


def _factors(a: Arrays, way: list[tuple[int, int, int]]) -> list[str]:
    single = numbers(a["factor"], 3)
    texts = [single[j - 1 - a["k"]] if i == j else _together(a, i, j) for _, i, j in way]
    return [f"×({text})" if text.startswith("−") else f"×{text}" for text in texts]


def _together(a: Arrays, first: int, last: int) -> str:
    """The factor of one step, or of several."""
    factor = a["factor"][first - 1 - a["k"] : last - a["k"]]
    return number(cumulative_products(factor)[-1], 3 if first == last else 2)


def _hover(i: int, j: int, a: Arrays) -> str:
    if i != j:
        first, last = max(i, a["k"] + 1), min(j + 1, a["t"])
        if first > last:
            return f"states {i} to {j}"
        return f"steps {first} to {last} together: ×{_together(a, first, last)}"
    text = f"h<sub>{i}</sub> = {_state(a['h'][i].item())}"
    if a["k"] <= i <= a["t"]:
        text += f"<br>∂h<sub>{a['t']}</sub>/∂h<sub>{i}</sub> = {number(a['product'][i - a['k']])}"
    return text + "<br>Tap: the nearer end of the chain moves here."


def sentence(a: Arrays) -> str:
    """What the picture shows now."""
    t, k = a["t"], a["k"]
    if t == k:
        return f"{steps(a['T'])} unrolled. The chain is empty: it begins and ends at h{subscript(t)}."
    way = f"The gradient walks back from h{subscript(t)} to h{subscript(k)}, one factor a step"
    return f"{way}, and arrives as {number(a['product'][0])}. Tap a state to move the nearer end of the chain."


def picture(run: Run) -> theme.Json:
    """Figure (b) as `show` takes it."""
    a = quantities(run)
    return theme.figure_item(
        "network", "The unrolled network", each(sentence, a), draw(a), narrow=draw(a, NARROW), tap=True, height=210
    )


def moved_end(run: Run, i: int) -> dict[str, int]:
    """What a tap on state i sets: `t` or `k`, whichever end of the chain is nearer (`k` in the middle)."""
    return {"t": i} if abs(run.t - i) < abs(run.k - i) else {"k": i}
