"""The formulas of all pages as one sheet, each line as its template and in numbers.

`python -m tests.formulas` writes it anew. A change shows there as the lines that changed; whether they are true is for
`test_equations` to say.
"""

from pathlib import Path

from pages.contents import CONTENTS
from pages.controls import codec
from pages.figures.show import Item, encode
from pages.frame.scenes import controls_of, prediction
from pages.lessons.scenarios import SCENARIOS
from pages.lessons.scenes import SCENES
from tests.figures import unpacked
from tests.settings import PAGES, controls, study

SHEET = Path(__file__).parent / "data" / "formulas.txt"


def sheet() -> str:
    """Every page as it opens and at its scenarios, and every scene's truth."""
    return "\n\n".join(_told(address, items) for address, items in (_of_pages() | _of_scenes()).items()) + "\n"


def _of_pages() -> dict[str, list[Item]]:
    found = {}
    for page, entry in PAGES.items():
        known = controls(page)
        opening = codec.values(known, {})
        experiments = [scenario.experiment for scenario in SCENARIOS.values() if scenario.page == page]
        for changes in ({}, *(codec.values_of(e, entry.controls) for e in experiments)):
            values = opening | changes
            found[codec.joined(page, codec.texts(known, values))] = entry.view.shown(study(page, values))
    return found


def _of_scenes() -> dict[str, list[Item]]:
    page, found = CONTENTS["scenes"], {}
    for name, scene in SCENES.items():
        texts = {"scene": name, "committed": "true"}
        truth = prediction(codec.values(controls_of(scene), texts), in_room=True)
        found[codec.joined("scenes", texts)] = [*page.items(truth), *page.texts(truth)]
    return found


def _told(address: str, items: list[Item]) -> str:
    """An address, and below it its formulas, each line as its template and filled."""
    told = [f"/{address}"]
    [shown] = unpacked(encode(items))["frames"]
    for item, sent in zip(items, shown, strict=True):
        if item["kind"] == "formula":
            told.append(f"  {item['name']}")
            for line, copy in zip(item["lines"], sent["lines"], strict=True):
                told += [f"    {line['latex']}", *([f"      {copy['latex']}"] if line["slots"] else [])]
    return "\n".join(told)


if __name__ == "__main__":
    SHEET.write_text(sheet(), encoding="utf-8")
