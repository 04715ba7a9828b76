"""The stage in a real browser: whole scripts with keys only, legible from the last row, and the room's phones."""

import io

import pytest
import zxingcpp
from PIL import Image

from pages.controls.scripts import PAGES, SCRIPTS, pack, parse, split
from tests.server import opened
from tests.visits import query, thumb, until

pytestmark = pytest.mark.browser

STAGE = {"present", "script", "slide", "shown"}
READOUT = ".u-main .u-readout"
SMALL = """() => {
  const small = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement, seen = node.checkVisibility({ visibilityProperty: true });
    if (!walk.currentNode.textContent.trim() || !node.getBoundingClientRect().width || !seen) continue;
    if (node.closest('tspan[dy], style, script, .u-plot tspan[style*=font-size]')) continue;  // sub- and superscripts
    if (getComputedStyle(node.closest('.stApp, dialog, body')).display === 'none') continue;
    const plot = node.closest('.u-plot');
    const grown = plot ? plot.getBoundingClientRect().width / plot.offsetWidth : 1;
    const size = parseFloat(getComputedStyle(node).fontSize) * grown;
    if (size < 20) small.push([walk.currentNode.textContent, size, node.className]);
  }
  return small;
}"""


def stands(page, slide, shown):
    page.wait_for_function(
        """([slide, shown]) => {
          const given = new URLSearchParams(location.search);
          return given.get('slide') === slide && (given.get('shown') === '1') === shown;
        }""",
        arg=[str(slide), shown],
    )


def on_stage(page, url, script, more=""):
    page.goto(f"{url}/?present=1&script={script}{more}")
    page.wait_for_selector(".u-steps")
    page.wait_for_selector(".main-svg", state="attached")
    return page


def settings(page):
    return {key: value for key, value in query(page).items() if key not in STAGE}


def shows(page, address):
    """Wait until the page of an address is shown, with its settings in the browser's own address."""
    wanted, given = split(address)
    until(page, f"['/{wanted}', '{'/' if wanted == 'chain' else ''}'].includes(location.pathname)")
    page.wait_for_function(
        """([given, more]) => {
          const said = new URLSearchParams(location.search);
          return [...said.keys()].every((key) => more.includes(key))
            && Object.entries(given).every(([key, value]) => said.get(key) === value);
        }""",
        arg=[given, [*given, *STAGE, "choice", "guess"]],
    )
    page.wait_for_selector(".u-main .main-svg", state="attached")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_whole_script_is_played_with_keys_only(server, desk, name):
    page = on_stage(desk.page, server.url, name)
    slides = SCRIPTS[name].slides
    for number, slide in enumerate(slides, 1):
        if number > 1:
            page.keyboard.press("PageDown" if number % 2 else "ArrowRight")
        stands(page, number, False)
        shows(page, slide.at(False))
        until(page, f"document.querySelector('.u-stage').dataset.covered === '{str(not slide.before).lower()}'")
        assert page.is_visible(READOUT) == bool(slide.before)
        assert page.text_content(".u-headline") == f"Hands up! {slide.question}"
        if page.locator(".st-key-choice").count():  # a show of hands
            page.keyboard.press("b")
            until(page, "location.search.includes('choice=B')")
        page.keyboard.press("PageDown" if number % 3 else "r")
        stands(page, number, True)
        shows(page, slide.address)
        page.wait_for_selector(READOUT)
        until(page, f"document.querySelector('.u-headline').textContent === {slide.question!r}")
        assert page.evaluate("document.querySelector('.stMain').scrollHeight <= innerHeight")
    page.keyboard.press("PageDown")  # beyond the end: nothing
    page.keyboard.press("Home")
    stands(page, 1, False)
    page.keyboard.press("End")
    stands(page, len(slides), False)
    page.keyboard.press("PageUp")
    stands(page, len(slides) - 1, True)
    shows(page, slides[-2].address)
    assert not page.query_selector(".stException")
    assert not [error for error in desk.errors if "_stcore" not in error]


