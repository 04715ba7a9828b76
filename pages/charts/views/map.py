"""The map: how large the gradient is at every weight and step, and at every weight and bias.

A map is sent as tints, one byte a square: each tint means the interval between two powers of ten, on every map and at
every setting the same. So a colour is as exact as its legend, and a drag can bring a map along for each position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import cycle
from typing import Any

import numpy as np

from pages.charts import snippets
from pages.charts.parts import latex, remarks, theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, positions, time_last, zipped
from pages.charts.parts.equations import equation, rounded
from pages.charts.parts.numbers import derivative, derivative_html, number, roughly, scalar, steps, weight
from pages.charts.parts.view import Columns, Items, Over, View, live, run_over
from pages.charts.views import chain
from rnn_core import landscape
from rnn_core.experiment import Experiment, Run, run
from rnn_core.scaled import Scaled, frozen

WEIGHTS = frozen(np.round(np.linspace(-6, 8, 281), 2))  # the slider's own positions
BIASES = frozen(np.round(np.linspace(-6, 6, 241), 2))  # likewise

_TINY, _HUGE = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
_DECADES = np.array([0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30])
EDGES = frozen(
    np.concatenate(  # between tints, as decimal logarithms; 1 in the middle, float32's normal numbers at the ends
        [[np.log10(_TINY)], -_DECADES[::-1], [0.0], _DECADES, [np.log10(_HUGE)]]
    )
)
ZERO, ABOVE = 0, len(EDGES) + 1  # the tints of an exact 0 and of what float32 cannot hold; 1 is what it loses
ONE = len(_DECADES) + 2.5  # where 1 lies among the tints


def tints(log10: np.ndarray) -> np.ndarray:
    """The tint of each decimal logarithm, u1: 0 for an exact 0, j + 1 between EDGES[j - 1] and EDGES[j]."""
    tint = 1 + np.searchsorted(EDGES, log10, side="right")
    return np.where(np.isneginf(log10), ZERO, tint).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Map:
    """|∂h_t/∂h_k| on a grid: logarithms and tints (rows, columns), and where its words lie (words, 2), or NaN."""

    x: np.ndarray
    y: np.ndarray
    log10: np.ndarray
    tint: np.ndarray
    words: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, log10: np.ndarray) -> Map:
        tint = tints(log10)
        return cls(*map(frozen, (x, y, log10, tint, _places(x, y, tint))))


@lru_cache(maxsize=64)
def _by_steps(e: Experiment) -> Map:
    """Asked with w = 0, as every weight is on the map."""
    return Map.of(WEIGHTS, np.arange(e.begin + 1, e.T + 1), landscape.by_steps(e, WEIGHTS).log10)


@lru_cache(maxsize=64)
def _by_bias(e: Experiment) -> Map:
    """Asked with w = b = 0. Half as many biases a unit as weights: so b = -w/2 is on the map for each w."""
    weights, biases = WEIGHTS[:: 4 * _stride(e)], BIASES[:: 2 * _stride(e)]
    return Map.of(weights, biases, landscape.by_bias(e, weights, biases).log10.T)


def _stride(e: Experiment) -> int:
    """A map of long chains is coarser, or each position of a drag would cost too much."""
    return 1 if e.end <= 20 else 2


def quantities(r: Run) -> Arrays:
    """Both maps at each position, and where the reader stands on them: w, t, b and ∂h_t/∂h_k.

    The mean of ln|w φ'| over the chain is natural, split into ln|w| and the mean of ln|φ'|; NaN in an empty chain.
    """
    t, k, flow = r.t, r.k, r.flow
    w = r.value("w").astype(float)
    slopes = time_last(flow.slopes[k:t], r).log
    with np.errstate(divide="ignore"):
        log_w = np.log(np.abs(w))
    places = [replace(r.experiment, w=0.0, k=k, step=1)]  # w is on both maps
    if r.trajectory.batch and "w" not in r.swept:
        [(field, values)] = r.swept.items()
        places = [replace(places[0], **{field: value}) for value in values.tolist()]
    return {
        **axis(r),
        "t": t,
        "k": k,
        "T": r.experiment.T,
        "w": w,
        "b": r.value("b").astype(float),
        "product": time_last(flow.products_to(t, k), r)[..., 0],
        "log_w": log_w,
        "log_slope": slopes.mean(axis=-1) if t > k else np.full_like(log_w, np.nan),
        "by_steps": [_by_steps(replace(e, t=e.T)) for e in places],
        "by_bias": [_by_bias(replace(e, b=0.0)) for e in (places[:1] if "b" in r.swept else places)],
    }


# --- drawing ---------------------------------------------------------------------------------------


def _scale() -> list[list[Any]]:
    """Colours by tint: cool below 1, grey at 1, warm above; an exact 0 is the ground itself.

    Lightness alone tells the side: the larger a gradient, the more it stands out from the ground.
    """
    least, less, one, more, most = theme.MAP
    stops = [
        (_LOWEST, theme.BACKGROUND),
        (0.5, theme.BACKGROUND),
        (0.5, least),
        (1.5, least),
        ((1.5 + ONE) / 2, less),
        (ONE, one),
        ((ONE + ABOVE - 0.5) / 2, more),
        (ABOVE - 0.5, most),
        (ABOVE, most),
    ]
    return [[(tint - _LOWEST) / (ABOVE - _LOWEST), color] for tint, color in stops]


_LOWEST = -2  # of the legend: room for an exact 0
_TICKS = {-20: "10⁻²⁰", -10: "10⁻¹⁰", -5: "10⁻⁵", -2: "0.01", 0: "<b>1</b>", 2: "100", 5: "10⁵", 10: "10¹⁰", 20: "10²⁰"}


def _bar() -> theme.Json:
    """The legend: the same on every map."""
    at = {float(np.searchsorted(EDGES, decade)) + 1.5: text for decade, text in _TICKS.items()}
    at |= {(_LOWEST + 0.5) / 2: "0", 1.5: number(_TINY, 2), ABOVE - 0.5: number(_HUGE, 2)}
    return {
        "tickvals": list(at),
        "ticktext": list(at.values()),
        "thickness": 12,
        "outlinewidth": 0,
        "len": 1,
        "y": 0.5,
        "x": 1.01,
        "xpad": 0,
        "ypad": 0,
        "ticks": "",
        "tickfont": {"color": theme.MUTED, "size": 12},
    }


def _draw(a: Arrays, name: str, maps: Sequence[Map], axes: theme.Json) -> theme.Json:
    """Tints, the lines at 1 and at float32's ends, words, and the reader's place as a cross with its number."""
    shown = {"x": maps[0].x, "y": maps[0].y, "z": [along(row) for row in _tints(maps)]}
    return {
        "data": [
            {
                "type": "heatmap",
                "meta": "map",
                **shown,
                "zmin": _LOWEST,
                "zmax": ABOVE,
                "colorscale": _scale(),
                "colorbar": _bar(),
                **hover(a, hovertemplate=f"w = %{{x}}, {name} = %{{y}}: tap for its number<extra></extra>"),
            },
            {
                "type": "contour",
                "meta": "lines",
                **shown,
                "showscale": False,
                "hoverinfo": "skip",
                "contours": {"coloring": "none", "start": 1.5, "end": ABOVE - 0.5, "size": ONE - 1.5},
                "line": {"color": theme.TEXT, "width": 1.2, "smoothing": 0},
            },
            _texts(a, maps, axes),
            _cross(a, a[name], axes),
        ],
        "layout": {**axes, "margin": {"l": 56, "r": 84, "t": 30, "b": 44}, "showlegend": False},
    }


def _tints(maps: Sequence[Map]) -> np.ndarray:
    """(rows, *batch, columns)"""
    return maps[0].tint if len(maps) == 1 else np.stack([m.tint for m in maps], axis=1)


def _cross(a: Arrays, y: np.ndarray | float, axes: theme.Json) -> theme.Json:
    """Lines through the reader's place, and a ring on it."""
    (left, right), (low, high) = axes["xaxis"]["range"], axes["yaxis"]["range"]
    w, y = np.clip(a["w"], WEIGHTS[0], WEIGHTS[-1]), np.clip(y, low, high)
    y = np.broadcast_to(y, w.shape)
    gap = np.full(w.shape, np.nan)
    across, up = np.broadcast_arrays(left, right, w)[:2], np.broadcast_arrays(low, high, w)[:2]
    side = np.select([a["w"] < WEIGHTS[0], a["w"] > WEIGHTS[-1]], [_LEFT, _RIGHT], _CIRCLE).astype(np.uint8)
    return theme.scatter(
        "lines+markers",
        meta="cross",
        cliponaxis=False,
        hoverinfo="skip",
        x=along(np.stack([w, w, gap, *across, gap, w], axis=-1)),
        y=along(np.stack([*up, gap, y, y, gap, y], axis=-1)),
        line={"color": theme.TEXT, "width": 1.5, "dash": "dot"},
        marker={
            "size": [0] * 6 + [12],
            "symbol": along(side, own=0),
            "color": theme.BACKGROUND,
            "line": {"color": theme.TEXT, "width": 2.5},
        },
    )


