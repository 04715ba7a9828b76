"""Heavy work: in order of arrival, once however many ask, told, bounded, and free of charge where nobody waits."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event, Timer, active_count
from time import monotonic, sleep

import pytest
from starlette.requests import Request

from pages.server import waiting
from pages.server.waiting import Busy, Line, answer, sentence
from tests.apps import healthy, opened


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(waiting, "MOMENT", 0.02)


def until(true):
    end = monotonic() + 10
    while not true():
        assert monotonic() < end
        sleep(0.002)


class Client:
    """Somebody who sends a request, stays as long as he is not told to leave, and reads what comes."""

    def __init__(self, method="GET", accept="*/*"):
        self.left = asyncio.Event()
        headers = [(b"accept", accept.encode())]
        scope = {"type": "http", "method": method, "path": "/", "query_string": b"", "headers": headers}
        self.request = Request(scope, self._receive)
        self._sent = False

    async def _receive(self):
        if self._sent:
            await self.left.wait()
            return {"type": "http.disconnect"}
        self._sent = True
        return {"type": "http.request", "body": b""}

    def asks(self, line, work, *args):
        return asyncio.ensure_future(line.ask(self.request, work, *args))


@contextmanager
def occupied(line, workers=1):
    """All workers of a line have something to do, until the block ends."""
    go, begun = Event(), []

    def work(number):
        begun.append(number)
        go.wait(10)
        return number

    with ThreadPoolExecutor(workers) as pool:
        held = [pool.submit(line.wait, lambda place: None, work, number) for number in range(workers)]
        until(lambda: len(begun) == workers)
        try:
            yield
        finally:
            go.set()
    assert [each.result() for each in held] == list(range(workers))


async def places(line, count):
    while len(line._jobs) < count:
        await asyncio.sleep(0.002)


def test_whoever_came_first_is_next_and_no_thread_waits():
    line, log = Line(1), []

    def work(number):
        log.append(number)
        return number

    async def crowd():
        threads = active_count()
        with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
            loop = asyncio.get_running_loop()
            holding = occupied(line)
            await loop.run_in_executor(pool, stack.enter_context, holding)
            asked = [Client().asks(line, work, number) for number in range(32)]
            await places(line, 33)
            assert log == [] and active_count() <= threads + 4
            await loop.run_in_executor(pool, stack.close)
            return await asyncio.gather(*asked)

    assert asyncio.run(crowd()) == log == list(range(32))


def test_no_more_than_the_workers_work_at_a_time():
    line, now, most = Line(2), [0], [0]

    def work(number):
        now[0] += 1
        most[0] = max(most[0], now[0])
        sleep(0.005)
        now[0] -= 1
        return number

    async def crowd():
        return await asyncio.gather(*(Client().asks(line, work, number) for number in range(40)))

    assert asyncio.run(crowd()) == list(range(40)) and most == [2] and line.is_idle and line._free == 2


def test_none_of_many_waits_longer_than_all_the_work_takes():
    line, each = Line(1, 32), 0.01

    async def crowd():
        begin = monotonic()

        async def one(number):
            await Client().asks(line, lambda number: sleep(each) or number, number)
            return monotonic() - begin

        return await asyncio.gather(*map(one, range(32)))

    took = asyncio.run(crowd())
    assert max(took) < 32 * each + 2, "a busy machine is slow, but nobody asks in vain"


def test_what_many_ask_for_at_once_is_done_once_and_kept():
    line, done = Line(2, kept=1), []

    def work(what):
        done.append(what)
        sleep(0.02)
        return object()

    async def crowd():
        return await asyncio.gather(*(Client().asks(line, work, "same") for _ in range(32)))

    first, *others = asyncio.run(crowd())
    assert done == ["same"] and all(other is first for other in others)
    assert asyncio.run(crowd())[0] is first and line.knows(work, "same")
    line.wait(pytest.fail, work, "another")
    assert not line.knows(work, "same"), "one is kept, the last"


def test_the_answers_used_last_are_kept():
    line = Line(1, kept=2)
    for number in (1, 2, 1, 3):
        line.wait(pytest.fail, str, number)
    assert [line.knows(str, number) for number in (1, 2, 3)] == [True, False, True]


def test_an_error_reaches_those_who_asked_for_it_and_nobody_else():
    line, calls = Line(1, kept=9), []

    def work(number):
        calls.append(number)
        sleep(0.02)
        return 1 // number

    async def crowd():
        asked = [Client().asks(line, work, number) for number in (1, 0, 1, 0, 2)]
        return await asyncio.gather(*asked, return_exceptions=True)

    one, zero, same, also, half = asyncio.run(crowd())
    assert (one, same, half) == (1, 1, 0) and isinstance(zero, ZeroDivisionError) and type(also) is type(zero)
    assert line.is_idle and calls == [1, 0, 2]
    asyncio.run(crowd())
    assert calls == [1, 0, 2, 0], "what failed is done anew"


def test_two_who_ask_for_one_thing_do_not_cost_each_other_their_place():
    """Each once took the other's entry along, and one of them saw its key in a KeyError."""
    line = Line(1)

    async def crowd():
        with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(pool, stack.enter_context, occupied(line))
            first, second = Client(), Client()
            asked = [client.asks(line, str, 7) for client in (first, second)]
            await places(line, 2)
            first.left.set()
            with pytest.raises(Busy):
                await asked[0]
            await loop.run_in_executor(pool, stack.close)
            return await asked[1]

    assert asyncio.run(crowd()) == "7"


