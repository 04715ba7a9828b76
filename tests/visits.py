"""What a visitor sees and touches, in the words of the tests."""

from urllib.parse import parse_qs, urlparse

PRODUCT = "[data-name=chain-formula] [data-slot=product]"
READOUT = "[data-name=chain] .u-readout"
DESK = {"width": 1280, "height": 720}
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}


def until(page, expression, **options):
    """Wait until it is true. As a function: the page's own policy forbids the `eval` that an expression needs."""
    page.wait_for_function(f"() => {expression}", **options)


def says(page, selector, text):
    """Wait until the element shows the text."""
    page.wait_for_function("([s, t]) => document.querySelector(s)?.textContent === t", arg=[selector, text])


def changed(page, selector, before):
    page.wait_for_function("([s, t]) => document.querySelector(s).textContent !== t", arg=[selector, before])


def drawn(page, figure="chain", trace=1):
    """The heights of a trace as Plotly holds them."""
    return page.evaluate(f"Array.from(document.querySelector('[data-name={figure}] .u-plot').data[{trace}].y)")


def thumb(page, key):
    return page.locator(f".st-key-{key} input[type=range]").first


def go_to(page, section, title):
    """Choose another page in the navigation."""
    page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    page.get_by_role("menuitem", name=title).click()


def query(page):
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


class Watched:
    """A page, the errors of its console, the addresses that it asked and the messages that it sent."""

    def __init__(self, context):
        self.page = context.new_page()
        self.errors, self.requests, self.sent = [], [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: socket.on("framesent", lambda m: self.sent.append(m)))

    def _hear(self, message):
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")
