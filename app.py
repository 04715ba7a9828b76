"""Unrolled: see gradients flow through recurrent networks. The server starts here, and so does every visit."""

import gc
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from pages.figures import checks, live, show
from pages.inside import state
from pages.server import address, alive, assets, limits
from pages.server.below import Below
from pages.server.compression import Compressed
from pages.server.front import Fronted
from pages.server.headers import Guarded
from pages.server.limits import Limited
from pages.stage import present
from pages.stage.scripts import PAGES
from pages.teach import packing
from pages.teach.handout import handout


def menu() -> dict[str, list[st.Page]]:
    """The pages by section, in teaching order; the first is the front page, too."""
    from pages.contents import CONTENTS

    first = next(iter(CONTENTS.values()))
    sections = {first.section: [st.Page(PAGES[first.address], title=first.in_menu, url_path="home", default=True)]}
    for entry in CONTENTS.values():
        visibility = "hidden" if entry is first else "visible"  # there already, as the front page
        page = st.Page(PAGES[entry.address], title=entry.in_menu, url_path=entry.address, visibility=visibility)
        sections.setdefault(entry.section, []).append(page)
    return sections


def send_at_once() -> None:
    """Let no small message wait for the last one's acknowledgement: a run is ten of them, and each wait 40 ms.

    asyncio sees to that, but not for connections that come in at a socket opened as Streamlit opens it.
    """
    sockets = [thing for thing in gc.get_objects() if type(thing) is socket.socket and thing.fileno() >= 0]
    for each in sockets:  # among them the one that will listen
        if each.family in (socket.AF_INET, socket.AF_INET6) and each.type == socket.SOCK_STREAM:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@asynccontextmanager
async def warm(_: st.App) -> AsyncIterator[None]:
    """Do before the first visitor comes what would otherwise keep him waiting."""
    from pages import contents
    from pages.charts.drawings import population
    from pages.frame import page  # noqa: F401  and with it the mathematics

    assets.warm()
    show.warm()
    contents.offer()
    # Until st.navigation has run once, Streamlit lets deep links pass by this file; its only
    # complaint is that nobody is visiting yet.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)
    st.navigation(menu())
    send_at_once()
    gc.collect()
    gc.freeze()  # what is imported stays: the collector need not look at it again after every few moves
    gc.set_threshold(50_000, 20, 100)  # a run makes thousands of objects, and hardly any that need the collector
    population.warm()  # in a thread of its own: only its page needs it
    address.announce()
    alive.beat()
    yield


if st.runtime.exists():
    st.navigation(menu(), position="top").run()
else:  # imported by the server that is about to start
    address.check()
    limits.check()
    state.share_one_lock()
    routes = [*assets.ROUTES, *live.ROUTES, *checks.ROUTES, *present.ROUTES, *handout.ROUTES, *packing.ROUTES]
    middleware = [Middleware(each) for each in (Below, Guarded, Limited, Fronted, Compressed)]
    app = st.App(__file__, routes=routes, middleware=middleware, lifespan=warm)
