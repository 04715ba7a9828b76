"""The main job in a real browser: from the first screen to the number, by mouse, keyboard and finger."""

from urllib.parse import urlparse

import pytest

from tests.cases import first
from tests.server import opened, serving
from tests.visits import DESK, PRODUCT, READOUT, changed, drawn, go_to, query, row, says, settled, thumb, until

pytestmark = pytest.mark.browser
PAGES = ("chain", "lstm", "compare")


def test_from_the_first_screen_to_the_number(server, desk):
    page = opened(desk.page, server.url)
    says(page, PRODUCT, "1024")
    assert drawn(page)[0] == pytest.approx(3.010299957)
    page.get_by_role("radio", name="tanh", exact=True).or_(
        page.get_by_role("button", name="tanh", exact=True)
    ).first.click()
    says(page, PRODUCT, "2.139 × 10⁻⁷")
    assert drawn(page)[0] == pytest.approx(-6.66984, abs=1e-5)
    assert query(page)["activation"] == "tanh"
    assert not desk.errors
    assert {urlparse(url).hostname for url in desk.requests if url.startswith("http")} == {"127.0.0.1"}


def test_a_slider_moved_by_keyboard_changes_the_figure_and_nothing_jumps(server, desk):
    page = opened(desk.page, server.url)
    says(page, PRODUCT, "1024")
    nodes = "document.querySelectorAll('.u-item, .stSlider, .stTextInput')"
    boxes = f"Array.from({nodes}, node => JSON.stringify(node.getBoundingClientRect()))"
    thumb(page, "w").focus()
    settled(page)
    before, heights = page.evaluate(boxes), drawn(page, "walk", "product")
    plot = page.query_selector("[data-name=walk] .u-plot")
    page.keyboard.press("ArrowRight")
    says(page, PRODUCT, "1311")  # 2.05^10 = 1310.7
    assert drawn(page, "walk", "product") != heights
    assert page.evaluate(boxes) == before
    assert plot.evaluate("node => node.isConnected")  # redrawn, not mounted anew
    assert query(page)["w"] == "2.05"


def test_a_box_takes_a_number_between_two_steps(server, desk):
    page = opened(desk.page, server.url)
    box = page.get_by_label("Recurrent weight w, exactly")
    box.fill("1.234")
    box.press("Enter")
    says(page, PRODUCT, "8.188")  # 1.234^10
    assert query(page)["w"] == "1.234"


def test_a_copied_link_and_a_reload_restore_everything(server, desk, other):
    page = opened(desk.page, f"{server.url}/chain?activation=sigmoid&w=3.5&T=12&t=9&k=2&sequence=sine")
    until(page, "document.querySelector('[data-name=chain] .u-readout').textContent.startsWith('∂h₉/∂h₂')")
    says_now = page.text_content(READOUT)
    thumb(page, "b").focus()
    page.keyboard.press("ArrowLeft")
    changed(page, READOUT, says_now)
    until(page, "location.search.includes('b=')")
    text, link = page.text_content(READOUT), page.url
    page.reload()
    says(page, READOUT, text)
    says(opened(other.page, link), READOUT, text)


def test_another_page_and_back_keeps_every_choice(server, desk):
    page = opened(desk.page, f"{server.url}/?activation=tanh&w=1.1")
    text = page.text_content(READOUT)
    go_to(page, "The LSTM", "What the formula leaves out")
    page.wait_for_selector("[data-name=paths] .main-svg")
    go_to(page, "The chain", "The gradient chain")
    page.wait_for_selector("[data-name=chain] .main-svg")
    says(page, READOUT, text)
    assert query(page)["w"] == "1.1" and query(page)["activation"] == "tanh"


