"""The lecture hall: N students on page 1, each moving a slider every five seconds, on one server process.

The students are simulated by a client that speaks Streamlit's own protocol (protobuf messages on a WebSocket) and
sends what a browser sends. It runs in a process of its own, so that only the server's processor time counts. The
floor app and page 1 stand side by side and are measured in turn at every N: machines are noisy, ratios are not.
In the lecture all open the same page, and move its slider to places of their own: sooner or later a cache answers.
"own" is the same page where every student has an experiment of his own, and nothing can come from a cache.

    python -m tests.benchmarks.load          at N = 1, 50, 100, 200, 500
    python -m tests.benchmarks.load 1 50     at other N
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import psutil

from tests.server import ROOT, serving

STUDENTS = (1, 50, 100, 200, 500)
EVERY = 5.0  # seconds between two changes of one student
EVERY_ALONE = 0.25  # a single student moves faster: four changes would be no sample
SECONDS = 10  # measured at each N: two changes of each student
OWN_UP_TO = 100  # students
SLIDER = "w"
FLOOR, OURS, OWN = "floor", "page 1", "own"
SCRIPTS = {FLOOR: Path(__file__).with_name("floor.py"), OURS: ROOT / "app.py", OWN: ROOT / "app.py"}
PICTURES = {"plotly_chart", "bidi_component"}


# The student: one browser tab, as far as the server can tell.


@dataclass
class Student:
    """A browser tab: its connection, its widgets, and the slider that it moves."""

    address: str  # with the query
    socket: Any = None
    widgets: dict[str, Any] = field(default_factory=dict)  # id → WidgetState, as the browser holds them
    cached: dict[str, Any] = field(default_factory=dict)  # large messages by hash: the server may refer to them
    aging: dict[str, int] = field(default_factory=dict)  # the run in which a cached message came last
    runs: int = 0
    keep: int = 0  # for so many runs a cached message is kept
    page: str = ""  # the script's hash
    query: dict[str, str] = field(default_factory=dict)
    slider: Any = None
    fragment: str = ""
    received: int = 0  # bytes
    pictures: int = 0
    headers: dict[str, str] = field(default_factory=dict)  # beside those of every WebSocket: cookies

    async def open(self) -> None:
        from websockets.asyncio.client import connect

        url = urlsplit(self.address)
        self.query = dict(parse_qsl(url.query))
        self.socket = await connect(
            f"ws://{url.netloc}/_stcore/stream",
            origin=f"http://{url.netloc}",
            additional_headers=self.headers,
            subprotocols=["streamlit", "-", "-"],
            max_size=None,
            ping_interval=None,  # as a browser
            open_timeout=60,  # a busy machine is no error
            proxy=None,
        )
        await self._rerun(page_name=url.path.strip("/"))
        await self._until_finished()

    async def move(self, dice: random.Random) -> None:
        """Put the slider elsewhere, and wait until the server has nothing more to send."""
        slider = self.slider
        positions = round((slider.max - slider.min) / slider.step)
        state = self.widgets[slider.id]
        value = before = state.double_array_value.data[0]
        while value == before:
            value = round(slider.min + slider.step * dice.randrange(positions + 1), 10)
        state.double_array_value.data[:] = [value]
        if slider.query_param_key:
            self.query[slider.query_param_key] = f"{value:g}"
        shown = self.pictures
        await self._rerun(fragment_id=self.fragment)
        await self._until_finished()
        if self.pictures == shown:
            raise RuntimeError("a change brought no new picture")

    async def _rerun(self, **client_state: str) -> None:
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = urlencode(self.query)
        rerun.widget_states.widgets.extend(self.widgets.values())
        rerun.page_script_hash = self.page
        rerun.cached_message_hashes.extend(self.cached)
        rerun.context_info.timezone = "UTC"
        rerun.context_info.locale = "en-US"
        rerun.context_info.url = self.address.partition("?")[0]
        rerun.context_info.color_scheme = "light"
        for name, value in client_state.items():
            setattr(rerun, name, value)
        await self.socket.send(message.SerializeToString())

    async def _until_finished(self) -> None:
        """Read until a run ends that is not followed by another one that a callback has asked for."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        while True:
            data = await self.socket.recv()
            self.received += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if kind == "ref_hash":
                self.aging[message.ref_hash] = self.runs
                self._delta(self.cached[message.ref_hash].delta)
            elif kind == "delta":
                if message.metadata.cacheable:
                    self.cached[message.hash] = message
                    self.aging[message.hash] = self.runs
                self._delta(message.delta)
            elif kind == "new_session":
                self.page = message.new_session.page_script_hash
                self.keep = message.new_session.config.max_cached_message_age
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise RuntimeError("the page does not compile")
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    self._forget()
                    return

    def _forget(self) -> None:
        """Drop the large messages that have not come for some runs."""
        self.runs += 1
        self.cached = {key: kept for key, kept in self.cached.items() if self.runs - self.aging[key] <= self.keep}

    def _delta(self, delta: Any) -> None:
        """Keep what a browser would send back: each widget's value."""
        kind = delta.new_element.WhichOneof("type")
        if kind == "exception":
            raise RuntimeError(delta.new_element.exception.message)
        self.pictures += kind in PICTURES
        if kind not in _VALUES:
            return
        element = getattr(delta.new_element, kind)
        if element.id not in self.widgets or getattr(element, "set_value", False):
            self.widgets[element.id] = _state(element, *_VALUES[kind])
        if kind == "slider" and element.id.endswith(f"-{SLIDER}"):
            self.slider, self.fragment = element, delta.fragment_id


