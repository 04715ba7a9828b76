"""Handouts: a script as one HTML file that needs no server and no network.

Its first part is the same for all: style, Plotly and what draws. It is compressed once per process, and each
handout goes on from there. A policy in the file itself lets these two scripts run, and nothing else.
"""

import asyncio
import base64
import json
import re
import zlib
from asyncio import to_thread
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from time import thread_time
from typing import Any

import streamlit as st
from latex2mathml.converter import convert
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pages.figures.show import encode
from pages.frame.exhibits import Exhibit, Items, exhibit
from pages.inside.files import font
from pages.server import address, assets
from pages.server.bundle import bundle, digest, standing_in_a_page
from pages.server.waiting import HANDOUTS, Busy, answer, notice, seen
from pages.stage.scripts import Script, Slide, find, loads

_HERE = Path(__file__).parent
_FIGURES = _HERE.parents[1] / "figures" / "figures.css"
_LONGEST = 5.0  # s of computing that its pictures may take
_PIECE = 1 << 17  # bytes of what is compressed
_SLOT = re.compile(r'<mn data-slot="(\w+)"></mn>')
_COLORS = ("backgroundColor", "secondaryBackgroundColor", "textColor", "primaryColor")


class TooLong(ValueError):
    """A script that takes too long to draw."""


def page(script: Script, base: str, notes: bool = False) -> str:
    """A script's handout. `base` is where the app lives, without a slash at its end; `notes` are the speaker's.

    Raises TooLong.
    """
    return _head() + _body(script, base, notes)


@cache
def _head() -> str:
    """What is the same in all handouts."""
    plotly = standing_in_a_page(assets.content("plotly.js", compressed=False).decode())
    ours = bundle(_HERE / "handout.js")
    style = "\n".join(path.read_text(encoding="utf-8") for path in (_FIGURES, _HERE / "handout.css"))
    policy = (
        f"default-src 'none'; script-src {digest(plotly)} {digest(ours)}; style-src 'unsafe-inline';"
        " img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{style}\n{_theme()}\n</style>\n"
        f'<script>{plotly}</script>\n<script type="module">{ours}</script>\n'
    )


def _theme() -> str:
    """The app's light colours, by the names that Streamlit gives them."""
    lines = (
        f"--st-{re.sub('([A-Z])', lambda m: '-' + m[1].lower(), name)}: {st.get_option(f'theme.light.{name}')};"
        for name in _COLORS
    )
    return f"{_font()}.stApp {{ {' '.join(lines)} --st-font: 'Source Sans', system-ui, sans-serif; }}"


def _font() -> str:
    """The app's own font, with which its pictures were laid out; nothing where Streamlit has it no more."""
    if (data := font()) is None:
        return ""
    source = f'url("data:font/woff2;base64,{base64.b64encode(data).decode()}") format("woff2")'
    return f"@font-face {{ font-family: 'Source Sans'; font-weight: 200 900; src: {source}; }}\n"


def _body(script: Script, base: str, notes: bool) -> str:
    """What is a handout's own."""
    until, figures = thread_time() + _LONGEST, []
    slides = []
    for number, slide in enumerate(script.slides, 1):
        if thread_time() > until:
            raise TooLong(
                f"its pictures take more than {_LONGEST:g} s to compute, which came to slide {number} of"
                f" {len(script.slides)}; make two scripts of it"
            )
        slides.append(_slide(number, slide, base, notes, figures))
    pictures = base64.b64encode(encode(figures)).decode()
    title, count = escape(script.title), len(script.slides)
    about = f"{count} slide{'' if count == 1 else 's'}, {_minutes(script.seconds)}"
    link = f'<a href="{escape(base)}/">Unrolled</a>'
    only = address.only_here(base)
    return (
        f'<title>{title}</title>\n</head>\n<body class="stApp">\n<main>\n<header>\n<h1>{title}</h1>\n'
        f'<p class="about">{about}. <span class="screen">Pictures answer to the pointer: hover, drag to zoom,'
        f" double-click to return.</span> Each can be moved in {link}.{only and f' {only}'}</p>\n"
        f"{_bar(script)}</header>\n{''.join(slides)}</main>\n"
        f'<script type="text/plain" id="pictures">{pictures}</script>\n</body>\n</html>\n'
    )


