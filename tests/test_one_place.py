"""The README's promises: an activation, a cell, a page and a slider are each added in one place, and all else finds it.

One of each is added to a copy of the house (`tests/added`), where the tests of its registry then run: they know of it
only what the registries say.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ADDED = ROOT / "tests" / "added"
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "dist", "*.egg-info"
)
NAMES = {"activation": "softsign", "cell": "ugrnn", "page": "probe", "slider": "lift"}
QUICK = ["added", "contents", "settings", "activations", "check", "experiment", "snippets"]


def add_activation(house: Path) -> None:
    entry = (ADDED / "softsign.py").read_text(encoding="utf-8").partition("SOFTSIGN = ")
    patch(house / "rnn_core/activations.py", "ACTIVATIONS = {", "".join(entry[1:]) + "\nACTIVATIONS = {")
    patch(house / "rnn_core/activations.py", "HARDTANH, HARDSIGMOID)", "HARDTANH, HARDSIGMOID, SOFTSIGN)")


def add_cell(house: Path) -> None:
    shutil.copy(ADDED / "ugrnn.py", house / "rnn_core/cells/ugrnn.py")


def add_page(house: Path) -> None:
    shutil.copy(ADDED / "page.py", house / "pages/14_probe.py")
    shutil.copy(ADDED / "view.py", house / "pages/charts/views/probe.py")


def add_slider(house: Path) -> None:
    """A field of the experiment, and its line of the table; the added page draws it."""
    patch(house / "rnn_core/experiment.py", "    c0: float", '    lift: float = _number(0.0, of="eye")\n    c0: float')
    patch(
        house / "pages/controls/table.py",
        '    _slider("T",',
        '    _slider("lift", "Lift", -5.0, 5.0, 0.5),\n    _slider("T",',
    )
    patch(house / "pages/14_probe.py", '"k")', '"k", "lift")')
    patch(house / "pages/14_probe.py", "*table.CHAIN,", '*table.CHAIN, "lift",')


ADD: dict[str, Callable[[Path], None]] = {
    "activation": add_activation, "cell": add_cell, "page": add_page, "slider": add_slider,
}  # fmt: skip


def patch(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path} has {text.count(old)} × {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def house_with(folder: Path, *kinds: str) -> Path:
    """A copy of the house in which one of each kind was added, and the documents were written anew."""
    house = folder / "house"
    shutil.copytree(ROOT, house, ignore=LEFT_OUT)
    for kind in kinds:
        ADD[kind](house)
    shutil.copy(ADDED / "seen.py", house / "tests/test_added.py")
    run(house, "-m", "tests.docs")
    return house


def run(house: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, *command], cwd=house, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    return done.stdout


def passed(house: Path, *what: str) -> list[str]:
    """The tests that ran, and passed."""
    options = ["-n0", "-rpfE", "--tb=short", "-p", "no:cacheprovider", "-o", "addopts=--strict-markers"]
    quiet = ["-m", "not (browser or long or slow or torch)"]
    out = run(house, "-m", "pytest", *options, *quiet, *what)
    return [line.split("::", 1)[1] for line in out.splitlines() if line.startswith("PASSED")]


def test_one_of_each_is_added_in_one_place_and_the_tests_find_it(tmp_path):
    house = house_with(tmp_path, *ADD)
    files = [f"tests/test_{name}.py" for name in QUICK]
    ran = passed(house, *files, "-k", " or ".join(NAMES.values()))
    for name in NAMES.values():
        assert any(test == f"test_{name}" for test in ran)
        assert sum(name in test for test in ran) >= 3, name


@pytest.mark.long
@pytest.mark.parametrize("kind", ADD)
def test_each_is_added_by_itself_and_all_tests_that_could_know_of_it_pass(kind, tmp_path):
    house = house_with(tmp_path, *{"slider": ("page", "slider")}.get(kind, (kind,)))
    assert f"test_{NAMES[kind]}" in passed(house, "tests", "-k", NAMES[kind])
    of_the_house = (f"tests/test_{name}.py" for name in ("architecture", "contents", "docs"))
    assert passed(house, *of_the_house, "-k", "not gallery")
