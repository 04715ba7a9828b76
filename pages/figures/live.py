"""A figure that follows a dragged slider: its sweeps, fetched when pointer or focus reach the slider.

A sweep is the page's items at up to `MOST` positions of one slider, made once and shared by all sessions; the
browser picks the position. Nothing is asked of the server while the thumb is moving.
"""

import gzip
from asyncio import to_thread
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.charts.parts.view import Study
from pages.controls import codec
from pages.controls.control import Control
from pages.figures.show import encode
from pages.lessons.scenes import Prediction
from pages.server.waiting import SWEEPS, Busy, answer
from rnn_core.experiment import CHOOSE_ROWS

Asked = Study | Prediction  # a page is asked for the one, a scene for the other
Items = Callable[..., list[dict[str, Any]]]  # of what is asked; `over`, a field and its values, makes it a sweep

MOST = 300  # positions: all of a slider but a seed
SIZE = 220_000  # bytes of a compressed sweep: a thumb is to find itself in it
_MOST_DRAWN = 101  # positions of what chooses rows: it changes a figure's build, so each is drawn by itself
_TRIAL = 12  # positions, to foretell how many will fit
_FIXED = 3000  # bytes of a message without positions
_FOLDER = "/sweeps"


@dataclass(frozen=True)
class Following:
    """What the browser needs to fetch the sweeps of a page, and to know which choices its figures show."""

    url: str
    main: str  # the slider whose sweep is fetched with the page
    around: tuple[str, ...]  # the sliders whose sweeps span only what is around their choice
    choices: tuple[tuple[str, str], ...]  # all that a reader chose, as the address of a sweep says it
    ends: tuple[tuple[str, float], ...]  # where a slider stands whose choice lies beyond its end

    @property
    def plain(self) -> dict[str, Any]:
        return vars(self) | {"choices": dict(self.choices), "ends": dict(self.ends)}


def describe(address: str, main: str, controls: codec.Controls, values: Mapping[str, Any]) -> Following:
    """How sliders are followed on a page with these values."""
    around = tuple(key for key, control in controls.items() if not control.alike)
    texts = codec.texts(controls, values, always=controls)
    sliders = [control for control in controls.values() if control.kind == "slider" and control.key in values]
    stands = {one.key: one.shown(values[one.key], values.get(one.upto, inf)) for one in sliders}
    ends = tuple((key, at) for key, at in stands.items() if at != values[key])
    return Following(f"{_FOLDER}/{address}", main, around, tuple(texts.items()), ends)


def positions(control: Control, asked: Asked, most: int) -> np.ndarray:
    """At most `most` of a slider's own positions, evenly spread from end to end.

    Where one position says nothing about the next, all of those around the present one.
    """
    low, high = control.min, control.max
    e = asked.experiment if isinstance(asked, Study) else None
    if e and control.key in CHOOSE_ROWS:  # beyond the unrolled steps nothing changes any more
        high = min(high, {"T": high, "t": e.T, "k": e.end, "step": max(1, e.end)}[control.key])
        low = e.begin + 1 if control.key == "step" and e.begin < e.end else low
    if e and not control.alike:
        low = min(max(low, getattr(e, control.key) - most // 2), high - most + 1)
        high = min(high, low + most - 1)
    count = round((high - low) / control.step)
    stride = -(-count // (most - 1)) if count else 1
    steps = np.unique([*range(0, count, stride), count])
    return np.round(low + steps * control.step, 10).astype(int if isinstance(control.default, int) else float)


def sweep(items: Items, control: Control, asked: Asked) -> bytes:
    """The compressed message of a slider's sweep, at most `SIZE` bytes."""
    most = _MOST_DRAWN if control.key in CHOOSE_ROWS else _foretold(items, control, asked)
    while True:
        packed = _packed(items, control, asked, most)
        if len(packed) <= SIZE or most <= 2:
            return packed
        most = max(2, int(0.9 * most))


def _foretold(items: Items, control: Control, asked: Asked) -> int:
    """How many positions will fit, after a few; many compress better."""
    trial = len(_packed(items, control, asked, _TRIAL))
    return min(MOST, int(2 * _TRIAL * (SIZE - _FIXED) / max(trial - _FIXED, 1)))


def _packed(items: Items, control: Control, asked: Asked, most: int) -> bytes:
    at = positions(control, asked, most)
    reach = None if control.alike else control.step / 2
    message = encode(items(asked, (control.key, at.tolist())), at=at.astype(float), reach=reach)
    return gzip.compress(message, 4, mtime=0)


@dataclass(frozen=True)
class _Source:
    """Where the sweeps of a page come from."""

    items: Items
    controls: codec.Controls
    asked: Callable[[Mapping[str, Any]], Asked]


_SOURCES: dict[str, _Source] = {}  # by a page's address


def offer(address: str, items: Items, controls: codec.Controls, asked: Callable[..., Asked]) -> None:
    """Let the browser fetch the sweeps of a page."""
    _SOURCES[address] = _Source(items, controls, asked)


def meant(address: str, texts: codec.Texts) -> Asked | None:
    """What the choices in an address ask for, if that page was offered."""
    source = _SOURCES.get(address)
    return source.asked(codec.values(source.controls, texts)) if source else None


async def _serve(request: Request) -> Response:
    source = _SOURCES.get(request.path_params["page"])
    control = source.controls.get(request.path_params["key"]) if source else None
    if source is None or control is None or control.kind != "slider":
        return Response(status_code=404)
    asked = await to_thread(_around, source, control, request.query_params)
    try:
        message = await SWEEPS.ask(request, sweep, source.items, control, asked)
    except Busy as busy:
        return answer(busy, request)
    headers = {"Content-Encoding": "gzip", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(message, headers=headers, media_type="application/octet-stream")


def _around(source: _Source, control: Control, texts: codec.Texts) -> Asked:
    values = codec.values(source.controls, texts)
    if control.alike:
        values[control.key] = control.default  # the same sweep, wherever the thumb is
    return source.asked(values)


ROUTES = [Route(f"{_FOLDER}/{{page}}/{{key}}", _serve)]
