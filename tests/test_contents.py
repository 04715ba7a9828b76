"""The table of contents: one record a numbered file, and nothing else lists the pages."""

from itertools import pairwise

import pytest

import app
from pages.charts.views import VIEWS
from pages.contents import CONTENTS
from pages.frame.page import Page
from pages.stage.scripts import PAGES


def test_a_page_is_found_by_its_address():
    assert CONTENTS.keys() == PAGES.keys()
    assert all(entry.address == address for address, entry in CONTENTS.items())


def test_every_view_has_its_page():
    assert {address for address, entry in CONTENTS.items() if isinstance(entry, Page)} == VIEWS.keys()


def test_the_tens_of_a_files_number_are_its_section():
    tens = {address: int(file.removeprefix("pages/")[:2]) // 10 for address, file in PAGES.items()}
    for one, next_one in pairwise(CONTENTS.values()):
        assert (tens[one.address] == tens[next_one.address]) == (one.section == next_one.section)


def test_the_menu_shows_every_page_once_and_the_first_is_the_front_page(monkeypatch):
    monkeypatch.setattr(app.st, "Page", lambda file, **said: {"file": file, **said})
    menu = app.menu()
    pages = [page for section in menu.values() for page in section]
    shown = [page for page in pages if page.get("visibility") != "hidden"]
    assert [(page["file"], page["title"]) for page in shown] == [
        (PAGES[entry.address], entry.in_menu) for entry in CONTENTS.values()
    ]
    assert [page["url_path"] for page in pages] == ["home", *CONTENTS, "glossary"] and pages[0]["default"]
    assert [*menu] == list(dict.fromkeys(entry.section for entry in CONTENTS.values()))


@pytest.mark.parametrize("entry", CONTENTS.values(), ids=lambda entry: entry.address)
def test_a_menu_is_short(entry):
    assert len(entry.in_menu) <= 30 and len(entry.section) <= 20
