"""Scenes in a real browser: each played to its end, with a wrong and a right prediction, by mouse and by keyboard."""

import re

import pytest

from pages.lessons.scenes import SCENES, Choice
from tests.cases import first, long
from tests.server import opened
from tests.visits import THUMB, query, until

pytestmark = pytest.mark.browser

MAIN = ".u-main .u-readout"


def waits(page, selector, part):
    """Wait until the element's text holds a part."""
    page.wait_for_function("([s, t]) => document.querySelector(s)?.textContent.includes(t)", arg=[selector, part])


def press(page, name):
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name=name, exact=True).click()


def choose(page, key, name):
    option = page.locator(f".st-key-{key}").get_by_role("radio", name=name, exact=True)
    option.or_(page.locator(f".st-key-{key}").get_by_role("button", name=name, exact=True)).first.click()


def enter_guess(page, power):
    box = page.get_by_label("Your guess, as a power of ten, exactly")
    box.fill(f"{power:g}")
    box.press("Enter")
    slider = "Number(document.querySelector('.st-key-guess input[type=range]').getAttribute('value'))"
    until(page, f"Math.abs({slider} - {power}) < 1e-6")
    until(page, "document.querySelector('.stApp').dataset.testScriptState === 'notRunning'")


def arrives(page, name):
    page.wait_for_selector(f".u-main[data-name=scene-{name}] .main-svg")


def play(page, scene, right):
    """Predict, commit, say what is seen, and read what is told."""
    if isinstance(scene.ask, Choice):
        letter = scene.ask.truth if right else next(c for c in "ABC" if c != scene.ask.truth)
        choose(page, "choice", letter)
        until(page, "!document.querySelector('.st-key-commit button').disabled")
    else:
        true = round(float(scene.number.log10), 1)
        away = -2.0 if true - 2 >= scene.axes.low else 2.0
        enter_guess(page, true if right else true + away)
    assert not page.text_content("[data-name=lesson]")
    press(page, "Commit, then see")
    waits(page, MAIN, "truth")
    choose(page, "said", "as thought")
    waits(page, "[data-name=verdict]", "as you had thought" if right else "compare again")
    lesson = page.text_content("[data-name=lesson]")
    assert len(lesson) > 80 and "{" not in lesson
    assert page.text_content("[data-name=source]").startswith("Source: ")


@pytest.mark.parametrize("answers", [
    pytest.param([False, True, True, False], id="first four"),  # three numbers and a curve
    long([False] * len(SCENES), id="all wrong"), long([True] * len(SCENES), id="all right"),
])  # fmt: skip
def test_scenes_are_played_to_their_end(server, desk, answers):
    page = desk.page
    page.goto(f"{server.url}/scenes")
    for count, (scene, right) in enumerate(zip(SCENES.values(), answers, strict=False), 1):
        arrives(page, scene.name)
        play(page, scene, right)
        waits(page, ".u-count", f"{count} of {len(SCENES)} seen")
        if count < len(answers):
            press(page, "Next scene")
    assert not page.query_selector(".stException")
    assert not [error for error in desk.errors if "_stcore" not in error]  # what Streamlit asks of a deep link


def test_the_keyboard_alone_plays_a_scene(server, desk):
    page = desk.page
    page.goto(f"{server.url}/scenes?scene=tanh")
    arrives(page, "tanh")

    def tab_to(condition):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const node = document.activeElement; return {condition}; }})()"):
                return
        pytest.fail(f"Tab never came to {condition}")

    tab_to("node.matches('.st-key-guess input[type=range]')")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    waits(page, MAIN, "is 501")  # 10^2.7
    tab_to("node.textContent === 'Commit, then see'")
    page.keyboard.press("Enter")
    waits(page, MAIN, "2.139 × 10⁻⁷")
    tab_to(
        "node.closest('.st-key-said') && node.textContent === 'larger'"
        " || node.matches('.st-key-said [role=radio], .st-key-said input')"
    )
    for _ in range(2):
        if page.evaluate("document.activeElement.textContent") != "smaller":
            page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    waits(page, "[data-name=verdict]", "orders of magnitude too large")
    assert page.evaluate("document.querySelector('[data-name=verdict]').ariaLive") == "polite"
    tab_to("node.textContent === 'Next scene'")
    page.keyboard.press("Enter")
    arrives(page, "any_weight")


