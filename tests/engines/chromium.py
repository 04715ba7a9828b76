"""Chromium, through Playwright."""

from playwright.sync_api import Error

from tests.engines import Driver


class Chromium(Driver):
    def __init__(self, page):
        self.version = f"Chromium {page.context.browser.version}"
        self.page = page

    def goto(self, url):
        self.page.goto(url)

    def js(self, body, *args):
        try:
            return self.page.evaluate(f"(all) => (function () {{ {body} }})(...all)", list(args))
        except Error as error:
            if "context was destroyed" in error.message:  # the page is just going
                return None
            raise

    def resize(self, width, height):
        self.page.set_viewport_size({"width": width, "height": height})

    def press(self, key):
        self.page.keyboard.press(key)

    def move(self, x, y):
        self.page.mouse.move(x, y)

    def down(self):
        self.page.mouse.down()

    def up(self):
        self.page.mouse.up()
