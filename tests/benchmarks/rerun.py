"""Server time of one rerun of page 1: processor time of the whole server process, per slider move.

Beside it, measured in the same run, the page's own part: unrolling, figures and formula as one message.
"""

import statistics
import tempfile
import time
from pathlib import Path

import psutil

from pages.charts import views
from pages.controls.show import encode
from rnn_core.experiment import Experiment, run
from tests.server import browsing, opened, serving

MOVES = 60
_READOUT = "document.querySelector('[data-name=chain] .u-readout').textContent"


def rerun_cpu(moves: int = MOVES) -> tuple[float, float]:
    """CPU ms of the server per move of the recurrent weight by an arrow key, cold figures; and the median wall ms."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "log") as server,
        browsing() as browser,
    ):
        page = opened(browser.new_page(), f"{server.url}/chain?activation=tanh&T=10&w=1.0")
        thumb = page.locator(".st-key-w [role=slider], .st-key-w input[type=range]").first
        thumb.focus()
        process = psutil.Process(server.pid)
        walls = []
        for _ in range(5):
            _press(page)
        before = process.cpu_times()
        for _ in range(moves):
            start = time.perf_counter()
            _press(page)
            walls.append(time.perf_counter() - start)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        return 1000 * used / moves, 1000 * statistics.median(walls)


def _press(page) -> None:
    before = page.evaluate(_READOUT)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{_READOUT} !== {before!r}")
    page.wait_for_timeout(50)  # lets the run end, so that no move overtakes another


def figures_cpu(times: int = 100) -> float:
    """CPU ms to unroll page 1's experiment and to build and encode its figures, without any cache."""
    experiments = [Experiment(activation="tanh", w=1 + j / 1000) for j in range(times)]
    encode(views.chain_items(Experiment(activation="tanh")))
    start = time.process_time()
    for experiment in experiments:
        encode(views.chain_items(experiment))
    run.cache_clear()
    return 1000 * (time.process_time() - start) / times


def main() -> None:
    cpu, wall = rerun_cpu()
    print("Rerun of page 1")
    print(f"  server CPU per slider move   {cpu:6.1f} ms   (goal: below 15 ms)")
    print(f"  of it unrolling and figures  {figures_cpu():6.1f} ms")
    print(f"  key to new read-out, median  {wall:6.1f} ms")
