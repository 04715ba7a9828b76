"""What a client may ask for is bounded, and so is what the server keeps of all that was asked."""

import ast
import asyncio
import functools
import gc
import importlib
import inspect
import json
import random
import re
import socket
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from time import sleep
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
from starlette.applications import Starlette
from starlette.websockets import WebSocket, WebSocketDisconnect

from pages.charts.parts.view import Study
from pages.charts.views import VIEWS
from pages.controls.codec import combined, parse, pasted
from pages.controls.table import TABLE
from pages.figures import live
from pages.figures.show import encode
from pages.server import limits
from pages.server.limits import ADDRESS, BODY, MESSAGE, Limited
from pages.stage.scripts import Script, Slide, pack
from rnn_core.cells import GRU, LSTM
from rnn_core.experiment import Experiment
from tests.benchmarks.load import Student
from tests.server import ROOT, serving
from tests.settings import PAGES

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["server"]
SOURCES = sorted(path for folder in ("pages", "rnn_core") for path in (ROOT / folder).rglob("*.py"))


# One request


class Behind:
    """What stands behind the limits: reads the body, answers, and counts."""

    def __init__(self):
        self.asked, self.heard = 0, []

    async def __call__(self, scope, receive, send):
        self.asked += 1
        if scope["type"] == "websocket":
            while (message := await receive())["type"] == "websocket.receive":
                self.heard.append(message["bytes"])
            return
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"served"})


def ask(path="/", query="", body=(b"",), client="10.0.0.7", settings=None, app=None, **headers):
    """Status and text of the answer."""
    app = app or Limited(Behind(), settings or {})
    given = {"host": "class.example.edu", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": raw,
             "query_string": query.encode(), "client": (client, 5)}  # fmt: skip
    coming = [{"type": "http.request", "body": part, "more_body": True} for part in body]
    coming[-1]["more_body"] = False
    sent = []

    async def receive():
        return coming.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


def test_what_the_app_itself_asks_for_is_served():
    everything = "&".join(f"{key}={'9' * 20}" for key in TABLE) + "&values=" + "%2C".join(["-0.123456"] * 200)
    for query in ("", "w=3", everything, "script=~" + "x" * 6000, "held=" + "y" * 4000):
        assert ask("/chain", query) == (200, "served"), query[:20]


@pytest.mark.parametrize("query", ["x" * ADDRESS, "&".join(["w=1"] * 201)], ids=["long", "many"])
def test_a_giant_address_is_refused(query):
    status, said = ask("/chain", query)
    assert status == 414 and said == "This address is too long."


def test_a_giant_body_is_refused_whether_it_says_so_or_not():
    status, said = ask("/x", content_length=str(BODY + 1))
    assert status == 413 and str(BODY) in said
    assert ask("/x", content_length="many")[0] == 413
    with pytest.raises(Exception, match="at most") as refused:  # Starlette makes an answer of it
        ask("/x", body=[b"x" * 100_000] * 3)
    assert refused.value.status_code == 413
    assert ask("/x", body=[b"x" * 100_000] * 2, content_length="200000")[0] == 200


def test_nobody_uploads_and_only_this_machine_reads_the_metrics():
    assert ask("/_stcore/upload_file/session/file")[0] == 403
    assert ask("/_stcore/metrics")[0] == 403
    assert ask("/_stcore/metrics", client="127.0.0.1")[0] == 200
    assert ask("/_stcore/metrics", client="127.0.0.1", x_forwarded_for="10.0.0.7")[0] == 403


@pytest.mark.parametrize(("host", "served"), [
    ("class.example.edu", True), ("CLASS.example.edu:8501", True), ("class.example.edu.", True),
    ("[::1]:8501", True), ("a.lab.example.edu", True), ("lab.example.edu", False), ("evil.example", False),
    ("class.example.edu.evil.example", False), ("", False), ("[", False), ("evil.example/class.example.edu", False),
])  # fmt: skip
def test_with_a_list_of_hosts_no_other_name_is_served(host, served):
    settings = {"UNROLLED_HOSTS": "class.example.edu, *.lab.example.edu ::1"}
    status, said = ask("/", settings=settings, host=host)
    assert (status == 200) if served else (status == 400 and "UNROLLED_HOSTS" in said)
    assert ask("/_stcore/health", settings=settings, host=host)[0] == 200, "a balancer asks by another name"
    assert ask("/", host=host)[0] == 200, "without a list any name is served"


