"""Run all benchmarks, print one table a topic, and write build/benchmarks.json: `make bench ARGS="core load"`."""

import json
import platform
import sys
from datetime import date
from pathlib import Path

from tests.benchmarks import core, latency, load, start

TOPICS = {"core": core, "latency": latency, "load": load, "start": start}
RESULT = Path("build/benchmarks.json")

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(TOPICS)
    if unknown := [name for name in chosen if name not in TOPICS]:
        sys.exit(f"topics are {', '.join(TOPICS)}, got {unknown[0]!r}")
    machine = {"date": date.today().isoformat(), "machine": platform.machine(), "python": platform.python_version()}
    found = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    for name in chosen:
        found[name] = machine | {"result": TOPICS[name].measure()}
        TOPICS[name].show(found[name]["result"])
        print()
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(found, indent=1), encoding="utf-8")
