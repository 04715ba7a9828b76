"""The soak: 50 sessions move sliders on all pages for half an hour, and the last minutes are as the first.

Each visitor moves a slider every five seconds, and asks for a sweep and a check as a browser does. After a minute he
closes his tab, and another one opens the next page with an experiment of its own. At the end there must be no error in
the log, no more memory in the last tenth of the time than in the second (1.1 times), and in the last tenth no longer
waits than in the first (p95, 1.3 times).

    python -m tests.benchmarks.soak                              half an hour, 50 sessions
    python -m tests.benchmarks.soak --minutes 2 --sessions 20    a short one
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.load import Student
from tests.server import ROOT, serving

MINUTES, SESSIONS = 30.0, 50
EVERY = 5.0  # seconds between two moves of one visitor
STAY = 60.0  # seconds in one tab
SLIDERS = {  # by page
    "chain": "w", "saturation": "w", "map": "w", "network": "w", "gates": "f", "lstm": "f", "compare": "w",
    "scenes": "guess",
}  # fmt: skip
GROWTH, SLOWER = 1.1, 1.3
FILLED, CACHES = 15, 100  # minutes until the second tenth finds full caches, and MB that they may still take before
PARTS = 10
ERROR = re.compile(r"Traceback|Exception|\b(?:ERROR|CRITICAL)\b|Error\b")


class Visitor(Student):
    """A tab on any page, which moves that page's slider."""

    key = ""

    def _delta(self, delta: Any) -> None:
        before = self.slider, self.fragment
        super()._delta(delta)
        element = delta.new_element
        is_mine = element.WhichOneof("type") == "slider" and element.slider.id.endswith(f"-{self.key}")
        self.slider, self.fragment = (element.slider, delta.fragment_id) if is_mine else before


async def visit(url: str, number: int, until: float, dice: random.Random, say: Callable[[float], None]) -> None:
    """One tab, from opening to closing; `say` hears how long each move took."""
    page = list(SLIDERS)[number % len(SLIDERS)]
    own = {"scenes": ""}.get(page, f"?h0={(number % 500 + 1) / 250}")
    visitor = Visitor(f"{url}/{page}{own}")
    visitor.key = SLIDERS[page]
    await visitor.open()
    due = time.perf_counter() + EVERY * dice.random()
    moves = 0
    while due < until:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await visitor.move(dice)
        say(time.perf_counter() - due)
        if page != "scenes" and moves % 4 == 0:
            kind = f"sweeps/{page}/{visitor.key}" if moves % 8 else f"checks/{page}"
            await asyncio.to_thread(_fetch, f"{url}/{kind}{own}")
        due, moves = due + EVERY, moves + 1
    await visitor.socket.close()


def _fetch(url: str) -> None:
    """What a browser asks beside its session; a busy server may refuse it, and a busy machine forget it."""
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30).read()
    except TimeoutError:
        pass
    except urllib.error.HTTPError as refused:
        if refused.code != 503:
            raise


async def _crowd(url: str, seconds: float, sessions: int) -> None:
    """Prints [when, wait] of every move as it happens."""
    dice, numbers, begun = random.Random(2026), count(), time.perf_counter()

    def say(wait: float) -> None:
        print(json.dumps([time.perf_counter() - begun, wait]), flush=True)

    async def seat(place: int) -> None:
        await asyncio.sleep(EVERY * place / sessions)  # not all at once through the door
        while (now := time.perf_counter()) < begun + seconds:
            stay = STAY * (0.5 + dice.random())
            await visit(url, next(numbers), min(now + stay, begun + seconds), dice, say)

    await asyncio.gather(*(seat(place) for place in range(sessions)))


def measure(minutes: float = MINUTES, sessions: int = SESSIONS) -> dict[str, Any]:
    """Waits (ms) and memory (MB) by tenth of the time, the number of moves, and what the log says of errors."""
    seconds, memory = 60 * minutes, []
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "log") as server:
        process = psutil.Process(server.pid)
        crowd = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.benchmarks.soak",
                "--crowd",
                server.url,
                "--minutes",
                str(minutes),
                "--sessions",
                str(sessions),
            ],
            cwd=ROOT,
            stdout=(Path(folder) / "waits").open("wb"),
        )
        begun = time.perf_counter()
        used = sum(process.cpu_times()[:2])
        try:
            while crowd.poll() is None:
                memory.append((time.perf_counter() - begun, process.memory_full_info().uss / 1e6))
                time.sleep(min(1.0, seconds / 100))
        finally:
            crowd.kill()
        if crowd.returncode:
            raise RuntimeError("the visitors have left: see the error above")
        used = sum(process.cpu_times()[:2]) - used
        waits = [json.loads(line) for line in (Path(folder) / "waits").read_text().splitlines()]
        log = server.log.read_text(encoding="utf-8", errors="replace")
    return {
        "minutes": minutes,
        "sessions": sessions,
        "moves": len(waits),
        "cpu": 1000 * used / len(waits),
        "p50": [1000 * statistics.median(part) for part in _parts(waits)],
        "p95": [1000 * sorted(part)[int(0.95 * (len(part) - 1))] for part in _parts(waits)],
        "memory": [statistics.mean(part) for part in _parts(memory)],
        "errors": [line for line in log.splitlines() if ERROR.search(line)],
    }


def _parts(timed: list[Any]) -> list[list[float]]:
    """What was measured, by tenth of the time from the first to the last."""
    parts: list[list[float]] = [[] for _ in range(PARTS)]
    first, last = timed[0][0], max(when for when, _ in timed)
    for when, what in timed:
        parts[min(PARTS - 1, int(PARTS * (when - first) / (last - first)))].append(what)
    return parts


def complaints(result: dict[str, Any]) -> list[str]:
    """What is not as it should be."""
    found = [f"the log says: {line}" for line in result["errors"][:5]]
    memory, p95 = result["memory"], result["p95"]
    if memory[-1] > GROWTH * memory[1] + (CACHES if result["minutes"] < FILLED else 0):
        found.append(f"memory grew from {memory[1]:.0f} MB in the second tenth to {memory[-1]:.0f} MB in the last")
    if p95[-1] > SLOWER * p95[0]:
        found.append(f"p95 grew from {p95[0]:.0f} ms in the first tenth to {p95[-1]:.0f} ms in the last")
    return found


def show(result: dict[str, Any]) -> None:
    print(
        f"{result['sessions']} sessions for {result['minutes']:g} minutes: {result['moves']} moves,"
        f" {result['cpu']:.1f} ms of CPU each, sweeps, checks and arrivals included"
    )
    print(f"{'tenth':>6s}{'p50':>10s}{'p95':>10s}{'memory':>10s}")
    for number, row in enumerate(zip(result["p50"], result["p95"], result["memory"], strict=True), 1):
        print(f"{number:>6d}{row[0]:7.0f} ms{row[1]:7.0f} ms{row[2]:7.0f} MB")
    print("\n".join(complaints(result)) or "No error in the log, no growth, no slow-down.")


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--minutes", type=float, default=MINUTES)
    given.add_argument("--sessions", type=int, default=SESSIONS)
    given.add_argument("--crowd", help=argparse.SUPPRESS)
    chosen = given.parse_args()
    if chosen.crowd:
        asyncio.run(_crowd(chosen.crowd, 60 * chosen.minutes, chosen.sessions))
    else:
        result = measure(chosen.minutes, chosen.sessions)
        show(result)
        sys.exit(bool(complaints(result)))
