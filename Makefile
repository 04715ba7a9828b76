# A machine needs Python 3.11 or newer and make; everything else goes into .venv.

PORT ?= 8501
# not ?=, since some shells export a HOST of their own
HOST = 127.0.0.1
ARGS ?=

RECENT = import sys; sys.exit(sys.version_info < (3, 11))
CANDIDATES = python3.14 python3.13 python3.12 python3.11 python3 python
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(RECENT)' 2>/dev/null && echo $$p && break; done)

VENV = .venv/bin/python
FREE = import socket, sys; host, port = sys.argv[1:]; \
	socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
INSTALL = $(VENV) -m pip install --quiet --disable-pip-version-check --require-hashes -r
COMPILE = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: help run test long test-all lecture-test lint bench browser a-browser engines torch balancers lock clean

help:  ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/.run-stamp  ## start the app (PORT=8501; HOST=0.0.0.0 lets the room in)
	@$(VENV) -c '$(FREE)' $(HOST) $(PORT) 2>/dev/null || { echo "Unrolled: port $(PORT) of $(HOST) is taken or not" \
		"ours to open: choose another, as in make run PORT=$$(($(PORT) + 1))" >&2; exit 1; }
	$(VENV) -m streamlit run app.py --server.headless=true --server.address=$(HOST) --server.port=$(PORT)

test: .venv/.test-stamp a-browser  ## run every test but the long ones (ARGS="-k chain" runs some)
	$(VENV) -m pytest -m "not (browser or long or slow)" -n auto $(ARGS) || test $$? -eq 5  # 5: ARGS chose none of these
	$(VENV) -m pytest -m "browser and not (long or slow)" -n 2 --dist worksteal $(ARGS) || test $$? -eq 5

long: .venv/.test-stamp engines torch  ## what takes longer: every engine, PyTorch's code, more settings, minutes of use
	$(VENV) -m pytest -m "(long or torch) and not (browser or slow)" -n 2 $(ARGS) || test $$? -eq 5
	UNROLLED_ENGINES=all $(VENV) -m pytest -m "browser and (long or engine)" -n 2 --dist worksteal $(ARGS) || test $$? -eq 5

test-all: test long lecture-test  ## all three, as CI runs them

lint: .venv/.test-stamp  ## check style, format and types
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy
	.venv/bin/deno lint --quiet pages tests
	.venv/bin/deno check --quiet --config tests/deno.json $$(find pages -name "*.js")

lecture-test balancers: export PATH := $(PATH):/usr/sbin
lecture-test: .venv/.test-stamp a-browser balancers  ## a lecture on two replicas behind HAProxy and nginx: kill one
	timeout --signal=INT --kill-after=20 350 $(VENV) -m pytest tests/lecture/lecture.py -x $(ARGS)

balancers:
	@{ command -v haproxy && command -v nginx; } >/dev/null \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update && apt-get install -y haproxy nginx; } \
		|| { echo "The lecture test needs haproxy and nginx: install both, or run it as root on Debian." >&2; exit 1; }

bench: .venv/.test-stamp a-browser  ## measure speed and load
	$(VENV) -m tests.benchmarks $(ARGS)

browser: .venv/.test-stamp  ## install a browser for the tests
	{ test "$$(id -u)" = 0 && command -v apt-get && apt-get update && apt-get install -y chromium; } \
		|| $(VENV) -m playwright install chromium

a-browser: .venv/.test-stamp
	@$(VENV) -m tests.browser >/dev/null 2>&1 || $(MAKE) browser || true  # without one the tests say so

engines: .venv/.test-stamp  ## install all three engines for the tests (root on Debian)
	@$(VENV) -m tests.engines >/dev/null 2>&1 || { test "$$(id -u)" = 0 && command -v apt-get && apt-get update \
		&& apt-get install -y chromium firefox-esr webkit2gtk-driver xvfb; } || true
	@$(VENV) -m tests.engines

torch: .venv/.test-stamp
	@$(VENV) -c 'import torch' 2>/dev/null || $(INSTALL) requirements/torch.txt --no-deps \
		|| echo "PyTorch cannot be had here: its tests are skipped." >&2

lock:  ## pin all packages anew (needs uv; ARGS=--upgrade takes newer ones)
	$(COMPILE) $(ARGS) --extra app -o requirements/run.txt
	$(COMPILE) $(ARGS) --extra app --extra test --extra lint -c requirements/run.txt -o requirements/test.txt

clean:  ## remove .venv and all that was made
	rm -rf .venv .*_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.stamp:
	@python="$(PYTHON)"; \
	"$$python" -c '$(RECENT)' 2>/dev/null \
		|| { echo "Unrolled needs Python 3.11 or newer: install it, or name it with make PYTHON=..." >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$$python cannot make virtual environments: install its venv package (Debian: python3-venv)." >&2; exit 1; }; \
	echo "Making .venv with $$python; the first start takes a minute."; \
	"$$python" -m venv --clear .venv
	@touch $@

.venv/.run-stamp: requirements/run.txt | .venv/.stamp
	$(INSTALL) $<
	@touch $@

.venv/.test-stamp: requirements/test.txt | .venv/.stamp
	$(INSTALL) $<
	@touch $@
