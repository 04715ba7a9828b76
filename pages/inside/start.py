"""What a server has to do before its first visitor comes, and Streamlit offers no way to say."""

import logging
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit import config

_COMPLAINS = "streamlit.runtime.scriptrunner_utils.script_run_context"  # that nobody is visiting yet


def know_menu(menu: Mapping[str, Sequence[st.Page]]) -> None:
    """Until a menu has been made once, Streamlit lets deep links pass by `app.py`."""
    logging.getLogger(_COMPLAINS).setLevel(logging.ERROR)
    st.navigation({section: list(pages) for section, pages in menu.items()})


def take_base() -> str:
    """The path below which Streamlit was told to serve; from now on it serves at the root."""
    base = st.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", "")
    return str(base or "")


def import_all() -> None:
    """Import what Streamlit's component machinery would import for the first visitor."""
    import pandas  # noqa: F401  and with it pyarrow
