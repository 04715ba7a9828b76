"""The address for the room: what is set, the machine's own in its network, or what the request said."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import streamlit as st
from starlette.requests import Request

from pages.server import address
from tests.server import serving

ROOT = Path(__file__).parent.parent
LAN = "192.168.7.20"


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine in a network, whose server listens on all interfaces."""
    options = {"server.address": "0.0.0.0", "server.port": 8501, "server.baseUrlPath": "", "server.sslCertFile": None}
    monkeypatch.setattr(st, "get_option", options.__getitem__)
    monkeypatch.setattr(address, "_lan", lambda: LAN)
    monkeypatch.delenv(address.SETTING, raising=False)
    return options


def asked(host, scheme="http", **headers):
    fields = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/qr",
            "query_string": b"",
            "scheme": scheme,
            "server": ("127.0.0.1", 8501),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in fields.items()],
        }
    )


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "[::1]:8501", "127.0.0.2:9"])
def test_what_only_this_machine_can_open_becomes_its_address_in_the_network(host):
    assert address.public(asked(host)) == f"http://{LAN}:8501"


@pytest.mark.parametrize("own", ["", None, "::"])
def test_an_address_left_open_listens_on_all_interfaces(machine, own):
    machine["server.address"] = own
    assert address.public(asked("localhost:8501")) == f"http://{LAN}:8501"


def test_a_server_on_loopback_only_has_no_other_address(machine):
    machine["server.address"] = "127.0.0.1"
    assert address.public(asked("localhost:8501")) == "http://localhost:8501"


@pytest.mark.parametrize(("base", "own", "said"), [
    ("http://127.0.0.1:8501", "127.0.0.1", "this computer only: start with HOST=0.0.0.0"),
    ("http://localhost:8501/scenes?w=2", "127.0.0.1", "this computer only: start with HOST=0.0.0.0"),
    ("http://[::1]:8501", "0.0.0.0", "this computer only: it is in no network"),
    (f"http://{LAN}:8501", "0.0.0.0", ""), ("https://rnn.example.edu", "127.0.0.1", ""),
])  # fmt: skip
def test_an_address_that_no_other_machine_can_open_says_so(machine, base, own, said):
    machine["server.address"] = own
    assert said in address.only_here(base) and bool(said) == bool(address.only_here(base))


def test_without_a_network_the_request_is_believed(monkeypatch):
    monkeypatch.setattr(address, "_lan", lambda: None)
    assert address.public(asked("localhost:8501")) == "http://localhost:8501"


def test_what_others_open_is_repeated(machine):
    assert address.public(asked("10.0.0.5:8501")) == "http://10.0.0.5:8501"
    assert address.public(asked("rnn.example.edu")) == "http://rnn.example.edu"
    machine["server.baseUrlPath"] = "/unrolled/"
    assert address.public(asked("rnn.example.edu")) == "http://rnn.example.edu/unrolled"
    assert address.public(asked("localhost")) == f"http://{LAN}:8501/unrolled"


@pytest.mark.parametrize(
    ("said", "scheme"),
    [("https", "https"), ("http", "http"), ("javascript", "http"), ("https,http", "http"), ("", "http")],
)
def test_a_balancer_may_say_https_and_nothing_else(said, scheme):
    assert address.public(asked("rnn.example.edu", x_forwarded_proto=said)) == f"{scheme}://rnn.example.edu"


def test_a_server_with_a_certificate_says_https(machine):
    assert address.public(asked("rnn.example.edu", scheme="https")) == "https://rnn.example.edu"
    machine["server.sslCertFile"] = "cert.pem"
    assert address.public(asked("localhost")) == f"https://{LAN}:8501"


@pytest.mark.parametrize("host", ["", 'x"><script>', "a b", "user@evil.example", "evil.example/path", "a:b", "é"])
def test_a_host_that_is_none_is_not_shown_to_others(host):
    assert address.public(asked(host)) == f"http://{LAN}:8501"


@pytest.mark.parametrize(
    ("value", "base"),
    [
        ("https://rnn.example.edu", "https://rnn.example.edu"),
        ("https://rnn.example.edu/", "https://rnn.example.edu"),
        (" http://10.0.0.5:8080/class/rnn/ ", "http://10.0.0.5:8080/class/rnn"),
        ("http://[2001:db8::1]:8501", "http://[2001:db8::1]:8501"),
    ],
)
def test_what_is_set_comes_first(monkeypatch, machine, value, base):
    machine["server.baseUrlPath"] = "ignored"  # what is set is the whole base
    monkeypatch.setenv(address.SETTING, value)
    assert address.public(asked("localhost:8501", x_forwarded_proto="https")) == base


