"""The LSTM cell as a diagram: today's values on its wires, and every way that the gradient takes back through a step.

Drawn with traces alone. Where things stand is a `_Plan`, one for a desk and one for a phone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pages.charts.parts import latex, theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.equations import equation, exactly, rounded
from pages.charts.parts.gates import GATES
from pages.charts.parts.numbers import brief, derivative, derivative_html, number, percent, squashed, subscript
from rnn_core.activations import SIGMOID, TANH
from rnn_core.experiment import Run
from rnn_core.flow.ways_back import ways_back
from rnn_core.scaled import Scaled

_OPS = {"keep": "×", "add": "+", "write": "×", "squash": "tanh", "show": "×"}  # what the cell does, by node
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class _Plan:
    """Where the nodes stand, in a field of 100 × 64, and how large things are, in pixels."""

    at: dict[str, tuple[float, float]]
    half: tuple[float, float]  # of a box, in units of the field
    box: float
    op: float
    font: float
    beside: tuple[float, float]  # how far a way back runs from its wire
    full: bool  # with the gates' names and what each wire carries
    bus: float = 10.4  # the height at which the gates read h and x
    lanes: tuple[float, ...] = (7.9, 5.7, 3.5, 1.3)  # below it, the ways back to h


_COLUMNS = ("C_prev", "h_prev", "x", "keep", "f", "i", "write", "add", "g", "o", "squash", "show", "C", "h")


def _plan(x: tuple[float, ...], y: tuple[float, ...], **more: object) -> _Plan:
    """Columns: the left states, f, i, write, C̃, o, show, the right states. Rows: highway, write, gates, x, h_{t-1}."""
    left, f, i, write, g, o, show, right = x
    top, middle, gates, given, low = y
    places = {
        "C_prev": (left, top),
        "x": (left, given),
        "h_prev": (left, low),
        "C": (right, top),
        "h": (right, gates),
        "keep": (f, top),
        "add": (write, top),
        "write": (write, middle),
        "squash": (show, middle),
        "show": (show, gates),
        "f": (f, gates),
        "i": (i, gates),
        "g": (g, gates),
        "o": (o, gates),
    }
    return _Plan(places, **more)  # type: ignore[arg-type]


WIDE = _plan(
    (4.8, 22, 39.2, 48.4, 57.6, 73.6, 84.6, 95.2),
    (50, 37.5, 24, 28, 5.8),
    half=(3.5, 4.9),
    box=48,
    op=20,
    font=13,
    beside=(1.15, 2.0),
    full=True,
)
SLIM = _plan(
    (6.8, 23.8, 39.8, 48.8, 57.8, 73.6, 84.2, 93.2),
    (51, 39.5, 25.5, 28, 6.2),
    half=(6.4, 6.0),
    box=40,
    op=14,
    font=11.5,
    beside=(1.6, 1.9),
    full=False,
)


def chosen_step(run: Run) -> int | None:
    """The step that is spelled out: the reader's, or the nearest of the chain; None where no step is unrolled."""
    first = run.k + 1 if run.k < run.t else 1
    return min(max(run.experiment.step, first), max(run.t, 1)) if run.experiment.T else None


def quantities(run: Run) -> Arrays:
    """What one step does: its states, gates and ways back, each of shape batch, and ∂C_t/∂C_k of the whole chain."""
    t, k, flow, tr, e = run.t, run.k, run.flow, run.trajectory, run.experiment
    step = chosen_step(run)
    a = {**axis(run), "t": t, "k": k, "step": step, "total": time_last(flow.total(t, k), run)[..., 0]}
    if step is None:
        return a
    j = step - 1
    c, h = time_last(tr.c, run), time_last(tr.h, run)
    ways = {way: time_last(x, run)[..., j] for way, x in ways_back(flow).items()}
    return a | {
        "C_prev": c[..., j],
        "C": c[..., step],
        "h_prev": h[..., j],
        "h": h[..., step],
        "x": time_last(run.x, run)[..., j],
        "gates": {q: time_last(tr.gate(q), run)[..., j] for q in GATES},
        "z": {q: time_last(z, run)[..., j] for q, z in zip(tr.cell.gates, tr.cell.split(tr.z), strict=True)},
        "pinned": [q for q in GATES if e.pins(q)],
        "largest": np.abs(c[..., k : t + 1]).max(axis=-1),
        "slope": TANH.scaled_slope(c[..., step]),
        "ways": ways,
        "by_h": ways["f"] + ways["i"] + ways["g"],
    }


