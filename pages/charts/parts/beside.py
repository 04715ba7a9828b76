"""A and B: the curves of a held experiment beside today's, on one axis, and their difference in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts.parts import theme
from pages.charts.parts.along import zipped
from pages.charts.parts.equations import equation, rounded
from pages.charts.parts.numbers import number
from rnn_core.scaled import Scaled

Items = list[dict[str, Any]]
Named = tuple[str, Scaled]


def with_held(items: Items, held: Items) -> Items:
    """Today's items; each figure that has a ghost shows the same curves of the held ones too."""
    before = {item["name"]: item for item in held}
    return [_both(item, before.get(item["name"])) for item in items]


def _both(item: theme.Json, before: theme.Json | None) -> theme.Json:
    if before is None or not item.get("ghost"):
        return item
    traces = {trace["meta"]: trace for trace in before["figure"]["data"] if "meta" in trace}
    curves = [_held(traces[name], first=name == before["ghost"][0]) for name in before["ghost"]]
    figure, slim = item["figure"], item.get("narrow", {})
    both = {**item, "figure": {**figure, "data": [*figure["data"], *curves]}}
    if "scales" in item:
        both |= _both_scales(item, before)
    wider = _wider_axes(figure["layout"], before["figure"]["layout"])
    if wider:
        both["figure"]["layout"] = figure["layout"] | {axis: before["figure"]["layout"][axis] for axis in wider}
        theirs = before.get("narrow", {}).get("layout", {})
        if slim:
            patch = {axis: theirs[axis] for axis in wider if axis in theirs}
            both["narrow"] = {**slim, "layout": {**slim.get("layout", {}), **patch}}
    return both


def _both_scales(now: theme.Json, held: theme.Json) -> theme.Json:
    """Axes that hold the bars of today and those that are held."""
    scales = {}
    for name, axis in now["scales"].items():
        (low, high), (lowest, highest) = axis["range"], held["scales"][name]["range"]
        outer = held["scales"][name] if highest - lowest > high - low else axis
        scales[name] = outer | {"range": [min(low, lowest), max(high, highest)]}
    return {"scales": scales, "scale": "log" if "log" in (now["scale"], held["scale"]) else "linear"}


def _wider_axes(now: theme.Json, held: theme.Json) -> list[str]:
    """The axes that hold more of the held figure than of today's: both must fit."""
    axes = [axis for axis in now if axis.startswith(("xaxis", "yaxis")) and axis in held]
    spans = {axis: (now[axis].get("range"), held[axis].get("range")) for axis in axes}
    return [
        axis
        for axis, (ours, theirs) in spans.items()
        if isinstance(ours, list)
        and isinstance(theirs, list)
        and theirs != ours
        and theirs[0] <= ours[0]
        and theirs[1] >= ours[1]
    ]


def _held(trace: theme.Json, first: bool) -> theme.Json:
    """A curve as it was: thin, pale, and named once."""
    y = np.asarray(trace.get("y", trace.get("log")), dtype=float)
    seen = np.flatnonzero(np.isfinite(y))
    text = [" "] * len(y)  # where Plotly once drew no text, it never draws one again
    if first and len(seen):
        text[seen[len(seen) // 2]] = "held"
    drawn = "lines" if "lines" in trace["mode"] else "markers"
    left_out = {"hover", "text", *({"marker"} if drawn == "lines" else ())}
    color = trace.get("line", {}).get("color", theme.MUTED)
    return {name: part for name, part in trace.items() if name not in left_out} | {
        "meta": f"held {trace['meta']}",
        "mode": f"{drawn}+text",
        "line": {"color": color, "width": 2, "dash": "dashdot"},
        "opacity": 0.6,
        "text": text,
        "textposition": "top right",
        "textfont": {"color": theme.MUTED, "size": 12},
        "showlegend": False,
        "hoverinfo": "skip",
    }


def sentence(name: str, now: Scaled, held_name: str, held: Scaled) -> str:
    """What has changed since the curve was held, in words."""

    def told(was: str, is_now: str) -> str:
        return f"Held: {held_name} = {was}. Now{'' if name == held_name else f' {name}'}: {is_now}"

    was = told(number(held), number(now))
    if now.mant == held.mant and now.exp2 == held.exp2:
        return f"{was}, the same."
    if held.mant == 0 or now.mant == 0:
        return f"{was}."
    ratio = Scaled(np.abs(now.mant / held.mant), now.exp2 - held.exp2).normalised()
    log = float(ratio.log10)
    sign = " and of the other sign" if now.sign != held.sign else ""
    if abs(log) < 5e-4:
        return f"{was}, {'as large, but of the other sign' if sign else 'almost the same'}."
    times = ratio if log > 0 else Scaled(1 / ratio.mant, -ratio.exp2)
    parts = {"held": rounded(held, within=str), "now": rounded(now, within=str)}
    told_by = equation(lambda held, now: abs(now / held if log > 0 else held / now), parts, "times", times, 3)
    was = told(told_by["held"], told_by["now"])
    return f"{was}, {'larger' if log > 0 else 'smaller'} by a factor of {told_by['times']}{sign}."


def item(now: Named, held: Named) -> theme.Json:
    """The sentence as `show` takes it; `now` may be the numbers of a sweep (S,)."""
    (name, values), (held_name, was) = now, held
    each = [values] if values.mant.ndim == 0 else [values[s] for s in range(len(values.mant))]
    return {"kind": "text", "name": "beside", "text": zipped([sentence(name, value, held_name, was) for value in each])}
