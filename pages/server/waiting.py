"""Heavy work: each thing is done once however many ask for it, a few at a time, and whoever came first is next.

A request waits without a thread. A page's run is one, does its own work when its turn comes, and is told its place if
it has to wait longer than a moment.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from math import inf
from threading import Event, Lock
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

MOMENT = 0.5  # s that pass before a page's run is told
PATIENCE = 25.0  # s that a request waits: balancers give up after 30 or more
_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_AGAIN = 1  # s after which a browser should ask again

Asked = tuple[Any, ...]  # a function and its arguments


class Busy(Exception):
    """Not yet: `place` in line, from 1, or None where the line has no more places."""

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


@dataclass(eq=False)
class _Job:
    """Work that waits or is under way, and how many ask for it."""

    begin: Callable[[], Any]  # called when its turn has come
    answer: Future[Any] = field(default_factory=Future)
    asking: int = 0
    begun: bool = False


class Line:
    """Calls functions in order of arrival, at most `workers` at a time, while at most `most` more wait.

    Who asks for what is under way or waiting shares it, and its last `kept` answers are kept. A function that raises
    does so for those alone who asked for it, and is called anew for the next.
    """

    def __init__(self, workers: int, most: float = inf, kept: int = 0) -> None:
        self._pool = ThreadPoolExecutor(workers)
        self._free, self._room, self._kept = workers, workers + most, kept
        self._jobs: dict[Asked, _Job] = {}  # in order of arrival
        self._answers: OrderedDict[Asked, _Job] = OrderedDict()  # the last used last
        self._lock = Lock()  # of all that

    async def ask(self, request: Request, work: Callable[..., Any], *args: Hashable) -> Any:
        """What `work(*args)` returns, for a request whose client gives its place up if it leaves.

        Raises Busy where the line is full, and after PATIENCE; what was asked for then keeps its place.
        """
        asked = work, *args
        job, stays = self._enter(asked), False
        answer, left = asyncio.wrap_future(job.answer), asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait({answer, left}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            if left.done():
                left.result()
                raise Busy(None)  # which nobody hears
            stays = True
            raise Busy(self._place(asked))
        finally:
            left.cancel()
            if not stays:
                self._leave(asked, job)

    def wait(self, tell: Callable[[int], None], work: Callable[..., Any], *args: Hashable) -> Any:
        """What `work(*args)` returns, for a thread, which does it itself if nobody else does.

        `tell` hears its place, if that has changed, once a moment; whatever `tell` raises gives it up.
        """
        asked = work, *args
        news, told = Event(), 0  # it is this thread's turn, or the answer is there
        job = self._enter(asked, news.set)
        if job.answer.done():
            return job.answer.result()
        mine = job.begin == news.set
        if not mine:
            job.answer.add_done_callback(lambda _: news.set())
        try:
            while not news.wait(MOMENT):
                if not job.begun and (place := self._place(asked)) != told:
                    tell(told := place)
        except BaseException:
            self._leave(asked, job, mine)
            raise
        if mine:
            self._do(asked, job)
        return job.answer.result()

    def knows(self, work: Callable[..., Any], *args: Hashable) -> bool:
        """Whether the answer is kept or under way: asking for it makes no work."""
        with self._lock:
            return (work, *args) in self._answers or (work, *args) in self._jobs

    @property
    def is_idle(self) -> bool:
        return not self._jobs

    def _enter(self, asked: Asked, begin: Callable[[], Any] | None = None) -> _Job:
        """The job that is asked for; if it is a new one, `begin` is how it begins, else in a thread of its own."""
        with self._lock:
            if asked in self._answers:
                self._answers.move_to_end(asked)
                return self._answers[asked]
            if asked not in self._jobs:
                if len(self._jobs) >= self._room:
                    raise Busy(None)
                self._jobs[asked] = _Job(begin or self._in_a_thread(asked))
            self._jobs[asked].asking += 1
            self._let_begin()
            return self._jobs[asked]

    def _in_a_thread(self, asked: Asked) -> Callable[[], Any]:
        return lambda: self._pool.submit(self._do, asked, self._jobs[asked])

    def _let_begin(self) -> None:
        for job in self._jobs.values():
            if self._free and not job.begun:
                self._free -= 1
                job.begun = True
                job.begin()

    def _do(self, asked: Asked, job: _Job) -> None:
        work, *args = asked
        answer = error = None
        try:
            answer = work(*args)
        except BaseException as raised:
            error = raised
        with self._lock:
            self._end(asked)
            if error is None:
                self._answers[asked] = job
            while len(self._answers) > self._kept:
                self._answers.popitem(last=False)
        if error is None:
            job.answer.set_result(answer)
        else:
            job.answer.set_exception(error)

    def _end(self, asked: Asked) -> None:
        self._free += self._jobs.pop(asked).begun
        self._let_begin()

    def _leave(self, asked: Asked, job: _Job, mine: bool = False) -> None:
        """One fewer waits; what nobody waits for is not begun, and what others wait for needs another's thread."""
        with self._lock:
            job.asking -= 1
            if self._jobs.get(asked) is not job or (job.begun and not mine):
                return
            if not job.asking:
                self._end(asked)
            elif mine:
                job.begin = self._in_a_thread(asked)
                if job.begun:
                    job.begin()

    def _place(self, asked: Asked) -> int:
        with self._lock:
            waiting = [each for each, job in self._jobs.items() if not job.begun]
        return 1 + waiting.index(asked) if asked in waiting else 1


async def _left(request: Request) -> None:
    """Wait until the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


SWEEPS = Line(2, 32, kept=128)  # extras: a figure whose sweep does not come follows on release
CHECKS = Line(1, 64, kept=2048)
HANDOUTS = Line(1, 32, kept=32)
PACKING = Line(1, 64)
CODES = Line(1, 64, kept=256)
PICTURES = Line(2, kept=1024)  # of pages; each session waits for one at most


def toast(place: int) -> None:
    """Tell a reader his place, from a page's run; it lies over the page for some seconds, so nothing moves."""
    st.toast(sentence(place), icon=":material/hourglass_top:")


def answer(busy: Busy, request: Request) -> Response:
    """What a route says to who has to ask again: a page that does so by itself, or JSON for a script."""
    headers = {"Retry-After": str(_AGAIN), "Cache-Control": "no-store"}
    if not seen(request):
        body = json.dumps({"place": busy.place, "text": str(busy)})
        return Response(body, 503, headers, "application/json")
    if request.method == "POST":
        return notice(str(busy), "Go back, and ask again.", 503, headers)
    return notice(str(busy), ASKS_AGAIN, 503, headers | {"Refresh": str(_AGAIN if busy.place else 60)})


ASKS_AGAIN = "This page asks again by itself."


def seen(request: Request) -> bool:
    """Whether a person is to read the answer: a tab asked for it, or a form."""
    return request.method == "POST" or "text/html" in request.headers.get("accept", "")


def notice(text: str, more: str, status: int, headers: Mapping[str, str]) -> Response:
    """A page of two sentences, for who cannot have what he asked for."""
    content = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Unrolled</title><style>body{font:1.25rem/1.5 sans-serif;max-width:32rem;margin:20vh auto;padding:1rem;"
        "color-scheme:light dark;overflow-wrap:anywhere}</style>"
        f"<h1>Unrolled</h1><p>{escape(text)}</p><p>{escape(more)}</p></html>"
    )
    return HTMLResponse(content, status, headers)