def test_back_and_forward_find_each_page_as_it_was_left(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    for key, number in (("w", "1.5"), ("k", "3")):
        row(page, key)
        box = page.locator(f".st-key-{key}_exact input")
        box.fill(number)
        box.press("Enter")
        until(page, f"location.search.includes('{key}=')")
    says(page, PRODUCT, "17.09")  # 1.5^7
    go_to(page, "The chain", "Saturation")
    page.wait_for_selector("[data-name=saturation] .main-svg")
    until(page, "location.search.includes('w=1.5')")
    page.go_back()
    says(page, PRODUCT, "17.09")
    assert query(page) == {"w": "1.5", "k": "3"}
    page.go_forward()
    page.wait_for_selector("[data-name=saturation] .main-svg")
    assert query(page) == {"w": "1.5"} and page.url.startswith(f"{server.url}/saturation")


def test_bars_have_the_colours_that_a_fresh_page_gives_them(server, desk):
    page = opened(desk.page, f"{server.url}/network")
    fills = "() => [...document.querySelectorAll('[data-name=unrolled] .barlayer path')].map((bar) => bar.style.fill)"
    before = page.evaluate(fills)
    text = page.text_content(".u-main .u-readout")
    page.get_by_role("button", name="Not zero, and yet vanished").click()
    changed(page, ".u-main .u-readout", text)
    page.wait_for_timeout(500)
    moved = page.evaluate(fills)
    page.reload()
    page.wait_for_selector("[data-name=unrolled] .main-svg")
    page.wait_for_timeout(500)
    assert moved == page.evaluate(fills) and moved != before


def test_the_first_screen_holds_question_picture_formula_and_main_sliders(server, desk):
    page = opened(desk.page, server.url)
    says(page, PRODUCT, "1024")
    for selector in (
        "text=How does a change",
        "[data-name=walk] .u-plot",
        "[data-name=chain-formula]",
        ".st-key-activation",
        ".st-key-w",
        ".st-key-T",
        "text=Start, bias, input",
    ):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= DESK["height"], (selector, box)


@pytest.mark.parametrize("address", first(1, PAGES))
def test_a_phone_shows_the_main_figure_and_the_slider_together_and_targets_of_44_pixels(server, phone, address):
    page = opened(phone.page, f"{server.url}/{address}")
    last = page.locator(".st-key-controls .stSlider").locator("visible=true").last
    last.evaluate("node => node.scrollIntoView({block: 'end'})")
    figure = page.locator(".u-main").bounding_box()
    slider = last.bounding_box()
    assert figure["height"] <= 0.45 * 640 + 1
    assert figure["y"] >= 0 and figure["y"] + figure["height"] <= slider["y"] + slider["height"] <= 640 + 1
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= window.innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.evaluate(
        """() => [...document.querySelectorAll('.stMain button, .stMain input:not([type=range]), .stMain summary')]
        .filter((node) => node.checkVisibility() && node.getBoundingClientRect().width && !node.disabled)
        .map((node) => [node.textContent || node.ariaLabel, node.getBoundingClientRect()])
        .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
        .map(([name, box]) => [name, box.width, box.height])"""
    )
    assert not small, small


def test_a_tap_on_a_cell_moves_the_nearer_end_of_the_chain(server, desk):
    page = opened(desk.page, server.url)
    plot = page.locator("[data-name=walk] .u-plot")
    box = plot.bounding_box()
    x = plot.evaluate("node => node._fullLayout.xaxis._offset + node._fullLayout.xaxis.d2p(3)")
    y = plot.evaluate("node => node._fullLayout.yaxis2._offset + node._fullLayout.yaxis2.d2p(-0.2)")
    page.mouse.move(box["x"] + x - 3, box["y"] + y)
    page.mouse.click(box["x"] + x, box["y"] + y)
    says(page, PRODUCT, "128")  # from 3 to 10: 2^7
    until(page, "location.search.includes('k=3')")


def test_the_keyboard_alone_reaches_the_number(server, desk):
    page = opened(desk.page, server.url)
    says(page, PRODUCT, "1024")
    focused = "document.activeElement.closest('[class*=st-key-]')?.className ?? ''"
    stops = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(focused))
        if "st-key-w " in stops[-1] + " ":
            break
    else:
        pytest.fail(f"Tab never came to the recurrent weight: {stops}")
    page.keyboard.press("ArrowLeft")
    says(page, PRODUCT, "795")  # 1.95^10
    assert page.evaluate("document.querySelectorAll('.modebar-btn').length") == 0


def test_the_picture_follows_dark_mode(server, desk):
    colours = {}
    for scheme in ("light", "dark"):
        desk.page.emulate_media(color_scheme=scheme)
        page = opened(desk.page, server.url)
        says(page, PRODUCT, "1024")
        colours[scheme] = page.evaluate(
            "() => { const plot = document.querySelector('[data-name=chain] .u-plot'); return ["
            "getComputedStyle(document.querySelector('.stApp')).backgroundColor, plot._fullLayout.font.color,"
            " plot._fullData[1].line.color]; }"
        )
    assert all(light != dark for light, dark in zip(*colours.values(), strict=True)), colours


HOSTILE = ["w=nan", "T=1000000000", "values=" + "9" * 5000, "w=1e999", "t=0&k=99", "activation=bogus", "w=1&T=500"]


@pytest.mark.parametrize("url", first(2, HOSTILE))
def test_a_hostile_address_leaves_a_working_page(server, desk, url):
    page = opened(desk.page, f"{server.url}/?{url}")
    assert not page.query_selector(".stException")
    before = page.text_content(READOUT)
    thumb(page, "w").press("End")
    for weight in ("1.5", "100"):
        page.get_by_label("Recurrent weight w, exactly").fill(weight)
        page.get_by_label("Recurrent weight w, exactly").press("Enter")
        if "t=0" not in url:
            changed(page, READOUT, before)
            before = page.text_content(READOUT)
    assert not desk.errors


