"""The documents are true: the README's code prints the README's numbers, the table of controls is the code's."""

import re
from pathlib import Path

import pytest

from tests import gallery
from tests.docs import CONTROLS, controls

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readmes_code_prints_the_readmes_numbers(capsys):
    [code] = re.findall(r"```python\n(.*?)```", README, re.S)
    [promised] = re.findall(r"```text\n(.*?)```", README, re.S)
    exec(code, {})
    assert capsys.readouterr().out == promised


def test_the_table_of_controls_in_the_docs_is_the_codes():
    assert CONTROLS.read_text(encoding="utf-8") == controls(), "run: python -m tests.docs"


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http|#)([^)]+)\)", README))
def test_every_link_of_the_readme_leads_somewhere(link):
    assert (ROOT / link).exists()


def folders_of_the_map():
    """The folders that README's map of the house names, by their indentation."""
    [tree] = re.findall(r"```\n(app\.py .*?)```", README, re.S)
    above: list[str] = []
    for indent, name in re.findall(r"^( *)(\w+)/ ", tree, re.M):
        above = [*above[: len(indent) // 4], name]
        yield "/".join(above)


def test_the_readmes_map_is_the_house():
    files = [path for top in ("pages", "rnn_core", "tests") for path in (ROOT / top).rglob("*")]
    there = {path.parent.relative_to(ROOT) for path in files if path.is_file() and "__pycache__" not in path.parts}
    assert {Path(name) for name in folders_of_the_map()} == there - {Path("rnn_core/data")}


@pytest.mark.parametrize("folder", list(folders_of_the_map()))
def test_no_folder_is_a_heap(folder):
    files = [path for path in (ROOT / folder).iterdir() if path.is_file() and path.suffix != ".pyc"]
    numbered = [path for path in files if path.name[0].isdigit()]
    assert len(files) - len(numbered) <= (99 if folder == "tests" else 16), sorted(p.name for p in files)


def test_the_gallery_shows_every_page():
    docs = ROOT / "docs"
    assert (docs / "gallery.md").read_text(encoding="utf-8") == gallery.text(), "run: python -m tests.gallery"
    assert all((docs / picture).exists() for picture in re.findall(r"\((.*?\.png)\)", gallery.text()))
