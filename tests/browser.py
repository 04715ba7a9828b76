"""Which browser the tests drive."""

import os
import shutil
import sys

ELSEWHERE = "unrolled.test"  # this machine by a name that browsers trust no more than any other's
FLAGS = [
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
    "--no-sandbox",  # Chromium refuses to run as root with one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
NONE_FOUND = "No browser found: run `make browser`, or set CHROMIUM to the path of a Chromium or Chrome."


def find_browser() -> str | None:
    """`$CHROMIUM`, else one of this machine's, else Playwright's own. Ask before Playwright is running."""
    commands = (os.environ.get("CHROMIUM", ""), *COMMANDS)
    return next(filter(None, map(shutil.which, commands)), None) or find_playwrights_own()


def find_playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return shutil.which(playwright.chromium.executable_path)


if __name__ == "__main__":
    path = find_browser()
    sys.exit(print(path) if path else NONE_FOUND)
