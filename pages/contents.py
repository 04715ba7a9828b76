"""All pages, offered before anybody has opened one: their files are data until they are run."""

from importlib import import_module
from pathlib import Path

from pages.charts.drawings import predictions
from pages.frame import exhibits


def offer() -> None:
    """Let handouts show, and sweeps follow, every page of this app."""
    for path in sorted(Path(__file__).parent.glob("[0-9]*_*.py")):
        page = getattr(import_module(f"pages.{path.stem}"), "PAGE", None)
        if page:
            exhibits.offer(page)
    exhibits.offer_scenes("Predict first", predictions.items, predictions.texts)
