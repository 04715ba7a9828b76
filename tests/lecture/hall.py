"""The lecture hall's machines: replicas of the app, and a balancer in front of them with the files of deploy/."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from tests.server import ROOT

DEPLOY = ROOT / "deploy"
NAMES = ("a", "b")
SECRET = "the same for all replicas of this test"
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever http_proxy says


class Refused(Exception):
    """The hall could not be set up."""


def free_port() -> int:
    """A port below those that outgoing connections take: it must stay free while its replica is away."""
    for port in random.sample(range(20000, 30000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Refused("no free port between 20000 and 30000")


def get(url: str, timeout: float = 5, **headers: str) -> tuple[int, Message, bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with _direct.open(request, timeout=timeout) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def wait_for(what: Callable[[], bool], seconds: float, named: str) -> float:
    """Seconds until it was true. Raises Refused if it does not become so."""
    start = time.monotonic()
    while not what():
        if time.monotonic() - start > seconds:
            raise Refused(f"{named}: not within {seconds:g} s")
        time.sleep(0.05)
    return time.monotonic() - start


def healthy(url: str) -> bool:
    try:
        return get(f"{url}/_stcore/health", timeout=2)[0] == 200
    except OSError:
        return False


@dataclass
class Replica:
    """One process of the app, which may come and go at its port."""

    name: str
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        command += ["--server.address=127.0.0.1", f"--server.port={self.port}"]
        own = os.environ | {"STREAMLIT_SERVER_COOKIE_SECRET": SECRET, "OPENBLAS_NUM_THREADS": "1"}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=output, stderr=subprocess.STDOUT)

    def wait(self) -> None:
        wait_for(lambda: healthy(self.url) or self.process.poll() is not None, 60, f"replica {self.name} serves")
        if self.process.poll() is not None:
            raise Refused(f"replica {self.name} did not start:\n{self.log.read_text(encoding='utf-8')}")

    def stop(self, how: int = signal.SIGTERM) -> float:
        """Seconds until it has ended."""
        start = time.monotonic()
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=5)
                raise
        return time.monotonic() - start

    def sessions(self) -> int:
        lines = get(f"{self.url}/_stcore/metrics")[2].decode().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("active_sessions "))


class Balancer:
    """A balancer on loopback, with the file of deploy/ and nothing changed in it but ports and paths."""

    file: str
    program: str

    def __init__(self, folder: Path, replicas: dict[str, Replica]) -> None:
        self.folder, self.replicas, self.port = folder, replicas, free_port()
        self.log, self.config = folder / f"{self.program}.log", folder / self.file
        self.text = (DEPLOY / self.file).read_text(encoding="utf-8")
        for old, replica in zip(("127.0.0.1:8501", "127.0.0.1:8502"), replicas.values(), strict=True):
            self._put(old, f"127.0.0.1:{replica.port}")
        self._adapt()
        self.config.write_text(self.text, encoding="utf-8")
        path = shutil.which(self.program)
        if path is None:
            raise Refused(f"{self.program} is not installed")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen([path, *self._arguments()], stdout=output, stderr=subprocess.STDOUT)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=5)

    def _put(self, old: str, new: str) -> None:
        if self.text.count(old) != 1:
            raise Refused(f"deploy/{self.file} should say {old!r} once")
        self.text = self.text.replace(old, new)

    def _adapt(self) -> None:
        raise NotImplementedError

    def _arguments(self) -> list[str]:
        raise NotImplementedError

    def drain(self, name: str) -> None:
        """Send nobody new to a replica, and let those who are there go."""
        raise NotImplementedError

    def ready(self, name: str) -> None:
        raise NotImplementedError


class HAProxy(Balancer):
    file, program = "haproxy.cfg", "haproxy"

    def _adapt(self) -> None:
        self._put("bind :80\n", f"bind 127.0.0.1:{self.port}\n")
        self._put("/run/haproxy/admin.sock", str(self.folder / "admin.sock"))
        if os.geteuid() != 0:  # only root can change into another user
            own = ("chroot ", "user ", "group ")
            self.text = "".join(x for x in self.text.splitlines(True) if not x.lstrip().startswith(own))

    def _arguments(self) -> list[str]:
        return ["-db", "-f", str(self.config)]

    def say(self, what: str) -> str:
        """A line to the admin socket, and what it answers."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(5)
            admin.connect(str(self.folder / "admin.sock"))
            admin.sendall(f"{what}\n".encode())
            return b"".join(iter(lambda: admin.recv(65536), b"")).decode()

    def up(self, name: str) -> bool:
        rows = [line.split(",") for line in self.say("show stat").splitlines()]
        return any(row[:2] == ["replicas", name] and row[17].startswith("UP") for row in rows)

    def drain(self, name: str) -> None:
        self.say(f"set server replicas/{name} state drain")
        time.sleep(0.5)
        self.say(f"set server replicas/{name} state maint")
        wait_for(lambda: self.replicas[name].sessions() == 0, 10, f"nobody is at {name} any more")

    def ready(self, name: str) -> None:
        self.say(f"set server replicas/{name} state ready")
        wait_for(lambda: self.up(name), 10, f"{name} is in service")


class Nginx(Balancer):
    file, program = "nginx.conf", "nginx"

    def _adapt(self) -> None:
        self._put("listen 80 default_server;", f"listen 127.0.0.1:{self.port} default_server;")
        self._put("/run/nginx.pid", str(self.folder / "nginx.pid"))
        self._put("/var/log/nginx/error.log", str(self.folder / "nginx-error.log"))
        self._put("worker_rlimit_nofile 65536;\n", "")  # more than a machine for tests may allow
        if os.geteuid() != 0:  # the folders that the package made are not ours
            self._put("user www-data;\n", "")
            kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            self._put("http {\n", "http {\n" + "".join(f"    {k}_temp_path {self.folder / k};\n" for k in kinds))

    def _arguments(self) -> list[str]:
        return ["-e", str(self.folder / "nginx-error.log"), "-c", str(self.config), "-g", "daemon off;"]

    def drain(self, name: str) -> None:
        server = f"server 127.0.0.1:{self.replicas[name].port} "
        self._reload(self.text.replace(server, f"{server}down "))
        wait_for(lambda: self.replicas[name].sessions() == 0, 10, f"nobody is at {name} any more")

    def ready(self, name: str) -> None:
        self._reload(self.text)

    def _reload(self, text: str) -> None:
        before = self._workers()
        self.config.write_text(text, encoding="utf-8")
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not before & self._workers(), 15, "nginx's old workers end")

    def _workers(self) -> set[int]:
        import psutil

        return {child.pid for child in psutil.Process(self.process.pid).children()}


BALANCERS = {"haproxy": HAProxy, "nginx": Nginx}


@contextmanager
def opened(folder: Path) -> Iterator[tuple[dict[str, Replica], dict[str, Balancer]]]:
    """Two replicas, and every balancer in front of them; all end with the block."""
    replicas = {name: Replica(name, folder / f"replica-{name}.log") for name in NAMES}
    with ExitStack() as stack:
        for replica in replicas.values():
            stack.callback(replica.stop)
            replica.start()
        for replica in replicas.values():
            replica.wait()
        balancers = {}
        for name, kind in BALANCERS.items():
            balancers[name] = kind(folder, replicas)
            stack.callback(balancers[name].close)
        for name, balancer in balancers.items():
            wait_for(lambda url=balancer.url: healthy(url), 15, f"{name} serves")
        yield replicas, balancers