@pytest.mark.parametrize(
    "value",
    [
        "rnn.example.edu", "ftp://rnn.example.edu", "https://", "https:///x", "https://a b", "https://u:p@h",
        "https://h:99999", "https://h:0", "https://h:x", "https://h/?w=2", "https://h/#a", "javascript:alert(1)",
        'https://h/"><script>', "http://[::1",
    ],
)  # fmt: skip
def test_what_is_set_wrongly_is_named(monkeypatch, value):
    monkeypatch.setenv(address.SETTING, value)
    with pytest.raises(ValueError, match=r"UNROLLED_URL must be a base URL .*, got "):
        address.configured()
    with pytest.raises(SystemExit, match="UNROLLED_URL"):
        address.check()


def test_a_start_for_the_room_prints_its_address_and_a_code_that_says_it(capsys):
    address.announce()
    printed = capsys.readouterr().out
    assert f"for the room: http://{LAN}:8501\n" in printed
    assert _modules(printed) == _expected(f"http://{LAN}:8501")


def test_a_start_for_the_room_prints_what_is_set(monkeypatch, machine, capsys):
    monkeypatch.setenv(address.SETTING, "https://rnn.example.edu")
    address.announce()
    assert _modules(capsys.readouterr().out) == _expected("https://rnn.example.edu")
    monkeypatch.delenv(address.SETTING)
    machine["server.address"] = "10.1.2.3"
    address.announce()
    assert _modules(capsys.readouterr().out) == _expected("http://10.1.2.3:8501")


def test_a_start_for_this_machine_prints_its_address_alone(machine, monkeypatch, capsys):
    machine["server.address"] = "127.0.0.1"
    address.announce()
    assert capsys.readouterr().out.split() == ["Unrolled:", "http://127.0.0.1:8501"]
    machine["server.address"] = "0.0.0.0"
    monkeypatch.setattr(address, "_lan", lambda: None)
    address.announce()
    assert "http://127.0.0.1:8501 (this machine is in no network)" in capsys.readouterr().out


def test_a_terminal_without_blocks_gets_the_address(monkeypatch):
    class Plain:
        encoding = "cp1252"

        def isatty(self):
            return False

    monkeypatch.setattr(sys, "stdout", Plain())
    assert address._picture("http://10.1.2.3:8501") == ""


def _modules(printed):
    """The code's modules, read back from half blocks: True is dark."""
    halves = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}
    lines = [line[2:] for line in printed.splitlines() if set("█▀▄") & set(line)]
    rows = [row for line in lines for row in zip(*(halves[cell] for cell in line), strict=True)]
    return [list(row) for row in rows]


def _expected(text):
    segno = pytest.importorskip("segno")
    rows = [[int(cell) for cell in row] for row in segno.make(text, micro=False).matrix_iter(border=2)]
    return rows + [[1] * len(rows[0])] * (len(rows) % 2)  # the last half line is left dark


# The real machine and the real server.


def test_the_machines_address_is_one_of_its_own(monkeypatch):
    monkeypatch.undo()
    found = address._lan()
    if found is None:
        pytest.skip("this machine is in no network")
    with socket.socket() as own:
        own.bind((found, 0))  # fails for an address that is not this machine's


def test_finding_it_sends_nothing_and_survives_no_network(monkeypatch):
    monkeypatch.undo()

    def none(*_):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(address, "_way_out", none)
    monkeypatch.setattr(address, "_by_name", lambda: ["127.0.1.1"])
    monkeypatch.setattr(address, "_by_interface", lambda: ["127.0.0.1"])
    assert address._lan() is None
    monkeypatch.setattr(address, "_by_interface", lambda: ["127.0.0.1", LAN])
    assert address._lan() == LAN


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's interfaces")
def test_the_interfaces_know_the_loopback():
    assert "127.0.0.1" in address._by_interface()


def test_a_start_with_a_wrong_address_says_one_line():
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0", "--server.address=127.0.0.1"]
    given = os.environ | {address.SETTING: "unrolled.example.edu"}
    ended = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        "Unrolled: UNROLLED_URL must be a base URL such as https://unrolled.example.edu, got 'unrolled.example.edu'"
    )


def test_a_start_prints_the_address_once_and_asks_nobody_outside(tmp_path):
    with serving(tmp_path / "log") as server:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert direct.open(f"{server.url}/_stcore/health", timeout=5).status == 200
        printed = server.log.read_text(encoding="utf-8")
    assert printed.count("http://") == 1 and f"Unrolled: {server.url}" in printed, printed
    assert not any(word in printed for word in ("Network URL", "External URL"))
