"""What all pages share: from the question to the source, in the order in which one reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import Any, Literal

import streamlit as st

from pages.charts.parts.view import Study, View
from pages.charts.views import VIEWS
from pages.controls import codec, export, panels
from pages.controls.control import Control
from pages.controls.hold import HELD, held_values, hold
from pages.controls.parts import TAKE_AWAY, part, redraw
from pages.controls.table import TABLE, chosen
from pages.controls.visit import Visit
from pages.figures import checks, live
from pages.figures.show import encode, show
from pages.frame import challenges
from pages.frame.entry import Entry
from pages.frame.layout import set_up, stage
from pages.lessons.challenges import NONE
from pages.lessons.scenarios import SCENARIOS, Scenario
from pages.server.waiting import PICTURES, toast
from pages.stage import present
from rnn_core.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class Page(Entry):
    """A page with controls, as data."""

    question: str
    controls: tuple[str, ...]  # keys of the table
    panel: Callable[[Visit], None]  # draws them
    notice: str
    source: str
    main: str  # the slider whose sweep is fetched with the page
    few: tuple[str, ...]  # the controls that matter to an audience
    cell: str = "rnn"
    defaults: Mapping[str, Any] = field(default_factory=dict)  # where the page opens elsewhere than the table
    labels: Mapping[str, str] = field(default_factory=dict)  # by which it calls them otherwise
    along: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by another page: the choices that come from it

    @property
    def view(self) -> View:
        """What it shows: the view of its address."""
        return VIEWS[self.address]


def show_page(page: Page) -> None:
    """Draw a page from the reader's choices; to an audience, its picture and what moves it."""
    on_stage = set_up(page.address, page.title)
    with Visit(page.address, controls_of(page), page.along) as visit:
        if on_stage:
            _stage(page, visit, partial(panels.few, visit, _few(page)))
            visit.choices.keep_in_address(visit.controls)
            return
        scenario = _scenario(page, visit)
        st.markdown(scenario.question if scenario else page.question)
        _scenarios(page, visit, scenario)
        _stage(page, visit, partial(_panel, page, visit, scenario))
        st.markdown(_notice(page, scenario))
        part(TAKE_AWAY, _take_away, page, visit)
        st.caption(f"{page.source}\n\n[Glossary](glossary): what symbols and words mean")


def _panel(page: Page, visit: Visit, scenario: Scenario | None) -> None:
    page.panel(visit)
    if scenario:
        with st.expander("Your guess? Then the answer", key=f"answer_{scenario.name}"):
            st.markdown(f"“{scenario.title}”: {scenario.answer}")


def _notice(page: Page, scenario: Scenario | None) -> str:
    """A scenario's names it, as its answer does: sliders may have moved since."""
    if scenario:
        return f"**What to notice in “{scenario.title}”.** {scenario.notice}"
    return f"**What to notice.** {page.notice}"


def _few(page: Page) -> list[str]:
    """What an audience sees moved: first what the slide turns, then the page's few, as many as have room."""
    turned = [key for key in present.turned() if key in page.controls]
    others = sorted(page.few, key="activation".__eq__) if turned else page.few  # its row is the widest
    return list(dict.fromkeys((*turned, *others)))[: max(len(page.few), len(turned))]


def controls_of(page: Page) -> dict[str, Control]:
    """The page's controls as it has them, and those that no widget shows: what is held, and a challenge."""
    controls = chosen((*page.controls, HELD))
    controls |= {key: replace(controls[key], default=value) for key, value in page.defaults.items()}
    controls |= {key: replace(controls[key], label=label) for key, label in page.labels.items()}
    if offered := challenges.of_page(page.address):
        taken = TABLE[challenges.KEY]
        controls[challenges.KEY] = replace(taken, options=(taken.default, *offered))
    return controls


def _stage(page: Page, visit: Visit, panel: Callable[[], None]) -> None:
    picture, place = stage()
    with place, visit.followed_by(picture, partial(_picture, page, visit)):
        panel()


