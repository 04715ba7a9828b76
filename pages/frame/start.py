"""The strip above the first page: where to begin. Dismissed, it stays away in that browser."""

import streamlit as st

from pages.frame.scenes import FIRST, go
from pages.server.front import component
from pages.stage import present
from pages.stage.scripts import PAGES

_component = component("start")
_WAYS = (
    {"name": "first", "label": "I have five minutes", "href": f"scenes?scene={FIRST}"},
    {"name": "teach", "label": "I teach this", "href": "teach"},
)


def strip() -> None:
    """Draw the strip where the page is writing now: beside the title, or on a phone below it."""
    if present.is_on():
        return
    with st.container(key="welcome"):
        chosen = _component(key="start_strip", data={"ways": _WAYS}, on_go_change=lambda: None).go
    if chosen == "teach":
        st.switch_page(PAGES["teach"])
    if chosen:
        go(FIRST)
        st.switch_page(PAGES["scenes"])