# --- the drawing -----------------------------------------------------------------------------------


def draw(a: Arrays, plan: _Plan = WIDE) -> theme.Json:
    """Wires, ways back, nodes and texts."""
    return {
        "data": [] if a["step"] is None else _traces(a, plan),
        "layout": {
            "xaxis": {"visible": False, "range": [0, 100], "fixedrange": True},
            "yaxis": {"visible": False, "range": [-1, 63], "fixedrange": True},
            "margin": {"l": 2, "r": 2, "t": 2, "b": 2},
            "showlegend": False,
            "hovermode": "closest",
        },
    }


def _traces(a: Arrays, plan: _Plan) -> list[theme.Json]:
    ways = _ways(plan)
    return [
        _wires(plan),
        *(_way(a, way, points, plan) for way, points in ways.items()),
        _heads(a, ways, plan),
        _nodes(a, plan),
        _texts(a, plan),
    ]


def _wires(plan: _Plan) -> theme.Json:
    """The way forward, in thin lines with an arrow head where a gate reads and where a state ends."""
    at, bus, (wide, high) = plan.at, plan.bus, plan.half
    left, right, top, out = at["C_prev"][0], at["C"][0], at["C_prev"][1], at["h"][1]
    inlet = (left + wide + at["f"][0] - wide) / 2
    lines: list[Points] = [
        [(left, top), (right - wide - 0.5, top)],
        [(left, bus), (at["o"][0], bus)],
        [(left, at["x"][1]), (inlet, at["x"][1]), (inlet, bus)],
        *([(at[q][0], bus), (at[q][0], at[q][1] - high - 0.8)] for q in GATES),
        [at["f"], at["keep"]],
        [at["i"], (at["i"][0], at["write"][1]), at["write"]],
        [at["g"], (at["g"][0], at["write"][1]), at["write"], at["add"]],
        [at["o"], (right - wide - 0.5, out)],
        [(at["squash"][0], top), at["show"]],
    ]
    points = [point for line in lines for point in (*line, (np.nan, np.nan))][:-1]
    ups = {(at[q][0], at[q][1] - high - 0.8) for q in GATES}
    ends = {(right - wide - 0.5, top), (right - wide - 0.5, out)}
    x, y = np.array(points).T
    return theme.scatter(
        "lines+markers",
        x=x,
        y=y,
        line={"color": theme.MUTED, "width": 1.3},
        marker={
            "color": theme.MUTED,
            "opacity": 1,
            "line": {"width": 0},
            "symbol": ["triangle-up" if point in ups else "triangle-right" for point in points],
            "size": [8 if point in ups | ends else 0 for point in points],
        },
    )


def _ways(plan: _Plan) -> dict[str, Points]:
    """The gradient's ways back, each from where it leaves to where it arrives, beside the wires that it follows."""
    at, (dx, dy), wide = plan.at, plan.beside, plan.half[0]
    home, (f_lane, i_lane, g_lane, o_lane) = at["h_prev"][0] + wide + 1.6, plan.lanes
    top, bend, out = at["C"][1], at["write"][1] - dy, at["h"][1] - dy
    x = {q: at[q][0] + (-dx if q == "g" else dx) for q in GATES}
    add, show = at["add"][0], at["squash"][0] + dx
    return {
        "highway": [(at["C"][0], top + dy), (at["C_prev"][0] + wide + 1.6, top + dy)],
        "read": [(show, at["show"][1]), (show, top - 2.2)],
        "f": [(x["f"], top), (x["f"], f_lane), (home, f_lane)],
        "i": [(add - dx, top), (add - dx, bend), (x["i"], bend), (x["i"], i_lane), (home, i_lane)],
        "g": [(add + dx, top), (add + dx, bend), (x["g"], bend), (x["g"], g_lane), (home, g_lane)],
        "o": [(at["h"][0], out), (x["o"], out), (x["o"], o_lane), (home, o_lane)],
    }


_WAY_COLORS = {"highway": theme.GATE_COLORS["f"], "read": theme.MUTED, **{q: theme.GATE_COLORS[q] for q in GATES}}


def _width(value: Scaled, plan: _Plan) -> np.ndarray:
    """Pixels: in proportion to the factor, with a hair's breadth for what is small and nothing for 0."""
    size = np.minimum(np.abs(value.value), 1.4)
    return np.where(value.mant == 0, 0.0, (1.2 + 4.6 * size) * (1.0 if plan.full else 0.8))


