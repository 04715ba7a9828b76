"""The picture moves while the slider moves: in the real browser, without a word to the server."""

import gzip
import re
from dataclasses import replace
from urllib.parse import urlparse

import numpy as np
import pytest

from pages.charts import views
from pages.charts.parts.theme import trace_of
from pages.controls.table import TABLE
from pages.figures.live import sweep
from pages.lessons.scenarios import SCENARIOS
from rnn_core.experiment import Experiment, run
from tests.cases import first
from tests.figures import raised, unpacked
from tests.server import opened
from tests.visits import (
    PRODUCT,
    READOUT,
    THUMB,
    changed,
    drawn,
    query,
    ready,
    row,
    says,
    settled,
    thumb,
    trace_in,
    unexpected,
    until,
    value_of,
)

pytestmark = pytest.mark.browser
TANH = Experiment(activation="tanh")
MAIN = {  # figure, trace, slider
    "chain": ("walk", "product", "w"), "lstm": ("paths", "state", "f"), "compare": ("input-norm", "rnn", "w"),
}  # fmt: skip
ITEMS = {"chain": views.chain.items, "lstm": views.lstm.items, "compare": views.compare.items}
OPENING = {
    "chain": Experiment(),
    "lstm": SCENARIOS["lstm"].experiment,
    "compare": SCENARIOS["same_input"].experiment,
}


def frames(watched, page, key, far=60, stops=6):
    """Drag the thumb by `far` pixels; what the page shows at each stop: the slider's value, the figures' data."""
    x, y = ready(page, key)
    watched.sent.clear()
    page.mouse.down()
    for stop in range(1, stops + 1):
        page.mouse.move(x + far * stop / stops, y, steps=3)
        settled(page)
        settled(page)
        yield value_of(page, key)


def axis(item):
    """The kind of a main figure's vertical axis and its range."""
    return item.get("scale", "linear"), item["scales"][item["scale"]]["range"] if "scales" in item else (-1e300, 1e300)


@pytest.mark.parametrize("address", first(1, MAIN))
def test_between_the_frames_of_a_drag_the_figure_is_the_cores_and_the_server_hears_nothing(server, desk, address):
    figure, trace, key = MAIN[address]
    page = opened(desk.page, f"{server.url}/{address}")
    seen = []
    for value in frames(desk, page, key, far=-60):
        position = _position(address, key, value)
        items = {item["name"]: item for item in ITEMS[address](replace(OPENING[address], **{key: position}))}
        exact = raised(trace_of(items[figure], trace), "linear", (-1e300, 1e300))["y"]  # as the page began
        shown = np.array(drawn(page, figure, trace), dtype=float)
        np.testing.assert_allclose(shown, exact, rtol=1e-6, atol=1e-6)
        assert page.text_content(f"[data-name={figure}] .u-readout") == items[figure]["alt"]
        seen.append(value)
    assert len(set(seen)) == len(seen) and not desk.sent
    page.mouse.up()
    until(page, f"location.search.includes('{key}=')")
    assert float(query(page)[key]) == pytest.approx(seen[-1]) and len(desk.sent) >= 1
    exact = ITEMS[address](replace(OPENING[address], **{key: seen[-1]}))[0]
    until(page, f"{trace_in(figure, trace)}.hoverinfo === 'all'")
    says(page, f"[data-name={figure}] .u-readout", exact["alt"])
    np.testing.assert_allclose(
        drawn(page, figure, trace), raised(trace_of(exact, trace), *axis(exact))["y"], rtol=1e-12
    )
    assert not unexpected(desk)


def _position(address, key, value):
    """The position of the sweep that stands for a value, asked of the server's own list."""
    at = unpacked(gzip.decompress(sweep(ITEMS[address], TABLE[key], OPENING[address])))["at"]
    return float(at[np.abs(at - value).argmin()])


