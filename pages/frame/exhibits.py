"""What an address of this app shows, outside of any visit: its page's title, its main figure, formula and sentences."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pages.charts.parts.theme import trace_of
from pages.controls import codec
from pages.figures import checks, live
from pages.frame import scenes
from pages.frame.entry import Entry
from pages.frame.page import Page, controls_of, study_of
from pages.lessons.scenes import SAID, SCENES, Guess, Prediction

Items = list[dict[str, Any]]


@dataclass(frozen=True)
class Exhibit:
    """The title of a page, and the items of it that tell the whole story; a scene's question and its premise."""

    title: str
    items: Items
    question: str = ""
    premise: str = ""  # Markdown with formulas


_SHOWS: dict[str, Callable[[codec.Texts], Exhibit]] = {}  # by a page's address: what settings show there
TITLES: dict[str, str] = {}  # by a page's address


def exhibit(address: str) -> Exhibit:
    """What an address shows; strange settings are judged as the page itself does. Raises ValueError without a page."""
    page, texts = codec.split(address)
    if page not in _SHOWS:
        raise ValueError(f"no picture is known by the address {page}")
    return _SHOWS[page](texts)


def offer(entry: Entry) -> None:
    """Let a page's pictures be shown, and followed by its sliders, before anybody has opened it."""
    if isinstance(entry, Page):
        _offer_page(entry)
    if isinstance(entry, scenes.Scenes):
        _offer_scenes(entry)


def _offer_page(page: Page) -> None:
    controls = controls_of(page)
    live.offer(page.address, page.view.shown, controls, partial(study_of, page, controls))
    checks.offer(page.address, page.view.check)

    def shows(texts: codec.Texts) -> Exhibit:
        return Exhibit(page.title, _story(page.view.shown(study_of(page, controls, codec.values(controls, texts)))))

    TITLES[page.address], _SHOWS[page.address] = page.title, shows


def _story(items: Items) -> Items:
    """From the main figure to its formula and the remarks that follow; further figures belong to the live page."""
    main = next(place for place, item in enumerate(items) if item.get("role") == "main")
    end = next((place for place in range(main + 1, len(items)) if items[place]["kind"] == "figure"), len(items))
    return items[main:end]


def _offer_scenes(page: scenes.Scenes) -> None:
    """The question as long as the address says nothing of a commit, then the truth."""
    for scene in SCENES.values():
        live.offer(scenes.sweeps_of(scene), page.items, scenes.controls_of(scene), scenes.prediction)

    def shows(texts: codec.Texts) -> Exhibit:
        scene = scenes.named(texts)
        p = scenes.prediction(codec.values(scenes.controls_of(scene), texts), in_room=True)
        picture, *others = page.items(p)
        if isinstance(scene.ask, Guess) and "guess" not in texts:
            picture = _unpredicted(picture, p, scene.ask.quantity)
        told = [item for item in page.texts(replace(p, said=SAID[1])) if item["name"] in ("lesson", "source")]
        return Exhibit(scene.title, [picture, *others, *(told if p.committed else [])], scene.question, scene.setup)

    TITLES[page.address], _SHOWS[page.address] = page.title, shows


def _unpredicted(picture: dict[str, Any], p: Prediction, quantity: str) -> dict[str, Any]:
    """The picture of a guess where nobody has guessed: without its mark."""
    truth, own, marks = (trace_of(picture, name) for name in ("answer", "guess", "marks"))
    kept = slice(1, None) if p.committed else slice(0)  # the mark of the truth
    marks = marks | {name: marks[name][kept] for name in ("x", "y", "text")}
    marks["textfont"] = marks["textfont"] | {"color": marks["textfont"]["color"][kept]}
    alt = picture["alt"].partition("; you predicted")[0] + "." if p.committed else f"How large is {quantity}?"
    figure = picture["figure"] | {"data": [truth, own | {"x": [None], "y": [None]}, marks]}
    return picture | {"alt": alt, "figure": figure}
