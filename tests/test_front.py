"""What comes with the page itself: every part of the app may count on it, in every browser."""

import gzip
import re
import subprocess
import urllib.request

import pytest

from pages.server.bundle import bundle, digest
from tests.server import opened
from tests.test_javascript import DENO

PAGES = ("", "chain?w=3", "scenes", "teach", "nowhere")


def ask(server, path, **headers):
    request = urllib.request.Request(f"{server.url}/{path}", headers={"Accept": "text/html", **headers})
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20)


@pytest.mark.browser  # shares its server
@pytest.mark.parametrize("path", PAGES)
def test_the_page_brings_style_and_script_whatever_is_asked_for(server, path):
    with ask(server, path) as answer:
        page, etag = answer.read().decode(), answer.headers["ETag"]
        trusted = answer.headers["Content-Security-Policy"]
    style, root, script = page.index("--u-product"), page.index('<div id="root">'), page.index("data-release")
    assert style < root < script, "the style outranks Streamlit's, and the script finds where it draws"
    assert all(digest(text) in trusted for text in re.findall(r"<script(?: data[^>]*)?>(.*?)</script>", page, re.S))
    with ask(server, path, **{"Accept-Encoding": "gzip", "If-None-Match": etag or '"x"'}) as answer:
        assert gzip.decompress(answer.read()).decode() == page and answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.browser
def test_what_the_page_names_is_kept_for_a_year(server):
    with ask(server, "") as answer:
        plotly = re.search(r'data-plotly="/([^"]+)"', answer.read().decode())[1]
    with ask(server, plotly, **{"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert b"Plotly" in gzip.decompress(answer.read())


@pytest.mark.browser
def test_no_page_lays_a_style_sheet_among_its_elements(server, desk):
    """Firefox never fetches what is imported there."""
    page = opened(desk.page, f"{server.url}/scenes")
    assert page.locator(".stApp style").filter(has_text="@import").count() == 0


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")


def test_modules_become_one_script_each_after_what_it_needs(tmp_path):
    write(
        tmp_path,
        main='import "./side.js";\nimport { two as zwei } from "./two.js";\nimport * as all from "./two.js";\n'
        "globalThis.said.push(zwei() + all.ONE);",
        two='import "./side.js";\nexport const ONE = 1;\nexport async function later() {}\n'
        "export function two() { return ONE + 1; }",
        side="globalThis.said = [];",
    )
    script = bundle(tmp_path / "main.js")
    assert script.index("const $side ") < script.index("const $two ") < script.index("const $main ")
    said = subprocess.run([DENO, "eval", f"{script}\nconsole.log(said)"], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[ 3 ]"


@pytest.mark.parametrize("modules", [
    {"main": 'import "./b.js";', "b": 'import "./main.js";'}, {"main": "export let changing = 1;"},
    {"main": 'import {\n a } from "./b.js";', "b": ""}, {"main": 'import x from "npm:x";'},
    {"main": 'const text = "</script>";'}, {"main": "export default 1;"},
], ids=str)  # fmt: skip
def test_what_cannot_become_one_script_is_refused(tmp_path, modules):
    write(tmp_path, **modules)
    with pytest.raises(ValueError):
        bundle(tmp_path / "main.js")
