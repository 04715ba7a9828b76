"""One walk through the app, as a visitor goes, in three engines: Chromium, Firefox, WebKit.

It is written once, in what all engines can do (`tests/engines/`). Pages are reached by the menu, at a desk and on a
phone; a picture counts as drawn, a formula as shown and a style as applied when they take their room on the screen.
"""

import time
import urllib.request

import pytest

from tests import engines, visits
from tests.engines.chromium import Chromium

pytestmark = pytest.mark.browser
PATIENCE = 60  # s; a busy machine is slow, not wrong
DESK, PHONE = (1280, 720), (360, 640)

HELP = """
const all = (selector) => [...document.querySelectorAll(selector)];
const seen = (node) => node.getClientRects().length && getComputedStyle(node).visibility === 'visible';
const says = (node, text) => node.textContent.trim().startsWith(text);
const one = (selector, text = '') => all(selector).find((node) => seen(node) && says(node, text));
const thumb = (key) => {
  let node = document.querySelector(`.st-key-${key} input[type=range]`).parentElement;
  while (node.getBoundingClientRect().width < 8) node = node.parentElement;
  return node;
};
const middle = (node) => {
  if (!node) return null;
  const { x, y, width, height } = node.getBoundingClientRect();
  return width && height ? [x + width / 2, y + height / 2] : null;
};
const isIn = ([x, y]) => x > 0 && y > 0 && x < innerWidth && y < innerHeight;
const within = (place) => place && isIn(place) && place;
const text = (selector) => document.querySelector(selector)?.textContent ?? '';
const pictures = () => all('.u-figures :is(.u-plot, .u-readout)').map((node) => node.innerHTML).join();
const resources = () => performance.getEntriesByType('resource');
const came = (key) => resources().some(({ name, responseEnd }) => name.includes(`/${key}?`) && responseEnd);
const isCalm = () => document.querySelector('.stApp').dataset.testScriptState === 'notRunning' && !one('.u-waiting');
const isDrawn = (plot) => plot.querySelector('.main-svg') && plot.querySelectorAll('path').length > 5;
"""
VALUE = "return document.querySelector(`.st-key-${arguments[0]} input[type=range]`).getAttribute('value')"
HEAR = """
const { send } = WebSocket.prototype, { createObjectURL } = URL;
Object.assign(window, { sent: 0, saved: [] });
WebSocket.prototype.send = function (...all) { window.sent += 1; return send.apply(this, all); };
URL.createObjectURL = (blob) => { window.saved.push([blob.type, blob.size]); return createObjectURL.call(URL, blob); };
"""


@pytest.fixture(
    scope="module", params=["chromium", *(pytest.param(one, marks=pytest.mark.engine) for one in engines.FURTHER)]
)
def driver(request, tmp_path_factory):
    engine = request.param
    if engine == "chromium":
        app, tab = map(request.getfixturevalue, ("app", "tab"))
        yield Chromium(tab("desk", app.url, viewport=visits.DESK).page)
        return
    if engine in engines.missing():
        (pytest.fail if engines.all_wanted() else pytest.skip)(engines.told([engine]))
    with engines.driving(engine, tmp_path_factory.mktemp(engine)) as driver:
        yield driver


@pytest.fixture
def visitor(driver):
    return Visitor(driver)


class Visitor:
    """Looks, waits and touches, in any engine."""

    def __init__(self, driver):
        self.driver = driver

    def js(self, body, *args):
        return self.driver.js(HELP + body, *args)

    def open(self, url, size=DESK):
        self.driver.resize(*size)
        self.driver.goto(url)
        self.until("document.querySelector('.u-main .main-svg')")
        self.js(HEAR)

    def until(self, expression, *args):
        """Wait until it is true, and give its value."""
        limit = time.monotonic() + PATIENCE
        while not (value := self.js(f"return {expression}", *args)):
            if time.monotonic() > limit:
                shown = self.js("return location.href + document.body.innerText.slice(0, 500)")
                raise AssertionError(f"in vain: {expression} {args} at {shown}")
            time.sleep(0.1)
        return value

    def calm(self):
        self.until("isCalm()")

    def click(self, selector, text=""):
        """Click in the middle of the first element that is seen and begins with the text."""
        self.until("one(...arguments)", selector, text)
        self.js("one(...arguments).scrollIntoView({ block: 'nearest' })", selector, text)
        place = None
        while place != (place := self.until("within(middle(one(...arguments)))", selector, text)):
            time.sleep(0.1)  # it comes sliding
        self.driver.move(*place)
        self.driver.down()
        self.driver.up()

    def press(self, key):
        self.driver.press(key)


