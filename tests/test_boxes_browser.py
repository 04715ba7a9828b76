"""The boxes beside the sliders: always the slider's number, whatever way one came, and anything that is a number."""

import pytest
from playwright.sync_api import expect

from tests.server import PICTURE, opened
from tests.visits import PRODUCT, go_to, query, says, thumb, until

pytestmark = pytest.mark.browser
MENU = [
    ("The chain", "Saturation", "saturation"), ("The chain", "The map", "map"),
    ("Backpropagation", "The network and its equations", "network"), ("The LSTM", "The LSTM, gate by gate", "gates"),
    ("The LSTM", "What the formula leaves out", "lstm"), ("Side by side", "RNN or LSTM?", "compare"),
    ("Try it", "Predict first", "scenes"), ("The chain", "The gradient chain", ""),
]  # fmt: skip
APART = """() => [...document.querySelectorAll('.st-key-controls input[type=range]')].map((slider) => {
  const key = slider.closest('[class*=st-key-]').className.match(/st-key-(\\w+)/)[1];
  return [key, slider.value, document.querySelector(`.st-key-${key}_exact input`)?.value, slider.step];
}).filter(([, value, text, step]) => !text || !(Math.abs(text - value) <= step / 2))"""  # the thumb stands on a step
CALM = "document.querySelector('.stApp').dataset.testScriptState === 'notRunning'"


def all_agree(page, least=1):
    """Every box says what its slider says."""
    page.wait_for_selector(PICTURE)
    until(page, f"document.querySelectorAll('.st-key-controls input[type=range]').length >= {least}")
    until(page, CALM)
    page.wait_for_timeout(300)  # what comes late has its chance
    assert page.evaluate(APART) == []


def box(page, key="w"):
    return page.locator(f".st-key-{key}_exact input").first


def test_every_box_shows_its_sliders_number_on_all_pages_there_and_back(server, desk):
    page = opened(desk.page, server.url)
    all_agree(page, least=7)
    for section, title, address in [*MENU, MENU[0], MENU[-1]]:
        go_to(page, section, title)
        until(page, f"location.pathname === '/{address}'")
        all_agree(page)


def test_the_boxes_show_their_sliders_numbers_after_a_scenario_and_after_back(server, desk):
    page = opened(desk.page, server.url)
    box(page).fill("1.234")
    box(page).press("Enter")
    says(page, PRODUCT, "8.188")
    go_to(page, "The chain", "Saturation")
    page.wait_for_selector("[data-name=saturation] .main-svg")
    all_agree(page)
    assert box(page).input_value() == "1.234"
    thumb(page, "w").press("ArrowRight")
    until(page, "!location.search.includes('1.234')")
    all_agree(page)
    page.go_back()
    says(page, PRODUCT, "8.188")
    all_agree(page, least=7)
    page.get_by_role("button", name="Saturated sigmoid").click()
    until(page, "location.search.includes('sigmoid')")
    all_agree(page, least=7)
    page.reload()
    all_agree(page, least=7)


def test_what_the_page_prints_can_be_pasted_into_a_box(server, desk):
    page = opened(desk.page, server.url)
    for text, w in (("−0.5", "-0.5"), ("1,5", "1.5"), ("−1.953 × 10⁻³", "-0.001953")):
        box(page).fill(text)
        box(page).press("Enter")
        until(page, f"location.search === '?w={w}'")
        expect(box(page)).to_have_value(w)
    assert not page.get_by_test_id("stToast").count()
    for text, stays, said in (
        ("abc", "-0.001953", "“abc” is not a number"),
        ("999", "100", "lies outside −100 … 100, so 100"),
    ):
        box(page).fill(text)
        box(page).press("Enter")
        expect(page.get_by_test_id("stToast").filter(has_text=said)).to_be_visible()
        expect(box(page)).to_have_value(stays)
    box(page).fill("")
    box(page).press("Enter")
    expect(box(page)).to_have_value("100")
    assert query(page) == {"w": "100"}


def test_a_box_is_stepped_by_arrow_keys_and_what_was_typed_can_be_undone(server, desk):
    page = opened(desk.page, server.url)
    box(page).press("ArrowUp")
    says(page, PRODUCT, "1311")  # 2.05^10
    expect(box(page)).to_have_value("2.05")
    box(page).press("ArrowDown")
    says(page, PRODUCT, "1024")
    expect(box(page)).to_have_value("2")
    assert page.evaluate("document.activeElement.matches('.st-key-w_exact input')")
    box(page).press("End")
    page.keyboard.type("5")
    page.keyboard.press("Control+z")
    expect(box(page)).to_have_value("2")
    box(page, "T").press("ArrowUp")
    expect(thumb(page, "T")).to_have_attribute("value", "11")


def test_a_finger_gets_digits_where_no_minus_is_needed(server, phone):
    page = opened(phone.page, server.url)
    for key, keyboard in (("w", "text"), ("T", "decimal")):
        box(page, key).focus()
        expect(box(page, key)).to_have_attribute("inputmode", keyboard)


def test_the_phones_menu_closes_over_the_page_that_was_chosen(server, phone):
    page = opened(phone.page, server.url)
    for title, figure in (("Saturation", "saturation"), ("Saturation", "saturation"), ("RNN or LSTM?", "state-norm")):
        page.get_by_test_id("stExpandSidebarButton").tap()
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).tap()
        page.wait_for_selector(f"[data-name={figure}] .main-svg")
        until(page, "!(document.querySelector('[data-testid=stSidebar]')?.getBoundingClientRect().right > 0)")