def _way(a: Arrays, way: str, points: Points, plan: _Plan) -> theme.Json:
    x, y = _rounded(points, plan)
    return theme.scatter(
        "lines",
        meta=way,
        x=x,
        y=y,
        line={
            "color": _WAY_COLORS[way],
            "width": along(_width(a["ways"][way], plan), own=0),
            "dash": each(lambda p: "4px,3px" if p["ways"][way].mant < 0 else "solid", a),
        },
    )


def _rounded(points: Points, plan: _Plan) -> tuple[np.ndarray, np.ndarray]:
    """A line with quarter ellipses in place of its corners; they look round on screen."""
    radius = np.array([1.0, 1.6] if plan.full else [1.8, 1.6])
    path, corners = [np.array(points[0])], [np.array(p) for p in points]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        back, on = (np.sign(p - corner) * radius for p in (before, after))
        path += [corner + back * (1 - np.sin(u)) + on * (1 - np.cos(u)) for u in np.linspace(0, np.pi / 2, 5)]
    x, y = np.array([*path, corners[-1]]).T
    return x, y


def _heads(a: Arrays, ways: dict[str, Points], plan: _Plan) -> theme.Json:
    """An arrow head at the end of each way, as large as the way is wide."""
    x, y = np.array([points[-1] for points in ways.values()]).T
    width = np.stack([_width(a["ways"][way], plan) for way in ways], axis=-1)
    colors = [_WAY_COLORS[way] for way in ways]
    return theme.scatter(
        "markers",
        x=x,
        y=y,
        marker={
            "symbol": ["triangle-up" if way == "read" else "triangle-left" for way in ways],
            "color": colors,
            "size": along(np.where(width > 0, 4.0 + 1.4 * width, 0.0)),
            "opacity": 1,
            "line": {"width": 0},
        },
    )


_STATES = ("C_prev", "h_prev", "x", "C", "h")


def _nodes(a: Arrays, plan: _Plan) -> theme.Json:
    """Boxes for states and gates, circles for what is done with them."""
    boxes, ops = [*_STATES, *GATES], [*_OPS]
    x, y = np.array([plan.at[node] for node in [*boxes, *ops]]).T
    borders = [theme.MUTED] * len(_STATES) + [theme.GATE_COLORS[q] for q in GATES] + [theme.MUTED] * len(ops)
    small = max(12 if plan.full else 11, plan.font - 2)
    sizes = [plan.box] * len(boxes) + [plan.box * 0.8 if op == "squash" else plan.op for op in ops]
    return theme.scatter(
        "markers+text",
        x=x,
        y=y,
        text=each(_contents, a),
        cliponaxis=False,
        textfont={"color": theme.TEXT, "size": [plan.font] * len(boxes) + [small] * len(ops)},
        marker={
            "symbol": ["square"] * len(boxes) + ["circle"] * len(ops),
            "size": sizes,
            "opacity": 1,
            "color": [theme.BACKGROUND] * len(sizes),
            "line": {"color": borders, "width": [1.3] * len(_STATES) + [2.5] * len(GATES) + [1.3] * len(ops)},
        },
        **hover(a, hovertext=lambda: _told(a), hovertemplate="%{hovertext}<extra></extra>"),
    )


def _symbols(a: Arrays) -> dict[str, str]:
    t = a["step"]
    now, before = f"<sub>{t}</sub>", f"<sub>{t - 1}</sub>"
    return {
        "C_prev": "C" + before,
        "h_prev": "h" + before,
        "x": "x" + now,
        "C": "C" + now,
        "h": "h" + now,
        **{q: gate.shown + now for q, gate in GATES.items()},
    }


def _values(a: Arrays) -> dict[str, float]:
    return {node: float(a[node]) for node in _STATES} | {q: float(a["gates"][q]) for q in GATES}


def _contents(a: Arrays) -> list[str]:
    values = _values(a)
    return [*(f"{name}<br><b>{brief(values[node])}</b>" for node, name in _symbols(a).items()), *_OPS.values()]


def _told(a: Arrays) -> list[str]:
    values = _values(a)
    boxes = [f"{name} = {number(values[node])}" for node, name in _symbols(a).items()]
    done = {
        "keep": f"f·C = {number(_kept(a))}",
        "add": f"C = {number(a['C'])}",
        "write": f"i·C̃ = {number(_written(a))}",
        "squash": f"tanh C = {number(np.tanh(a['C']))}",
        "show": f"o·tanh C = {number(a['h'])}",
    }
    return [*boxes, *(done[op] for op in _OPS)]


def _kept(a: Arrays) -> float:
    return float(a["gates"]["f"] * a["C_prev"])


