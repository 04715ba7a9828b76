"""The unrolled network: one cell a step, the gradient's way back in colour, each arrow with its factor."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from pages.charts import theme
from pages.charts.numbers import number, numbers, scalar, subscript
from rnn_core.experiment import Run
from rnn_core.scaled import cumulative_products

Arrays = dict[str, Any]
WIDE, NARROW = 14, 6  # most cells that are readable side by side


def quantities(run: Run) -> Arrays:
    """States h_0 … h_T, factors of the chain's steps, and ∂h_t/∂h_i so far for i = k … t."""
    t, k, flow = run.t, run.k, run.flow
    factor, product = flow.factors, scalar(flow.products_to(t, k))
    return {
        "t": t, "k": k, "T": run.experiment.T, "h_text": [_state(h) for h in run.trajectory.h[:, 0].tolist()],
        "factor": factor, "factor_text": numbers(factor, 3), "product_text": numbers(product),
        "product_log10": product.log10.tolist(),
    }  # fmt: skip


@lru_cache(maxsize=256)
def cells(T: int, t: int, k: int, most: int) -> list[tuple[int, int]]:
    """The cells to draw: (i, i) is the state of step i, (i, j) with i < j folds the states i … j.

    The ends of the chain and of the sequence come first, then their neighbours, as long as there is room.
    """

    def fold(states: set[int]) -> list[tuple[int, int]]:
        shown: list[tuple[int, int]] = []
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
    back = [arrow for place in places[:-1] for arrow in _backward(int(place), row, a)]
    return {
        "data": [
            _forward(len(row)),
            _cells(places, row, a),
            _texts(places, 0.68, [_name(i, j, a) for i, j in row], theme.MUTED),
            _texts([(arrow["x"] + arrow["ax"]) / 2 for arrow, _ in back], -1.02, [x for _, x in back], theme.TEXT),
        ],
        "layout": {
            "xaxis": {"visible": False, "range": [-0.55, max(len(row), 2) - 0.45], "fixedrange": True},
            "yaxis": {"visible": False, "range": [-1.3, 0.95], "fixedrange": True},
            "margin": {"l": 4, "r": 4, "t": 4, "b": 4},
            "annotations": [arrow for arrow, _ in back], "showlegend": False, "hovermode": "closest",
        },
    }  # fmt: skip


def _forward(count: int) -> theme.Json:
    """Small arrow heads between the cells."""
    return {
        "type": "scatter", "mode": "lines+markers", "x": np.arange(max(2 * count - 1, 0)) / 2,
        "y": np.zeros(max(2 * count - 1, 0)), "line": {"color": theme.MUTED, "width": 1.2}, "hoverinfo": "skip",
        "marker": {"symbol": "triangle-right", "color": theme.MUTED, "size": [0, 9] * (count - 1) + [0]},
    }  # fmt: skip


def _cells(places: np.ndarray, row: list[tuple[int, int]], a: Arrays) -> theme.Json:
    ends = [i == j and i in (a["t"], a["k"]) for i, j in row]
    inside = [i <= a["t"] and j >= a["k"] for i, j in row]
    lines = [theme.PRODUCT if end else theme.STATE if on else theme.GRID for end, on in zip(ends, inside, strict=True)]
    return {
        "type": "scatter", "mode": "markers+text", "x": places, "y": np.zeros(len(row)), "cliponaxis": False,
        "text": [_short(a["h_text"][i]) if i == j else "⋯" for i, j in row],
        "textfont": {"color": theme.TEXT, "size": 13},
        "marker": {
            "symbol": "square", "size": 42, "opacity": 1,
            "color": [f"{theme.STATE}-fill" if on else theme.BACKGROUND for on in inside],
            "line": {"color": lines, "width": [3 if end else 1.5 for end in ends]},
        },
        "customdata": [i if i == j else None for i, j in row],
        "hovertext": [_hover(i, j, a) for i, j in row], "hovertemplate": "%{hovertext}<extra></extra>",
    }  # fmt: skip


