"""The builder and its handouts in a real browser: nothing is lost, nothing is believed unread, nothing is fetched."""

import gzip
import json
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages.stage.scripts import SCRIPTS, Script, Slide, loads, pack, plain, unpack
from tests.cases import first
from tests.visits import until

pytestmark = pytest.mark.browser

NOTICE = ".u-latest"
KEY = "unrolled-script"
HOSTILE = "</script><img src=x onerror='globalThis.hurt = 1'>"
FIRST, SECOND = "chain?activation=tanh", "lstm?f=0.9"


def teach(visit, query=""):
    page = visit.page
    page.goto(page.url.split("/_stcore")[0] + f"/teach{query}")
    page.wait_for_selector(".u-mine")
    return page


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def add(page, address):
    before = page.locator(".u-slide").count()
    page.get_by_label("Add a slide by its address").fill(address)
    page.get_by_label("Add a slide by its address").press("Enter")
    page.wait_for_function("n => document.querySelectorAll('.u-slide').length === n", arg=before + 1)


def says(page, part):
    page.wait_for_function("([s, t]) => document.querySelector(s)?.textContent.includes(t)", arg=[NOTICE, part])


def packed(page):
    """What the links hold, once the server has said so."""
    until(page, "document.querySelector('.u-tools a')?.href.includes('script=')")
    return page.locator(".u-tools a").first.get_attribute("href").partition("script=")[2]


def stored(page):
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))


def keep(page, script):
    """Put a script where the browser keeps it, and let the page find it."""
    page.evaluate(f"text => localStorage.setItem('{KEY}', text)", json.dumps(script))
    page.reload()
    page.wait_for_selector(".u-mine")


def addresses(page):
    return [slide["address"] for slide in stored(page)["slides"]]


def load(page, name, text):
    content = text if isinstance(text, bytes) else text.encode()
    page.locator(".u-mine input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": content}
    )


def test_a_script_built_from_two_addresses_comes_back_from_its_file_and_its_link(server, desk, other):
    page = teach(desk)
    assert "A script begins with one picture" in page.text_content(".u-mine")
    add(page, f"{server.url}/{FIRST}&present=1&slide=2#top")  # as somebody would copy it
    add(page, SECOND)
    button(page, "Up: slide 2").click()
    assert addresses(page) == [SECOND, FIRST]
    button(page, "Edit: slide 2").click()
    page.get_by_label("Question to the room").fill(f"What is left? {HOSTILE}")
    page.get_by_label("Answer").fill("2 × 10⁻⁷")
    page.get_by_label("Note to the speaker").fill("Wait\nfor hands.")
    page.get_by_label("Seconds").fill("90")
    page.get_by_label("Ask over").select_option("the slide before")
    page.get_by_label("Title").fill("Two slides")
    assert "2 slides, 2 min 30 s" in page.text_content(".u-tools")
    built = {
        "title": "Two slides",
        "slides": [
            {"address": SECOND},
            {
                "address": FIRST,
                "question": f"What is left? {HOSTILE}",
                "answer": "2 × 10⁻⁷",
                "note": "Wait\nfor hands.",
                "seconds": 90,
                "before": SECOND,
            },
        ],
    }
    assert stored(page) == built
    page.get_by_label("Title").blur()
    link = packed(page)
    assert unpack(link) == loads(json.dumps(built))

    with page.expect_download() as download:
        button(page, "Save file").click()
    assert download.value.suggested_filename == "unrolled-two-slides.json"
    text = download.value.path().read_text(encoding="utf-8")
    assert json.loads(text) == built
    button(page, "Clear").click()
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None
    load(page, "mine.json", text)
    says(page, "mine.json is loaded")
    assert loads(json.dumps(stored(page))) == loads(text) and packed(page) == link

    copy = teach(other, f"?script={link}")
    assert copy.locator(".u-read li").count() == 2 and copy.evaluate(f"localStorage.getItem('{KEY}')") is None
    copy.get_by_role("button", name="Take “Two slides” as my own").click()
    assert loads(json.dumps(stored(copy))) == loads(text)
    for one in (page, copy):
        assert one.evaluate("globalThis.hurt") is None and one.locator(".u-teach img").count() == 0
        assert one.evaluate("refused") == []


