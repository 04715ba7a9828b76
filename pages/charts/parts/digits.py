"""What becomes of the product in fewer digits: the limits of number types, the product in one of them, and clipping."""

from __future__ import annotations

import math

import numpy as np

from pages.charts.parts import theme
from pages.charts.parts.along import Arrays, along, time_last
from pages.charts.parts.numbers import derivative, number
from rnn_core.experiment import Run
from rnn_core.flow import clipping
from rnn_core.flow.number_types import NUMBER_TYPES

_SHOWN = ("float16", "bfloat16", "float32")  # whose limits the picture marks
_SAME = 0.01  # decades within which two limits are one line
LONGEST = 1.0  # to which a gradient is clipped


def quantities(run: Run) -> Arrays:
    """The product ∂h_t/∂h_i for i = k … t as the reader's number type computes it, `typed`, if there is one; how it is
    clipped."""
    e = run.experiment
    a: Arrays = {"clip": e.clip, "dtype": e.dtype}
    if e.dtype in NUMBER_TYPES:
        factors = run.flow.factors[run.k : run.t].value
        a["typed"] = time_last(NUMBER_TYPES[e.dtype].products(factors), run)
    return a


def limits(x: int, bounds: tuple[float, float]) -> theme.Json:
    """Names of the lines where number types end, as far as `bounds` (decades) reach, at the last step x."""
    ends = _ends(bounds)
    return theme.scatter(
        "text",
        meta="limits",
        x=[x] * len(ends),
        y=[*ends],
        text=[*ends.values()],
        textposition=["top left" if height > 0 else "bottom left" for height in ends],
        textfont={"color": theme.MUTED, "size": 11},
        hoverinfo="skip",
        showlegend=False,
    )


def lines(bounds: tuple[float, float]) -> list[theme.Json]:
    """The lines themselves, as shapes."""
    look = {"color": theme.MUTED, "width": 1, "dash": "dot"}
    return [{**theme.line_at(height), "line": look} for height in _ends(bounds)]


def _ends(bounds: tuple[float, float]) -> dict[float, str]:
    """By their height, in decades: what the types are called that end there, and how."""
    found: dict[float, list[str]] = {}
    for end, word in (("largest", "∞ above"), ("smallest", "0 below")):
        for name in _SHOWN:
            height = math.log10(getattr(NUMBER_TYPES[name], end))
            near = next((other for other in found if abs(other - height) < _SAME), height)
            if bounds[0] < height < bounds[1]:
                found.setdefault(near, [word]).insert(-1, name)
    return {height: f"{', '.join(names)}: {word}" for height, (*names, word) in found.items()}


def curve(a: Arrays) -> list[theme.Json]:
    """The product in the reader's number type, beside the exact one; ∞ and 0 leave it."""
    if "typed" not in a:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = np.log10(np.abs(a["typed"]))
    return [
        theme.scatter(
            "lines+markers",
            meta="typed",
            x=a["i"],
            y=along(theme.gaps(heights)),
            name=f"in {a['dtype']}",
            line={"color": theme.TEXT, "width": 1.5, "dash": "dash"},
            marker={"size": 5, "color": theme.TEXT, "symbol": "cross"},
            hoverinfo="skip",
        )
    ]


def texts(a: Arrays) -> list[str]:
    """The product in the reader's number type as texts, if there is one."""
    return ["NaN" if math.isnan(x) else number(x) for x in a["typed"].tolist()] if "typed" in a else []


def sentence(a: Arrays) -> str:
    """What is left in that type, and after clipping."""
    return _typed(a) + _clipped(a)


def _typed(a: Arrays) -> str:
    if "typed" not in a:
        return ""
    kind, typed, i = NUMBER_TYPES[a["dtype"]], a["typed"], a["i"]
    left, here = typed[0], f"In {a['dtype']}"
    if np.isnan(left):
        return f" {here} it is NaN: a product that is ∞ meets a factor of 0."
    if np.isinf(left):
        first = i[np.flatnonzero(np.isinf(typed))[-1]]
        return f" {here} it is {number(float(left))}, from {_state(first)} back: it ends at {number(kind.largest)}."
    if left == 0 and a["product"][0].mant:
        first = i[np.flatnonzero(typed == 0)[-1]]
        return f" {here} it is exactly 0, from {_state(first)} back: its smallest number is {number(kind.smallest)}."
    return f" {here} it is {number(float(left))}."


def _state(i: int) -> str:
    return derivative("h", 0, "h", int(i)).split("/∂")[1]


def _clipped(a: Arrays) -> str:
    """What clipping makes of the number that the sentence has just named."""
    if a["clip"] == "none":
        return ""
    product = a["product"][0]
    here = a["typed"][0] if "typed" in a else product.value if abs(product.log10) < 300 else product.sign * 1e300
    way = {"norm": clipping.by_norm, "value": clipping.by_value}[a["clip"]]
    after = float(way(np.array([here]), LONGEST)[0])
    said = f" Clipped by {a['clip']} to {LONGEST:g} it is"
    if np.isnan(after):
        return f"{said} NaN{': ∞ · (1/∞) is no number' if np.isinf(here) else ''}."
    return f"{said} {number(product if here == after and 'typed' not in a else after)}."