def test_plotly_is_served_once_compressed_and_kept(server, desk):
    responses = []
    desk.on("response", lambda response: responses.append(response) if "plotly" in response.url else None)
    page = opened(desk.page, server.url)
    go_to(page, "Side by side", "RNN or LSTM?")
    page.wait_for_selector("[data-name=input-norm] .main-svg")
    [response] = responses
    assert response.headers["content-encoding"] == "gzip" and "immutable" in response.headers["cache-control"]


def test_a_held_curve_stays_beside_todays_until_it_is_let_go(server, desk, other):
    page = opened(desk.page, server.url)
    says(page, PRODUCT, "1024")
    page.get_by_role("button", name="Hold").click()
    page.wait_for_selector("[data-name=beside]")
    page.locator(".st-key-activation").get_by_text("tanh", exact=True).click()
    words = "Held: ∂h₁₀/∂h₀ = 1024. Now: 2.139 × 10⁻⁷, smaller by a factor of 4.79 × 10⁹."
    says(page, "[data-name=beside]", words)
    heights = (
        "Array.from(document.querySelector('[data-name=chain] .u-plot').data.find(t => t.text?.includes('held')).y)"
    )
    assert page.evaluate(heights)[0] == pytest.approx(3.0103, abs=1e-4)
    assert query(page)["held"] == "w=2"
    says(opened(other.page, page.url), "[data-name=beside]", words)  # a link holds both
    page.get_by_role("button", name="Let go").click()
    page.wait_for_selector("[data-name=beside]", state="detached")
    until(page, "!location.search.includes('held')")
    assert not desk.errors


def test_a_link_is_copied(server, desk):
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page = opened(desk.page, f"{server.url}/?w=1.5")
    page.locator("[data-name=chain]").get_by_text("Share").click()
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text === location.href)")


def test_the_numbers_open_as_a_table_and_leave_as_csv(server, desk):
    page = opened(desk.page, server.url)
    page.get_by_text("The numbers", exact=True).click()
    page.wait_for_selector(".stDataFrame")
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    rows = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len(rows) == 12 and rows[1].split(",")[-2] == "1024.0"
    choice = page.locator(".st-key-csv")
    choice.get_by_role("radio", name="0,5; 1,5").or_(choice.get_by_role("button", name="0,5; 1,5")).first.click()
    go_to(page, "The chain", "Saturation")  # the fold stays open, and the choice
    page.wait_for_selector("[data-name=saturation] .main-svg")
    page.locator(".stDataFrame").or_(page.get_by_text("The numbers", exact=True)).last.click()
    page.wait_for_selector(".stDataFrame")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert ";0,5;" in download.value.path().read_text(encoding="utf-8")


@pytest.mark.long
def test_a_fresh_server_answers_a_deep_link(tmp_path, fresh):
    with serving(tmp_path / "log") as server:
        page = opened(fresh.page, f"{server.url}/lstm?f=0.5")
        page.wait_for_selector("[data-name=paths] .main-svg")
        assert page.get_by_test_id("stTopNavSection").filter(has_text="Side by side").count()


def test_an_open_fold_follows_the_slider(server, desk):
    page = opened(desk.page, server.url)
    page.get_by_text("The code that makes this number", exact=True).click()
    page.wait_for_selector(".stCode")
    assert "1024.0" in page.text_content(".stCode")
    thumb(page, "w").focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('.stCode')?.textContent.includes('= 2.05, ')")


def test_marks_hidden_off_the_scale_come_back(server, desk):
    page = opened(desk.page, server.url)
    for scenario in ("Saturated sigmoid", "Balanced on the unstable point"):
        before = page.text_content(READOUT)
        page.get_by_role("button", name=scenario).click()
        changed(page, READOUT, before)
        page.wait_for_timeout(300)  # the redraw follows the read-out within the same task
    hidden = (
        "[...document.querySelectorAll('[data-name=chain] path.point')].filter(p => p.style.display === 'none').length"
    )
    assert page.evaluate(hidden) == 0


def test_a_held_key_leaves_thumb_box_address_and_figure_in_agreement(server, desk):
    page = opened(desk.page, server.url)
    says(page, PRODUCT, "1024")
    thumb(page, "w").focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(30)  # a keyboard's own rate of repetition
    says(page, PRODUCT, "4143")  # 2.3^10 = 4142.65
    until(page, "location.search === '?w=2.3'")
    page.wait_for_timeout(500)  # whatever lags behind has its chance to undo it
    says(page, PRODUCT, "4143")
    assert page.evaluate("document.querySelector('.st-key-w input[type=range]').value") == "2.3"
    assert page.get_by_label("Recurrent weight w, exactly").input_value() == "2.3"
