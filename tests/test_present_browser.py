"""The stage in a real browser: whole scripts with keys only, legible from the last row, and the room's phones."""

import io
import json
import os
import signal
from contextlib import ExitStack
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image

from pages.controls.codec import split
from pages.lessons.scenes import SCENES
from pages.stage.scripts import MOST_SLIDES, SCRIPTS, WITH_PICTURE, Script, Slide, pack, parse, plain
from tests.cases import first
from tests.server import opened, serving
from tests.visits import query, says, thumb, until

pytestmark = pytest.mark.browser

STAGE = {"present", "script", "slide", "shown"}
READOUT = ".u-main .u-readout"
SMALL = """() => {
  const small = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement, seen = node.checkVisibility({ visibilityProperty: true });
    const text = walk.currentNode.textContent.replaceAll('\u200b', '');  // KaTeX's, of no width
    if (!text.trim() || !node.getBoundingClientRect().width || !seen) continue;
    if (node.closest('tspan[dy], style, script, .u-plot tspan[style*=font-size]')) continue;  // sub- and superscripts
    if (getComputedStyle(node.closest('.stApp, dialog, body')).display === 'none') continue;
    const plot = node.closest('.u-plot');
    const grown = plot ? plot.getBoundingClientRect().width / plot.offsetWidth : 1;
    const size = parseFloat(getComputedStyle(node).fontSize) * grown;
    if (size < 20) small.push([walk.currentNode.textContent, size, node.className]);
  }
  return small;
}"""


FITS = "document.querySelector('.stMain').scrollHeight <= innerHeight"


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


@pytest.mark.parametrize("name", first(1, SCRIPTS))
def test_a_whole_script_is_played_with_keys_only(server, desk, name):
    page = on_stage(desk.page, server.url, name)
    slides = SCRIPTS[name].slides
    for number, slide in enumerate(slides, 1):
        if number > 1:
            page.keyboard.press("PageDown" if number % 2 else "ArrowRight")
        stands(page, number, False)
        shows(page, slide.at(False))
        until(page, f"document.querySelector('.u-stage').dataset.covered === '{str(not slide.before).lower()}'")
        says(page, ".u-headline", f"Hands up! {slide.question}")
        assert page.is_visible(READOUT) == bool(slide.before)
        assert slide.answer not in page.text_content(".u-stage")
        if page.locator(".st-key-choice").count():  # a show of hands
            page.keyboard.press("2")
            until(page, "location.search.includes('choice=B')")
        page.keyboard.press("PageDown" if number % 3 else "r")
        stands(page, number, True)
        shows(page, slide.address)
        page.wait_for_selector(READOUT)
        until(page, f"document.querySelector('.u-headline').textContent === {slide.question!r}")
        assert page.text_content(".u-answer") == slide.answer
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


EVERY_KIND = parse({"title": "Every kind", "slides": [
    {"address": "chain"},  # a page without a question
    {"address": "scenes?scene=quarter"},  # a scene as the menu adds it: asks for a curve
    {"address": "scenes?scene=tanh&committed=true", "question": "How large?"},  # asks for a drag
    {"address": "lstm?f=0.9", "question": "Covered?"},
    {"address": "scenes?scene=clipping&committed=true", "before": "chain", "question": "From elsewhere?"},
    {"address": "map?t=50", "question": "Which weights?", "before": "map?activation=identity&t=50"},
]})  # fmt: skip


