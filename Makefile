# Every target sets up what it needs: a .venv with the locked requirements and this package.
# `make demo` and `make test` are all a newcomer has to know.

VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
MORE_JOBS = $$(($(JOBS) * 2))# where most tests wait, as calls do

# Layers 0 to 2 and their tests, which cover them completely.
PURE := 'agent/errors.py,agent/audio/*,agent/telephony/*,agent/gemini/*,agent/tenants/*,agent/call/*'
PURE_TESTS := tests/test_errors.py $(addprefix tests/,audio telephony gemini tenants call)

.DEFAULT_GOAL := help
.PHONY: help demo setup setup-dev setup-quality test test-3.12 coverage check format-check lint types unit fix bench continuity clean

help:
	@echo "make demo    a simulated caller phones in and books a table by voice  (ARGS=--exit: then ends)"
	@echo "make test    everything that can be tested"
	@echo "make check   format, lint, types, layers, and all but the slow tests"
	@echo "make coverage  what no test of the shell reaches"
	@echo "make fix     format and repair what a machine can"
	@echo "make bench   figures against the floor and the naive bridge"
	@echo "make continuity  calls that lose their connections, beside the naive bridge; puts the table into the README"
	@echo "make setup   only the set-up, so that $(BIN)/seamline runs"
	@echo "make clean   remove what was made"

setup: $(VENV)/.sim
setup-dev: $(VENV)/.dev
setup-quality: $(VENV)/.quality

$(VENV)/.sim: requirements/sim.txt pyproject.toml
	@scripts/make-venv $(VENV) sim
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@scripts/make-venv $(VENV) dev
	@touch $@ $(VENV)/.sim

$(VENV)/.quality: requirements/quality.txt $(VENV)/.dev
	@scripts/make-venv $(VENV) quality
	@touch $@

demo: $(VENV)/.sim
	@$(BIN)/seamline demo $(ARGS)

format-check: $(VENV)/.dev
	@$(BIN)/ruff format --check .

lint: $(VENV)/.dev
	@$(BIN)/ruff check .

types: $(VENV)/.dev
	@$(BIN)/mypy

unit: $(VENV)/.dev
	@$(BIN)/pytest -q -n $(JOBS) -m "not slow and not speech" $(ARGS)

check: format-check lint types unit

test: $(VENV)/.quality format-check lint types
	@scripts/test-machine
	@$(BIN)/pytest -n $(JOBS) --cov --cov-report= $(PURE_TESTS) $(ARGS)
	@$(BIN)/coverage report --include=$(PURE) --fail-under=100
	@$(BIN)/pytest -n $(MORE_JOBS) --dist worksteal $(PURE_TESTS:%=--ignore=%) $(ARGS)

coverage: $(VENV)/.quality
	@$(BIN)/pytest -n $(JOBS) --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --omit=$(PURE)

test-3.12:
	@scripts/make-venv .venv-3.12 dev 3.12
	@.venv-3.12/bin/pytest -q -n $(JOBS) -m "not slow and not speech and not browser and not socket" $(ARGS)

fix: $(VENV)/.dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.quality
	@$(BIN)/python -m bench $(ARGS)

continuity: $(VENV)/.dev
	@$(BIN)/python -m bench.continuity --markdown README.md $(ARGS)

clean:
	rm -rf $(VENV) .venv-3.12 build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* htmlcov calls
	find agent tests bench config -name __pycache__ -type d -prune -exec rm -rf {} +

export PYTHONASYNCIODEBUG
test unit: PYTHONASYNCIODEBUG = 1
