"""The strip above the first page: it leads on, it can be dismissed, and then nothing of it is left."""

import pytest

from tests.cases import first
from tests.server import opened
from tests.visits import until

pytestmark = pytest.mark.browser

STRIP = "nav.u-start"


def tops(page):
    return page.evaluate("[...document.querySelectorAll('h1, .u-main')].map((node) => node.getBoundingClientRect().y)")


def test_it_leads_to_the_first_scene_and_to_the_scripts(server, desk):
    for address in ("", "chain?activation=tanh&w=0.5"):  # as it opens, and with settings
        page = opened(desk.page, f"{server.url}/{address}")
        page.get_by_role("link", name="I have five minutes").click()
        page.wait_for_selector(".u-main[data-name=scene-explosion] .main-svg")
        page.goto(f"{server.url}/{address}")
        page.get_by_role("link", name="I teach this").click()
        page.wait_for_selector(".u-teach")
        until(page, "location.pathname === '/teach'")


@pytest.mark.parametrize("visitor", first(1, ("phone", "desk")))
def test_dismissed_it_stays_away_and_leaves_no_gap(server, visitor, request):
    page = opened(request.getfixturevalue(visitor).page, server.url)
    page.wait_for_selector(STRIP)
    if visitor == "phone":
        assert page.locator(STRIP).bounding_box()["height"] <= 96
    shown = tops(page)
    page.get_by_role("button", name="Dismiss").click()
    page.wait_for_selector(STRIP, state="detached")
    gone = tops(page)
    if visitor == "desk":
        assert gone == shown  # it stands beside the title
    page.reload()
    page.wait_for_selector(".main-svg")
    page.wait_for_timeout(500)  # it had its chance to come
    assert page.locator(STRIP).count() == 0 and tops(page) == gone
