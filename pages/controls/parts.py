"""Parts of a page that can be drawn again by themselves. Whatever of Streamlit is newer than 1.62 lives here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from copy import deepcopy
from inspect import signature
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import DuplicateWidgetID

_NAMED = "key" in signature(st.fragment).parameters  # without names every move draws the whole page

PICTURE, TAKE_AWAY = "picture", "take-away"


def part(name: str, draw: Callable[..., Any], *args: Any) -> None:
    """Draw a part of the page, under a name by which `redraw` finds it."""
    (st.fragment(draw, key=name) if _NAMED else draw)(*args)


def redraw(*names: str) -> None:
    """End a widget's callback by drawing these parts again, or the whole page if none is named."""
    if _NAMED:
        st.rerun(names or "app")


class _Picture:
    """What all parts inside `followed_by` drive: whichever is drawn again draws it too, in one and the same run.

    A callback that asked for the picture as another part would cost a second run, and Streamlit's own price of a run
    is as high as the picture's.
    """

    def __init__(self, place: DeltaGenerator, draw: Callable[[], None]) -> None:
        self.place, self.draw, self.complete = place, draw, False

    def seen_from_a_part(self) -> Callable[[], None]:
        """How one part draws it: at the start of the place, wherever other parts have drawn it."""
        place = deepcopy(self.place)  # with a cursor of its own

        def draw() -> None:
            # A part may draw outside itself only where it has done so while the page was built. A block that is
            # drawn again keeps what it holds, so the figures stay.
            with place, st.container():
                if self.complete:
                    with suppress(DuplicateWidgetID):  # several moved in one run: the first drew it with all values
                        self.draw()

        return draw


_picture: ContextVar[_Picture | None] = ContextVar("_picture", default=None)


@contextmanager
def followed_by(place: DeltaGenerator, draw: Callable[[], None]) -> Iterator[None]:
    """Draw parts that drive a picture, and then the picture, in a container that holds nothing else."""
    picture = _Picture(place, draw)
    token = _picture.set(picture)
    try:
        yield
    finally:
        _picture.reset(token)
        picture.complete = True
    part(PICTURE, picture.seen_from_a_part())


def follow() -> Callable[[], None]:
    """What a part that is being built has to call whenever it is drawn."""
    picture = _picture.get()
    return picture.seen_from_a_part() if picture else lambda: None
