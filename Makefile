# Two commands on a fresh machine with git, make and a Python from 3.11 on: `make demo`, `make test`.

# The first of these that is new enough; name another with `make PYTHON=/path/to/python3.12 …`.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Half of what a test does is to wait for a server, a process or a disk.
WORKERS ?= $(shell $(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))')
INSTALLED := $(VENV)/installed
BROWSER_TESTS ?= tests/browser
UV_PIP := $(BIN)/uv pip

.PHONY: browser pictures distributed help install demo dev test matrix ends lint fix docs package lock clean

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

install: $(INSTALLED) ## install everything into .venv, with a Python from 3.11 on (PYTHON=… names one)

$(INSTALLED): requirements.lock pyproject.toml
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "This needs Python 3.11 or newer: install one, or name it with make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing into $(VENV) with $$($(PYTHON) --version) ($$(command -v $(PYTHON)))"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED) ## the whole pipeline on the embedded API: 60 days, results printed
	@$(BIN)/reamaze-pipeline demo
	@echo "The command is $(BIN)/reamaze-pipeline; after . $(BIN)/activate it is reamaze-pipeline."

dev: $(INSTALLED) ## the same, then the Dagster UI on its data
	@$(BIN)/reamaze-pipeline demo --ui

test: $(INSTALLED) ## all tests
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

browser: $(INSTALLED) ## the Dagster UI in Chromium, as a person uses it (apt-get install chromium)
	$(BIN)/python -m pytest -q -n 0 -m browser $(BROWSER_TESTS)

pictures: $(INSTALLED) ## take the pictures in docs/ui.md anew (apt-get install chromium)
	$(BIN)/python -m tests.browser.pictures

distributed: $(INSTALLED) ## 50 rounds of four writers of one lake, one killed in each (needs PostgreSQL; moto[server] for the object store)
	REAMAZE_ROUNDS=50 REAMAZE_WORKERS=4 $(BIN)/python -m pytest -q tests/distributed

matrix: $(INSTALLED) ## all tests on each Python there is, with the lowest and the newest of what pyproject.toml allows
	@.ci/matrix $(BIN)/uv

ends: $(INSTALLED) ## a few tests of every room with the lowest and the newest versions, on this Python
	@.ci/matrix $(BIN)/uv fast

lint: $(INSTALLED) ## style, types, and which way the imports run
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(INSTALLED) ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(INSTALLED) ## make the pages and tables anew that come from code and schema.yml
	@$(BIN)/python docs/generate.py

package: $(INSTALLED) ## build sdist and wheel into dist/ and check what is in them, in an empty environment
	@.ci/package $(BIN)

lock: $(INSTALLED) ## pin the newest versions that pyproject.toml allows, for every Python and platform, with hashes
	$(UV_PIP) compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --extra dev --extra dbt --extra fast --extra lake --extra browser \
		--no-annotate --no-header --output-file requirements.lock pyproject.toml

clean: ## remove what was installed and built, and the demo's data
	rm -rf $(VENV) .matrix dist data/demo
