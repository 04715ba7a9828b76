"""Parts of a page that can be drawn again by themselves. Whatever of Streamlit is newer than 1.62 lives here."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import streamlit as st

_NAMED = "key" in signature(st.fragment).parameters  # without names every move draws the whole page

BODY, PICTURE, TAKE_AWAY = "body", "picture", "take-away"


def part(name: str, draw: Callable[..., Any], *args: Any) -> None:
    """Draw a part of the page, under a name by which `redraw` finds it."""
    (st.fragment(draw, key=name) if _NAMED else draw)(*args)


def redraw(*names: str) -> None:
    """End a widget's callback by drawing these parts again, and nothing else."""
    if _NAMED:
        st.rerun(names)
