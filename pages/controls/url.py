"""What a web address may ask of a control: whatever it says, there is a sensible value and a sentence."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from pages.controls.control import Control

_SHOWN = 20  # characters of a strange value that are repeated to the reader
_NOTES = 3  # more would cover the picture


def judge(control: Control, given: Sequence[str]) -> tuple[Any, str]:
    """The value to use for what an address says, and why it is another one ("" if it is not).

    >>> from pages.controls.control import Control
    >>> w = Control("w", "recurrent weight", "slider", default=2.0, min=-6.0, max=8.0, step=0.05)
    >>> judge(w, ["99"])
    (8.0, 'w = 99 lies outside −6 … 8, so 8 is used.')
    >>> judge(w, ["nan"])
    (2.0, 'w = “nan” is not a number, so the default 2 is used.')
    """
    value, note = _JUDGES[control.kind](control, given[-1])
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
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return _default(control, text, "is not a number")
    nearest = min(max(value, control.min), control.max)
    if nearest != value:
        limits = f"{_shown(control.min)} … {_shown(control.max)}"
        used = type(control.default)(nearest)
        return used, f"{control.key} = {_shown(value)} lies outside {limits}, so {_shown(used)} is used."
    if isinstance(control.default, int) and value != int(value):
        return round(value), (
            f"{control.key} = {_shown(value)} is not a whole number, so {_shown(round(value))} is used."
        )
    return type(control.default)(value), ""


def _option(control: Control, text: str) -> tuple[Any, str]:
    return (text, "") if text in control.options else _default(control, text, "is not one of its options")


def _switch(control: Control, text: str) -> tuple[Any, str]:
    known = {"true": True, "false": False}
    return (known[text.lower()], "") if text.lower() in known else _default(control, text, "is not true or false")


def _text(control: Control, text: str) -> tuple[Any, str]:
    if len(text) <= control.max_chars:
        return text, ""
    note = f"{control.key} has {len(text)} characters; the first {control.max_chars} are used."
    return text[: control.max_chars], note


_JUDGES = {"slider": _number, "choice": _option, "select": _option, "toggle": _switch, "text": _text}


def _default(control: Control, text: str, why: str) -> tuple[Any, str]:
    return (
        control.default,
        f"{control.key} = “{_short(text)}” {why}, so the default {_shown(control.default)} is used.",
    )


def _short(text: str) -> str:
    text = "".join(letter if letter.isprintable() else "�" for letter in text[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}".replace("-", "−") if isinstance(value, int | float) else _short(str(value))