def test_a_client_that_leaves_gives_its_place_up():
    line, done = Line(1, most=1), []

    async def crowd():
        with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(pool, stack.enter_context, occupied(line))
            client = Client()
            asked = client.asks(line, done.append, "in vain")
            await places(line, 2)
            with pytest.raises(Busy, match="its line is full"):
                await Client().asks(line, done.append, "too many")
            client.left.set()
            with pytest.raises(Busy):
                await asked
            next_one = Client().asks(line, done.append, "next")
            cancelled = Client().asks(line, done.append, "next")
            await places(line, 2)
            cancelled.cancel()  # the server ends, say
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            await loop.run_in_executor(pool, stack.close)
            await next_one

    asyncio.run(crowd())
    assert done == ["next"] and line.is_idle


def test_who_waits_too_long_is_told_his_place_and_finds_it_kept(monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 0.02)
    line, log = Line(1, kept=9), []

    def work(name):
        log.append(name)
        return name

    async def told(name):
        with pytest.raises(Busy) as busy:
            await Client().asks(line, work, name)
        return busy.value.place

    async def crowd():
        with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(pool, stack.enter_context, occupied(line))
            assert [await told("a"), await told("b"), await told("b"), await told("a")] == [1, 2, 2, 1]
            await loop.run_in_executor(pool, stack.close)
        while len(log) < 2:
            await asyncio.sleep(0.002)
        monkeypatch.setattr(waiting, "PATIENCE", 10)
        return [await Client().asks(line, work, name) for name in "ba"]

    assert asyncio.run(crowd()) == ["b", "a"] and log == ["a", "b"], "each once, and in order"


def test_a_thread_is_told_its_place_as_it_changes():
    line, told = Line(1), {1: [], 2: []}
    go = {1: Event(), 2: Event()}

    def work(number):
        go[number].wait(10)
        return number

    with ThreadPoolExecutor(2) as pool:
        with occupied(line):
            first = pool.submit(line.wait, told[1].append, work, 1)
            until(lambda: told[1])
            second = pool.submit(line.wait, told[2].append, work, 2)
            until(lambda: told[2])
        until(lambda: told[2][-1] == 1)
        for event in go.values():
            event.set()
        assert (first.result(), second.result()) == (1, 2)
    assert told == {1: [1], 2: [2, 1]}


def test_where_somebody_is_free_nobody_is_told_anything():
    line = Line(2)
    assert line.wait(pytest.fail, lambda: sleep(0.1) or 1) == 1, "nor while it is worked on"


def test_a_reader_who_moves_on_frees_his_place():
    line, done = Line(1), []

    def tell(place):
        raise RuntimeError("the reader has moved on")

    with occupied(line), pytest.raises(RuntimeError, match="moved on"):
        line.wait(tell, done.append, 1)
    assert line.is_idle and not done


@pytest.mark.parametrize("begun", [False, True])
def test_who_waits_for_what_another_one_gives_up_gets_it_all_the_same(begun):
    line, done, told = Line(1), [], Event()

    def work(number):
        done.append(number)
        return number

    def moves_on(place):
        told.set()
        go.wait(10)
        raise RuntimeError("the reader has moved on")

    go = Event()
    with ThreadPoolExecutor(2) as pool:
        with occupied(line):
            first = pool.submit(line.wait, moves_on, work, 7)
            assert told.wait(10)
            second = pool.submit(line.wait, lambda place: None, work, 7)
            until(lambda: line._jobs[work, 7].asking == 2)
            if not begun:
                go.set()
                until(first.done)
        go.set()
        with pytest.raises(RuntimeError, match="moved on"):
            first.result()
        assert second.result() == 7
    assert done == [7] and line.is_idle and line._free == 1


def asked(accept="*/*", method="GET"):
    headers = [(b"accept", accept.encode())]
    return Request({"type": "http", "method": method, "path": "/", "query_string": b"", "headers": headers})


def test_a_script_hears_its_place_and_a_browser_sees_a_page_that_asks_again():
    told = answer(Busy(3), asked("*/*"))
    assert told.status_code == 503 and told.headers["retry-after"] == "1"
    assert json.loads(told.body) == {"place": 3, "text": "The server is busy: you are third in line."}
    seen = answer(Busy(11), asked("text/html,*/*"))
    assert seen.status_code == 503 and seen.headers["refresh"] == "1" and b"you are number 11 in line." in seen.body
    full = answer(Busy(None), asked("text/html"))
    assert int(full.headers["refresh"]) > 30 and b"line is full" in full.body and b"<script" not in full.body


def test_a_form_that_has_to_wait_is_not_asked_for_again_without_what_it_held():
    told = answer(Busy(2), asked(method="POST"))
    assert "refresh" not in told.headers and b"second in line" in told.body and b"Go back" in told.body


def test_a_notice_shows_what_it_was_given_as_text():
    shown = waiting.notice("“<script>alert(1)</script>” is no script", "<b>", 422, {})
    assert b"<script" not in shown.body and b"&lt;script&gt;" in shown.body and b"<b>" not in shown.body


def test_places_are_words_up_to_ten():
    assert [sentence(place).split(" are ")[1] for place in (1, 10, 11)] == [
        "first in line.",
        "tenth in line.",
        "number 11 in line.",
    ]


def test_a_picture_that_has_to_wait_says_so_and_comes(monkeypatch):
    healthy(opened("chain"))
    monkeypatch.setattr(waiting, "MOMENT", 0.05)
    held = ExitStack()
    held.enter_context(occupied(waiting.PICTURES, 2))
    Timer(2, held.close).start()
    at = healthy(opened("chain", w="1.2345"))
    assert [toast.value for toast in at.toast] == ["The server is busy: you are first in line."]
