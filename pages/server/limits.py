"""What one request, one browser tab and all of them may ask for; whoever asks for more hears a clear no."""

import gc
import os
import re
from asyncio import sleep
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnected

from pages.inside.files import HEALTH, METRICS, UPLOADS
from pages.server.waiting import ASKS_AGAIN, notice

ADDRESS = 16_000  # bytes of a path and its query; the longest that the app makes has about half of that
PARAMETERS = 200  # of a query; a page has 60 controls
BODY = 256_000  # bytes of a request
MESSAGE = 256_000  # bytes of a tab's message; all widgets of a page are 6 kB
PACE = 50  # messages a second and tab; a key that is held sends 30
SETTING = "UNROLLED_SESSIONS"
SESSIONS = 1000  # tabs at a time, if the setting says nothing else
TIDY = 50  # tabs that have left: their sessions are full of cycles, and the collector comes by too seldom (app.py)
_PATIENCE = 10  # s after which a visitor of a full server asks again


def tabs(settings: Mapping[str, str] = os.environ) -> int:
    """How many may be open at a time, as `UNROLLED_SESSIONS` says. Raises ValueError if it is no number of tabs."""
    value = settings.get(SETTING, "").strip()
    if value and not re.fullmatch("[1-9][0-9]{0,8}", value):
        raise ValueError(f"{SETTING} must be a whole number from 1 on, such as {SESSIONS}, got {value!r}")
    return int(value or SESSIONS)


def check() -> None:
    """Let the server not start, with one line that says why, if `UNROLLED_SESSIONS` is no number of tabs."""
    try:
        tabs()
    except ValueError as error:
        raise SystemExit(f"Unrolled: {error}") from None


class Limited:
    """Refuses what is too long, too much or from elsewhere, before Streamlit or a route of ours sees it."""

    def __init__(self, app: ASGIApp, settings: Mapping[str, str] = os.environ) -> None:
        self.app = app
        self.hosts = settings.get("UNROLLED_HOSTS", "").replace(",", " ").lower().split()
        self.most = tabs(settings)
        self.open = self.left = 0  # tabs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._refusal(scope)
            await (refusal(scope, receive, send) if refusal else self.app(scope, _bounded(receive), send))
        elif scope["type"] == "websocket":
            await self._serve_tab(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path, query = Headers(scope=scope), scope["path"], scope["query_string"]
        if path != HEALTH and not self._knows(headers.get("host", "")):
            return PlainTextResponse("This server does not go by that name: see UNROLLED_HOSTS.", 400)
        if len(scope.get("raw_path") or path) + len(query) > ADDRESS or query.count(b"&") >= PARAMETERS:
            return PlainTextResponse("This address is too long.", 414)
        if path.startswith(UPLOADS) or (path == METRICS and not _is_at_home(scope, headers)):
            return PlainTextResponse("Nobody is served here.", 403)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY:
            return PlainTextResponse(f"A request has at most {BODY} bytes.", 413)
        if self.open >= self.most and "text/html" in headers.get("accept", ""):
            text = f"This server is full: {self.open} tabs are open on it, and it was not made for more."
            again = {"Retry-After": str(_PATIENCE), "Refresh": str(_PATIENCE), "Cache-Control": "no-store"}
            return notice(text, ASKS_AGAIN, 503, again)
        return None

    def _knows(self, host: str) -> bool:
        """Whether a Host header names this server; without a list it goes by any name."""
        if not self.hosts:
            return True
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return any(name.endswith(one[1:]) if one.startswith("*.") else name == one for one in self.hosts)

    async def _serve_tab(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        # Streamlit would refuse another site's tab too, but first ask the internet for this machine's address
        if self.open >= self.most or not self._knows(headers.get("host", "")) or not _is_ours(headers):
            await receive()
            return await send({"type": "websocket.close", "code": 1013})
        self.open += 1
        try:
            with suppress(WebSocketDisconnected):  # Streamlit was just sending to a tab that is gone, and still listens
                await self.app(scope, _paced(receive, send), send)
        finally:
            self.open -= 1
            self.left += 1
            if self.left % TIDY == 0:
                gc.collect()


def _is_ours(headers: Headers) -> bool:
    """Whether a tab was opened by a page of this server; what is no browser names no origin."""
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _is_at_home(scope: Scope, headers: Headers) -> bool:
    """Whether a request comes from this machine, and through no balancer on it that says so."""
    client = scope.get("client") or ("",)
    return client[0] in ("127.0.0.1", "::1") and not {"x-forwarded-for", "forwarded", "via"} & set(headers.keys())


def _bounded(receive: Receive) -> Receive:
    """A request's body, as long as it is short: not all say how long they are."""
    length = 0

    async def bounded() -> Message:
        nonlocal length
        message = await receive()
        length += len(message.get("body", b""))
        if length > BODY:
            raise HTTPException(413, f"A request has at most {BODY} bytes.")
        return message

    return bounded


def _paced(receive: Receive, send: Send) -> Receive:
    """A tab's messages, none too long and none too soon: who sends faster than `PACE` has to wait."""
    due = 0.0

    async def paced() -> Message:
        nonlocal due
        message = await receive()
        if message["type"] != "websocket.receive":
            return message
        data = message.get("bytes")
        if data is None or len(data) > MESSAGE:  # Streamlit's browser side sends no text
            code = 1003 if data is None else 1009
            await send({"type": "websocket.close", "code": code})
            return {"type": "websocket.disconnect", "code": code}
        if (wait := due - monotonic()) > 0:
            await sleep(wait)
        due = monotonic() + 1 / PACE
        return message

    return paced
