"""The network of the textbook: folded, with its loop, and unrolled; the loss's way back to every step in colour."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from pages.charts.parts import lanes, theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.numbers import brief, derivative, number, numbers, percent, subscript
from rnn_core.experiment import Run
from rnn_core.readout import WORDS, readout
from rnn_core.scaled import Scaled

Row = list[tuple[int, int]]  # cells: (i, i) one state, (i, j) a fold
WIDE, NARROW = 8, 4  # most cells beside the folded one that are readable
SAID, LOSS, LANE = 1.5, 2.42, 0.56  # heights of outputs, losses and of the way back; states lie at 0
FED = -1.05  # of inputs
ASIDE = 0.12  # what wire and way back keep apart


def quantities(run: Run) -> Arrays:
    """States and outputs of steps 0 … T, the loss L_t, ∂L_t/∂h_j for j = 0 … t, and ∂L_t/∂W_hh.

    `o` is the probability of the word that leads, or the number itself; `word` the place of that word, NaN where none
    leads.
    """
    t, read = run.t, readout(run)
    o = np.moveaxis(read.o, 0, -2)  # (*batch, T+1, q)
    return {
        **axis(run),
        "t": t,
        "T": run.experiment.T,
        "f1": run.experiment.activation,
        "f2": read.f2,
        "h": time_last(run.trajectory.h, run),
        "x": time_last(run.x, run),
        "o": o.max(axis=-1),
        "word": np.where(o.max(axis=-1) > o.min(axis=-1), o.argmax(axis=-1), np.nan),
        "due": read.target,
        "y": read.y,
        "L": time_last(read.losses, run)[..., t],
        "by_state": time_last(read.by_state(t), run),
        "dW": read.dW(t),
    }


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
    """The folded network at the left, then as many of its copies as there is room for."""
    row, slim = cells(a["T"], a["t"], 0, most), most == NARROW
    fold = -1.55 if slim else -1.8
    at = next((place for place, (i, _) in enumerate(row) if i == a["t"]), 0)
    way = [place for place, (_, last) in enumerate(row) if last < a["t"]]
    back, n = np.array(way, dtype=float), len(way)
    down = np.array([at + ASIDE, at])[: 2 if a["t"] else 0]  # from the output to the state, from the loss to the output
    color, width = _left(a, [row[place][1] for place in way] + [a["t"]] * len(down))
    return {
        "data": [
            _wires(row, fold, at if a["t"] else None),
            theme.bar(
                meta="back",
                orientation="h",
                y=np.full(n, LANE),
                base=back + 0.24,
                x=np.full(n, 0.66),
                width=along(width[..., :n] * 0.013),
                hoverinfo="skip",
                marker=theme.MAGNITUDE | {"color": along(color[..., :n])},
            ),
            theme.bar(
                meta="down",
                x=down,
                base=np.array([0.52, 1.95])[: len(down)],
                y=np.array([0.58, 0.2])[: len(down)],
                width=along(width[..., n:] * 0.013),
                hoverinfo="skip",
                marker=theme.MAGNITUDE | {"color": along(color[..., n:])},
            ),
            theme.scatter(
                "markers",
                x=np.concatenate([back + 0.24, down]),
                hoverinfo="skip",
                y=np.concatenate([np.full(n, LANE), [0.47, 1.9][: len(down)]]),
                marker=theme.MAGNITUDE
                | {
                    "color": along(color),
                    "size": along(7 + 1.5 * width),
                    "opacity": 1,
                    "line": {"width": 0},
                    "symbol": ["triangle-left"] * n + ["triangle-down"] * len(down),
                },
            ),
            _nodes(a, row, fold, slim),
            _names(a, row, fold, way, at, slim),
        ],
        "layout": {
            "xaxis": {"visible": False, "range": [fold - 0.62, max(len(row), NARROW) - 0.2], "fixedrange": True},
            "yaxis": {"visible": False, "range": [-1.5, 2.8], "fixedrange": True},
            "margin": {"l": 2, "r": 2, "t": 2, "b": 2},
            "showlegend": False,
            "hovermode": "closest",
            "barmode": "overlay",
        },
    }


def _left(a: Arrays, states: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Colour (a decimal logarithm) and width of the way back to these states: what is left of ∂L_t/∂h_t."""
    log = a["by_state"][..., states].log10
    with np.errstate(invalid="ignore"):
        left = log - a["by_state"][..., a["t"] : a["t"] + 1].log10
    left = np.clip(np.where(np.isfinite(log), left, -np.inf), -9.0, 9.0)
    return left, np.clip(5 + left, 1.5, 9.0)


