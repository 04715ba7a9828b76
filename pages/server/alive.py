"""Tells systemd, where that started the server, when it is ready, and then that its event loop still turns."""

import asyncio
import os
import socket
from contextlib import suppress

_beating: set[asyncio.Task] = set()  # a task that nobody holds may be collected


def beat() -> None:
    """Say READY now, and WATCHDOG twice in every period that systemd's `WatchdogSec` asks for; see sd_notify(3)."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    _say(path, "READY=1")
    period = int(os.environ.get("WATCHDOG_USEC") or 0) / 1e6  # s
    if period:
        task = asyncio.get_running_loop().create_task(_beat(path, period / 2))
        _beating.add(task)
        task.add_done_callback(_beating.discard)


async def _beat(path: str, every: float) -> None:
    while True:
        _say(path, "WATCHDOG=1")
        await asyncio.sleep(every)


def _say(path: str, what: str) -> None:
    """An @ at the beginning means Linux's abstract names. Nobody listening is no reason to stop or to wait."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as pipe:
        pipe.setblocking(False)
        with suppress(OSError):
            pipe.sendto(what.encode(), f"\0{path[1:]}" if path.startswith("@") else path)