@pytest.mark.parametrize("name", first(1, ["of every kind", *SCRIPTS]))
def test_a_remote_with_two_keys_carries_a_script_to_its_end_and_back(server, desk, name):
    script = SCRIPTS.get(name, EVERY_KIND)
    page = on_stage(desk.page, server.url, name if name in SCRIPTS else pack(script))
    places = [(n, shown) for n, slide in enumerate(script.slides, 1) for shown in ((False, True)[-1 - slide.asks :])]
    asked = 0
    for before, place in pairwise(places):
        at_rest(page)
        hands = page.locator(".st-key-choice button:visible, .st-key-choice [role=radio]:visible").count() > 0
        page.keyboard.press("PageDown")
        if hands and not before[1]:  # the room has not chosen: once it is asked, then the truth is told alone
            page.wait_for_selector("dialog.u-hint")
            page.keyboard.press("PageDown")
            asked += 1
        until(page, f"document.querySelector('.u-steps span')?.textContent.startsWith('{place[0]} /')")
        if script.slides[place[0] - 1].asks:
            stands(page, *place)
        if hands and not before[1]:
            page.wait_for_function("s => /truth/.test(document.querySelector(s)?.textContent)", arg=READOUT)
            assert "you" not in page.text_content(READOUT) and not page.query_selector("dialog")
    assert asked == {"forget": 0, "lstm": 0, "textbooks": 2, "of every kind": 1}[name]
    for place in reversed(places[:-1]) if name not in SCRIPTS else []:
        page.keyboard.press("PageUp")
        until(page, f"document.querySelector('.u-steps span')?.textContent.startsWith('{place[0]} /')")
        if script.slides[place[0] - 1].asks:
            stands(page, *place)


def at_rest(page):
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_selector(".u-main .main-svg", state="attached")


@pytest.mark.parametrize(("pause", "downs", "ups"), first(1, [(60, 9, 4), (120, 11, 0), (0, 3, 0)]))
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


@pytest.mark.parametrize("address", WITH_PICTURE)
def test_no_text_is_under_20_pixels_and_nothing_scrolls(server, desk, address):
    page = desk.page
    page.goto(f"{server.url}/{address}?present=1")
    page.wait_for_selector(".u-main .main-svg")
    page.wait_for_selector(".u-headline")
    page.wait_for_selector(".st-key-controls input")
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.querySelector('.stMain').scrollHeight <= innerHeight")
    assert not page.is_visible(".stAppHeader") and not page.locator(".u-formula:visible").count()


@pytest.mark.parametrize(("name", "slide"), first(2, [("forget", 6), ("textbooks", 8), ("textbooks", 9)]))
def test_answer_and_premise_are_legible_and_move_no_picture(server, desk, name, slide):
    page = on_stage(desk.page, server.url, name, f"&slide={slide}")
    at_rest(page)
    told = SCRIPTS[name].slides[slide - 1]
    covered, place = not told.before, "document.querySelector('.st-key-stage').getBoundingClientRect().top"
    before = page.evaluate(place)
    page.keyboard.press("3")
    page.keyboard.press("PageDown")
    page.wait_for_selector(".u-answer")
    at_rest(page)
    assert page.text_content(".u-answer") == told.answer
    assert not page.evaluate(SMALL) and page.evaluate(FITS)
    assert covered or page.evaluate(place) == before
    if "scene=eigenvalues" in told.address:  # what is asked takes the matrix as given
        entries = page.locator(".st-key-premise .katex-html .mord").all_text_contents()
        assert entries.count("0.9") >= 2 and "10" in entries


@pytest.mark.parametrize("scene", first(1, ("eigenvalues", "direct_total", "networks")))
def test_a_scene_keeps_its_premise_on_the_stage(server, desk, scene):
    page = desk.page
    page.goto(f"{server.url}/scenes?scene={scene}&present=1")
    page.wait_for_selector(f".u-main[data-name=scene-{scene}] .main-svg")
    plain_text = SCENES[scene].setup.split("$")[0].split("torch.nn.")[-1].strip()
    assert plain_text in page.text_content(".st-key-premise")
    assert page.locator(".st-key-premise").is_visible() and not page.evaluate(SMALL) and page.evaluate(FITS)


def decoded(page):
    page.keyboard.press("q")
    image = page.wait_for_selector("dialog.u-code img")
    until(page, "document.querySelector('dialog.u-code img').complete")
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(image.screenshot())))
    assert page.text_content("dialog.u-code .u-address") == code.text
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.u-code", state="detached")
    return code.text


