"""What is relied on of Streamlit's inside: whatever a new release changes of it, one of these says so."""

import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner
from streamlit.runtime.state import SafeSessionState, SessionState

from pages.inside import state

ROOT = Path(__file__).parent.parent


@pytest.fixture
def one_lock(monkeypatch):
    for name in ("__init__", "on_script_finished"):
        monkeypatch.setattr(SafeSessionState, name, getattr(SafeSessionState, name))
    state.share_one_lock()


def run_of(shared):
    """How a run of a session sees its state, as Streamlit makes it."""
    unused = ("session_id", "main_script_path", "uploaded_file_mgr", "script_cache", "user_info", "fragment_storage",
              "pages_manager", "event_loop")  # fmt: skip
    runner = ScriptRunner(session_state=shared, initial_rerun_data=RerunData(), **dict.fromkeys(unused))
    return runner._session_state


class Interrupted(dict):
    """What a run that ends asks of each value; the first time another run begins."""

    def __init__(self, other):
        self.beginning = Thread(target=other.on_script_will_rerun, args=(WidgetStates(),))

    def get(self, key, default=None):
        if self.beginning.ident is None:
            self.beginning.start()
            self.beginning.join(0.3)  # s; behind the lock it has to wait
        return default


def end_while_another_begins():
    shared = SessionState(_old_state={"one": 1, "two": 2}, _new_session_state={"three": 3})
    begins, ends = run_of(shared), run_of(shared)
    shared._new_widget_state.widget_metadata = asked = Interrupted(begins)
    try:
        ends.on_script_finished(frozenset())
    finally:
        asked.beginning.join()
    return shared


def test_streamlit_itself_still_lets_two_runs_change_one_state():
    """Once it does not, `pages/inside/state.py` can go."""
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        end_while_another_begins()


@pytest.mark.usefixtures("one_lock")
def test_a_run_that_begins_waits_for_the_one_that_ends():
    assert end_while_another_begins()._old_state == {"one": 1, "two": 2, "three": 3}


@pytest.mark.usefixtures("one_lock")
def test_a_run_that_ends_late_leaves_the_state_to_the_next(monkeypatch):
    shared, dropped = SessionState(), []
    first, last = run_of(shared), run_of(shared)
    monkeypatch.setattr(SessionState, "_remove_stale_widgets", lambda self, kept: dropped.append(kept))
    SafeSessionState(shared, lambda: None)  # who only reads is no run
    first.on_script_finished(frozenset({"first"}))
    assert dropped == []
    last.on_script_finished(frozenset({"last"}))
    assert dropped == [{"last"}]


def test_the_app_begins_with_one_lock():
    asked = "import app; from streamlit.runtime.state import SafeSessionState as s; print(s.__init__.__module__)"
    found = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split()[-1] == state.__name__