# One tab


def tab(app, messages, host="class.example.edu", **more):
    """What the server sends to a tab that sends these."""
    coming = [{"type": "websocket.connect"}, *messages, {"type": "websocket.disconnect"}]
    sent = []

    async def receive():
        return coming.pop(0)

    async def send(message):
        sent.append(message)

    async def connected(scope, receive, send):
        await receive()
        await behind(scope, receive, send)

    behind, app.app = app.app, connected
    headers = [(name.encode(), value.encode()) for name, value in {"host": host, **more}.items()]
    asyncio.run(app({"type": "websocket", "path": "/_stcore/stream", "headers": headers}, receive, send))
    return sent


def test_a_tabs_messages_are_bounded_and_binary():
    app = Limited(behind := Behind(), {})
    good = {"type": "websocket.receive", "bytes": b"x" * MESSAGE}
    assert tab(app, [good, {"type": "websocket.receive", "bytes": b"x" * (MESSAGE + 1)}, good]) == [
        {"type": "websocket.close", "code": 1009}
    ]
    assert behind.heard == [good["bytes"]] and app.open == 0
    app = Limited(Behind(), {})
    assert tab(app, [{"type": "websocket.receive", "text": "hello"}])[0]["code"] == 1003


def test_a_tab_that_sends_without_end_is_slowed_down(monkeypatch):
    slept, now = [], [0.0]

    async def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(limits, "sleep", sleep)
    monkeypatch.setattr(limits, "monotonic", lambda: now[0])
    tab(Limited(behind := Behind(), {}), [{"type": "websocket.receive", "bytes": b"x"}] * 101)
    assert len(behind.heard) == 101 and sum(slept) == pytest.approx(100 / limits.PACE)


def test_a_tab_by_a_strange_name_is_not_let_in():
    app = Limited(behind := Behind(), {"UNROLLED_HOSTS": "class.example.edu"})
    assert tab(app, [], host="evil.example")[0]["type"] == "websocket.close" and not behind.asked


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [("https://class.example.edu", 1), ("http://class.example.edu:8501", 0), ("https://evil.example", 0), ("null", 0)],
)
def test_a_tab_of_another_site_is_not_let_in(origin, let_in):
    app = Limited(behind := Behind(), {})
    tab(app, [], origin=origin)
    assert behind.asked == let_in


def test_a_full_server_says_so_and_lets_no_further_tab_in():
    app = Limited(behind := Behind(), {"UNROLLED_SESSIONS": "2"})
    app.open = 2
    status, said = ask(app=app, accept="text/html")
    assert status == 503 and "This server is full: 2 tabs" in said and "asks again by itself" in said
    assert ask("/assets/x/plotly.js", app=app, accept="*/*")[0] == 200, "who is in is served"
    behind.asked = 0
    assert tab(app, [])[0]["type"] == "websocket.close" and not behind.asked and app.open == 2


# What it costs


def hardest(page):
    """A page at its most expensive: 100 steps, every gate computed, compared with another experiment."""
    numbers = np.random.default_rng(0).normal(size=100)
    computed = {f"{q}_mode": "computed" for q in {*LSTM.gates, *GRU.gates}}
    cell = PAGES[page].cell
    e = Experiment(
        cell=cell, activation="sigmoid", T=100, t=100, w=1.1, sequence="pasted", values=tuple(numbers), **computed
    )
    return Study(e, held=replace(e, w=0.7, h0=0.1))


@pytest.mark.parametrize("page", VIEWS)
def test_the_largest_picture_is_a_tenth_of_what_a_message_may_be(page):
    message = encode(VIEWS[page].shown(hardest(page)))
    assert len(message) < 0.15e6 * CONFIG["maxMessageSize"]


