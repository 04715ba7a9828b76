"""Short lines before heavy work: a few work at a time, and who has to wait longer than a moment is told his place."""

import json
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from math import inf
from threading import Condition
from time import monotonic

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

MOMENT = 0.5  # s that pass before anybody is told
KEPT = 5.0  # s that a place is kept for who asked, was told it, and will ask again
_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_AGAIN = 1  # s after which a browser should ask again


class Busy(Exception):
    """Nobody is free: `place` in line, from 1, or None where the line has no more places."""

    def __init__(self, place: int | None) -> None:
        super().__init__(sentence(place))
        self.place = place


def sentence(place: int | None) -> str:
    """What a reader is told.

    >>> sentence(3), sentence(12)
    ('The server is busy: you are third in line.', 'The server is busy: you are number 12 in line.')
    """
    if place is None:
        return "The server is busy, and its line is full. Please try again in a minute."
    return f"The server is busy: you are {_WORDS[place - 1] if place <= len(_WORDS) else f'number {place}'} in line."


class Line:
    """Lets `workers` work at a time, and at most `most` wait; whoever came first is next."""

    def __init__(self, workers: int, most: float = inf) -> None:
        self._free, self._most = workers, most
        self._line: dict[Hashable, float] = {}  # in order of arrival: inf, or when who has a place was told it and left
        self._changed = Condition()

    @contextmanager
    def turn(
        self, key: Hashable = None, patience: float = inf, tell: Callable[[int], None] | None = None
    ) -> Iterator[None]:
        """Hold one of the workers; nothing is told, and next to nothing done, while one is free.

        A `key` keeps its place between two tries. Raises Busy once `patience` (s) is at its end, or with no place where
        the line is full; whatever `tell` raises ends the wait, too.
        """
        self._take(key, patience, tell)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _take(self, key: Hashable, patience: float, tell: Callable[[int], None] | None) -> None:
        returns, key = key is not None, object() if key is None else key
        with self._changed:
            now = monotonic()
            self._line = {who: seen for who, seen in self._line.items() if now - seen < KEPT}  # in place order
            if self._free and inf not in self._line.values():
                self._line.pop(key, None)
                self._free -= 1
                return
            if key not in self._line and len(self._line) >= self._most:
                raise Busy(None)
            self._line[key] = inf
        try:
            self._wait(key, patience, tell)
        except BaseException as error:
            with self._changed:
                if isinstance(error, Busy) and returns:
                    self._line[key] = monotonic()
                else:
                    self._line.pop(key, None)
                self._changed.notify_all()
            raise

    def _wait(self, key: Hashable, patience: float, tell: Callable[[int], None] | None) -> None:
        end, told = monotonic() + patience, 0
        while True:
            with self._changed:
                self._line[key] = inf  # another with the same key may have had its turn
                if self._changed.wait_for(lambda: self._is_next(key), min(MOMENT, max(0.0, end - monotonic()))):
                    del self._line[key]
                    self._free -= 1
                    self._changed.notify_all()  # there may be another free worker for the next
                    return
                place = 1 + list(self._line).index(key)
            if monotonic() >= end:
                raise Busy(place)
            if tell and place != told:
                tell(told := place)

    def _is_next(self, key: Hashable) -> bool:
        return bool(self._free) and key == next((who for who, seen in self._line.items() if seen == inf), None)


SWEEPS = Line(2, 32)  # extras: a figure whose sweep does not come follows on release
CHECKS = Line(1, 64)
HANDOUTS = Line(1, 32)
PICTURES = Line(2)  # a page's own figures, where they are not known yet; each session waits for one at most


def toast(place: int) -> None:
    """Tell a reader his place, from a page's run; it lies over the page for some seconds, so nothing moves."""
    st.toast(sentence(place), icon=":material/hourglass_top:")


def answer(busy: Busy, request: Request) -> Response:
    """What a route says to who has to wait: a page that asks again by itself, or JSON for a script."""
    headers = {"Retry-After": str(_AGAIN), "Cache-Control": "no-store"}
    if "text/html" not in request.headers.get("accept", ""):
        body = json.dumps({"place": busy.place, "text": str(busy)})
        return Response(body, 503, headers, "application/json")
    return page(str(busy), headers | {"Refresh": str(_AGAIN if busy.place else 60)})


def page(text: str, headers: dict[str, str]) -> Response:
    """A page of one sentence of ours, for who cannot be served now."""
    content = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Unrolled</title><style>body{font:1.25rem/1.5 sans-serif;max-width:32rem;margin:20vh auto;padding:1rem;"
        "color-scheme:light dark}</style>"
        f"<h1>Unrolled</h1><p>{text}</p><p>This page asks again by itself.</p></html>"
    )
    return HTMLResponse(content, 503, headers)
