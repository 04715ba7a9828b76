"""One run of a page: it draws controls, lets the picture follow each of them, and reads what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.controls import export
from pages.controls.choices import Choices, State, of_session
from pages.controls.codec import Controls, Values, parse, text
from pages.controls.control import Control
from pages.controls.parts import TAKE_AWAY, Picture, part, redraw
from pages.controls.widgets import widget


class Visit:
    """What a page draws its controls with; a part that is drawn again does so with the visit that it was built in.

        with Visit(address, controls) as visit:
            with visit.followed_by(place, picture):
                visit.draw("w", "T")
            visit.read()

    Every widget is bound to the URL, and every slider also takes an exact number.
    """

    def __init__(
        self, page: str, controls: Controls, along: Mapping[str, Sequence[str]] = MappingProxyType({})
    ) -> None:
        """Enter a page, with what goes along from another one; a strange address is corrected first."""
        self.controls = controls
        self.choices: Choices = of_session()
        self._picture: Picture | None = None
        self.choices.enter(page, controls, along)
        if self.choices.fresh:
            self._mend(self.choices.adopt(controls, {key: st.query_params.get_all(key) for key in st.query_params}))

    def _mend(self, address: dict[str, str | None]) -> None:
        for key, said in address.items():
            if said is None:
                del st.query_params[key]
            else:
                st.query_params[key] = said
        if address:
            st.rerun()

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """A run that Streamlit breaks off is none; what a fault has left of a page is the page."""
        if kind is None or issubclass(kind, Exception):
            self.choices.end()

    def draw(self, *keys: str) -> Any:
        """Draw controls where the page is writing now; the value of the last."""
        value = None
        for key in keys:
            control = self.controls[key]
            if control.kind == "slider":
                picture = self._picture.from_a_part() if self._picture else None
                part(_row(key), self._slider_and_box, control, picture)
                value = self.choices.value(self.controls, key)
            elif control.kind == "text":
                value = self.widget(key, on_change=self._take_text, args=(control,))
            else:
                value = self.widget(key)
        return value

    def draw_first(self, key: str, first: int) -> Any:
        """Draw a choice with its first options, and all once they are asked for, or one of the others is chosen."""
        options = self.controls[key].options
        further = {self.choices.value(self.controls, key)} - {*options[:first]}
        if self.choices.unfold(key, further):
            return self.draw(key)
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key=f"first_{key}"):
            value = self.widget(key, options=options[:first])
            st.button("more…", key=f"more_{key}", type="tertiary", on_click=self.choices.open, args=(key,))
        return value

    def widget(self, key: str, options: tuple[str, ...] = (), **more: Any) -> Any:
        """Draw a control's widget alone: a slider without its box, and nothing follows it."""
        control = replace(self.controls[key], options=options or self.controls[key].options)

        def draw(opens: Any, bound: bool, stands: Any) -> Any:
            label = control.label if bound else f"{control.label} (slider ends at {text(stands).replace('-', '−')})"
            return widget(replace(control, default=opens, label=label), bound, **more)

        return self.choices.draw(control, draw, self.choices.top(self.controls, key))

    def box(self, label: str, key: str, value: float, **more: Any) -> None:
        """The number of a slider as text: a number box would drop what it does not know, such as a real minus sign."""
        said = text(value)
        if st.session_state.get(_box(key), said) != said:
            self.choices.put(_box(key), said)  # the slider holds the truth
        st.text_input(
            label, said, key=_box(key), label_visibility="collapsed", autocomplete="off", width=84, **more
        )  # on another page the box is a new one, and begins with this value

    @contextmanager
    def fold(self, label: str, *keys: str) -> Iterator[None]:
        """Controls that a beginner need not meet: open as the reader left it, or when a link or scenario uses one."""
        used = {key for key in keys if key in self.controls and self.chosen(key) != self.controls[key].default}
        is_open = self.choices.unfold(label, used)
        key = f"fold_{label}"
        st.session_state[key] = is_open
        fold = st.expander(label, key=key, on_change=self.choices.fold, args=(label, key))
        with fold:
            yield

    def chosen(self, key: str) -> Any:
        """What the reader decided of a control, whether it is drawn or not."""
        return self.choices.chosen.get(key, self.controls[key].default)

    @contextmanager
    def followed_by(self, place: DeltaGenerator, draw: Callable[[], None]) -> Iterator[None]:
        """Draw controls that drive a picture, and then the picture, in a container that holds nothing else."""
        self._picture = Picture(place, draw)
        yield
        self._picture.begin()
        self._picture = None  # what is drawn from now on moves no picture

    def read(self) -> Values:
        """The values of all controls, once they are drawn; and tell what there is to tell of them."""
        values = self.choices.read(self.controls)
        if self.choices.note:
            # lies over the page for ten seconds, so nothing moves when it comes or goes
            st.toast(self.choices.note, icon=":material/info:", duration="long")
            self.choices.note = ""
        return values

    def _slider_and_box(self, control: Control, picture: Callable[[], None] | None) -> None:
        self.widget(control.key, on_change=self._moved, args=(control,))
        self.box(
            f"{control.label}, exactly", control.key, self._exact(control), on_change=self._take_exact, args=(control,)
        )
        if picture:
            picture()

    def _exact(self, control: Control) -> float:
        """A slider's number, on its scale or beyond."""
        return min(self.choices.value(self.controls, control.key), self.choices.top(self.controls, control.key))

    def _moved(self, control: Control) -> None:
        """A slider's row draws itself and the picture in the same run; what hangs on it is seldom there."""
        late = self.choices.state(control.key) is State.LATE and self.choices.moved() != {control.key}
        if late:
            self.choices.keep(control.key)
        if late or export.is_open() or self._after(control):
            self._redraw_moved(control)

    def _after(self, control: Control) -> list[str]:
        """The rows of this page that go up to a slider's value."""
        return [
            key for key, other in self.controls.items() if other.upto == control.key and _box(key) in st.session_state
        ]

    def _take_exact(self, control: Control) -> None:
        """Any number inside the range, on a step or not; what is taken otherwise than it was written, is said."""
        said, now = st.session_state.get(_box(control.key)), self._exact(control)
        first, last = control.limits
        control = replace(control, typed=(first, min(last, self.choices.top(self.controls, control.key))))
        # while a key is held the box lags behind its slider, and Streamlit takes that for a reader's edit
        late = self.choices.is_late(_box(control.key)) or self.choices.has_moved(control.key)
        if said is None or late or not said.strip():  # none, where its page is just going; empty is no answer
            return
        value, note = parse(control, said, now=now)
        if note:
            self.choices.tell(note)
        if value != now:
            self.choices.apply({control.key: value})
            self._redraw_moved(control)

    def _take_text(self, control: Control) -> None:
        """What is too long is cut, and that is said."""
        value, note = parse(control, st.session_state[control.key])
        if note:
            self.choices.tell(note)
            self.choices.apply({control.key: value})

    def _redraw_moved(self, control: Control) -> None:
        """Draw again all that has changed with this control, and what is unfolded below.

        Several controls may have changed since the last run, and the rows named here are the only ones that are drawn.
        """
        keys = sorted(self.choices.moved() | {control.key})
        keys += [key for moved in keys for key in self._after(self.controls[moved]) if key not in keys]
        rows = [_row(key) for key in keys if _box(key) in st.session_state]
        if len(rows) < len(keys):  # a menu has no row of its own: the whole page
            rows = []
        elif export.is_open():
            rows.append(TAKE_AWAY)
        redraw(*rows)


def _row(key: str) -> str:
    return f"row of {key}"


def _box(key: str) -> str:
    return f"{key}_exact"
