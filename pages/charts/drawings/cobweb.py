"""The map h → φ(w h + b): its cobweb, its fixed points, and how they come and go with the bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts.drawings.factors import chosen_step
from pages.charts.parts import by_step, theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.numbers import number
from rnn_core.experiment import Run
from rnn_core.scalar_map import bifurcations, fixed_points, limit, steep
from rnn_core.scaled import Scaled

_REACH = 4.0  # of the axis of h where φ has no limit
_BIASES = 6.0  # of the axis of b, to both sides
_POINTS, _BRANCH = 97, 25  # of the curve, and of each of the three branches of fixed points
_BRANCH_AT = (1 - np.cos(np.linspace(0, np.pi, _BRANCH))) / 2  # 0 … 1, dense at both ends, where branches bend
_NEUTRAL, _ARRIVED = 1e-6, 1e-12  # how near 1 a multiplier, and how near its point a state, is taken to be there
_ASIDE = 1e-9  # how far from a kink its two slopes are looked up
_CIRCLE, _UP, _DOWN, _OPEN = 0, 5, 6, 100  # Plotly's symbols


def quantities(run: Run) -> Arrays:
    """The map over its axis `span`, the states h_0 … h_t, the fixed points with multipliers, and the branches.

    Without input, that is: with one, each step would have a map of its own.
    `limit` (*batch, 2) is where the states go (see `rnn_core.scalar_map.limit`), `pull` (*batch,) what a step there
    multiplies a gradient by; where states alternate, two steps. `creeps` where it is 1 in size and they never arrive.
    `left` and `right` (*batch, 3) are multipliers beside the fixed points, which differ at kinks.
    """
    φ, tr, t = run.trajectory.cell.activation, run.trajectory, run.t
    w, b = run.value("w").astype(float), run.value("b").astype(float)
    h = time_last(tr.h, run)
    low, high = (x if np.isfinite(x) else _REACH * np.sign(x) for x in φ.limits)
    start = np.clip(h[..., 0], -_REACH, _REACH)
    low, high = np.minimum(low, start), np.maximum(high, start)
    room = 0.1 * (high - low)
    span = np.stack([low - room, high + room], axis=-1)
    grid = span[..., :1] + np.linspace(0, 1, _POINTS) * (span[..., 1:] - span[..., :1])
    points, end = fixed_points(φ, w, b), limit(φ, w, b, h[..., -1])
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = φ.scaled_slope(w[..., None] * end + b[..., None]) * w[..., None]
    alternates, one, two = end[..., 0] != end[..., 1], slopes[..., 0], slopes[..., 0] * slopes[..., 1]
    pull = Scaled(np.where(alternates, two.mant, one.mant), np.where(alternates, two.exp2, one.exp2))
    neutral = ~alternates & (np.abs(np.abs(pull.value) - 1) < _NEUTRAL)
    aside = np.copysign(_ASIDE * np.maximum(1.0, np.abs(points.z)) * bool(φ.kinks), w[..., None])
    left, right = (w[..., None] * φ.slope(points.z + d) for d in (-aside, aside))
    return {
        **axis(run),
        "t": t,
        "k": run.k,
        "step": np.arange(run.k + 1, t + 1),
        "chosen": chosen_step(run),
        "w": w,
        "b": b,
        "φ": φ.name,
        "span": span,
        "grid": grid,
        "curve": φ.phi(w[..., None] * grid + b[..., None]),
        "h": h[..., : t + 1],
        "fixed": points.h,
        "multiplier": points.multiplier,
        "stable": points.stable * 1.0,
        "left": left,
        "right": right,
        "stretch": points.stretch,
        "limit": end,
        "pull": pull,
        "creeps": (neutral & ~np.isclose(h[..., -1], end[..., 0], rtol=0, atol=_ARRIVED)) * 1.0,
        **_branches(φ, w, span),
    }


def _branches(φ: Any, w: np.ndarray, span: np.ndarray) -> Arrays:
    """All fixed points of the weight: h = φ(z) rests at the bias b = z - w φ(z), for every z.

    `calm` where |w φ'(z)| ≤ 1, with a gap, and `wild` between; `turns` the biases at its ends, `turns_h` the states.
    """
    far = _BIASES + np.abs(w[..., None]) * np.abs(span).max(axis=-1, keepdims=True)
    bounds = steep(φ, w)
    ends = np.clip(np.nan_to_num(bounds), -far, far)  # none: both at 0, and the middle branch is a point
    knots = np.concatenate([-far, ends, far], axis=-1)
    left, mid, right = (
        knots[..., c, None] + (knots[..., c + 1, None] - knots[..., c, None]) * _BRANCH_AT for c in range(3)
    )
    gap = np.full_like(far, np.nan)
    found = {"calm": np.concatenate([left, gap, right], axis=-1), "wild": mid}
    turns = bifurcations(φ, w)
    return {
        **{f"{name}_h": φ.phi(z) for name, z in found.items()},
        **{f"{name}_b": z - w[..., None] * φ.phi(z) for name, z in found.items()},
        "turns": turns,
        "turns_h": φ.phi(np.where(np.isfinite(turns), bounds, np.nan)),
    }


def draw(a: Arrays) -> theme.Json:
    """The cobweb, and on the same axis of h the fixed points over all biases."""
    span, b = along(a["span"]), a["b"][..., None]
    axis: theme.Json = {"range": span, "nticks": 6, "zeroline": False}
    marks = _marks(a)
    data = [
        _line("curve", _light(a["grid"]), _light(a["curve"]), {"color": theme.STATE, "width": 3}),
        _line("diagonal", a["span"], a["span"], {"color": theme.REFERENCE, "width": 1.5}),
        *_path(a),
        _line("stretch", _inside(a, a["stretch"]), _inside(a, a["stretch"]), {"color": theme.TEXT, "width": 4}),
        {
            **marks,
            "meta": "fixed",
            "x": marks["y"],
            "mode": "markers+text",
            "text": each(_labels, a),
            "textposition": each(_beside, a),
            "textfont": {"color": theme.TEXT, "size": 13},
        },
    ]
    over_b = [
        _line("calm", _light(a["calm_b"]), _light(a["calm_h"]), {"color": theme.TEXT, "width": 2.5}),
        _line("wild", _light(a["wild_b"]), _light(a["wild_h"]), {"color": theme.TEXT, "width": 2, "dash": "dot"}),
        _line("bias", np.repeat(b, 2, axis=-1), a["span"], {"color": theme.PRODUCT, "width": 1.5, "dash": "dash"}),
        {**marks, "meta": "fixed over b", "x": along(np.repeat(b, 3, axis=-1))},
        theme.scatter(
            "markers+text",
            meta="turns",
            x=along(_within(a["turns"])),
            y=along(a["turns_h"]),
            text=each(_turns, a),
            textposition=["bottom right", "top left"],
            hoverinfo="skip",
            marker={"symbol": "x-thin", "size": 8, "line": {"width": 2, "color": theme.EXPLODE}},
            textfont={"color": theme.EXPLODE, "size": 13},
        ),
    ]
    return {
        "data": [*data, *({**trace, "xaxis": "x2", "yaxis": "y2"} for trace in over_b)],
        "layout": {
            "xaxis": {**axis, "domain": [0, 0.5], "title": {"text": "h<sub>t−1</sub>"}},
            "yaxis": {**axis, "title": {"text": "h<sub>t</sub> = φ(w h<sub>t−1</sub> + b)"}},
            "xaxis2": {
                "range": [-_BIASES, _BIASES],
                "domain": [0.58, 1],
                "anchor": "y2",
                "dtick": 2,
                "zeroline": False,
                "title": {"text": "bias b (solid: stable, dotted: unstable)"},
            },
            "yaxis2": {**axis, "anchor": "x2", "showticklabels": False, "title": {"text": "fixed points h*"}},
            "showlegend": False,
            "margin": {"t": 12},
        },
    }


def _line(name: str, x: np.ndarray, y: np.ndarray, line: theme.Json) -> theme.Json:
    return theme.scatter("lines", meta=name, x=along(x), y=along(y), line=line, hoverinfo="skip")


def _path(a: Arrays) -> list[theme.Json]:
    """Over to the diagonal, up to the curve; the steps of the chain are marked where they arrive."""
    h = theme.gaps(np.clip(a["h"], -1e4, 1e4))
    bends, before, after = np.repeat(h, 2, axis=-1), a["h"][..., a["k"] : -1], a["h"][..., a["k"] + 1 :]

    def texts() -> list[str]:
        return [f"{number(x)} → {number(y)}" for x, y in zip(before.tolist(), after.tolist(), strict=True)]

    return [
        _line("path", bends[..., :-1], bends[..., 1:], {"color": f"{theme.MUTED}/0.8", "width": 1.5}),
        theme.scatter(
            "markers",
            meta="steps",
            x=along(h[..., a["k"] : -1]),
            y=along(h[..., a["k"] + 1 :]),
            marker={**by_step.marks(a), "line": by_step.apart(a)},
            **hover(a, customdata=a["step"], text=texts, hovertemplate="step %{customdata}: %{text}<extra></extra>"),
        ),
    ]


def _marks(a: Arrays) -> theme.Json:
    """The fixed points, open where unstable; a triangle at the edge for one that lies beyond it."""
    h, low, high = a["fixed"], a["span"][..., :1], a["span"][..., 1:]
    symbol = np.select([h > high, h < low, a["stable"] > 0], [_UP, _DOWN, _CIRCLE], _CIRCLE + _OPEN)
    return theme.scatter(
        "markers",
        y=along(_inside(a, h)),
        cliponaxis=False,
        hoverinfo="skip",
        marker={
            "color": theme.TEXT,
            "size": 11,
            "symbol": along(symbol.astype(np.uint8)),
            "line": {"width": 2, "color": theme.TEXT},
        },
    )


def _inside(a: Arrays, h: np.ndarray) -> np.ndarray:
    return np.clip(h, a["span"][..., :1], a["span"][..., 1:])


def _light(x: np.ndarray) -> np.ndarray:
    """A curve's numbers as a screen needs them: rounded below a pixel, they compress; none is far off the axis."""
    return np.round(np.clip(x, -1000, 1000) * 512) / 512


