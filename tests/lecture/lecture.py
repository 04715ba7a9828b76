"""A lecture on two replicas behind HAProxy, then behind nginx: one replica is killed, then both are replaced.

Run by `make lecture-test`; its name keeps it out of `make test`. Nothing leaves 127.0.0.1.
"""

import asyncio
import math
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pages.server import assets
from tests.lecture.crowd import Crowd, Guest, late
from tests.lecture.hall import BALANCERS, get, wait_for
from tests.server import opened
from tests.visits import DESK, PHONE, query, thumb

STUDENTS = 40
EVERY = 2.5  # seconds between two changes of one student
AT_ONCE = 5.0  # seconds in which everybody goes on
TAKEN_IN = 1.5  # seconds after which a user whose slider was put back moves it again
SOAK = 30.0  # seconds
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.fixture(scope="module")
def replicas(hall_of_two):
    return hall_of_two[0]


@pytest.fixture(scope="module", params=BALANCERS)
def balancer(request, hall_of_two):
    return hall_of_two[1][request.param]


@pytest.fixture(scope="module")
def crowd(balancer):
    crowd = Crowd(balancer.url, STUDENTS)
    yield crowd
    crowd.leave()


HEAR = """window.heard = 0;
window.WebSocket = class extends WebSocket {
  constructor(...how) { super(...how); this.addEventListener("message", () => { window.heard += 1; }); }
};"""


class Tab:
    """A real browser's tab: its connections, and a slider that its user moves."""

    def __init__(self, browser, kind, url, key):
        self.context = browser.new_context(**kind)
        self.page, self.key, self.errors = self.context.new_page(), key, []
        self.page.add_init_script(HEAR)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        opened(self.page, url)
        wait_for(self.free, 90, "the slider can be moved")
        self.page.evaluate("() => { window.stayed = true; }")

    def heard(self):
        """How many messages the server has sent so far."""
        return self.page.evaluate("() => window.heard")

    def free(self):
        """Whether the slider can be moved and nothing is on its way."""
        return self.page.evaluate(
            "(key) => document.querySelector(`.st-key-${key} input[type=range]`)?.disabled === false"
            " && document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'",
            self.key,
        )

    def move(self):
        """Press an arrow key on the slider as soon as it can be moved: a generator that ends with the answer.

        A server that is just taking the tab in may put the slider back: then it is moved again, as its user would.
        """
        while not self.free():
            yield
        before, value, pressed = self.heard(), self.settings()[self.key], -math.inf
        while self.heard() == before or self.settings().get(self.key) == value or not self.free():
            if self.settings().get(self.key) == value and self.free() and time.perf_counter() - pressed > TAKEN_IN:
                pressed = time.perf_counter()
                thumb(self.page, self.key).press("ArrowRight")
            yield

    def settings(self):
        return query(self.page)

    def pictures(self):
        return self.page.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('[data-name]')]"
            ".filter((item) => item.querySelector('.u-plot')?.data)"
            ".map((item) => [item.dataset.name, item.querySelector('.u-plot').data"
            ".map((t) => Array.from(t.y ?? [], (y) => y === y ? y : null))]))"
        )

    def stayed(self):
        """Whether it is still the page that was opened, never loaded anew."""
        return self.page.evaluate("() => window.stayed === true")

    def close(self):
        self.context.close()


TABS = (
    (dict(viewport=DESK), "?w=1.5&T=12&t=9&b=0.5", "w"),
    (PHONE, "lstm?f=0.9&T=24&t=20", "f"),
    (dict(viewport=DESK), "scenes?guess=2", "guess"),
)


@pytest.fixture(scope="module")
def tabs(browser, balancer, crowd):
    tabs = [Tab(browser, kind, f"{balancer.url}/{path}", key) for kind, path, key in TABS]
    yield tabs
    for tab in tabs:
        tab.close()


def moved(tabs, seconds):
    """Move every tab's slider, and wait for all answers: after how many seconds each came."""
    start, moves, after = time.perf_counter(), {tab: tab.move() for tab in tabs}, {}
    while len(after) < len(tabs):
        assert time.perf_counter() - start < seconds, [
            (t.page.url, t.heard(), t.free()) for t in tabs if t not in after
        ]
        for tab in set(tabs) - set(after):
            if next(moves[tab], "answered") == "answered":
                after[tab] = time.perf_counter() - start
            tab.page.wait_for_timeout(10)  # lets it hear
    return [after[tab] for tab in tabs]


def same(found, truth):
    """Whether two pages draw the same curves."""
    flat = [[y for name in sorted(p) for trace in p[name] for y in trace] for p in (found, truth)]
    return (
        sorted(found) == sorted(truth)
        and len(flat[0]) == len(flat[1])
        and all(
            a == b or (None not in (a, b) and math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-5))
            for a, b in zip(*flat, strict=True)
        )
    )


def check(tab, browser, replica, before):
    """The tab holds the settings it had, but for the slider that was moved, and its pictures are theirs."""
    after = tab.settings()
    assert {**after, tab.key: ""} == {**before, tab.key: ""} and after[tab.key] != before[tab.key]
    assert tab.stayed() and not tab.errors
    address = f"{replica.url}/{tab.page.url.split('/', 3)[3]}"
    fresh = Tab(browser, dict(viewport=tab.page.viewport_size), address, tab.key)
    try:
        limit = time.monotonic() + 5
        while not same(tab.pictures(), fresh.pictures()):
            assert time.monotonic() < limit, f"another picture than that of its address: {tab.page.url}"
            tab.page.wait_for_timeout(50)
    finally:
        fresh.close()