@pytest.mark.parametrize("number", first(1, (13, 9, 6)))
def test_the_room_sees_on_its_phones_what_the_projector_shows(server, desk, phone, number):
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


def test_a_choice_asks_for_the_hands_first(server, desk):
    script = pack(
        parse(
            {
                "slides": [
                    {
                        "address": "scenes?scene=quarter&committed=true",
                        "before": "scenes?scene=quarter",
                        "question": "Which?",
                    }
                ]
            }
        )
    )
    page = on_stage(desk.page, server.url, script)
    page.keyboard.press("PageDown")
    assert "Press 1, 2 or 3" in page.text_content("dialog")
    page.keyboard.press("a")
    until(page, "location.search.includes('choice=A')")
    page.keyboard.press("3")
    until(page, "location.search.includes('choice=C')")
    page.keyboard.press("b")  # as every remote sends it
    assert page.locator(".u-stage.u-is-black").count() == 1 and query(page)["choice"] == "C"
    page.keyboard.press("b")
    page.keyboard.press(" ")
    stands(page, 1, True)
    page.wait_for_function("s => document.querySelector(s).textContent.includes('you chose C')", arg=READOUT)


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


@pytest.mark.parametrize("script", first(3, ("nowhere", "<b>x</b>", "~eJwBAAD__w", "~", "~%00", "~" + "A" * 7000)))
def test_a_hostile_script_shows_a_message_and_changes_nothing(server, desk, script):
    page = desk.page
    page.goto(f"{server.url}/lstm?f=0.7&present=1&script={script}&slide=1e9&shown=x")
    page.wait_for_selector(READOUT)
    page.wait_for_selector(".stToast")
    assert "script" in page.text_content(".stToast")
    assert not page.query_selector(".stToast b") and not page.query_selector(".stException")
    until(page, "!location.search.includes('script')")
    assert query(page) == {"f": "0.7", "present": "1"}


# The stage that cannot fail


def offered(page, url, script):
    """A page of the app, in a browser that keeps the script."""
    page.goto(f"{url}/_stcore/health")
    page.evaluate("text => localStorage.setItem('unrolled-script', text)", json.dumps(plain(script)))


@pytest.mark.long
def test_an_outage_is_a_quiet_sign_and_no_key_is_lost(tmp_path, fresh):
    page, script = fresh.page, EVERY_KIND
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path / "first"))
        offered(page, server.url, script)
        on_stage(page, server.url, "mine", "&slide=1")
        at_rest(page)
        began = page.evaluate("sessionStorage.getItem('unrolled-present-began')")
        os.kill(server.pid, signal.SIGKILL)
        page.wait_for_selector(".u-outage:visible")
        page.wait_for_selector("[data-testid=stDialog]", state="attached")  # Streamlit's own
        assert not page.locator("[data-testid=stDialog]:visible").count() and not page.evaluate(SMALL)
        for key in ("PageDown", "2", "Space"):  # to the scene, the room's choice, its truth
            page.keyboard.press(key)
        before = page.url
        page.keyboard.press("Escape")
        page.keyboard.press("b")
        assert page.locator(".u-stage.u-is-black").count() == 1, "at once"
        page.keyboard.press("Escape")  # ends the black only
        assert page.locator(".u-stage.u-is-black").count() == 0
        page.keyboard.press("F5")
        page.wait_for_timeout(500)
        assert page.url == before and page.text_content(".u-outage") == "No connection: 3 kept"
        stack.enter_context(serving(tmp_path / "second", port=urlsplit(server.url).port))
        stands(page, 2, True)
        page.wait_for_function("s => /you chose|as you pred/.test(document.querySelector(s)?.textContent)", arg=READOUT)
        until(page, "location.search.includes('choice=B')")
        assert page.locator(".u-outage:visible").count() == 0
        page.keyboard.press("PageDown")
        stands(page, 3, False)
        assert page.evaluate("sessionStorage.getItem('unrolled-present-began')") == began
        page.keyboard.press("Escape")
        page.wait_for_selector(".u-begin")
    for log in ("first", "second"):
        assert "Traceback" not in (tmp_path / log).read_text(encoding="utf-8")


