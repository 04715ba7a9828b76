"""Streamlit's own page, files and addresses, and where Plotly's script lies."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

HEALTH = "/_stcore/health"
METRICS = "/_stcore/metrics"
UPLOADS = "/_stcore/upload_file"
FILES = "/static/"  # their names hold a hash of their content

ROOT = '<div id="root"></div>'  # of the page, where everything is drawn

_FONT = "SourceSansVF-Upright.*.woff2"


@cache
def _folder(package: str) -> Path:
    """Found, not imported: that is slow."""
    spec = find_spec(package)
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def plotly() -> Path:
    return _folder("plotly") / "package_data" / "plotly.min.js"


def page() -> str:
    return (_folder("streamlit") / "static" / "index.html").read_text(encoding="utf-8")


def scripts_in_the_page() -> list[str]:
    return re.findall(r"<script>(.*?)</script>", page(), re.S)


def font() -> bytes | None:
    """The app's own font; None where Streamlit has it no more."""
    found = next((_folder("streamlit") / "static" / "static" / "media").glob(_FONT), None)
    return found.read_bytes() if found else None
