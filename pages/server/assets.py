"""The one file that the browser fetches beside Streamlit's own: Plotly, compressed, and cached for a year."""

import gzip
import hashlib
from functools import cache, lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.inside.files import plotly

_FILES = {"plotly.js": plotly()}


@cache
def version(name: str) -> str:
    """The content's hash, so that a changed file gets a new address."""
    return hashlib.blake2b(_FILES[name].read_bytes(), digest_size=6).hexdigest()


@lru_cache(maxsize=2 * len(_FILES))
def content(name: str, *, compressed: bool) -> bytes:
    """A file's bytes, compressed once per process."""
    raw = _FILES[name].read_bytes()
    return gzip.compress(raw, 9, mtime=0) if compressed else raw


def url(name: str) -> str:
    """The address of a file, from the server's root."""
    return f"/assets/{version(name)}/{name}"


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
    return Response(content(name, compressed=compressed), headers=headers, media_type="text/javascript")


def warm() -> None:
    """Compress every file now, so that no first visitor waits for it."""
    for name in _FILES:
        version(name)
        content(name, compressed=True)


ROUTES = [Route("/assets/{version}/{name}", _serve)]
