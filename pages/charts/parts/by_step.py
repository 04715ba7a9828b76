"""Steps by colour, early to late: the same step has one colour in every figure of a page."""

from __future__ import annotations

from pages.charts.parts import theme
from pages.charts.parts.along import Arrays


def marks(a: Arrays) -> theme.Json:
    """Marks for the steps `step` of a chain from k to t; the one that is spelled out (`chosen`) is larger."""
    size = theme.mark_size(len(a["step"]))
    return {**colors(a), "opacity": 1, "size": [size + 6 if i == a["chosen"] else size for i in a["step"].tolist()]}


def colors(a: Arrays) -> theme.Json:
    """The steps' colours, of marks, bars or outlines."""
    return {
        "color": a["step"].tolist(),
        "cmin": a["k"] + 1,
        "cmax": max(a["t"], a["k"] + 2),
        "colorscale": [[0, "--u-early"], [1, "--u-late"]],
    }


def apart(a: Arrays) -> theme.Json:
    """A rim that keeps marks apart where they crowd; small ones would be all rim."""
    return {"color": theme.BACKGROUND, "width": 1 if len(a["step"]) <= 40 else 0}