def _short(text: str) -> str:
    """What fits into a cell: "6.89", "16384", "10⁸⁵"; the whole number is a hover away."""
    mantissa, times, power = text.partition(" × ")
    return text if not times else ("−" if mantissa.startswith("−") else "") + power


def _state(h: float) -> str:
    return number(h, 3 if abs(h) < 1000 else 4)


def _texts(x: Any, y: float, text: list[str], color: str) -> theme.Json:
    return {
        "type": "scatter", "mode": "text", "x": x, "y": [y] * len(text), "text": text, "hoverinfo": "skip",
        "textfont": {"color": color, "size": 12.5}, "cliponaxis": False,
    }  # fmt: skip


def _name(i: int, j: int, a: Arrays) -> str:
    if i != j:
        return f"{j - i + 1} states"
    roles = [role for role in "tk" if i == a[role]]
    name = f"h<sub>{i}</sub>"
    return f"<b>{name} = h<sub>{roles[0]}</sub></b>" if roles else name


def _backward(place: int, row: list[tuple[int, int]], a: Arrays) -> list[tuple[theme.Json, str]]:
    """The arrow to a cell from the one after it, if the chain passes there, and the factor of its steps."""
    (_, before), (_, last) = row[place], row[place + 1]
    first, last = max(before + 1, a["k"] + 1), min(last, a["t"])  # the steps of a fold leave it together
    if first > last:
        return []
    log10 = a["product_log10"][first - 1 - a["k"]]
    width = min(9.0, max(1.2, 3 + log10))
    arrow = {
        "x": place + 0.1, "ax": place + 0.9, "y": -0.62, "ay": -0.62, "axref": "x", "ayref": "y", "showarrow": True,
        "arrowwidth": width, "arrowsize": max(0.6, 1.6 / width), "arrowcolor": theme.magnitude_color(log10),
    }  # fmt: skip
    factor = _together(a, first, last)
    return [(arrow, f"×({factor})" if factor.startswith("−") else f"×{factor}")]


def _together(a: Arrays, first: int, last: int) -> str:
    """The factor of one step, or of several."""
    if first == last:
        return a["factor_text"][first - 1]
    return number(cumulative_products(a["factor"][first - 1 : last])[-1], 2)


def _hover(i: int, j: int, a: Arrays) -> str:
    if i != j:
        first, last = max(i, a["k"] + 1), min(j + 1, a["t"])
        if first > last:
            return f"states {i} to {j}"
        return f"steps {first} to {last} together: ×{_together(a, first, last)}"
    text = f"h<sub>{i}</sub> = {a['h_text'][i]}"
    if a["k"] <= i <= a["t"]:
        text += f"<br>∂h<sub>{a['t']}</sub>/∂h<sub>{i}</sub> = {a['product_text'][i - a['k']]}"
    return text + "<br>Tap: the nearer end of the chain moves here."


def sentence(a: Arrays) -> str:
    """What the picture shows now."""
    t, k = a["t"], a["k"]
    if t == k:
        return f"{a['T']} steps unrolled. The chain is empty: it begins and ends at h{subscript(t)}."
    way = f"The gradient walks back from h{subscript(t)} to h{subscript(k)}, one factor a step"
    return f"{way}, and arrives as {a['product_text'][0]}. Tap a cell to move the nearer end of the chain."


def picture(run: Run) -> theme.Json:
    """Figure (b) as `show` takes it."""
    a = quantities(run)
    return theme.figure_item(
        "network", "The unrolled network", sentence(a), draw(a), narrow=draw(a, NARROW), tap=True, height=210
    )


def moved_end(run: Run, i: int) -> dict[str, int]:
    """What a tap on state i sets: `t` or `k`, whichever end of the chain is nearer (`k` in the middle)."""
    return {"t": i} if abs(run.t - i) < abs(run.k - i) else {"k": i}