def test_every_way_of_losing_a_script_asks_or_can_be_undone(desk):
    page = teach(desk)
    mine = plain(Script("Mine", (Slide(FIRST, "A?"), Slide(SECOND, "B?"), Slide("map", "C?"))))
    keep(page, mine)
    button(page, "Remove: slide 2").click()
    assert addresses(page) == [FIRST, "map"]
    page.keyboard.press("Enter")  # the focus is on Undo
    assert stored(page) == mine
    button(page, "Duplicate: slide 1").click()
    assert addresses(page) == [FIRST, FIRST, SECOND, "map"]
    button(page, "Remove: slide 1").click()
    button(page, "Clear").click()
    button(page, "Undo").click()
    assert stored(page) == mine

    button(page, f"Take “{SCRIPTS['forget'].title}” as my own").click()
    says(page, "Your script of 3 slides would be replaced.")
    assert stored(page) == mine
    page.keyboard.press("Enter")  # the focus is on Keep it
    says(page, "Nothing was changed.")
    assert stored(page) == mine
    button(page, f"Take “{SCRIPTS['forget'].title}” as my own").click()
    button(page, "Replace it").click()
    assert loads(json.dumps(stored(page))) == SCRIPTS["forget"]
    button(page, "Undo").click()
    assert stored(page) == mine


STRANGE = {
    "{": "no JSON",
    '{"slides": [{"address": "javascript:alert(1)"}]}': "must begin with a page",
    json.dumps({"slides": [{"address": "chain"}] * 61}): "and this one 61",
    "x" * 200_001: "200,001 bytes",
    b"\x00\xff" * 90: "no JSON",
    '{"slides": [{"address": "chain", "note": 3}]}': "must be a text",
}


def test_a_strange_file_is_told_and_changes_nothing(desk):
    page = teach(desk)
    mine = {"title": "Mine", "slides": [{"address": "map"}]}
    keep(page, mine)
    for number, (text, why) in enumerate(STRANGE.items()):
        load(page, f"strange-{number}.json", text)
        says(page, f"strange-{number}.json")
        said = page.text_content(NOTICE)
        assert why in said and "Nothing was changed." in said and len(said) < 400
        assert stored(page) == mine
    assert not [error for error in desk.errors if "_stcore" not in error]  # what Streamlit asks of a deep link


def test_a_strange_link_or_address_is_told_and_changes_nothing(desk):
    page = teach(desk, "?script=~AAAA")
    assert "Nothing was changed." in page.text_content(".u-problem")
    page.get_by_label("Add a slide by its address").fill("javascript:alert(1)")
    button(page, "Add slide").click()
    says(page, "An address must begin with a page")
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None


def test_a_script_too_long_for_a_link_says_both_lengths_and_can_be_saved(desk):
    page = teach(desk)
    notes = [" ".join(str((j * 7919 + i * i * 104729) % 1_000_003) for i in range(140)) for j in range(30)]
    keep(page, {"title": "Long", "slides": [{"address": "chain", "note": note} for note in notes]})
    page.wait_for_selector(".u-tools .u-problem")
    said = page.text_content(".u-tools .u-problem")
    assert "6000" in said and "file" in said and "Present and Handout do without a link." in said
    assert button(page, "Copy link").get_attribute("aria-disabled") == "true"
    with page.expect_download() as download:
        button(page, "Save file").click()
    assert len(loads(download.value.path().read_bytes()).slides) == 30

    handout = page.locator(".u-tools form")
    assert handout.get_attribute("target") == "_blank"
    handout.evaluate("form => { form.target = '_self'; }")  # Playwright hears of no file that comes to a new tab
    with page.expect_download() as download:
        handout.get_by_role("button", name="Handout").click()
    made = download.value.path().read_text(encoding="utf-8")
    assert download.value.suggested_filename == "unrolled-long.html" and made.count('<section class="slide"') == 30
    assert "this computer only" in made and "this computer only" in page.text_content(".u-teach")
    page.locator(".u-tools").get_by_role("link", name="Present").click()
    until(page, "document.querySelector('.u-steps span')?.textContent === '1 / 30'")
    assert len(page.url) < 200


