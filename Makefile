# pivot. `make` shows the targets. VENV=... uses that environment as it is; without it .venv is made from the pinned versions.
VENV ?= .venv
PYTHON ?= python3
PY = $(VENV)/bin/python
PIP_INSTALL = $(PY) -m pip install -q --disable-pip-version-check
TESTS ?=
JOBS ?= auto
BENCH ?=

ifeq ($(origin VENV),file)
RUN_READY = $(VENV)/.run-ready
DEV_READY = $(VENV)/.dev-ready
endif

.PHONY: help demo check format lint types fast test packages services-stop bench conformance rooms clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

demo: $(RUN_READY)  ## a simulated call from request to outcome; needs no broker and no database
	@$(PY) -m pivot demo

check: format lint types fast  ## what must be green before a commit (no services needed)

format: $(DEV_READY)  ## is the code formatted
	$(PY) -m ruff format --check -q .

lint: $(DEV_READY)  ## ruff's rules
	$(PY) -m ruff check -q .

types: $(DEV_READY)  ## mypy --strict
	$(PY) -m mypy --no-error-summary

fast: $(DEV_READY)  ## tests that need no services and no patience
	$(PY) -m pytest -q -n $(JOBS) -m "not rabbit and not couch and not browser and not live and not slow"

test: packages $(DEV_READY)  ## the whole suite over private services; TESTS="tests/bus -k name" runs a part
	$(PY) -m tests.services run -- $(PY) -m pytest -n $(JOBS) --dist loadfile $(TESTS)

packages:  ## what the services need: apt (root or sudo) and npm, only what is missing
	@$(PYTHON) -m tests.services install

services-stop:  ## stop services that a killed run, or `python -m tests.services start`, left behind
	@$(PYTHON) -m tests.services stop

conformance: packages $(DEV_READY)  ## the TwiML conformance cases by verb: on the engine, and through the worker over RabbitMQ
	@$(PY) -m tests.services run -- $(PY) -m tests.conformance.table

bench: packages $(DEV_READY)  ## how fast, beside the bare libraries; BENCH="--debug --accounts 200"
	@$(PY) -m tests.services run -- $(PY) -m pivot bench $(BENCH)

rooms:  ## draw the rooms in ARCHITECTURE.md anew, from the imports
	@$(PYTHON) -m tests.rooms

clean: services-stop  ## remove everything made here
	rm -rf .venv .services .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("pivot needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "no virtual environment: apt-get install python3-venv"; exit 1; }

.venv/.run-ready: .venv/bin/python constraints.txt pyproject.toml
	@$(PIP_INSTALL) --require-hashes -r constraints.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev-ready: .venv/.run-ready constraints-dev.txt
	@$(PIP_INSTALL) --require-hashes -r constraints-dev.txt
	@touch $@
