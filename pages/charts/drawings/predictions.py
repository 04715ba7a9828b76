"""A scene's picture: what may be predicted, what was predicted, and after the commit what is true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pages.charts.parts import latex, theme
from pages.charts.parts.along import Arrays, along, zipped
from pages.charts.parts.numbers import number
from pages.lessons.scenes import SCENES, Choice, Guess, Prediction, Scene
from rnn_core.scaled import Scaled

LETTERS = {"A": ("--u-blue", "solid"), "B": ("--u-orange", "dash"), "C": ("--u-green", "dot")}
OWN, TRUE = theme.STATE, theme.PRODUCT
NEAR = 0.3  # powers of ten: within a factor of two, a guess is as good as right


def items(p: Prediction, over: Any = None) -> list[dict[str, Any]]:
    """What `show` shows of a scene; with `over` = ("guess", values), at every position of the slider.

    Before the commit, nothing of it depends on the answer but the three curves to choose from.
    """
    a = quantities(p, over)
    return [picture(a), formula(p)]


def quantities(p: Prediction, over: Any = None) -> Arrays:
    """The scene's curves that may be seen now, as heights on its axis, and the guess (*batch)."""
    scene = SCENES[p.scene]
    answer, ask = scene.answer, scene.ask
    guess = np.array(p.guess if over is None else over[1], dtype=float)
    a: Arrays = {
        "S": len(guess) if over else None,
        "bare": bool(over),
        "p": p,
        "scene": scene,
        "x": answer.x,
        "asked": float(answer.x[answer.asked]),
        "bounds": (scene.axes.low, scene.axes.high),
    }
    if isinstance(ask, Choice):
        return a | {
            "curves": {letter: _heights(scene, y) for letter, y in answer.curves.items()},
            "given": None if answer.given is None else _heights(scene, answer.given),
        }
    start = float(scene.truth[0].log10)
    return a | {
        "guess": guess,
        "start": np.where(np.isfinite(start), start, guess),
        "truth": _heights(scene, scene.truth) if p.committed else None,
    }


def _heights(scene: Scene, y: Scaled) -> np.ndarray:
    return y.log10 if scene.axes.log else y.value


def draw(a: Arrays) -> theme.Json:
    """The three candidates, or the mark of the guess; committed, the truth with the prediction as its ghost."""
    axes, x = a["scene"].axes, a["x"]
    data = _candidates(a) if "curves" in a else _guess(a)
    return {
        "data": data,
        "layout": {
            "xaxis": _x_axis(x, axes.x, gutter=0.16),
            "yaxis": _y_axis(a, axes.y),
            "shapes": [theme.line_at(0)],
            "meta": a["p"].committed,  # a change of dash and width is one of the layout's kind
            "margin": {"t": 12},
        },
    }


def _x_axis(x: np.ndarray, title: str, gutter: float) -> theme.Json:
    """All of x, and room at the right for what the curves are called."""
    span = float(x[-1] - x[0])
    every = next(d for d in (0.5, 1, 2, 5, 10, 20, 50) if span / d <= 10)
    return {
        "range": [float(x[0]) - 0.03 * span, float(x[-1]) + gutter * span],
        "tickvals": np.arange(np.ceil(x[0] / every), np.floor(x[-1] / every) + 1) * every,
        "title": {"text": title},
        "zeroline": False,
        "showgrid": False,
    }


def _y_axis(a: Arrays, title: str, most: int = 8) -> theme.Json:
    if a["scene"].axes.log:
        return theme.log_axis(a["bounds"], title, most=most)
    return {"range": list(a["bounds"]), "nticks": most, "title": {"text": title}, "zeroline": False}


