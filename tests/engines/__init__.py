"""Three engines behind one small face: what a walk through the app needs of a browser, and nothing else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTING = "UNROLLED_ENGINES"  # "all": a missing engine is an error; "found": the end of a run tells of it
FURTHER = ("firefox", "webkit")  # beside Chromium, without which no browser's test runs
_WANTS = {
    "firefox": "Firefox (Debian: firefox-esr, or set FIREFOX to its path)",
    "webkit": "WebKit (Debian: webkit2gtk-driver and xvfb)",
}


def find(engine: str) -> str | None:
    """Where an engine is, None if it is not here."""
    if engine == "firefox":
        commands = (os.environ.get("FIREFOX", ""), "firefox-esr", "firefox")
        return next(filter(None, map(shutil.which, commands)), None)
    return shutil.which("WebKitWebDriver") if shutil.which("Xvfb") else None


def missing() -> list[str]:
    return [engine for engine in FURTHER if find(engine) is None]


def told(engines: list[str]) -> str:
    """What a run says of the engines that it did not find; "" if it found all."""
    return f"Not tried, since not found: {'; '.join(map(_WANTS.get, engines))}." if engines else ""


def all_wanted() -> bool:
    """As the setting says; without one, in CI all are."""
    return os.environ.get(SETTING, "all" if os.environ.get("CI") == "true" else "found") == "all"


@contextmanager
def driving(engine: str, folder: Path) -> Iterator["Driver"]:
    """Firefox or WebKit, until the block ends; `folder` is for what it writes."""
    if engine == "firefox":
        from tests.engines.firefox import firefox as start
    else:
        from tests.engines.webkit import webkit as start
    with start(find(engine), folder) as driver:
        yield driver


class Driver:
    """What all engines can do. Places are in CSS pixels of the view."""

    version = ""
    downloads: Path | None = None  # where it saves files, if it does

    def goto(self, url: str) -> None:
        raise NotImplementedError

    def js(self, body: str, *args):
        """What a function of this body returns in the page, called with `arguments`."""
        raise NotImplementedError

    def resize(self, width: int, height: int) -> None:
        """Make the view that large, for what is opened next."""
        raise NotImplementedError

    def press(self, key: str) -> None:
        """Press and release a key, by its name in the DOM."""
        raise NotImplementedError

    def move(self, x: float, y: float) -> None:
        raise NotImplementedError

    def down(self) -> None:
        raise NotImplementedError

    def up(self) -> None:
        raise NotImplementedError