def _within(b: np.ndarray) -> np.ndarray:
    return np.where(np.abs(b) <= _BIASES, b, np.nan)


def _labels(a: Arrays) -> list[str]:
    """Each fixed point's state and multiplier; one beyond the axis says where it is."""
    multipliers = [
        f"multiplier {number(m, 3)}" if left == right else f"multipliers {number(left, 3)} and {number(right, 3)}"
        for m, left, right in _rows(a, "multiplier", "left", "right")
    ]
    points = zip(a["fixed"].tolist(), multipliers, strict=True)
    return ["" if np.isnan(h) else f"h* = {number(h, 3)}, {m}" for h, m in points]


def _rows(a: Arrays, *names: str) -> list[tuple[float, ...]]:
    """What the arrays say of each fixed point."""
    return list(zip(*(a[name].tolist() for name in names), strict=True))


def _beside(a: Arrays) -> list[str]:
    """Off the curve and the diagonal, and inside the panel."""
    middle = a["span"].mean()
    points = _rows(a, "fixed", "multiplier")
    return ["top right" if m < 0 else "top left" if h > middle else "bottom right" for h, m in points]


def _turns(a: Arrays) -> list[str]:
    return ["" if np.isnan(b) else f"b = {number(b)}" for b in _within(a["turns"]).tolist()]