def _written(a: Arrays) -> float:
    return float(a["gates"]["i"] * a["gates"]["g"])


def _close(x: float | Scaled) -> str:
    return number(x, 3).replace(" × ", "·")


def _texts(a: Arrays, plan: _Plan) -> theme.Json:
    """What the ways back multiply by, in their colours; with room, the gates' names and what the wires carry."""
    (dx, dy), high, at = plan.beside, plan.half[1], plan.at
    below = (plan.bus + at["f"][1] - high) / 2
    halfway = (at["add"][1] + at["write"][1]) / 2
    left, center, right = "middle left", "middle center", "middle right"
    places = {
        "highway": ((50.0, at["C"][1] + dy + 5.2), center, theme.GATE_COLORS["f"]),
        "read": ((at["squash"][0] - 0.9, halfway), left, theme.MUTED),
        **{q: ((at[q][0] + (dx if q != "g" else 0) + 1.2, below), right, theme.GATE_COLORS[q]) for q in GATES},
        "written": ((at["add"][0] + 2 * dx, halfway), right, theme.TEXT),
    }
    if plan.full:
        above = at["f"][1] + high + 2.2
        places |= {
            "kept": (((at["keep"][0] + at["add"][0]) / 2, at["C"][1] - 3.4), center, theme.TEXT),
            "squashed": ((at["squash"][0] + dx + 2.2, above + 1.2), right, theme.TEXT),
            **{q + "_name": ((at[q][0] - 0.8, above), left, theme.GATE_COLORS[q]) for q in GATES},
            "key": ((99.6, plan.lanes[1] - 1), left, theme.MUTED),
        }
    x, y = np.array([place for place, _, _ in places.values()]).T
    return theme.scatter(
        "text",
        x=x,
        y=y,
        text=each(_said, a, list(places), plan.full),
        textposition=[position for _, position, _ in places.values()],
        cliponaxis=False,
        textfont={"color": [color for _, _, color in places.values()], "size": plan.font},
    )


_KEY = "in colour: gradient,<br>as wide as its factor,<br>dashed if negative"


def _said(a: Arrays, places: list[str], full: bool) -> list[str]:
    t, ways = a["step"], a["ways"]
    over_C, over_h = (derivative_html("C", t, name, t - 1) for name in "Ch")
    if not full:
        texts = {way: f"<b>{brief(value)}</b>" for way, value in ways.items()}
        texts |= {
            "highway": f"<b>{over_C} = {brief(ways['highway'])}</b>".replace("= ≈", "≈ "),
            "written": brief(_written(a)),
        }
        return [texts[place] for place in places]
    of = {"highway": f"{over_C} = f<sub>{t}</sub>", "read": derivative_html("h", t, "C", t)}
    of |= {q: over_h if q != "o" else derivative_html("h", t, "h", t - 1) for q in GATES}
    texts = {way: f"<b>{name}{'<br>' if way in GATES else ' = '}{_close(ways[way])}</b>" for way, name in of.items()}
    texts |= {
        "kept": f"f·C = {_close(_kept(a))}",
        "written": f"i·C̃ = {_close(_written(a))}",
        "squashed": f"tanh C<br>{_close(np.tanh(a['C']))}",
        **{q + "_name": gate.title for q, gate in GATES.items()},
        "key": _KEY,
    }
    return [texts[place] for place in places]


# --- words and formulas ----------------------------------------------------------------------------


def sentence(a: Arrays) -> str:
    """What the step does, how its gradient goes back, and what the whole chain makes of that."""
    t, total = a["step"], number(a["total"])
    if t is None:
        return "No step is unrolled, so the cell has not run yet."
    before, now = (f"C{subscript(j)}" for j in (t - 1, t))
    f, written = Scaled.of(a["gates"]["f"]), _written(a)
    parts = {
        "share": lambda more: percent(f, 1 + more),
        "old": rounded(a["C_prev"], 3, str),
        "new": rounded(abs(written), 3, str),
    }
    sign = 1 if written >= 0 else -1
    sums = equation(lambda share, old, new: share * old / 100 + sign * new, parts, "C", a["C"], 3)
    kept = f"Step {t} keeps {sums['share']} of {before} = {sums['old']}"
    done = f"{kept} and {'adds' if written >= 0 else 'takes away'} {sums['new']}: {now} {sums['is']} {sums['C']}"
    if a["largest"] == 0:
        done = "Nothing is written in this chain: C stays 0, whatever the forget gate keeps"
    aside = f"and {derivative('C', t, 'h', t - 1)} = {number(a['by_h'], 3)} through the gates that read h"
    if a["by_h"].mant == 0:
        aside = "and no gate lets h into C"
        aside += ", though h reaches h through the output gate" if a["ways"]["o"].mant != 0 else ""
    along = f"{derivative('C', t, 'C', t - 1)} = {number(a['ways']['highway'], 3)}"
    back = f"Backwards {along} along the cell state, {aside}"
    chain = f"{derivative('C', a['t'], 'C', a['k'])} = {total}"
    return f"{done}. {back}. Over the whole chain, {chain}."


