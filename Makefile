# loopsweb needs Python 3.11 or newer and make; everything else is fetched into .venv.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
API_PORT ?= 8900
UV ?= uv
FAULT_SECONDS ?= 600
SOAK_SECONDS ?= 180
SOAK_KEYS ?= 100
FAULT_SEED ?= $(shell date +%s)
SIMULATE_SEEDS ?= 1000
SIMULATE_SEED ?=
TEST_OPTIONS ?=
# More than there are cores, because many tests wait for processes.
TEST_WORKERS ?= 3

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
PYTEST := $(BIN)/pytest -n $(TEST_WORKERS) --dist loadscope --no-loadscope-reorder -q
LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate --no-header -q pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test test-sqlite test-postgresql faults simulate coverage check bench soak screenshots lock

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.develop  ## Everything to develop and test, into .venv

demo: $(VENV)/.run  ## A filled dashboard with a pretended API, on http://127.0.0.1:8000
	@exec $(BIN)/python manage.py demo --port $(PORT) --api-port $(API_PORT)

serve: $(VENV)/.run  ## The dashboard for real, on SQLite
	@exec $(BIN)/python manage.py serve --host $(HOST) --port $(PORT)

test: test-sqlite test-postgresql  ## The whole suite, on SQLite, then on PostgreSQL with Redis

test-sqlite: $(VENV)/.develop
	@echo "== SQLite, one process, on $$($(BIN)/python -V)"
	@$(PYTEST) $(TEST_OPTIONS)

test-postgresql: $(VENV)/.develop
	@echo "== PostgreSQL, Redis, separate processes, on $$($(BIN)/python -V)"
	@$(PYTEST) --on postgresql $(TEST_OPTIONS)

coverage: $(VENV)/.develop  ## Which lines no test runs on SQLite; takes twice as long as the tests
	@$(PYTEST) --cov --cov-report=term

check: export LOOPSWEB_DATA_DIR := $(VENV)/check
check: $(VENV)/.develop  ## Everything that can be judged without running it
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files -z -- 'templates/*.html' | xargs -0 $(BIN)/djade --check --target-version 5.2
	.ci/advisories

faults: $(VENV)/.develop  ## Ten minutes of faults of every kind; FAULT_SECONDS and FAULT_SEED change that
	@FAULT_SECONDS=$(FAULT_SECONDS) FAULT_SEED=$(FAULT_SEED) $(BIN)/pytest -q --on postgresql -k every_kind tests/faults

simulate: $(VENV)/.develop  ## A thousand simulations under a virtual clock, and planted bugs; SIMULATE_SEED replays one
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.simulation $(if $(SIMULATE_SEED),--seed $(SIMULATE_SEED),--seeds $(SIMULATE_SEEDS) --bugs)

bench: $(VENV)/.develop  ## What pages, polls and events cost, as ratios, on both databases; writes docs/benchmarks.md
	@$(BIN)/python -m bench

soak: $(VENV)/.develop  ## A hundred people and SOAK_KEYS keys for SOAK_SECONDS: load, lag, memory, CPU of a tab and a key
	@$(BIN)/python -m bench --only soak --soak-seconds $(SOAK_SECONDS) --keys $(SOAK_KEYS) --document $(VENV)/soak.md

screenshots: $(VENV)/.develop  ## The pictures of README and docs, from the demo
	@$(BIN)/python -m tests.screenshots

lock:  ## Pin every package again after a change in pyproject.toml (needs uv)
	$(LOCK) -o requirements.lock
	$(LOCK) --extra dev -o requirements-dev.lock

$(VENV)/.develop: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing everything to develop and test (about half a minute) …"
	@$(PIP) -r requirements-dev.lock
	@touch $@ $(VENV)/.run

$(VENV)/.run: requirements.lock | $(VENV)/bin/python
	@echo "Installing what loopsweb runs on …"
	@$(PIP) -r requirements.lock
	@touch $@

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "loopsweb needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Could not make $(VENV). On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
