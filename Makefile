# Guanxi needs Python 3.11 or later with venv, and make. Everything else comes from requirements.lock.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
export PORT ?= 8000
# The tests start a hundred processes: none should have to compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
PACKAGES := $(wildcard core tenants plugins)
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN); echo $$((cores < 4 ? cores : 4)))
# How many processes `make faults` kills; 20 is the short form.
KILLS ?= 200
# More arguments for pytest: make test ARGS="tests/core/kernel -k money"
ARGS ?=

# The first Python that is new enough; PYTHON=/path/to/python overrules the search.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

.PHONY: help setup run demo test cover faults bench lint types fmt messages initial screenshots lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: .venv/.synced core/web/static/vendor/manifest.json ## Make .venv from the lock and fetch the browser files

run: setup ## Serve Guanxi with two demo workspaces on http://127.0.0.1, PORT=8000
	@exec .venv/bin/guanxi up --demo

demo: setup ## Make the two demo workspaces again from scratch
	@exec .venv/bin/guanxi demo --again

test: setup ## Run the tests in random order on up to 4 cores; ARGS= goes to pytest
	@exec $(PY) -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

cover: setup ## Demand that tests take every branch of money, permissions, tenancy, billing and idempotency
	@rm -f .coverage .coverage.*; failed=0; \
		$(PY) -m coverage run -m pytest -q -n $(WORKERS) --dist worksteal --hypothesis-seed=0 $(ARGS) $(COVERED) || failed=1; \
		$(PY) -m coverage combine -q && $(PY) -m coverage report || failed=1; exit $$failed
# The tests that concern them; what is demanded stands in pyproject.toml.
COVERED = tests/tenants tests/core/access tests/core/members tests/core/tenancy \
	tests/core/kernel/test_idempotency.py tests/core/kernel/test_money.py tests/core/web \
	tests/core/webhooks/test_delivering.py tests/plugins/marketing/forms/test_sending.py

faults: setup ## Kill processes under load and look for lost or doubled work, KILLS=200
	@GUANXI_FAULT_KILLS=$(KILLS) $(PY) -m pytest -n 0 -m faults $(ARGS) tests/faults

bench: setup .venv/.bench ## Measure speed as ratios and write docs/benchmarks.md; BENCH=small for a quick look
	@exec $(PY) -m pytest -n 0 -s -p no:randomly -m bench $(ARGS) tests/bench

lint: setup ## Check style and who imports whom
	@failed=0; .venv/bin/ruff check . || failed=1; .venv/bin/ruff format --check . || failed=1; \
		.venv/bin/lint-imports --no-logo || failed=1; exit $$failed

types: setup ## Check types
	@.venv/bin/mypy $(PACKAGES) hatch_build.py

fmt: setup ## Format the code and mend what ruff can mend
	@.venv/bin/ruff check --fix-only .
	@.venv/bin/ruff format .

messages: setup ## Bring the translation files up to date and list what is untranslated
	@$(PY) -m core.kernel.i18n extract
	@$(PY) -m core.kernel.i18n check

initial: setup ## Write the initial migration again from the models (before the first release only)
	@exec .venv/bin/guanxi migrate --squash-initial

screenshots: setup ## Take the pictures in docs/screenshots
	@exec $(PY) -m tests.e2e.screenshots

lock: .venv/bin/uv ## Choose versions anew for pyproject.toml; UPGRADE=--upgrade takes the newest
	@$(LOCK) --group dev --group build pyproject.toml -o requirements.lock
	@$(LOCK) --group bench -c requirements.lock -o requirements-bench.lock
LOCK = .venv/bin/uv pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

clean: ## Remove what the other targets made; .guanxi with its data stays
	rm -rf .venv node_modules core/web/static/vendor build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*

.venv/bin/uv: requirements.lock
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Guanxi needs Python 3.11 or later; none was found. PYTHON=/path/to/python names one."; exit 1; }
	@$(PY) -c '' 2>/dev/null || rm -rf .venv
	@[ -d .venv ] || $(PYTHON) -m venv .venv || { rm -rf .venv; echo; \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu its parts come in a package of their own:"; \
		echo "    sudo apt-get install python$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"; exit 1; }
	@$(PY) -m pip install -q --disable-pip-version-check "$$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements.lock)"
	@touch $@

# Compiled here once, since every process would do it again where Python may not write beside the sources.
# pip is the fallback where only pip knows the way to a package index.
.venv/.synced: .venv/bin/uv requirements.lock pyproject.toml hatch_build.py
	@echo "Installing the packages of requirements.lock into .venv …"
	@.venv/bin/uv pip sync -q --python $(PY) --compile-bytecode --require-hashes requirements.lock || \
		$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@.venv/bin/uv pip install -q --python $(PY) --no-deps --no-build-isolation --offline --editable .
	@touch $@

.venv/.bench: .venv/.synced requirements-bench.lock
	@.venv/bin/uv pip install -q --python $(PY) --require-hashes -r requirements-bench.lock
	@touch $@

core/web/static/vendor/manifest.json: .venv/.synced package-lock.json $(wildcard core/web/icons.txt)
	@$(PY) hatch_build.py
	@touch $@
