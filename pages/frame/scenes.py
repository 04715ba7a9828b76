"""Scenes: predict, commit, reveal, explain. The address holds where the reader stands; the browser, what was seen."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import streamlit as st

from pages.controls import codec
from pages.controls.choices import Choices, of_session
from pages.controls.control import Control
from pages.controls.parts import redraw
from pages.controls.table import TABLE
from pages.controls.visit import Visit
from pages.figures import live
from pages.figures.show import encode, show
from pages.frame.entry import Entry
from pages.frame.layout import set_up, stage
from pages.lessons.scenes import SAID, SCENES, Guess, Prediction, Scene
from pages.server.front import component
from pages.server.waiting import PICTURES, toast
from pages.stage import present

FIRST = next(iter(SCENES))
_ALL = [
    Control("scene", "Scene", "select", FIRST, options=tuple(SCENES)),
    Control("guess", "Your guess, as a power of ten", "slider", 0.0, -14.0, 10.0, 0.1),
    Control("choice", "Which curve?", "choice", None, options=("A", "B", "C")),
    Control("committed", "Committed", "toggle", False),
    Control("said", "Compared with my prediction, the truth is", "choice", None, options=SAID),
]
CONTROLS: dict[str, Control] = {control.key: control for control in _ALL}
"""The choices of a scene, in the address as all others; no field of an experiment is among them."""


@dataclass(frozen=True, kw_only=True)
class Scenes(Entry):
    """The page of scenes."""

    items: live.Items  # a prediction's picture, before and after its commit
    texts: live.Items  # what is told about it


def show_scenes(items: live.Items, texts: live.Items) -> None:
    """Draw the page: see `Scenes`."""
    present.go_on("scenes")  # before a widget is drawn: none that was could begin anew
    given = of_session().given
    if given is not None:
        st.session_state.pop("_stand", None)
    controls = controls_of(named(st.query_params if given is None else given))
    with Visit("scenes", controls) as visit:
        with st.container(key="unseen"):  # widgets only so that the address holds them
            scene = SCENES[visit.draw("scene")]
            if _stand(scene.name).scene != scene.name:
                _begin(visit.choices, scene.name)
            visit.draw("committed")
        visit.controls = controls_of(scene)
        on_stage = set_up("scenes", scene.question)
        with st.container(key="premise") if on_stage else nullcontext():
            st.markdown(scene.setup)
        picture, panel = stage()
        with panel, visit.followed_by(picture, partial(_picture, items, scene, visit)):
            _panel(scene, visit)
            told = st.container(key="told")
        p = prediction(visit.read(), present.is_on())
        with told:
            show(PICTURES.wait(toast, _message, texts, p, None), key="told_texts")
        _progress(scene, p)


def prediction(values: Mapping[str, Any], in_room: bool = False) -> Prediction:
    """The reader's choices as a prediction; without one there is no commit, and without that nothing to see.

    A room need not choose: it is shown the truth alone.
    """
    choice, said = values["choice"] or "", values["said"] or ""
    p = Prediction(values["scene"], values["guess"], choice, values["committed"], said)
    if not (p.settled or in_room):
        p = replace(p, committed=False)
    return p if p.committed else replace(p, said="")


def named(texts: codec.Texts) -> Scene:
    """The scene that an address asks for."""
    return SCENES[codec.values(CONTROLS, texts)["scene"]]


def controls_of(scene: Scene) -> dict[str, Control]:
    """The choices of a scene: the slider of a guess spans the scene's own axis."""
    if not isinstance(scene.ask, Guess):
        return CONTROLS
    low, high = float(scene.axes.low), float(scene.axes.high)
    return CONTROLS | {"guess": replace(CONTROLS["guess"], default=scene.ask.start, min=low, max=high)}


def sweeps_of(scene: Scene) -> str:
    """The name under which a scene's sweeps are offered: ranges differ from scene to scene."""
    return f"scene-{scene.name}"


def _picture(items: live.Items, scene: Scene, visit: Visit) -> None:
    values = visit.read()
    p = prediction(values, present.is_on())
    follows = isinstance(scene.ask, Guess) and not p.committed
    following = live.describe(sweeps_of(scene), "guess", visit.controls, values) if follows else None
    show(PICTURES.wait(toast, _message, items, p, following), on_tap=partial(_take, visit.choices))


