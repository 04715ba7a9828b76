"""The one way to show figures, formulas and read-outs: everything of a page in one message."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from latex2mathml.converter import convert

from pages.figures.linear import linear
from pages.server.front import component

Item = Mapping[str, Any]
"""A figure, a formula or a text: see `encode` for their fields."""

_SLOT = re.compile(r"@(\w+)@")

_component = component("figures")


def show(message: bytes, *, key: str = "figures", on_tap: Callable[[dict], None] | None = None) -> None:
    """Show what `encode` made of a page's items.

    `on_tap` gets {"figure": name, "value": customdata of the tapped point}, or {"hold": True}, before the next run.
    """
    if on_tap is None:
        _component(key=key, data=message)
    else:
        _component(key=key, data=message, on_tap_change=lambda: on_tap(dict(st.session_state[key].tap)))


def encode(items: Sequence[Item], **more: Any) -> bytes:
    """The items as one compact message; pure, so that it can be cached by experiment.

    figure:  kind, name, title, alt, figure {data, layout}; optional narrow (a patch of these below 480 px),
             height, role ("main"), tap, linked, ghost (names of traces whose last course stays in sight)
    formula: kind, name, alt, lines [{latex, slots, colors, part}], with @slot@ in the LaTeX, a number or a word each,
             but for @is@, a relation; parts share a line where there is room
    text:    kind, name, text

    Whatever changes along a slider is {"along": array (S, …)} or {"each": [S values]}: a figure with a sweep is
    live. `more` goes with them: what following a slider takes, see `pages.controls.live`.

    The message is JSON, and behind it the arrays: "along" and "array" become [type, place in bytes, length of a
    row or None for a number]. Raises ValueError for a JSON number that is not finite.
    """
    arrays: list[bytes] = []
    place = 0
    known: dict[tuple[int, str], tuple[np.ndarray, dict[str, Any]]] = {}

    def laid_down(array: np.ndarray, kind: str) -> dict[str, Any]:
        """Where an array lies; what two traces share is sent once."""
        nonlocal place
        if (id(array), kind) in known:
            return known[id(array), kind][1]
        along = kind == "along"
        if (along and array.ndim > 2) or (not along and array.ndim > 1):
            raise ValueError(f"an array for the browser has one row a position, got shape {array.shape}")
        width = array.shape[-1] if array.ndim > along else None
        kind_of_number = f"{array.dtype.kind}{array.itemsize}"
        if kind_of_number not in _TYPES:
            raise TypeError(f"an array for the browser is one of {', '.join(_TYPES)}, got {kind_of_number}")
        raw = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        raw += bytes(-len(raw) % 8)
        arrays.append(raw)
        place += len(raw)
        known[id(array), kind] = array, {kind: [kind_of_number, place - len(raw), width]}  # kept, so is its id
        return known[id(array), kind][1]

    def plain(value: Any) -> Any:
        """What NumPy made, as JSON or as a place among the arrays."""
        if isinstance(value, np.generic):
            return value.item()
        if not isinstance(value, np.ndarray):
            raise TypeError(f"cannot send {type(value).__name__} to the browser")
        return laid_down(value, "array") if value.dtype.kind in "fu" else value.tolist()

    def prepared(value: Any) -> Any:
        if isinstance(value, dict):
            if "along" in value:
                rows = value["along"]
                return rows[0] if _all_equal(rows) else laid_down(_rounded(rows), "along")
            if "each" in value and isinstance(value["each"][0], str):
                return value
            if "latex" in value and "slots" in value:
                value = _line(value["latex"], value["slots"], value.get("colors", {}), value.get("part", False))
            return {name: prepared(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [prepared(part) for part in value]
        return value

    content = prepared({"items": items, **more})
    try:
        text = json.dumps(content, default=plain, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError as error:  # a chart leaves a gap in an array, or says why there is no number
        raise ValueError(f"the items {[item['name'] for item in items]} hold a number that is not finite") from error
    return b"".join([len(text).to_bytes(8, "little"), text, bytes(-len(text) % 8), *arrays])


_TYPES = ("f4", "f8", "u1")  # those of message.js
_FLOAT32 = float(np.finfo(np.float32).max)


def _rounded(rows: np.ndarray) -> np.ndarray:
    """What a drag shows: float32 (whole numbers below 2^24 are exact), or symbols as they are."""
    return rows if rows.dtype == np.uint8 else np.clip(rows, -_FLOAT32, _FLOAT32).astype(np.float32)


def _all_equal(rows: np.ndarray) -> bool:
    return np.array_equal(rows[1:], rows[:-1], equal_nan=rows.dtype.kind == "f")


def latex_number(text: str) -> str:
    """How a number on screen is written in LaTeX.

    >>> latex_number("−2.139 × 10⁻⁷")
    '-2.139\\\\times 10^{-7}'
    """
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+", lambda power: "^{" + power[0].translate(_PLAIN_DIGITS) + "}", text)
    for shown, latex in _IN_LATEX.items():
        text = text.replace(shown, latex)
    return text if _LATEX_NUMBER.fullmatch(text) else r"\text{" + _escape_latex(text) + "}"


_PLAIN_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_IN_LATEX = {
    "−": "-",
    " × ": r"\times ",
    "×": r"\times ",
    "≈": r"\approx",
    "∞": r"\infty",
    "…": r"\dots",
}
_LATEX_NUMBER = re.compile(r"(?:[-+=<>\d.,() ]|\^\{[-+\d]+\}|\\times |\\approx|\\infty|\\dots)*")


def _escape_latex(text: str) -> str:
    text = re.sub(r"[\\{}~^]", " ", text)
    return re.sub(r"([#$%&_])", r"\\\1", text)


def _line(latex: str, slots: Mapping[str, Any], colors: Mapping[str, str], part: bool) -> dict[str, Any]:
    """One line of a formula: MathML with named slots, their texts and colours, and the LaTeX to copy."""
    line = {**_drawn(latex), "slots": slots, "colors": colors, "part": part}
    if any(isinstance(text, dict) for text in slots.values()):  # nobody copies while he drags
        return line
    return line | {"latex": _SLOT.sub(lambda slot: latex_number(slots[slot[1]]), latex)}


_SPACED = 'lspace="0.2778em" rspace="0.2778em"'  # of a relation, also where a part begins with it


@lru_cache(maxsize=256)
def _drawn(latex: str) -> dict[str, str]:
    """A template as it is drawn, and as it is written where it is not."""
    mathml = _mathml(latex)
    return {"mathml": mathml, "linear": linear(mathml)}


def _mathml(latex: str) -> str:
    """A template's MathML; a private-use character stands for a slot, so that h_@t@ keeps its index."""
    names = list(dict.fromkeys(_SLOT.findall(latex)))
    marks = {name: chr(0xE000 + number) for number, name in enumerate(names)}
    mathml = convert(_SLOT.sub(lambda slot: marks[slot[1]], latex), display="block")
    mathml = mathml.replace("<mi>&#x02032;</mi>", "<mo>&#x02032;</mo>")  # a prime is no letter
    mathml = mathml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")  # as HTML it needs none
    mathml = re.sub(r"&#x0*(?!26;|3[CE];)([0-9A-F]+);", lambda code: chr(int(code[1], 16)), mathml)
    for name, mark in marks.items():
        node = f'<mo data-slot="is" {_SPACED}></mo>' if name == "is" else f'<mn data-slot="{name}"></mn>'
        mathml = mathml.replace(f"<mi>{mark}</mi>", node)
    return mathml
