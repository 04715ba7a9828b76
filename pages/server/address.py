"""The address that a room should open: what the QR code says, and what a start on all interfaces prints.

It may have a path, below which a proxy shows the app beside others: see `below.py`.
"""

import io
import os
import re
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st
from starlette.requests import Request

from pages.inside.start import take_base

SETTING = "UNROLLED_URL"
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_PATH = re.compile(r"[A-Za-z0-9/._~-]*")
_OUTSIDE = ("192.0.2.1", 9)  # an address that nobody has (RFC 5737); connecting a UDP socket sends nothing
_SIOCGIFADDR = 0x8915  # Linux: the IPv4 address of an interface


def only_here(room: str) -> str:
    """What to say where an address that is meant for others leads to the machine that opens it; "" if it does not."""
    if not _loopback(urlsplit(room).hostname):
        return ""
    if _everywhere():
        return "Links lead to this computer only: it is in no network."
    return "Links lead to this computer only: start with HOST=0.0.0.0 for others."


def public(request: Request) -> str:
    """The base URL, without a slash at its end, under which others reach what this request reached.

    First what `UNROLLED_URL` says; then, where the request came by a name that means this machine only and the server
    listens on all interfaces, the machine's address in its network; else what the request itself was sent to.
    Raises ValueError if `UNROLLED_URL` is no base URL.
    """
    return reached(request.headers, request.url.scheme)


def reached(headers: Mapping[str, str], scheme: str) -> str:
    """The same by a request's headers and the scheme that it came by."""
    if said := configured():
        return said
    host = headers.get("host", "")
    if not _HOST.fullmatch(host):  # it is shown to others
        return _own(_lan() if _everywhere() else None)
    if _loopback(urlsplit(f"//{host}").hostname) and _everywhere() and (lan := _lan()):
        return _own(lan)
    forwarded = headers.get("x-forwarded-proto", "")
    scheme = forwarded if forwarded in ("http", "https") else scheme
    return f"{scheme}://{host}{base()}"


def published(request: Request, path: str) -> str:
    """What a reader's browser knows by this path and query, as others reach it."""
    return f"{public(request)}{without_base(path)}"


def base() -> str:
    """The path below which others find the app: "", or one such as /unrolled; Streamlit's own option says it, too."""
    path = urlsplit(said).path if (said := configured()) else st.get_option("server.baseUrlPath") or _taken
    path = path.strip("/")
    return f"/{path}" if path else ""


def without_base(path: str) -> str:
    """A path from the app's root, whether it begins at the server's or not."""
    rest = path.removeprefix(base())
    return rest if rest.startswith("/") else path


_taken = ""  # from Streamlit's option


def configured() -> str | None:
    """The base URL that `UNROLLED_URL` names, if it is set. Raises ValueError if it is none."""
    value = os.environ.get(SETTING, "").strip()
    if not value:
        return None
    try:
        url = urlsplit(value)
        good = url.scheme in ("http", "https") and _HOST.fullmatch(url.netloc) and _PATH.fullmatch(url.path)
        if good and url.port != 0 and not (url.query or url.fragment):  # port: ValueError beyond 65535
            return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"
    except ValueError:
        pass
    raise ValueError(f"{SETTING} must be a base URL such as https://unrolled.example.edu, got {value!r}")


def check() -> None:
    """Let the server not start, with one line that says why, if `UNROLLED_URL` is no base URL.

    From now on Streamlit serves its files at the root, as we do ours, and `Below` both below the base.
    """
    global _taken
    try:
        configured()
    except ValueError as error:
        raise SystemExit(f"Unrolled: {error}") from None
    _taken = take_base() or _taken


def announce() -> None:
    """Print where the app is; with its QR code, where more than this machine can reach it."""
    with suppress(OSError):  # a log that is full stops nobody
        print(_announcement(), flush=True)


def _announcement() -> str:
    address = st.get_option("server.address") or ""
    if _loopback(address):
        return f"\n  Unrolled: {_own(address)}\n"
    room = configured() or _own(_lan() if _everywhere() else address)
    if _loopback(urlsplit(room).hostname):
        return f"\n  Unrolled: {room} (this machine is in no network)\n"
    return f"\n  Unrolled, for the room: {room}\n\n{_picture(room)}"


def _picture(text: str) -> str:
    """A QR code in half blocks, light on dark whatever the terminal's colours; nothing where it cannot print them."""
    import segno

    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, border=2, compact=True)
    try:
        drawn.getvalue().encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return ""
    on, off = ("\033[97;40m", "\033[0m") if sys.stdout.isatty() else ("", "")
    return "".join(f"  {on}{line}{off}\n" for line in drawn.getvalue().splitlines())


def _everywhere() -> bool:
    """Whether the server listens on all interfaces."""
    return (st.get_option("server.address") or "") in ("", "0.0.0.0", "::")


def _loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _own(host: str | None) -> str:
    """This server at one of the machine's addresses."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    host = host or "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{st.get_option('server.port')}{base()}"


def _lan() -> str | None:
    """The machine's IPv4 address: of the way out, else of any interface; None without a network."""
    for find in (_way_out, _by_name, _by_interface):
        try:
            for address in find():
                if not _loopback(address):
                    return address
        except (OSError, ImportError):
            continue
    return None


def _way_out() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_OUTSIDE)
        return [probe.getsockname()[0]]


def _by_name() -> list[str]:
    return socket.gethostbyname_ex(socket.gethostname())[2]


def _by_interface() -> list[str]:
    """For a network without a way out, such as a laptop's own Wi-Fi (Linux)."""
    import fcntl

    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()))
            except OSError:  # an interface without an address
                continue
            found.append(socket.inet_ntoa(answer[20:24]))
    return found
