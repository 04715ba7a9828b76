"""Server time of one rerun: processor time of the whole server process for one move of a slider.

Page 1 stands beside a floor app of one slider and one `st.plotly_chart`, measured in the same run: machines
are noisy, ratios are not. Every move is to a new weight, so no figure comes from the cache.
"""

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.server import ROOT, browsing, opened, serving

MOVES = 60


@dataclass(frozen=True)
class Cost:
    cpu: float  # ms of processor time per move
    wall: float  # ms from the key to the new read-out, median


def cost(script: Path, address: str, readout: str, moves: int = MOVES) -> Cost:
    """What one press of an arrow key on slider `w` costs."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "log", script) as server,
        browsing() as browser,
    ):
        page = opened(browser.new_page(), server.url + address)
        page.locator(".st-key-w input[type=range]").first.focus()
        text = f"document.querySelector('{readout}')?.textContent"

        def press() -> float:
            before, start = page.evaluate(text), time.perf_counter()
            page.keyboard.press("ArrowRight")
            page.wait_for_function(f"(t) => {text} && {text} !== t", arg=before)
            wall = time.perf_counter() - start
            page.wait_for_timeout(50)  # lets the run end, so that no move overtakes another
            return 1000 * wall

        for _ in range(5):
            press()
        process = psutil.Process(server.pid)
        before = process.cpu_times()
        walls = [press() for _ in range(moves)]
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        return Cost(1000 * used / moves, statistics.median(walls))


def main() -> None:
    floor = cost(Path(__file__).with_name("floor.py"), "/", "#readout")
    chain = cost(ROOT / "app.py", "/chain?activation=tanh&w=1.0", "[data-name=chain] .u-readout")
    print("One move of a slider         server CPU   key to read-out")
    for name, found in (("floor: one st.plotly_chart", floor), ("page 1, figures not cached", chain)):
        print(f"{name:28s} {found.cpu:7.1f} ms {found.wall:12.1f} ms")
    print(f"{'page 1 / floor':28s} {chain.cpu / floor.cpu:8.2f}   {chain.wall / floor.wall:12.2f}")
