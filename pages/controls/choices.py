"""What a reader has chosen: kept for the session, given to the widgets of the page that is open, and read from them.

Streamlit alone would lose it. It forgets a widget that a page does not draw, drops from the address whatever is the
page's own default, and lets a late message of the browser undo what a page has set.

A run of a page; a part of the page that is drawn again takes only the two steps in the middle:

    fresh ─────▶ entered ──draw──▶ drawn ──read──▶ read ──end──▶ whole
    the address     ▲                                              │
    speaks          └──────────────────── enter ───────────────────┘

A control on the open page. What was chosen of it outlives all five states, and other pages:

    ABSENT   ──draw: gets what was chosen──────────▶ DRAWN
    DRAWN    ──the browser reports another value───▶ MOVED, or LATE if that is what the widget was set from just now
    MOVED    ──read: is chosen─────────────────────▶ DRAWN
    any      ──apply: another value is chosen──────▶ PENDING
    LATE     ──keep: what was chosen stays─────────▶ PENDING
    PENDING  ──draw: gets what was chosen──────────▶ DRAWN
    any      ──a whole run without it, or another page──▶ ABSENT
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from time import monotonic
from types import MappingProxyType
from typing import Any, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.controls.codec import Controls, Texts, Values, combined, parse, parse_all, text
from pages.controls.control import Control

Drawn = TypeVar("Drawn")

_LATE = 1.5  # s; a message is seldom longer on its way
_OF_ONE_VISIT = ("held", "challenge")


class State(Enum):
    """Of a control on the open page."""

    ABSENT = "has no widget"
    DRAWN = "has a widget, whose value was read"
    MOVED = "has a widget with another value since"
    LATE = "has a widget with the value that was taken from it just before"
    PENDING = "has a widget that gets what was chosen when it is drawn next"


@dataclass(repr=False)
class Choices:
    """A session's choices, and how they stand to the widgets of its page."""

    widgets: MutableMapping[Any, Any]  # by key: their values, as in Streamlit's session state
    address: MutableMapping[str, str]  # what the browser shows of them
    clock: Callable[[], float] = monotonic
    page: str = ""
    given: Texts | None = None  # what the next page begins with, instead of all that was chosen
    chosen: Values = field(default_factory=dict)  # by the reader, on this page
    scenario: str = ""  # that the page was set to last
    note: str = ""  # to the reader, once the page is drawn
    _left: dict[str, Values] = field(default_factory=dict)  # by page: what was chosen there
    _unread: bool = True  # no run has come to its end
    _seen: Values = field(default_factory=dict)  # by this page's last reading
    _drawn: set[str] = field(default_factory=set)  # by this page's last whole run
    _drawing: set[str] = field(default_factory=set)  # by its present run
    _pending: set[str] = field(default_factory=set)
    _ends: Values = field(default_factory=dict)  # where sliders stand for what lies beyond their ends
    _loose: set[str] = field(default_factory=set)  # whose choice their widget cannot carry into the address
    _open: dict[str, bool] = field(default_factory=dict)  # folds, on any page
    _used: dict[str, set[str]] = field(default_factory=dict)  # by a fold when it was last drawn: the choices in it
    _replaced: dict[tuple[str, Any], float] = field(default_factory=dict)  # when a widget lost a value to another

    def state(self, key: str) -> State:
        """Where a control stands."""
        if key not in self._drawn:
            return State.ABSENT
        if key in self._pending:
            return State.PENDING
        if not self.has_moved(key):
            return State.DRAWN
        return State.LATE if self.is_late(key) else State.MOVED

    @property
    def fresh(self) -> bool:
        """Whether all that there is comes from the address."""
        return self._unread and self.given is None

    # a run, from its begin to its end

    def enter(self, page: str, controls: Controls, along: Mapping[str, Sequence[str]] = MappingProxyType({})) -> None:
        """Begin a run of a page, with what it was given or else with what was chosen there before.

        `along`: by the page that one comes from, the choices that go along.
        """
        if page != self.page and self.page:
            self._turn(page, along.get(self.page, ()))
        if page != self.page or self.given is not None:
            self._drawn, self._pending, self._loose, self._seen, self._ends = set(), set(), set(), {}, {}
        self.page, self._drawing = page, set()
        if self.given is not None:
            parsed = parse_all(controls, self.given)
            self.chosen = {key: value for key, (value, _) in parsed.items()}
            self.note = combined(note for _, note in parsed.values())
            self.given, self._unread = None, False

    def _turn(self, page: str, along: Sequence[str]) -> None:
        """Leave a page for another one."""
        self._left[self.page] = {key: value for key, value in self.chosen.items() if key not in _OF_ONE_VISIT}
        brought = {key: self.chosen[key] for key in along if key in self.chosen}
        there = self._left.get(page, {})
        self.chosen, self.scenario = there | brought, ""
        if any(there.get(key) != value for key, value in brought.items()):
            names = ", ".join(f"{key} = {text(value)}" for key, value in brought.items())
            self.tell(f"{names} came along. Reset brings this page’s own settings.")

    def reset(self, controls: Controls) -> None:
        """From a callback: let a page begin anew."""
        for key in controls:
            self.chosen.pop(key, None)
        for key in _OF_ONE_VISIT:
            self.choose_unshown(key, "")
        self._pending |= controls.keys()
        self.scenario = ""

    def adopt(self, controls: Controls, said: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
        """Choose what a fresh address says, as often as it says it; what it has to say instead, None for nothing."""
        notes, better = [], {}
        for key in sorted(controls.keys() & said.keys()):
            self.chosen[key], note = parse(controls[key], *said[key])
            notes.append(note)
            value = self.chosen[key]
            if note or text(value) != said[key][-1]:  # Streamlit reads 1,5 as no number
                better[key] = None if value is None else text(value)
        self.note = combined(notes) or self.note
        return better

    def draw(self, control: Control, widget: Callable[..., Drawn], top: float = inf) -> Drawn:
        """Draw a control's widget, with what was chosen where that is for us to say: an address speaks for itself.

        The widget is told what it opens with, and whether it is bound to the address: not while it stands at its end
        for a choice beyond. `top` is the value of the control up to which it goes.
        """
        key, state = control.key, self.state(control.key)
        ours = state is State.PENDING or (state is State.ABSENT and not self.fresh)
        there = state is not State.ABSENT and key in self.widgets
        value = self._value(control, top) if there and not ours else self._chosen(control, top)
        shown = control.shown(value, top)
        bound = shown == value or value == control.default
        if ours or (there and shown != self.widgets[key]) or bound == (key in self._loose):
            self.put(key, shown)
            if bound and value != control.default:
                self._say(key, value)
        opens = control.shown(control.default, top)
        drawn = widget(opens, bound, shown)  # may break off: then the next run gives it its value once more
        if bound:
            self._loose.discard(key)
        else:
            self._loose.add(key)
            self._say(key, value)
        self._ends.pop(key, None)
        if shown != value:
            self._ends[key] = shown
        self._pending.discard(key)
        self._drawing.add(key)
        return drawn

    def _say(self, key: str, value: Any) -> None:
        with suppress(StreamlitAPIException):  # Streamlit writes into the URL only what it has drawn before
            self.address[key] = text(value)

    def read(self, controls: Controls) -> Values:
        """All values, once the page has drawn its controls; those not drawn have what was chosen, or their default."""
        values = {}
        self._drawn &= self._drawing  # what this run has not drawn is gone
        for key, control in controls.items():
            before = self.chosen.get(key, control.default)
            value = values[key] = self.value(controls, key)
            # a default is a choice only if the reader came back to it
            if {value, before} != {control.default}:
                self.chosen[key] = value
        self._seen |= {key: self.widgets[key] for key in controls if key in self._drawing}
        return values

    def value(self, controls: Controls, key: str) -> Any:
        """What is chosen of a control now, whether it is drawn or not."""
        control, top = controls[key], self.top(controls, key)
        if key in (self._drawing | self._drawn) - self._pending and key in self.widgets:
            return self._value(control, top)
        return self._chosen(control, top)

    def top(self, controls: Controls, key: str) -> Any:
        """The value of the control up to which another one goes."""
        upto = controls[key].upto
        return self.value(controls, upto) if upto in controls else inf

    def _chosen(self, control: Control, top: float) -> Any:
        return control.meant(self.chosen.get(control.key, control.default), top)

    def _value(self, control: Control, top: float) -> Any:
        """What a widget says; at an end, where it stands for more, that."""
        said = self.widgets[control.key]
        return self._chosen(control, top) if said == self._ends.get(control.key) else control.meant(said, top)

    def end(self) -> None:
        """End a run that has drawn the whole page: from now on its widgets keep their values."""
        self._drawn, self._unread = self._drawing, False

    def keep_in_address(self, controls: Controls) -> None:
        """Write what was chosen of controls that are not drawn: only a drawn one has a widget that does so."""
        for key, control in controls.items():
            value = self.chosen.get(key, control.default)
            with suppress(StreamlitAPIException):  # a widget's
                if value == control.default:
                    self.address.pop(key, None)
                elif self.address.get(key) != text(value):
                    self.address[key] = text(value)

    def tell(self, note: str) -> None:
        """Let the reader know of something once the page is drawn."""
        self.note = combined([note])

    # between two runs, in a widget's callback

    def apply(self, values: Mapping[str, Any]) -> None:
        """Choose for the reader: by a scenario's button, a tap, a box. Widgets and URL follow when they are drawn.

        Only then does Streamlit carry a value into the URL.
        """
        self.chosen |= values
        self._pending |= values.keys()

    def keep(self, key: str) -> None:
        """Let a control have once more what was chosen last, whatever the browser says."""
        self._pending.add(key)

    def moved(self) -> set[str]:
        """The controls that have changed since they were last read, or are to change."""
        return {key for key in self._drawn if self.state(key) is not State.DRAWN}

    def has_moved(self, key: str) -> bool:
        """Whether a control has another value than was last read."""
        return self.widgets.get(key) != self._seen.get(key)

    def choose_unshown(self, key: str, said: str) -> None:
        """Choose what no widget shows; "" takes it back."""
        if said:
            self.chosen[key] = self.address[key] = said
        else:
            self.chosen.pop(key, None)
            self.address.pop(key, None)

    # folds of controls

    def unfold(self, name: str, used: set[str]) -> bool:
        """Whether a fold is open: as it was left, and where a choice in it is new."""
        self._open[name] = self._open.get(name, False) or not used <= self._used.get(name, set())
        self._used[name] = used
        return self._open[name]

    def fold(self, name: str, widget: str) -> None:
        """From a callback: the reader has opened or closed a fold."""
        self._open[name] = self.widgets[widget]

    def open(self, name: str) -> None:
        """From a callback: open what only opens."""
        self._open[name] = True

    # widgets, which may also be a control's box

    def put(self, key: str, value: Any) -> None:
        """Set a widget that is about to be drawn."""
        now = self.clock()
        self._replaced = {what: when for what, when in self._replaced.items() if now - when < _LATE}
        self._replaced[key, self.widgets.get(key)] = now
        self.widgets[key] = value

    def is_late(self, key: str) -> bool:
        """Whether a widget reports the value that it had before it was set: the browser had not heard of that yet."""
        return self.clock() - self._replaced.get((key, self.widgets.get(key)), -inf) < _LATE


def of_session() -> Choices:
    """The choices of whoever is visiting."""
    if "_choices" not in st.session_state:
        st.session_state["_choices"] = Choices(st.session_state, st.query_params)
    return st.session_state["_choices"]