@pytest.mark.parametrize(("pause", "downs", "ups"), [(0, 3, 0), (120, 11, 0), (60, 9, 4)])
def test_presses_in_a_hurry_are_all_steps(server, desk, pause, downs, ups):
    page = on_stage(desk.page, server.url, "forget")
    for key in ["PageDown"] * downs + ["PageUp"] * ups:
        page.keyboard.press(key)
        page.wait_for_timeout(pause)
    steps = 1 + downs - ups  # each slide has two: its question, its answer
    number, shown = (steps + 1) // 2, steps % 2 == 0
    stands(page, number, shown)
    shows(page, SCRIPTS["forget"].slides[number - 1].at(shown))
    until(page, f"document.querySelector('.u-steps span').textContent === '{number} / 6'")
    assert not page.query_selector("[role=dialog]")


@pytest.mark.parametrize("address", [name for name in PAGES if name != "teach"])
def test_no_text_is_under_20_pixels_and_nothing_scrolls(server, desk, address):
    page = desk.page
    page.goto(f"{server.url}/{address}?present=1")
    page.wait_for_selector(".u-main .main-svg")
    page.wait_for_selector(".u-headline")
    page.wait_for_selector(".st-key-controls input")
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.querySelector('.stMain').scrollHeight <= innerHeight")
    assert not page.is_visible(".stAppHeader") and not page.locator(".u-formula:visible").count()


def decoded(page):
    page.keyboard.press("q")
    image = page.wait_for_selector("dialog.u-code img")
    until(page, "document.querySelector('dialog.u-code img').complete")
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(image.screenshot())))
    assert page.text_content("dialog.u-code .u-address") == code.text
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.u-code", state="detached")
    return code.text


def test_the_room_sees_on_its_phones_what_the_projector_shows(server, desk, phone):
    for number in (13, 9, 6):
        page = on_stage(desk.page, server.url, "lstm", f"&slide={number}")
        page.keyboard.press("PageDown")
        stands(page, number, True)
        shows(page, SCRIPTS["lstm"].slides[number - 1].address)
        page.wait_for_selector(READOUT)
        link = decoded(page)
        assert link.startswith(server.url) and not STAGE & set(link)
        mirrored = opened(phone.page, link)
        assert not mirrored.query_selector(".u-steps")
        said = page.text_content(READOUT)
        mirrored.wait_for_function("([s, t]) => document.querySelector(s).textContent === t", arg=[READOUT, said])


def test_keys_do_not_fight_with_sliders_and_boxes(server, desk):
    page = on_stage(desk.page, server.url, "forget", "&slide=1&shown=1")
    page.wait_for_selector(READOUT)
    before = page.text_content(READOUT)
    thumb(page, "w").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([s, t]) => document.querySelector(s).textContent !== t", arg=[READOUT, before])
    until(page, "location.search.includes('w=2.05')")
    assert query(page)["slide"] == "1"
    box = page.locator(".st-key-w_exact input")
    box.fill("2")
    page.keyboard.press("q")
    page.keyboard.press("ArrowLeft")
    assert not page.query_selector("dialog") and query(page)["slide"] == "1"
    thumb(page, "w").focus()
    page.keyboard.press("PageDown")  # what a remote sends is the stage's, wherever the focus is
    stands(page, 2, False)


def test_what_the_room_has_set_stays_when_the_answer_is_revealed(server, desk):
    page = on_stage(desk.page, server.url, "forget", "&slide=2")
    box = page.locator(".st-key-w_exact input")
    box.fill("3")
    box.press("Enter")
    until(page, "location.search.includes('w=3')")
    page.locator(".u-headline").click()
    page.keyboard.press("ArrowRight")
    stands(page, 2, True)
    until(page, "location.search.includes('activation=tanh')")
    assert settings(page) == {"w": "3", "activation": "tanh"}


def test_what_a_reveal_does_not_change_stays_whatever_it_says_of_it(server, desk):
    page = on_stage(desk.page, server.url, "lstm", "&slide=6&activation=sigmoid")
    page.wait_for_selector(READOUT)
    page.keyboard.press("r")
    stands(page, 6, True)
    until(page, "location.search.includes('h0=0')")
    assert settings(page) == {"activation": "sigmoid", "h0": "0"}


def test_after_a_click_the_arrows_are_the_scripts_again(server, desk):
    page = on_stage(desk.page, server.url, "forget", "&slide=1&shown=1")
    page.wait_for_selector(READOUT)
    page.get_by_role("radio", name="sigmoid", exact=True).or_(
        page.get_by_role("button", name="sigmoid", exact=True)
    ).click()
    until(page, "location.search.includes('activation=sigmoid')")
    page.keyboard.press("ArrowRight")
    stands(page, 2, False)


