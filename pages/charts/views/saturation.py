"""Where a chain works on its activation: φ, its slope, the points z_i on both, and the factors that they make."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from pages.charts import snippets
from pages.charts.drawings import cobweb, factors
from pages.charts.parts import by_step, latex, remarks, theme
from pages.charts.parts.along import Arrays, along, each, hover, positions, time_last
from pages.charts.parts.equations import equation, rounded, setting
from pages.charts.parts.numbers import derivative, number, numbers
from pages.charts.parts.view import Items, Over, View, live, run_over
from pages.charts.views import chain
from rnn_core.activations import activation, steep_width
from rnn_core.experiment import Experiment, Run
from rnn_core.scaled import Scaled

REACH = 6.0  # of the axis of z, to both sides: beyond it a bounded φ is flat
_GRID = np.linspace(-REACH, REACH, 193)  # holds every kink
_FACTORS = (-3.2, 1.2)  # decades
_CIRCLE, _UP, _DOWN, _LEFT, _RIGHT = 0, 5, 6, 7, 8  # Plotly's symbols


@live
def items(e: Experiment, over: Over) -> Items:
    """The page as `show` takes it."""
    r = run_over(e, over)
    where = cobweb.quantities(r)
    a = quantities(r) | {name: where[name] for name in ("limit", "pull", "creeps")}
    said = remarks.item(remarks.quantities(r), last=[[_read_out(row) for row in positions(a)]])
    return [picture(a), formula(a), said, cobweb.picture(where)]


def quantities(run: Run) -> Arrays:
    """`chain.quantities`; besides, for each step its working point `points` = z_i with `y` = φ(z_i); the curves."""
    φ, batch = run.trajectory.cell.activation, run.trajectory.batch
    z = time_last(run.trajectory.z[run.k : run.t], run)
    with np.errstate(over="ignore", invalid="ignore"):
        y = φ.phi(z)
    return factors.quantities(run) | {
        "points": z,
        "y": y,
        "φ": φ.name,
        "limits": φ.limits,
        "steepest": φ.max_slope,
        "curve": np.broadcast_to(φ.phi(_GRID), (*batch, len(_GRID))),
        "curve_slope": np.broadcast_to(φ.slope(_GRID), (*batch, len(_GRID))),
    }


def draw(a: Arrays) -> theme.Json:
    """φ above its slope on one axis of z; beside them the steps' factors in the colours of their points."""
    low, high = (limit if np.isfinite(limit) else REACH * np.sign(limit) for limit in a["limits"])
    room = 0.08 * (high - low)
    span, top = (low - room, high + room), 1.4 * a["steepest"]
    return {
        "data": [
            theme.scatter(
                "lines",
                meta="curve",
                x=_GRID,
                y=along(a["curve"]),
                line={"color": theme.STATE, "width": 3},
                hoverinfo="skip",
            ),
            theme.scatter(
                "lines",
                meta="slope",
                x=_GRID,
                y=along(a["curve_slope"]),
                yaxis="y2",
                line={"color": theme.SLOPE, "width": 3},
                hoverinfo="skip",
            ),
            *_threshold(a, top),
            _points(a, a["y"], span, "y", lambda: [f"φ(z) = {number(y)}" for y in a["y"].tolist()]),
            _points(a, a["slope"].value, (0, top), "y2", lambda: [f"φ′(z) = {s}" for s in numbers(a["slope"])]),
            *_factors(a),
            _names(a, span[1]),
        ],
        "layout": {
            "xaxis": {
                "range": [-REACH, REACH],
                "domain": [0, 0.63],
                "anchor": "y2",
                "dtick": 2,
                "zeroline": False,
                "title": {"text": "pre-activation z"},
            },
            "yaxis": {
                "range": list(span),
                "domain": [0.54, 1],
                "title": {"text": "φ(z)"},
                "nticks": 4,
                "zeroline": False,
            },
            "yaxis2": {
                "range": [0, top],
                "domain": [0, 0.44],
                "anchor": "x",
                "title": {"text": "slope φ′(z)"},
                "nticks": 4,
                "zeroline": False,
            },
            "xaxis2": theme.step_axis(
                a["k"] + 1, max(a["t"], a["k"] + 1), "step, early → late", domain=[0.73, 1], anchor="y3"
            ),
            "yaxis3": theme.log_axis(_FACTORS, "factor w·φ′(z)", anchor="x2"),
            "shapes": [
                {**theme.line_at(0, "y3"), "xref": "x2 domain"},
                *theme.band(a["chosen"], xref="x2", yref="y3 domain"),
            ],
            "showlegend": False,
            "bargap": 0.6,
            "margin": {"t": 12},
        },
    }


