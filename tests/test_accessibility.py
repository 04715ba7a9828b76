"""Every page for every reader: the accessibility checker finds nothing serious, and all colours can be read."""

import re
import tomllib
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages.charts.parts.theme import MAP
from tests import gallery
from tests.apps import PAGES
from tests.cases import first
from tests.server import opened

ROOT = Path(__file__).parent.parent
SCHEMES = ("light", "dark")
# colours that no text and no curve has; a map's begin at the ground
NO_TEXT = {"grid", "background", "state-fill", *(color.removeprefix("--u-") for color in MAP)}
MARKS = {"early", "late", *(f"lag-{j}" for j in range(7))}  # of bars and dots, whose names stand beside in text


@pytest.mark.browser
@pytest.mark.parametrize("look", first(1, gallery.LOOKS))
@pytest.mark.parametrize("page", PAGES)
def test_the_checker_finds_nothing_serious_and_the_policy_refuses_nothing(server, request, look, page):
    visitor = request.getfixturevalue("phone" if look == "-phone" else "desk")
    tab = opened(visitor.page, f"{server.url}/{page}{gallery.AT.get(page, '')}")
    tab.emulate_media(color_scheme=gallery.LOOKS[look]["color_scheme"])
    tab.wait_for_timeout(500)
    # but for Streamlit's own lists; details of what passes, nobody reads, and they take longer than the rest
    context, options = {"exclude": [["[data-testid=stSidebarNav]"]]}, {"resultTypes": ["violations"]}
    found = Axe().run(tab, context=context, options=options).response
    assert len(found["passes"]) > 20
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:300]) for v in serious] == []
    assert tab.evaluate("refused") == []
    pictures = tab.query_selector_all(".u-plot")
    for picture in pictures:
        name = picture.evaluate("node => document.getElementById(node.getAttribute('aria-labelledby')).textContent")
        assert picture.get_attribute("role") == "img" and name.endswith(".")
    assert pictures
    assert gallery.named(tab) == gallery.stamped(page + look), "docs/ shows another page: run python -m tests.gallery"


def luminance(color):
    """Of "#rrggbb", as WCAG 2.1 defines it."""
    parts = [int(color[j : j + 2], 16) / 255 for j in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


PAIRS = {
    name: (light, dark)
    for path in sorted((ROOT / "pages").glob("**/*.css"))
    for name, light, dark in re.findall(
        r"--u-([\w-]+):\s*light-dark\((#\w{6}),\s*(#\w{6})\)", path.read_text(encoding="utf-8")
    )
    if name not in NO_TEXT
}


@pytest.mark.parametrize("name", PAIRS)
def test_every_colour_can_be_read_on_its_background(name):
    """WCAG AA asks 4.5 of text, which the palette's hues serve as well as curves, and 3 of marks."""
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    for color, scheme in zip(PAIRS[name], SCHEMES, strict=True):
        assert contrast(color, theme[scheme]["backgroundColor"]) >= (3 if name in MARKS else 4.5), scheme


def test_the_palette_is_found_and_contrast_is_measured_right():
    assert {"blue", "orange", "green", "purple", "gray", "muted", "vanish", "explode"} <= PAIRS.keys()
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
