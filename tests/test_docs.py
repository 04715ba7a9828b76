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


def test_the_gallery_shows_every_page():
    docs = ROOT / "docs"
    assert (docs / "gallery.md").read_text(encoding="utf-8") == gallery.text(), "run: python -m tests.gallery"
    assert all((docs / picture).exists() for picture in re.findall(r"\((.*?\.png)\)", gallery.text()))