def _wires(row: Row, fold: float, at: int | None) -> theme.Json:
    """All that runs forwards: from inputs to states to outputs, from state to state, and the loop.

    Where the way back comes down, at place `at`, the wire up makes room for it.
    """
    turn = np.linspace(-2.3, 2.3, 24)
    lines = [((fold + 0.6 + 0.3 * np.cos(turn)).tolist(), (0.3 * np.sin(turn)).tolist(), "triangle-left")]
    for place in (fold, *(float(place) for place, (i, j) in enumerate(row) if i == j and i)):
        up = place - ASIDE if place == at else place
        lines += [
            ([place, place], [-0.78, -0.46], "triangle-up"),
            ([up, up], [0.36, 1.06], "triangle-up"),
        ]
    lines += [([place + 0.3, place + 0.6], [0.0, 0.0], "triangle-right") for place in range(len(row) - 1)]
    x, y, symbols, sizes = [], [], [], []
    for xs, ys, head in lines:
        x += [*xs, np.nan]
        y += [*ys, np.nan]
        symbols += [head] * (len(xs) + 1)
        sizes += [0] * (len(xs) - 1) + [8, 0]
    return theme.scatter(
        "lines+markers",
        x=np.array(x),
        y=np.array(y),
        hoverinfo="skip",
        line={"color": theme.MUTED, "width": 1.2},
        marker={"symbol": symbols, "color": theme.MUTED, "size": sizes, "opacity": 1, "line": {"width": 0}},
    )