def test_a_scene_added_from_its_page_asks_in_the_script_and_is_revealed(server, desk):
    page = desk.page
    page.goto(f"{server.url}/scenes?scene=quarter&choice=A&committed=true&said=larger")
    page.locator(".u-begin summary").click()
    button(page, "Add to my script").click()
    until(page, "document.querySelector('.u-begin .u-said').textContent === 'Slide 1 of your script.'")
    page.goto(f"{server.url}/teach")
    page.wait_for_selector(".u-slide")
    assert addresses(page) == ["scenes?scene=quarter"], "what one has predicted is not the room's"
    assert "The scene asks." in page.text_content(".u-slide")
    button(page, "Edit: slide 1").click()
    page.get_by_label("Question to the room").fill("Which curve?")
    assert page.get_by_label("Ask over").input_value() == "covered"
    assert page.get_by_label("Ask over").locator("option:checked").text_content() == "the scene itself"
    packed(page)
    page.locator(".u-tools").get_by_role("link", name="Present").click()
    page.wait_for_selector(".u-steps")
    until(page, "document.querySelector('.u-main .u-readout')?.textContent.startsWith('Three curves')")
    page.keyboard.press("2")
    until(page, "location.search.includes('choice=B')")
    page.keyboard.press("PageDown")
    until(page, "/is the truth, as you/.test(document.querySelector('.u-main .u-readout')?.textContent)")


def test_a_damaged_draft_is_put_aside_and_not_lost(desk):
    page = teach(desk)
    page.evaluate(f"localStorage.setItem('{KEY}', '{{\"slides\": [{{\"addr')")
    page.reload()
    says(page, "damaged")
    with page.expect_download() as download:
        button(page, "Save its text").click()
    assert download.value.path().read_text(encoding="utf-8") == '{"slides": [{"addr'
    add(page, "map")
    assert addresses(page) == ["map"]
    button(page, "Throw it away").click()
    assert button(page, "Save its text").count() == 0 and addresses(page) == ["map"]


def test_two_tabs_build_one_script(server, desk):
    page = teach(desk)
    second = desk.page.context.new_page()
    try:
        second.goto(f"{server.url}/teach")
        add(second, "map")
        page.wait_for_selector(".u-slide")
        button(page, "Edit: slide 1").click()
        page.get_by_label("Question to the room").fill("Where?")
        second.wait_for_selector(".u-slide .u-asked")
        add(second, "gates")
        page.wait_for_function("() => document.querySelectorAll('.u-slide').length === 2")
        assert page.get_by_label("Question to the room").input_value() == "Where?", "its fields stay open"
    finally:
        second.close()


def test_without_storage_the_builder_works_until_the_page_closes(server, desk):
    page = desk.page
    desk.before_all("Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } })")
    page.goto(f"{server.url}/teach")
    page.wait_for_selector(".u-mine")
    says(page, "keeps nothing")
    add(page, "map")
    add(page, "gates")
    assert [slide.address for slide in unpack(packed(page)).slides] == ["map", "gates"]


def test_the_keyboard_alone_builds_a_script(desk):
    page = teach(desk)
    page.get_by_label("Add a slide by its address").focus()
    for address in ("map", "gates"):
        page.keyboard.type(address)
        page.keyboard.press("Enter")
        page.wait_for_selector(f".u-slide a[href$='/{address}']")
        until(page, "document.activeElement.dataset.name === 'new'")
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.ariaLabel") == "Up: slide 2":
            break
    page.keyboard.press("Enter")
    assert addresses(page) == ["gates", "map"]
    assert page.evaluate("document.activeElement.ariaLabel") == "Up: slide 1", "the focus moves with the slide"
    page.keyboard.press("Enter")  # at the edge it does nothing, and the focus stays
    assert addresses(page) == ["gates", "map"]
    assert page.evaluate("document.activeElement.ariaLabel") == "Up: slide 1"
    says(page, "Slide 2 is now slide 1 of 2.")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.type("Which?")
    assert stored(page)["slides"][0]["question"] == "Which?"


