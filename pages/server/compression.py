"""Streamlit's own scripts and style sheets, compressed once and kept: it sends them as they lie on the disk."""

import gzip
from asyncio import Lock, to_thread
from posixpath import normpath
from weakref import WeakValueDictionary

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.inside.files import FILES

_KINDS = (".js", ".css", ".svg", ".json")
_MORE = {"range", "if-none-match", "if-modified-since"}  # who asks so does not want the whole file
_HEADERS = ("content-type", "cache-control", "x-content-type-options")  # what else there is serves to ask again


class Compressed:
    """Answers requests for `/static/…`, whose names hold a hash of their content, from memory."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[str, tuple[Message, bytes]] = {}  # by path; there are as many as files
        self.asking: WeakValueDictionary[str, Lock] = WeakValueDictionary()  # by path, as long as somebody asks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _wanted(scope):
            return await self.app(scope, receive, send)
        path = scope["path"]
        async with self.asking.setdefault(path, Lock()):  # whoever asks next finds what the first one keeps
            start, body = self.kept.get(path) or await self._ask(scope, receive)
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _ask(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """What Streamlit answers, compressed and kept if it is a file."""
        messages: list[Message] = []

        async def take(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, take)
        start, *rest = messages
        body = b"".join(message.get("body", b"") for message in rest)
        given = Headers(raw=start["headers"])
        if start["status"] != 200 or "content-encoding" in given or "immutable" not in given.get("cache-control", ""):
            return start, body
        body = await to_thread(gzip.compress, body, 9)
        headers = {name: given[name] for name in _HEADERS if name in given}
        headers |= {"content-encoding": "gzip", "content-length": str(len(body)), "vary": "Accept-Encoding"}
        self.kept[scope["path"]] = answer = {**start, "headers": Headers(headers).raw}, body
        return answer


def _wanted(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path, headers = scope["path"], Headers(scope=scope)
    is_file = path.startswith(FILES) and path.endswith(_KINDS) and path == normpath(path)  # it has no second name
    return is_file and "gzip" in headers.get("accept-encoding", "") and not _MORE & set(headers.keys())
