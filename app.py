"""Unrolled: see gradients flow through recurrent networks. This file is the table of contents."""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from pages.controls import assets, live, show


def contents() -> list[st.Page]:
    """The pages in teaching order; the first is the front page too."""
    chain = "pages/1_chain.py"
    return [
        st.Page(chain, title="The gradient chain", url_path="home", default=True),
        st.Page(chain, title="The gradient chain", url_path="chain", visibility="hidden"),  # its address
        st.Page("pages/2_lstm.py", title="The LSTM cell", url_path="lstm"),
        st.Page("pages/3_compare.py", title="RNN or LSTM?", url_path="compare"),
    ]


@asynccontextmanager
async def warm(_: st.App) -> AsyncIterator[None]:
    """Do before the first visitor comes what would otherwise keep him waiting."""
    from pages.controls import page  # noqa: F401  and with it the mathematics

    assets.warm()
    show.warm()
    # Until st.navigation has run once, Streamlit lets deep links pass by this file; its only
    # complaint is that nobody is visiting yet.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)
    st.navigation(contents())
    gc.collect()
    gc.freeze()  # what is imported stays: the collector need not look at it again after every few moves
    yield


if st.runtime.exists():
    st.navigation(contents(), position="top").run()
else:  # imported by the server that is about to start
    app = st.App(__file__, routes=[*assets.ROUTES, *live.ROUTES], lifespan=warm)