def test_nothing_jumps_between_prediction_and_truth(server, desk):
    page = desk.page
    page.goto(f"{server.url}/scenes?scene=quarter&choice=A")
    arrives(page, "quarter")
    until(page, "!document.querySelector('.st-key-commit button').disabled")
    boxes = """() => [...document.querySelectorAll(
        'h1, .u-main .u-plot, .u-readout, .u-formula, .st-key-choice, .st-key-commit, .st-key-said, .st-key-onward')]
        .map((node) => JSON.stringify(node.getBoundingClientRect()))"""
    before = page.evaluate(boxes)
    plot = page.query_selector(".u-main .u-plot")
    axis = plot.evaluate("node => node._fullLayout.yaxis.range.join()")
    press(page, "Commit, then see")
    waits(page, MAIN, "truth")
    assert page.evaluate(boxes) == before and plot.evaluate("node => node.isConnected")
    assert plot.evaluate("node => node._fullLayout.yaxis.range.join()") == axis


def test_the_mark_moves_while_the_thumb_is_dragged_and_no_answer_is_sent(server, desk):
    page, received = desk.page, []
    desk.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(frame)))
    desk.on("response", lambda r: received.append(r.body()) if "/sweeps/" in r.url else None)
    with page.expect_response(lambda response: "/sweeps/" in response.url):
        page.goto(f"{server.url}/scenes?scene=tanh")
    arrives(page, "tanh")
    height = "document.querySelector('.u-main .u-plot').data.find(({ meta }) => meta === 'guess').y[1]"
    x, y = page.evaluate(THUMB, "guess")
    page.mouse.move(x, y)
    before, sent = page.evaluate(height), len(desk.sent)
    page.mouse.down()
    page.mouse.move(x - 60, y, steps=12)
    until(page, f"{height} !== {before}")
    assert len(desk.sent) == sent
    page.mouse.up()
    until(page, "location.search.includes('guess=')")
    told = b"".join(part if isinstance(part, bytes) else str(part).encode() for part in received)
    assert b"Your mark says" in told and b"2.139" not in told and b"In truth" not in told


def test_progress_stays_in_this_browser_alone(server, desk, other):
    page = desk.page
    page.goto(f"{server.url}/scenes?committed=true")
    waits(page, ".u-count", f"1 of {len(SCENES)} seen")
    page.goto(f"{server.url}/scenes?scene=tanh")
    arrives(page, "tanh")
    waits(page, ".u-count", f"1 of {len(SCENES)} seen")
    assert page.locator("[data-scene=explosion] + .u-mark").count() == 1
    assert page.locator("[data-scene=tanh][aria-current=page]").count() == 1
    other.page.goto(f"{server.url}/scenes?scene=tanh")
    waits(other.page, ".u-count", f"0 of {len(SCENES)} seen")


def test_without_storage_the_scenes_work_all_the_same(server, desk):
    page = desk.page
    desk.before_all("Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } })")
    page.goto(f"{server.url}/scenes?scene=tanh&committed=true")
    waits(page, ".u-count", f"1 of {len(SCENES)} seen")
    press(page, "Next scene")
    waits(page, "h1", "You may choose the weight")
    waits(page, ".u-count", f"1 of {len(SCENES)} seen")


def test_a_scene_can_be_skipped_and_chosen_from_the_list(server, desk):
    page = desk.page
    page.goto(f"{server.url}/scenes")
    arrives(page, "explosion")
    press(page, "Skip")
    arrives(page, "tanh")
    waits(page, ".u-count", f"0 of {len(SCENES)} seen")
    page.get_by_role("link", name="An LSTM that explodes").click()
    arrives(page, "lstm_explodes")
    until(page, "location.search.includes('scene=lstm_explodes')")
    press(page, "Back")
    arrives(page, "start")


