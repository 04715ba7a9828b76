"""What `make lecture-test` needs and tells."""

import shutil

import pytest

from tests.lecture import hall

LINES: list[str] = []


def pytest_terminal_summary(terminalreporter):
    if LINES:
        terminalreporter.section("measured")
        for line in LINES:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def tell():
    """Note a figure for the end."""
    return LINES.append


@pytest.fixture(scope="session")
def hall_of_two(tmp_path_factory):
    """Two replicas, and both balancers in front of them; afterwards their logs hold no error."""
    if missing := [name for name in hall.BALANCERS if shutil.which(name) is None]:
        names = " and ".join(missing)
        pytest.exit(f"the lecture test needs {names}: install them (Debian: apt-get install {' '.join(missing)})", 2)
    folder = tmp_path_factory.mktemp("hall")
    folder.chmod(0o755)  # the balancers give up root
    with hall.opened(folder) as (replicas, balancers):
        yield replicas, balancers
    for log in folder.glob("*.log"):
        text = log.read_text(encoding="utf-8")
        assert not any(word in text for word in ("Traceback", "ERROR", "Error", "[emerg]", "[alert]", "[crit]")), text
