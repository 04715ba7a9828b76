"""A handout: a script as one HTML file that needs no server and no network.

Its first part is the same for all: style, Plotly and what draws. A policy in the file itself lets these two scripts
run, and nothing else.
"""

import base64
import json
import re
from functools import cache
from pathlib import Path
from time import thread_time
from typing import Any

import streamlit as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from latex2mathml.converter import convert

from pages.figures.show import encode
from pages.frame.exhibits import Exhibit, Items, exhibit
from pages.inside.files import font
from pages.server import address, assets
from pages.server.bundle import bundle, digest, standing_in_a_page
from pages.stage.scripts import Script, Slide

_HERE = Path(__file__).parent
_FIGURES = _HERE.parents[1] / "figures" / "figures.css"
_LONGEST = 5.0  # s of computing that its pictures may take
_SLOT = re.compile(r'<mn data-slot="(\w+)"></mn>')
_COLORS = ("backgroundColor", "secondaryBackgroundColor", "textColor", "primaryColor")

_templates = Environment(
    loader=FileSystemLoader(_HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_templates.filters["unbroken"] = lambda text: text.replace(" × 10", "\u00a0×\u00a010")


class TooLong(ValueError):
    """A script that takes too long to draw."""


def page(script: Script, base: str, notes: bool = False) -> str:
    """A script's handout. `base` is where the app lives, without a slash at its end; `notes` are the speaker's.

    Raises TooLong.
    """
    return head() + body(script, base, notes)


@cache
def head() -> str:
    """What is the same in all handouts."""
    plotly = standing_in_a_page(assets.content("plotly.js", compressed=False).decode())
    ours = bundle(_HERE / "handout.js")
    typeface = font()
    return _templates.get_template("head.html").render(
        policy=f"default-src 'none'; script-src {digest(plotly)} {digest(ours)}; style-src 'unsafe-inline';"
        " img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'",
        style="\n".join(path.read_text(encoding="utf-8") for path in (_FIGURES, _HERE / "handout.css")),
        font=base64.b64encode(typeface).decode() if typeface else "",
        colors={_kebab(name): st.get_option(f"theme.light.{name}") for name in _COLORS},
        plotly=plotly,
        ours=ours,
    )


def _kebab(name: str) -> str:
    """An option of the theme, as the app's style sheets call it."""
    return re.sub("([A-Z])", lambda letter: f"-{letter[1].lower()}", name)


def body(script: Script, base: str, notes: bool) -> str:
    """What is a handout's own."""
    until = thread_time() + _LONGEST
    figures: Items = []
    slides = []
    for number, slide in enumerate(script.slides, 1):
        if thread_time() > until:
            raise TooLong(
                f"its pictures take more than {_LONGEST:g} s to compute, which came to slide {number} of"
                f" {len(script.slides)}; make two scripts of it"
            )
        slides.append(_slide(slide, base, notes, figures))
    count = len(script.slides)
    return _templates.get_template("body.html").render(
        title=script.title,
        about=f"{count} slide{'' if count == 1 else 's'}, {_minutes(script.seconds)}",
        base=base,
        only=address.only_here(base),
        bar=_BAR if any(slide.asks for slide in script.slides) else {"print": "Print"},
        slides=slides,
        pictures=base64.b64encode(encode(figures)).decode(),
    )


_BAR = {
    "open": "Open all answers",
    "fold": "Fold them",
    "print": "Print with answers",
    "without": "Print without answers",
}


def _minutes(seconds: int) -> str:
    minutes = max(1, round(seconds / 60))
    return f"about {minutes} minute{'' if minutes == 1 else 's'}"


def _slide(slide: Slide, base: str, notes: bool, figures: Items) -> dict[str, Any]:
    """The question with what stands before the reveal, and all of the reveal folded; without a question it is open."""
    asked = _shown(exhibit(slide.asked), f"{base}/{slide.asked}", figures) if slide.asked else None
    shown = exhibit(slide.told)
    return {
        "title": slide.question or shown.question or shown.title,
        "asks": slide.asks,
        "asked": asked,
        "answer": slide.answer,
        "told": _shown(shown, f"{base}/{slide.told}", figures),
        "note": slide.note if notes else "",
    }


def _shown(what: Exhibit, live: str, figures: Items) -> dict[str, Any]:
    """What an address shows, and where it lives; figures are laid down in a list."""
    items = [_ITEMS[item["kind"]](item, figures) for item in what.items]
    return {"story": items, "live": live, "premise": _premise(what.premise)}


def _premise(text: str) -> list[str]:
    """What a question takes as given: texts, and between them formulas, which stand between dollar signs."""
    return [convert(part) if place % 2 else part for place, part in enumerate(text.split("$"))] if text else []


def _figure(item: dict[str, Any], figures: Items) -> dict[str, Any]:
    figures.append(item)
    return item | {"picture": len(figures) - 1}


def _formula(item: dict[str, Any], figures: Items) -> dict[str, Any]:
    message = encode([item])
    sent = json.loads(message[8 : 8 + int.from_bytes(message[:8], "little")])
    return item | {"lines": list(map(_line, sent["items"][0]["lines"]))}


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """A line's MathML, and between its parts the names of the slots; what the slots say, and in which colours."""
    parts = _SLOT.split(line["mathml"])
    colors = {name: line["colors"].get(name, "") for name in parts[1::2]}
    slots = {name: line["slots"].get(name, "") for name in parts[1::2]}
    return {"parts": parts, "part": line["part"], "tall": "<mfrac" in line["mathml"], "colors": colors, "slots": slots}


def _text(item: dict[str, Any], figures: Items) -> dict[str, Any]:
    return item


_ITEMS = {"figure": _figure, "formula": _formula, "text": _text}