def _picture(page: Page, visit: Visit) -> None:
    values = visit.read()
    study = study_of(page, visit.controls, values)
    following = live.describe(page.address, page.main, visit.controls, values)
    check = checks.url(page.address) if page.view.check else None
    show(
        PICTURES.wait(toast, _message, page.view.shown, study, following, check),
        on_tap=partial(_take, page, visit, values, study.experiment),
    )


def _take_away(page: Page, visit: Visit) -> None:
    experiment = study_of(page, visit.controls, visit.read()).experiment
    export.numbers(page.address, lambda: page.view.columns(experiment))
    export.code(experiment, page.view.code, page.view.snippets)


def _message(items: live.Items, study: Study, following: live.Following, check: str | None) -> bytes:
    """A page's figures as one message, shared by all sessions."""
    return encode(items(study), live=following.plain, check=check)


def study_of(page: Page, controls: codec.Controls, values: codec.Values) -> Study:
    """What the reader's choices ask for."""
    held = held_values(controls, values[HELD])
    beside = codec.experiment(held, page.cell) if held else None
    return Study(codec.experiment(values, page.cell), beside, values.get(challenges.KEY, NONE))


def _take(page: Page, visit: Visit, values: codec.Values, experiment: Experiment, tap: dict[str, Any]) -> None:
    """What a reader asks of the picture: to hold its curves, or what a tap on it means."""
    if "hold" in tap:
        hold(visit.choices, visit.controls, values, page.main)
    elif page.view.tapped:
        visit.choices.apply(page.view.tapped(experiment, tap))
    redraw()


def _scenario(page: Page, visit: Visit) -> Scenario | None:
    """The one that was chosen last, or that the settings are."""
    if visit.choices.scenario:
        return SCENARIOS[visit.choices.scenario]
    now = {key: visit.choices.value(visit.controls, key) for key in page.controls}
    own = {key: visit.controls[key].default for key in page.controls}
    return next((one for one in _offered(page) if now != own and now == own | _settings(page, visit, one)), None)


def _offered(page: Page) -> list[Scenario]:
    return [scenario for scenario in SCENARIOS.values() if scenario.page == page.address]


def _settings(page: Page, visit: Visit, scenario: Scenario) -> codec.Values:
    """A scenario as choices mean it: t = T is said by none."""
    values = codec.values_of(scenario.experiment, page.controls)
    return {
        key: visit.controls[key].meant(value, values.get(visit.controls[key].upto, inf))
        for key, value in values.items()
    }


def _scenarios(page: Page, visit: Visit, chosen: Scenario | None) -> None:
    """One click sets the whole page; those of a group stand behind a button."""
    offered = _offered(page)
    with st.container(horizontal=True, gap="small", key="scenarios"):
        for scenario in offered:
            if not scenario.group:
                _button(page, visit, scenario, scenario is chosen)
        for place, group in enumerate(dict.fromkeys(scenario.group for scenario in offered if scenario.group)):
            here = chosen is not None and chosen.group == group
            with st.popover(group, key=f"group_{place}", type="primary" if here else "secondary"):
                for scenario in offered:
                    if scenario.group == group:
                        _button(page, visit, scenario, scenario is chosen, "stretch")
        challenges.menu(page.address, visit)
        st.button("Reset", key="reset", type="tertiary", on_click=visit.choices.reset, args=(visit.controls,))


def _button(
    page: Page, visit: Visit, scenario: Scenario, is_chosen: bool, width: Literal["content", "stretch"] = "content"
) -> None:
    st.button(
        scenario.title,
        key=f"scenario_{scenario.name}",
        help=scenario.question,
        type="primary" if is_chosen else "secondary",
        width=width,
        on_click=_take_scenario,
        args=(page, visit, scenario),
    )


def _take_scenario(page: Page, visit: Visit, scenario: Scenario) -> None:
    visit.choices.apply(codec.values_of(scenario.experiment, page.controls))
    visit.choices.scenario = scenario.name