def _minutes(seconds: int) -> str:
    minutes = max(1, round(seconds / 60))
    return f"about {minutes} minute{'' if minutes == 1 else 's'}"


def _bar(script: Script) -> str:
    acts = {"print": "Print"}
    if any(slide.asks for slide in script.slides):
        acts = {"open": "Open all answers", "fold": "Fold them", "print": "Print with answers",
                "without": "Print without answers"}  # fmt: skip
    return f'<div class="bar">{"".join(_button(act, text) for act, text in acts.items())}</div>\n'


def _button(act: str, text: str) -> str:
    return f'<button type="button" data-act="{act}">{text}</button>'


def _slide(number: int, slide: Slide, base: str, notes: bool, figures: Items) -> str:
    """The question with what stands before the reveal, and all of the reveal folded; without a question it is open."""
    before, shown, asked, premise = slide.asked, exhibit(slide.told), "", ""
    if before:
        seen = exhibit(before)
        premise = seen.premise
        asked = _premise(premise) + _shown(seen, f"{base}/{before}", f"{number}-asked", figures)
    told = f'<p class="told">{escape(slide.answer)}</p>\n' if slide.answer else ""
    told += _premise(shown.premise) if shown.premise != premise else ""
    told += _shown(shown, f"{base}/{slide.told}", f"{number}-told", figures)
    if slide.asks:
        told = f'<details class="answer"><summary>Answer</summary>\n{told}</details>\n'
    note = f'<p class="note">{escape(slide.note)}</p>\n' if notes and slide.note else ""
    return (
        f'<section class="slide" id="slide-{number}">\n<h2><span class="number">{number}</span>'
        f"<span>{escape(slide.question or shown.question or shown.title)}</span></h2>\n{asked}{told}{note}</section>\n"
    )


def _premise(text: str) -> str:
    """What a question takes as given, with its formulas between dollar signs."""
    parts = (convert(part) if place % 2 else escape(part) for place, part in enumerate(text.split("$")))
    return f'<p class="premise">{"".join(parts)}</p>\n' if text else ""


def _shown(what: Exhibit, live: str, place: str, figures: Items) -> str:
    """What an address shows, and a link to where it lives; figures are laid down in a list."""
    items = "".join(_ITEMS[item["kind"]](item, place, figures) for item in what.items)
    return f'{items}<p class="live">To move it: <a href="{escape(live)}">{escape(live)}</a></p>\n'


def _figure(item: dict[str, Any], place: str, figures: Items) -> str:
    figures.append(item)
    name = f"readout-{place}-{len(figures)}"
    return (
        f'<figure class="u-item u-figure">\n<h3 class="u-title">{escape(item["title"])}</h3>\n'
        f'<div class="u-plot" role="img" aria-labelledby="{name}" data-picture="{len(figures) - 1}"'
        f' style="--u-height: {item["height"]}px"></div>\n'
        f'<figcaption class="u-readout" id="{name}">{_sentence(item["alt"])}</figcaption>\n</figure>\n'
    )


def _sentence(text: str) -> str:
    """With its numbers unbroken."""
    return escape(text.replace(" × 10", "\u00a0×\u00a010"))


def _formula(item: dict[str, Any], place: str, figures: Items) -> str:
    message = encode([item])
    sent = json.loads(message[8 : 8 + int.from_bytes(message[:8], "little")])
    lines = "".join(map(_line, sent["items"][0]["lines"]))
    return (
        f'<div class="u-item u-formula" role="group" aria-label="{escape(item["alt"])}">'
        f'<div class="u-lines">{lines}</div></div>\n'
    )


def _line(line: dict[str, Any]) -> str:
    """A line's MathML, a constant of the pages' code, with the numbers in its slots."""

    def filled(slot: re.Match) -> str:
        name = slot[1]
        color = f' style="color: var(--u-{line["colors"][name]})"' if name in line["colors"] else ""
        return f"<mn{color}>{escape(line['slots'].get(name, ''))}</mn>"

    kind = "u-line" + (" u-part" if line["part"] else "") + (" u-tall" if "<mfrac" in line["mathml"] else "")
    return f'<div class="{kind}">{_SLOT.sub(filled, line["mathml"])}</div>'


