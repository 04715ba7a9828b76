"""What formulas say, line by line, is what the sheet holds."""

from pages.lessons.scenes import SCENES
from tests.formulas import SHEET, sheet
from tests.settings import PAGES


def test_the_formulas_of_all_pages_are_those_of_the_sheet():
    kept, found = SHEET.read_text(encoding="utf-8").splitlines(), sheet().splitlines()
    first = next((place for place, (a, b) in enumerate(zip(kept, found, strict=False), 1) if a != b), len(kept))
    assert kept == found, f"line {first} of {SHEET.name}: if this is meant, write it with `python -m tests.formulas`"


def test_every_page_and_scene_is_on_the_sheet():
    text = SHEET.read_text(encoding="utf-8")
    assert all(f"/{page}\n" in text for page in PAGES)
    assert all(f"/scenes?scene={scene}&committed=true\n  scene-formula\n" in text for scene in SCENES)