_VALUES = {  # element → field of its WidgetState, field of its default, field of the value that the server sets
    "slider": ("double_array_value", "default", "value"),
    "number_input": ("double_value", "default", "value"),
    "selectbox": ("string_value", "default", "raw_value"),
    "text_input": ("string_value", "default", "value"),
    "checkbox": ("bool_value", "default", "value"),
    "button_group": ("string_array_value", "default", "raw_values"),
}


def _state(element: Any, kind: str, default: str, given: str) -> Any:
    from streamlit.proto.WidgetStates_pb2 import WidgetState

    value = getattr(element, given if getattr(element, "set_value", False) else default)
    state = WidgetState(id=element.id)
    if kind == "double_array_value":
        state.double_array_value.data.extend(value)
    elif kind == "string_array_value":
        chosen = [element.options[i].content if isinstance(i, int) else i for i in value]
        state.string_array_value.data.extend(chosen)
    elif kind == "double_value" and getattr(element, "data_type", 1) == 0:  # whole numbers
        state.int_value = int(value)
    elif kind == "string_value" and isinstance(value, int):
        state.string_value = element.options[value]
    else:
        setattr(state, kind, value)
    return state


# The hall: runs in a process of its own and obeys lines of JSON.


async def _hall(url: str, own: bool) -> None:
    """For each line [N, seconds, every]: fill up to N students, let them move, answer with what was seen."""
    students: list[Student] = []
    dice = random.Random(2026)
    while line := await asyncio.to_thread(sys.stdin.readline):
        count, seconds, every = json.loads(line)
        arriving = [Student(_own(url, i) if own else url) for i in range(len(students), count)]
        for some in (arriving[i : i + 10] for i in range(0, len(arriving), 10)):  # ten at a time through the door
            await asyncio.gather(*(student.open() for student in some))
        students += arriving
        print(json.dumps("open"), flush=True)
        await asyncio.to_thread(sys.stdin.readline)  # until the clocks run
        before = sum(student.received for student in students)
        start = time.perf_counter() + 0.1
        seats = [start + every * i / count for i in range(count)]
        rounds = await asyncio.gather(
            *(_sit(student, seat, start + seconds, every, dice) for student, seat in zip(students, seats, strict=True))
        )
        found = {
            "waits": [wait for waits in rounds for wait in waits],
            "bytes": sum(student.received for student in students) - before,
        }
        print(json.dumps(found), flush=True)


def _own(url: str, number: int) -> str:
    """Each student's own experiment, so that nothing is answered from a cache."""
    return f"{url}{'&' if '?' in url else '?'}h0={(number + 1) / 1000}"