def sentence(a: Arrays) -> str:
    """Where the states go, what a step there does to the gradient, and which biases change that."""
    return " ".join(part for part in (_destination(a), _others(a), _folds(a)) if part)


def _destination(a: Arrays) -> str:
    h, other = (number(x) for x in a["limit"].tolist())
    pull = number(a["pull"])
    if np.isfinite(a["stretch"]).any() or np.isinf(a["stretch"]).any():
        return f"{_everywhere(a)} is a fixed point with multiplier 1: a state there stays, and so does its gradient."
    if not np.isfinite(a["limit"]).all():
        where = f"{h} and {other} in turn" if h != other else h
        return f"No fixed point holds these states: h goes to {where}."
    if h != other:
        return f"The states end up alternating between {h} and {other}: two steps there multiply a gradient by {pull}."
    size = abs(float(a["pull"].value))
    if a["creeps"]:
        return (
            f"The states creep towards h* = {h}, with multiplier {pull}: only a state exactly there keeps its gradient,"
            " on the way each step takes a little."
        )
    if abs(size - 1) < _NEUTRAL:
        return f"The fixed point h* = {h} has multiplier {pull}: there a gradient neither grows nor shrinks."
    if size > 1:
        return (
            f"The states stay on the unstable point h* = {h}: a step multiplies a gradient by {pull}, and a nudge as"
            " long as it stays small."
        )
    return f"The states go to the stable point h* = {h}: each step there multiplies a gradient by {pull}."


def _everywhere(a: Arrays) -> str:
    low, high = a["stretch"].tolist()
    if np.isinf(low) and np.isinf(high):
        return "Every h"
    if np.isinf(high):
        return f"Every h from {number(low)} up"
    return f"Every h up to {number(high)}" if np.isinf(low) else f"Every h from {number(low)} to {number(high)}"


def _others(a: Arrays) -> str:
    """The fixed points that the states do not go to."""
    found = _rows(a, "fixed", "multiplier", "stable", "left", "right")
    rest = [row for row in found if np.isfinite(row[0]) and not np.isclose(row[0], a["limit"], rtol=1e-6).all()]
    told = [
        f"{number(h)} ({'stable' if stable else 'unstable'}{_sloping(m, left, right)})"
        for h, m, stable, left, right in rest
    ]
    return f"Not reached: {', '.join(told)}." if told else ""


def _sloping(m: float, left: float, right: float) -> str:
    if left == right:
        return f", multiplier {number(m, 3)}"
    return f": at the kink, multiplier {number(left, 3)} to its left and {number(right, 3)} to its right"


def _folds(a: Arrays) -> str:
    """The biases at which fixed points meet or let go."""
    low, high = sorted(a["turns"].tolist())
    if np.isnan(low) or np.isnan(high):
        return ""
    between = f"Between b = {number(low)} and {number(high)}"
    return f"{between} there are three fixed points." if a["w"] > 0 else f"{between} the fixed point is unstable."


def picture(a: Arrays) -> theme.Json:
    """Cobweb and fixed points as `show` takes them."""
    wide = draw(a)
    untitled: theme.Json = {"title": {"text": ""}}
    slim = theme.narrow(
        wide,
        xaxis={**untitled, "domain": [0, 1]},
        xaxis2={**untitled, "domain": [0, 1]},
        yaxis={**untitled, "domain": [0.48, 1]},
        yaxis2={**untitled, "domain": [0, 0.38], "showticklabels": True},
    )
    return theme.figure_item(
        "cobweb",
        "Where the states go",
        each(sentence, a),
        wide,
        narrow=slim,
        tap=True,
        linked=True,
        height=380,
        ghost=["curve", "path"],
    )
