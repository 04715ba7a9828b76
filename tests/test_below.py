"""The app below a path, beside others: behind a proxy that passes the whole path on, and one that takes it away."""

import asyncio
import gzip
import json
import re
import urllib.error
import urllib.request
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from pages.inside import start
from pages.server import address, below
from pages.stage.scripts import SCRIPTS, plain
from tests.cases import first
from tests.proxy import proxying
from tests.server import opened, serving
from tests.visits import go_to, ready, unexpected, until

BASE = "/class/unrolled"


@pytest.fixture(scope="module")
def stood(tmp_path_factory):
    """One server and its two proxies: with the whole path, and without its beginning."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        whole, rest = (stack.enter_context(proxying(BASE, strips=strips)) for strips in (False, True))
        patch.setenv("UNROLLED_URL", f"https://rnn.example.edu{BASE}/")
        server = stack.enter_context(serving(tmp_path_factory.mktemp("below") / "log"))
        whole.upstream = rest.upstream = server.url
        yield {"whole": whole, "rest": rest, "server": server}
        assert "Traceback" not in server.log.read_text(encoding="utf-8")


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def ask(url, data=None, **headers):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        answer = direct.open(urllib.request.Request(url, data, headers), timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    body = answer.read()
    return answer.status, answer.headers, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


@pytest.mark.parametrize("proxy", ["whole", "rest"])
def test_everything_is_there_below_the_path_that_the_address_for_the_room_names(stood, proxy):
    url = stood[proxy].url
    status, _, page = ask(f"{url}/chain?w=3", Accept="text/html")
    assert status == 200 and b'<div id="root">' in page
    script = re.search(rb'src="\./(static/js/[^"]+)"', page)[1].decode()
    assert ask(f"{url}/{script}", **{"Accept-Encoding": "gzip"})[1]["content-encoding"] == "gzip", "compressed, too"
    for path in ("", "_stcore/health", "sweeps/chain/w", "checks/chain?clicked", "chain/"):
        assert ask(f"{url}/{path}")[0] in (200, 301), path
    for path in ("/chain?w=3", f"{BASE}/chain?w=3"):  # as the browser calls it, or as the app does
        found = json.loads(ask(f"{url}/qr?path={path}")[2])
        assert found["url"] == f"https://rnn.example.edu{BASE}/chain?w=3"
    handout = ask(f"{url}/handout/forget")[2].decode()
    assert f'href="https://rnn.example.edu{BASE}/chain?' in handout
    script = json.dumps(plain(SCRIPTS["forget"])).encode()
    assert "packed" in json.loads(ask(f"{url}/scripts/pack", script)[2])
    kind = "multipart/form-data; boundary=x"
    form = b'--x\r\nContent-Disposition: form-data; name="script"\r\n\r\n' + script + b"\r\n--x--\r\n"
    assert ask(f"{url}/handout", form, **{"Content-Type": kind})[2].decode() == handout
    assert not stood[proxy].outside


def test_the_path_itself_leads_to_the_front_page_and_no_answer_leads_outside(stood):
    url = stood["whole"].url
    status, headers, _ = ask(f"{url}?w=3")
    assert status == 308 and headers["location"] == f"{BASE}/?w=3"
    status, headers, _ = ask(f"{url}/chain/?w=3")
    assert status == 301 and headers["location"] == f"{BASE}/chain?w=3"
    assert ask(f"{url}//evil.example/")[0] == 400
    assert ask(f"{stood['server'].url}/_stcore/health")[0] == 200, "a balancer asks at the root"


def test_streamlits_own_option_for_the_path_serves_the_same(tmp_path, monkeypatch):
    monkeypatch.delenv("UNROLLED_URL", raising=False)
    monkeypatch.setenv("STREAMLIT_SERVER_BASE_URL_PATH", "unrolled")
    with serving(tmp_path / "log") as server:
        for path in ("", "lstm", "_stcore/health", "_stcore/host-config", "sweeps/chain/w", "checks/chain?clicked"):
            assert ask(f"{server.url}/unrolled/{path}")[0] == 200, path
        found = json.loads(ask(f"{server.url}/unrolled/qr?path=/unrolled/chain")[2])
        assert found["url"] == f"{server.url}/unrolled/chain"


@pytest.mark.parametrize(("said", "option", "base"), [
    ("https://x.example/a/b/", "", "/a/b"), ("https://x.example", "c", ""), ("", "/c/", "/c"), ("", "", ""),
])  # fmt: skip
def test_the_base_is_that_of_the_address_for_the_room_or_streamlits_own(monkeypatch, said, option, base):
    options = {"server.baseUrlPath": option}
    monkeypatch.setenv("UNROLLED_URL", said)
    monkeypatch.setattr(address.st, "get_option", options.__getitem__)
    monkeypatch.setattr(start.config, "set_option", options.__setitem__)
    monkeypatch.setattr(address, "_taken", "")
    assert address.base() == base
    address.check()
    assert address.base() == base and options["server.baseUrlPath"] == "", "Streamlit serves at the root"


@pytest.mark.parametrize(("path", "rest"), [
    ("/a/chain", "/chain"), ("/a/", "/"), ("/ab/chain", "/ab/chain"), ("/chain", "/chain"), ("/", "/"),
    ("/b/a/x", "/b/a/x"), ("/a/a/x", "/a/x"),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_base_is_taken_from_what_begins_with_it_and_from_nothing_else(monkeypatch, path, rest, kind):
    monkeypatch.setenv("UNROLLED_URL", "https://x.example/a")
    heard = []

    async def behind(scope, receive, send):
        heard.append((scope["path"], scope["raw_path"]))

    scope = {"type": kind, "path": path, "raw_path": path.encode(), "query_string": b""}
    asyncio.run(below.Below(behind)(scope, None, None))
    assert heard == [(rest, rest.encode())] and scope["path"] == path and address.without_base(path) == rest


@pytest.mark.browser
@pytest.mark.parametrize("proxy", first(1, ("whole", "rest")))
def test_a_reader_below_a_path_misses_nothing_and_asks_for_nothing_outside(stood, fresh, proxy):
    through, page = stood[proxy], fresh.page
    through.asked.clear()
    opened(page, f"{through.url}/?activation=tanh")
    ready(page, "w")  # its sweep has come
    page.locator(".u-badge").click()
    expect(page.locator(".u-badge")).to_contain_text("Checked")
    go_to(page, "The LSTM", "What the formula leaves out")
    until(page, "document.querySelector('[data-name=paths] .main-svg')")
    assert page.url.startswith(f"{through.url}/lstm")
    page.reload()
    until(page, "document.querySelector('[data-name=paths] .main-svg')")
    page.locator(".u-begin summary").click()
    page.get_by_role("button", name="Show its QR code").click()
    expect(page.locator(".u-address")).to_have_text(re.compile(rf"^https://rnn\.example\.edu{BASE}/lstm"))
    page.keyboard.press("Escape")
    page.locator(".u-begin summary").click()
    page.get_by_role("button", name="Add to my script").click()
    page.get_by_role("button", name="Scripts and handouts").click()
    page.wait_for_url(f"{through.url}/teach**")
    with page.expect_download() as handed:
        page.get_by_role("link", name="Handout").first.click()
    assert handed.value.suggested_filename.startswith("unrolled-")
    until(page, "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/scripts/pack'))")
    page.get_by_role("link", name="Present").first.click()
    page.wait_for_url(re.compile(rf"{re.escape(through.url)}/\w+\?.*present=1"))
    page.wait_for_selector(".u-stage .u-headline")
    assert not through.outside and not unexpected(fresh)
    asked = " ".join(through.asked)
    assert all(part in asked for part in ("/sweeps/chain/w?", "/checks/chain?", "/qr?", "/scripts/pack", "/handout/"))
