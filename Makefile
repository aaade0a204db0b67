PYTHON ?= python3
BIN := .venv/bin
export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test check format bench screenshots faults clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.runs ## serve on http://127.0.0.1:8000; prints what to type in another terminal
	@$(BIN)/limner serve

test: .venv/.develops ## every test, real kills included
	$(BIN)/pytest -n 3 --dist loadfile

check: .venv/.develops ## format, lint, types, import contracts, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/sizes.py

format: .venv/.develops ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.develops ## the speed table, each figure beside its baseline of the same run
	$(BIN)/python benchmarks

screenshots: .venv/.develops ## every view of the page at three widths, light and dark; look at them
	$(BIN)/python tools/screenshots.py

faults: .venv/.develops ## 500 kills, 200 zombies and 50 outages on each of what Limner stands on; takes three hours
	for on in sqlite postgres redis rabbitmq; do $(BIN)/python -m tests.faults.campaign --kills 500 --on $$on || exit 1; done
	for on in sqlite postgres redis rabbitmq; do $(BIN)/python -m tests.faults.zombies --zombies 200 --on $$on || exit 1; done
	for on in sqlite redis rabbitmq; do $(BIN)/python -m tests.faults.outages --outages 50 --on $$on || exit 1; done
	for on in postgres redis rabbitmq; do $(BIN)/python -m tests.faults.database_outages --outages 100 --on $$on || exit 1; done
	$(BIN)/python -m tests.faults.broker_outages --outages 50
	$(BIN)/python -m tests.faults.broker_outages --outages 50 --rabbitmq

clean: ## remove the environment and all caches; pictures and jobs stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Limner needs Python 3.11 or newer; name one with make PYTHON=...")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.runs: .venv/.made pyproject.toml constraints.txt
	$(BIN)/pip install -q -e .
	@touch $@

.venv/.develops: .venv/.runs
	$(BIN)/python tools/dependency_group.py dev > .venv/dev.txt
	$(BIN)/pip install -q -r .venv/dev.txt
	@touch $@
