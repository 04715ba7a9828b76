"""Pictures of every page for `docs/`: light, dark and on a phone. `python -m tests.gallery` takes them anew."""

import sys
import tempfile
from pathlib import Path

from tests.apps import PAGES
from tests.server import ROOT, browsing, opened, serving
from tests.visits import DESK, PHONE

LOOKS = {
    "": {"viewport": DESK, "color_scheme": "light"},
    "-dark": {"viewport": DESK, "color_scheme": "dark"},
    "-phone": {**PHONE, "color_scheme": "light", "device_scale_factor": 2},
}
# where a page is at its best; elsewhere as it opens
AT = {
    "compare": "?w=0.9",
    "scenes": "?scene=tanh",
}


def take(folder: Path, pages: list[str]) -> None:
    """One picture for each page and look."""
    with tempfile.TemporaryDirectory() as logs, serving(Path(logs) / "log") as server, browsing() as browser:
        for page in pages:
            for look, options in LOOKS.items():
                context = browser.new_context(**options)
                tab = opened(context.new_page(), f"{server.url}/{page}{AT.get(page, '')}")
                tab.wait_for_timeout(3500)  # fonts, all figures, the badge
                tab.screenshot(path=folder / f"{page}{look}.png")
                context.close()


def text() -> str:
    """docs/gallery.md."""
    rows = [f"| {page} | " + " | ".join(f"![{page}]({page}{look}.png)" for look in LOOKS) + " |" for page in PAGES]
    head = [
        "# All pages",
        "",
        "Made by `python -m tests.gallery`.",
        "",
        "| | light | dark | phone |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


if __name__ == "__main__":
    take(ROOT / "docs", sys.argv[1:] or list(PAGES))
    (ROOT / "docs" / "gallery.md").write_text(text(), encoding="utf-8")
