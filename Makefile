# Needs make and Python 3.11 or newer with venv (Debian: apt install make python3-venv).
# Everything is installed into VENV, and again only when pyproject.toml has changed.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
# A Monday: the week that `make demo` plans.
WEEK ?= 2011-05-16
# The world that `make curves` and `make job` plan: town, district, city or province.
SIZE ?= district
# The volunteers of the largest world of `make growth`; the province has 2660000.
LARGEST ?= 266000

BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -n $(JOBS)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
DEMO := docs/examples/nyc_2011
LOWEST := .venv-lowest

# Every start of the command would read its source anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow test-all test-lowest lint format types layers docs bench bench-smoke bench-compare bench-baseline growth job curves peers reference wheel clean

help:  ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(VENV)/.package  ## plan a week of real calls for volunteers, and check the plan
	$(BIN)/matching plan $(DEMO)/tables --policy $(DEMO)/policy.toml --week $(WEEK) --out build/nyc
	$(BIN)/matching check $(DEMO)/tables build/nyc --policy $(DEMO)/policy.toml --week $(WEEK)

# The workers of the tests share the processors: threads of Polars in each would wait for each other.
test: export POLARS_MAX_THREADS = 1
test: $(VENV)/.dev  ## run the fast tests, and the code in the documentation
	$(PYTEST)

# Exit status 5: no test is marked slow.
test-slow: $(VENV)/.dev  ## run the slow tests alone
	$(PYTEST) -m slow || test $$? -eq 5

test-all: $(VENV)/.dev  ## run all tests
	$(PYTEST) -m ""

test-lowest: $(LOWEST)/.dev  ## run the fast tests on the oldest minor versions allowed
	$(LOWEST)/bin/python -m pytest -n $(JOBS)

lint: $(VENV)/.dev  ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev  ## mend style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev  ## check the types
	$(BIN)/mypy

layers: $(VENV)/.dev  ## check who imports whom
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/.dev  ## build the documentation into build/docs; warnings are errors
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs

# pytest-benchmark measures nothing where tests may be spread over workers, hence --dist=no.
bench: $(VENV)/.dev  ## measure the benchmarks
	@mkdir -p build
	$(BIN)/python -m pytest benchmarks -m "" --dist=no --benchmark-only --benchmark-json=build/benchmarks.json

bench-smoke: $(VENV)/.dev  ## run each fast benchmark once, unmeasured
	$(BIN)/python -m pytest benchmarks --benchmark-disable

bench-compare: $(VENV)/.dev  ## compare each phase with the stored baseline; fails if one is slower
	$(BIN)/python -m benchmarks.comparing --out build/comparing.json

bench-baseline: $(VENV)/.dev  ## measure the phases anew and store them as the baseline
	$(BIN)/python -m benchmarks.comparing --update

growth: $(VENV)/.dev  ## plan 26,600 to LARGEST volunteers at one density and draw growth into build/growth; LARGEST=266000
	$(BIN)/python -m benchmarks.growth --largest $(LARGEST) --out build/growth

job: $(VENV)/.dev  ## plan a world from Parquet to a written plan, and with the raw flow, into build/job; SIZE=district
	$(BIN)/python -m benchmarks.whole_job $(SIZE) --out build/job

curves: $(VENV)/.dev  ## plan a world and draw value and bound over time into build/curves; SIZE=district
	$(BIN)/python -m benchmarks.curves $(SIZE) --out build/curves

peers: $(VENV)/.peers  ## run this library and its peers on towns and districts into build/peers: an hour
	$(BIN)/python -m benchmarks.vmb compare --out build/peers

reference: $(VENV)/.dev  ## write the reference pages of tables and policy keys anew
	$(BIN)/python docs/_generate.py

wheel: $(VENV)/.dev  ## build the wheel into dist
	rm -rf dist
	$(BIN)/python -m build --wheel

clean:  ## remove everything that was made, the environments too
	rm -rf build dist docs/reference/generated $(VENV) $(LOWEST)
	rm -rf .hypothesis .benchmarks .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.package: pyproject.toml | $(BIN)/python
	$(PIP) --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[dev]'
	touch $(VENV)/.package $@

$(VENV)/.peers: pyproject.toml | $(VENV)/.dev
	$(PIP) --editable '.[dev,peers]'
	touch $@

$(LOWEST)/.dev: pyproject.toml | $(LOWEST)/bin/python
	$(LOWEST)/bin/python -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*(line.replace(">=", "==") + ".*" for line in project["dependencies"]), sep="\n")' > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/lowest.txt --editable '.[dev]'
	touch $@

%/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed: set PYTHON, for instance make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'This Python cannot make virtual environments; on Debian: apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $*