@pytest.mark.parametrize(
    ("look", "scheme"), first(1, [("desk", "light"), ("desk", "dark"), ("phone", "light"), ("phone", "dark")])
)
def test_the_page_can_be_read_and_touched_by_everybody(request, look, scheme):
    page = teach(request.getfixturevalue(look), f"?script={pack(SCRIPTS['forget'])}")
    keep(page, plain(SCRIPTS["forget"]))
    button(page, "Edit: slide 1").click()
    packed(page)
    page.emulate_media(color_scheme=scheme)
    page.wait_for_timeout(400)
    found = Axe().run(page, context={"exclude": [["[data-testid=stSidebarNav]"]]}).response
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:300]) for v in serious] == []
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= window.innerWidth")
    if look == "phone":
        small = page.evaluate(
            """() => [...document.querySelectorAll('.u-teach :is(button, a, input, textarea, select)')]
            .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 43.5)
            .map((node) => node.outerHTML)"""
        )
        assert not small, small


ELSEWHERE = Script("Elsewhere", (Slide("map?t=50", "Which weights?", before="map?activation=identity&t=50"),))


@pytest.mark.parametrize(("query", "script", "begins"), first(1, [
    (f"?script={pack(ELSEWHERE)}", ELSEWHERE, ["/map?", "activation=identity", "t=50"]),
    ("", SCRIPTS["lstm"], ["/network?"]),
    ("", SCRIPTS["forget"], ["/chain?"]),
]))  # fmt: skip
def test_back_leads_from_a_scripts_first_slide_to_where_it_was_chosen(desk, query, script, begins):
    page = teach(desk, query)
    chosen, title = page.url, f"“{script.title}”"
    ways = page.locator(".u-ways").filter(has=page.get_by_role("button", name=f"Take {title} as my own", exact=True))
    ways.get_by_role("link", name="Present").click()
    for _ in range(2):
        page.wait_for_selector(".u-steps")
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        assert script.slides[0].question in page.text_content(".u-headline")
        assert all(part in page.url for part in begins)
        page.go_back()
        page.wait_for_url(chosen)
        page.wait_for_selector(".u-mine")
        page.go_forward()


# The handout, as a student opens it at home

SIZES = (
    "[...document.querySelectorAll('[data-picture]')].map((p) => p.querySelector('.main-svg')?.getAttribute('width'))"
)
OPEN_ARE_DRAWN = """[...document.querySelectorAll('[data-picture]')].every((picture) =>
    picture.closest('details') || picture.querySelector('.main-svg'))"""


