"""WebKit, through WebDriver: WebKitGTK's own browser on a screen that nobody sees."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from tests.engines import Driver


@contextmanager
def webkit(path: str, folder: Path) -> Iterator[Driver]:
    from selenium.webdriver import WebKitGTK, WebKitGTKOptions
    from selenium.webdriver.webkitgtk.service import Service

    with screen() as display, (folder / "webkit.log").open("wb") as log:
        env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env |= {"DISPLAY": display, "WEBKIT_DISABLE_COMPOSITING_MODE": "1", "HOME": str(folder), "NO_AT_BRIDGE": "1"}
        options = WebKitGTKOptions()
        options.add_argument("--automation")
        client = WebKitGTK(options, Service(path, log_output=log, env=env))
        try:
            client.set_page_load_timeout(120)
            client.set_script_timeout(120)
            yield WebKit(client)
        finally:
            client.quit()


@contextmanager
def screen() -> Iterator[str]:
    """A screen of its own."""
    reads, writes = os.pipe()
    command = ["Xvfb", "-displayfd", str(writes), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writes], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writes)
    try:
        with os.fdopen(reads) as said:
            number = said.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


NARROWEST = 500  # its window becomes no narrower; there the page stands in a frame


class WebKit(Driver):
    frame = None

    def __init__(self, client):
        from selenium.webdriver.common.actions.action_builder import ActionBuilder
        from selenium.webdriver.common.keys import Keys

        self.client, self.keys = client, Keys
        self.version = f"WebKitGTK {client.capabilities['browserVersion']}"
        self.actions = lambda: ActionBuilder(client, duration=0)

    def goto(self, url):
        if self.frame is None:
            return self.client.get(url)
        self.client.get(urljoin(url, "/_stcore/health"))
        width, height = self.frame
        frame = self.js(
            "const [src, width, height] = arguments;"
            " const frame = Object.assign(document.createElement('iframe'), { src, width, height });"
            " frame.style.cssText = 'position: fixed; inset: 0; border: 0'; document.body.append(frame); return frame;",
            url,
            width,
            height,
        )
        self.client.switch_to.frame(frame)

    def js(self, body, *args):
        return self.client.execute_script(body, *args)

    def resize(self, width, height):
        self.client.switch_to.default_content()
        self.frame = (width, height) if width < NARROWEST else None
        wanted = [max(width, NARROWEST), height]
        for _ in range(100):
            inner, outer = self.js("return [[innerWidth, innerHeight], [outerWidth, outerHeight]]")
            if inner == wanted:
                return
            self.client.set_window_size(*(w + o - i for w, o, i in zip(wanted, outer, inner, strict=True)))
            time.sleep(0.1)  # the window comes to it by and by
        raise AssertionError(f"the view stays at {inner}")

    def press(self, key):
        names = {"ArrowRight": "ARROW_RIGHT", "ArrowLeft": "ARROW_LEFT", "PageDown": "PAGE_DOWN", "Escape": "ESCAPE"}
        builder = self.actions()
        name = getattr(self.keys, names[key]) if key in names else key
        builder.key_action.key_down(name).key_up(name)
        builder.perform()

    def move(self, x, y):
        builder = self.actions()
        builder.pointer_action.move_to_location(round(x), round(y))
        builder.perform()

    def down(self):
        builder = self.actions()
        builder.pointer_action.pointer_down()
        builder.perform()

    def up(self):
        builder = self.actions()
        builder.pointer_action.pointer_up()
        builder.perform()
