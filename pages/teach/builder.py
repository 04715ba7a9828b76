"""The page for who teaches: scripts that ship, a script that came with the link, and the builder of one's own.

The builder lives in the browser, `builder.js`, and so does what is built with it: nothing is stored here.
"""

from typing import Any

import streamlit as st

from pages.frame.entry import Entry
from pages.frame.exhibits import TITLES
from pages.frame.layout import set_up
from pages.lessons.scenes import SCENES
from pages.server import address
from pages.server.front import component
from pages.stage.scripts import SCRIPTS, Script, find, plain

_component = component("builder")


def show_teach(entry: Entry) -> None:
    """Draw the page; `script` in its address is shown, and taken over only if the reader wants it."""
    set_up(entry.address, entry.title)
    st.markdown("Show a room one picture at a time, and **ask before you show**.")
    _component(
        key="builder",
        data={
            "shipped": [_told(name, script) for name, script in SCRIPTS.items()],
            "sent": _sent(st.query_params.get("script", "")),
            "titles": TITLES,
            "scenes": {scene.name: scene.title for scene in SCENES.values()},
            "only": address.only_here(address.reached(st.context.headers, "http")),
        },
    )


def _told(name: str, script: Script) -> dict[str, Any]:
    """A script and its name in links."""
    return {"name": name, "script": plain(script)}


def _sent(text: str) -> dict[str, Any] | None:
    """What the address asks for: a script, or why there is none."""
    if not text:
        return None
    try:
        return _told(text, find(text))
    except ValueError as error:
        return {"error": str(error)}
