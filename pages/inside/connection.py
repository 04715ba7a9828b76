"""No small message waits for the last one's acknowledgement: a run is ten of them, and each wait 40 ms.

asyncio sees to that by itself, but not on connections that come in at a socket opened as Streamlit opens it.
"""

import socket

from starlette.types import ASGIApp, Receive, Scope, Send


class AtOnce:
    """Lets what is sent on a connection leave at once; to be the outermost of all that is wrapped around the app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = getattr(receive, "__self__", None)  # uvicorn's, of this connection
        if transport := getattr(server, "transport", None):
            connection = transport.get_extra_info("socket")
            if connection.family in (socket.AF_INET, socket.AF_INET6):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self.app(scope, receive, send)
