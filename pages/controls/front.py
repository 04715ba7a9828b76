"""The page itself: Streamlit's own, and in it our style sheet, which no part of the app then has to wait for."""

import gzip
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.controls.assets import url

_ROOT = b'<div id="root">'  # where Streamlit draws; what stands in the body outranks its rules of the same weight
_OURS_TO_DO = (b"accept-encoding", b"if-none-match", b"if-modified-since")  # Streamlit knows of its own part only


class Fronted:
    """Adds to Streamlit's page, whatever its address, what must come with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

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
                for part in _answer(body, "gzip" in asked.get("accept-encoding", "")):
                    await send(part)

        plain = [(name, value) for name, value in scope["headers"] if name not in _OURS_TO_DO]
        await self.app({**scope, "headers": plain}, receive, fronted)


def _is_page(message: Message) -> bool:
    headers = Headers(raw=message.get("headers", []))
    html = headers.get("content-type", "").startswith("text/html")
    return message.get("status") == 200 and html and headers.get("cache-control") == "no-cache"


def _answer(body: bytes, compressed: bool) -> tuple[Message, Message]:
    headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-cache", "vary": "Accept-Encoding"}
    body = _with_ours(body, compressed)
    headers |= {"content-length": str(len(body))} | ({"content-encoding": "gzip"} if compressed else {})
    start = {"type": "http.response.start", "status": 200, "headers": Headers(headers).raw}
    return start, {"type": "http.response.body", "body": body}


@lru_cache(maxsize=4)  # it is always the same
def _with_ours(body: bytes, compressed: bool) -> bytes:
    ours = f'<link rel="stylesheet" href=".{url("unrolled.css")}">\n    '.encode()
    body = body.replace(_ROOT, ours + _ROOT, 1)
    return gzip.compress(body, 9) if compressed else body
