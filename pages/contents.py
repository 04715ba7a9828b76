"""The table of contents: the record `PAGE` of every numbered file, in the order of the numbers."""

from importlib import import_module

from pages.frame import exhibits
from pages.frame.entry import Entry
from pages.stage.scripts import PAGES

CONTENTS: dict[str, Entry] = {
    address: import_module(file.removesuffix(".py").replace("/", ".")).PAGE for address, file in PAGES.items()
}


def offer() -> None:
    """Let handouts show, and sweeps follow, every page before anybody has opened it."""
    for entry in CONTENTS.values():
        exhibits.offer(entry)
