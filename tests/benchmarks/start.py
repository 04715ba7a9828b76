"""Start: from `streamlit run` to the first picture, a cold and a warm page load, and what they send.

Bytes are those that came over the wire, compressed, as the browser counts them, the WebSocket's messages included.
The floor app and page 1 are measured in turn, since machines are noisy and ratios are not.

    python -m tests.benchmarks.start
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.server import PICTURE, ROOT, browsing, serving

ROUNDS = 2
FLOOR, OURS = "floor", "page 1"
SCRIPTS = {FLOOR: Path(__file__).with_name("floor.py"), OURS: ROOT / "app.py"}


class _Counter:
    """What a tab received."""

    def __init__(self, page: Any) -> None:
        self.bytes = self.requests = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._loaded)
        session.on("Network.webSocketFrameReceived", self._message)

    def _loaded(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])
        self.requests += event["encodedDataLength"] > 0

    def _message(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        binary = frame["opcode"] == 2  # in base64
        self.bytes += len(frame["payloadData"]) * 3 // 4 if binary else len(frame["payloadData"])


def _load(context: Any, url: str) -> dict[str, float]:
    """Open the page in a new tab, until its first picture."""
    page = context.new_page()
    counter = _Counter(page)
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(PICTURE, timeout=60_000)
    seconds = time.perf_counter() - begun
    page.wait_for_load_state("networkidle")
    page.close()
    return {"seconds": seconds, "bytes": counter.bytes, "requests": counter.requests}


def _round(script: Path, browser: Any) -> dict[str, dict[str, float]]:
    """A new server and a new profile: start, a second visitor's cold load, and that visitor's warm one."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "log", script) as server:
        first, second = browser.new_context(), browser.new_context()
        _load(first, server.url)
        start = {"seconds": time.perf_counter() - begun}
        cold, warm = _load(second, server.url), _load(second, server.url)
        first.close()
        second.close()
    return {"start": start, "cold": cold, "warm": warm}


def measure(rounds: int = ROUNDS) -> dict[str, dict[str, dict[str, float]]]:
    """Medians over some rounds, of the floor app and of page 1."""
    found: dict[str, list[dict[str, dict[str, float]]]] = {name: [] for name in SCRIPTS}
    with browsing() as browser:
        for _ in range(rounds):
            for name, script in SCRIPTS.items():
                found[name].append(_round(script, browser))
    return {
        name: {
            what: {unit: statistics.median(one[what][unit] for one in all_rounds) for unit in all_rounds[0][what]}
            for what in all_rounds[0]
        }
        for name, all_rounds in found.items()
    }


def show(result: dict[str, Any]) -> None:
    print(f"{'to the first picture':24s}{FLOOR:>22s}{OURS:>22s}")
    titles = {"start": "from `streamlit run`", "cold": "cold page load", "warm": "warm page load"}
    for what, title in titles.items():
        cells = (_cell(result[name][what]) for name in (FLOOR, OURS))
        print(f"{title:24s}" + "".join(f"{cell:>22s}" for cell in cells))


def _cell(row: dict[str, float]) -> str:
    sent = f", {row['bytes'] / 1e6:5.2f} MB" if "bytes" in row else ""
    return f"{row['seconds']:.2f} s{sent}"


if __name__ == "__main__":
    show(measure())
