"""What an address of this app shows, outside of any visit: its page's title, its main figure, formula and sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pages.controls.url import judge
from pages.figures import checks, live
from pages.frame.entry import Entry
from pages.frame.page import Page, controls_of, study_of
from pages.frame.scenes import CONTROLS, Scenes, guess_control, prediction
from pages.lessons.scenes import SAID, SCENES, Guess, Prediction
from pages.stage.scripts import split

Items = list[dict[str, Any]]


@dataclass(frozen=True)
class Exhibit:
    """The title of a page, and the items of it that tell the whole story; a scene's question and its premise."""

    title: str
    items: Items
    question: str = ""
    premise: str = ""  # Markdown with formulas


_SHOWS: dict[str, Callable[[Mapping[str, str]], Exhibit]] = {}  # by a page's address: what settings show there
TITLES: dict[str, str] = {}  # by a page's address


def exhibit(address: str) -> Exhibit:
    """What an address shows; strange settings are judged as the page itself does. Raises ValueError without a page."""
    page, given = split(address)
    if page not in _SHOWS:
        raise ValueError(f"no picture is known by the address {page}")
    return _SHOWS[page](given)


def offer(entry: Entry) -> None:
    """Let a page's pictures be shown, and followed by its sliders, before anybody has opened it."""
    if isinstance(entry, Page):
        _offer_page(entry)
    if isinstance(entry, Scenes):
        _offer_scenes(entry)


def _offer_page(page: Page) -> None:
    controls = {key: replace(c, default=page.defaults.get(key, c.default)) for key, c in controls_of(page).items()}
    live.offer(page.address, page.view.shown, controls, partial(study_of, page, controls))
    checks.offer(page.address, page.view.check)

    def shows(given: Mapping[str, str]) -> Exhibit:
        return Exhibit(page.title, _story(page.view.shown(live.meant(page.address, given))))

    TITLES[page.address], _SHOWS[page.address] = page.title, shows


def _story(items: Items) -> Items:
    """From the main figure to its formula and the remarks that follow; further figures belong to the live page."""
    main = next(place for place, item in enumerate(items) if item.get("role") == "main")
    end = next((place for place in range(main + 1, len(items)) if items[place]["kind"] == "figure"), len(items))
    return items[main:end]


def _offer_scenes(page: Scenes) -> None:
    """The question as long as the address says nothing of a commit, then the truth."""

    def shows(given: Mapping[str, str]) -> Exhibit:
        scene = SCENES[judge(CONTROLS["scene"], [given["scene"]])[0] if "scene" in given else CONTROLS["scene"].default]
        controls = CONTROLS | {"guess": guess_control(scene)}
        values = {key: judge(c, [given[key]])[0] if key in given else c.default for key, c in controls.items()}
        values["scene"] = scene.name
        p = prediction(values, in_room=True)
        picture, *others = page.items(p)
        if isinstance(scene.ask, Guess) and "guess" not in given:
            picture = _unpredicted(picture, p)
        told = [item for item in page.texts(replace(p, said=SAID[1])) if item["name"] in ("lesson", "source")]
        return Exhibit(scene.title, [picture, *others, *(told if p.committed else [])], scene.question, scene.setup)

    TITLES[page.address], _SHOWS[page.address] = page.title, shows


def _unpredicted(picture: dict[str, Any], p: Prediction) -> dict[str, Any]:
    """The picture of a guess where nobody has guessed: without its mark."""
    truth, own, marks = picture["figure"]["data"]
    kept = slice(1, None) if p.committed else slice(0)  # the mark of the truth
    marks = marks | {name: marks[name][kept] for name in ("x", "y", "text")}
    marks["textfont"] = marks["textfont"] | {"color": marks["textfont"]["color"][kept]}
    quantity = SCENES[p.scene].ask.quantity
    alt = picture["alt"].partition("; you predicted")[0] + "." if p.committed else f"How large is {quantity}?"
    figure = picture["figure"] | {"data": [truth, own | {"x": [None], "y": [None]}, marks]}
    return picture | {"alt": alt, "figure": figure}
