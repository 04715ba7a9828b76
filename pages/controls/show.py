"""The one way to show figures, formulas and read-outs: everything of a page in one message."""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from latex2mathml.converter import convert

from pages.controls.assets import url

Item = Mapping[str, Any]
"""A figure, a formula or a text: see `encode` for their fields."""

_SLOT = re.compile(r"@(\w+)@")
_LONG = 200  # longer arrays travel as binary: half the bytes, and no parsing of digits

# Streamlit sends this text again with every change, so it only fetches the real module (cached for a year).
_LOADER = f"""
const at = (path) => new URL(path, location.origin).href;
const figures = import(at("{url("figures.js")}"));
export default (component) => {{
  figures.then((module) => module.render(component, at("{url("plotly.js")}")));
  return () => setTimeout(() => figures.then((module) => module.release(component.parentElement)));
}};
"""
_component = st.components.v2.component("unrolled_figures", js=_LOADER, isolate_styles=False)


def show(items: Sequence[Item] | bytes, *, key: str = "figures", on_tap: Callable[[dict], None] | None = None) -> None:
    """Show a page's items, or what `encode` made of them.

    `on_tap` gets {"figure": name, "value": customdata of the tapped point} before the next run.
    """
    data = items if isinstance(items, bytes) else encode(items)
    if on_tap is None:
        _component(key=key, data=data)
    else:
        _component(key=key, data=data, on_tap_change=lambda: on_tap(dict(st.session_state[key].tap)))


def warm() -> None:
    """Import now what Streamlit's component machinery would import for the first visitor."""
    import pandas  # noqa: F401  and with it pyarrow


def encode(items: Sequence[Item]) -> bytes:
    """The items as one compact JSON message; pure, so that pages can cache it by experiment.

    figure:  kind, name, title, alt, figure {data, layout}; optional narrow (what of these differs below 480 px),
             height, narrow_height, role ("main" | "more"), tap
    formula: kind, name, title, alt, lines [{latex, slots, colors, part}], with @slot@ in the LaTeX;
             parts share a line where there is room
    text:    kind, name, text

    >>> encode([{"kind": "text", "name": "note", "text": "1024"}])
    b'[{"kind":"text","name":"note","text":"1024"}]'
    """
    return b"[" + b",".join(_encode_item(item) for item in items) + b"]"


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


def _encode_item(item: Item) -> bytes:
    if item["kind"] == "formula":
        item = {
            **item,
            "lines": [_line(**{"slots": {}, "colors": {}, "part": False} | line) for line in item["lines"]],
        }
    try:
        text = json.dumps(item, default=_plain, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except ValueError as error:  # JSON knows no NaN: a chart leaves a gap (None) or says why there is none
        raise ValueError(f"{item['kind']} {item['name']!r} holds a number that is not finite") from error
    return text.encode()


def _plain(value: Any) -> Any:
    """What NumPy made, as JSON or as Plotly's typed array."""
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"cannot send {type(value).__name__} to the browser")
    if value.size <= _LONG or value.dtype.kind not in "f":
        return value.tolist()
    if not np.isfinite(value).all():
        raise ValueError("array with NaN or infinity")
    value = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
    typed = {"dtype": f"f{value.itemsize}", "bdata": base64.b64encode(value).decode()}
    return typed if value.ndim == 1 else {**typed, "shape": ", ".join(map(str, value.shape))}


def _line(latex: str, slots: Mapping[str, str], colors: Mapping[str, str], part: bool) -> dict[str, Any]:
    """One line of a formula: MathML with named slots, their texts and colours, and the LaTeX to copy."""
    filled = _SLOT.sub(lambda slot: latex_number(slots[slot[1]]), latex)
    return {"mathml": _mathml(latex), "slots": slots, "colors": colors, "latex": filled, "part": part}


@lru_cache(maxsize=256)
def _mathml(latex: str) -> str:
    """A template's MathML; a private-use character stands for a slot, so that h_@t@ keeps its index."""
    names = list(dict.fromkeys(_SLOT.findall(latex)))
    marks = {name: chr(0xE000 + number) for number, name in enumerate(names)}
    mathml = convert(_SLOT.sub(lambda slot: marks[slot[1]], latex), display="block")
    mathml = mathml.replace("<mi>&#x02032;</mi>", "<mo>&#x02032;</mo>")  # a prime is no letter
    for name, mark in marks.items():
        mathml = mathml.replace(f"<mi>{mark}</mi>", f'<mn data-slot="{name}"></mn>')
    return mathml
