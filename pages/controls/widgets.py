"""Controls as Streamlit widgets: each is bound to the URL, and every slider also takes an exact number."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.controls import export
from pages.controls.codec import parse, text
from pages.controls.control import Control
from pages.controls.memory import apply, has_moved, is_late, keep, moved, prepare, put, tell
from pages.controls.parts import TAKE_AWAY, follow, part, redraw


def draw(control: Control) -> Any:
    """Draw a control where the page is writing now, and return its value."""
    if control.kind == "slider":
        part(_row(control.key), _slider_and_box, control, follow())
        return st.session_state[control.key]
    prepare(control)
    return _KINDS[control.kind](control)


def _row(key: str) -> str:
    return f"row of {key}"


def _box(key: str) -> str:
    return f"{key}_exact"


def _slider_and_box(control: Control, draw_picture: Callable[[], None]) -> None:
    prepare(control)
    value = st.slider(
        control.label, control.min, control.max, control.default, control.step,
        format=_format(control), on_change=_moved, args=(control,), **_common(control),
    )  # fmt: skip
    box(f"{control.label}, exactly", value, _box(control.key), on_change=_take_exact, args=(control,))
    draw_picture()


def box(label: str, value: float, key: str, **more: Any) -> None:
    """The number beside a slider, as text: a number box would drop what it does not know, such as a real minus sign."""
    said = text(value)
    if st.session_state.get(key, said) != said:
        put(key, said)  # the slider holds the truth
    st.text_input(
        label, said, key=key, label_visibility="collapsed", autocomplete="off", width=84, **more
    )  # on another page the box is a new one, and begins with this value


def _moved(control: Control) -> None:
    """A slider's row draws itself and the picture in the same run; what is unfolded below is seldom there."""
    if is_late(control.key) and moved() != {control.key}:
        keep(control.key)
        _redraw_moved(control)
    if export.is_open():
        _redraw_moved(control)


def _take_exact(control: Control) -> None:
    """Any number inside the range, on a step or not; what is taken otherwise than it was written, is said."""
    said, now = st.session_state.get(_box(control.key)), st.session_state.get(control.key)
    # while a key is held the box lags behind its slider, and Streamlit takes that for a reader's edit
    if said is None or is_late(_box(control.key)) or has_moved(control.key):  # none, where its page is just going
        return
    if not said.strip():  # an emptied box is no answer
        return
    value, note = parse(control, said, now=now)
    if note:
        tell(note)
    if value != now:
        apply({control.key: value})
        _redraw_moved(control)


def _redraw_moved(control: Control) -> None:
    """Draw again all that has changed with this control, and what is unfolded below.

    Several controls may have changed since the last run, and the rows named here are the only ones that are drawn.
    """
    keys = sorted(moved() | {control.key})
    rows = [_row(key) for key in keys if _box(key) in st.session_state]
    if len(rows) < len(keys):  # a menu has no row of its own: the whole page
        rows = []
    elif export.is_open():
        rows.append(TAKE_AWAY)
    redraw(*rows)


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
