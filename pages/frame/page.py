"""What all pages share: from the question to the source, in the order in which one reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import streamlit as st

from pages.charts.parts.view import Study, View
from pages.charts.views import VIEWS
from pages.controls import codec, export, panels
from pages.controls.control import Control
from pages.controls.hold import HELD, held_values, hold
from pages.controls.memory import apply, enter, keep_in_address, read
from pages.controls.parts import TAKE_AWAY, followed_by, part, redraw
from pages.controls.table import TABLE, chosen
from pages.figures import checks, live
from pages.figures.show import encode, show
from pages.frame import challenges
from pages.frame.entry import Entry
from pages.frame.layout import set_up, stage
from pages.lessons.scenarios import SCENARIOS, Scenario
from pages.server.waiting import PICTURES, toast
from pages.stage import present
from rnn_core.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class Page(Entry):
    """A page with controls, as data."""

    question: str
    controls: tuple[str, ...]  # keys of the table
    panel: Callable[[Mapping[str, Control]], None]  # draws them
    notice: str
    source: str
    main: str  # the slider whose sweep is fetched with the page
    few: tuple[str, ...]  # the controls that matter to an audience
    cell: str = "rnn"
    defaults: Mapping[str, Any] = field(default_factory=dict)  # where the page opens elsewhere than the table

    @property
    def view(self) -> View:
        """What it shows: the view of its address."""
        return VIEWS[self.address]


def show_page(page: Page) -> None:
    """Draw a page from the reader's choices; to an audience, its picture and what moves it."""
    on_stage = set_up(page.address, page.title, page.question)
    controls = controls_of(page)
    enter(page.address, controls)
    if on_stage:
        _stage(page, controls, partial(panels.few_panel, controls, _few(page, controls)))
        keep_in_address(controls)
        return
    _scenarios(page)
    _stage(page, controls, partial(page.panel, controls))
    st.markdown(f"**What to notice.** {page.notice}")
    part(TAKE_AWAY, _take_away, page, controls)
    st.caption(page.source)


def _few(page: Page, controls: Mapping[str, Control]) -> list[str]:
    """What an audience sees moved: first what the slide turns, then the page's few, as many as have room."""
    turned = [key for key in present.turned() if key in controls]
    others = sorted(page.few, key="activation".__eq__) if turned else page.few  # its row is the widest
    return list(dict.fromkeys((*turned, *others)))[: max(len(page.few), len(turned))]


def controls_of(page: Page) -> dict[str, Control]:
    """The page's controls with its own defaults, and those that no widget shows: what is held, and a challenge."""
    controls = chosen((*page.controls, HELD))
    controls |= {key: replace(controls[key], default=value) for key, value in page.defaults.items()}
    if offered := challenges.of_page(page.address):
        taken = TABLE[challenges.KEY]
        controls[challenges.KEY] = replace(taken, options=(taken.default, *offered))
    return controls


def _stage(page: Page, controls: Mapping[str, Control], panel: Callable[[], None]) -> None:
    live.offer(page.address, page.view.shown, controls, partial(study_of, page, controls))
    checks.offer(page.address, page.view.check)
    picture, place = stage()
    with place, followed_by(picture, partial(_picture, page, controls)):
        panel()


def _picture(page: Page, controls: Mapping[str, Control]) -> None:
    values = read(controls)
    study = study_of(page, controls, values)
    show(
        PICTURES.wait(toast, _message, page.view.shown, study, page.address, page.main, live.choices(controls, values)),
        on_tap=partial(_take, page, controls, values, study.experiment),
    )


def _take_away(page: Page, controls: Mapping[str, Control]) -> None:
    experiment = study_of(page, controls, read(controls)).experiment
    export.numbers(page.address, lambda: page.view.columns(experiment))
    export.code(experiment, page.view.code, page.view.snippets)


def _message(items: live.Items, study: Study, address: str, main: str, chosen: live.Choices) -> bytes:
    """A page's figures as one message, shared by all sessions."""
    return encode(items(study), live=live.description(address, main, chosen), check=checks.url(address))


def study_of(page: Page, controls: Mapping[str, Control], values: Mapping[str, Any]) -> Study:
    """What the reader's choices ask for."""
    held = held_values(controls, values[HELD])
    beside = codec.experiment(held, page.cell) if held else None
    return Study(codec.experiment(values, page.cell), beside, values.get(challenges.KEY, challenges.NONE))


def _take(
    page: Page, controls: Mapping[str, Control], values: Mapping[str, Any], experiment: Experiment, tap: dict[str, Any]
) -> None:
    """What a reader asks of the picture: to hold its curves, or what a tap on it means."""
    if "hold" in tap:
        hold(controls, values, page.main)
    elif page.view.tapped:
        apply(page.view.tapped(experiment, tap))
    redraw()


def _scenarios(page: Page) -> None:
    """One click sets the whole page."""
    with st.container(horizontal=True, gap="small", key="scenarios"):
        for scenario in SCENARIOS.values():
            if scenario.page == page.address:
                st.button(
                    scenario.title,
                    key=f"scenario_{scenario.name}",
                    help=scenario.question,
                    on_click=_open,
                    args=(page, scenario),
                )
        challenges.menu(page.address, page.controls)


def _open(page: Page, scenario: Scenario) -> None:
    apply(codec.values_of(scenario.experiment, page.controls))