async def _sit(student: Student, due: float, end: float, every: float, dice: random.Random) -> list[float]:
    """Move when it is time. Who was kept waiting has waited since then, not since he could move again."""
    waits = []
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await student.move(dice)
        waits.append(time.perf_counter() - due)
        due += every
    return waits


# The measurement.


class _Class:
    """One server and its students."""

    def __init__(self, name: str, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(serving(folder / "log", SCRIPTS[name]))
        self.server = psutil.Process(server.pid)
        command = [sys.executable, "-m", "tests.benchmarks.load", "--hall", f"{server.url}/"]
        command += ["--own"] if name == OWN else []
        self.hall = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.callback(self.hall.kill)

    def measure(self, students: int, seconds: float) -> dict[str, float]:
        every = EVERY_ALONE if students == 1 else EVERY
        self._say([students, seconds, every])
        self._hear()
        memory = self.server.memory_full_info().uss
        before = self.server.cpu_times()
        self._say("go")
        found = self._hear()
        after = self.server.cpu_times()
        waits = sorted(found["waits"])
        used = after.user + after.system - before.user - before.system
        return {
            "changes": len(waits),
            "p50": 1000 * statistics.median(waits),
            "p95": 1000 * waits[int(0.95 * (len(waits) - 1))],
            "cpu": 1000 * used / len(waits),
            "bytes": found["bytes"] / len(waits),
            "memory": memory / 1e6,
        }

    def _say(self, what: Any) -> None:
        self.hall.stdin.write(json.dumps(what) + "\n")
        self.hall.stdin.flush()

    def _hear(self) -> Any:
        line = self.hall.stdout.readline()
        if not line:
            raise RuntimeError("the students have left: see the error above")
        return json.loads(line)


def measure(counts: tuple[int, ...] = STUDENTS, seconds: float = SECONDS) -> dict[str, Any]:
    """Milliseconds, bytes and megabytes for each app and each number of students, and memory's slope."""
    result: dict[str, Any] = {name: {} for name in SCRIPTS}
    with ExitStack() as stack:
        classes = {name: _Class(name, stack) for name in SCRIPTS}
        for count in counts:
            for name, its_class in classes.items():
                if name != OWN or count <= OWN_UP_TO:
                    result[name][str(count)] = its_class.measure(count, seconds)
    for rows in result.values():
        rows["slope"] = _slope({int(count): row["memory"] for count, row in rows.items()})
    return result


def _slope(memory: dict[int, float]) -> float:
    """Megabytes for each further student, from N = 50 to 200 where both were measured."""
    low, high = (50, 200) if {50, 200} <= memory.keys() else (min(memory), max(memory))
    return (memory[high] - memory[low]) / (high - low) if high > low else 0.0


def show(result: dict[str, Any]) -> None:
    print(f"Students on one process, each with a change every {EVERY:g} s (one alone: every {EVERY_ALONE:g} s)")
    print(f"{'N':>4s}  {'':8s}{'p50':>10s}{'p95':>10s}{'CPU/change':>13s}{'/ floor':>9s}{'bytes':>10s}{'memory':>10s}")
    for count in (key for key in result[FLOOR] if key != "slope"):
        for name in (name for name in SCRIPTS if count in result[name]):
            row = result[name][count]
            print(
                f"{count:>4s}  {name:8s}{row['p50']:7.0f} ms{row['p95']:7.0f} ms{row['cpu']:10.1f} ms"
                f"{row['cpu'] / result[FLOOR][count]['cpu']:9.2f}{row['bytes'] / 1000:7.1f} kB{row['memory']:7.0f} MB"
            )
    slopes = ", ".join(f"{name} {1000 * rows['slope']:.0f} kB" for name, rows in result.items())
    print(f"Memory of each further student: {slopes}")


if __name__ == "__main__":
    if "--hall" in sys.argv:
        asyncio.run(_hall(sys.argv[sys.argv.index("--hall") + 1], "--own" in sys.argv))
    else:
        numbers = tuple(int(word) for word in sys.argv[1:] if word.isdigit()) or STUDENTS
        show(measure(numbers))