def test_the_servers_own_limits_are_the_smallest_that_it_knows():
    assert CONFIG["maxUploadSize"] == CONFIG["maxMessageSize"] == CONFIG["maxWidgetStateSize"] == 1  # MB
    assert CONFIG["enableXsrfProtection"] and MESSAGE < 1e6


@pytest.mark.parametrize("key", ["t", "slope"])
def test_a_sweep_has_few_positions_however_it_is_asked_for(key):
    counted = []

    def items(study, over):
        counted.append(len(over[1]))
        return [{"name": "x", "text": "y"}]

    live.sweep(items, TABLE[key], hardest("chain"))
    assert max(counted) <= live.MOST and len(counted) <= 12


@pytest.mark.parametrize("text", ["1," * 120_000, "9" * 250_000, "x" * 250_000, "1e5 " * 60_000])
def test_pasted_text_of_any_length_yields_few_numbers_and_a_short_sentence(text):
    numbers, problem = pasted(text)
    assert not numbers and 0 < len(problem) < 100


def test_no_address_makes_networks_beyond_the_eleven_of_their_slider():
    asked = {live.meant("lstm", {"b_net": f"{j / 97:.17g}", "held": f"b_net={j / 89}"}) for j in range(500)}
    held = {study.held.b_net for study in asked}
    assert {study.experiment.b_net for study in asked} == held == {j / 2 for j in range(11)}


# All of them, for ever


def modules():
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES]
    return [
        importlib.import_module(name)
        for name in names
        if name.isascii() and re.fullmatch(r"[a-z_.]+", name) and not name.endswith("__init__")
    ]


ONE_EACH = {"version", "_folder"}  # of a file and of a package: there are as many as those


def test_every_cache_is_bounded():
    modules()
    caches = [thing for thing in gc.get_objects() if isinstance(thing, functools._lru_cache_wrapper)]
    ours = {
        f"{cache.__module__}.{cache.__name__}": cache
        for cache in caches
        if cache.__module__.startswith(("pages.", "rnn_core"))
    }
    assert len(ours) > 10
    for name, cache in ours.items():
        takes_nothing = not inspect.signature(cache).parameters
        small = cache.cache_info().maxsize is not None and cache.cache_info().maxsize <= 2048
        assert takes_nothing or small or cache.__name__ in ONE_EACH, f"{name} may grow without end"


KNOWN = {  # what lives as long as the server and changes: why it stays small
    "live._SOURCES": "one for each page and scene",
    "checks._CHECKS": "one for each page", "alive._beating": "one task",
    "exhibits._SHOWS": "one for each page", "exhibits.TITLES": "one for each page",
}  # fmt: skip
_CHANGES = {"append", "add", "update", "setdefault", "extend", "insert", "move_to_end", "appendleft"}


def test_nothing_else_that_lives_as_long_as_the_server_grows():
    found = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assigned = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
        targets = [t for node in assigned for t in (node.targets if isinstance(node, ast.Assign) else [node.target])]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for node in (inner for function in functions for inner in ast.walk(function)):
            changed = None
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                changed = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
                changed = node.func.value
            if isinstance(changed, ast.Name) and changed.id in names:
                found.add(f"{path.stem}.{changed.id}")
    assert found <= KNOWN.keys(), f"why does {found - KNOWN.keys()} stay small?"


async def _come_and_go(url, numbers):
    """Each opens a page, some move a slider, and all leave; ten at a time."""
    dice = random.Random(2026)

    async def visit(number):
        student = Student(f"{url}/chain?h0={number % 20 / 10}")
        await student.open()
        if number % 5 == 0:
            await student.move(dice)
        await student.socket.close()

    for first in range(numbers.start, numbers.stop, 10):
        await asyncio.gather(*(visit(number) for number in range(first, min(first + 10, numbers.stop))))


