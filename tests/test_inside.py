"""What is relied on of Streamlit's inside: whatever a new release changes of it, one of these says so."""

import asyncio
import inspect
import logging
import re
import socket
import subprocess
import sys
import tomllib
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import streamlit as st
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from streamlit import config
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner
from streamlit.runtime.scriptrunner_utils import script_run_context
from streamlit.runtime.state import SafeSessionState, SessionState
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette import starlette_routes, starlette_server
from websockets.sync.client import connect

from pages.inside import files, start, state
from pages.inside.connection import AtOnce
from tests.test_architecture import MODULES, SCRIPTS, imports, within

ROOT = Path(__file__).parent.parent


@pytest.fixture
def a_lock_each(monkeypatch):
    """As Streamlit has it, though another test may have begun the app."""
    for name in ("__init__", "on_script_finished"):
        monkeypatch.setattr(SafeSessionState, name, inspect.unwrap(getattr(SafeSessionState, name)))


@pytest.fixture
def one_lock(a_lock_each):
    state.share_one_lock()


def run_of(shared):
    """How a run of a session sees its state, as Streamlit makes it."""
    unused = ("session_id", "main_script_path", "uploaded_file_mgr", "script_cache", "user_info", "fragment_storage",
              "pages_manager", "event_loop")  # fmt: skip
    runner = ScriptRunner(session_state=shared, initial_rerun_data=RerunData(), **dict.fromkeys(unused))
    return runner._session_state


class Interrupted(dict):
    """What a run that ends asks of each value; the first time another run begins."""

    def __init__(self, other, seconds):
        self.seconds = seconds
        self.beginning = Thread(target=other.on_script_will_rerun, args=(WidgetStates(),))

    def get(self, key, default=None):
        if self.beginning.ident is None:
            self.beginning.start()
            self.beginning.join(self.seconds)
        return default


def end_while_another_begins(seconds):
    """The end gives the other so long; behind a lock it has to wait for the end."""
    shared = SessionState(_old_state={"one": 1, "two": 2}, _new_session_state={"three": 3})
    begins, ends = run_of(shared), run_of(shared)
    shared._new_widget_state.widget_metadata = asked = Interrupted(begins, seconds)
    try:
        ends.on_script_finished(frozenset())
    finally:
        asked.beginning.join()
    return shared


@pytest.mark.usefixtures("a_lock_each")
def test_streamlit_itself_still_lets_two_runs_change_one_state():
    """Once it does not, `pages/inside/state.py` can go."""
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        end_while_another_begins(20)


@pytest.mark.usefixtures("one_lock")
def test_a_run_that_begins_waits_for_the_one_that_ends():
    assert end_while_another_begins(0.3)._old_state == {"one": 1, "two": 2, "three": 3}


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


def test_the_app_begins_with_one_lock_and_sends_at_once():
    asked = (
        "import app; from streamlit.runtime.state import SafeSessionState;"
        " print(hasattr(SafeSessionState.__init__, '__wrapped__'), app.app._user_middleware[0].cls.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split()[-2:] == ["True", AtOnce.__name__]


def at_once(receive):
    """Whether what is sent on a connection leaves at once."""
    connection = receive.__self__.transport.get_extra_info("socket")
    return str(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)


async def page(request):
    return PlainTextResponse(at_once(request.receive))


async def tab(websocket):
    await websocket.accept()
    await websocket.send_text(at_once(websocket._receive))
    await websocket.close()


@contextmanager
def serving(*middleware):
    """The address of a server as `streamlit run` starts it."""
    app = Starlette(routes=[Route("/", page), WebSocketRoute("/", tab)], middleware=map(Middleware, middleware))
    settings = uvicorn.Config(app, **starlette_server._get_uvicorn_config_kwargs(), log_level="error")
    server = uvicorn.Server(settings)
    listening = starlette_server._bind_socket("127.0.0.1", 0, settings.backlog)
    thread = Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def told(place):
    """What a page and a tab say."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{place}/", timeout=20) as answer, connect(f"ws://{place}/", proxy=None) as tab:
        return answer.read().decode(), tab.recv(timeout=20)


def test_streamlits_own_connections_still_let_small_messages_wait():
    """Once they do not, `pages/inside/connection.py` can go."""
    with serving() as place:
        assert told(place) == ("False", "False")


def test_what_is_sent_leaves_at_once():
    with serving(AtOnce) as place:
        assert told(place) == ("True", "True")


def test_streamlits_page_and_files_are_where_we_look():
    assert files.page().count(files.ROOT) == 1 and len(files.scripts_in_the_page()) == 1
    assert files.font()[:4] == b"wOF2" and files.plotly().stat().st_size > 4e6
    core = starlette_routes.BASE_ROUTE_CORE
    assert f"/{starlette_routes.BASE_ROUTE_UPLOAD_FILE}" == files.UPLOADS and f"/{core}/health" == files.HEALTH
    assert f"/{core}/metrics" == files.METRICS and f"/{starlette_routes.BASE_ROUTE_STATIC}/" == files.FILES


def test_a_menu_that_was_made_once_is_known(monkeypatch):
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    logger = logging.getLogger(script_run_context.__name__)
    monkeypatch.setattr(logger, "level", logger.level)
    start.know_menu({"Section": [st.Page(str, title="A page")]})
    assert PagesManager.uses_pages_directory is False
    assert script_run_context._LOGGER is logger and not logger.isEnabledFor(logging.WARNING)


HIDDEN = {  # options that no help names, in .streamlit/config.toml
    "global.minCachedMessageSize",
    "logger.hideWelcomeMessage",
    "runner.postScriptGC",
    "server.maxWidgetStateSize",
}


def test_every_option_is_known_and_those_that_no_help_names_are_listed():
    sections = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    given = {f"{name}.{option}" for name, options in sections.items() for option in leaves(options)}
    known = config.get_config_options()
    assert given - known.keys() == set()
    assert {name for name in given if known[name].visibility == "hidden"} == HIDDEN


def leaves(options):
    """The options of a section, and of those within it."""
    for name, value in options.items():
        yield from (f"{name}.{inner}" for inner in leaves(value)) if isinstance(value, dict) else [name]


def test_what_is_drawn_in_a_place_from_its_beginning_stands_there_alone():
    def script():
        import streamlit as st

        from pages.inside.place import from_its_beginning

        place = st.container()
        for text in ("first", "second"):
            with from_its_beginning(place):
                st.text(text)

    assert [text.value for text in AppTest.from_function(script).run().text] == ["second"]


PROMISED = ("streamlit.delta_generator.DeltaGenerator", "streamlit.errors")  # by the documentation


@pytest.mark.parametrize("module", [module for module in MODULES if not module.startswith("pages.inside")])
def test_no_other_module_reaches_into_streamlit(module):
    reached = [name for name in imports(module) if within(name, "streamlit")]
    assert [name for name in reached if name != "streamlit" and not name.startswith(PROMISED)] == []


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if path.parent.name != "inside"], ids=lambda path: path.name
)
def test_no_other_script_names_what_streamlit_or_plotly_has_inside(script):
    inside = r"\.st[A-Z]\w+|data-?[tT]est|st-key-|vite:|\b_full|_input\b|PlotSchema|main-svg|globalThis\.Plotly"
    assert re.findall(inside, script.read_text(encoding="utf-8")) == []