def _candidates(a: Arrays) -> list[theme.Json]:
    p, ask = a["p"], a["scene"].ask
    curves: Mapping[str, np.ndarray] = a["curves"]
    some = -(-len(a["x"]) // 12)  # marks beyond the scale: few say the same
    return [
        _given(a),
        *(_candidate(a, letter, y) for letter, y in curves.items()),
        theme.off_scale(a, a["x"][::some], {LETTERS[name][0]: y[::some] for name, y in curves.items()}, a["bounds"]),
        _names(a, {letter: _called(p, ask, letter) for letter in curves}),
    ]


def _given(a: Arrays) -> theme.Json:
    """What is known from the beginning; an empty trace where nothing is."""
    known = a["given"] is not None
    return theme.scatter(
        "lines",
        x=a["x"] if known else [None],
        y=a["given"] if known else [None],
        line={"color": theme.REFERENCE, "width": 2},
        showlegend=False,
    )


def _candidate(a: Arrays, letter: str, y: np.ndarray) -> theme.Json:
    """Before the commit all three are alike; then the truth stands out, and the choice stays as a ghost."""
    p, ask = a["p"], a["scene"].ask
    color, dash = LETTERS[letter]
    chosen, true = letter == p.choice, p.committed and letter == ask.truth
    faint = p.committed and not true
    ghost = f"{color}/{0.55 if chosen else 0.25}" if faint else color
    tap = {"customdata": [letter] * len(a["x"]), "hover": {"hovertemplate": f"curve {letter}<extra></extra>"}}
    return theme.scatter(
        "lines",
        meta=letter,
        x=a["x"],
        y=theme.gaps(y),
        name=letter,
        line={"color": ghost, "dash": dash, "width": 4 if true or (chosen and not p.committed) else 2.5},
        showlegend=False,
        **({} if p.committed else tap),
    )


def _called(p: Prediction, ask: Choice, letter: str) -> str:
    parts = ["truth"] if p.committed and letter == ask.truth else []
    parts += ["yours"] if letter == p.choice else []
    return f"<b>{letter}</b> {', '.join(parts)}".strip()


def _names(a: Arrays, called: Mapping[str, str]) -> theme.Json:
    """Each name where its curve leaves the picture, none covering another."""
    low, high = a["bounds"]
    places = {letter: _last_seen(a["x"], a["curves"][letter], low, high) for letter in called}
    room = 0.09 * (high - low)
    placed: list[tuple[str, float, float]] = []
    for letter, (x, y) in sorted(places.items(), key=lambda place: -place[1][1]):
        for _, other_x, other_y in placed:
            if abs(x - other_x) < 0.1 * (a["x"][-1] - a["x"][0]) and other_y - y < room:
                y = other_y - room
        placed.append((letter, x, min(max(y, low + room / 3), high - room)))
    return theme.scatter(
        "markers+text",
        x=[x for _, x, _ in placed],
        y=[y for *_, y in placed],
        text=[called[letter] for letter, *_ in placed],
        textposition="middle right",
        marker={"size": 8, "opacity": 0},
        textfont={"color": [LETTERS[letter][0] for letter, *_ in placed], "size": 14},
        showlegend=False,
        cliponaxis=False,
    )


def _last_seen(x: np.ndarray, y: np.ndarray, low: float, high: float) -> tuple[float, float]:
    seen = np.flatnonzero((y >= low) & (y <= high))
    if not len(seen):
        return float(x[-1]), high if y[-1] > high else low
    last = int(seen[-1])
    return float(x[last]), float(y[last])


def _guess(a: Arrays) -> list[theme.Json]:
    p, x, asked = a["p"], a["x"], a["asked"]
    truth = a["truth"] if p.committed else np.full(len(x), np.nan)
    own = f"{OWN}/0.55" if p.committed else OWN
    ends = np.stack([np.broadcast_to(a["start"], a["guess"].shape), a["guess"]], axis=-1)
    return [
        theme.scatter(
            "lines", meta="answer", x=x, y=theme.gaps(truth), line={"color": TRUE, "width": 4}, showlegend=False
        ),
        theme.scatter(
            "lines+markers",
            meta="guess",
            x=[float(x[0]), asked],
            y=along(ends),
            line={"color": own, "width": 2, "dash": "dash"},
            marker={"color": own, "symbol": "diamond", "size": [0, 14], "line": {"width": 0}},
            showlegend=False,
            cliponaxis=False,
        ),
        _marks(a),
    ]


def _marks(a: Arrays) -> theme.Json:
    """The guess and the truth, named beside their marks and never on top of each other."""
    p, (low, high) = a["p"], a["bounds"]
    room = 0.19 * (high - low)
    own, texts, colors = a["guess"], [_of_each(a, "yours<br>{}")], [OWN]
    y = np.stack([own], axis=-1)
    if p.committed:
        true = float(a["scene"].number.log10)
        apart = float(own) - true
        shift = (room - abs(apart)) * (1 if apart >= 0 else -1) if abs(apart) < room else 0.0
        y = np.array([float(own) + shift, true])
        texts, colors = [*texts, f"<b>truth<br>{_worth(true)}</b>"], [OWN, TRUE]
    above = a["asked"] < a["x"][-1]  # where the curve goes on, its name stands above it
    inner = np.clip(y, low, high - room) if above else np.clip(y, low + room / 2, high - room / 2)
    return theme.scatter(
        "markers+text",
        meta="marks",
        x=[a["asked"]] * len(texts),
        y=along(inner),
        text=texts,
        marker={"size": 16, "opacity": 0},
        textposition="top right" if above else "middle right",
        textfont={"color": colors, "size": 14},
        showlegend=False,
        cliponaxis=False,
    )


def _of_each(a: Arrays, text: str) -> Any:
    """A text with the guess in it, or with that of each position."""
    return zipped([text.format(_worth(guess)) for guess in np.atleast_1d(a["guess"]).tolist()])


def _worth(log10: float, digits: int = 3) -> str:
    """A power of ten as a number."""
    return number(Scaled.from_log(np.array(log10 * np.log(10))), digits)


def picture(a: Arrays) -> theme.Json:
    """The scene's figure as `show` takes it."""
    wide, scene = draw(a), a["scene"]
    slim = theme.narrow(
        wide,
        xaxis=_x_axis(a["x"], "", gutter=0.3),
        yaxis=_y_axis(a, "", most=4),
        margin={"l": 40, "r": 4, "t": 8, "b": 24},
    )
    text = _of_each(a, _of_guessing(a["p"], scene.ask)) if "guess" in a else _of_choosing(a["p"], scene, scene.ask)
    more = {"tap": True} if isinstance(scene.ask, Choice) and not a["p"].committed else {}
    return theme.figure_item(
        f"scene-{scene.name}", scene.title, text, wide, narrow=slim, role="main", height=300, **more
    )


def _of_guessing(p: Prediction, ask: Any) -> str:
    """The read-out, but for the guess."""
    if not p.committed:
        return f"Your mark says that {ask.quantity} is {{}}. Move it to where you expect it."
    return f"In truth {ask.quantity} is {number(SCENES[p.scene].number)}; you predicted {{}}."


def _of_choosing(p: Prediction, scene: Scene, ask: Any) -> str:
    if not p.committed:
        ends = [f"{_end(y[-1])} ({letter})" for letter, y in scene.answer.curves.items()]
        return f"Three curves to choose from. They end at {ends[0]}, {ends[1]} and {ends[2]}."
    truth = ask.truth
    yours = {truth: ", as you predicted", "": ""}.get(p.choice, f", you chose {p.choice}")
    return f"{truth} is the truth{yours}. It ends at {_end(scene.truth[-1])}."


def _end(y: Scaled) -> str:
    return number(y, 3)


def formula(p: Prediction) -> theme.Json:
    """The formula beside the picture, its results still open before the commit."""
    scene = SCENES[p.scene]
    slots = _slots(scene)
    if not p.committed:
        slots = dict.fromkeys(slots, "?")
    used = {name: text for name, text in slots.items() if f"@{name}@" in scene.latex}
    return latex.item(
        "scene-formula", "The question as a formula.", [latex.line(scene.latex, used, {"truth": "product"})]
    )


def _slots(scene: Scene) -> dict[str, str]:
    """A scene's numbers as they stand in its texts."""
    return {name: number(value, 3) for name, value in scene.answer.numbers.items()} | {"truth": number(scene.number)}


def texts(p: Prediction) -> list[theme.Json]:
    """Verdict, lesson and source, once the reader has committed and said what was to be seen."""
    scene, told = SCENES[p.scene], p.committed and p.said
    slots = _slots(scene) if told else {}
    said = {
        "verdict": verdict(p) if told and p.settled else "",
        "lesson": scene.lesson.format(**slots) if told else "",
        "source": f"Source: {scene.source.format(**slots)}." if told else "",
    }
    unbroken = {name: text.replace(" × 10", "\u00a0×\u00a010") for name, text in said.items()}
    return [{"kind": "text", "name": name, "text": text} for name, text in unbroken.items()]


def verdict(p: Prediction) -> str:
    """What became of the prediction, and whether the reader saw it so."""
    ask = SCENES[p.scene].ask
    first = _of_choice(p, ask) if isinstance(ask, Choice) else _of_guess(p, ask)
    return f"{first} {_of_sight(p)}"


def _of_choice(p: Prediction, ask: Choice) -> str:
    if p.choice == ask.truth:
        return f"You chose {p.choice}, and {p.choice} it is: {ask.theories[p.choice]}."
    return f"You chose {p.choice}: {ask.theories[p.choice]}. The truth is {ask.truth}: {ask.theories[ask.truth]}."


def _of_guess(p: Prediction, ask: Guess) -> str:
    both = f"You predicted {_worth(p.guess)}, and it is {number(SCENES[p.scene].number)}:"
    if abs(p.gap) < 0.05:
        return f"{both} spot on."
    if abs(p.gap) <= NEAR:
        return f"{both} within a factor of {10 ** abs(p.gap):.1f}."
    return f"{both} {_orders(p.gap)} too {'large' if p.gap > 0 else 'small'}. " + (
        ask.too_large if p.gap > 0 else ask.too_small
    )


def _orders(gap: float) -> str:
    """How far apart two numbers are, in words."""
    size = abs(gap)
    if size < 1:
        return f"a factor of {10**size:.1f}"
    text = number(size, 2)
    return f"{text} order{'' if text == '1' else 's'} of magnitude"


def _of_sight(p: Prediction) -> str:
    near = abs(p.gap) <= (NEAR if SCENES[p.scene].axes.log else 1e-3)
    truth = "as thought" if p.gap == 0 or (near and p.said == "as thought") else "smaller" if p.gap > 0 else "larger"
    if p.said == truth:
        return (
            "You found it as you had thought, and so it is."
            if near and truth == "as thought"
            else (f"You saw that the truth is {truth}, and so it is.")
        )
    found = "You found the truth as you had thought" if p.said == "as thought" else f"You called the truth {p.said}"
    if truth == "as thought":
        return f"{found}; compare again: it is what you predicted."
    return f"{found}; compare again: it lies {'below' if truth == 'smaller' else 'above'} your prediction."
