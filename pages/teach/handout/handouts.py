"""Who gets a handout: by a link that names or holds its script, or by a form with room for any.

The first part of the file is compressed once per process, and each handout goes on from there.
"""

import asyncio
import re
import zlib
from asyncio import to_thread
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pages.server import address
from pages.server.waiting import HANDOUTS, Busy, answer, notice, seen
from pages.stage.scripts import Script, find, loads
from pages.teach.handout.handout import TooLong, body, head

_PIECE = 1 << 17  # bytes of what is compressed


@cache
def _begun() -> tuple[bytes, Any]:
    """The head as the begin of a gzip file, and the state from which to go on."""
    deflate = zlib.compressobj(9, wbits=31)
    return deflate.compress(head().encode()) + deflate.flush(zlib.Z_FULL_FLUSH), deflate


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
        return _Made(_file(script.title), deflate.compress(body(script, base, notes).encode()) + deflate.flush())
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
