"""The app below a path: behind a proxy that shows others beside it, and passes the whole path on or the rest of it.

What comes below the base is served as if it came to the root, and the root itself goes on being served: health checks
ask there, and a proxy that takes the base away. In the browser `home.js` knows where the app begins.
"""

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.server.address import base


class Below:
    """Takes the base from a request's path, and gives it back to where an answer leads."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.base = app, base()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if self.base and path == self.base and scope["type"] == "http":
            query = scope["query_string"].decode("latin-1")
            answer = RedirectResponse(f"{self.base}/{'?' if query else ''}{query}", 308)
            return await answer(scope, receive, send)
        if not self.base or not path.startswith(f"{self.base}/"):
            return await self.app(scope, receive, send)

        async def led_back(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("location", "").startswith("/"):
                    headers["location"] = f"{self.base}{headers['location']}"
            await send(message)

        raw = scope.get("raw_path") or path.encode()
        rest = {"path": path.removeprefix(self.base), "raw_path": raw.removeprefix(self.base.encode())}
        await self.app({**scope, **rest}, receive, led_back)
