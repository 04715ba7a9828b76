"""The gradient walks back through the unrolled network: on each cell what is left of it, on each arrow its factor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pages.charts.drawings import factors
from pages.charts.parts import digits, lanes, theme
from pages.charts.parts.along import Arrays, along, each, hover, time_last
from pages.charts.parts.numbers import derivative, derivative_html, number, numbers, subscript
from rnn_core.activations import activation
from rnn_core.experiment import Run

WIDE, NARROW = 24, 12  # most cells with a number on each; a longer row thins out
BARS = 60  # most cells with a bar on each; a longer row is a curve with marks
_ROOM = {WIDE: 700, NARROW: 290}  # px, about, on a desk and on a phone
LINEAR = 4  # decades on both sides of 1 within which bars stand on a linear axis
ROW, UNDER = -0.2, -1.08  # where the cells, and the number below one, stand on their axis
_CURVED = 60  # points of the inset's curve


def quantities(run: Run) -> Arrays:
    """What `factors.quantities` holds, and the states h_0 … h_T."""
    return factors.quantities(run) | {"h": time_last(run.trajectory.h, run)}


def draw(a: Arrays, most: int = WIDE) -> theme.Json:
    """Bars of ∂h_t/∂h_i over the row of cells; how high each stands is left to the axis: see `heights`."""
    product, i, few = a["product"], a["i"], a["T"] + 1 <= most
    high = heights(product)
    bars = a["t"] - a["k"] + 1 <= BARS
    there = product if bars else product[..., :0]
    named = _thinned(a["k"], a["t"], most if bars else most // 3)
    return {
        "data": [
            theme.scatter(
                "lines" if bars else "lines+markers",
                meta="product",
                x=i,
                **high,
                line={"color": theme.PRODUCT, "width": 3},
                opacity=0 if bars else 1,
                marker={"size": 5, "color": theme.PRODUCT, "symbol": along(theme.signed(product, "circle"))},
                **hover(a, text=lambda: numbers(product), customdata=i, hovertemplate=_HOVER.format(a["t"])),
            ),
            _bars(a, there, "positive", there.mant > 0, {"color": theme.PRODUCT}),
            _bars(
                a,
                there,
                "negative",
                there.mant < 0,
                {
                    "color": theme.BACKGROUND,
                    "line": {"color": theme.PRODUCT, "width": 1.5},
                    "pattern": {"shape": "/", "fgcolor": theme.PRODUCT, "bgcolor": theme.BACKGROUND, "solidity": 0.35},
                },
            ),
            _zeros(i, high),
            theme.scatter(
                "text",
                meta="numbers",
                x=named,
                only="labels",
                beside=not bars,
                **heights(product[..., named - a["k"]]),
                text=each(lambda a: _labels(a, named, most), a),
                textfont={"color": theme.PRODUCT, "size": each(lambda a: _sizes(_labels(a, named, most)), a)},
                cliponaxis=False,
                hoverinfo="skip",
            ),
            *(_arrows(a, most) if few else [_strip(a)]),
            _cells(a, most),
        ],
        "layout": {
            "xaxis": {"visible": False, "range": [-0.6, a["T"] + 0.6], "fixedrange": True, "anchor": "y2"},
            "yaxis": {
                "title": {"text": derivative_html("h", a["t"], "h", "i")},
                "domain": [0.27, 1],
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis2": {"visible": False, "range": [-1.6, 0.8], "domain": [0, 0.24], "anchor": "x", "fixedrange": True},
            "shapes": [theme.line_at(0)],
            "barmode": "overlay",
            "bargap": 0.35,
            "showlegend": False,
            "hovermode": "closest",
            "margin": {"l": 56, "r": 12, "t": 22, "b": 4},
        },
    }


_HOVER = "∂h<sub>{}</sub>/∂h<sub>%{{customdata}}</sub> = %{{text}}<extra></extra>"


def heights(x: Any) -> theme.Json:
    """A trace's heights for either axis: decimal logarithms, NaN for an exact 0, and signs."""
    return {"log": along(theme.gaps(x.log10)), "sign": along(np.asarray(x.sign, dtype=float))}


def _labels(a: Arrays, cells: np.ndarray, most: int) -> list[str]:
    """The numbers over the bars, or every second, third … where they would run into each other."""
    texts = [number(a["product"][j - a["k"]]) for j in cells]
    room = _ROOM[most] / (a["T"] + 1) * float(np.diff(cells).max(initial=1))
    every = math.ceil(max(6 * len(text) - 12 * ("×" in text) for text in texts) / room)  # px of letters of 12 px
    return [text if n % every == 0 else "" for n, text in enumerate(texts)]


def _sizes(labels: list[str]) -> list[int]:
    """The chain's own number is the largest, while it is short enough not to reach the next one."""
    return [17 if len(labels[0]) <= 6 else 12, *[12] * (len(labels) - 1)]