@pytest.mark.parametrize(("address", "key", "figure", "trace"), first(3, [
    ("chain?activation=tanh&t=100", "T", "chain", "product"), ("chain?sequence=sine", "amplitude", "states", "h"),
    ("lstm", "c0", "paths", "total"),
    ("chain?activation=tanh", "b", "chain", "product"), ("chain?activation=tanh&T=30", "k", "chain", "product"),
    ("chain?activation=tanh&T=30&t=3&k=3", "t", "chain", "product"), ("lstm?t=100", "T", "paths", "state"),
    ("compare", "h0", "input-norm", "rnn"), ("saturation", "b", "saturation", "factors"),
    ("gates", "c0", "memory", "c"),
]))  # fmt: skip
def test_every_slider_is_followed(server, desk, address, key, figure, trace):
    page = opened(desk.page, f"{server.url}/{address}")
    page.set_viewport_size({"width": 1280, "height": 2200})  # what is out of sight waits for the release
    before, courses = drawn(page, figure, trace), []
    for _ in frames(desk, page, key, far=40, stops=3):
        courses.append(drawn(page, figure, trace))
    assert courses[-1] != before and courses[0] != courses[-1] and not desk.sent
    page.mouse.up()


def test_the_numbers_in_the_formula_move_with_the_thumb(server, desk):
    page = opened(desk.page, server.url)
    texts = [page.text_content(PRODUCT) for _ in frames(desk, page, "w", stops=4)]
    assert len(set(texts)) == 4 and not desk.sent
    w = page.text_content("[data-name=chain-formula] [data-slot=w]")
    assert float(w) == pytest.approx(value_of(page, "w"), abs=0.051)
    page.mouse.up()


def test_an_arrow_key_moves_the_picture_before_the_server_has_answered(server, desk):
    page = opened(desk.page, f"{server.url}/?activation=tanh")
    ready(page, "w")
    thumb(page, "w").focus()
    page.wait_for_timeout(300)
    page.evaluate(
        """() => { const key = document.querySelector('.st-key-w input[type=range]');
        const text = () => document.querySelector('[data-name=chain] .u-readout').textContent;
        const before = text(); window.later = [];
        key.addEventListener('keydown', () => requestAnimationFrame(function look(now) {
          window.later.push(text() !== before); if (window.later.length < 4) requestAnimationFrame(look); })); }"""
    )
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    until(page, "window.later.length >= 4")
    assert page.evaluate("window.later.at(-1)")
    until(page, "location.search.includes('w=1.9')")
    exact = views.chain.items(replace(TANH, w=1.9))[0]
    says(page, READOUT, exact["alt"])
    assert page.evaluate("document.activeElement.matches('.st-key-w input')")


GHOSTS = (
    "document.querySelector('[data-name=walk] .u-plot').data.slice(-1)"
    ".filter(trace => trace.opacity < 0.5 && trace.y[0] !== null)"
)


def test_the_previous_curve_stays_as_a_ghost_and_goes(server, desk):
    page = opened(desk.page, f"{server.url}/?activation=tanh")
    before = drawn(page, "walk", "product")
    assert page.evaluate(GHOSTS) == []
    for _ in frames(desk, page, "w", stops=3):
        assert page.evaluate(f"Array.from({GHOSTS}[0].y)") == pytest.approx(before)
        assert drawn(page, "walk", "product") != pytest.approx(before)
    page.mouse.up()
    until(page, f"location.search.includes('w=') && {GHOSTS}.length === 0")
    assert drawn(page, "walk", "product") != pytest.approx(before)


EXACT = f"{trace_in('walk', 'product')}.hoverinfo === 'all'"


def test_a_drag_there_and_back_ends_where_it_began(server, desk):
    page = opened(desk.page, f"{server.url}/?activation=tanh")
    before, says_before, (x, y) = drawn(page, "walk", "product"), page.text_content(READOUT), ready(page, "w")
    desk.sent.clear()
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    settled(page)
    settled(page)
    assert drawn(page, "walk", "product") != before and not page.evaluate(EXACT)
    page.mouse.move(x, y, steps=4)
    until(page, EXACT)
    assert drawn(page, "walk", "product") == before and page.text_content(READOUT) == says_before
    page.mouse.up()
    until(page, f"{GHOSTS}.length === 0")
    assert drawn(page, "walk", "product") == before and page.evaluate(EXACT)
    box = page.get_by_label("Recurrent weight w, exactly")
    box.fill("1.234")
    box.press("Enter")
    says(page, READOUT, views.chain.items(replace(TANH, w=1.234))[0]["alt"])


