"""A/B: the settings of a held experiment, as a text in the address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus

from pages.controls.control import Control
from pages.controls.memory import note
from pages.controls.reading import plainly
from pages.controls.table import TABLE, pasted
from pages.controls.url import judge, written

HELD = "held"
_NEVER = (HELD, "challenge")  # a comparison is of two; a challenge changes no number


def text_of(controls: Mapping[str, Control], values: Mapping[str, Any], main: str) -> str:
    """What the reader chose, as an address would say it; the main slider always, so that it is never empty."""
    chosen = {key: written(values[key]) for key, c in controls.items() if values[key] != c.default or key == main}
    return "&".join(f"{key}={_quoted(key, text)}" for key, text in chosen.items() if key not in _NEVER)


def _quoted(key: str, text: str) -> str:
    """A value inside the text, which an address quotes once more: pasted numbers in the form that is shorter there."""
    forms = [text]
    if key == "values":
        forms.append((plainly(pasted(text)[0], TABLE[HELD].max_chars) or "").replace(",", ""))
    return min((quote(form, safe=_PLAIN) for form in forms), key=lambda form: len(quote_plus(form)))


def settings(controls: Mapping[str, Control], text: str) -> dict[str, Any]:
    """The values of all controls that a held text means; empty if it means none of them."""
    given = parse_qs(text[: TABLE[HELD].max_chars], keep_blank_values=True)
    known = {key: c for key, c in controls.items() if key not in _NEVER}
    if not known.keys() & given.keys():
        return {}
    return {key: judge(c, given[key])[0] if key in given else c.default for key, c in known.items()}


_PLAIN = " ,;:/"  # what needs no quotes between "=" and "&"


def hold(controls: Mapping[str, Control], values: Mapping[str, Any], main: str) -> None:
    """From a callback: hold what is shown now, or let go of what is held."""
    note(HELD, "" if values[HELD] else text_of(controls, values, main))