def _text(item: dict[str, Any], place: str, figures: Items) -> str:
    return f'<p class="u-item u-text">{_sentence(item["text"])}</p>\n' if item["text"] else ""


_ITEMS = {"figure": _figure, "formula": _formula, "text": _text}


@cache
def _begun() -> tuple[bytes, Any]:
    """The head as the begin of a gzip file, and the state from which to go on."""
    deflate = zlib.compressobj(9, wbits=31)
    return deflate.compress(_head().encode()) + deflate.flush(zlib.Z_FULL_FLUSH), deflate


@dataclass(frozen=True)
class _Made:
    """A handout's name and its own part, as the end of that file."""

    name: str
    rest: bytes


@dataclass(frozen=True)
class _Refused:
    """Why there is no handout; kept like one, so that it is not found out anew."""

    status: int
    why: str


def _named(text: str, base: str, notes: bool) -> _Made | _Refused:
    """A handout of what a link names or holds."""
    try:
        script = find(text)
    except ValueError as error:
        return _Refused(404, str(error))
    return _drawn(script, base, notes)


def _sent(kind: str, form: bytes, base: str) -> _Made | _Refused:
    """A handout of what a form holds, which has room for scripts of any length."""
    try:
        fields = _fields(kind, form)
        if "script" not in fields:
            raise ValueError("this form has no field “script”")
        script = loads(fields["script"])
    except ValueError as error:
        return _Refused(422, str(error))
    return _drawn(script, base, fields.get("notes") == "1")


def _fields(kind: str, form: bytes) -> dict[str, str]:
    """The texts of a form, in any of a browser's ways to send it."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": form}

    async def read() -> dict[str, Any]:
        request = Request({"type": "http", "headers": [(b"content-type", kind.encode("latin-1"))]}, receive)
        return dict(await request.form(max_files=0, max_fields=8, max_part_size=len(form)))

    try:
        return asyncio.run(read())
    except MultiPartException as error:
        raise ValueError(f"this form cannot be read: {error.message}") from None


def _drawn(script: Script, base: str, notes: bool) -> _Made | _Refused:
    deflate = _begun()[1].copy()
    try:
        return _Made(_file(script.title), deflate.compress(_body(script, base, notes).encode()) + deflate.flush())
    except TooLong as error:
        return _Refused(422, str(error))


async def _serve(request: Request) -> Response:
    base = await to_thread(address.public, request)
    return await _answer(request, _named, request.path_params["script"], base, request.query_params.get("notes") == "1")


async def _serve_sent(request: Request) -> Response:
    base = await to_thread(address.public, request)
    return await _answer(request, _sent, request.headers.get("content-type", ""), await request.body(), base)


async def _answer(request: Request, *asked: Any) -> Response:
    try:
        made = await HANDOUTS.ask(request, *asked)
    except Busy as busy:
        return answer(busy, request)
    if isinstance(made, _Refused):
        text = f"There is no handout: {made.why}."
        if seen(request):
            return notice(text, "", made.status, {"Cache-Control": "no-store"})
        return PlainTextResponse(text, made.status)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"}
    content = _begun()[0] + made.rest
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(content, headers=headers | {"Content-Encoding": "gzip"}, media_type="text/html")
    return StreamingResponse(_inflated(content), headers=headers, media_type="text/html")


def _inflated(content: bytes) -> Iterator[bytes]:
    """The file as it is, in pieces: it is four times as long."""
    inflate = zlib.decompressobj(wbits=31)
    for begin in range(0, len(content), _PIECE):
        yield inflate.decompress(content[begin : begin + _PIECE])


def _file(title: str) -> str:
    """A name for the file, of letters that every system takes."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower())[:60].strip("-")
    return f"unrolled-{name or 'script'}.html"


_ADDRESS = "/handout"
SHARED = {"handout": _ADDRESS}
ROUTES = [Route(_ADDRESS, _serve_sent, methods=["POST"]), Route(f"{_ADDRESS}/{{script}}", _serve)]
