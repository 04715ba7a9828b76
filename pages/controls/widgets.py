"""A control as Streamlit's widget of its kind."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.controls.control import Control


def widget(control: Control, bound: bool = True, **more: Any) -> Any:
    """Draw it where the page is writing now, bound to the address or not; its value."""
    bind = "query-params" if bound else None
    return _KINDS[control.kind](control, key=control.key, bind=bind, help=control.help, **more)


def _slider(control: Control, **more: Any) -> float:
    shown_as = "%d" if isinstance(control.default, int) else "%.6g"
    return st.slider(control.label, control.min, control.max, control.default, control.step, format=shown_as, **more)


def _choice(control: Control, **more: Any) -> str | None:
    if control.default is None:  # none is chosen, at first
        return st.segmented_control(control.label, control.options, width="stretch", **more)
    return st.segmented_control(control.label, control.options, default=control.default, required=True, **more)


def _select(control: Control, **more: Any) -> str:
    return st.selectbox(control.label, control.options, index=control.options.index(control.default), **more)


def _toggle(control: Control, **more: Any) -> bool:
    return st.toggle(control.label, value=control.default, **more)


def _text(control: Control, **more: Any) -> str:
    # without max_chars: a browser drops what is longer when it is pasted, and says nothing
    return st.text_input(control.label, value=control.default, **more)


_KINDS: dict[str, Callable[..., Any]] = {
    "slider": _slider,
    "choice": _choice,
    "select": _select,
    "toggle": _toggle,
    "text": _text,
}
