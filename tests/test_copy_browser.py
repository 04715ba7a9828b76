"""Copying where the page came over plain http, as in a class: there the browser has no clipboard for scripts."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser import ELSEWHERE
from tests.server import opened
from tests.visits import DESK

pytestmark = pytest.mark.browser
FORBIDDEN = "document.execCommand = () => false"


@pytest.fixture
def base(server):
    return server.url.replace("127.0.0.1", ELSEWHERE)


@pytest.fixture
def plain(base, tab):
    """A page of one who came over plain http."""
    return tab("plain", base, viewport=DESK)


def pasted(page):
    """What the clipboard holds: pasted by hand into a field of the test's own."""
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), {id: 'paste'}))")
    page.locator("#paste").focus()
    page.keyboard.press("Control+v")
    text = page.locator("#paste").input_value()
    page.evaluate("document.getElementById('paste').remove()")
    return text


def test_over_plain_http_a_link_and_a_formula_are_copied(plain, base):
    page = opened(plain.page, f"{base}/?w=1.5")
    assert page.evaluate("!isSecureContext && navigator.clipboard === undefined")
    page.locator("[data-name=chain]").get_by_text("Share").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert pasted(page) == page.url
    page.locator("[data-name=chain-formula]").get_by_role("button", name="Copy LaTeX").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert r"\frac{\partial h_{10}}{\partial h_{0}}" in pasted(page)


def test_where_nothing_can_be_copied_the_text_is_shown_and_selected(plain, base):
    plain.before_all(FORBIDDEN)
    page = opened(plain.page, f"{base}/?w=1.5")
    page.locator("[data-name=chain]").get_by_text("Share").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Press Ctrl+C")).to_be_visible()
    chosen = "(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))"
    assert page.evaluate(f"{chosen}(document.activeElement)") == page.url
    page.keyboard.press("Control+c")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Press Ctrl+C")).to_be_hidden()
    assert pasted(page) == page.url


def test_over_plain_http_a_scripts_link_is_copied(plain, base):
    page = plain.page
    page.goto(f"{base}/teach")
    page.evaluate(
        "text => localStorage.setItem('unrolled-script', text)",
        json.dumps({"title": "Mine", "slides": [{"address": "chain?w=1.5"}]}),
    )
    page.reload()
    page.wait_for_selector(".u-slides")
    page.locator(".u-tools").get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    assert pasted(page).startswith(f"{base}/teach?script=")
