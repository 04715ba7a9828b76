"""What comes with the page itself: every part of the app may count on it, in every browser."""

import gzip
import json
import re
import subprocess
import urllib.request
from html import unescape
from pathlib import Path

import pytest

from pages.server.bundle import bundle, digest
from pages.stage.scripts import LONGEST_FILE, MOST_SECONDS
from tests.server import opened
from tests.test_javascript import DENO

PAGES_FOLDER = Path(__file__).parent.parent / "pages"
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
    style, root, script = page.index("--u-product"), page.index('<div id="root">'), page.index("data-given")
    assert style < root < script, "the style outranks Streamlit's, and the script finds where it draws"
    assert all(digest(text) in trusted for text in re.findall(r"<script(?: data[^>]*)?>(.*?)</script>", page, re.S))
    with ask(server, path, **{"Accept-Encoding": "gzip", "If-None-Match": etag or '"x"'}) as answer:
        assert gzip.decompress(answer.read()).decode() == page and answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.browser
def test_what_the_page_names_is_kept_for_a_year(server):
    with ask(server, "") as answer:
        plotly = given(answer.read().decode())["plotly"]
    with ask(server, plotly.removeprefix("/"), **{"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert b"Plotly" in gzip.decompress(answer.read())


@pytest.mark.browser
def test_no_page_lays_a_style_sheet_among_its_elements(server, desk):
    """Firefox never fetches what is imported there."""
    page = opened(desk.page, f"{server.url}/scenes")
    assert page.locator(".stApp style").filter(has_text="@import").count() == 0


def given(page):
    """What a page hands over to the browser's modules."""
    return json.loads(unescape(re.search(r'data-given="([^"]+)"', page)[1]))


@pytest.mark.browser
def test_what_both_sides_know_is_handed_over_and_written_once(server):
    """All that `given.js` names comes with the page, and no other module writes it out."""
    with ask(server, "") as answer:
        shared = given(answer.read().decode())
    scripts = {path: path.read_text(encoding="utf-8") for path in PAGES_FOLDER.glob("**/*.js")}
    [kept] = [path for path in scripts if path.name == "given.js"]
    assert set(re.findall(r"@property {[\w\[\]]+} (\w+)", scripts.pop(kept).partition("Given")[2])) == shared.keys()
    for path, text in scripts.items():
        literals = set(re.findall(r'"([^"]*)"', text)) | {
            int(n.replace("_", "")) for n in re.findall(r"\b\d[\d_]*\b", text)
        }
        names = {value for value in shared.values() if isinstance(value, str) or value in (LONGEST_FILE, MOST_SECONDS)}
        assert not names & literals, path
        assert json.dumps(shared["stage"])[1:-1] not in text and json.dumps(shared["predicted"])[1:-1] not in text


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
