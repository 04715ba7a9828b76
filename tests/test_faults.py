"""What goes wrong in a lecture hall, and that readers can go on: see the table in docs/reliability.md."""

import ast
import os
import signal
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.server import PICTURE, ROOT, opened, serving
from tests.visits import DESK, PRODUCT, changed, query, thumb, unexpected, until

pytestmark = pytest.mark.browser
LONG = 60_000  # ms; machines that run tests are busy
THREE_G = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}  # ms, bytes/s


def moved(page, presses=1):
    """Move the weight by a key, until the exact number is there; its text."""
    before = page.locator(PRODUCT).text_content()
    for _ in range(presses):
        thumb(page, "w").press("ArrowRight")
    page.wait_for_function(
        "([s, t]) => document.querySelector(s)?.textContent !== t", arg=[PRODUCT, before], timeout=LONG
    )
    return page.locator(PRODUCT).text_content()


def in_address(page, **settings):
    for name, value in settings.items():
        until(page, f"new URL(location).searchParams.get('{name}') === '{value}'", timeout=LONG)


@pytest.mark.long
def test_a_server_that_is_killed_and_started_again_finds_its_readers_as_they_were(tmp_path, desk):
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path / "first"))
        page = opened(desk.page, f"{server.url}/chain?activation=tanh&T=12&t=11")
        moved(page, presses=2)
        in_address(page, w="2.1")
        os.kill(server.pid, signal.SIGKILL)
        page.wait_for_timeout(1500)  # the browser notices
        assert page.locator(PICTURE).first.is_visible() and page.locator(PRODUCT).text_content(), "the page stays"
        stack.enter_context(serving(tmp_path / "second", port=urlsplit(server.url).port))
        until(page, "!document.querySelector('.st-key-w input[type=range]').disabled", timeout=LONG)
        moved(page)  # at once: Streamlit drops what it cannot place yet, and the page asks again
        in_address(page, w="2.15", activation="tanh", T="12", t="11")
        fresh = desk.page.context.new_page()
        opened(fresh, page.url)
        expect(fresh.locator(PRODUCT)).to_have_text(page.locator(PRODUCT).text_content(), timeout=LONG)
    for log in ("first", "second"):
        assert "Traceback" not in (tmp_path / log).read_text(encoding="utf-8")


@pytest.fixture
def cut(server, fresh):
    """A page whose socket can be cut, and the sockets that it has had."""
    sockets = []

    def connect(socket):
        socket.connect_to_server()
        sockets.append(socket)

    fresh.page.route_web_socket("**/_stcore/stream", connect)
    return opened(fresh.page, f"{server.url}/chain?activation=tanh"), sockets


def test_a_cut_socket_is_mended_by_itself_and_nothing_is_lost(cut):
    page, sockets = cut
    moved(page)
    for times in (1, 2):
        sockets[-1].close(code=1001)
        page.wait_for_timeout(100)
        until(page, "!document.querySelector('.st-key-w input[type=range]').disabled", timeout=LONG)
        moved(page)
        in_address(page, w=f"{2.05 + 0.05 * times:g}", activation="tanh")
    assert len(sockets) >= 3


def test_a_server_that_stands_still_for_a_while_answers_afterwards(server, desk):
    page = opened(desk.page, f"{server.url}/chain?activation=tanh")
    before = page.locator(PRODUCT).text_content()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        thumb(page, "w").press("ArrowRight")
        page.wait_for_timeout(1500)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    changed(page, PRODUCT, before)
    in_address(page, w="2.05")


class Wire:
    """A tab behind a slow line, and the bytes that it received."""

    def __init__(self, page):
        self.bytes = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", THREE_G)
        session.on("Network.loadingFinished", self._loaded)
        session.on("Network.webSocketFrameReceived", self._heard)

    def _loaded(self, event):
        self.bytes += int(event["encodedDataLength"])

    def _heard(self, event):
        self.bytes += len(event["response"]["payloadData"]) * 3 // 4  # in base64