@pytest.fixture
def handout(server, tmp_path):
    """A handout of three slides, on the disk."""
    script = Script(
        f"At home {HOSTILE}",
        (
            Slide("chain", "How large is it?", f"1024. {HOSTILE}"),
            Slide("chain?activation=tanh", "What is left?", "Almost nothing.", before="chain"),
            Slide("map", note="Not for students."),
        ),
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    asked = urllib.request.Request(f"{server.url}/handout/{pack(script)}", headers={"Accept-Encoding": "gzip"})
    path = tmp_path / "handout.html"
    path.write_bytes(gzip.decompress(direct.open(asked, timeout=60).read()))
    return path


def test_a_handout_opened_from_the_disk_without_a_network_is_whole(fresh, handout, tmp_path):
    page = fresh.page
    page.context.set_offline(True)
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto(handout.as_uri())
    until(page, OPEN_ARE_DRAWN)
    assert fresh.requests == [handout.as_uri()] and not fresh.errors
    assert page.evaluate("refused") == [] and page.evaluate("globalThis.hurt") is None
    assert page.locator("img").count() == 0 and page.locator("h1").text_content() == f"At home {HOSTILE}"
    assert "Not for students." not in page.content()

    shown = "Array.from(document.querySelectorAll('[data-picture]')[{}].data[0].y)"
    assert page.evaluate(shown.format(1))[0] == pytest.approx(1024)
    folds = page.locator("details.answer")
    assert folds.count() == 2 and page.evaluate("[...document.querySelectorAll('details')].every((d) => !d.open)")
    assert page.get_by_text("Almost nothing.").is_hidden() and not page.locator("[data-picture]").nth(2).is_visible()
    assert "1024" in page.inner_text("#slide-2") and "1024" not in page.inner_text("#slide-1")
    for fold in (0, 1):
        folds.nth(fold).locator("summary").click()
        until(page, f"document.querySelectorAll('[data-picture]')[{2 * fold}].querySelector('.main-svg')")
        assert page.evaluate(SIZES)[2 * fold] == page.evaluate(SIZES)[1], "as large as what was open from the begin"
    assert page.get_by_text("Almost nothing.").is_visible()
    assert page.evaluate(shown.format(2))[0] == pytest.approx(-6.6698, abs=1e-4)  # log10 of 2.139e-7
    found = Axe().run(page).response
    assert [v["id"] for v in found["violations"] if v["impact"] in ("serious", "critical")] == []

    plot = page.locator("[data-picture]").nth(1)
    x, y = plot.evaluate(
        """node => { const { xaxis, yaxis } = node._fullData[1], axes = node._fullLayout;
        const [h, v] = [axes[xaxis.replace('x', 'xaxis')], axes[yaxis.replace('y', 'yaxis')]];
        return [h._offset + h.d2p(node.data[1].x[4]), v._offset + v.d2p(node.data[1].y[4])]; }"""
    )
    plot.hover(position={"x": x - 3, "y": y})
    plot.hover(position={"x": x, "y": y})
    page.wait_for_selector("[data-picture] .hoverlayer text", state="attached")
    page.set_viewport_size({"width": 360, "height": 640})
    until(page, "document.documentElement.scrollWidth <= innerWidth")
    until(page, "[...document.querySelectorAll('[data-picture] .main-svg')].every((svg) => svg.clientWidth <= 360)")


@pytest.mark.long
def test_an_answer_that_was_folded_while_the_window_changed_is_drawn_for_the_new_one(fresh, handout):
    page = fresh.page
    page.goto(handout.as_uri())
    until(page, OPEN_ARE_DRAWN)
    summary = page.locator("details.answer summary").first
    summary.click()
    until(page, "document.querySelector('[data-picture] .main-svg')")
    summary.click()
    page.set_viewport_size({"width": 360, "height": 640})
    summary.click()
    until(
        page,
        "document.querySelector('[data-picture] .main-svg').clientWidth === document.querySelector('main').clientWidth",
    )


def test_a_printed_handout_shows_all_pictures_and_answers_or_none_of_these(fresh, handout):
    page = fresh.page
    page.goto(handout.as_uri())
    until(page, OPEN_ARE_DRAWN)
    page.evaluate("globalThis.print = () => dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    drawn = "[...document.querySelectorAll('[data-picture]')].filter((p) => p.checkVisibility() && p.data).length"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(drawn) == 4 and page.get_by_text("Almost nothing.").is_visible()
    assert page.locator(".bar").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("[...document.querySelectorAll('details')].every((d) => !d.open)")
    page.evaluate("document.querySelector('[data-act=without]').click()")
    assert page.evaluate(drawn) == 2 and page.locator("details.answer:visible").count() == 0
    assert "How large is it?" in page.locator("#slide-1").inner_text()
    assert not page.locator("#slide-1 :is(figure, .u-formula, .live):visible").count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    width = page.evaluate("document.querySelector('main').getBoundingClientRect().width")
    assert width <= 190 / 25.4 * 96  # mm of A4 between its margins, in CSS px
    assert page.pdf(prefer_css_page_size=True, format="A4").count(b"/Type /Page\n") >= 3
