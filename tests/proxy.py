"""A small reverse proxy that shows the app below a path, as nginx or Apache would, and remembers what was asked."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit


class Proxy:
    """Passes on what comes below `base`, whole or without it; for all else there is nothing here."""

    def __init__(self, base: str, strips: bool) -> None:
        self.base, self.strips = base, strips
        self.url = self.upstream = ""
        self.outside: list[str] = []  # what was asked for that is not below the base
        self.asked: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            method, target, rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ", 2)
            if not re.match(rf"{self.base}(?=[/?]|$)", target):
                self.outside.append(target)
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                self.asked.append(target)
                target = (target.removeprefix(self.base) or "/") if self.strips else target
                if "upgrade: websocket" not in rest.lower():  # one request a connection
                    rest = re.sub(r"\r\nconnection:[^\r]*", "", rest, flags=re.I)
                    rest = rest.replace("\r\n", "\r\nConnection: close\r\n", 1)
                place = urlsplit(self.upstream)
                back, on = await asyncio.open_connection(place.hostname, place.port)
                on.write(f"{method} {target} {rest}".encode("latin-1"))
                await asyncio.gather(_pass(reader, on), _pass(back, writer))
            await writer.drain()
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def proxying(base: str, *, strips: bool) -> Iterator[Proxy]:
    """Set its `upstream` before anything is asked."""
    proxy, loop = Proxy(base, strips), asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(proxy.serve, "127.0.0.1", 0), loop).result(10)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{base}"
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