FIRSTS = f"""window.firsts = {{}}; new MutationObserver(() => {{
  if (document.querySelector('{PRODUCT}')?.textContent) firsts.numbers ??= performance.now();
  if (document.querySelector('{PICTURE}')) firsts.picture ??= performance.now();
}}).observe(document, {{ subtree: true, childList: true, characterData: true }});"""
BYTES = """() => performance.getEntriesByType('resource').filter(({ responseEnd }) => responseEnd <= firsts.numbers)
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""


@pytest.mark.long
def test_over_a_slow_line_numbers_come_first_and_a_second_visit_is_short(server, browser):
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.add_init_script(FIRSTS)
    wire = Wire(page)
    page.goto(f"{server.url}/chain?activation=tanh", timeout=120_000)
    page.wait_for_selector(PRODUCT, timeout=120_000)
    moved(page)  # usable, mostly before there is any picture
    page.wait_for_selector(PICTURE, timeout=120_000)
    numbers = page.evaluate(BYTES)
    assert page.evaluate("() => firsts.numbers < firsts.picture")
    assert 1e5 < numbers < 1.6e6, f"{numbers / 1e6:.2f} MB before the first number"
    assert wire.bytes < 3.2e6, f"{wire.bytes / 1e6:.2f} MB for a first visit"
    page.close()
    page = context.new_page()
    wire = Wire(page)
    page.goto(f"{server.url}/chain?activation=tanh", timeout=120_000)
    page.wait_for_selector(PICTURE, timeout=120_000)
    assert wire.bytes < 300_000, f"{wire.bytes / 1e3:.0f} kB for a second visit"
    before = wire.bytes
    moved(page)
    assert wire.bytes - before < 100_000
    context.close()


def test_two_tabs_of_one_reader_do_not_disturb_each_other(server, desk):
    first = opened(desk.page, f"{server.url}/chain?activation=tanh&w=1.5")
    second = opened(first.context.new_page(), f"{server.url}/chain?activation=tanh&w=3")
    told = first.locator(PRODUCT).text_content()
    moved(second, presses=2)
    assert first.locator(PRODUCT).text_content() == told and query(first)["w"] == "1.5"
    first.bring_to_front()
    moved(first)
    assert query(second)["w"] == "3.1" and query(first)["w"] == "1.55"
    first.close()
    moved(second)
    assert not unexpected(desk)


def test_a_browsers_clock_may_jump(server, fresh):
    page = opened(fresh.page, f"{server.url}/chain?activation=tanh")
    moved(page)
    for now, w in (("2001-01-01T00:00:00", "2.1"), ("2038-02-01T00:00:00", "2.15")):
        page.clock.set_system_time(now)
        moved(page)
        in_address(page, w=w)
        page.locator(".u-badge").click()
        expect(page.locator(".u-badge")).to_contain_text("Checked", timeout=LONG)
    assert not unexpected(fresh)


@pytest.mark.long
def test_a_log_that_cannot_be_written_stops_nothing(browser):
    with serving(Path("/dev/full")) as server:
        context = browser.new_context(viewport=DESK)
        page = opened(context.new_page(), f"{server.url}/chain?w=many")
        moved(page)
        opened(context.new_page(), f"{server.url}/lstm")
        context.close()


LISTEN = """() => { const badge = document.querySelector(".u-badge"); globalThis.said = [];
new MutationObserver(() => said.at(-1) !== badge.ariaLabel && said.push(badge.ariaLabel))
    .observe(badge, { attributeFilter: ["aria-label"] }); }"""


def test_a_busy_server_tells_a_reader_his_place_in_line(server, desk):
    places = [3, 2, 1]

    def busy(route):
        if "clicked" not in route.request.url:
            return route.fulfill(status=503)
        if not places:
            return route.continue_()
        place = places.pop(0)
        return route.fulfill(status=503, json={"place": place, "text": f"The server is busy: you are {place}."})

    desk.page.route("**/checks/**", busy)
    page = opened(desk.page, f"{server.url}/chain?w=1.3")
    page.evaluate(LISTEN)
    page.locator(".u-badge").click()
    expect(page.locator(".u-badge")).to_contain_text("Checked", timeout=LONG)
    assert page.evaluate("said.filter((text) => text.startsWith('In line'))") == [
        f"In line: {place}. The server is busy: you are {place}." for place in (3, 2, 1)
    ]


@pytest.mark.parametrize("folder", ["pages", "rnn_core"])
def test_no_clock_that_can_be_set_decides_anything(folder):
    """A server's clock may jump: only `monotonic` measures how long something has lasted."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime"):
                assert {name.name for name in node.names} <= {"monotonic", "perf_counter", "thread_time"}, path
            if isinstance(node, ast.Import):
                assert not {name.name for name in node.names} & {"time", "datetime"}, path
