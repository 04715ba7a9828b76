"""Streamlit's files, compressed once: whoever cannot or need not take that gets Streamlit's own answer."""

import asyncio
import gzip

import pytest
from starlette.datastructures import Headers

from pages.server import compression
from pages.server.compression import Compressed

SCRIPT = b"let x = 1;\n" * 500
KEPT = [(b"content-type", b"text/javascript"), (b"cache-control", b"public, immutable"), (b"set-cookie", b"a=b")]


class Streamlit:
    """Answers every request with the same file, in two pieces, and counts."""

    def __init__(self, status=200, headers=KEPT):
        self.status, self.headers, self.asked = status, headers, []

    async def __call__(self, scope, receive, send):
        self.asked.append(scope["path"])
        await asyncio.sleep(0)  # others may ask meanwhile
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": SCRIPT[:100], "more_body": True})
        await send({"type": "http.response.body", "body": SCRIPT[100:]})


async def ask(app, path="/static/js/a.js", method="GET", **given):
    """Status, headers and body of an answer."""
    headers = {"accept-encoding": "gzip, br"} | {name.replace("_", "-"): value for name, value in given.items()}
    sent = []

    async def send(message):
        sent.append(message)

    await app({"type": "http", "method": method, "path": path, "headers": Headers(headers).raw}, None, send)
    return sent[0]["status"], Headers(raw=sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


def test_however_many_ask_at_once_a_file_is_read_and_compressed_once(monkeypatch):
    streamlit, compress, levels = Streamlit(), gzip.compress, []
    monkeypatch.setattr(compression.gzip, "compress", lambda body, level: levels.append(level) or compress(body, level))
    app = Compressed(streamlit)

    async def all_at_once():
        return await asyncio.gather(*(ask(app) for _ in range(8)), ask(app, "/static/js/b.js"))

    for status, headers, body in asyncio.run(all_at_once()):
        assert status == 200 and gzip.decompress(body) == SCRIPT and len(body) < len(SCRIPT) / 10
        assert headers["content-encoding"] == "gzip" and headers["vary"] == "Accept-Encoding"
        assert int(headers["content-length"]) == len(body) and "set-cookie" not in headers
    assert sorted(streamlit.asked) == ["/static/js/a.js", "/static/js/b.js"] and levels == [9, 9]
    assert not app.asking


@pytest.mark.parametrize("streamlit", [
    Streamlit(status=404), Streamlit(headers=[(b"cache-control", b"no-cache")]),
    Streamlit(headers=[*KEPT, (b"content-encoding", b"br")]),
], ids=["not found", "not for ever", "compressed already"])  # fmt: skip
def test_what_is_no_file_for_ever_is_passed_on_as_it_is_and_asked_for_again(streamlit):
    app = Compressed(streamlit)
    for times in (1, 2):
        status, headers, body = asyncio.run(ask(app))
        assert (status, headers.raw, body) == (streamlit.status, streamlit.headers, SCRIPT)
        assert len(streamlit.asked) == times
    assert not app.kept


@pytest.mark.parametrize("request_", [
    {"accept_encoding": "identity"}, {"range": "bytes=0-9"}, {"if_none_match": '"x"'},
    {"if_modified_since": "Mon, 01 Jan 2024 00:00:00 GMT"}, {"method": "HEAD"}, {"path": "/static/a.png"},
    {"path": "/media/static/a.js"}, {"path": "//static/a.js"}, {"path": "/static//a.js"},
    {"path": "/static/js/../a.js"},
], ids=str)  # fmt: skip
def test_streamlit_itself_answers_what_asks_for_no_whole_compressed_file(request_):
    streamlit = Streamlit()
    app = Compressed(streamlit)
    asyncio.run(ask(app))
    _, headers, body = asyncio.run(ask(app, **request_))
    assert len(streamlit.asked) == 2 and body == SCRIPT and "content-encoding" not in headers
    assert list(app.kept) == ["/static/js/a.js"]


def test_a_failed_answer_is_not_kept_and_stops_nobody_else():
    streamlit = Streamlit()
    failing = [True]

    async def once_failing(scope, receive, send):
        if failing and failing.pop():
            raise OSError("gone")
        await streamlit(scope, receive, send)

    app = Compressed(once_failing)

    async def both():
        return await asyncio.gather(ask(app), ask(app), return_exceptions=True)

    first, second = asyncio.run(both())
    assert isinstance(first, OSError) and gzip.decompress(second[2]) == SCRIPT
