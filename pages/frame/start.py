"""The strip above the first page: where to begin. Dismissed, it stays away in that browser."""

import streamlit as st

from pages.frame.scenes import FIRST
from pages.server.front import component
from pages.stage import present

_component = component("start")
_WAYS = (
    {"label": "I have five minutes", "href": f"scenes?scene={FIRST}"},
    {"label": "I teach this", "href": "teach"},
)


def strip() -> None:
    """Draw the strip where the page is writing now: beside the title, or on a phone below it."""
    if present.is_on():
        return
    with st.container(key="welcome"):
        _component(key="start_strip", data={"ways": _WAYS})