@pytest.mark.long
def test_a_thousand_visitors_leave_no_more_behind_than_fifty(tmp_path, monkeypatch):
    """Beyond what Streamlit keeps of the last 128 for two minutes, lest somebody's connection was only cut."""
    monkeypatch.setenv("STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL", "1")
    with serving(tmp_path / "log") as server:
        process = psutil.Process(server.pid)
        asyncio.run(_come_and_go(server.url, range(200)))  # caches and the threads' own heaps fill
        asyncio.run(_come_and_go(server.url, range(50)))
        after_fifty = process.memory_full_info().uss
        asyncio.run(_come_and_go(server.url, range(50, 1000)))
        after_a_thousand = process.memory_full_info().uss
    assert after_a_thousand <= 1.2 * after_fifty, f"{after_fifty / 1e6:.0f} MB → {after_a_thousand / 1e6:.0f} MB"


# What strangers see, and what readers can write into a page


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("limits") / "log") as server:
        yield server


def answer(url, timeout=20, **headers):
    """Status, headers and text, whatever they are."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        given = direct.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        given = error
    return given.status, given.headers, given.read().decode(errors="replace")


@pytest.mark.parametrize("path", [
    pytest.param("sweeps/chain/w?" + "w=1&" * 300, id="too long"), "sweeps/nowhere/w", "checks/nowhere",
    "assets/x/../../app.py", "assets/x/app.py",
    "media/nothing", "component/nothing", "_stcore/upload_file/a/b", "_stcore/agent/interact", "_stcore/nothing",
    "static/nothing.js", "%00", "%ff", "chain/%2e%2e/%2e%2e/etc/passwd",
])  # fmt: skip
def test_no_error_page_shows_anything_of_the_inside(served, path):
    status, _, text = answer(f"{served.url}/{path}")
    assert status in (200, 400, 403, 404, 405, 414) and len(text) < 10_000
    assert not re.search(r"Traceback|File \"|\.py\b|/home|site-packages|root:", text)


def test_the_only_cookie_is_streamlits_own_and_belongs_to_no_other_site(served):
    cookies = [
        cookie
        for path in ("", "chain?w=3", "_stcore/health", "_stcore/host-config", "assets/x/y", "checks/chain")
        for cookie in answer(f"{served.url}/{path}")[1].get_all("set-cookie") or []
    ]
    assert cookies and all(cookie.startswith("_streamlit_xsrf=") for cookie in cookies)
    assert all("SameSite=Lax" in cookie and "Domain" not in cookie for cookie in cookies)
    assert not any("expires" in cookie.lower() or "max-age" in cookie.lower() for cookie in cookies), "till it closes"


# Many at once


def at_once(urls):
    """The answers to requests that are sent together; a machine that is slow may ask to be asked again."""

    def ask(url):
        while True:
            status, headers, text = answer(url, timeout=120, accept_encoding="gzip")
            if status != 503 or not json.loads(text)["place"]:
                return status, headers, text
            sleep(int(headers["retry-after"]))

    with ThreadPoolExecutor(len(urls)) as clients:
        return list(clients.map(ask, urls))


MANY = {
    "one handout": ["handout/forget"] * 32,
    "handouts": ["handout/" + pack(Script("A", (Slide(f"chain?w={2 + j / 100:g}"),))) for j in range(32)],
    "one check": ["checks/chain?w=1.7&activation=tanh&clicked"] * 32,
    "checks": [f"checks/chain?w={1 + j / 100:g}&activation=tanh&clicked" for j in range(32)],
    "sweeps": [f"sweeps/chain/w?b={j / 20:g}" for j in range(32)],
    "codes": [f"qr?path=/chain?w={j}" for j in range(32)],
}


@pytest.mark.parametrize("what", MANY)
def test_of_thirty_two_requests_at_once_each_is_served(served, what):
    urls = [f"{served.url}/{path}" for path in MANY[what]]
    answer(f"{served.url}/handout/lstm", accept_encoding="gzip")  # its first part is made once in a server's life
    answers = at_once(urls)
    assert [status for status, _, _ in answers] == [200] * 32
    assert len({text for _, _, text in answers}) == (1 if what.startswith("one") else 32 if what != "checks" else 10)
    assert "Traceback" not in served.log.read_text(encoding="utf-8")


def test_one_that_fails_fails_alone(served):
    good = [f"{served.url}/handout/{pack(Script('A', (Slide(f'chain?w={3 + j / 100:g}'),)))}" for j in range(8)]
    bad = [f"{served.url}/handout/~{'A' * j}" for j in range(1, 9)]
    answers = at_once([url for pair in zip(good, bad, strict=True) for url in pair])
    assert [status for status, _, _ in answers] == [200, 404] * 8
    assert all(len(text) < 200 for status, _, text in answers if status == 404)


def test_clients_that_leave_free_their_places(served):
    place, left = urlsplit(served.url).netloc, []
    quick = f"{served.url}/handout/{pack(Script('B', (Slide('chain?w=5'),)))}"
    with ExitStack() as connections:
        for j in range(33):  # one is worked at, 32 wait
            slow = pack(Script(f"{j}", tuple(Slide(f"lstm?t={t}&T={t}&c0={j / 20}") for t in range(50, 70))))
            left.append(connections.enter_context(socket.create_connection(urlsplit(served.url)[1].split(":"))))
            left[-1].sendall(f"GET /handout/{slow} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        sleep(0.3)
        status, _, text = answer(quick)
        assert status == 503 and "its line is full" in text
    status, _, _ = answer(quick, timeout=60, accept_encoding="gzip")
    assert status == 200


def test_the_log_says_nothing_about_who_asked_for_what(tmp_path):
    with serving(tmp_path / "log") as server:
        asyncio.run(_come_and_go(server.url, range(3)))
        answer(f"{server.url}/chain?w=1.2345", user_agent="a student’s phone".encode("ascii", "ignore").decode())
        answer(f"{server.url}/checks/chain?w=1.2345")
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "1.2345" not in log and "h0=" not in log and "phone" not in log
    assert "127.0.0.1" not in log.replace(server.url, "")


def test_a_route_that_fails_says_so_and_no_more(monkeypatch):
    def items(study, over):
        raise RuntimeError("the secret of line 3")

    source = live._Source(items, {"w": TABLE["w"]}, lambda values: Study(Experiment(w=values["w"])))
    monkeypatch.setitem(live._SOURCES, "failing", source)
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        await asyncio.Event().wait()  # a client that stays

    scope = {"type": "http", "method": "GET", "path": "/sweeps/failing/w", "query_string": b"", "headers": []}
    with pytest.raises(RuntimeError, match="secret"):  # for the log
        asyncio.run(Starlette(routes=live.ROUTES)(scope, receive, send))
    assert sent[0]["status"] == 500 and sent[1]["body"] == b"Internal Server Error"
    assert "debug" not in (ROOT / "app.py").read_text(encoding="utf-8")


def test_a_page_that_fails_shows_that_and_nothing_of_the_inside(tmp_path):
    script = tmp_path / "failing.py"
    script.write_text("import streamlit as st\nst.title('A page')\nraise RuntimeError('the secret of line 3')\n")
    with serving(tmp_path / "log", script) as server:
        with pytest.raises(RuntimeError) as seen:
            asyncio.run(Student(f"{server.url}/").open())
        assert "encountered an error" in str(seen.value)
        assert not re.search(r"secret|line 3|failing\.py", str(seen.value))
    assert "the secret of line 3" in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize("value", ["many", "0", "-3", "2.5", "1e3", "²", "1" * 5000])
def test_a_number_of_tabs_that_is_none_is_named_and_nothing_starts(monkeypatch, value):
    monkeypatch.setenv(limits.SETTING, value)
    with pytest.raises(SystemExit, match=rf"^Unrolled: UNROLLED_SESSIONS must be a whole number .*, got '{value}'$"):
        limits.check()


def test_a_server_with_a_strange_number_of_tabs_ends_with_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv(limits.SETTING, "many")
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    command += ["--server.address=127.0.0.1", "--server.port=0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1 and ended.stderr.splitlines()[-1].endswith("from 1 on, such as 1000, got 'many'")
    assert "Traceback" not in ended.stdout + ended.stderr


def test_an_empty_number_of_tabs_is_the_usual_one():
    given = ({}, {limits.SETTING: " "}, {limits.SETTING: "7 "})
    assert [limits.tabs(one) for one in given] == [limits.SESSIONS, limits.SESSIONS, 7]


def test_a_full_server_turns_a_tab_away_until_another_one_leaves(tmp_path, monkeypatch):
    monkeypatch.setenv("UNROLLED_SESSIONS", "2")
    with serving(tmp_path / "log") as server:

        async def crowd():
            url = f"{server.url}/chain"
            first, second, third = (Student(url) for _ in range(3))
            await first.open()
            await second.open()
            status, _, text = await asyncio.to_thread(answer, url, Accept="text/html")
            assert status == 503 and "This server is full: 2 tabs" in text
            with pytest.raises(Exception, match="403"):
                await third.open()
            await second.move(random.Random(1))  # who is in goes on
            await first.socket.close()
            for _ in range(50):
                if (await asyncio.to_thread(answer, url, Accept="text/html"))[0] == 200:
                    break
                await asyncio.sleep(0.1)
            await third.open()

        asyncio.run(crowd())
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")


HOSTILE = ["<script>alert(1)</script>", "![x](http://127.0.0.1/y)", "[a](javascript:b)", ":red[x]", "$x$", "`x`"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_reader_wrote_is_never_markdown(text):
    note = combined([parse(TABLE["activation"], text).note, parse(TABLE["w"], text).note])
    for mark in "<>[]()!`$:*_":
        assert not re.search(rf"(?<!\\){re.escape(mark)}", note), note


REVIEWED = {  # what is shown as Markdown or HTML and is no constant: why no reader can have written it
    "f'**{taken.goal}.**'": "of rnn_core/challenges.py", "taken.hint": "of rnn_core/challenges.py",
    "question": "of a page's file, or of rnn_core/scenes.py", "title": "of a page's file, or of rnn_core/scenes.py",
    "f'{page.source}\\n\\n[Glossary](glossary): what symbols and words mean'": "of a page's file",
    "_notice(page, scenario)": "of pages/lessons, or of a page's file",
    "f'“{scenario.title}”: {scenario.answer}'": "of pages/lessons",
    "f'[Open this on its page]({experiment_url(scene)})'": "of rnn_core/scenes.py, and numbers",
    "scenario.question if scenario else page.question": "of pages/lessons, or of a page's file",
    "scene.setup": "of rnn_core/scenes.py", "self.choices.note": "escaped: codec.combined",
    "sentence(place)": "a number", "f'**{term.name}**  \\n{term.says}'": "of pages/lessons",
}  # fmt: skip
_MARKDOWN = {"markdown", "html", "write", "caption", "title", "header", "subheader", "toast", "info", "warning",
             "error", "success"}  # fmt: skip


def test_nothing_that_a_reader_wrote_becomes_markdown_or_html():
    unknown = []
    for path in SOURCES:
        if "rnn_core" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        assert "unsafe_allow_html" not in text and "unsafe_allow_javascript" not in text, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MARKDOWN:
                shown = node.args[0] if node.args else None
                written = "" if shown is None or isinstance(shown, ast.Constant) else ast.unparse(shown)
                if written and written not in REVIEWED:
                    unknown.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    assert not unknown, "who can write this?"


def test_scripts_of_the_browser_write_no_html_but_formulas():
    """MathML templates are constants of the charts; values enter as text (views.js)."""
    for path in sorted((ROOT / "pages").glob("**/*.js")):
        lines = path.read_text(encoding="utf-8").splitlines()
        writes = [line for line in lines if re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", line)]
        assert all("place.innerHTML = line.mathml" in line for line in writes), (path.name, writes)
        assert not any(re.search(r"\beval\(|new Function\(", line) for line in lines), path.name


def test_a_tab_that_goes_while_it_is_sent_to_is_no_fault_and_counts_no_more():
    async def streamlit(scope, receive, send):
        tab = WebSocket(scope, receive, send)
        await tab.accept()
        with pytest.raises(WebSocketDisconnect):
            await tab.send_bytes(b"a picture")
        await tab.receive_bytes()

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        if message["type"] == "websocket.send":
            raise OSError("gone")

    limited = Limited(streamlit)
    asyncio.run(limited({"type": "websocket", "headers": []}, receive, send))
    assert limited.open == 0 and limited.left == 1
