"""The JavaScript's own tests, run by deno on what Python writes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pages.charts import views
from pages.figures.show import encode
from rnn_core.experiment import Experiment
from tests.figures import unpacked

HERE = Path(__file__).parent
DENO = shutil.which("deno", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def plain(part):
    """As JSON has it: arrays as lists, gaps as null."""
    if isinstance(part, np.ndarray):
        return [None if part.dtype.kind == "f" and np.isnan(x) else x.item() for x in part]
    if isinstance(part, np.generic):
        return part.item()
    if isinstance(part, dict):
        return {name: plain(one) for name, one in part.items()}
    return [plain(one) for one in part] if isinstance(part, list) else part


@pytest.mark.skipif(DENO is None, reason="deno is installed by `make lint` and `make test`")
def test_the_javascript_passes_its_own_tests(tmp_path):
    w = np.array([-2.0, 0.0, 0.5, 8.0])
    message = encode(views.chain.items(Experiment(activation="tanh", sequence="sine"), ("w", w)), at=w)
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "expected.json").write_text(json.dumps([plain(frame) for frame in unpacked(message)["frames"]]))
    command = [
        DENO,
        "test",
        "--quiet",
        "--no-check",
        "--no-remote",
        "--allow-read",
        "--allow-env",
        HERE / "live_test.js",
    ]
    environment = os.environ | {"MESSAGES": str(tmp_path), "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert " 8 passed" in found.stdout
