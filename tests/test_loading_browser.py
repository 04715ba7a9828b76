"""What a page fetches may be lost, slow or refused: it comes by itself, or the reader is told and asked."""

import re
import time

import pytest

from tests.cases import first
from tests.server import PICTURE, opened, serving
from tests.visits import PRODUCT, go_to, says, until

pytestmark = pytest.mark.browser

WAITING = ".u-waiting"
ASSETS = re.compile(r"/assets/")
OLDER = """if (!sessionStorage.older) new MutationObserver(() => {
  const given = document.querySelector('script[data-given]')?.dataset;
  if (given) given.given = given.given.replace(/"release": "\\w+"/, '"release": "before"');
  if (given) sessionStorage.older = 'before';
}).observe(document, { childList: true, subtree: true });"""  # the page first comes from another release


@pytest.fixture
def hasty(desk):
    """A page whose pauses before another try are short."""
    desk.before_all("const wait = setTimeout; setTimeout = (f, ms, ...a) => wait(f, ms > 200 ? ms / 10 : ms, ...a)")
    return desk


def losing(page, pattern, times):
    """Lose the first requests for each address: their addresses, query apart."""
    lost = []

    def route(route):
        address = route.request.url.split("?")[0]
        if lost.count(address) < times:
            lost.append(address)
            route.abort()
        else:
            route.continue_()

    page.route(pattern, route)
    return lost


def test_a_page_of_ours_needs_one_file_beside_those_of_streamlit(server, desk):
    opened(desk.page, server.url)
    ours = [url for url in desk.requests if "/static/" not in url and "/_stcore/" not in url and "/sweeps/" not in url]
    names = [url.split("?")[0].rsplit("/", 1)[-1] for url in ours if not url.startswith(("data:", "blob:"))]
    assert [name for name in names if "." in name] == ["favicon.png", "plotly.js"] or names == ["", "plotly.js"], names


@pytest.mark.parametrize("times", first(1, (4, 1)))
@pytest.mark.parametrize("path", first(1, ("", "gates")))
def test_what_is_lost_is_asked_for_again_and_the_picture_comes_by_itself(server, hasty, path, times):
    lost = losing(hasty.page, ASSETS, times)
    opened(hasty.page, f"{server.url}/{path}")
    assert len(lost) == times and hasty.page.locator(WAITING).count() == 0


def test_what_stays_away_is_asked_for_on_a_click_and_nothing_jumps(server, hasty):
    page = hasty.page
    losing(page, ASSETS, 1000)
    page.goto(server.url)
    page.get_by_text("Loading the picture …").wait_for()
    says(page, PRODUCT, "1024")  # formulas need no picture
    again = page.get_by_role("button", name="Load the picture again")
    again.wait_for()
    assert page.locator(WAITING).get_attribute("role") == "status"
    assert page.get_by_text("The picture was lost on its way.").is_visible()
    tops = "() => Array.from(document.querySelectorAll('.u-item, .stSlider'), (node) => node.getBoundingClientRect().y)"
    before = page.evaluate(tops)
    page.unroute_all(behavior="ignoreErrors")
    again.click()
    page.wait_for_selector(PICTURE)
    assert page.locator(WAITING).count() == 0 and page.evaluate(tops) == before


def test_a_line_that_comes_back_needs_no_click(server, hasty):
    page = hasty.page
    losing(page, ASSETS, 1000)
    page.goto(server.url)
    page.get_by_role("button", name="Load the picture again").wait_for()
    page.unroute_all(behavior="ignoreErrors")
    page.evaluate("() => { dispatchEvent(new Event('online')); }")
    page.wait_for_selector(PICTURE)


@pytest.mark.parametrize("lost", first(1, (r"/static/js/index\.", r"/static/js/BidiComponent", r"/static/js/Slider")))
def test_a_lost_file_of_streamlits_makes_the_page_come_once_more(server, hasty, lost):
    gone = losing(hasty.page, re.compile(lost), 1)
    opened(hasty.page, server.url)
    assert gone
    says(hasty.page, PRODUCT, "1024")


def test_a_file_of_streamlits_that_never_comes_is_told_of(server, hasty):
    page = hasty.page
    losing(page, re.compile(r"/static/js/BidiComponent"), 1000)
    page.goto(server.url)
    button = page.get_by_role("button", name="Reload the page")
    button.wait_for()
    page.unroute_all(behavior="ignoreErrors")
    button.click()
    page.wait_for_selector(PICTURE)


@pytest.mark.long
def test_a_server_that_restarts_during_the_first_load_is_waited_for(fresh, tmp_path):
    page = fresh.page
    with serving(tmp_path / "first") as server:
        page.goto(server.url + "/_stcore/health")
        until(page, "document.body")
        kept = page.context.new_page()
        kept.route(ASSETS, lambda route: None)  # it waits for ever
        kept.goto(server.url)
        kept.get_by_text("Loading the picture …").wait_for()
    kept.unroute_all(behavior="ignoreErrors")
    time.sleep(1)
    with serving(tmp_path / "second", port=int(server.url.rsplit(":", 1)[1])):
        kept.wait_for_selector(PICTURE)


def test_a_page_from_before_an_update_goes_on_and_asks_for_a_reload(server, desk):
    page = desk.page
    desk.before_all(OLDER)
    opened(page, server.url)
    says(page, PRODUCT, "1024")
    page.get_by_text("Unrolled has been updated.").wait_for()
    page.get_by_role("button", name="Reload the page").click()
    page.wait_for_selector(PICTURE)
    go_to(page, "The LSTM", "The LSTM, gate by gate")
    page.wait_for_selector(f"[data-name=gates] {PICTURE}")
    assert page.get_by_text("Unrolled has been updated.").count() == 0