def _nodes(a: Arrays, row: Row, fold: float, slim: bool) -> theme.Json:
    """States as squares, outputs as circles; those of the loss step stand out."""
    said = [place for place, (i, j) in enumerate(row) if i == j and i]
    steps = [row[place][0] for place in said]
    ends = [i == j == a["t"] for i, j in row] + [i == a["t"] for i in steps]
    back = [i <= a["t"] for i, _ in row] + [False] * len(steps)
    states, outputs = len(row), len(steps)
    return theme.scatter(
        "markers+text",
        meta="nodes",
        cliponaxis=False,
        x=np.array([fold, fold, *range(states), *said], dtype=float),
        y=np.array([0.0, SAID] + [0.0] * states + [SAID] * outputs),
        text=each(_contents, a, row, steps),
        textfont={"color": theme.TEXT, "size": 11 if slim else 13},
        marker={
            "symbol": ["square", "circle"] + ["square"] * states + ["circle"] * outputs,
            "size": 40 if slim else 46,
            "opacity": 1,
            "color": [f"{theme.STATE}-fill", theme.BACKGROUND]
            + [f"{theme.STATE}-fill" if on else theme.BACKGROUND for on in back],
            "line": {
                "color": [theme.STATE, OUTPUT]
                + [theme.STATE if on else theme.GRID for on in back[:states]]
                + [OUTPUT] * outputs,
                "width": [1.5, 1.5] + [3 if end else 1.5 for end in ends],
            },
        },
        **hover(
            a,
            customdata=[None, None, *(i if i == j else None for i, j in row), *steps],
            hovertext=lambda: [
                "one cell, used at every step",
                "its output",
                *(_state_hover(a, i, j) for i, j in row),
                *(_output_hover(a, i) for i in steps),
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        ),
    )


OUTPUT = theme.GATE_COLORS["o"]


def _contents(a: Arrays, row: Row, steps: list[int]) -> list[str]:
    h = a["h"].tolist()
    states = [f"h{subscript(i)}<br>{brief(h[i])}" if i == j else f"{j - i + 1}<br>more" for i, j in row]
    return ["h<sub>t</sub>", "o<sub>t</sub>", *states, *(f"o{subscript(i)}<br>{_spoken(a, i)}" for i in steps)]


def _spoken(a: Arrays, i: int) -> str:
    return f"<i>{_word(a, i)}</i>" if a["f2"] == "softmax" else brief(a["o"][i].item())


def _word(a: Arrays, i: int) -> str:
    word = a["word"][i]
    return "?" if np.isnan(word) else WORDS[int(word)]


def _state_hover(a: Arrays, i: int, j: int) -> str:
    if i != j:
        return f"states {i} to {j}"
    text = f"h<sub>{i}</sub> = {number(a['h'][i].item())}"
    if i <= a["t"] > 0:
        text += f"<br>∂L<sub>{a['t']}</sub>/∂h<sub>{i}</sub> = {number(a['by_state'][i])}"
    return text + ("<br>Tap: the loss of this step." if i else "<br>given")


def _output_hover(a: Arrays, i: int) -> str:
    if a["f2"] == "softmax":
        return f"step {i}: “{_word(a, i)}” with probability {number(a['o'][i].item(), 3)}"
    return f"o<sub>{i}</sub> = {number(a['o'][i].item())}"


def _names(a: Arrays, row: Row, fold: float, way: list[int], at: int, slim: bool) -> theme.Json:
    """What stands beside: inputs, weights, f1 and f2, the loss, and what arrives at each state."""
    steps = [(float(place), i) for place, (i, j) in enumerate(row) if i == j and i]
    texts: list[tuple[float, float, Any, str]] = [
        (fold, FED, "x<sub>t</sub>", theme.INPUT),
        (fold + 0.4, -0.6, "W<sub>xh</sub>", theme.INPUT),
        (fold + 0.78, 0.46, "W<sub>hh</sub>", theme.WEIGHT),
        (fold + 0.4, 0.86, "W<sub>hy</sub>", OUTPUT),
        (fold + (0.3 if slim else 0.4), LOSS, f"f₁ = {_plain(a['f1'])}<br>f₂ = {a['f2']}", theme.TEXT),
        *((place, FED, each(_fed, a, i), theme.INPUT) for place, i in steps),
        *((place, LOSS, f"L<sub>{i}</sub>", theme.MUTED) for place, i in steps if i != a["t"]),
        *(() if slim else ((place + 0.5, -0.44, "W<sub>hh</sub>", theme.WEIGHT) for place in range(len(row) - 1))),
        *((place + 0.52, 0.86, each(_arriving, a, row[place][1]), theme.TEXT) for place in way),
    ]
    if a["t"]:
        texts += [
            (float(at), LOSS, each(_loss, a), theme.TEXT),
            (at + 0.44, 0.86, each(_arriving, a, a["t"]), theme.TEXT),
        ]
    x, y, text, colors = zip(*texts, strict=True)
    return theme.scatter(
        "text",
        meta="names",
        x=np.array(x),
        y=np.array(y),
        text=list(text),
        textfont={"color": list(colors), "size": 11 if slim else 13},
        hoverinfo="skip",
        cliponaxis=False,
    )


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _fed(a: Arrays, i: int) -> str:
    return f"x{subscript(i)}<br>{brief(a['x'][i - 1].item())}"


def _arriving(a: Arrays, i: int) -> str:
    return brief(a["by_state"][i], 2)


def _loss(a: Arrays) -> str:
    return f"<b>L{subscript(a['t'])}<br>{brief(a['L'], 2)}</b>"


def sentence(a: Arrays) -> str:
    """What the picture shows now."""
    t = a["t"]
    if not t:
        return "There is no output yet: h₀ is given, so there is no loss at step 0 and nothing to correct."
    if a["f2"] == "softmax":
        word, share = _word(a, t), percent(Scaled.of(a["o"][t]))
        put = f"is “{word}” ({share})" if word != "?" else f"favours no word ({share} each)"
        put += ", its target" if word == a["due"] else f", its target “{a['due']}”"
    else:
        put = f"is {number(a['o'][t].item())}, its target {number(float(a['y']))}"
    first, last, by_last = a["by_state"][0], a["by_state"][t], f"∂L{subscript(t)}/∂h{subscript(t)}"
    if last.mant == 0:
        rest = f"{by_last} is 0, so there is nothing to send back"
    elif first.mant == 0:
        rest = "nothing reaches h₀"
    else:
        rest = f"of {by_last} = {number(last)}, {number(first)} arrives at h₀"
    return f"∂L{subscript(t)}/∂Wₕₕ = {number(a['dW'])}. The output of step {t} {put}; {rest}."


def played(a: Arrays) -> theme.Json:
    """The loss runs back: from L_t to h_t, and from state to state, through folds too."""
    t, wide, slim = a["t"], _stops(a, WIDE), _stops(a, NARROW)
    left = a["by_state"][: t + 1]
    said = [f"{derivative('L', t, 'h', i)} = {text}" for i, text in enumerate(numbers(left))] if t else []
    left = Scaled.concatenate([left, Scaled.of(np.ones(1))])  # the loss by itself
    lags = [
        f"lag{lag}" if lag < 3 else "last" if lag == t - 1 else "" for lag in range(t + 1)
    ]  # as the formula's terms
    way = lanes.lane(wide, left, theme.PRODUCT, slim=slim, digits=3, under=-0.55)
    return lanes.play([way], [f"the loss L{subscript(t)}", *said[::-1]], axis="y", slots=lags)


def _stops(a: Arrays, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the pulse stands at h_0 … h_t and at the loss; within a fold it moves on evenly."""
    t = a["t"]
    row = cells(a["T"], t, 0, most)
    x = [
        place + 0.5 * ((i - first + 0.5) / (last - first + 1) - 0.5)
        for place, (first, last) in enumerate(row)
        for i in range(first, last + 1)
    ]
    at = x[t] + ASIDE * bool(t)
    return np.array([*x[:t], at, x[t]])[: t + 2 if t else 1], np.array([LANE] * (t + 1) + [2.0])[: t + 2 if t else 1]


def picture(a: Arrays) -> theme.Json:
    """The page's main figure as `show` takes it."""
    rest = {} if a["bare"] else {"play": played(a)}
    return theme.figure_item(
        "unrolled",
        "Folded and unrolled",
        each(sentence, a),
        draw(a),
        narrow=draw(a, NARROW),
        role="main",
        tap=True,
        height=330,
        **rest,
    )
