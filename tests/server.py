"""The app as a visitor meets it: the real server in a process of its own, the real browser in front of it."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import FLAGS, find_browser

ROOT = Path(__file__).parent.parent
PICTURE = ".js-plotly-plot .main-svg"


@dataclass(frozen=True)
class Server:
    url: str
    pid: int
    log: Path


@contextmanager
def serving(log: Path, script: Path = ROOT / "app.py", port: int = 0) -> Iterator[Server]:
    """The app, or another script, on a free port of this machine or on this one, until the block ends."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
            yield Server(f"http://127.0.0.1:{port}", process.pid, log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(url: str, process: subprocess.Popen, log: Path, seconds: float = 180) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever http_proxy says
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and process.poll() is None:
        try:
            if direct.open(f"{url}/_stcore/health", timeout=20).status == 200:
                return
        except OSError:
            time.sleep(0.1)
    with log.open("rb") as said:  # not all: /dev/full has no end
        raise RuntimeError("the server did not start:\n" + said.read(100_000).decode(errors="replace"))


@contextmanager
def browsing() -> Iterator[Browser]:
    """A headless browser."""
    path = find_browser()
    if path is None:
        raise RuntimeError("no browser was found: run `make browser`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def opened(page: Page, url: str) -> Page:
    """The page once its first picture is drawn."""
    page.goto(url)
    page.wait_for_selector(PICTURE, timeout=120_000)
    return page