def _message(items: live.Items, p: Prediction, following: live.Following | None) -> bytes:
    return encode(items(p), **({"live": following.plain} if following else {}))


def _take(choices: Choices, tap: dict[str, Any]) -> None:
    """A tap on a curve chooses it."""
    if tap.get("value") in CONTROLS["choice"].options:
        choices.apply({"choice": tap["value"]})
        redraw()


def _panel(scene: Scene, visit: Visit) -> None:
    """Predict, commit, say what was seen, go on."""
    decided = st.session_state.get("choice") or visit.chosen("choice")  # a commit without a choice waits for it
    free = isinstance(scene.ask, Guess) or present.is_on()
    settled = free or decided is not None
    committed = st.session_state["committed"] and settled
    with st.container(key="predict"):
        if isinstance(scene.ask, Guess):
            _guess(visit, committed)
        else:
            settled = bool(visit.widget("choice", disabled=committed)) or free
    choices = visit.choices
    st.button(
        "Committed" if committed else "Commit, then see",
        key="commit",
        type="primary",
        width="stretch",
        disabled=committed or not settled,
        on_click=choices.apply,
        args=({"committed": True},),
    )
    visit.widget("said", disabled=not committed)
    names = list(SCENES)
    at = names.index(scene.name)
    with st.container(key="onward", horizontal=True, gap="small"):
        st.button("Back", key="back", disabled=at == 0, on_click=go, args=(names[max(0, at - 1)],))
        st.button(
            "Next scene" if committed else "Skip",
            key="next",
            disabled=at == len(names) - 1,
            on_click=go,
            args=(names[min(at + 1, len(names) - 1)],),
        )
    with st.container(key="elsewhere"):
        if scene.page:
            st.markdown(f"[Open this on its page]({experiment_url(scene)})")
        else:
            st.markdown("Computed here, with matrices.")


def _guess(visit: Visit, committed: bool) -> None:
    """The slider; once committed it stands still, and nothing jumps."""
    if committed:
        visit.box("The committed guess", "guess", visit.widget("guess", disabled=True), disabled=True)
    else:
        visit.draw("guess")


@dataclass
class _Stand:
    """Where a session stands: its scene, and what was predicted in those that it has left."""

    scene: str
    left: dict[str, dict[str, Any]] = field(default_factory=dict)


def _stand(scene: str) -> _Stand:
    return st.session_state.setdefault("_stand", _Stand(scene))


def go(name: str) -> None:
    """Go to a scene, from a callback: as it was left, or from its beginning."""
    stand = _stand(name)
    if "committed" in st.session_state:  # else the reader comes from another page
        stand.left[stand.scene] = {key: st.session_state.get(key, CONTROLS[key].default) for key in _PREDICTED}
    _begin(of_session(), name)


def _begin(choices: Choices, name: str) -> None:
    stand = _stand(name)
    stand.scene = name
    start = {key: CONTROLS[key].default for key in _PREDICTED} | {"guess": controls_of(SCENES[name])["guess"].default}
    choices.apply({"scene": name} | start | stand.left.get(name, {}))


_PREDICTED = ("guess", "choice", "committed", "said")
SHARED = {"predicted": _PREDICTED}


def experiment_url(scene: Scene) -> str:
    """Where a page shows a scene's experiment: its address with all that may differ from the page's own start."""
    values = codec.values_of(scene.experiment, TABLE)
    return codec.joined(scene.page, codec.texts(TABLE, values, always=_STARTS_ELSEWHERE))


_STARTS_ELSEWHERE = (
    "activation",
    "w",
    "h0",
    "T",
    "t",
    "sequence",
    "i_mode",
    "i",
    "z",
)  # where a page's start may not be the table's


_component = component("progress")


def _progress(scene: Scene, p: Prediction) -> None:
    """How many scenes this browser has seen, and all of them to go to; only the browser knows."""
    listed = [{"name": s.name, "title": s.title, "group": s.group} for s in SCENES.values()]
    _component(
        key="progress",
        data={"scenes": listed, "now": scene.name, "revealed": p.committed},
        on_go_change=lambda: go(str(st.session_state["progress"].go)),
    )
