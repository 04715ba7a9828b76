"""The badge beside the main figure: the number shown, computed once more in another way when the page is idle."""

import json
from collections.abc import Callable
from functools import lru_cache
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.controls import live
from pages.controls.queue import CHECKS, Busy, answer
from rnn_core.experiment import Experiment

Check = Callable[[Experiment], dict[str, Any]]  # what the badge says: text, short, title, agrees

_FOLDER = "/checks"
_CHECKS: dict[str, Check] = {}  # by a page's address
_PATIENCE = 0.5  # s; a click that has to wait longer asks again, and keeps its place in line
_SHARE = 0.1  # of the time that checks which nobody clicked for may take: a full class moves its sliders
_rests_until = 0.0


def offer(address: str, check: Check | None) -> None:
    """Let the browser ask for the check of a page whose sweeps are offered."""
    if check:
        _CHECKS[address] = check


def url(address: str) -> str | None:
    """Where the browser asks, with all choices behind it; None where a page has no check."""
    return f"{_FOLDER}/{address}" if address in _CHECKS else None


@lru_cache(maxsize=2048)
def _answer(check: Check, experiment: Experiment) -> bytes:
    """Raises TimeoutError while checks have had their share."""
    global _rests_until
    begin = monotonic()
    if begin < _rests_until:
        raise TimeoutError
    answer = json.dumps(check(experiment), ensure_ascii=False, allow_nan=False).encode()
    _rests_until = begin + (monotonic() - begin) / _SHARE
    return answer


def _serve(request: Request) -> Response:
    address = request.path_params["page"]
    experiment = live.meant(address, request.query_params)
    if experiment is None or address not in _CHECKS:
        return Response(status_code=404)
    global _rests_until
    clicked = "clicked" in request.query_params
    try:
        with CHECKS.turn((address, experiment) if clicked else None, _PATIENCE if clicked else 0.0):
            if clicked:
                _rests_until = 0.0
            found = _answer(_CHECKS[address], experiment)
    except TimeoutError:
        return Response(status_code=503)
    except Busy as busy:
        return answer(busy, request)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(found, headers=headers, media_type="application/json")


ROUTES = [Route(f"{_FOLDER}/{{page}}", _serve)]
