"""One codec for settings: an address, the texts in it, the widgets' values, an experiment, and all the way back.

    "chain?w=1,5&T=20"          an address: a page, and what it says of some of its controls
       │ split      ▲ joined
    {"w": "1,5", "T": "20"}     texts
       │ values     ▲ texts
    {"w": 1.5, "T": 20, …}      values as widgets hold them, of all the page's controls
       │ experiment ▲ values_of
    Experiment(w=1.5, T=20)

Whatever a text says, there is a sensible value, and a note where that is another one than was written.
"""

import math
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

from pages.controls import reading
from pages.controls.control import Control
from rnn_core.experiment import Experiment

Controls = Mapping[str, Control]  # by key
Texts = Mapping[str, str]  # by key: what an address says
Values = dict[str, Any]  # by key: what widgets hold

_QUOTED = 20  # characters of a strange value that are repeated to the reader
_NOTES = 3  # more would cover the picture
_FIELDS = frozenset(field.name for field in fields(Experiment))


class Parsed(NamedTuple):
    """What a text means for a control, and why that is another value than was written ("" if it is not)."""

    value: Any
    note: str


def split(address: str) -> tuple[str, dict[str, str]]:
    """An address as its page and its texts. Raises ValueError where it has more than 200.

    >>> split("chain?w=2&activation=tanh")
    ('chain', {'w': '2', 'activation': 'tanh'})
    """
    page, _, query = address.partition("?")
    given = parse_qs(query, keep_blank_values=True, max_num_fields=200)
    return page, {key: texts[-1] for key, texts in given.items()}


def joined(page: str, texts: Texts) -> str:
    """
    >>> joined("chain", {"w": "2", "values": "1, 2"}), joined("map", {})
    ('chain?w=2&values=1%2C+2', 'map')
    """
    return f"{page}?{urlencode(texts)}" if texts else page


def parse(control: Control, *given: str, now: Any = None) -> Parsed:
    """What an address or a box says of one control; an address may say it more than once.

    What cannot be used leaves a control at `now`, where it has a value already, else at its default.

    >>> from pages.controls.control import Control
    >>> w = Control("w", "recurrent weight", "slider", default=2.0, min=-6.0, max=8.0, step=0.05)
    >>> parse(w, "99")
    Parsed(value=8.0, note='w = 99 lies outside −6 … 8, so 8 is used.')
    >>> parse(w, "nan")
    Parsed(value=2.0, note='w = “nan” is not a number, so the default 2 is used.')
    >>> parse(w, "1,5", now=2.0).value, parse(w, "abc", now=2.0).note
    (1.5, 'w = “abc” is not a number, so 2 stays.')
    """
    value, note = _PARSERS[control.kind](control, given[-1])
    if value is None and note:
        value = control.default if now is None else now
        used = f"the default {_quoted(value)} is used" if now is None else f"{_quoted(value)} stays"
        used = "it is left open" if value is None else used
        note = f"{control.key} = “{_short(given[-1])}” {note}, so {used}."
    if not note and len(given) > 1:
        note = f"{control.key} is given {len(given)} times, so the last, {_quoted(value)}, is used."
    return Parsed(value, note)


def parse_all(controls: Controls, texts: Texts) -> dict[str, Parsed]:
    """What texts say of those controls that they name; whatever else they name is passed over."""
    return {key: parse(control, texts[key]) for key, control in controls.items() if key in texts}


def values(controls: Controls, texts: Texts) -> Values:
    """The values of all controls: what texts say, else the default."""
    parsed = parse_all(controls, texts)
    return {key: parsed[key].value if key in parsed else control.default for key, control in controls.items()}


def text(value: Any) -> str:
    """A value as Streamlit writes it into the address.

    >>> text(8.0), text(0.123), text(True)
    ('8', '0.123', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def texts(controls: Controls, values: Mapping[str, Any], always: Container[str] = ()) -> dict[str, str]:
    """What an address has to say of these controls: what is not the default, and `always` these."""
    known = {key: values[key] for key in controls if key in values}
    return {key: text(value) for key, value in known.items() if value != controls[key].default or key in always}


def experiment(values: Mapping[str, Any], cell: str) -> Experiment:
    """The experiment of a page's values; pasted text becomes the numbers that it most likely means."""
    chosen = {key: value for key, value in values.items() if key in _FIELDS}
    return Experiment(**chosen | {"cell": cell, "values": pasted(chosen.get("values", ""))[0]})


def values_of(experiment: Experiment, keys: Iterable[str]) -> Values:
    """An experiment as widgets' values, of those keys that are its fields; pasted numbers become text again."""
    found = {key: getattr(experiment, key) for key in keys if key in _FIELDS}
    if "values" in found:
        found["values"] = ", ".join(map(repr, found["values"]))
    return found


def pasted(text: str) -> tuple[reading.Numbers, str]:
    """The numbers that a reader most likely means, or none and what is wrong with them."""
    try:
        return reading.numbers(text)[0], ""
    except ValueError as error:
        return (), str(error)


def combined(notes: Iterable[str]) -> str:
    """Several notes as one, safe to show as Markdown."""
    notes = [note for note in notes if note]
    more = len(notes) - _NOTES
    told = notes[:_NOTES] + ([f"The same goes for {more} more."] if more > 0 else [])
    return "\n\n".join(re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", note) for note in told)


def _number(control: Control, text: str) -> tuple[Any, str]:
    low, high = control.limits
    readings = [value for value in reading.number(text) if math.isfinite(value)]
    if not readings:
        return None, "is not a number"
    fitting = [value for value in readings if low <= value <= high]
    value = (fitting or readings)[0]
    others = "".join(f", not as {_quoted(other)}" for other in readings if other != value)
    read = f"{control.key} = “{_short(text)}” is read as {_quoted(value)}{others}." if others else ""
    used = type(control.default)(_nearest(control, value))
    if used == value:
        return used, read
    limits = f"{_quoted(low)} … {_quoted(high)}"
    between = f"lies between steps of {_quoted(control.step)}" if isinstance(used, float) else "is not a whole number"
    why = between if low <= value <= high else f"lies outside {limits}"
    return used, f"{read} {control.key} = {_quoted(value)} {why}, so {_quoted(used)} is used.".strip()


def _nearest(control: Control, value: float) -> float:
    """Inside the range; where only whole numbers or steps are taken, the nearest, and the greater of two."""
    first, last = control.limits
    value = min(max(value, first), last)
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


_PARSERS = {"slider": _number, "choice": _option, "select": _option, "toggle": _switch, "text": _text}


def _short(text: str) -> str:
    text = "".join(letter if letter.isprintable() else "�" for letter in text[: _QUOTED + 1])
    return text if len(text) <= _QUOTED else text[:_QUOTED] + "…"


def _quoted(value: Any) -> str:
    """A value as a note repeats it."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, int | float):
        return _short(str(value))
    short = f"{value:g}"
    return (short if float(short) == value else text(value)).replace("-", "−")