def test_zoom_legend_and_focus_survive_a_move(server, desk):
    desk.page.set_viewport_size({"width": 1280, "height": 1300})  # both the second figure and the slider
    page = opened(desk.page, f"{server.url}/?activation=tanh")
    plot = page.locator("[data-name=chain] .u-plot")
    page.wait_for_selector("[data-name=chain] .main-svg")
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 62, steps=5)
    page.mouse.up()
    zoomed = "document.querySelector('[data-name=chain] .u-plot')._fullLayout.xaxis.range"
    until(page, f"{zoomed}[1] < 10")
    page.locator("[data-name=chain] .legendtoggle").nth(2).click()  # hides the weight's bars
    hidden = (
        "document.querySelector('[data-name=chain] .u-plot')._fullData.find(({ meta }) => meta === 'weight').visible"
    )
    until(page, f"{hidden} === 'legendonly'")
    kept = page.evaluate(zoomed)
    for _ in frames(desk, page, "w", stops=3):
        assert page.evaluate(zoomed) == kept and page.evaluate(hidden) == "legendonly"
    page.mouse.up()
    until(page, "location.search.includes('w=')")
    settled(page)
    assert page.evaluate(zoomed) == kept and page.evaluate(hidden) == "legendonly"
    assert page.evaluate("document.activeElement.matches('.st-key-w input')")


def test_in_the_dark_the_moving_figure_keeps_its_colours(server, desk):
    desk.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page = opened(desk.page, f"{server.url}/?activation=tanh")
    colour = "document.querySelector('[data-name=chain] .u-plot')._fullData[1].line.color"
    before = page.evaluate(colour)
    for _ in frames(desk, page, "w", stops=2):
        assert page.evaluate(colour) == before
    page.mouse.up()


def test_a_finger_moves_the_picture_too(server, phone):
    page = opened(phone.page, f"{server.url}/?activation=tanh")
    x, y = ready(page, "w")
    before = page.text_content(READOUT)
    touch = page.context.new_cdp_session(page)
    phone.sent.clear()

    def point(kind, x):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}] if x else []})

    point("touchStart", x)
    for far in range(4, 44, 4):
        point("touchMove", x - far)
        settled(page)
    assert page.text_content(READOUT) != before and not phone.sent
    point("touchEnd", None)
    until(page, "location.search.includes('w=')")


def test_where_changes_cannot_be_heard_the_figure_follows_on_release(server, desk):
    desk.before_all(
        """const observe = MutationObserver.prototype.observe;
        MutationObserver.prototype.observe = function (node, options) {
          if (!options.attributeFilter?.includes('value')) observe.call(this, node, options); };"""
    )
    page = opened(desk.page, server.url)
    before = page.text_content(READOUT)
    for _ in frames(desk, page, "w", stops=2):
        assert page.text_content(READOUT) == before
    page.mouse.up()
    changed(page, READOUT, before)
    w = float(query(page)["w"])
    assert drawn(page)[0] == pytest.approx(float(run(Experiment(w=w)).flow.P.log10[0, 0, 0]))
    assert not desk.errors


def test_a_refused_sweep_is_not_asked_for_again_and_again(server, desk):
    desk.page.route("**/sweeps/**", lambda route: route.fulfill(status=503))
    page = opened(desk.page, server.url)
    page.locator(".st-key-w").first.hover()
    page.wait_for_timeout(300)
    x, y = page.evaluate(THUMB, "w")
    page.mouse.move(x, y)
    page.mouse.down()
    for far in range(60):
        page.mouse.move(x + far, y)
        settled(page)
    page.mouse.up()
    until(page, "location.search.includes('w=')")
    page.wait_for_timeout(300)
    assert 1 <= len([url for url in desk.requests if "/sweeps/" in url]) <= 5