def test_at_a_desk_every_page_is_whole_and_follows_the_thumb(server, visitor):
    visitor.open(server.url)
    sections = visitor.js("return all('[data-testid=stTopNavSection]').map((node) => node.innerText.trim())")
    seen = 0
    for section in sections:
        visitor.click("[data-testid=stTopNavSection]", section)
        titles = visitor.until(
            "((names) => names.length && names)(all('[role=menuitem]').map((m) => m.innerText.trim()))"
        )
        for title in titles:
            if not visitor.js("return Boolean(one('[role=menuitem]'))"):
                visitor.click("[data-testid=stTopNavSection]", section)
            leave(visitor, "[role=menuitem]", title)
            seen += 1
            if title == "Teach":
                visitor.until("all('.u-teach .u-scripts li').length >= 3")
            else:
                is_whole(visitor)
                drag(visitor)
    assert seen >= 9


def test_on_a_phone_every_page_is_whole(server, visitor):
    visitor.open(server.url, PHONE)
    titles = menu(visitor)
    for number, title in enumerate([*titles[1:], titles[0]]):  # the first is there already
        if number:
            menu(visitor)
        leave(visitor, "[data-testid=stSidebarNavLink]", title)
        if title != "Teach":
            is_whole(visitor)
    assert len(titles) >= 9


def leave(visitor, link, title):
    """Go to another page, or to the same; the picture of the one that is left is seen no more."""
    before = visitor.js("return document.querySelector('.u-main')?.dataset.name")
    there = visitor.js("return document.title.startsWith(arguments[0])", title)
    if not there:
        visitor.js("performance.clearResourceTimings()")  # sweeps of the page that is left have the same names
    visitor.click(link, title)
    visitor.until("!within(middle(one(arguments[0])))", link)  # the menu has closed, or slid away
    if not there:
        visitor.until("document.querySelector('.u-main')?.dataset.name !== arguments[0]", before)


def menu(visitor):
    """Open the phone's menu: the titles of all pages."""
    visitor.click("[data-testid=stExpandSidebarButton]")
    links = "all('[data-testid=stSidebarNavLink]').filter(seen).map((node) => node.innerText.trim())"
    return visitor.until(f"((names) => names.length >= 9 && names)({links})")


def is_whole(visitor):
    """Pictures are drawn, formulas and words shown, in our style, and nothing is wider than the view."""
    visitor.until("((plots) => plots.length && plots.every(isDrawn))(all('.u-main .u-plot'))")
    visitor.calm()
    formula = visitor.until("one('.u-line math')?.getBoundingClientRect().height")
    assert formula > 12 and len(visitor.js("return text('.u-line math')")) > 3
    assert len(visitor.js("return text('.u-main .u-readout')")) > 10
    head, size, wide = visitor.js(
        "const style = (selector) => getComputedStyle(one(selector));"
        " const wide = document.documentElement.scrollWidth - innerWidth;"
        " return [style('.u-main .u-head').display, style('.u-main .u-readout').fontSize, wide]"
    )
    assert (head, size) == ("flex", "14px") and wide <= 0


def drag(visitor):
    """The page's first slider: the picture moves with the thumb, in silence; the server hears of the release."""
    slider = "one('.st-key-controls .stSlider')?.querySelector('input[type=range]:not(:disabled)')"
    key = visitor.until(f"{slider}?.closest('[class*=st-key-]').className.match(/st-key-(\\w+)/)[1]")
    visitor.js("thumb(arguments[0]).scrollIntoView({ block: 'nearest' })", key)
    visitor.calm()
    x, y = visitor.js("return middle(thumb(arguments[0]))", key)
    visitor.driver.move(x - 9, y)
    visitor.driver.move(x, y)
    visitor.until("came(arguments[0])", key)
    visitor.calm()
    place = None
    while place != (place := visitor.js("return middle(thumb(arguments[0]))", key)):
        time.sleep(0.2)  # a page that has just come may still move
    x, y = place
    visitor.driver.move(x, y)
    sent = visitor.js("window.before = pictures(); return window.sent")
    start = at_rest(visitor, key)
    right = visitor.js("return middle(one(`.st-key-${arguments[0]} .stSlider`))[0]", key) > x
    visitor.driver.down()
    for step in range(1, 9):
        visitor.driver.move(x + (4 if right else -4) * step, y)
    visitor.until("pictures() !== window.before")
    value = at_rest(visitor, key)
    if value.is_integer():  # perhaps where the page opens, and then the address would not say it
        visitor.driver.move(x + (40 if right else -40), y)
        value = at_rest(visitor, key)
    assert value != start and visitor.js("return window.sent") == sent, "a drag is silent"
    visitor.driver.up()
    visitor.until("Number(new URLSearchParams(location.search).get(arguments[0])) === arguments[1]", key, value)
    visitor.until("window.sent > arguments[0]", sent)
    visitor.calm()


