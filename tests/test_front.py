"""What comes with the page itself: every part of the app may count on it, in every browser."""

import gzip
import re
import urllib.request

import pytest

from tests.server import opened

PAGES = ("", "chain?w=3", "scenes", "teach", "nowhere")


def ask(server, path, **headers):
    request = urllib.request.Request(f"{server.url}/{path}", headers={"Accept": "text/html", **headers})
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20)


@pytest.mark.browser  # shares its server
@pytest.mark.parametrize("path", PAGES)
def test_the_page_brings_its_style_sheet_whatever_is_asked_for(server, path):
    with ask(server, path) as answer:
        page, etag = answer.read(), answer.headers["ETag"]
    link = re.search(rb'<link rel="stylesheet" href="\./(assets/\w+/unrolled\.css)">', page)
    assert page.index(link[0]) < page.index(b'<div id="root">')
    with ask(server, link[1].decode()) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert b"--u-product" in answer.read()
    with ask(server, path, **{"Accept-Encoding": "gzip", "If-None-Match": etag or '"x"'}) as answer:
        assert gzip.decompress(answer.read()) == page and answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.browser
def test_no_page_lays_a_style_sheet_among_its_elements(server, desk):
    """Firefox never fetches what is imported there."""
    page = opened(desk.page, f"{server.url}/scenes")
    assert page.locator(".stApp style").filter(has_text="@import").count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.u-main')).getPropertyValue('--u-head')") == "1.5rem"
