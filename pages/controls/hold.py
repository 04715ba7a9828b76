"""A/B: the settings of a held experiment, as a text in the address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus

from pages.controls import codec
from pages.controls.choices import Choices
from pages.controls.reading import plainly
from pages.controls.table import TABLE

HELD = "held"
_NEVER = (HELD, "challenge")  # a comparison is of two; a challenge changes no number


def held_text(controls: codec.Controls, values: Mapping[str, Any], main: str) -> str:
    """What the reader chose, as an address would say it; the main slider always, so that it is never empty."""
    texts = codec.texts(controls, values, always=(main,))
    return "&".join(f"{key}={_quoted(key, text)}" for key, text in texts.items() if key not in _NEVER)


def _quoted(key: str, text: str) -> str:
    """A value inside the text, which an address quotes once more: pasted numbers in the form that is shorter there."""
    forms = [text]
    if key == "values":
        forms.append((plainly(codec.pasted(text)[0], TABLE[HELD].max_chars) or "").replace(",", ""))
    return min((quote(form, safe=_PLAIN) for form in forms), key=lambda form: len(quote_plus(form)))


def held_values(controls: codec.Controls, text: str) -> codec.Values:
    """The values of all controls that a held text means; empty if it means none of them."""
    given = parse_qs(text[: TABLE[HELD].max_chars], keep_blank_values=True)
    texts = {key: said[-1] for key, said in given.items()}
    known = {key: control for key, control in controls.items() if key not in _NEVER}
    return codec.values(known, texts) if known.keys() & texts.keys() else {}


_PLAIN = " ,;:/"  # what needs no quotes between "=" and "&"


def hold(choices: Choices, controls: codec.Controls, values: Mapping[str, Any], main: str) -> None:
    """From a callback: hold what is on the screen now, or let go of what is held."""
    choices.choose_unshown(HELD, "" if values[HELD] else held_text(controls, values, main))
