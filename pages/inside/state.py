"""One lock for a session's state, whichever of its runs asks.

Streamlit gives each run a lock of its own over the one state of the session. A new run begins while the last one is
still ending, and both change the state: "dictionary changed size during iteration".
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from streamlit.runtime.state import SafeSessionState, SessionState


def share_one_lock() -> None:
    """Let all runs of a session share a lock, and the last of them alone drop what no run has drawn."""
    begin, finish = SafeSessionState.__init__, SafeSessionState.on_script_finished

    @wraps(begin)
    def __init__(self: SafeSessionState, state: SessionState, yield_callback: Callable[[], None]) -> None:
        begin(self, state, yield_callback)
        shared = vars(state.query_params)  # the one part of a state that has room for more
        object.__setattr__(self, "_lock", shared.setdefault("lock", self._lock))
        if hasattr(yield_callback, "__self__"):  # a run, which can be asked to stop, and not a mere reader
            shared["run"] = id(self)

    @wraps(finish)
    def on_script_finished(self: SafeSessionState, *args: Any, **more: Any) -> None:
        with self._lock:
            if vars(self._state.query_params).get("run", id(self)) == id(self):
                finish(self, *args, **more)

    SafeSessionState.__init__ = __init__  # type: ignore[method-assign]
    SafeSessionState.on_script_finished = on_script_finished  # type: ignore[method-assign]