def _bars(a: Arrays, x: Any, name: str, here: np.ndarray, marker: theme.Json) -> theme.Json:
    log10, sign = np.where(here, x.log10, np.nan), np.where(here, x.sign, 0.0)
    return theme.bar(
        x=a["i"][: x.shape[-1]],
        log=along(theme.gaps(log10)),
        sign=along(sign),
        name=name,
        meta=name,
        marker=marker,
        **hover(
            a, customdata=a["i"], text=lambda: numbers(x), textposition="none", hovertemplate=_HOVER.format(a["t"])
        ),
    )


def _zeros(i: np.ndarray, high: theme.Json) -> theme.Json:
    return theme.scatter(
        "markers",
        meta="zeros",
        x=i,
        **high,
        only="zeros",
        marker={"symbol": "x-thin", "size": 9, "line": {"color": theme.PRODUCT, "width": 2}},
        cliponaxis=False,
        hoverinfo="skip",
    )


def _thinned(first: int, last: int, most: int) -> np.ndarray:
    """The cells whose numbers have room: all, or every second, fifth …, and the first."""
    every = next(d for d in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if (last - first) / d < most)
    return np.unique([first, *range(first, last + 1, every)])


def _arrows(a: Arrays, most: int) -> list[theme.Json]:
    """The chain's arrows between the cells, as wide and warm as their factors are large, and what they multiply by."""
    step, factor, cells = a["step"], a["factor"], a["T"] + 1
    log10 = np.maximum(factor.log10, -9.0)
    color = theme.MAGNITUDE | {"color": along(np.clip(4 * log10, -9.0, 9.0))}
    width = np.where(factor.mant == 0, 1.0, np.clip(5 + 3 * log10, 1.5, 10.0))
    row = np.full(len(step), ROW)
    text: theme.Json = theme.scatter("text", x=step - 0.5, yaxis="y2", hoverinfo="skip")
    return [
        theme.bar(
            orientation="h",
            y=row,
            base=step - 0.66,
            x=np.full(len(step), 0.32),
            yaxis="y2",
            width=along(width * 0.02),
            marker=color,
            hoverinfo="skip",
        ),
        theme.scatter(
            "markers",
            x=step - 0.66,
            y=row,
            yaxis="y2",
            hoverinfo="skip",
            marker=color | {"symbol": "triangle-left", "size": along(6 + 0.9 * width), "opacity": 1},
        ),
        theme.scatter(
            "markers",
            x=step - 0.5,
            yaxis="y2",
            hoverinfo="skip",
            y=along(np.where(factor.mant == 0, ROW, np.nan)),
            marker={"symbol": "x-thin", "size": 14, "line": {"color": theme.EXPLODE, "width": 3}},
        ),
        {
            **text,
            "y": np.full(len(step), 0.45),
            "text": each(_factors, a) if 1.5 * cells <= most else [],
            "textfont": {"color": theme.TEXT, "size": 12},
        },
        {
            **text,
            "y": np.full(len(step), -1.2),
            "text": each(_parts, a) if 2 * cells <= most else [],
            "textfont": {"color": theme.MUTED, "size": 12},
        },
    ]


def _strip(a: Arrays) -> theme.Json:
    """Of a long row the factors are a strip, in the colours of the arrows."""
    log10 = np.clip(4 * np.maximum(a["factor"].log10, -9.0), -9.0, 9.0)
    return theme.bar(
        x=a["step"] - 0.5,
        y=np.full(len(a["step"]), 0.5),
        base=-0.45,
        yaxis="y2",
        width=np.full(len(a["step"]), 1.0),
        marker=theme.MAGNITUDE | {"color": along(log10)},
        **hover(
            a,
            customdata=a["step"],
            text=lambda: numbers(a["factor"]),
            textposition="none",
            hovertemplate="factor of step %{customdata}: %{text}<extra></extra>",
        ),
    )


def _factors(a: Arrays) -> list[str]:
    return [f"×({text})" if text.startswith("−") else f"×{text}" for text in numbers(a["factor"], 3)]


def _parts(a: Arrays) -> list[str]:
    """Each factor as weight · slope."""
    w = number(a["w"].item(), 3)
    return [f"{w}·{slope}" for slope in numbers(a["slope"], 2)]


def _cells(a: Arrays, most: int) -> theme.Json:
    """The states in a row; those of the chain stand out, its ends most."""
    i = np.arange(a["T"] + 1)
    few = len(i) <= most
    named = set(i.tolist() if few else _thinned(0, a["T"], most).tolist()) | {a["k"], a["t"]}
    inside, ends = (i >= a["k"]) & (i <= a["t"]), (i == a["k"]) | (i == a["t"])
    size = int(np.clip(0.64 * _ROOM[most] / len(i), 12, 34)) if few else 7  # arrows fit between
    return theme.scatter(
        "markers+text",
        meta="cells",
        x=i,
        y=np.full(len(i), ROW if few else -0.8),
        yaxis="y2",
        text=[f"h{subscript(j)}" if j in named else "" for j in i.tolist()],
        textposition="middle center" if few else "bottom center",
        textfont={"color": theme.TEXT, "size": 13 if size > 30 else 11},
        cliponaxis=False,
        marker={
            "symbol": "square",
            "size": size,
            "opacity": 1,
            "color": [f"{theme.STATE}-fill" if on else theme.BACKGROUND for on in inside.tolist()],
            "line": {
                "color": [
                    theme.PRODUCT if end else theme.STATE if on else theme.GRID
                    for end, on in zip(ends.tolist(), inside.tolist(), strict=True)
                ],
                "width": [2.5 if end else 1.5 for end in ends.tolist()],
            },
        },
        **hover(
            a,
            customdata=i,
            hovertext=lambda: [_state(j, a) for j in i.tolist()],
            hovertemplate="%{hovertext}<extra></extra>",
        ),
    )


