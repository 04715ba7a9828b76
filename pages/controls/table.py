"""The one table of controls: widget key = `Experiment` field = URL name.

Ranges and steps are the app's; defaults are the experiment's own. Changing a name, a range or a default
breaks links that people have saved.
"""

from dataclasses import replace
from typing import Any

from pages.controls.control import Control
from pages.lessons.challenges import CHALLENGES, NONE
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import GATES, LSTM
from rnn_core.cells.gate import Gate
from rnn_core.experiment import CLIPS, EXACT, MODES, Experiment
from rnn_core.flow.number_types import NUMBER_TYPES
from rnn_core.flow.unroll import T_MAX
from rnn_core.readout import F2, PLACES, WORDS
from rnn_core.sequences import SEQUENCES, YEARS

_DEFAULTS = vars(Experiment())


_TYPED = (-100.0, 100.0)  # of weights and biases


def _slider(
    key: str, label: str, low: float, high: float, step: float, help: str | None = None, **more: Any
) -> Control:
    return Control(key, label, "slider", _DEFAULTS[key], low, high, step, help=help, **more)


def _choice(key: str, label: str, options: tuple[str, ...], help: str | None = None) -> Control:
    return Control(key, label, "choice", _DEFAULTS[key], options=options, help=help)


def _gate(gate: Gate) -> list[Control]:
    q, symbol = gate.letter, gate.shown
    return [
        _choice(f"{q}_mode", f"The {gate.full_title} {symbol} is", MODES),
        _slider(q, f"Value of {symbol}{gate.share and f', {gate.share}'}", gate.low, 1.0, 0.01),
        _slider(f"w_{q}", f"Weight w from h to {symbol}", -5.0, 5.0, 0.05, typed=_TYPED),
        _slider(f"u_{q}", f"Weight u from x to {symbol}", -5.0, 5.0, 0.05, typed=_TYPED),
        _slider(f"b_{q}", f"Bias b of {symbol}", -8.0, 8.0, 0.05, typed=_TYPED),
    ]


_ALL = [
    _choice("activation", "Activation φ", tuple(ACTIVATIONS)),
    _slider("slope", "Slope of leaky_relu below 0", 0.0, 1.0, 0.01),
    _slider("w", "Recurrent weight w", -6.0, 8.0, 0.05, typed=_TYPED),
    _slider("u", "Input weight u", -4.0, 4.0, 0.05, typed=_TYPED),
    _slider("b", "Bias b", -6.0, 6.0, 0.05, typed=_TYPED),
    _slider("h0", "Initial state h₀", -3.0, 3.0, 0.05),
    _slider("c0", "Initial cell state C₀", -3.0, 3.0, 0.05),
    _slider("T", "Steps T", 1, 100, 1, typed=(1, 1000)),
    _slider("t", "Chain ends at t", 0, 100, 1, typed=(0, T_MAX), upto="T"),
    _slider("k", "Chain begins at k", 0, 100, 1, typed=(0, T_MAX), upto="T"),
    _slider("step", "Step spelled out", 1, 100, 1, "Or tap its bar in the picture.", typed=(1, T_MAX), upto="T"),
    Control("dtype", "The product computed in", "select", _DEFAULTS["dtype"], options=(EXACT, *NUMBER_TYPES)),
    _choice("clip", "Then clipped to 1 by", CLIPS),
    Control("challenge", "Challenge", "select", NONE, options=(NONE, *CHALLENGES)),
    Control("sequence", "Input sequence", "select", _DEFAULTS["sequence"], options=tuple(SEQUENCES)),
    _slider("amplitude", "Amplitude", -5.0, 5.0, 0.05),
    _slider("period", "Period in steps", 2.0, 50.0, 0.5),
    _slider("at", "Step of the impulse", 1, 100, 1, typed=(1, T_MAX), upto="T"),
    replace(_slider("seed", "Seed of the noise", 0, 999, 1), alike=False),
    _slider("start", "First year", *YEARS, 1),
    _choice("f2", "Output f₂", F2),
    _slider("w_y", "Output weight", -5.0, 5.0, 0.05,
            f"For the four words, times {', '.join(f'{place:g}' for place in PLACES)}: the logits per unit of h."),
    _choice("target", "Target word at every step", WORDS),
    _slider("y", "Target number y at every step", -5.0, 5.0, 0.05),
    Control("values", "Your numbers", "text", "",
            help="Separated by spaces, semicolons or commas; decimals as in 0.5 or 0,5.", max_chars=2000),
    Control("held", "Held for comparison", "text", "", help="Settings as in an address; set by the button Hold.",
            max_chars=6000),  # all controls of a page, and all the numbers that can be pasted
    Control("pin_all", "Pin all gates", "toggle", _DEFAULTS["pin_all"],
            help="Every gate keeps its pinned value, so none reads h: direct path and total merge."),
    *(Control(f"cut_{q}", f"without {GATES[q].shown}", "toggle", _DEFAULTS[f"cut_{q}"]) for q in LSTM.gates),
    replace(_slider("b_net", "Raise the networks’ forget bias by b", 0.0, 5.0, 0.5), between=False),
    *(control for gate in GATES.values() for control in _gate(gate)),
]  # fmt: skip

TABLE: dict[str, Control] = {control.key: control for control in _ALL}

INPUT = ("sequence", "amplitude", "period", "at", "seed", "start", "values")
CHAIN = ("T", "t", "k")
DIGITS = ("dtype", "clip")
CUTS = tuple(f"cut_{q}" for q in LSTM.gates)


def chosen(keys: tuple[str, ...]) -> dict[str, Control]:
    """Part of the table, in this order."""
    return {key: TABLE[key] for key in keys}