_CIRCLE, _LEFT, _RIGHT = 0, 7, 8  # Plotly's codes: a triangle where the weight lies off the map


def _beside(a: Arrays) -> str:
    """On the side of the line where there is room."""
    return "top right" if a["w"] < WEIGHTS[len(WEIGHTS) // 2] else "top left"


def _flag(a: Arrays) -> str:
    return f"<b>{derivative_html('h', a['t'], 'h', a['k'])} = {number(a['product'])}</b>"


_WORDS = {  # by the tints that each of them covers, first and last
    "exactly 0": (ZERO, ZERO),
    f"below {number(_TINY, 2)}": (1, 1),
    "vanishing": (2, int(ONE - 1)),
    "exploding": (int(ONE + 1), ABOVE - 1),
    f"above {number(_HUGE, 2)}": (ABOVE, ABOVE),
}


_TIMES = 2  # a word may name two regions
_NAMES = [word for word in _WORDS for _ in range(_TIMES)]


def _places(x: np.ndarray, y: np.ndarray, tint: np.ndarray) -> np.ndarray:
    """Where each word lies, `_TIMES` each: in its roomiest part, then in the roomiest of what lies left or right."""
    found = []
    for word, (low, high) in _WORDS.items():
        named, least = (tint >= low) & (tint <= high), (6.2 * len(word) + 10) / 660  # of a map's usual width in px
        lost = tint < ONE if word == "vanishing" else named  # its letters may cover what is lost altogether
        for _ in range(_TIMES):
            place = _roomiest(named, named, least) or _roomiest(lost, named, least)
            if place is None:
                found.append((np.nan, np.nan))
                continue
            height = place[0] * (y[-1] - y[0]) / max(1, len(y) - 1)
            found.append((x[0] + place[1] * (x[1] - x[0]), y[0] + height))
            row, column = round(place[0]), round(place[1])
            gaps = np.flatnonzero(~lost[row])
            left, right = gaps[gaps < column].max(initial=-1), gaps[gaps > column].min(initial=len(x))
            named, lost = named.copy(), lost.copy()
            named[:, left + 1 : right] = lost[:, left + 1 : right] = False
    return np.array(found)


def _texts(a: Arrays, maps: Sequence[Map], axes: theme.Json) -> theme.Json:
    """The reader's number above the map, and each region's name where there is room: colour is not the only sign."""
    w = np.clip(a["w"], WEIGHTS[0], WEIGHTS[-1])
    words = maps[0].words if len(maps) == 1 else np.stack([m.words for m in maps])
    words = np.broadcast_to(words, (*w.shape, *words.shape[-2:]))
    low, high = axes["yaxis"]["range"]
    top = np.full(w.shape, high - 1e-6 * (high - low))  # a rounded number must not fall off the axis
    return theme.scatter(
        "text",
        meta="texts",
        hoverinfo="skip",
        cliponaxis=False,
        x=along(np.concatenate([w[..., None], words[..., 0]], axis=-1)),
        y=along(np.concatenate([top[..., None], words[..., 1]], axis=-1)),
        text=[each(_flag, a), *_NAMES],
        textposition=[each(_beside, a), *["middle center"] * len(_NAMES)],
        textfont={"color": [theme.PRODUCT, *[theme.TEXT] * len(_NAMES)], "size": [14] + [13] * len(_NAMES)},
    )


def _roomiest(room: np.ndarray, named: np.ndarray, least: float) -> tuple[float, float] | None:
    """The middle (row, column) of the roomiest part whose middle is `named`; None where no word fits into it.

    A word takes at least the share `least` of the columns.
    """
    rows, columns = room.shape
    total = np.zeros((rows + 1, columns + 1), dtype=np.int32)
    room.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, out=total[1:, 1:])
    for share in np.linspace(0.9, least, 15) if named.any() else ():
        h, w = max(1, round(0.4 * share * rows)), round(share * columns)
        inside = total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w] == h * w
        inside &= named[(h - 1) // 2 :, (w - 1) // 2 :][: rows - h + 1, : columns - w + 1]
        if inside.any():
            boxes = np.argwhere(inside)
            row, column = boxes[np.abs(boxes - boxes.mean(axis=0)).sum(axis=1).argmin()]
            return float(row + (h - 1) // 2), float(column + (w - 1) // 2)
    return None


def _axes(x: np.ndarray, low: float, high: float, y: theme.Json) -> theme.Json:
    half = (x[1] - x[0]) / 2
    weights = {
        "range": [x[0] - half, x[-1] + half],
        "tickvals": np.arange(-6, 9, 2.0),
        "title": {"text": "recurrent weight w"},
        "zeroline": False,
        "showgrid": False,
    }
    return {"xaxis": weights, "yaxis": {**y, "range": [low, high]}}


def _item(a: Arrays, name: str, title: str, alt: Any, wide: theme.Json, **more: Any) -> theme.Json:
    """As `show` takes it; a phone has the words on the map for a legend."""
    traces: theme.Json = {"map": {"showscale": False}, "texts": {"textfont": {"size": [13] + [11] * len(_NAMES)}}}
    slim = theme.narrow(wide, traces, margin={"l": 40, "r": 8, "t": 26, "b": 24})
    return theme.figure_item(name, title, alt, wide, narrow=slim, tap=True, ghost=["cross"], **more)


def picture(a: Arrays) -> theme.Json:
    """Weight by steps as `show` takes it."""
    k, last = a["k"], max(a["T"], a["k"] + 1)
    axes = _axes(WEIGHTS, k + 0.5, last + 0.5, theme.step_axis(k + 1, last, "step t, where the chain ends"))
    wide = _draw(a, "t", a["by_steps"], axes)
    return _item(a, "map", "Weight by steps", _said(sentence, a, "by_steps"), wide, role="main", height=320)


def bias_picture(a: Arrays) -> theme.Json:
    """Weight by bias, at today's chain, as `show` takes it."""
    biases = {"tickvals": np.arange(-6, 7, 2.0), "title": {"text": "bias b"}, "zeroline": False, "showgrid": False}
    x, y = a["by_bias"][0].x, a["by_bias"][0].y
    half = (y[1] - y[0]) / 2
    wide = _draw(a, "b", a["by_bias"], _axes(x, y[0] - half, y[-1] + half, biases))
    return _item(a, "bias-map", "Weight by bias, at the same t", _said(bias_sentence, a, "by_bias"), wide, height=320)


# --- words -----------------------------------------------------------------------------------------


def _said(say: Callable[[Arrays, Map], str], a: Arrays, maps: str) -> Any:
    return zipped([say(one, m) for one, m in zip(positions(a), cycle(a[maps]), strict=False)])


def sentence(a: Arrays, m: Map) -> str:
    """Where the reader stands, and which weights keep the gradient."""
    t, k, product = a["t"], a["k"], a["product"]
    if t == k:
        return "The chain is empty: it begins where it ends, and the gradient is 1 for every weight."
    leave = "leaves" if t - k == 1 else "leave"
    here = f"With w = {weight(a['w'])}, {steps(t - k)} {leave} {number(product)}: the gradient {_fate(product)}."
    near = np.flatnonzero(np.abs(m.log10[t - k - 1]) <= 1)
    if not len(near):
        return f"{here} No weight on the map keeps it within a factor of 10 of 1."
    if len(near) == len(m.x):
        return f"{here} Every weight on the map keeps it within a factor of 10 of 1."
    runs = np.split(near, np.flatnonzero(np.diff(near) > 1) + 1)
    spans = [f"{weight(m.x[r[0]])} to {weight(m.x[r[-1]])}" if len(r) > 1 else weight(m.x[r[0]]) for r in runs]
    which = f"{', '.join(spans[:-1])} and {spans[-1]}" if len(spans) > 1 else spans[0]
    return f"{here} The gradient stays within a factor of 10 of 1 for w = {which}."


def _fate(product: Scaled) -> str:
    log = float(product.log10)
    if np.isneginf(log):
        return "is exactly 0"
    return "survives" if abs(log) <= 1 else "explodes" if log > 0 else "vanishes"


def bias_sentence(a: Arrays, m: Map) -> str:
    """How much of the map explodes, and where the gradient is largest."""
    end = derivative("h", a["t"], "h", a["k"])
    if a["t"] == a["k"]:
        return "The chain is empty: the gradient is 1 for every weight and every bias."
    row, column = np.unravel_index(m.log10.argmax(), m.log10.shape)
    if np.isneginf(m.log10[row, column]):
        return f"{end} is exactly 0 at every weight and every bias on the map."
    largest = number(Scaled.from_log(m.log10[row, column] * np.log(10)), 3)
    tied = (m.log10[:, column] == m.log10[row, column]).all()
    where = f"w = {weight(m.x[column])}" + (", whatever the bias" if tied else f", b = {weight(m.y[row])}")
    share = 100 * float((m.log10 > 1).mean())
    many = roughly(share / 100) if share >= 1 or not share else f"{number(share, 1)} %"
    return f"|{end}| is above 10 at {many} of these weights and biases; the largest is {largest}, at {where}."


def formula(a: Arrays) -> theme.Json:
    """The product, and the mean logarithm of a factor that decides about it."""
    return latex.item("map-formula", "What decides, in numbers.", each(_lines, a))


def _lines(a: Arrays) -> list[theme.Json]:
    t, k, lag = str(a["t"]), str(a["k"]), a["t"] - a["k"]
    product = latex.line(
        r"\frac{\partial h_{@t@}}{\partial h_{@k@}} = \prod_{i=@k1@}^{@t@} w \, \varphi'(z_i) = @product@",
        {"t": t, "k": k, "k1": str(a["k"] + 1), "product": number(a["product"])},
        {"product": "product"},
    )
    if not lag:
        return [product]
    if not a["product"].mant:
        cause = r"\text{the weight}" if a["log_w"] == -np.inf else r"\text{the slope of some step}"
        return [
            product,
            latex.line(cause + r"\text{ is exactly } 0 \text{, so nothing passes}"),
        ]
    mean, logs = a["log_w"] + a["log_slope"], {"w": rounded(a["log_w"]), "slope": rounded(a["log_slope"])}
    per_step = r"\frac{1}{@lag@} \sum_i \ln "
    lag_slot = {"lag": str(lag)}
    return [
        product,
        latex.part(per_step + r"|w \, \varphi'(z_i)|", lag_slot),
        latex.part(r"= \ln |w| + " + per_step + r"|\varphi'(z_i)|", lag_slot),
        latex.part(
            "= @w@ + @slope@ @is@ @mean@",
            equation(lambda w, slope: w + slope, logs, "mean", mean),
            {"w": "weight", "slope": "slope"},
        ),
        latex.line(
            r"|\partial h_{@t@}/\partial h_{@k@}| = e^{@lag@ \, \cdot \, @mean@} @is@ @size@",
            {"t": t, "k": k}
            | lag_slot
            | equation(lambda mean: (lag * mean).exp(), {"mean": rounded(mean)}, "size", _size(a["product"])),
            {"size": "product"},
        ),
    ]


def _size(x: Scaled) -> Scaled:
    return Scaled(np.abs(x.mant), x.exp2)


# --- the page --------------------------------------------------------------------------------------


@live
def items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    a = quantities(r)
    return [picture(a), formula(a), remarks.item(remarks.quantities(r)), bias_picture(a)]


def columns(e: Experiment) -> Columns:
    """One row for each end i = k … t of a chain that begins at k."""
    r = run(e)
    t, k = r.t, r.k
    ends = scalar(r.flow.products_from(k))[: t - k + 1]
    factors = r.flow.factors[k:t]
    return {
        "i": list(range(k, t + 1)),
        "h_i": r.trajectory.h[k : t + 1, 0].tolist(),
        "factor": [None, *factors.value.tolist()],
        "ln|factor|": [None, *factors.log.tolist()],
        "dh_i/dh_k": ends.value.tolist(),
        "log10|dh_i/dh_k|": ends.log10.tolist(),
    }


def code(e: Experiment) -> list[str]:
    """The number, and its row of the map by the same route as on the page."""
    t, k = e.end, e.begin
    lines = [
        f"P = r.flow.products_to(t={t}, k={k})",
        f"print(P.value[0].item())  # {scalar(run(e).flow.products_to(t, k)).value[0].item()!r}",
    ]
    if t == k:
        return lines
    row = landscape.by_steps(e, [e.w])[t - k - 1]
    return [
        "from rnn_core.landscape import by_steps",
        *lines,
        f"row = by_steps(r.experiment, [r.experiment.w])[{t - k - 1}]  # ∂h_t/∂h_k at one weight, or at many",
        f"print(row.log10.item())  # {row.log10.item()!r}",
    ]


def tapped(e: Experiment, tap: dict[str, Any]) -> dict[str, Any]:
    """A square sets the weight, and the end of the chain or the bias."""
    w, y = map(float, tap["value"])
    if tap["figure"] == "map":
        return {"w": _nearest(WEIGHTS, w), "t": int(_nearest(np.arange(1, e.T + 1), y))}
    return {"w": _nearest(WEIGHTS, w), "b": _nearest(BIASES, y)}


def _nearest(grid: np.ndarray, x: float) -> float:
    return float(grid[np.abs(grid - np.clip(x, grid[0], grid[-1])).argmin()])


VIEW = View(items, columns, code, chain.number, tapped, chain.VERDICT, snippets.chain)
