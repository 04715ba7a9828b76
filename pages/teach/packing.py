"""A script as a link holds it: asked for by the builder, answered by the one validator; nothing is stored."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.server.waiting import PACKING, Busy
from pages.stage.scripts import LONGEST_FILE, loads, pack, plain


async def _serve(request: Request) -> Response:
    """The script as it was understood and its packed form; for what is too long or wrong, why."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FILE:
            return _said(_json(error=f"a script has at most {LONGEST_FILE} bytes, and this one more"), 413)
    try:
        return _said(await PACKING.ask(request, _understood, bytes(body)))
    except Busy as busy:
        return _said(_json(error=str(busy)), 503)


def _understood(body: bytes) -> bytes:
    try:
        script = loads(body)
    except ValueError as error:
        return _json(error=str(error))
    try:
        return _json(script=plain(script), packed=pack(script))
    except ValueError as error:  # as a file it is good
        return _json(script=plain(script), error=str(error))


def _json(**answer: Any) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode()


def _said(answer: bytes, status: int = 200) -> Response:
    return Response(answer, status, {"Cache-Control": "no-store"}, "application/json")


_ADDRESS = "/scripts/pack"
SHARED = {"pack": _ADDRESS}
ROUTES = [Route(_ADDRESS, _serve, methods=["POST"])]