def _points(a: Arrays, y: np.ndarray, span: tuple[float, float], axis: str, texts: Any) -> theme.Json:
    """The working points on a curve; a triangle at the edge for one that lies beyond it."""
    z = a["points"]
    beyond = [z < -REACH, z > REACH, y < span[0], y > span[1]]
    symbol = np.select(beyond, [_LEFT, _RIGHT, _DOWN, _UP], _CIRCLE).astype(np.uint8)
    return theme.scatter(
        "markers",
        yaxis=axis,
        cliponaxis=False,
        x=along(np.clip(z, -REACH, REACH)),
        y=along(np.clip(y, *span)),
        marker={**by_step.marks(a), "symbol": along(symbol), "line": by_step.apart(a)},
        **hover(
            a,
            customdata=a["step"],
            text=lambda: [f"z = {number(z)}, {y}" for z, y in zip(z.tolist(), texts(), strict=True)],
            hovertemplate="step %{customdata}: %{text}<extra></extra>",
        ),
    )


def _threshold(a: Arrays, top: float) -> list[theme.Json]:
    """The line above which a slope makes a factor above 1, and what there is to say of it and of the steepest slope."""
    with np.errstate(divide="ignore"):
        needed = (1 / np.abs(a["w"]))[..., None]
    line = np.where(needed <= top, needed, np.nan)
    at = np.concatenate([np.full_like(needed, a["steepest"]), np.minimum(needed, top)], axis=-1)
    level = {"type": "scatter", "x": [-REACH, REACH], "yaxis": "y2", "hoverinfo": "skip"}
    return [
        {
            **level,
            "mode": "lines",
            "meta": "threshold",
            "y": along(np.repeat(line, 2, axis=-1)),
            "line": {"color": theme.WEIGHT, "width": 2, "dash": "dash"},
        },
        {
            **level,
            "mode": "lines",
            "meta": "steepest",
            "y": [a["steepest"]] * 2,
            "line": {"color": theme.SLOPE, "width": 1, "dash": "dot"},
        },
        {
            **level,
            "mode": "markers+text",
            "meta": "levels",
            "y": along(at),
            "cliponaxis": False,
            "marker": {"size": 8, "opacity": 0},  # unseen, it keeps the texts off the lines
            "text": [
                f"steepest {_fraction(a['steepest'])}: threshold |w| = {number(1 / a['steepest'])}",
                each(_needed, a, top),
            ],
            "textposition": ["top right", each(_needed_at, a)],
            "textfont": {"color": [theme.SLOPE, theme.WEIGHT], "size": 13},
        },
    ]


def _needed(a: Arrays, top: float) -> str:
    if a["w"] == 0:
        return "w = 0: every factor is 0"
    return f"{'' if 1 / abs(a['w']) <= top else '↑ '}amplifies above 1/|w| = {number(1 / abs(a['w']), 3)}"


def _needed_briefly(a: Arrays, top: float) -> str:
    return "w = 0" if a["w"] == 0 else f"{'' if 1 / abs(a['w']) <= top else '↑ '}1/|w| = {number(1 / abs(a['w']), 3)}"


def _needed_at(a: Arrays) -> str:
    """On the side of its line where the steepest slope's is not near."""
    share = 1 / (abs(a["w"]) * a["steepest"]) if a["w"] else np.inf
    return "top left" if share < 0.5 or 1 <= share < 1.2 else "bottom left"


def _fraction(x: float) -> str:
    """1/4 rather than 0.25."""
    return str(Fraction(x).limit_denominator(100))