def picture(a: Arrays) -> theme.Json:
    """The page's main figure as `show` takes it."""
    return theme.figure_item(
        "cell", "Through the cell and back", each(sentence, a), draw(a), narrow=draw(a, SLIM), role="main", height=330
    )


def formula(a: Arrays) -> theme.Json:
    """The LSTM's lines with the step's numbers, and its derivatives, in the colours of the gates."""
    return latex.item("cell-formula", "The step in numbers.", each(_lines, a))


_COLOR_NAMES = {slot: GATES[q].color for q in GATES for slot in (q, f"by_{q}")}


def _lines(a: Arrays) -> list[theme.Json]:
    return [] if a["step"] is None else [*(_gate_line(a, q) for q in GATES), *_state_lines(a), *_slope_lines(a)]


def _gate_line(a: Arrays, q: str) -> theme.Json:
    t, gate = {"t": str(a["step"])}, a["gates"][q]
    if q in a["pinned"]:
        how, slots = r"= @gate@ \; \text{(pinned)}", {"gate": number(gate)}
    else:
        φ, name = (TANH, r"\tanh") if q == "g" else (SIGMOID, r"\sigma")
        how = rf"= {name}(@z@) @is@ @gate@"
        slots = equation(exactly(φ), {"z": rounded(a["z"][q], 3, str)}, "gate", squashed(φ, a["z"][q]))
    return _part(rf"{GATES[q].written}_{{@t@}} {how}", t | slots, {"gate": _COLOR_NAMES[q]})


def _part(template: str, slots: dict[str, str], colors: dict[str, str] = _COLOR_NAMES) -> theme.Json:
    """One of several equations that share a line where there is room."""
    return latex.part(template + r" \quad", slots, colors)


def _state_lines(a: Arrays) -> list[theme.Json]:
    t = {"t": str(a["step"]), "before": str(a["step"] - 1)}
    f, i, g, o = (rounded(a["gates"][q], 3) for q in "figo")
    C = equation(
        lambda f, old, i, g: f * old + i * g, {"f": f, "old": rounded(a["C_prev"], 3), "i": i, "g": g}, "C", a["C"]
    )
    h = equation(lambda o, tanh: o * tanh, {"o": o, "tanh": rounded(squashed(TANH, a["C"]), 3)}, "h", a["h"])
    return [
        latex.line(
            r"C_{@t@} = f \, C_{@before@} + i \, \tilde C = @f@ \cdot @old@ + @i@ \cdot @g@ @is@ @C@",
            t | C,
            _COLOR_NAMES,
        ),
        _part(r"h_{@t@} = o \, \tanh \, C_{@t@} = @o@ \cdot @tanh@ @is@ @h@", t | h),
    ]


def _slope_lines(a: Arrays) -> list[theme.Json]:
    t, ways = {"t": str(a["step"]), "before": str(a["step"] - 1)}, a["ways"]
    shown = equation(
        lambda o, slope: o * slope,
        {"o": rounded(a["gates"]["o"], 3), "slope": rounded(a["slope"], 3)},
        "shown",
        ways["read"],
    )
    by_h = equation(
        lambda by_f, by_i, by_g: by_f + by_i + by_g, {f"by_{q}": rounded(ways[q], 3) for q in "fig"}, "by_h", a["by_h"]
    )
    return [
        _part(
            r"\frac{\partial h_{@t@}}{\partial C_{@t@}} = o \, \tanh'(C_{@t@}) = @o@ \cdot @slope@ @is@ @shown@",
            t | shown,
        ),
        _part(
            r"\frac{\partial C_{@t@}}{\partial C_{@before@}} = f_{@t@} = @f@",
            t | {"f": number(ways["highway"])},
        ),
        _part(
            r"\frac{\partial C_{@t@}}{\partial h_{@before@}} = @by_f@ + @by_i@ + @by_g@ @is@ @by_h@",
            t | by_h,
        ),
    ]
