# The commands of this repository. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run test check browser soak bench lock clean

BIN := .venv/bin
# Test processes; two is what the time limit of ten minutes is measured with.
WORKERS ?= 2
# How much `make bench` measures: short, usual or full.
BENCH ?= usual

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

setup: ## make .venv/ with the locked versions (PYTHON=python3.12 chooses the interpreter)
	@scripts/bootstrap

run: setup ## start a chain of four validators on this machine; Ctrl-C ends it
	@exec $(BIN)/daonode dev

test: check browser ## everything that a change must pass
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not soak" --ignore tests/tidy tests

check: setup ## formatting, lint, types, layers, the tidy test, known vulnerabilities
	@scripts/check

browser: ## install the Chromium that the tests of the web page look through, where it is missing
	@scripts/browser

soak: setup ## the long forms of the tests; last those with networks of processes, which have the machine to themselves
	@failed=0; \
	$(BIN)/python -m pytest -n $(WORKERS) -m soak --timeout 3600 --ignore tests/chaos tests || failed=1; \
	$(BIN)/python -m pytest -m soak tests/chaos || failed=1; \
	exit $$failed

bench: setup ## the benchmarks: a table, and build/bench.json (BENCH=short takes a minute, BENCH=full a million accounts)
	@$(BIN)/python -m benchmarks --form $(BENCH)

lock: setup ## choose the newest allowed versions anew and write requirements/
	@scripts/lock

clean: ## remove everything that was made
	@rm -rf .venv build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
