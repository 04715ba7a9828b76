"""Unrolled: see gradients flow through recurrent networks. The server starts here, and so does every visit."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from pages.figures import checks, live
from pages.frame import scenes
from pages.inside import start, state
from pages.inside.connection import AtOnce
from pages.lessons import glossary
from pages.server import address, alive, assets, limits
from pages.server.below import Below
from pages.server.compression import Compressed
from pages.server.front import Fronted
from pages.server.headers import Guarded
from pages.server.limits import Limited
from pages.stage import present, scripts
from pages.stage.scripts import PAGES
from pages.teach import packing
from pages.teach.handout import handouts


def menu() -> dict[str, list[st.Page]]:
    """The pages by section, in teaching order; the first is the front page, too. The glossary is linked from all."""
    from pages.contents import CONTENTS

    first = next(iter(CONTENTS.values()))
    sections = {first.section: [st.Page(PAGES[first.address], title=first.in_menu, url_path="home", default=True)]}
    for entry in CONTENTS.values():
        page = st.Page(
            PAGES[entry.address],
            title=entry.in_menu,
            url_path=entry.address,
            visibility="hidden" if entry is first else "visible",  # there already, as the front page
        )
        sections.setdefault(entry.section, []).append(page)
    sections[entry.section].append(st.Page("pages/glossary.py", url_path="glossary", visibility="hidden"))
    return sections


@asynccontextmanager
async def warm(_: st.App) -> AsyncIterator[None]:
    """Do before the first visitor comes what would otherwise keep him waiting."""
    from pages import contents
    from pages.charts.drawings import population
    from pages.frame import page  # noqa: F401  and with it the mathematics

    assets.warm()
    start.import_all()
    contents.offer()
    start.know_menu(menu())
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
    routes = [*assets.ROUTES, *live.ROUTES, *checks.ROUTES, *present.ROUTES, *handouts.ROUTES, *packing.ROUTES]
    shared = scripts.SHARED | present.SHARED | scenes.SHARED | handouts.SHARED | packing.SHARED | glossary.SHARED
    outer = [Middleware(each) for each in (AtOnce, Below, Guarded, Limited)]
    middleware = [*outer, Middleware(Fronted, shared), Middleware(Compressed)]
    app = st.App(__file__, routes=routes, middleware=middleware, lifespan=warm)
