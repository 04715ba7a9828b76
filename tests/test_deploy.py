"""The files of deploy/: whole, valid, and good for what they promise: no root, nothing written, health told."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "unrolled@.service"
NOBODY = 65534


def instructions():
    """The Containerfile as (word, rest) pairs."""
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip() and not line.startswith("#")]


def last(word):
    return [rest for name, rest in instructions() if name == word][-1]


def copied(folder):
    """What the container's /app holds, laid out in a folder."""
    for _, rest in (pair for pair in instructions() if pair[0] == "COPY"):
        *sources, goal = rest.split()
        for source in sources:
            into = folder / goal / source if goal.endswith("/") else folder / goal
            into.parent.mkdir(parents=True, exist_ok=True)
            skip = shutil.ignore_patterns("__pycache__")
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, into, **({"ignore": skip} if copy is shutil.copytree else {}))


def contents(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def image():
    """A clean copy of what the container holds, which nobody may write."""
    folder = Path(tempfile.mkdtemp())
    try:
        copied(folder / "app")
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield folder / "app"
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def powerless():
    """How to start a command that may not write what is read-only: words before it, options of subprocess."""
    if os.name != "posix" or os.geteuid() != 0:
        return [], {}
    ways = (
        ([], {"user": NOBODY, "group": NOBODY, "extra_groups": []}),
        (["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"], {}),  # root in name only
    )
    for before, options in ways:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            can = [*before, sys.executable, "-c", "import streamlit"]
            here = {"cwd": "/", "env": {"HOME": "/nonexistent", "PATH": os.environ["PATH"]}}
            subprocess.run(can, check=True, capture_output=True, timeout=60, **here, **options)
            return before, options
    pytest.skip("only root can run this Python here")


def test_the_container_is_not_root_and_pins_every_package():
    assert last("USER").partition(":")[0] not in ("0", "root")
    assert "--require-hashes -r requirements/run.txt" in " ".join(
        rest for name, rest in instructions() if name == "RUN"
    )
    assert all(
        (ROOT / source).exists() for name, rest in instructions() if name == "COPY" for source in rest.split()[:-1]
    )


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals and sockets")
def test_the_copied_files_serve_without_root_and_write_nothing(image, powerless):
    first, options = powerless
    before = contents(image)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable if word == "python" else word for word in json.loads(last("CMD"))]
    command = [word.replace("8501", str(port)).replace("0.0.0.0", "127.0.0.1") for word in command]
    given = dict(re.findall(r"(\w+)=(\S+)", last("ENV")))
    with contextlib.ExitStack() as stack:
        tmp = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tmp.chmod(0o777)
        heard = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))  # as systemd listens
        heard.bind(str(tmp / "notify"))
        (tmp / "notify").chmod(0o777)
        heard.settimeout(60)
        given |= {
            "PATH": os.environ["PATH"],
            "NOTIFY_SOCKET": str(tmp / "notify"),
            "WATCHDOG_USEC": "400000",
            "TMPDIR": str(tmp),
        }
        log = stack.enter_context((tmp / "log").open("w+b"))
        process = subprocess.Popen([*first, *command], cwd=image, env=given, stdout=log, stderr=log, **options)
        stack.callback(process.kill)
        said = [heard.recv(100) for _ in range(4)]
        assert said == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        check = json.loads(last("HEALTHCHECK").partition("CMD")[2])
        check = [sys.executable, *(word.replace("8501", str(port)) for word in check[1:])]
        direct = {**given, "no_proxy": "127.0.0.1"}
        assert subprocess.run(check, env=direct, timeout=30).returncode == 0
        page = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"http://127.0.0.1:{port}/", timeout=10
        )
        assert page.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        assert subprocess.run(check, env=direct, timeout=30, capture_output=True).returncode != 0
        log.seek(0)
        printed = log.read().decode()
        assert "Traceback" not in printed and "rror" not in printed, printed
        assert sorted(path.name for path in tmp.iterdir()) == ["log", "notify"]
    assert contents(image) == before


def unit_of_this_machine(folder):
    """The unit with this Python and this checkout in it, so that what it names exists."""
    text = UNIT.read_text(encoding="utf-8")
    text = text.replace("/opt/unrolled/.venv/bin/python", sys.executable).replace("/opt/unrolled", str(ROOT))
    path = folder / "unrolled@8501.service"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_the_unit_and_finds_it_closed(tmp_path):
    unit = unit_of_this_machine(tmp_path)
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    ours = [line for line in verified.stderr.splitlines() if "unrolled" in line]
    assert verified.returncode == 0 and not ours, verified.stderr
    judge = ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit]  # of 100; 96 is a plain unit's
    judged = subprocess.run(judge, capture_output=True, text=True, timeout=60)
    if "unrecognized option" in judged.stderr:
        pytest.skip("systemd older than 250 does not judge files")
    assert judged.returncode == 0, judged.stdout[-200:] + judged.stderr


def test_unit_and_container_start_the_same_server():
    start = re.search(r"^ExecStart=(.*)$", UNIT.read_text(encoding="utf-8").replace("\\\n", " "), re.M)[1].split()[1:]
    assert [word.partition("=")[0] for word in start] == [w.partition("=")[0] for w in json.loads(last("CMD"))[1:]]


@pytest.fixture(scope="module")
def manifests():
    import yaml

    return {part["kind"]: part for part in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("version", ["1.31", "1.37"])
@pytest.mark.parametrize("kind", ["Deployment", "Service", "Ingress", "PodDisruptionBudget", "NetworkPolicy"])
def test_kubernetes_schema_accepts_the_manifest(manifests, kind, version):
    import kubernetes_validate

    kubernetes_validate.validate(manifests[kind], version, strict=True)  # strict: no field that it does not know


def test_the_parts_of_the_manifest_belong_together(manifests):
    pod = manifests["Deployment"]["spec"]["template"]
    [container] = pod["spec"]["containers"]
    labels = pod["metadata"]["labels"]
    assert manifests["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert manifests["Service"]["spec"]["selector"] == labels
    assert manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert manifests["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert [port["containerPort"] for port in container["ports"]] == [int(last("EXPOSE"))]
    paths = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert paths == {"/_stcore/health"} and "/_stcore/health" in last("HEALTHCHECK")
    [rule] = manifests["Ingress"]["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == manifests["Service"]["metadata"]["name"]
    assert {"name": "UNROLLED_URL", "value": f"https://{rule['host']}"} in container["env"]


def test_the_pod_may_nothing_that_it_does_not_need(manifests):
    pod = manifests["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == last("USER")
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


def test_no_secret_stands_in_a_file():
    for path in DEPLOY.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"COOKIE_SECRET=(?!\$|<)\S", text.replace('"', "")), path


def test_the_document_names_every_file_and_leads_nowhere_else():
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert all(path.name in text for path in DEPLOY.iterdir() if path.name != "README.md")
    assert all((DEPLOY / link.partition("#")[0]).exists() for link in re.findall(r"\]\((?!http|#)([^)]+)\)", text))


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_a_port_in_use_is_named_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = ["make", "-s", "-o", ".venv/.run-stamp", "run", f"VENV={sys.executable}", f"PORT={port}"]
        clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        start = time.monotonic()
        ended = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=60)
        assert time.monotonic() - start < 60
    [line] = [line for line in ended.stderr.splitlines() if not line.startswith("make")]
    assert ended.returncode != 0 and ended.stdout == ""
    assert f"port {port} of 127.0.0.1" in line and f"make run PORT={port + 1}" in line
