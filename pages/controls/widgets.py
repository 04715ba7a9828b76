"""Controls as Streamlit widgets: each is bound to the URL, and every slider also takes an exact number."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.controls import export
from pages.controls.control import Control
from pages.controls.memory import apply, has_moved, prepare
from pages.controls.parts import TAKE_AWAY, follow, part, redraw


def draw(control: Control) -> Any:
    """Draw a control where the page is writing now, and return its value."""
    if control.kind == "slider":
        part(_row(control), _slider_and_box, control, follow())
        return st.session_state[control.key]
    prepare(control)
    return _KINDS[control.kind](control)


def _row(control: Control) -> str:
    return f"row of {control.key}"


def _slider_and_box(control: Control, draw_picture: Callable[[], None]) -> None:
    prepare(control)
    exact = f"{control.key}_exact"
    value = st.slider(
        control.label, control.min, control.max, control.default, control.step,
        format=_format(control), on_change=_moved, args=(control,), **_common(control),
    )  # fmt: skip
    if st.session_state.get(exact) != value:
        st.session_state[exact] = value  # the slider holds the truth
    st.number_input(
        f"{control.label}, exactly",
        value=None,  # an emptied box is no answer: the slider keeps its value
        step=control.step,
        key=exact,
        format=_format(control),
        label_visibility="collapsed",
        on_change=_take_exact,
        args=(control, exact),
        width=84,
    )
    draw_picture()


def _moved(control: Control) -> None:
    """A slider's row draws itself and the picture; what is unfolded below is seldom there."""
    if export.is_open():
        redraw(_row(control), TAKE_AWAY)


def _take_exact(control: Control, exact: str) -> None:
    """Any number inside the range, on a step or not; one outside becomes the limit."""
    value = st.session_state[exact]
    # while a key is held the box lags behind its slider, and Streamlit takes that for a reader's edit
    if value is not None and not has_moved(control.key):
        apply({control.key: min(max(value, control.min), control.max)})
    _moved(control)


def _format(control: Control) -> str:
    return "%d" if isinstance(control.default, int) else "%.6g"


def _choice(control: Control) -> str:
    return st.segmented_control(
        control.label, control.options, default=control.default, required=True, **_common(control)
    )


def _select(control: Control) -> str:
    return st.selectbox(
        control.label, control.options, index=control.options.index(control.default), **_common(control)
    )


def _toggle(control: Control) -> bool:
    return st.toggle(control.label, value=control.default, **_common(control))


def _text(control: Control) -> str:
    return st.text_input(control.label, value=control.default, max_chars=control.max_chars, **_common(control))


def _common(control: Control) -> dict[str, Any]:
    return {"key": control.key, "bind": "query-params", "help": control.help}


_KINDS: dict[str, Callable[[Control], Any]] = {
    "choice": _choice,
    "select": _select,
    "toggle": _toggle,
    "text": _text,
}
