"""The page itself: Streamlit's own, and in it all that is ours and small. No line can lose it but with the page.

Our parts of a page, components to Streamlit, call what stands there.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.inside.files import HEALTH, ROOT
from pages.server.assets import url
from pages.server.bundle import bundle

_PAGES = Path(__file__).parents[1]
_IS_PART = re.compile(r"^export function render\b", re.M)  # what a component calls
_CONDITIONS = (b"if-none-match", b"if-modified-since")  # Streamlit knows of its own part only

# Streamlit sends it again with every change. A page from before this server's release may lack what it calls.
_COMPONENT = """\
const reload = ({{ parentElement }}) => {{ parentElement.textContent = "Unrolled was updated: reload this page."; }};
export default globalThis.unrolled?.("{name}", "{release}") ?? reload;
"""


@cache
def style() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(_PAGES.glob("*/*.css")))


@cache
def script() -> str:
    files = sorted(_PAGES.glob("*/*.js"))
    parts = [path.stem for path in files if _IS_PART.search(path.read_text(encoding="utf-8"))]
    offered = ", ".join(f"{name}: ${name}" for name in parts)
    return f'(() => {{\n"use strict";\n{bundle(*files)}\n$unrolled.offer({{ {offered} }});\n}})();'


@cache
def release() -> str:
    """A hash of all that comes with the page."""
    return hashlib.blake2b((style() + script() + url("plotly.js")).encode(), digest_size=6).hexdigest()


def component(name: str) -> Callable[..., Any]:
    """A part of the page that `unrolled.js` knows by this name."""
    js = _COMPONENT.format(name=name, release=release())
    return st.components.v2.component(f"unrolled_{name}", js=js, isolate_styles=False)


class Fronted:
    """Adds to Streamlit's page, whatever its address, what comes with it.

    `shared` are the names, limits and addresses that the browser's modules know as `given`.
    """

    def __init__(self, app: ASGIApp, shared: Mapping[str, Any]) -> None:
        self.app = app
        self.given = json.dumps({"release": release(), "plotly": url("plotly.js"), "health": HEALTH, **shared})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope) if scope["type"] == "http" else {}
        if scope["type"] != "http" or scope["method"] != "GET" or "text/html" not in asked.get("accept", ""):
            return await self.app(scope, receive, send)
        begun: list[Message] = []

        async def fronted(message: Message) -> None:
            if not begun and not _is_page(message):
                return await send(message)
            begun.append(message)
            if len(begun) > 1 and not message.get("more_body"):
                body = b"".join(message.get("body", b"") for message in begun)
                if Headers(raw=begun[0]["headers"]).get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                for part in _answer(body, self.given, "gzip" in asked.get("accept-encoding", "")):
                    await send(part)

        headers = [(name, value) for name, value in scope["headers"] if name not in _CONDITIONS]
        await self.app({**scope, "headers": headers}, receive, fronted)


def _is_page(message: Message) -> bool:
    headers = Headers(raw=message.get("headers", []))
    html = headers.get("content-type", "").startswith("text/html")
    return message.get("status") == 200 and html and headers.get("cache-control") == "no-cache"


def _answer(body: bytes, given: str, compressed: bool) -> tuple[Message, Message]:
    headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-cache", "vary": "Accept-Encoding"}
    body = _with_ours(body, given, compressed)
    headers |= {"content-length": str(len(body))} | ({"content-encoding": "gzip"} if compressed else {})
    start = {"type": "http.response.start", "status": 200, "headers": Headers(headers).raw}
    return start, {"type": "http.response.body", "body": body}


@lru_cache(maxsize=4)  # it is always the same
def _with_ours(body: bytes, given: str, compressed: bool) -> bytes:
    # a style sheet in the body outranks Streamlit's rules of the same weight
    ours = f'<style>{style()}</style>\n{ROOT}\n<script data-given="{escape(given)}">{script()}</script>'
    body = body.replace(ROOT.encode(), ours.encode(), 1)
    return gzip.compress(body, 9) if compressed else body
