"""What a web address may ask of a control: whatever it says, there is a sensible value and a sentence."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from pages.controls import reading
from pages.controls.control import Control

_SHOWN = 20  # characters of a strange value that are repeated to the reader
_NOTES = 3  # more would cover the picture


def judge(control: Control, given: Sequence[str], now: Any = None) -> tuple[Any, str]:
    """The value to use for what an address or a box says, and why it is another one ("" if it is not).

    What cannot be used leaves a control at `now`, where it has a value already, else at its default.

    >>> from pages.controls.control import Control
    >>> w = Control("w", "recurrent weight", "slider", default=2.0, min=-6.0, max=8.0, step=0.05)
    >>> judge(w, ["99"])
    (8.0, 'w = 99 lies outside −6 … 8, so 8 is used.')
    >>> judge(w, ["nan"])
    (2.0, 'w = “nan” is not a number, so the default 2 is used.')
    >>> judge(w, ["1,5"], now=2.0), judge(w, ["abc"], now=2.0)
    ((1.5, ''), (2.0, 'w = “abc” is not a number, so 2 stays.'))
    """
    value, note = _JUDGES[control.kind](control, given[-1])
    if value is None and note:
        value = control.default if now is None else now
        used = f"the default {_shown(value)} is used" if now is None else f"{_shown(value)} stays"
        note = f"{control.key} = “{_short(given[-1])}” {note}, so {used}."
    if not note and len(given) > 1:
        note = f"{control.key} is given {len(given)} times, so the last, {_shown(value)}, is used."
    return value, note


def written(value: Any) -> str:
    """A value as Streamlit writes it into the address.

    >>> written(8.0), written(0.123), written(True)
    ('8', '0.123', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def combined(notes: Iterable[str]) -> str:
    """Several notes as one, safe to show as Markdown."""
    notes = list(notes)
    more = len(notes) - _NOTES
    shown = notes[:_NOTES] + ([f"The same goes for {more} more."] if more > 0 else [])
    return "\n\n".join(re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", note) for note in shown)


def _number(control: Control, text: str) -> tuple[Any, str]:
    readings = [value for value in reading.number(text) if math.isfinite(value)]
    if not readings:
        return None, "is not a number"
    fitting = [value for value in readings if control.min <= value <= control.max]
    value = (fitting or readings)[0]
    others = "".join(f", not as {_shown(other)}" for other in readings if other != value)
    read = f"{control.key} = “{_short(text)}” is read as {_shown(value)}{others}." if others else ""
    used = type(control.default)(_nearest(control, value))
    if used == value:
        return used, read
    limits = f"{_shown(control.min)} … {_shown(control.max)}"
    between = f"lies between steps of {_shown(control.step)}" if isinstance(used, float) else "is not a whole number"
    why = between if control.min <= value <= control.max else f"lies outside {limits}"
    return used, f"{read} {control.key} = {_shown(value)} {why}, so {_shown(used)} is used.".strip()


def _nearest(control: Control, value: float) -> float:
    """Inside the range; where only whole numbers or steps are taken, the nearest, and the greater of two."""
    value = min(max(value, control.min), control.max)
    if isinstance(control.default, float) and control.between:
        return value
    low, grain = (0, 1) if isinstance(control.default, int) else (control.min, control.step)
    return low + grain * math.floor((value - low) / grain + 0.5)


def _option(control: Control, text: str) -> tuple[Any, str]:
    return (text, "") if text in control.options else (None, "is not one of its options")


def _switch(control: Control, text: str) -> tuple[Any, str]:
    known = {"true": True, "false": False}
    return (known[text.lower()], "") if text.lower() in known else (None, "is not true or false")


def _text(control: Control, text: str) -> tuple[Any, str]:
    if len(text) <= control.max_chars:
        return text, ""
    note = f"{control.key} has {len(text)} characters; the first {control.max_chars} are used."
    return text[: control.max_chars], note


_JUDGES = {"slider": _number, "choice": _option, "select": _option, "toggle": _switch, "text": _text}


def _short(text: str) -> str:
    text = "".join(letter if letter.isprintable() else "�" for letter in text[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, int | float):
        return _short(str(value))
    short = f"{value:g}"
    return (short if float(short) == value else written(value)).replace("-", "−")
