"""A script as a link holds it: asked for by the builder, answered by the one validator; nothing is stored."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.controls.scripts import LONGEST_FILE, loads, pack, plain


async def _serve(request: Request) -> Response:
    """The script as it was understood and its packed form; for what is too long or wrong, why."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FILE:
            return _said(413, error=f"a script has at most {LONGEST_FILE} bytes, and this one more")
    try:
        script = loads(bytes(body))
    except ValueError as error:
        return _said(error=str(error))
    try:
        return _said(script=plain(script), packed=pack(script))
    except ValueError as error:  # as a file it is good
        return _said(script=plain(script), error=str(error))


def _said(status: int = 200, **answer: object) -> Response:
    return JSONResponse(answer, status, headers={"Cache-Control": "no-store"})


ROUTES = [Route("/scripts/pack", _serve, methods=["POST"])]