def test_what_the_app_needs_passes(balancer):
    assert get(f"{balancer.url}/?w=1.5&script={'x' * 8000}")[0] == 200, "an address may carry a whole script"
    status, headers, _ = get(f"{balancer.url}{assets.url('plotly.js')}", Accept_Encoding="gzip")
    assert status == 200 and headers["Content-Encoding"] == "gzip" and headers["Content-Security-Policy"]
    cookies = [cookie for cookie in headers.get_all("Set-Cookie") if cookie.lower().startswith("unrolled=")]
    assert len(cookies) == 1 and "httponly" in cookies[0].lower() and "samesite=lax" in cookies[0].lower()
    assert get(f"{balancer.url}/_stcore/metrics")[0] == 403, "how many are here is nobody's business"
    assert get(f"{balancer.url}/_stcore/health")[0] == 200


def test_everybody_stays_at_his_replica(balancer, replicas):
    async def visit():
        first = Guest(f"{balancer.url}/?t=5", base=balancer.url, t=5)
        await first.enter()
        before = {name: replica.sessions() for name, replica in replicas.items()}
        others = [Guest(f"{balancer.url}/?t=5", base=balancer.url, t=5, headers=first.headers) for _ in range(5)]
        for other in others:
            await other.open()
        gained = {name: replica.sessions() - before[name] for name, replica in replicas.items()}
        for guest in (first, *others):
            await guest.socket.close()
        return gained

    with ThreadPoolExecutor(1) as aside:  # the browsers' own loop runs in this thread
        gained = aside.submit(asyncio.run, visit()).result(timeout=90)
    assert sorted(gained.values()) == [0, 5]


def test_a_class_spreads_over_both(crowd, replicas):
    assert min(replica.sessions() for replica in replicas.values()) >= STUDENTS / 5


def test_a_killed_replicas_users_go_on_with_all_settings(balancer, replicas, crowd, tabs, browser, tell):
    name = max(replicas, key=lambda name: replicas[name].sessions())
    other = next(replicas[other] for other in replicas if other != name)
    crowd.begin(EVERY)
    usual = max(moved(tabs, 30))  # what an answer takes on this machine today
    settings = [tab.settings() for tab in tabs]
    time.sleep(3)
    there = replicas[name].sessions()
    killed = time.perf_counter()
    replicas[name].stop(signal.SIGKILL)
    ready = moved(tabs, 4 * AT_ONCE)
    for tab, before in zip(tabs, settings, strict=True):
        check(tab, browser, other, before)
    time.sleep(EVERY)  # until everybody's turn has come
    crowd.end()
    returns = crowd.returns(killed)
    tell(
        f"{balancer.program}: killed one replica with {there} users: browsers go on after "
        f"{', '.join(f'{t:.1f}' for t in ready)} s, students after {late(returns, 0.5):.1f} (median) "
        f"to {late(returns, 1):.1f} s"
    )
    assert len(returns) >= there - len(tabs) > 0, "as many come back as were there"
    assert max(ready) < AT_ONCE + usual and returns[-1] < AT_ONCE and not crowd.wrong()
    replicas[name].start()
    replicas[name].wait()
    balancer.ready(name)


def test_a_rolling_restart_loses_nobody(balancer, replicas, crowd, tabs, browser, tell):
    since, took = time.perf_counter(), []
    crowd.begin(EVERY)
    settings = [tab.settings() for tab in tabs]
    for name, replica in replicas.items():
        balancer.drain(name)
        took.append(replica.stop())
        replica.start()
        replica.wait()
        balancer.ready(name)
    rolled = time.perf_counter() - since
    moved(tabs, 4 * AT_ONCE)
    for tab, before in zip(tabs, settings, strict=True):
        check(tab, browser, replicas["a"], before)
    time.sleep(EVERY)
    crowd.end()
    returns = crowd.returns(since)
    tell(
        f"{balancer.program}: rolling restart in {rolled:.0f} s (each stop {max(took):.1f} s at most): "
        f"{len(returns)} moves to another replica, {late(returns, 0.5):.1f} (median) to {late(returns, 1):.1f} s each"
    )
    last = time.perf_counter()
    crowd.sit(EVERY, EVERY)
    assert len(crowd.waits(last)) >= STUDENTS and not crowd.wrong(), "all are still here, with all settings"
    assert max(took) < 10


def test_a_soak_leaves_nothing_behind(balancer, crowd, replicas, tell):
    seconds = SOAK if balancer.program == "haproxy" else SOAK / 4
    since, before = time.perf_counter(), len(crowd.returns())
    crowd.sit(seconds, EVERY)
    waits = crowd.waits(since)
    tell(
        f"{balancer.program}: {STUDENTS} students for {seconds:.0f} s: {len(waits)} changes, "
        f"p50 {1000 * late(waits, 0.5):.0f} ms, p95 {1000 * late(waits):.0f} ms"
    )
    assert len(crowd.returns()) == before and not crowd.wrong(), "nobody was cut off"
    assert len(waits) >= 0.8 * STUDENTS * seconds / EVERY


def test_two_replicas_do_the_work_of_two(hall_of_two, tell):
    _, balancers = hall_of_two
    rates = {}
    for count in (1, 2):
        if count == 1:
            balancers["haproxy"].say("set server replicas/b state maint")  # nginx's users may still be there
        else:
            balancers["haproxy"].ready("b")
        crowd = Crowd(balancers["haproxy"].url, 24)
        crowd.sit(2, 0)
        since = time.perf_counter()
        crowd.sit(8, 0)
        rates[count] = len(crowd.waits(since)) / (time.perf_counter() - since)
        crowd.leave()
    ratio = rates[2] / rates[1]
    tell(
        f"throughput: one replica {rates[1]:.0f} changes/s, two {rates[2]:.0f}/s: {ratio:.2f} times, on {CORES} cores"
        " shared with the students"
    )
    assert CORES < 4 or ratio >= 1.7