def test_a_link_restores_a_scene(server, desk, other):
    page = desk.page
    page.goto(f"{server.url}/scenes?scene=direct_total")
    arrives(page, "direct_total")
    choose(page, "choice", "B")
    press(page, "Commit, then see")
    waits(page, MAIN, "you chose B")
    choose(page, "said", "smaller")
    waits(page, "[data-name=verdict]", "You saw that")
    until(page, "location.search.includes('said=')")
    assert query(page) == {"scene": "direct_total", "choice": "B", "committed": "true", "said": "smaller"}
    verdict, link = page.text_content("[data-name=verdict]"), page.url
    other.page.goto(link)
    waits(other.page, "[data-name=verdict]", verdict)


def test_a_tap_on_a_curve_chooses_it(server, desk):
    page = desk.page
    page.goto(f"{server.url}/scenes?scene=quarter")
    arrives(page, "quarter")
    plot = page.locator(".u-main .u-plot")
    box = plot.bounding_box()
    x, y = plot.evaluate(
        "node => { const { xaxis, yaxis } = node._fullLayout, y = node.data.find(({ meta }) => meta === 'A').y[8];"
        " return [xaxis._offset + xaxis.d2p(8), yaxis._offset + yaxis.d2p(y)]; }"
    )
    page.mouse.move(box["x"] + x - 3, box["y"] + y)
    page.mouse.click(box["x"] + x, box["y"] + y)
    until(page, "location.search.includes('choice=A')")


def test_a_phone_shows_question_picture_and_controls(server, phone):
    page = phone.page
    page.goto(f"{server.url}/scenes?scene=start&choice=A&committed=true&said=smaller")
    arrives(page, "start")
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= window.innerWidth")
    page.locator(".st-key-said").evaluate("node => node.scrollIntoView({block: 'end'})")
    figure, said = page.locator(".u-main").bounding_box(), page.locator(".st-key-said").bounding_box()
    assert figure["y"] >= 0 and figure["y"] + figure["height"] <= said["y"]
    small = page.evaluate(
        """() => [...document.querySelectorAll('.stMain button, .stMain .u-scenes a')]
        .filter((node) => node.checkVisibility() && node.getBoundingClientRect().width && !node.disabled)
        .map((node) => [node.textContent, node.getBoundingClientRect().height]).filter(([, height]) => height < 43.5)"""
    )
    assert not small, small


def test_every_scene_links_to_its_page(server, desk):
    page = desk.page
    page.goto(f"{server.url}/scenes?scene=held_sigmoid")
    arrives(page, "held_sigmoid")
    href = page.get_by_role("link", name="Open this on its page").get_attribute("href")
    assert re.match(r"chain\?.*w=8", href)
    opened(page, f"{server.url}/{href}")
    until(page, "document.querySelector('[data-name=chain] .u-readout').textContent.includes('1024')")


def contrast(colour, ground):
    """WCAG's contrast of two of the browser's rgb() texts."""

    def luminance(text):
        channels = [float(part) / 255 for part in re.findall(r"[\d.]+", text)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(colour), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", first(1, ("light", "dark")))
def test_the_commit_button_can_be_read_before_a_choice_after_it_and_once_committed(server, desk, scheme):
    page = desk.page
    page.emulate_media(color_scheme=scheme)
    label = """() => { const button = document.querySelector('.st-key-commit button');
        let ground = button;
        while (/, 0\\)$/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
        return [button.textContent, getComputedStyle(button.querySelector('p')).color,
            getComputedStyle(ground).backgroundColor]; }"""
    for address, says in (
        ("", "Commit, then see"),
        ("&choice=A", "Commit, then see"),
        ("&choice=A&committed=true", "Committed"),
    ):
        page.goto(f"{server.url}/scenes?scene=quarter{address}")
        arrives(page, "quarter")
        until(page, "document.querySelector('.stApp').dataset.testScriptState === 'notRunning'")
        page.wait_for_timeout(400)  # colours change in steps
        text, colour, ground = page.evaluate(label)
        assert text == says and contrast(colour, ground) >= 4.5, (text, colour, ground)