def test_what_nobody_waits_for_any_more_keeps_no_place_in_the_servers_line(server, desk):
    given_up = []
    desk.page.route("**/sweeps/chain/b?**", lambda route: None)  # a busy server
    desk.page.route("**/checks/**", lambda route: None if "clicked" in route.request.url else route.fulfill(status=503))
    desk.on("requestfailed", lambda request: given_up.append(request.url))
    page = opened(desk.page, server.url)
    with page.expect_request("**/sweeps/chain/b?**"):
        row(page, "b").hover()
    with page.expect_request("**/checks/**clicked"):
        page.locator(".u-badge").click()
    with page.expect_request("**/sweeps/chain/b?**w=2.05**"):
        thumb(page, "w").press("ArrowRight")
        row(page, "b").hover()
    until(page, "location.search.includes('w=')")
    assert {urlparse(url).path for url in given_up} == {"/checks/chain", "/sweeps/chain/b"}
    assert not any("w=2.05" in url for url in given_up), "what is wanted now stays"


@pytest.mark.parametrize("fold", first(1, ("The numbers", None)))
def test_what_several_controls_report_before_they_have_heard_an_answer_is_all_taken(server, fresh, fold):
    """A slow line: a move, a number in a box and another slider's move reach the server at once."""
    page, held, slow = fresh.page, [], []

    def pass_on(socket):
        server = socket.connect_to_server()
        socket.on_message(lambda message: held.append(lambda: server.send(message)) if slow else server.send(message))

    page.route_web_socket(re.compile("_stcore/stream"), pass_on)
    opened(page, f"{server.url}/?sequence=constant")
    if fold:
        page.get_by_text(fold, exact=True).click()
        page.wait_for_selector(".stDataFrame")
    page.wait_for_timeout(500)
    slow.append(True)
    box = page.get_by_label("Recurrent weight w, exactly")
    for messages, act in enumerate(
        (
            lambda: thumb(page, "b").press("ArrowRight"),
            lambda: (box.fill("1.234"), box.press("Enter")),
            lambda: thumb(page, "h0").press("ArrowRight"),
        ),
        start=1,
    ):
        act()
        while len(held) < messages:
            page.wait_for_timeout(50)
    slow.clear()
    for release in held:
        release()
    want = views.chain.items(Experiment(sequence="constant", b=0.05, w=1.234, h0=0.55))
    h = trace_of(next(item for item in want if item["name"] == "states"), "h")["y"]
    until(page, f"Math.abs({trace_in('states', 'h')}.y.at(-1) - {h[-1]}) < 1e-9")
    page.wait_for_timeout(500)  # whatever lags behind has its chance to undo it
    says(page, PRODUCT, "8.188")  # 1.234^10
    np.testing.assert_allclose(drawn(page, "states", "h"), h, rtol=1e-12)
    for label, shown in (("Recurrent weight w", "1.234"), ("Bias b", "0.05"), ("Initial state h₀", "0.55")):
        assert page.get_by_label(f"{label}, exactly").input_value() == shown
    assert query(page)["w"] == "1.234" and not unexpected(fresh)


def test_without_sweeps_the_figure_follows_on_release(server, desk):
    desk.page.route("**/sweeps/**", lambda route: route.fulfill(status=503))
    page = opened(desk.page, server.url)
    before = page.text_content(READOUT)
    thumb(page, "w").focus()
    page.keyboard.press("ArrowRight")
    changed(page, READOUT, before)
    says(page, PRODUCT, "1311")


@pytest.mark.long
def test_five_hundred_drags_leave_no_trace_in_memory(server, fresh):
    page = opened(fresh.page, f"{server.url}/?activation=tanh")
    x, y = ready(page, "w")
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")

    def drag(times):
        page.mouse.move(*page.evaluate(THUMB, "w"))
        for turn in range(times):
            page.mouse.down()
            page.mouse.move(x + (30 if turn % 2 else -30), y, steps=2)
            page.mouse.up()

    def heap():
        page.wait_for_timeout(1500)
        for _ in range(3):
            cdp.send("HeapProfiler.collectGarbage")
        found = cdp.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in found if metric["name"] == "JSHeapUsedSize")

    drag(50)
    before = heap()
    drag(500)
    assert heap() <= 1.2 * before
    value = value_of(page, "w")
    says(page, READOUT, views.chain.items(replace(TANH, w=value))[0]["alt"])
    assert not fresh.errors
