# Needs make and Python 3.11 or newer. Everything else goes into .venv, when a target first asks for it.

PYTHON ?= python3
BIN := .venv/bin
# What is built at install, where there is a compiler.
NATIVE := $(wildcard engine/backends/*.pyx engine/backends/*.pxd)

.DEFAULT_GOAL := help
# Targets share .venv and the generated files, so they take turns, also under `make -j`.
.NOTPARALLEL:
.PHONY: help run test fuzz soak check universe docs format site bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

run: .venv/.installed ## compile the rules, then run the strategies on paper, over a synthetic market
	$(BIN)/hedgerow universe
	$(BIN)/hedgerow run --new

test: .venv/.installed-test ## run the tests, and fuzz each door for a minute; ARGS='-k gate' picks some
	$(BIN)/pytest -n auto --dist worksteal $(ARGS)

fuzz: .venv/.installed-fuzz ## fuzz each door that reads text, half an hour each; SECONDS=60 for less
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),1800)

soak: .venv/.installed-test ## prove at length what the tests sample: mutants, laws, proofs of edits, kills over CANDLES, fuzzing
	$(BIN)/hedgerow mutate
	$(BIN)/pytest -n auto --hypothesis-profile=soak tests/engine tests/execution/test_laws.py tests/execution/test_going_on.py
	$(BIN)/python -m tests.engine.beside 1000000
	$(BIN)/python -m tests.research.many 10000000
	$(BIN)/python -m tests.generator.hostile
	$(BIN)/python -m tests.generator.change.laws 3000
	$(BIN)/python -m tests.generator.proof.laws 2000
	$(BIN)/python -m tests.generator.proof.predecessor
	$(BIN)/python -m tests.generator.proof.large
	$(BIN)/python -m tests.execution.kills $(CANDLES) --runs 20 --kills 10
	$(BIN)/python -m tests.execution.kills --often --runs 20 --kills 10
	$(BIN)/python -m tests.fuzz --seconds 1800

check: .venv/.installed-dev ## check format, lint, types, floors, rules, and that generated files are fresh
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/hedgerow check
	$(BIN)/hedgerow coverage
	$(BIN)/hedgerow fmt --check
	$(BIN)/hedgerow universe --check
	$(BIN)/hedgerow docs --check

universe: .venv/.installed ## compile the rules into universe/universe.json, and write what follows from it
	$(BIN)/hedgerow universe
	$(BIN)/hedgerow docs

docs: .venv/.installed ## write the generated schemas and reference pages
	$(BIN)/hedgerow docs

format: .venv/.installed-dev ## format the code and mend what the linter can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

site: .venv/.installed-site ## write the documentation as a searchable site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv/.installed-test ## measure how fast decisions and compiles are; WRITE=1 keeps the page
	$(BIN)/python -m research.bench $(if $(WRITE),--write)

clean: ## remove .venv and every cache; logs stay
	rm -rf .venv build engine/backends/*.c engine/backends/*.so *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp for each kind of set-up: running needs no test tools, testing needs no linters. A larger one covers the smaller.
.venv/.installed: EXTRAS := [proof]
.venv/.installed-test: EXTRAS := [proof,binance,serve,signing,columns,scale,test]
.venv/.installed-test: COVERS := .venv/.installed
.venv/.installed-fuzz: EXTRAS := [proof,binance,serve,signing,columns,scale,test,fuzz]
.venv/.installed-fuzz: COVERS := .venv/.installed .venv/.installed-test
.venv/.installed-dev: EXTRAS := [agent,proof,binance,serve,signing,columns,scale,test,dev]
.venv/.installed-dev: COVERS := .venv/.installed .venv/.installed-test

.venv/.installed-site: EXTRAS := [site]

.venv/.installed .venv/.installed-test .venv/.installed-fuzz .venv/.installed-dev .venv/.installed-site: pyproject.toml $(NATIVE) | $(BIN)/pip
	@echo 'installing hedgerow$(EXTRAS) into .venv'
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable '.$(EXTRAS)'
	@touch $(COVERS) $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'hedgerow needs Python 3.11 or newer, and `$(PYTHON)` is not one' >&2; \
		echo 'help: install it, or name the one to use: make PYTHON=python3.12 ...' >&2; \
		exit 1; \
	}
	@$(PYTHON) -m venv .venv
