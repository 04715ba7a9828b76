"""A server and a browser for each module of tests that needs them."""

import pytest

from tests.server import browsing, serving
from tests.visits import DESK, PHONE, Watched


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server") / "log") as server:
        yield server
    log = server.log.read_text(encoding="utf-8")
    assert "Traceback" not in log, log


@pytest.fixture(scope="module")
def browser():
    with browsing() as browser:
        yield browser


@pytest.fixture
def desk(browser):
    context = browser.new_context(viewport=DESK)
    watched = Watched(context)
    yield watched
    context.close()


@pytest.fixture
def phone(browser):
    context = browser.new_context(**PHONE)
    watched = Watched(context)
    yield watched
    context.close()