def _factors(a: Arrays) -> list[theme.Json]:
    step, factor = a["step"], a["factor"]
    log, panel = factor.log10, {"xaxis": "x2", "yaxis": "y3"}
    return [
        theme.bar(
            meta="bars",
            x=step,
            y=along(np.maximum(log, 4 * _FACTORS[0])),
            **panel,
            hoverinfo="skip",
            marker=by_step.colors(a),
        ),
        theme.scatter(
            "markers",
            meta="factors",
            x=step,
            y=along(theme.gaps(log)),
            **panel,
            marker={
                **by_step.marks(a),
                "symbol": along(theme.signed(factor, "circle")),
                "line": {**by_step.colors(a), "width": 2},
            },
            **hover(
                a,
                customdata=step,
                text=lambda: numbers(factor),
                hovertemplate="factor of step %{x}: %{text}<extra></extra>",
            ),
        ),
        {**theme.off_scale(a, step, {theme.TEXT: factor}, _FACTORS, "y3"), "xaxis": "x2"},
    ]


def _names(a: Arrays, height: float) -> theme.Json:
    return theme.scatter(
        "text",
        x=[-REACH + 0.1],
        y=[height],
        text=[f"<b>φ = {a['φ']}</b>"],
        textposition="bottom right",
        textfont={"color": theme.STATE, "size": 14},
        hoverinfo="skip",
    )


def sentence(a: Arrays) -> str:
    """Where the chain works on its activation, and what that does to the gradient."""
    if a["t"] == a["k"]:
        return factors.sentence(a)
    name, limit = derivative("h", a["t"], "h", a["k"]), _fraction(a["steepest"])
    slope, factor = a["slope"][-1], number(a["factor"][-1], 3)
    if a["w"] == 0:
        return f"{name} = 0: the weight is 0, and so is every factor."
    if (a["slope"].value == a["steepest"]).all():
        where = f"every step works where {a['φ']} is steepest, slope {limit}, so each factor is {factor}"
    elif _differ(a):
        where = f"the steps differ; {_smallest(a)}"
    else:
        where = (
            f"at step {a['t']} the chain sits where {a['φ']} is {_bend(float(slope.value) / a['steepest'])}, slope"
            f" {number(slope, 3)} of at most {limit}, so the factor is {factor}"
        )
    return f"{name} = {number(a['product'][0])}: {where}.{_why(a)}"


def _differ(a: Arrays) -> bool:
    """Whether the last factor says nothing of the product: on the other side of 1, or not 0 where that is."""
    last, product = a["factor"][-1], a["product"][0]
    if product.mant == 0:
        return bool(last.mant != 0)
    return float(last.log) * float(product.log) < 0


def _smallest(a: Arrays) -> str:
    at, lag = int(a["factor"].log.argmin()), a["t"] - a["k"]
    step, least = a["step"][at], a["factor"][at]
    if least.mant == 0:
        return f"the factor of step {step} is 0, and nothing passes it"
    mean = number(Scaled.from_log(a["product"][0].log / lag), 3)
    smallest = f"step {step} has the smallest factor, {number(least, 3)}"
    return f"{smallest}, and the {lag} factors multiply by {mean} a step on average"


def _bend(share: float) -> str:
    """In words, how steep it is, as a share of the steepest."""
    return "steepest" if share == 1 else "still steep" if share > 0.5 else "bending" if share > 0.1 else "flat"


def _why(a: Arrays) -> str:
    """What the threshold weight says of the product."""
    threshold, log = 1 / a["steepest"], a["product"][0].log10
    if abs(a["w"]) < threshold:
        return f" Below |w| = {number(threshold)} it can only shrink."
    return " The weight would let it grow; the slopes met here do not." if abs(a["w"]) > threshold and log < 0 else ""


_SATURATED = 0.97  # of |tanh|


def _read_out(a: Arrays) -> str:
    """How wide the states lie where the gradient grows, and how many of this chain's are saturated."""
    φ, w, y = activation(a["φ"]), abs(float(a["w"])), a["y"]
    width = steep_width(φ, 1 / w) if w else None
    found = []
    if width is not None and w > 1 / a["steepest"]:
        found.append(f"A step lets the gradient grow only from states h in a window {number(width / w)} wide.")
    if a["φ"] == "tanh" and len(y):
        found.append(f"Of {len(y)} states {np.count_nonzero(np.abs(y) > _SATURATED)} have |tanh| > {_SATURATED}.")
    return " ".join(found)