def test_escape_never_leads_where_no_page_can_come(server, desk):
    page = on_stage(desk.page, server.url, "forget", "&slide=2")
    page.context.set_offline(True)  # Streamlit's socket has not noticed
    page.keyboard.press("Escape")
    page.wait_for_selector(".u-outage:visible")
    page.keyboard.press("PageDown")
    assert query(page)["slide"] == "2"
    page.context.set_offline(False)
    stands(page, 2, True)
    page.keyboard.press("Escape")
    page.wait_for_selector(".u-begin")


@pytest.mark.parametrize("control", ["body", ".st-key-w input[type=range]"])
def test_space_is_the_next_key_where_nothing_else_uses_it(server, desk, control):
    page = on_stage(desk.page, server.url, "forget")
    at_rest(page)
    page.locator(control).first.focus()
    page.keyboard.press("Space")
    stands(page, 1, True)
    page.get_by_role("radio", name="sigmoid", exact=True).or_(
        page.get_by_role("button", name="sigmoid", exact=True)
    ).focus()
    page.keyboard.press("Space")
    until(page, "location.search.includes('activation=sigmoid')")
    assert query(page)["slide"] == "1"


def test_a_script_of_any_length_is_played_by_the_browser_that_keeps_it(server, desk, other):
    notes = [" ".join(str((j * 7919 + i * i * 104729) % 1_000_003) for i in range(140)) for j in range(MOST_SLIDES)]
    slides = [
        {"address": f"chain?w={1 + j / 20:g}", "question": "And now?", "note": note} for j, note in enumerate(notes)
    ]
    script = parse({"title": "Long", "slides": slides})
    with pytest.raises(ValueError, match="a link holds"):
        pack(script)
    offered(desk.page, server.url, script)
    page = desk.page
    page.goto(f"{server.url}/chain?present=1&script=mine&slide=60")  # short, and without the slide's settings
    until(page, "document.querySelector('.u-steps span')?.textContent === '60 / 60'")
    until(page, "location.search.includes('w=3.95')")
    page.keyboard.press("PageUp")
    stands(page, 59, True)
    until(page, "location.search.includes('w=3.9') && !location.search.includes('w=3.95')")
    page.keyboard.press("n")
    assert notes[58] in page.text_content(".u-notes")

    page = other.page
    page.goto(f"{server.url}/chain?present=1&script=mine&slide=60")
    page.wait_for_selector(".u-none")
    assert "in the browser that made it" in page.text_content(".u-none")
    assert page.evaluate(SMALL) == [] and not page.query_selector("dialog")


def test_a_damaged_script_of_ones_own_is_a_sentence(server, desk):
    page = desk.page
    offered(page, server.url, Script("Mine", (Slide("teach"),)))
    page.goto(f"{server.url}/chain?present=1&script=mine")
    page.wait_for_selector(".stToast")
    assert "Slide 1: address must begin with a page" in page.text_content(".stToast")
    until(page, "!location.search.includes('script')")


def test_what_has_no_picture_is_offered_to_no_script(server, desk):
    page = desk.page
    for path, offers in (("chain", 1), ("teach", 0)):
        page.goto(f"{server.url}/{path}")
        page.locator(".u-begin summary").click()
        assert page.get_by_role("button", name="Show its QR code").is_visible()
        assert page.get_by_role("button", name="Add to my script").count() == offers


def test_a_code_that_leads_to_this_computer_only_says_so(server, desk):
    page = on_stage(desk.page, server.url, "forget")
    page.keyboard.press("q")
    page.wait_for_selector("dialog.u-code img")
    assert "this computer only: start with HOST=0.0.0.0" in page.text_content("dialog.u-code")
