"""Pictures of every page for `docs/`: light, dark and on a phone. `python -m tests.gallery` takes them anew."""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.apps import PAGES
from tests.server import ROOT, browsing, opened, serving
from tests.visits import DESK, PHONE

LOOKS = {
    "": {"viewport": DESK, "color_scheme": "light"},
    "-dark": {"viewport": DESK, "color_scheme": "dark"},
    "-phone": {**PHONE, "color_scheme": "light", "device_scale_factor": 2},
}
WHAT = "h1, h2, summary, label, button:not(.u-badge), [data-testid=stTopNavSection]"
AT = {"scenes": "?scene=tanh"}  # where a page is at its best; elsewhere as it opens


def take(folder: Path, pages: list[str]) -> None:
    """One picture for each page and look."""
    with tempfile.TemporaryDirectory() as logs, serving(Path(logs) / "log") as server, browsing() as browser:
        for page in pages:
            for look, options in LOOKS.items():
                context = browser.new_context(**options)
                tab = opened(context.new_page(), f"{server.url}/{page}{AT.get(page, '')}")
                tab.wait_for_timeout(3500)  # fonts, all figures, the badge
                path = folder / f"{page}{look}.png"
                tab.screenshot(path=path)
                stamp(path, named(tab))
                context.close()


def named(tab) -> str:
    """What a page's headings, menus, buttons and labels say: a picture in which one is missing is out of date."""
    return "\n".join(tab.evaluate("(what) => [...document.querySelectorAll(what)].map((node) => node.innerText)", WHAT))


def stamp(path: Path, shown: str) -> None:
    """Write into a picture what its page named."""
    info = PngInfo()
    info.add_itxt("named", shown)
    with Image.open(path) as picture:
        picture.save(path, pnginfo=info, optimize=True)


def stamped(picture: str) -> str:
    """What a picture's page named when it was taken."""
    with Image.open(ROOT / "docs" / f"{picture}.png") as image:
        return image.text.get("named", "")


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