def at_rest(visitor, key):
    """A slider's value once the last move has reached it."""
    value = None
    while value != (value := float(visitor.js(VALUE, key))):
        time.sleep(0.2)
    return value


def test_a_number_is_copied_a_picture_saved_a_page_shown_on_the_stage(server, visitor):
    visitor.open(f"{server.url}/chain?activation=tanh")
    visitor.click(".u-formula .u-button", "Copy LaTeX")
    visitor.until("one('.u-formula .u-button', 'Copied')")
    visitor.click(".u-main .u-share summary", "Share")
    visitor.click(".u-main .u-menu .u-button", "Copy link")
    visitor.until("one('.u-main .u-menu .u-button', 'Copied')")
    for name, kind in (("SVG", "image/svg+xml"), ("PNG", "image/png")):
        visitor.click(".u-main .u-menu .u-button", f"Save {name}")
        visitor.until("window.saved.some(([kind, size]) => kind.startsWith(arguments[0]) && size > 10000)", kind)
        if folder := visitor.driver.downloads:
            wait(
                lambda folder=folder, name=name: any(
                    f.stat().st_size > 10_000 for f in folder.glob(f"*.{name.lower()}")
                )
            )
    visitor.click(".u-begin summary", "Present")
    visitor.click(".u-begin .u-button", "Present this page")
    visitor.until("one('.u-headline') && one('.u-main .main-svg') && location.search.includes('present=1')")
    # of the view: what was saved stands in a bar of WebKit's own
    visitor.until("one('.u-main').getBoundingClientRect().height / innerHeight > 0.5")
    visitor.press("Escape")
    visitor.until("!location.search.includes('present') && one('h1', 'The gradient chain')")


def test_a_scene_is_predicted_and_revealed_and_a_script_stepped_through(server, visitor):
    visitor.open(f"{server.url}/scenes")
    drag(visitor)
    assert not visitor.js("return text('[data-name=lesson]')")
    visitor.click(".st-key-commit button", "Commit")
    visitor.until("text('.u-main .u-readout').includes('truth')")
    visitor.calm()
    visitor.click(".st-key-said :is(button, [role=radio])", "as thought")
    visitor.until("text('[data-name=lesson]').length > 80")
    visitor.until("isDrawn(one('.u-main .u-plot'))")
    visitor.open(f"{server.url}/chain?present=1&script=forget&slide=1")
    first = visitor.until("text('.u-headline')")
    assert visitor.until("text('.u-steps span')").startswith("1 / ")
    visitor.press("PageDown")
    visitor.until("location.search.includes('shown=1')")
    visitor.calm()
    visitor.press("PageDown")
    visitor.until("text('.u-steps span').startsWith('2 / ') && text('.u-headline') !== arguments[0]", first)
    visitor.until("isDrawn(document.querySelector('.u-main .u-plot'))")


def test_a_handout_opens_from_a_disk_and_asks_nobody(server, visitor, tmp_path):
    file = tmp_path / "handout.html"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{server.url}/handout/forget") as answer:
        file.write_bytes(answer.read())
    visitor.driver.resize(*DESK)
    visitor.driver.goto(file.as_uri())
    visitor.click("[data-act=open]")
    pictures = visitor.js("return all('[data-picture]').length")
    for number in range(pictures):  # each is drawn when it comes into view
        visitor.js("all('[data-picture]')[arguments[0]].scrollIntoView()", number)
        visitor.until("isDrawn(all('[data-picture]')[arguments[0]])", number)
    assert pictures > 5
    assert visitor.js("return one('.u-line math').getBoundingClientRect().height") > 12
    assert visitor.js("return resources().map(({ name }) => name).filter((name) => !/^(data|blob):/.test(name))") == []


def wait(true):
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.05)