def picture(a: Arrays) -> theme.Json:
    """The page's main figure as `show` takes it."""
    wide = draw(a)
    layout = wide["layout"]
    top = layout["yaxis2"]["range"][1]
    texts = [f"steepest {_fraction(a['steepest'])}", each(_needed_briefly, a, top)]
    slim = theme.narrow(
        wide,
        {"levels": {"text": texts, "textfont": {"size": 11}}},
        xaxis={"title": {"text": ""}, "domain": [0, 0.64]},
        xaxis2={"title": {"text": ""}, "domain": [0.78, 1], "tickvals": sorted({a["k"] + 1, max(a["t"], a["k"] + 1)})},
        yaxis3=theme.log_axis(_FACTORS, "", most=5, anchor="x2"),
    )
    return theme.figure_item(
        "saturation",
        "Slopes and factors",
        each(sentence, a),
        wide,
        narrow=slim,
        role="main",
        tap=True,
        linked=True,
        height=320,
        ghost=["factors"],
    )


def formula(a: Arrays) -> theme.Json:
    """The product in numbers, the chosen step spelled out, and where the states go."""
    return latex.item("saturation-formula", "The product, one step and the limit in numbers.", each(_lines, a))


def _lines(a: Arrays) -> list[theme.Json]:
    step = [latex.BREAK, _point_line(a), factors.factor_line(a)] if a["t"] > a["k"] else []
    return [*factors.product_lines(a), *step, *_limit_lines(a)]


def _point_line(a: Arrays) -> theme.Json:
    """The chosen step's pre-activation: this page has no input."""
    i, parts = a["chosen"], {"w": setting(a["w"]), "h": rounded(a["h"]), "b": setting(a["b"])}
    return latex.line(
        r"z_{@i@} = w \, h_{@before@} + b = @w@ \cdot @h@ + @b@ @is@ @z@",
        {"i": str(i), "before": str(i - 1)} | equation(lambda w, h, b: w * h + b, parts, "z", a["z"]),
        {"w": "weight", "h": "state"},
    )


def _limit_lines(a: Arrays) -> list[theme.Json]:
    """Where the states go, and what a step there multiplies the gradient by."""
    h, other = (number(x) for x in a["limit"].tolist())
    pull, colors = number(a["pull"]), {"h": "state", "other": "state", "m": "product"}
    if not np.isfinite(a["limit"]).all():
        slots = {"h": h, "words": "no fixed point holds it"}
        return [latex.line(r"h_t \to @h@: \ @words@", slots, colors)]
    if h != other:
        slots = {"m": pull, "words": "in two steps"}
        return [
            latex.part(r"h_t: \ @h@ \leftrightarrow @other@,", {"h": h, "other": other}, colors),
            latex.part(r"\quad w^2 \varphi'(z) \, \varphi'(\bar z) = @m@ \ @words@", slots, colors),
        ]
    m = float(a["pull"].value)
    words = _against_one(m) + (" only there" if a["creeps"] else "")
    relation = "="
    if _neutral(m) and abs(m) != 1:  # by rounding
        relation, pull = r"\approx", "1" if m > 0 else "−1"
    slots = {"m": pull, "words": words}
    return [
        latex.part(r"h_t \to h^* = \varphi(w h^* + b) = @h@,", {"h": h}, colors),
        latex.part(rf"\quad w \, \varphi'(z^*) {relation} @m@ \ @words@", slots, colors),
    ]


def _against_one(m: float) -> str:
    """The factor beside ±1, in symbols and in words."""
    if _neutral(m):
        return "and keeps the gradient"
    one = "1" if m >= 0 else "−1"
    return f"< {one}: it {_moves(m)}" if m < float(one.replace("−", "-")) else f"> {one}: it {_moves(m)}"


def _neutral(m: float) -> bool:
    return abs(abs(m) - 1) < 1e-9


def _moves(m: float) -> str:
    return "shrinks" if abs(m) < 1 else "grows"


VIEW = View(items, chain.columns, chain.code, chain.number, chain.tapped, chain.VERDICT, snippets.chain)
