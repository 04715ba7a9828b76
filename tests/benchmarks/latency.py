"""What a hand feels: from a key to the new picture, and how the picture keeps up with a dragged thumb.

Times are the page's own clock, from the key event to the frame in which the figure's data are new. Each page stands
beside a floor app of one slider and one `st.plotly_chart`, measured in turn in the same run.

    python -m tests.benchmarks.latency
"""

import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.server import ROOT, browsing, opened, serving

MOVES = 30
PAUSE = 700  # ms between two moves: the run of the last one is over
FLOOR = Path(__file__).with_name("floor.py")
PAGES = {  # name → (address, slider, figure, the trace to look at)
    "page 1": ("/?activation=tanh&w=1", "w", "walk", "product"),
    "lstm": ("/lstm?f=0.5", "f", "paths", "state"),
    "compare": ("/compare?w=1.5", "w", "input-norm", "rnn"),
}

# When each of the figures shows new data: `first` for the watched one moving, `exact` when it holds what the
# server sent (float64), `all` when every figure does. Looked at once a frame.
WATCH = """([selector, watched, trace]) => {
  const plots = [...document.querySelectorAll(selector)];
  for (const name of watched ? ["react", "animate"] : []) {
    const draw = Plotly[name];
    Plotly[name] = (plot, ...more) => { plot.drawn = performance.now(); return draw(plot, ...more); };
  }
  const main = () => watched ? document.querySelector(watched) : document.querySelector(selector);
  const mark = (plot) => plot?.data?.map((trace) => [trace.y?.[0], trace.y?.[1]]).join();
  addEventListener("keydown", ({ timeStamp }) => {
    const old = mark(main()), found = {};
    window.found = null;
    requestAnimationFrame(function look() {
      const now = performance.now() - timeStamp;
      const isExact = (plot) => { // live shows float32, which reads differently, and tells nothing under the pointer
        const { y, hoverinfo } = watched ? plot.data.find(({ meta }) => meta === trace) : {};
        return !watched || y instanceof Float64Array || (Array.isArray(y) && hoverinfo === "all");
      };
      if (mark(main()) && mark(main()) !== old) {
        found.first ??= now;
        if (isExact(main())) found.exact ??= now;
      }
      const late = plots.some((plot) => watched && !(plot.drawn - timeStamp > found.exact - 40));
      if (found.exact && !late) found.all = now;
      if (found.all) window.found = found; else requestAnimationFrame(look);
    });
  }, true);
}"""

# The thumb goes to and fro by one pointer event a frame, as a hand's mouse sends them: from outside the browser
# they cannot be sent as fast. What was drawn is looked at in the picture itself.
DRAG = """([slider, selector, x, y, span, frames]) => new Promise((done) => {
  const input = document.querySelector(slider), plot = document.querySelector(selector);
  const lines = () => [...plot.querySelectorAll(".scatterlayer .js-line")];
  const course = () => lines().map((line) => line.getAttribute("d")).join();
  const begin = performance.now();
  let frame = 0, redraws = 0, lag = 0, asked = null, value = input.getAttribute("value"), shown = course();
  requestAnimationFrame(function look() {
    if (course() !== shown) {
      shown = course(); redraws++;
      if (asked !== null) lag = Math.max(lag, frame - asked);
      asked = null;
    }
    if (input.getAttribute("value") !== value) { value = input.getAttribute("value"); asked ??= frame; }
    const clientX = x + span * (frame % 2 ? 1 : -1) * (frame % 50) / 50;
    const event = { pointerId: 1, pointerType: "mouse", clientX, clientY: y, buttons: 1 };
    dispatchEvent(new PointerEvent("pointermove", event));
    if (++frame < frames) requestAnimationFrame(look);
    else done({ redraws, lag, frames, seconds: (performance.now() - begin) / 1000 });
  });
})"""
FRAMES = 150


def _moved(page: Any, slider: str, selector: str, watched: str | None, trace: str) -> list[dict[str, float]]:
    page.locator(f"{slider} input[type=range]").first.focus()
    page.wait_for_timeout(PAUSE)
    page.evaluate(WATCH, [selector, watched, trace])
    found = []
    for move in range(MOVES + 3):
        page.keyboard.press("ArrowRight" if move % 2 else "ArrowLeft")
        page.wait_for_function("() => window.found")
        found.append(page.evaluate("window.found"))
        page.wait_for_timeout(PAUSE)
    return found[3:]


def _dragged(page: Any, key: str, figure: str) -> dict[str, float]:
    """The thumb to and fro over most of its range."""
    sent: list[Any] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda message: sent.append(message)))
    page.reload()
    page.wait_for_selector(f"{figure} .main-svg")
    page.locator(f".st-key-{key}").first.hover()
    page.wait_for_timeout(2000)
    track = page.locator(f".st-key-{key} .stSlider").first.bounding_box()
    x, y, span = track["x"] + track["width"] / 2, track["y"] + track["height"] - 10, 0.4 * track["width"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=5)
    page.wait_for_timeout(500)
    sent.clear()
    seen = page.evaluate(DRAG, [f".st-key-{key} input[type=range]", figure, x, y, span, FRAMES])
    messages = len(sent)
    page.mouse.up()
    return {"per_second": seen["redraws"] / seen["seconds"], "lag_frames": seen["lag"], "messages": messages}


def measure() -> dict[str, Any]:
    """Medians in ms, redraws a second while dragging, and the messages that a drag has sent."""
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        floor = stack.enter_context(serving(folder / "floor", FLOOR))
        ours = stack.enter_context(serving(folder / "ours", ROOT / "app.py"))
        browser = stack.enter_context(browsing())

        def visit(address: str) -> Any:
            context = browser.new_context(viewport={"width": 1280, "height": 720})
            return opened(context.new_page(), address)

        for name, (address, key, figure, trace) in PAGES.items():
            page = visit(floor.url)
            times = [move["all"] for move in _moved(page, ".st-key-w", ".js-plotly-plot", None, 0)]
            page.context.close()
            page = visit(ours.url + address)
            watched = f"[data-name={figure}] .u-plot"
            moves = _moved(page, f".st-key-{key}", ".u-plot", watched, trace)
            row = {kind: statistics.median(move[kind] for move in moves) for kind in ("first", "exact", "all")}
            row["floor"] = statistics.median(times)
            found[name] = row | _dragged(page, key, watched)
            page.context.close()
    return found


def show(found: dict[str, Any]) -> None:
    print("From the key to the new picture, median ms, and a thumb dragged across its range")
    print(f"{'':10s}{'floor':>7s}{'live':>7s}{'exact':>7s}{'all':>7s}{'all/floor':>10s}", end="")
    print(f"{'redraws/s':>11s}{'frames behind':>15s}{'messages':>10s}")
    for name, row in found.items():
        print(f"{name:10s}" + "".join(f"{row[kind]:7.0f}" for kind in ("floor", "first", "exact", "all")), end="")
        print(
            f"{row['all'] / row['floor']:10.2f}{row['per_second']:11.0f}{row['lag_frames']:15.0f}{row['messages']:10d}"
        )


if __name__ == "__main__":
    show(measure())
