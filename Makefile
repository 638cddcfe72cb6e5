# Every developer command; `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# A file's tests stay together, so that they share the server or the browser that they were written around. The files
# run in the order of their names: sorted by their number of tests, those of one long test would all come last.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder
FAST := tests/api tests/calls tests/client tests/content tests/engine tests/flows tests/waiting tests/webhooks
COVERAGE := --cov --cov-report=term --cov-fail-under=95

# The tests start hundreds of processes, each of which would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast check fuzz lint types mypy pyright imports coverage bench bench-gate docs-examples clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sort

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint codegen/constraints.txt --editable '.[sandbox]'

# Three stamps: the demo needs the package and its sandbox only, and most tests need a quarter of what all tools take.
# They do not count where the environment's Python does not run, for example after the system's was replaced.
STAMPS := $(VENV)/.runs $(VENV)/.tests $(VENV)/.works
ifneq ($(shell $(BIN)/python -c 'print(1)' 2>/dev/null),1)
$(STAMPS): remake
endif
.PHONY: remake
remake:

$(VENV)/.runs: pyproject.toml codegen/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("hitl needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(INSTALL)
	@touch $@

$(VENV)/.tests: $(VENV)/.runs
	@$(INSTALL) --group test
	@touch $@

$(VENV)/.works: $(VENV)/.tests
	@$(INSTALL) --group dev
	@touch $@

setup: $(VENV)/.works ## make the environment for development in .venv

demo: $(VENV)/.runs ## run the whole loop: create a review, answer it in the browser, print the answer
	@$(BIN)/python examples/demo.py

# CI runs `check` and then `test`; it measures the coverage with the latter, so that the tests run once. There everything
# is installed and every test runs; elsewhere conftest.py leaves out those of packages that are not installed.
test: $(if $(CI),$(VENV)/.works,$(VENV)/.tests) ## run the tests, without a browser and type checkers unless `make setup` ran
	@$(BIN)/python -m pytest -q $(PARALLEL) $(if $(CI),$(COVERAGE))

test-fast: $(VENV)/.tests ## run the tests of most rooms, in less than two minutes
	@$(BIN)/python -m pytest -q $(PARALLEL) $(FAST)

check: static bench-gate $(if $(CI),,coverage) ## everything that CI runs

# Two at a time; what measures speed runs alone, after them.
.PHONY: static
static: setup
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint lint-spec check-generated types imports

lint: setup ## style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: mypy pyright ## mypy and pyright, both strict

mypy pyright: setup
	@$(BIN)/$@

imports: setup ## who may import whom
	@$(BIN)/lint-imports --no-logo

coverage: setup ## run the tests and hold the branch coverage of hitl/ to 95 %
	@$(BIN)/python -m pytest -q $(PARALLEL) $(COVERAGE)

fuzz: setup ## check 60,000 forged webhooks; make test checks 2,000
	@HITL_FUZZ_EXAMPLES=60000 $(BIN)/python -m pytest -q tests/webhooks/test_webhooks_fuzz.py

bench: setup ## measure speed beside the peers, and write the figures into docs/explanation/performance.md
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.waiting
	@$(BIN)/python -m benchmarks.report
	@$(BIN)/python -m benchmarks.webhooks
	@$(BIN)/python -m benchmarks.live_pages

bench-gate: setup ## fail if something has become much slower than it was
	@$(BIN)/python -m benchmarks.gate
	@$(BIN)/python -m benchmarks.drawing

clean: ## remove what the other commands made
	@rm -rf $(VENV) .venv-* .contract dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .bench

include codegen/targets.mk
include tests/frameworks/targets.mk

.PHONY: write-async-client check-async-client
generate: write-async-client
check-generated: check-async-client

write-async-client:
	@$(BIN)/python codegen/async_client.py

check-async-client:
	@$(BIN)/python codegen/async_client.py --check
