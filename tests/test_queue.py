"""Lines before heavy work: in order, bounded, told, and free of charge where nobody waits."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event, Thread, Timer
from time import monotonic, sleep

import pytest
from starlette.requests import Request

from pages.controls import queue
from pages.controls.queue import Busy, Line, answer, sentence
from tests.apps import healthy, opened


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(queue, "MOMENT", 0.02)


def until(true):
    end = monotonic() + 10
    while not true():
        assert monotonic() < end
        sleep(0.002)


class Waiter:
    """Somebody who waits for a turn, and has it until he is let go."""

    def __init__(self, line, name, log, key=None):
        self.told, self.done = [], Event()

        def wait():
            with line.turn(key, tell=self.told.append):
                log.append(name)
                self.done.wait(10)

        self.thread = Thread(target=wait)
        self.thread.start()

    def leave(self):
        self.done.set()
        self.thread.join(10)


def test_whoever_came_first_is_next_and_all_are_told_their_places():
    line, log = Line(1), []
    with line.turn():
        waiters = []
        for place in (1, 2, 3):
            waiters.append(Waiter(line, place, log))
            until(lambda who=waiters[-1], place=place: who.told == [place])
        assert log == []
    until(lambda: log == [1])
    until(lambda: waiters[2].told[-1] == 2)
    for place in (1, 2, 3):
        until(lambda place=place: len(log) == place)
        waiters[place - 1].leave()
    assert log == [1, 2, 3] and waiters[2].told[:2] == [3, 2]


def test_no_more_than_the_workers_work_at_a_time():
    line, now, most = Line(2), [0], [0]

    def work(_):
        with line.turn():
            now[0] += 1
            most[0] = max(most[0], now[0])
            sleep(0.005)
            now[0] -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(40)))
    assert most == [2] and line._free == 2 and not line._line


def test_where_somebody_is_free_nobody_is_told_anything():
    line = Line(2)
    with line.turn(tell=pytest.fail), line.turn(tell=pytest.fail):
        pass


def test_a_full_line_turns_away_at_once():
    line, log = Line(1, most=2), []
    with line.turn():
        waiters = [Waiter(line, place, log) for place in (1, 2)]
        until(lambda: len(line._line) == 2)
        with pytest.raises(Busy, match="its line is full") as full, line.turn():
            pass
        assert full.value.place is None
        for waiter in waiters:
            waiter.done.set()
    for waiter in waiters:
        waiter.leave()
    assert sorted(log) == [1, 2]


def test_who_asks_again_finds_his_place_kept_and_holds_nobody_up_in_between():
    line, log = Line(1), []
    with line.turn():
        for key in ("a", "b"):
            with pytest.raises(Busy), line.turn(key, patience=0):
                pass
        with pytest.raises(Busy, match="you are second in line"), line.turn("b", patience=0):
            pass
    with line.turn("c"):  # nobody is here to take his turn
        with pytest.raises(Busy) as busy, line.turn("a", patience=0):
            pass
        assert busy.value.place == 1
        b = Waiter(line, "b", log, "b")
        until(lambda: b.told == [2])
        a = Waiter(line, "a", log, "a")
        until(lambda: a.told == [1])
    until(lambda: log == ["a"])
    a.leave()
    b.leave()
    assert log == ["a", "b"]


def test_a_place_that_nobody_comes_back_to_is_given_up(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(queue, "monotonic", lambda: now[0])
    line = Line(1, most=1)
    with line.turn():
        with pytest.raises(Busy), line.turn("a", patience=0):
            pass
        with pytest.raises(Busy, match="full"), line.turn("b", patience=0):
            pass
        now[0] += queue.KEPT + 0.1
        with pytest.raises(Busy, match="first"), line.turn("b", patience=0):
            pass


def test_who_asks_without_a_name_keeps_no_place():
    line = Line(1)
    with line.turn(), pytest.raises(Busy), line.turn(patience=0):
        pass
    assert not line._line


def test_work_that_fails_and_a_reader_who_leaves_free_their_places():
    line, left = Line(1), RuntimeError("the reader has moved on")

    def tell(place):
        raise left

    with pytest.raises(ZeroDivisionError), line.turn():
        1 / 0  # noqa: B018
    with line.turn(), pytest.raises(RuntimeError, match="moved on"), line.turn(tell=tell):
        pass
    assert line._free == 1 and not line._line


def test_a_free_worker_is_not_left_idle():
    line, log = Line(2), []
    with ExitStack() as both:
        both.enter_context(line.turn())
        both.enter_context(line.turn())
        waiters = [Waiter(line, place, log) for place in (1, 2)]
        until(lambda: all(waiter.told for waiter in waiters))
    until(lambda: len(log) == 2)  # both at a time
    for waiter in waiters:
        waiter.leave()


def asked(accept):
    headers = [(b"accept", accept.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})


def test_a_script_hears_its_place_and_a_browser_sees_a_page_that_asks_again():
    told = answer(Busy(3), asked("*/*"))
    assert told.status_code == 503 and told.headers["retry-after"] == "1"
    assert json.loads(told.body) == {"place": 3, "text": "The server is busy: you are third in line."}
    seen = answer(Busy(11), asked("text/html,*/*"))
    assert seen.status_code == 503 and seen.headers["refresh"] == "1" and b"you are number 11 in line." in seen.body
    full = answer(Busy(None), asked("text/html"))
    assert int(full.headers["refresh"]) > 30 and b"line is full" in full.body and b"<script" not in full.body


def test_places_are_words_up_to_ten():
    assert [sentence(place).split(" are ")[1] for place in (1, 10, 11)] == [
        "first in line.", "tenth in line.", "number 11 in line."
    ]  # fmt: skip


def test_a_picture_that_has_to_wait_says_so_and_comes(monkeypatch):
    healthy(opened("chain"))
    monkeypatch.setattr(queue, "MOMENT", 0.05)
    held = ExitStack()
    held.enter_context(queue.PICTURES.turn())
    held.enter_context(queue.PICTURES.turn())
    Timer(2, held.close).start()
    at = healthy(opened("chain", w="1.2345"))
    assert [toast.value for toast in at.toast] == ["The server is busy: you are first in line."]
