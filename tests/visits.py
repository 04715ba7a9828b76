"""What a visitor sees and touches, in the words of the tests."""

from urllib.parse import parse_qs, urlparse

PRODUCT = "[data-name=chain-formula] [data-slot=product]"
READOUT = "[data-name=chain] .u-readout"
DESK = {"width": 1280, "height": 720}
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
THUMB = """(key) => { let node = document.querySelector(`.st-key-${key} input[type=range]`).parentElement;
while (node.getBoundingClientRect().width < 8) node = node.parentElement;
const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }"""
ARRIVED = "(key) => performance.getEntriesByType('resource').some(r => r.name.includes(`/${key}?`) && r.responseEnd)"
REFUSED = (
    "globalThis.refused = [];"
    " addEventListener('securitypolicyviolation', (e) => refused.push([e.violatedDirective, e.blockedURI]))"
)


def until(page, expression, **options):
    """Wait until it is true. As a function: the page's own policy forbids the `eval` that an expression needs."""
    page.wait_for_function(f"() => {expression}", **options)


def says(page, selector, text):
    """Wait until the element shows the text."""
    page.wait_for_function("([s, t]) => document.querySelector(s)?.textContent === t", arg=[selector, text])


def changed(page, selector, before):
    page.wait_for_function("([s, t]) => document.querySelector(s).textContent !== t", arg=[selector, before])


def drawn(page, figure="chain", trace="product"):
    """The heights of a trace as Plotly holds them."""
    return page.evaluate(f"Array.from({trace_in(figure, trace)}.y)")


def trace_in(figure, trace):
    """A trace of a figure, as JavaScript finds it."""
    plot = f"document.querySelector('[data-name={figure}] .u-plot')"
    return f"{plot}.data.find(({{ meta }}) => meta === '{trace}')"


def row(page, key):
    """A control's row, its fold opened."""
    found = page.locator(f".st-key-{key}").first
    fold = page.locator("details:not([open])", has=found)
    if fold.count():
        fold.locator("summary").click()
        found.hover()  # waits until it stands still
        until(page, "document.querySelector('.stApp').dataset.testScriptState === 'notRunning'")
    return found


def thumb(page, key):
    return row(page, key).locator("input[type=range]").first


def ready(page, key):
    """The place of a slider's thumb, once its sweep has arrived; the pointer is there, nothing is pressed."""
    row(page, key).scroll_into_view_if_needed()
    row(page, key).hover()  # waits until the page has come to rest
    page.wait_for_function(ARRIVED, arg=key)
    settled(page)
    box = page.evaluate(THUMB, key)
    page.mouse.move(*box)
    return box


def unexpected(watched):
    """The errors of a page but for those of Streamlit, which first looks for its own endpoints below each address."""
    return [error for error in watched.errors if not ("404" in error and "/_stcore/" in error)]


def value_of(page, key):
    return float(thumb(page, key).get_attribute("value"))


def settled(page):
    """Two frames: time for what was asked before to be drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def go_to(page, section, title):
    """Choose another page in the navigation."""
    page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    page.get_by_role("menuitem", name=title).click()


def query(page):
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


class Watched:
    """A page, the errors of its console, the addresses that it asked and the messages that it sent."""

    def __init__(self, context):
        context.set_default_timeout(60_000)  # ms; a busy machine is slow, not wrong
        context.add_init_script(REFUSED)
        self.page = context.new_page()
        self.errors, self.requests, self.sent = [], [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: socket.on("framesent", lambda m: self.sent.append(m)))
        self._size = self.page.viewport_size
        self._ends = []  # of what a test added

    def _hear(self, message):
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")

    def on(self, event, heard):
        """Listen to the page until the test is over."""
        self.page.on(event, heard)
        self._ends.append(lambda: self.page.remove_listener(event, heard))

    def before_all(self, script):
        """Let a script run before the page's own until the test is over."""
        self._ends.append(self.page.add_init_script(script).close)

    def clean(self, url):
        """As a new visitor's page, but for what it has loaded."""
        page = self.page
        while self._ends:
            self._ends.pop()()
        for more in page.context.pages:
            if more != page:
                more.close()
        page.unroute_all(behavior="ignoreErrors")
        page.goto(f"{url}/_stcore/health")  # where no part of the app runs
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.context.clear_cookies()
        page.context.clear_permissions()
        page.context.set_offline(False)
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size(self._size)
        page.mouse.up()
        page.mouse.move(0, 0)
        for heard in (self.errors, self.requests, self.sent):
            heard.clear()
        return self
