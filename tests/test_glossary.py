"""The glossary: one sentence for each term, and a term for each symbol that formulas and legends show."""

import re
from itertools import combinations

import pytest
from latex2mathml.converter import convert

from pages.charts.views import VIEWS
from pages.figures import live
from pages.lessons.glossary import GLOSSARY, SHARED
from tests.settings import PAGES


def test_each_term_is_one_or_two_short_sentences():
    for term in GLOSSARY.values():
        assert term.name and term.says[0].isupper() and term.says.endswith((".", "!")), term
        assert len(term.says) <= 200, term
    assert len(GLOSSARY) == len(SHARED["terms"]), "keys are unique"


@pytest.mark.parametrize("page", PAGES)
def test_a_symbol_means_one_thing_on_a_page(page):
    """What it means on that page only outranks what it means elsewhere."""
    here = [term for term in GLOSSARY.values() if not term.pages or page in term.pages]
    for one, other in combinations(here, 2):
        if bool(one.pages) != bool(other.pages):
            continue
        assert not set(one.symbols) & set(other.symbols), (one.key, other.key)
        assert not one.color or one.color != other.color, (one.key, other.key)


def items(page):
    return VIEWS[page].items(live.meant(page, {}).experiment)


def test_what_a_term_shows_is_drawn_on_some_page():
    drawn = {trace.get("meta") for page in PAGES for item in items(page) if item["kind"] == "figure"
             for trace in item["figure"]["data"]}  # fmt: skip
    drawn |= {"cut", "input", "typed"}  # where something is left out, or fed, or computed in fewer digits
    for term in GLOSSARY.values():
        assert set(term.shows) <= drawn, term


def symbols(mathml):
    """Letters that stand by themselves, and derivatives."""
    letters = set(re.findall(r"<mi[^>]*>([^<]+)</mi>", mathml))
    return {letter for letter in letters if re.fullmatch(r"[A-Za-zφϕσ]", letter)} - {"d", "e"}


@pytest.mark.parametrize("page", PAGES)
def test_every_symbol_of_a_pages_formulas_has_its_sentence(page):
    known = {symbol.replace("φ", "ϕ") for term in GLOSSARY.values() if not term.pages or page in term.pages
             for symbol in term.symbols}  # fmt: skip
    letters = {symbol[0] for symbol in known if not symbol.startswith("∂")} | {"i", "j", "W", "P"}  # indices
    for item in items(page):
        if item["kind"] != "formula":
            continue
        for line in item["lines"]:
            found = {"ϕ" if s == "φ" else s for s in symbols(convert(re.sub(r"@(\w+)@", "1", line["latex"])))}
            assert found <= letters, (page, line["latex"], found - letters)