def test_notes_and_a_black_screen_stay_from_slide_to_slide(server, desk):
    page = on_stage(desk.page, server.url, "lstm", "&slide=1")
    page.keyboard.press("n")
    page.keyboard.press("b")
    assert SCRIPTS["lstm"].slides[0].answer not in page.text_content(".u-notes"), "not before the reveal"
    for _ in range(2):
        page.keyboard.press("PageDown")
    stands(page, 2, False)
    page.wait_for_selector(".u-main[data-name=scene-explosion]", state="attached")
    until(page, f"document.querySelector('.u-notes').textContent.includes({SCRIPTS['lstm'].slides[1].note!r})")
    assert page.locator(".u-stage.u-is-black").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".u-stage.u-is-black").count() == 0


def test_scenes_without_a_script_are_played_by_keys(server, desk):
    page = desk.page
    page.goto(f"{server.url}/scenes?present=1")
    page.wait_for_selector(".u-main[data-name=scene-explosion] .main-svg")
    page.keyboard.press("PageDown")
    until(page, "document.querySelector('.st-key-commit button').disabled")
    page.keyboard.press("PageDown")
    page.wait_for_selector(".u-main[data-name=scene-tanh] .main-svg")
    page.keyboard.press("PageUp")
    page.wait_for_selector(".u-main[data-name=scene-explosion] .main-svg")


@pytest.mark.parametrize("path", ["x", "//" + "a" * 2000, "/?w=" + "漢" * 500])
def test_what_no_qr_code_can_hold_is_a_sentence(server, desk, path):
    answer = desk.page.request.get(f"{server.url}/qr", params={"path": path})
    assert answer.status == 400 and len(answer.json()["error"]) > 20


def test_a_choice_waits_for_the_hands(server, desk):
    script = pack(parse({"slides": [{
        "address": "scenes?scene=quarter&committed=true", "before": "scenes?scene=quarter", "question": "Which?",
    }]}))  # fmt: skip
    page = on_stage(desk.page, server.url, script)
    page.keyboard.press("PageDown")
    assert "Press A, B or C" in page.text_content("dialog")
    page.keyboard.press("a")
    until(page, "location.search.includes('choice=A')")
    page.keyboard.press("PageDown")
    stands(page, 1, True)
    page.wait_for_function("s => document.querySelector(s).textContent.includes('truth')", arg=READOUT)


def test_escape_leaves_with_all_settings_and_question_mark_shows_the_keys(server, desk):
    page = on_stage(desk.page, server.url, "lstm", "&slide=13&shown=1")
    page.keyboard.press("?")
    assert "black screen" in page.text_content("dialog")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.keyboard.press("n")
    assert SCRIPTS["lstm"].slides[12].note in page.text_content(".u-notes")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageDown")
    stands(page, 13, True)
    shows(page, SCRIPTS["lstm"].slides[12].address)
    page.keyboard.press("Escape")
    page.wait_for_selector(".u-begin")
    assert query(page) == split(SCRIPTS["lstm"].slides[12].address)[1]


def test_the_speakers_window_follows(server, desk):
    page = on_stage(desk.page, server.url, "forget", "&slide=2")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value
    until(notes, f"document.body.textContent.includes({SCRIPTS['forget'].slides[1].note!r})")
    notes.keyboard.press("PageDown")  # its keys are the stage's too
    stands(page, 2, True)
    notes.close()


@pytest.mark.parametrize("script", ["nowhere", "~", "~%00", "~eJwBAAD__w", "<b>x</b>", "~" + "A" * 7000])
def test_a_hostile_script_shows_a_message_and_changes_nothing(server, desk, script):
    page = desk.page
    page.goto(f"{server.url}/lstm?f=0.7&present=1&script={script}&slide=1e9&shown=x")
    page.wait_for_selector(READOUT)
    page.wait_for_selector(".stToast")
    assert "script" in page.text_content(".stToast")
    assert not page.query_selector(".stToast b") and not page.query_selector(".stException")
    until(page, "!location.search.includes('script')")
    assert query(page) == {"f": "0.7", "present": "1"}
