"""A server and a browser for all tests that need them, and pages in it that are swept clean between the tests."""

import pytest
from playwright.sync_api import expect

from pages import contents
from tests import engines
from tests.browser import NONE_FOUND, find_browser
from tests.server import browsing, serving
from tests.visits import DESK, PHONE, Watched

expect.set_options(timeout=60_000)  # as in Watched


def pytest_collection_modifyitems(items):
    """The browser's tests last: while Playwright runs, no other event loop can. Without a browser they are skipped."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    browsers = [item for item in items if item.get_closest_marker("browser")]
    if browsers and not find_browser() and not engines.all_wanted():
        for item in browsers:
            item.add_marker(pytest.mark.skip(reason=NONE_FOUND))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    """The last lines of a run name what it did not find, and so did not try."""
    result = yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if any(NONE_FOUND in str(report.longrepr) for report in skipped):
        reporter.write_line(f"Not tried: {NONE_FOUND}")
    elif told := engines.told([e for e in engines.missing() if any(f"[{e}]" in report.nodeid for report in skipped)]):
        reporter.write_line(told)
    return result


@pytest.fixture(scope="session", autouse=True)
def every_page():
    """Offered, as the app does when it begins."""
    contents.offer()


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server") / "log") as server:
        yield server


@pytest.fixture(scope="module")
def server(app):
    """One for all, but each module answers for what it made the server log."""
    before = app.log.stat().st_size
    yield app
    log = app.log.read_bytes()[before:].decode()
    assert "Traceback" not in log, log


@pytest.fixture(scope="session")
def browser():
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="session")
def tab(browser):
    """Pages by name, kept: one that has loaded the app before loads it in a third of the time."""
    tabs = {}

    def tab(name, url, **options):
        if name in tabs and tabs[name].page.is_closed():
            tabs.pop(name).page.context.close()
        if name not in tabs:
            tabs[name] = Watched(browser.new_context(**options))
        return tabs[name].clean(url)

    return tab


@pytest.fixture
def desk(server, tab):
    return tab("desk", server.url, viewport=DESK)


@pytest.fixture
def other(server, tab):
    """Another visitor's."""
    return tab("other", server.url, viewport=DESK)


@pytest.fixture
def phone(server, tab):
    return tab("phone", server.url, **PHONE)


@pytest.fixture
def fresh(browser):
    """A page that has loaded nothing yet, for tests that measure it, or leave in it what cannot be taken back."""
    context = browser.new_context(viewport=DESK)
    yield Watched(context)
    context.close()
