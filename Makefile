# Two commands matter: `make demo` and `make test`. Each sets up what it needs; only Python 3.11 and make must be there.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
ARGS ?=
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check lint types contracts sql definitions unit coverage unit-system unit-system-all lock clean

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready  ## Create .venv from the hashed lock (about a minute)

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed, $(PYTHON) is another version: set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up .venv from requirements.lock (about a minute) ..." >&2
	@$(PYTHON) -m venv --clear .venv
	@# The lock is complete and hashed, so nothing is resolved: --no-deps is what it says, and faster.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## Run the whole product on a simulated Trafft; ARGS="--once --json" passes arguments on
	@$(BIN)/sixfb demo $(ARGS)

up: setup  ## Run the product for your own shops (connect one with .venv/bin/sixfb shop connect)
	@$(BIN)/sixfb up $(ARGS)

test: setup check unit unit-system  ## Everything that must hold: lint, types, contracts, definitions, all tests

check: lint types contracts sql definitions  ## All that needs no database

lint: setup  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .

types: setup  ## mypy, strict
	@$(BIN)/mypy ingestion pipelines simulator cli bench tests

contracts: setup  ## import-linter: data flows one way, and so do imports
	@$(BIN)/lint-imports

sql: setup  ## sqlfluff over the dbt project
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models dbt_project/tests

definitions: setup  ## dbt parse, then load Dagster's definitions as the code server would
	@# Parsing connects to nothing; the profile only wants its names filled in.
	@SIXFB_DB_HOST=none SIXFB_DB_PORT=5432 SIXFB_DB_USER=none SIXFB_DB_PASSWORD=none SIXFB_DB_NAME=none \
		$(BIN)/dbt --quiet parse --project-dir dbt_project --profiles-dir dbt_project
	@DAGSTER_HOME=$$(mktemp -d) $(BIN)/dg check defs

unit: setup  ## All tests on the embedded PostgreSQL
	@$(BIN)/pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

coverage: setup  ## The same, slower, with the lines that no test reached
	@$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-report=term $(PYTEST_ARGS)

unit-system: setup  ## The quick tests that touch SQL on the machine's own PostgreSQL, where there is one
	@$(BIN)/pytest -n 2 --dist loadgroup -m "sql and not slow" --postgres=system $(PYTEST_ARGS)

unit-system-all: setup  ## The same with the slow ones, dbt's among them: before a release
	@$(BIN)/pytest -n 2 --dist loadgroup -m sql --postgres=system $(PYTEST_ARGS)

lock: setup  ## Resolve requirements.lock anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --extra dev pyproject.toml --output-file requirements.lock

clean:  ## Remove .venv and what was built; the databases and keys under .sixfb stay
	rm -rf .venv dbt_project/target
