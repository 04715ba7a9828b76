"""Parts of a page that can be drawn again by themselves, and the picture that is drawn with each of them."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import DuplicateWidgetID

from pages.inside.place import from_its_beginning

PICTURE, TAKE_AWAY = "picture", "take-away"


def part(name: str, draw: Callable[..., Any], *args: Any) -> None:
    """Draw a part of the page, under a name by which `redraw` finds it."""
    st.fragment(draw, key=name)(*args)


def redraw(*names: str) -> None:
    """End a widget's callback by drawing these parts again, or the whole page if none is named."""
    st.rerun(names or "app")


class Picture:
    """What a page's controls drive: the part of a control draws it as well, in one and the same run.

    A callback that asked for the picture as another part would cost a second run, and Streamlit's own price of a run
    is as high as the picture's.
    """

    def __init__(self, place: DeltaGenerator, draw: Callable[[], None]) -> None:
        """The place is a container that holds nothing else."""
        self._place, self._draw, self._begun = place, draw, False

    def from_a_part(self) -> Callable[[], None]:
        """What a part that is being built has to call whenever it is drawn: each draws at the start of the place."""
        place = from_its_beginning(self._place)

        def draw() -> None:
            with place, st.container():  # drawn in any case: see `from_its_beginning`
                if self._begun:
                    with suppress(DuplicateWidgetID):  # several moved in one run: the first drew it with all values
                        self._draw()

        return draw

    def begin(self) -> None:
        """Draw it for the first time, now that all its controls are there."""
        self._begun = True
        part(PICTURE, self.from_a_part())
