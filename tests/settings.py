"""Random settings of every page, as a reader can make them: by sliders, menus, addresses, pasted numbers, scenarios.

Seeded, each by itself: `settings("chain", 7)` is the same whoever asks, so a failing number can be tried alone. Half of
them are hard on purpose (`HARD`): what overflows, underflows, saturates, sits on a kink, or is exactly 0.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from pages.charts.parts.view import Study
from pages.contents import CONTENTS
from pages.controls import codec
from pages.controls.control import Control
from pages.controls.hold import HELD, held_text
from pages.controls.table import TABLE
from pages.frame.page import Page, controls_of, study_of
from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import GATES
from rnn_core.experiment import Experiment
from rnn_core.readout import WORDS

Values = dict[str, Any]  # by a control's key

PAGES = {address: entry for address, entry in CONTENTS.items() if isinstance(entry, Page)}


def experiments(page: str, count: int, seed: int = 0, held: bool = False) -> list[Experiment]:
    """`count` experiments of a page; `held`: each beside another."""
    return [experiment(page, values) for values in many(page, count, seed, held)]


def many(page: str, count: int, seed: int = 0, held: bool = False) -> Iterator[Values]:
    """The settings behind `experiments`."""
    return (settings(page, number, seed, held) for number in range(count))


def study(page: str, values: Values) -> Study:
    """What the page makes of settings."""
    return study_of(PAGES[page], controls(page), values)


def experiment(page: str, values: Values) -> Experiment:
    return study(page, values).experiment


def address(page: str, values: Values) -> str:
    """Where the app shows settings: what a failing test should name."""
    return f"/{codec.joined(page, codec.texts(controls(page), values))}"


def controls(page: str) -> dict[str, Control]:
    """A page's controls with its own defaults."""
    return controls_of(PAGES[page])


def settings(page: str, number: int, seed: int = 0, held: bool = False) -> Values:
    """One setting of all the page's controls."""
    rng, known = Random(f"{page} {seed} {number}"), controls(page)
    values = _settings(page, known, rng)
    if held:
        values[HELD] = held_text(known, _settings(page, known, rng), PAGES[page].main)
    return values


def _settings(page: str, known: dict[str, Control], rng: Random) -> Values:
    values = {key: control.default for key, control in known.items()}
    of_page = [scenario for scenario in SCENARIOS.values() if scenario.page == page]
    if of_page and rng.random() < 0.3:
        values |= codec.values_of(rng.choice(of_page).experiment, PAGES[page].controls)
    share = rng.choice((0.1, 0.3, 0.6, 1.0))  # of the controls that are moved
    values |= {key: _value(c, rng) for key, c in known.items() if key != HELD and rng.random() < share}
    if rng.random() < 0.5:
        values |= {key: value for key, value in rng.choice(HARD)(rng).items() if key in known}
    return values


def _value(control: Control, rng: Random) -> Any:
    if control.kind == "slider":
        return _number(control, rng)
    if control.kind == "text":
        return _pasted(rng)
    return rng.random() < 0.5 if control.kind == "toggle" else rng.choice(control.options)


def _number(control: Control, rng: Random) -> Any:
    """A slider's: on a step, off it, at a limit, nothing, or next to nothing."""
    low, high, step = control.min, control.max, control.step
    if isinstance(control.default, int):
        return rng.choice((low, high, rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)))
    found = rng.choices(
        (
            round(low + step * rng.randint(0, round((high - low) / step)), 10),
            round(rng.uniform(low, high), 3),
            rng.uniform(low, high),
            rng.choice((low, high)),
            max(low, 0.0),
            max(low, rng.choice((-1, 1)) * 10 ** rng.uniform(-300, -1)),
        ),
        (8, 3, 3, 3, 2, 1),
    )[0]
    return codec.parse(control, codec.text(found)).value  # some take their steps only


def _pasted(rng: Random) -> str:
    """As many as a reader may paste, and as large and small as numbers may be."""
    make = rng.choice(
        (
            lambda: rng.randint(-3, 3),
            lambda: round(rng.gauss(0, 1), 2),
            lambda: rng.gauss(0, 1),
            lambda: rng.choice((-1, 1)) * 10 ** rng.uniform(-100, 100),
            lambda: rng.choice((0, 1, -1, 1e99, -1e100, 1e-99)),
        )
    )
    numbers = [repr(make()) for _ in range(rng.choice((0, 1, 2, 10, 130)))]
    while len(text := ", ".join(numbers)) > TABLE["values"].max_chars:
        numbers.pop()
    return text


def _long(rng: Random) -> Values:
    return {"T": 100, "t": 100, "k": rng.choice((0, 0, 1, 50))}


def _any(*names: str) -> Callable[[Random], str]:
    return lambda rng: rng.choice(names)


