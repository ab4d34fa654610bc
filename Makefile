# Targets people use: demo, test, check. VENV may name another environment.
VENV ?= .venv
PYTHON ?= python3
PY = $(VENV)/bin/python

.PHONY: check format lint types fast

check: format lint types fast

format:
	$(PY) -m ruff format --check -q .

lint:
	$(PY) -m ruff check -q .

types:
	$(PY) -m mypy --no-error-summary

fast:
	$(PY) -m pytest -q -m "not rabbit and not couch and not browser and not live"
