"""The students: the load client's, with what a browser does when its connection is lost."""

import asyncio
import math
import random
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import InvalidHandshake, WebSocketException

from pages.charts.parts.theme import trace_of
from tests.benchmarks.load import Student
from tests.figures import unpacked
from tests.lecture.hall import get

LOST = (WebSocketException, InvalidHandshake, OSError, asyncio.TimeoutError)


@dataclass
class Guest(Student):
    """A student who comes back, and looks whether the picture is still that of all his settings."""

    base: str = ""
    t: int = 10  # a setting of his own, moved before the lecture: only his address and his browser know it
    shown: dict[str, bytes] = field(default_factory=dict)
    waits: list[tuple[float, float]] = field(default_factory=list)  # when, seconds
    returns: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)  # all students' one

    async def enter(self) -> None:
        """As a browser: first the page, which brings the balancer's cookie, then the connection."""
        _, headers, _ = await asyncio.to_thread(get, self.address, 30)
        cookies = [value.partition(";")[0] for value in headers.get_all("Set-Cookie", [])]
        self.headers = {"Cookie": "; ".join(cookies)}
        await self.open()
        self.look()

    async def sit(self, due: float, end: float, every: float, dice: random.Random) -> None:
        """Move the slider when it is time; come back when the connection is lost, also in between."""
        while due < end and not self.stopped.is_set():
            lost = asyncio.ensure_future(self.socket.wait_closed())
            await asyncio.wait([lost], timeout=max(0.0, due - time.perf_counter()))
            if lost.done():
                await self.come_back()
                continue
            lost.cancel()
            try:
                await asyncio.wait_for(self.move(dice), 30)
                self.waits.append((due, time.perf_counter() - due))
            except LOST:
                await self.come_back()
            self.look()
            due = max(due + every, time.perf_counter()) if every else time.perf_counter()

    async def come_back(self) -> None:
        """Connect anew with the address and the widgets that the browser holds."""
        start = time.perf_counter()
        self.address = f"{self.base}/?{urlencode(self.query)}"
        while True:
            try:
                await asyncio.wait_for(self.open(), 60)
                break
            except LOST:
                if time.perf_counter() - start > 60:
                    raise
                await asyncio.sleep(0.2)
        self.returns.append((start, time.perf_counter() - start))
        self.look()

    def look(self) -> None:
        """The picture's product must be wᵗ, the closed form of the linear chain, for his w and his t."""
        w = self.widgets[self.slider.id].double_array_value.data[0]
        if not w:
            return
        curve = next(c for c in map(_chain, reversed(self.shown.values())) if c is not None)
        if not math.isclose(curve, self.t * math.log10(abs(w)), rel_tol=1e-5, abs_tol=1e-5):
            self.wrong.append(f"w = {w:g}, t = {self.t}: log10 of the product is {curve}")

    def _delta(self, delta: Any) -> None:
        super()._delta(delta)
        if delta.new_element.WhichOneof("type") == "bidi_component":
            component = delta.new_element.bidi_component
            if component.bytes:
                self.shown.pop(component.id, None)  # the newest stands last
                self.shown[component.id] = component.bytes


def _chain(message: bytes) -> float | None:
    """log10 |∂h_t/∂h_0| as the picture draws it, if the message holds that picture."""
    for item in unpacked(message)["frames"][0]:
        if item["name"] == "chain":
            return float(trace_of(item, "product")["y"][0])
    return None


class Crowd:
    """Students in a thread of their own."""

    def __init__(self, url: str, count: int) -> None:
        self.dice = random.Random(2026)
        self.guests = [
            Guest(f"{url}/?T=40&t={i % 30 + 5}&h0={(i + 1) / 1000}", base=url, t=i % 30 + 5) for i in range(count)
        ]
        self.stopped, self.sitting = threading.Event(), None
        for guest in self.guests:
            guest.stopped = self.stopped
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._do(self._enter(), 90)

    def sit(self, seconds: float, every: float) -> None:
        """Let all move for so long."""
        self.stopped.clear()
        self._do(self._sit(seconds, every), seconds + 60)

    def begin(self, every: float) -> None:
        """Let all move until `end`."""
        self.stopped.clear()
        self.sitting = asyncio.run_coroutine_threadsafe(self._sit(math.inf, every), self.loop)

    def end(self, seconds: float = 60) -> None:
        """Raises what went wrong for any of them."""
        self.stopped.set()
        sitting, self.sitting = self.sitting, None
        if sitting:
            sitting.result(timeout=seconds)

    def waits(self, since: float = 0.0) -> list[float]:
        return sorted(wait for guest in self.guests for when, wait in guest.waits if when >= since)

    def returns(self, since: float = 0.0) -> list[float]:
        return sorted(wait for guest in self.guests for when, wait in guest.returns if when >= since)

    def wrong(self) -> list[str]:
        return [what for guest in self.guests for what in guest.wrong]

    def leave(self) -> None:
        self._do(self._leave(), 20)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=10)

    def _do(self, what: Coroutine, seconds: float) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(timeout=seconds)

    async def _enter(self) -> None:
        for some in (self.guests[i : i + 10] for i in range(0, len(self.guests), 10)):  # ten at a time
            await asyncio.gather(*(guest.enter() for guest in some))

    async def _sit(self, seconds: float, every: float) -> None:
        start = time.perf_counter() + 0.1
        seats = [start + every * i / len(self.guests) for i in range(len(self.guests))]
        await asyncio.gather(
            *(g.sit(seat, start + seconds, every, self.dice) for g, seat in zip(self.guests, seats, strict=True))
        )

    async def _leave(self) -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:  # of students whom a failed test left sitting
            if task.get_coro().__qualname__.startswith(("Crowd.", "Guest.", "Student.")):
                task.cancel()
        await asyncio.gather(*(guest.socket.close() for guest in self.guests), return_exceptions=True)


def late(waits: list[float], part: float = 0.95) -> float:
    return waits[int(part * (len(waits) - 1))] if waits else math.nan