def _state(i: int, a: Arrays) -> str:
    return f"h<sub>{i}</sub> = {number(a['h'][i].item())}<br>Tap: the nearer end of the chain moves here."


def scale(a: Arrays) -> str:
    """The axis on which all bars can be seen: linear within 10^±4, else logarithmic."""
    log10 = a["product"].log10[a["product"].mant != 0]
    return "log" if (np.abs(log10) > LINEAR).any() else "linear"


def scales(a: Arrays) -> theme.Json:
    """Both axes, fitted to the bars: nothing is at an edge."""
    log10, sign = a["product"].log10, a["product"].sign
    log10 = log10[np.isfinite(log10)]
    low, high = float(log10.min(initial=0.0)), float(log10.max(initial=0.0))
    room = max(0.1 * (high - low), 0.15)
    log = theme.log_axis((low - room * (low < 0), high + room), "")
    with np.errstate(over="ignore"):
        y = np.clip(sign * 10.0 ** np.clip(a["product"].log10, -300.0, 300.0), -1e300, 1e300)
    bottom, top = float(y.min(initial=0.0)), float(y.max(initial=0.0))
    room = 0.12 * (top - bottom)
    linear = [bottom - room * (bottom < 0), top + room]
    return {
        "linear": {"range": linear, "nticks": 6, "exponentformat": "power"},
        "log": {part: log[part] for part in ("range", "tickvals", "ticktext")},
    }


def sentence(a: Arrays) -> str:
    """What the picture shows now, and what its marks mean where it has any."""
    marks = [
        " Hatched bars are negative." if (a["product"].mant < 0).any() else "",
        " A cross is exactly 0." if (a["product"].mant == 0).any() else "",
    ]
    return factors.sentence(a) + digits.sentence(a) + "".join(marks)


def played(a: Arrays, run: Run) -> theme.Json:
    """The walk, arrow by arrow from h_t back to h_k: what is left, each factor, and φ's slope. In a number type the
    pulse carries what that type makes of it."""
    back = slice(None, None, -1)
    texts = numbers(a["product"])
    names = [f"{derivative('h', a['t'], 'h', i)} = {text}" for i, text in zip(a["i"], texts, strict=True)]
    if typed := digits.texts(a):
        names = [f"{name}, in {a['dtype']} {text}" for name, text in zip(names, typed, strict=True)]
    z = time_last(run.trajectory.z, run)[a["k"] : a["t"]]
    way = lanes.lane((a["i"], ROW), a["product"], theme.PRODUCT, _factors(a), under=UNDER)
    return lanes.play(
        [way | {"product": (typed or texts)[back]}],
        names[back],
        slots=[f"f{j}" for j in a["step"][back].tolist()],
        inset=_inset(run, z[back], numbers(a["slope"], 3)[back]),
    )


def _inset(run: Run, z: np.ndarray, slopes: list[str]) -> theme.Json | None:
    """φ over the working points z, and at each its tangent: what a small picture beside the walk needs."""
    φ = activation(run.experiment.activation, run.experiment.slope)
    seen = z[np.isfinite(z) & (np.abs(z) < 1e6)]
    if not len(seen):
        return None
    reach = max(3.0, 1.15 * float(np.abs(seen).max()))
    grid = np.linspace(-reach, reach, _CURVED + 1)
    at = np.clip(np.where(np.isfinite(z), z, reach), -reach, reach)
    return {
        "curve": {"z": grid, "y": φ.phi(grid)},
        "z": at,
        "y": φ.phi(at),
        "slope": φ.slope(at),
        "said": slopes,
        "name": f"φ = {φ.name}",
    }


def picture(run: Run) -> theme.Json:
    """The main figure as `show` takes it; what only a figure at rest needs, a sweep goes without."""
    a = quantities(run)
    rest = {} if a["bare"] else {"scale": scale(a), "scales": scales(a), "play": played(a, run)}
    wide = draw(a)
    slim = draw(a, NARROW)
    slim["layout"] |= {"margin": {"l": 40, "r": 8, "t": 20, "b": 4}}
    slim["layout"]["yaxis"] = slim["layout"]["yaxis"] | {"title": {"text": ""}}
    return theme.figure_item(
        "walk",
        "Gradient at each state",
        each(sentence, a),
        wide,
        narrow=theme.patch(wide, slim),
        role="main",
        tap=True,
        height=300,
        row=84,
        ghost=["product"],
        **rest,
    )


def moved_end(run: Run, i: int) -> dict[str, int]:
    """What a tap on state i sets: `t` or `k`, whichever end of the chain is nearer (`k` in the middle)."""
    return {"t": i} if abs(run.t - i) < abs(run.k - i) else {"k": i}
