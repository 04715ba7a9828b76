"""What a session remembers of the reader's choices, so that going to another page and back keeps them.

Streamlit drops from the URL whatever equals the page's default, and forgets a widget that is not drawn.
So the session keeps what the reader chose, and a control that appears again is set to it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.controls.codec import combined, parse, parse_all, text
from pages.controls.control import Control


@dataclass
class _Memory:
    page: str = ""
    fresh: bool = True  # no run has come to its end yet: the URL decides, through Streamlit
    chosen: dict[str, Any] = field(default_factory=dict)  # what the reader decided, on any page
    pending: set[str] = field(default_factory=set)  # controls that get what was chosen when they are drawn next
    seen: dict[str, Any] = field(default_factory=dict)  # the values of this page's last run
    drawn: set[str] = field(default_factory=set)  # by this page's last complete run
    drawing: set[str] = field(default_factory=set)  # by this run, so far
    put_away: dict[tuple[str, Any], float] = field(default_factory=dict)  # when a widget lost a value to another
    given: Mapping[str, str] | None = None  # an address's settings, which the next page begins with
    note: str = ""


_LATE = 1.5  # s; a message is seldom longer on its way
_OF_ONE_PAGE = ("held", "challenge")


def _memory() -> _Memory:
    return st.session_state.setdefault("_memory", _Memory())


def enter(page: str, controls: Mapping[str, Control]) -> None:
    """Begin a page's run: the URL checked."""
    memory = _memory()
    memory.drawing = set()
    if memory.page != page:
        if not memory.fresh:
            for key in _OF_ONE_PAGE:
                memory.chosen.pop(key, None)
        memory.page, memory.drawn, memory.seen, memory.pending = page, set(), {}, set()
    if memory.given is not None:
        _begin_anew(memory, controls)
    elif memory.fresh:
        _check_url(memory, controls)


def begin(settings: Mapping[str, str]) -> None:
    """Let the next page begin with these settings and no others, as if they stood in its address."""
    _memory().given = settings


def is_fresh() -> bool:
    """Whether no page has been drawn yet: what there is comes from the address."""
    return _memory().fresh and _memory().given is None


def begins_anew() -> bool:
    """Whether the page that is about to enter begins with settings that it was given."""
    return _memory().given is not None


def tell(note: str) -> None:
    """Let the reader know of something once the page is drawn."""
    _memory().note = combined([note])


def _begin_anew(memory: _Memory, controls: Mapping[str, Control]) -> None:
    parsed = parse_all(controls, memory.given)
    memory.chosen = {key: value for key, (value, _) in parsed.items()}
    memory.note = combined(note for _, note in parsed.values())
    memory.drawn, memory.seen, memory.pending = set(), {}, set()
    memory.given, memory.fresh = None, False


def _check_url(memory: _Memory, controls: Mapping[str, Control]) -> None:
    """Correct the address if need be, and start over with the corrected one."""
    notes, corrected = [], False
    for key in sorted(controls.keys() & set(st.query_params)):
        given = st.query_params.get_all(key)
        memory.chosen[key], note = parse(controls[key], *given)
        notes.append(note)
        if note or text(memory.chosen[key]) != given[-1]:  # Streamlit reads 1,5 as no number
            st.query_params[key] = text(memory.chosen[key])
            corrected = True
    if corrected:
        memory.note = combined(notes) or memory.note
        st.rerun()


def prepare(control: Control) -> None:
    """Give a widget that is about to be drawn the value it must have, if that is for us to say."""
    memory = _memory()
    key = control.key
    memory.drawing.add(key)
    new = key not in memory.drawn and not memory.fresh  # while fresh, the URL speaks
    if not new and key not in memory.pending:
        return
    memory.pending.discard(key)
    value = memory.chosen.get(key, control.default)
    put(key, value)
    if value != control.default:
        with suppress(StreamlitAPIException):  # Streamlit writes into the URL only what it has drawn before
            st.query_params[key] = text(value)


def put(key: str, value: Any) -> None:
    """Set a widget that is about to be drawn."""
    memory, now = _memory(), monotonic()
    memory.put_away = {which: when for which, when in memory.put_away.items() if now - when < _LATE}
    memory.put_away[key, st.session_state.get(key)] = now
    st.session_state[key] = value


def is_late(key: str) -> bool:
    """Whether a widget reports the value that it had before it was set: the browser had not heard of that yet."""
    return monotonic() - _memory().put_away.get((key, st.session_state.get(key)), -inf) < _LATE


def keep(key: str) -> None:
    """Let a widget have once more what was chosen last, whatever the browser says."""
    memory = _memory()
    if key in memory.seen:  # else the page has just begun anew, with what was chosen for it
        memory.chosen[key] = memory.seen[key]
    memory.pending.add(key)


def read(controls: Mapping[str, Control]) -> dict[str, Any]:
    """All values, once the page has drawn its controls; those not drawn have what they had, or a default."""
    memory = _memory()
    for key, control in controls.items():
        if key not in memory.drawing:
            memory.seen[key] = memory.chosen.get(key, control.default)
            continue
        value = memory.chosen[key] if key in memory.pending else st.session_state[key]
        # a default is a choice only if the reader came back to it
        if value != control.default or memory.seen.get(key, value) != value:
            memory.chosen[key] = value
        memory.seen[key] = value
    memory.drawn, memory.fresh = memory.drawing, False
    if memory.note:
        # lies over the page for ten seconds, so nothing moves when it comes or goes
        st.toast(memory.note, icon=":material/info:", duration="long")
        memory.note = ""
    return {key: memory.seen[key] for key in controls}


def keep_in_address(controls: Mapping[str, Control]) -> None:
    """Write what was chosen of controls that are not drawn: only a drawn one has a widget that does so."""
    memory = _memory()
    for key in controls.keys() - memory.drawing:
        value = memory.chosen.get(key, controls[key].default)
        with suppress(StreamlitAPIException):
            if value == controls[key].default:
                st.query_params.pop(key, None)
            elif st.query_params.get(key) != text(value):
                st.query_params[key] = text(value)


def has_moved(key: str) -> bool:
    """Whether a control has changed since it was last read."""
    return st.session_state.get(key) != _memory().seen.get(key)


def moved() -> set[str]:
    """The controls that have changed since they were last read, or are to change."""
    memory = _memory()
    return memory.pending | {key for key in memory.drawn if has_moved(key)}


def apply(values: Mapping[str, Any]) -> None:
    """Set several controls from a callback (a scenario's button, a tap, a box); the URL follows.

    They get their values when they are drawn next: only then does Streamlit carry them into the URL.
    """
    memory = _memory()
    memory.chosen.update(values)
    memory.pending |= values.keys() & memory.drawn


def chosen(key: str, default: Any) -> Any:
    """What the reader decided of a control, whether it is drawn or not."""
    return _memory().chosen.get(key, default)


def note(key: str, said: str) -> None:
    """Set, from a callback, what no widget shows; "" takes it back."""
    memory = _memory()
    if said:
        memory.chosen[key] = st.query_params[key] = said
    else:
        memory.chosen.pop(key, None)
        st.query_params.pop(key, None)
