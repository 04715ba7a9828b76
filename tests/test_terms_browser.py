"""Symbols speak in the real browser: hover, tap, focus; the same thing stands out in the figure; the glossary."""

import pytest

from pages.lessons.glossary import GLOSSARY
from tests.server import opened
from tests.visits import settled, unexpected, until

pytestmark = pytest.mark.browser
BUBBLE = ".u-term"
FAINT = """(name) => [...document.querySelectorAll('[data-name=chain] .cartesianlayer .trace')]
    .filter((node) => node.__data__[0].trace.meta === name).map((node) => getComputedStyle(node).opacity)"""


def said(key):
    return f"{GLOSSARY[key].name} {GLOSSARY[key].says}"


@pytest.mark.parametrize(("part", "key", "bright", "faint"), [
    (".u-line mfrac", "gradient", "product", "weight"),
    (".u-line [data-slot=f3]", "w", "weight", "product"),
    (".u-line [data-slot=next]", "h", None, None),
])  # fmt: skip
def test_a_symbol_that_is_pointed_at_says_what_it_is_and_stands_out(server, desk, part, key, bright, faint):
    page = opened(desk.page, f"{server.url}/chain?activation=tanh")
    settled(page)
    page.locator(part).first.hover()
    until(page, f"document.querySelector('{BUBBLE}')?.textContent === {said(key)!r}")
    if bright:
        assert set(page.evaluate(FAINT, bright)) == {"1"} and set(page.evaluate(FAINT, faint)) == {"0.15"}
    box, place = page.locator(BUBBLE).bounding_box(), page.locator(part).first.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 720
    assert box["y"] >= place["y"] + place["height"] or box["y"] + box["height"] <= place["y"], "it covers nothing"
    page.mouse.move(5, 5)
    until(page, f"!document.querySelector('{BUBBLE}')")
    assert set(page.evaluate(FAINT, "weight")) == {"1"}
    assert not unexpected(desk)


def test_a_legend_says_what_its_entries_are(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    settled(page)
    page.locator("[data-name=chain] .legend .traces", has_text="slope").hover()
    until(page, f"document.querySelector('{BUBBLE}')?.textContent === {said('slope')!r}")


def test_a_keyboard_finds_the_symbols_in_a_list(server, desk):
    page = opened(desk.page, f"{server.url}/chain?activation=tanh")
    settled(page)
    page.get_by_role("button", name="Symbols").focus()
    page.keyboard.press("Enter")
    names = page.locator(".u-terms dt").all_text_contents()
    assert names == [GLOSSARY[key].name for key in ("h", "w", "x", "u", "b", "phi", "z", "slope", "gradient")]
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith(GLOSSARY["w"].name)
    assert set(page.evaluate(FAINT, "weight")) == {"1"} and set(page.evaluate(FAINT, "product")) == {"0.15"}
    page.get_by_role("button", name="Symbols").click()
    assert not page.locator(".u-terms").is_visible() and set(page.evaluate(FAINT, "product")) == {"1"}


def test_a_finger_taps_a_symbol(server, phone):
    page = opened(phone.page, f"{server.url}/gates")
    settled(page)
    page.locator(".u-line mi", has_text="f").first.tap()
    until(page, f"document.querySelector('{BUBBLE}')?.textContent === {said('f')!r}")
    box = page.locator(BUBBLE).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"]


def test_the_glossary_is_linked_from_every_page_and_holds_all_terms(server, desk):
    page = opened(desk.page, f"{server.url}/lstm")
    link = page.get_by_role("link", name="Glossary")
    assert link.evaluate("node => node.href") == f"{server.url}/glossary"
    page.goto(f"{server.url}/glossary")
    page.wait_for_selector(f"text={GLOSSARY['chrono'].says}")
    for term in GLOSSARY.values():
        assert page.get_by_text(term.says).count() == 1
    assert not unexpected(desk)
