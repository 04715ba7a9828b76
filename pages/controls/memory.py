"""What a session remembers of the reader's choices, so that going to another page and back keeps them.

Streamlit drops from the URL whatever equals the page's default, and forgets a widget that is not drawn.
So the session keeps what the reader chose, and a control that appears again is set to it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.controls.control import Control
from pages.controls.url import combined, judge, written


@dataclass
class _Memory:
    page: str = ""
    fresh: bool = True  # no run has come to its end yet: the URL decides, through Streamlit
    chosen: dict[str, Any] = field(default_factory=dict)  # what the reader decided, on any page
    pending: set[str] = field(default_factory=set)  # controls that get what was chosen when they are drawn next
    seen: dict[str, Any] = field(default_factory=dict)  # the values of this page's last run
    drawn: set[str] = field(default_factory=set)  # by this page's last complete run
    drawing: set[str] = field(default_factory=set)  # by this run, so far
    note: str = ""


def _memory() -> _Memory:
    return st.session_state.setdefault("_memory", _Memory())


def enter(page: str, controls: Mapping[str, Control], defaults: Mapping[str, Any] = {}) -> dict[str, Control]:
    """Begin a page's run: its controls with the page's own defaults, and the URL checked."""
    own = {key: replace(control, default=defaults.get(key, control.default)) for key, control in controls.items()}
    memory = _memory()
    memory.drawing = set()
    if memory.page != page:
        memory.page, memory.drawn, memory.seen, memory.pending = page, set(), {}, set()
    if memory.fresh:
        _check_url(memory, own)
    return own


def _check_url(memory: _Memory, controls: Mapping[str, Control]) -> None:
    """Correct the address if need be, and start over with the corrected one."""
    notes = []
    for key in sorted(controls.keys() & set(st.query_params)):
        memory.chosen[key], note = judge(controls[key], st.query_params.get_all(key))
        if note:
            st.query_params[key] = written(memory.chosen[key])
            notes.append(note)
    if notes:
        memory.note = combined(notes)
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
    st.session_state[key] = value
    if value != control.default:
        with suppress(StreamlitAPIException):  # Streamlit writes into the URL only what it has drawn before
            st.query_params[key] = written(value)


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


def has_moved(key: str) -> bool:
    """Whether a control has changed since it was last read."""
    return st.session_state[key] != _memory().seen.get(key)


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
