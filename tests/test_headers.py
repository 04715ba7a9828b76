"""What the browser is told: where a page may load from, which no page exceeds (see test_accessibility)."""

import urllib.request

import pytest

from pages.server.headers import policy
from tests.server import opened

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", [
    "", "chain?w=3", "_stcore/health", "assets/x/plotly.js", "sweeps/nowhere/w", "_stcore/upload_file/a/b",
    pytest.param("chain?" + "w=1&" * 300, id="too long"),
])  # fmt: skip
def test_every_answer_is_guarded(server, path):
    request = urllib.request.build_opener(urllib.request.ProxyHandler({}), Any404())
    headers = request.open(f"{server.url}/{path}", timeout=10).headers
    assert headers["Content-Security-Policy"] == policy()
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"


class Any404(urllib.request.HTTPErrorProcessor):
    """An answer is an answer."""

    def http_response(self, request, response):
        return response


def test_the_policy_trusts_this_server_only():
    assert "http" not in policy() and "*" not in policy() and " 'unsafe-eval'" not in policy()
    assert policy().count("'sha256-") == 2, "Streamlit's own page has one inline script, and we add one"


def test_pictures_can_still_be_saved(server, desk):
    page = opened(desk.page, server.url)
    page.locator("[data-name=chain]").get_by_text("Share").click()
    for kind, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as download:
            page.locator("[data-name=chain]").get_by_role("button", name=f"Save {kind}").click()
        saved = download.value.path().read_bytes()
        assert saved.startswith(begins) and len(saved) > 10_000
    assert not desk.errors


def test_the_policy_would_stop_a_stranger(server, desk):
    page = opened(desk.page, server.url)
    stopped = page.evaluate(
        "() => new Promise((resolve) => { const script = document.createElement('script');"
        " script.src = 'http://127.0.0.1:9/x.js'; script.onerror = () => resolve(true);"
        " addEventListener('securitypolicyviolation', () => resolve('refused')); document.head.append(script); })"
    )
    assert stopped == "refused"
