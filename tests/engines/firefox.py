"""Firefox, through Marionette, its own protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines import Driver

KEYS = {"ArrowRight": "\ue014", "ArrowLeft": "\ue012", "PageDown": "\ue00f", "Escape": "\ue00c", "Enter": "\ue007"}


@contextmanager
def firefox(path: str, folder: Path) -> Iterator[Driver]:
    from marionette_driver.marionette import Marionette

    prefs = {
        "browser.download.dir": str(folder),
        "browser.download.folderList": 2,
        "browser.download.alwaysOpenPanel": False,
        "app.update.auto": False,
        "network.proxy.type": 0,
    }
    client = Marionette(
        bin=path,
        headless=True,
        port=0,
        prefs=prefs,
        workspace=str(folder),
        gecko_log=str(folder / "firefox.log"),
        startup_timeout=180,
        app_args=["--remote-allow-system-access"],
    )
    try:
        client.start_session()
        client.timeout.page_load = client.timeout.script = 120
        yield Firefox(client, folder)
    finally:
        client.quit()
        client.cleanup()


class Firefox(Driver):
    def __init__(self, client, folder):
        self.client, self.downloads = client, folder
        self.version = f"Firefox {client.session_capabilities['browserVersion']}"

    def goto(self, url):
        self.client.navigate(url)

    def js(self, body, *args):
        return self.client.execute_script(body, script_args=args, sandbox=None)

    def resize(self, width, height):
        # a window has a least width; the view within it has none
        with self.client.using_context("chrome"):
            self.client.set_window_rect(width=max(width, 500), height=height + 200)
            self.client.execute_script(
                "const { style } = gBrowser.selectedBrowser; const [width, height] = arguments;"
                " Object.assign(style, { width: `${width}px`, minWidth: '0', maxWidth: `${width}px`,"
                " height: `${height}px`, minHeight: '0', maxHeight: `${height}px` });",
                script_args=(width, height),
            )

    def press(self, key):
        keys = self.client.actions.sequence("key", "keyboard")
        name = KEYS.get(key, key)
        keys.key_down(name).key_up(name).perform()

    def move(self, x, y):
        self._point().pointer_move(round(x), round(y)).perform()

    def down(self):
        self._point().pointer_down().perform()

    def up(self):
        self._point().pointer_up().perform()

    def _point(self):
        return self.client.actions.sequence("pointer", "mouse", {"pointerType": "mouse"})
