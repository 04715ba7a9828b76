"""The files that the browser needs beside Streamlit's own: served compressed, and cached for a year."""

import gzip
import hashlib
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_HERE = Path(__file__).parent
_OURS = {
    name: (_HERE / name,)
    for name in (
        "figures.js",
        "badge.js",
        "views.js",
        "live.js",
        "boxes.js",
        "menu.js",
        "history.js",
        "message.js",
        "copy.js",
        "theme.js",
        "progress.js",
        "start.js",
        "again.js",
        "present.js",
        "draft.js",
        "builder.js",
    )
} | {"unrolled.css": tuple(_HERE / f"{name}.css" for name in ("present", "figures", "layout", "scenes", "builder"))}
_PLOTLY = Path(find_spec("plotly").submodule_search_locations[0])  # found, not imported: that is slow
_FILES = {**_OURS, "plotly.js": (_PLOTLY / "package_data" / "plotly.min.js",)}
_FOLDER = "/assets"


@cache
def version(name: str) -> str:
    """The content's hash, so that a changed file gets a new address; ours share one and find each other."""
    digest = hashlib.blake2b(digest_size=6)
    for each in _OURS if name in _OURS else [name]:
        digest.update(_read(each))
    return digest.hexdigest()


def _read(name: str) -> bytes:
    return b"\n".join(path.read_bytes() for path in _FILES[name])


@lru_cache(maxsize=2 * len(_FILES))
def content(name: str, *, compressed: bool) -> bytes:
    """A file's bytes, compressed once per process."""
    raw = _read(name)
    return gzip.compress(raw, 9, mtime=0) if compressed else raw


def url(name: str) -> str:
    """The address of a file, from the server's root."""
    return f"{_FOLDER}/{version(name)}/{name}"


def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        return Response(status_code=404)
    compressed = "gzip" in request.headers.get("accept-encoding", "")
    current = request.path_params["version"] == version(name)
    headers = {
        # another release's address must not be bound to this release's content for a year
        "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if compressed:
        headers["Content-Encoding"] = "gzip"
    media_type = "text/css" if name.endswith(".css") else "text/javascript"
    return Response(content(name, compressed=compressed), headers=headers, media_type=media_type)


def warm() -> None:
    """Compress every file now, so that no first visitor waits for it."""
    for name in _FILES:
        version(name)
        content(name, compressed=True)


ROUTES = [Route(f"{_FOLDER}/{{version}}/{{name}}", _serve)]
