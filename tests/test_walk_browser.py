"""The gradient walks back in the real browser: bars, the pulse, its numbers and its place in the address."""

from urllib.parse import urlencode

import pytest

from pages.charts.views import VIEWS
from pages.controls import codec
from pages.lessons.scenarios import SCENARIOS
from rnn_core.experiment import Experiment
from tests import settings
from tests.server import opened
from tests.visits import go_to, query, ready, says, settled, unexpected, until

pytestmark = pytest.mark.browser
SEND, SAID, FIGURE = ".u-send", ".u-walked", "[data-name=walk]"
BACK, FORTH = "[aria-label='One step further back']", "[aria-label='One step towards the end']"
BARS = """(trace) => [...document.querySelectorAll('[data-name=walk] .barlayer .trace')][trace]
    .querySelectorAll('path')"""
DEAD = Experiment(activation="relu", w=1.0, sequence="impulse", at=4, amplitude=-5.0)


def heights(page):
    """Of the drawn bars, in pixels, once they have grown."""
    page.evaluate("() => Promise.all(document.getAnimations().map(({ finished }) => finished))")
    return page.evaluate(f"() => [...({BARS})(0)].map((bar) => bar.getBoundingClientRect().height)")


def test_the_first_screen_explodes_on_a_linear_axis_with_the_button_beside_it(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    high = heights(page)
    assert [h / high[0] for h in high] == pytest.approx([2.0**-j for j in range(11)], abs=0.01)
    assert high[0] > 150
    for place in (FIGURE, SEND):
        box = page.locator(place).first.bounding_box()
        assert box["y"] + box["height"] < 720 and box["x"] >= 0
    assert not unexpected(desk)


LSTM = Experiment(cell="lstm", T=4, t=4)
PLAYED = [("chain", Experiment(activation="tanh", T=4, t=4)), ("chain", Experiment(w=-1.5, T=3, t=3)), ("chain", DEAD),
          ("chain", Experiment(w=-100.0, T=5, t=5)), ("network", Experiment(activation="tanh", T=12, t=11, w=-0.7)),
          ("network", Experiment(activation="relu", b=-5.0, T=3, t=3)), ("gates", LSTM),
          ("gates", Experiment(cell="lstm", T=5, t=4, k=1, f=0.0, o_mode="computed", w_o=1.5)),
          ("lstm", Experiment(cell="lstm", T=3, t=3, w_g=4.0, w_i=-2.0)), ("compare", Experiment(T=5, t=5)),
          ("compare", Experiment(activation="relu", w=-3.0, T=4, t=4))]  # fmt: skip
TOLD = """() => { globalThis.seen = [];
    const all = (name) => [...document.querySelectorAll(name)].filter((node) => !node.hidden);
    const texts = (name) => all(name).map((node) => node.textContent);
    const tell = () => seen.push([...texts('.u-walked'), texts('.u-left'), texts('.u-crossed')]);
    new MutationObserver(tell).observe(document.querySelector('.u-walked'),
        { childList: true, characterData: true, subtree: true }); }"""


@pytest.mark.parametrize(("name", "e"), PLAYED, ids=str)
def test_the_play_walks_through_all_factors_in_the_cores_numbers_and_says_nothing_to_the_server(server, desk, name, e):
    changed = {key: str(value) for key, value in vars(e).items() if value != getattr(Experiment(cell=e.cell), key)}
    page = opened(desk.page, f"{server.url}/{name}?{urlencode(changed)}")
    settled(page)
    shown = settings.experiment(name, codec.values(settings.controls(name), changed))
    [play] = [item["play"] for item in VIEWS[name].items(shown) if "play" in item]
    count = len(play["said"]) - 1
    page.evaluate(TOLD)
    desk.sent.clear()
    page.click(SEND)
    until(page, f"document.querySelector('.u-walked').textContent.startsWith('{count} of')")
    settled(page)
    assert not desk.sent
    seen = page.evaluate("seen")
    arrows = "1 arrow" if count == 1 else f"{count} arrows"
    assert [text for text, *_ in seen] == [f"{j} of {arrows}: {play['said'][j]}" for j in range(count + 1)]
    lanes = play["lanes"]
    assert page.locator(".u-left").all_text_contents() == [lane["product"][-1] for lane in lanes]
    for j, (_, left, crossed) in enumerate(seen[1:]):
        assert left == [lane["product"][j + 1] for lane in lanes]
        ahead = min(j + 1, count - 1)  # the pulse has set out already
        assert crossed == [lane["crossed"][ahead] for lane in lanes if "crossed" in lane]
    until(page, f"location.search.includes('played={count}')")
    assert not unexpected(desk)


def test_single_steps_light_up_the_factor_in_the_formula(server, desk):
    page = opened(desk.page, f"{server.url}/chain?activation=tanh")
    for j in (1, 2, 3):
        page.click(BACK)
        until(page, f"document.querySelector('.u-lit')?.dataset.slot === 'f{11 - j}'")
    page.click(FORTH)
    until(page, "document.querySelector('.u-lit')?.dataset.slot === 'f9'")
    assert query(page)["played"] == "2" and page.locator(".u-lit").count() == 1
    assert page.locator(".u-inset .u-tangent").count() == 1
    assert page.text_content(".u-inset span") == "φ = tanh, slope 0.0832"


def test_keys_move_the_pulse_while_the_picture_has_the_focus(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    page.focus(f"{FIGURE} .u-plot")
    for key, played in (("ArrowLeft", 1), ("ArrowLeft", 2), ("ArrowRight", 1), ("End", 10), ("Home", 0)):
        page.keyboard.press(key)
        until(page, f"location.search.includes('played={played}')")
    page.keyboard.press(" ")
    until(page, "document.querySelector('.u-send').textContent.includes('Pause')")
    until(page, "document.querySelector('.u-walked').textContent.startsWith('1 of')")
    page.keyboard.press(" ")
    until(page, "document.querySelector('.u-send').textContent.includes('Go on')")


def test_the_address_keeps_the_pulse_through_a_slider_and_a_reload(server, desk):
    page = opened(desk.page, f"{server.url}/chain?played=3")
    says(page, SAID, "3 of 10 arrows: ∂h₁₀/∂h₇ = 8")
    page.focus(".st-key-w input[type=range]")
    page.keyboard.press("ArrowRight")
    says(page, SAID, "3 of 10 arrows: ∂h₁₀/∂h₇ = 8.615")  # 2.05³
    assert query(page)["played"] == "3"
    page.reload()
    says(page, SAID, "3 of 10 arrows: ∂h₁₀/∂h₇ = 8.615")


@pytest.mark.parametrize(("played", "kept", "note"), [
    ("99", "10", "There are 10 arrows, not 99"), ("x", None, "played = “x” is no number of arrows"),
    ("1e3", None, "played = “1e3” is no number of arrows"), ("-1", None, "played = “-1” is no number of arrows"),
])  # fmt: skip
def test_a_strange_place_is_mended_and_said(server, desk, played, kept, note):
    page = opened(desk.page, f"{server.url}/chain?played={played}")
    until(page, f"document.querySelector('.u-walked').textContent.endsWith('{note}')")
    assert query(page).get("played") == kept and not unexpected(desk)


def test_a_drag_keeps_the_axis_and_a_release_fits_it(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    axis = "() => document.querySelector('[data-name=walk] .u-plot').layout.yaxis.range.map(Number)"
    before = page.evaluate(axis)
    x, y = ready(page, "w")
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=8)
    settled(page)
    settled(page)
    assert page.evaluate(axis) == before and float(page.locator(".st-key-w input").first.get_attribute("value")) > 2.5
    page.mouse.up()
    page.wait_for_function("(range) => JSON.stringify(document.querySelector('[data-name=walk] .u-plot')"
                           ".layout.yaxis.range) !== JSON.stringify(range)", arg=before)  # fmt: skip
    assert page.get_attribute(f"{FIGURE} [data-scale=log]", "aria-pressed") == "true"  # beyond 10^4


def test_the_reader_chooses_the_axis(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    page.click(f"{FIGURE} [data-scale=log]")
    until(page, "document.querySelector('[data-name=walk] .u-plot').layout.yaxis.ticktext?.includes('10²')")
    high = heights(page)
    assert [h / high[0] for h in high[:10]] == pytest.approx([1 - j / 10 for j in range(10)], abs=0.02)


def test_with_reduced_motion_nothing_tweens(server, desk):
    desk.page.emulate_media(reduced_motion="reduce")
    page = opened(desk.page, f"{server.url}/chain")
    page.click(BACK)
    says(page, SAID, "1 of 10 arrows: ∂h₁₀/∂h₉ = 2")
    assert page.evaluate("document.querySelector('.u-walk').getAnimations({ subtree: true }).length") == 0


def test_the_speaker_sends_it_with_one_key_and_the_remote_goes_on(server, desk):
    page = opened(desk.page, f"{server.url}/chain?present=1&activation=tanh")
    page.keyboard.press("p")
    until(page, "document.querySelector('.u-walked').textContent.startsWith('2 of 10')")
    page.keyboard.press("p")
    until(page, "document.querySelector('.u-send').textContent.includes('Go on')")
    pulse, cell = (page.locator(place).bounding_box() for place in (".u-left .u-chip", f"{FIGURE} .u-plot"))
    assert cell["x"] < pulse["x"] < cell["x"] + cell["width"] and pulse["y"] < cell["y"] + cell["height"]


def test_on_a_phone_the_whole_walk_is_in_view(server, phone):
    page = opened(phone.page, f"{server.url}/chain")
    page.locator(BACK).tap()
    until(page, "document.querySelector('.u-left').textContent === '2'")
    box = page.locator(f"{FIGURE} .u-play").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_another_page_by_the_menu_and_back_begins_whole(server, desk):
    page = opened(desk.page, f"{server.url}/chain?played=2")
    go_to(page, "The chain", "Saturation")
    page.wait_for_selector("[data-name=saturation] .main-svg")
    assert SCENARIOS and page.locator(f"{SEND}:visible").count() == 0


@pytest.mark.parametrize("size", ["1280x720", "360x740", "stage"])
@pytest.mark.parametrize("name", ["network", "gates", "lstm", "compare"])
def test_pulses_and_their_numbers_stay_within_the_figure_above_its_steps(server, desk, name, size):
    wide, high = (1280, 720) if size == "stage" else map(int, size.split("x"))
    desk.page.set_viewport_size({"width": wide, "height": high})
    for played in (0, 7, 19):
        if name == "gates" and size == "stage":
            return  # there the diagram stands alone
        address = f"{name}?T=20&t=20&played={played}" + ("&present=1" if size == "stage" else "")
        page = opened(desk.page, f"{server.url}/{address}")
        until(page, f"document.querySelector('.u-walked').textContent.startsWith('{played} of')")
        settled(page)
        outside = page.evaluate("""() => {
          const frame = document.querySelector('.u-walk').getBoundingClientRect();
          const seen = [...document.querySelectorAll('.u-walk .u-chip')].map((node) => node.getBoundingClientRect());
          return seen.filter(({ left, right, top, bottom, width }) => width && (left < frame.left - 1
            || right > frame.right + 1 || top < frame.top - 1 || bottom > frame.bottom + 1)).length; }""")
        assert not outside and page.locator(".u-pulse").count() == {"network": 1, "compare": 3}.get(name, 2)
    assert not unexpected(desk)


PAST = ".u-past:not([hidden])"
GROWING = """() => document.getAnimations().filter(({ effect }) => effect.target.closest('.barlayer'))
    .map(({ effect }) => effect.getTiming().duration)"""


def past_heights(page):
    """Of the ghost, in decades."""
    return page.evaluate("Array.from(document.querySelector('[data-name=walk] .u-plot').data.at(-1).y)")


def test_a_choice_leaves_its_old_course_with_its_name_until_the_next_move(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    settled(page)
    assert not page.locator(PAST).count()
    page.get_by_role("radio", name="tanh").or_(page.get_by_role("button", name="tanh", exact=True)).first.click()
    says(page, f"{FIGURE} {PAST}", "before: identity, 1024 (linear axis)")
    assert past_heights(page) == pytest.approx([j * 0.30103 for j in range(10, -1, -1)], abs=1e-4)
    page.get_by_role("button", name="Saturated sigmoid").click()
    says(page, f"{FIGURE} {PAST}", "before: tanh, w = 2, 2.139 × 10⁻⁷")
    page.focus(".st-key-w input[type=range]")
    page.keyboard.press("ArrowLeft")  # w = 8 is the end
    until(page, f"document.querySelector('{PAST}')?.textContent !== 'before: tanh, w = 2, 2.139 × 10⁻⁷'")
    assert not unexpected(desk)


def test_a_choice_morphs_the_bars_and_calm_motion_does_not(server, desk):
    for motion in ("no-preference", "reduce"):
        desk.page.emulate_media(reduced_motion=motion)
        page = opened(desk.page, f"{server.url}/chain")
        settled(page)
        page.evaluate(f"""() => {{ globalThis.grown = []; const end = performance.now() + 3000, look = () => {{
            grown.push(...({GROWING})()); if (performance.now() < end) requestAnimationFrame(look); }}; look(); }}""")
        page.get_by_role("button", name="0.5¹⁰ vanishing").click()
        says(page, f"{FIGURE} {PAST}", "before: w = 2, 1024")
        settled(page)
        page.wait_for_timeout(100)
        grown = page.evaluate("grown")
        assert (max(grown) <= 400 and min(grown) > 0) if motion == "no-preference" else not grown


def test_what_is_left_is_told_on_arrival_and_what_is_not_reached_is_hidden(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    settled(page)
    page.evaluate("""() => { globalThis.seen = []; const end = performance.now() + 10_000, look = () => {
        const places = [...document.querySelectorAll('[data-name=walk] .cartesianlayer .trace')]
            .filter((node) => node.__data__[0].trace.meta === 'numbers')
            .flatMap((node) => [...node.querySelectorAll('.textpoint')])
            .filter((node) => getComputedStyle(node).visibility === 'visible').map((node) => node.textContent);
        const dot = document.querySelector('.u-pulse')?.getBoundingClientRect();
        seen.push([document.querySelector('.u-left')?.textContent, dot?.x, places]);
        if (performance.now() < end) requestAnimationFrame(look); }; look(); }""")
    page.click(SEND)
    until(page, "document.querySelector('.u-walked').textContent.startsWith('3 of')")
    page.click(SEND)
    seen = page.evaluate("seen")
    places = {text: [x for left, x, _ in seen if left == text and x] for text in ("1", "2", "4")}
    for j, (left, after) in enumerate((("1", "2"), ("2", "4")), start=1):
        stop = page.evaluate(
            """(i) => { const plot = document.querySelector('[data-name=walk] .u-plot');
            const { _offset, l2p } = plot._fullLayout.xaxis;
            return plot.getBoundingClientRect().x + _offset + l2p(i); }""",
            10 - j,
        )
        assert min(places[left]) > stop - 3 and max(places[after]) < stop + 3, "a number comes on arrival"
    for left, x, shown in seen:
        if x and left in places:
            assert shown == [text for text in ("4", "2", "1") if float(text) <= float(left)], left
