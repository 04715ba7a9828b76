"""The badge beside the main figure: the number shown, computed once more in another way when the page is idle."""

import json
from asyncio import to_thread
from collections.abc import Callable
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.charts.parts.view import Study
from pages.figures import live
from pages.server.waiting import CHECKS, Busy, answer
from rnn_core.experiment import Experiment

Check = Callable[[Experiment], dict[str, Any]]  # what the badge says: text, short, title, agrees

_FOLDER = "/checks"
_CHECKS: dict[str, Check] = {}  # by a page's address
_SHARE = 0.1  # of the time that checks which nobody clicked for may take: a full class moves its sliders
_rests_until = 0.0  # they have had it


def offer(address: str, check: Check | None) -> None:
    """Let the browser ask for the check of a page whose sweeps are offered."""
    if check:
        _CHECKS[address] = check


def url(address: str) -> str:
    """Where the browser asks, with all choices behind it."""
    return f"{_FOLDER}/{address}"


def _answer(check: Check, experiment: Experiment) -> bytes:
    return json.dumps(check(experiment), ensure_ascii=False, allow_nan=False).encode()


async def _serve(request: Request) -> Response:
    address = request.path_params["page"]
    study = await to_thread(live.meant, address, request.query_params)
    if not isinstance(study, Study) or address not in _CHECKS:
        return Response(status_code=404)
    global _rests_until
    asked = _answer, _CHECKS[address], study.experiment
    begin, in_passing = monotonic(), "clicked" not in request.query_params and not CHECKS.knows(*asked)
    try:
        if in_passing and (begin < _rests_until or not CHECKS.is_idle):
            raise Busy(1)
        found = await CHECKS.ask(request, *asked)
    except Busy as busy:
        return answer(busy, request)
    if in_passing:
        _rests_until = begin + (monotonic() - begin) / _SHARE
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(found, headers=headers, media_type="application/json")


ROUTES = [Route(f"{_FOLDER}/{{page}}", _serve)]
