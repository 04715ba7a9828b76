"""The frame that all pages share: title, a place for the picture and one for the controls."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.stage import present


def set_up(page: str, title: str) -> bool:
    """Open a page: whether it is presented. Each page calls it itself: a deep link may run it without app.py."""
    st.set_page_config(page_title=f"{title} · Unrolled", layout="wide")
    if present.follow(page, title):
        return True
    st.title(title, anchor=False)
    return False


def stage() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Two places side by side: the picture, and the controls that drive it."""
    with st.container(key="stage"):
        picture, controls = st.columns([2, 1], gap="medium")
    return picture.container(key="picture"), controls.container(key="controls")