_STRAIGHT, _KINKED = (
    _any("identity", "relu", "leaky_relu", "elu"),
    _any("relu", "leaky_relu", "hardtanh", "hardsigmoid"),
)


def _overflow(rng: Random) -> Values:
    return _long(rng) | {"activation": _STRAIGHT(rng), "w": rng.choice((8.0, -6.0, rng.uniform(2, 8)))}


def _underflow(rng: Random) -> Values:
    return _long(rng) | {
        "activation": rng.choice((*ACTIVATIONS,)),
        "w": rng.choice((-1, 1)) * 10 ** rng.uniform(-300, 0),
        "b": 0.0,
        "sequence": rng.choice(("none", "impulse", "sine")),
    }


def _saturation(rng: Random) -> Values:
    return {
        "activation": _any("tanh", "sigmoid", "elu", "hardtanh")(rng),
        "w": rng.choice((8.0, -6.0, rng.uniform(-6, 8))),
        "b": rng.choice((6.0, -6.0)),
        "h0": rng.choice((3.0, -3.0)),
        "u": rng.choice((4.0, -4.0)),
    }


def _far_inputs(rng: Random) -> Values:
    far = [rng.choice((-1, 1)) * 10 ** rng.uniform(0, 5) for _ in range(rng.randint(1, 40))]
    return {"sequence": "pasted", "values": ", ".join(f"{x:.6g}" for x in far)}


def _kink(rng: Random) -> Values:
    """z = ±1, ±3 or 0 at the first step, or at all."""
    w = rng.choice((1.0, -1.0, 2.0, 0.5))
    return {
        "activation": _KINKED(rng),
        "w": w,
        "b": rng.choice((0.0, 1.0, -1.0, 3.0)),
        "h0": rng.choice((0.0, 1.0, -1.0)),
        "sequence": "none",
    }


def _chaos(rng: Random) -> Values:
    return _long(rng) | {
        "activation": rng.choice((*ACTIVATIONS,)),
        "w": rng.uniform(-6, -1),
        "b": rng.uniform(-2, 2),
        "sequence": rng.choice(("sine", "noise", "constant")),
        "amplitude": rng.uniform(-5, 5),
    }


def _gates_at_limits(rng: Random) -> Values:
    out: Values = {"pin_all": False} | _long(rng)
    for q in GATES:
        out[f"{q}_mode"] = "computed"
        out |= {f"{letter}_{q}": rng.choice((-1, 1, 1)) * TABLE[f"{letter}_{q}"].max for letter in "wub"}
    return out


def _gates_computed(rng: Random) -> Values:
    out: Values = {"pin_all": False}
    for q in GATES:
        out[f"{q}_mode"] = "computed"
        out |= {f"{letter}_{q}": rng.gauss(0, 1.5) for letter in "wub"}
    return out


def _gates_shut_or_open(rng: Random) -> Values:
    out: Values = _long(rng) | {"pin_all": rng.random() < 0.5, "c0": rng.choice((0.0, 1.0, -3.0))}
    for q in GATES:
        out |= {f"{q}_mode": rng.choice(("pinned", "pinned", "computed")), q: rng.choice((0.0, 1.0, 1e-5, 1 - 1e-5))}
    return out


def _words(rng: Random) -> Values:
    return _long(rng) | {
        "f2": "softmax",
        "target": rng.choice(WORDS),
        "w_y": rng.choice((5.0, -5.0, 1.0)),
        "activation": _STRAIGHT(rng),
        "w": rng.choice((8.0, 1.5, 1.0, rng.uniform(0.8, 2.0))),
    }


def _number_due(rng: Random) -> Values:
    """The number said may be the one due, or all beside it."""
    return {
        "f2": "identity",
        "activation": _STRAIGHT(rng),
        "w": rng.choice((1.0, rng.uniform(-6, 8))),
        "w_y": 1.0,
        "y": rng.choice((0.5, 0.0, 5.0)),
        "h0": 0.5,
        "sequence": rng.choice(("none", "sunspots", "impulse")),
    }


def _nothing(rng: Random) -> Values:
    return {rng.choice(("w", "u", "w_y", "h0", "amplitude", "c0")): 0.0, "b": 0.0, "sequence": "none"}


def _ends(rng: Random) -> Values:
    T = rng.choice((1, 2, 100))
    return {"T": T, "t": rng.choice((0, T, 100)), "k": rng.choice((0, T - 1, T, 100)), "step": rng.choice((1, T, 100))}


HARD: tuple[Callable[[Random], Values], ...] = (
    _overflow, _underflow, _saturation, _far_inputs, _kink, _chaos, _gates_at_limits, _gates_computed,
    _gates_shut_or_open, _words, _number_due, _nothing, _ends,
)  # fmt: skip
