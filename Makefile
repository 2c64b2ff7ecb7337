# Two commands for newcomers: `make demo` and `make test`. Both need Python >= 3.10 and make, and install the rest here.

PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
INSTALLED := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
BACKENDS ?=
KEEP ?=

.PHONY: web help demo test test-fast test-bounds lint format backends wheel-test bench bench-quick faults redaction-report storm soak docs lock clean

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else "Python >= 3.10 is needed, this is " + sys.version.split()[0] + "; say: make PYTHON=/path/to/python3.x ...")'
	@echo "building the environment in $(VENV) (once; a minute or so)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(INSTALLED)  ## see a pipeline's events on this machine (BACKENDS=1: in a real Collector, Jaeger and Loki; DEMO_SECONDS=30: not until Ctrl-C; KEEP=1: leave its files)
	@$(BIN)/python examples/demo.py $(if $(BACKENDS),--backends) $(if $(KEEP),--keep)

test: $(INSTALLED) system-packages backends  ## everything, against the real backends
	$(PYTEST)

test-fast: $(INSTALLED)  ## what takes less than a minute
	$(PYTEST) -m "not backends and not slow" -x -q -n auto --hypothesis-profile=quick

test-bounds: $(INSTALLED)  ## all but the backends' tests with a queue of 64 events, which is full again and again
	$(PYTEST) -m "not backends and not room" -q -n auto --hypothesis-profile=quick --queue-events=64

lint: $(INSTALLED)  ## ruff, mypy --strict, import-linter, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/generate_catalog.py --check
	$(BIN)/python tools/generate_settings_docs.py --check
	$(BIN)/python tools/generate_api_docs.py --check

format: $(INSTALLED)  ## put the sources into shape
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

backends: $(INSTALLED)  ## build the real Collector, Jaeger, Loki and NATS into a per-user cache (once; about ten minutes)
	$(BIN)/python -m tools.backends build

.PHONY: system-packages
system-packages:
	@sh tools/system_packages.sh

# The tests run in a copy without otel_events/, so that what they import can only be the wheel's. What is left out there
# compares the sources with what was generated from them.
COPIED := tests tools docs examples languages changelog.d collector-config docker-compose.yml pyproject.toml requirements.lock \
  Makefile README.md CONTRIBUTING.md CHANGELOG.md LICENSE

web:  ## build the server's page anew from web/ (needs node >= 20 and npm)
	cd web && npm ci --no-audit --no-fund && npm run build

wheel-test: $(INSTALLED)  ## build the wheel, install it alone, and run the quick tests against it
	@rm -rf build/wheel && mkdir -p build/wheel/checkout
	$(BIN)/python -m build --no-isolation --wheel --outdir build/wheel . > build/wheel/log || { cat build/wheel/log; exit 1; }
	@$(PYTHON) -m venv build/wheel/venv
	@build/$(patsubst $(VENV)/%,wheel/venv/%,$(BIN))/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	build/$(patsubst $(VENV)/%,wheel/venv/%,$(BIN))/python -m pip install --quiet --disable-pip-version-check --no-deps build/wheel/*.whl
	@cp -R $(COPIED) build/wheel/checkout
	cd build/wheel/checkout && ../$(patsubst $(VENV)/%,venv/%,$(BIN))/python -m pytest -m "not backends and not slow" -q --hypothesis-profile=quick \
	  --ignore tests/catalog/test_generated.py

BENCH_VENV ?= .venv-bench
BENCH := $(BENCH_VENV)/$(notdir $(BIN))/python

$(BENCH_VENV)/.installed: benchmarks/requirements.txt
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: $(BENCH_VENV)/.installed  ## what an event costs beside our peers (ten minutes)
	$(BENCH) -m benchmarks

bench-quick: $(BENCH_VENV)/.installed  ## the same in two minutes
	$(BENCH) -m benchmarks --quick

faults: $(INSTALLED) backends  ## every fault we know of, with counts (half an hour)
	$(BIN)/python -m tools.faults

redaction-report: $(INSTALLED)  ## how well secrets are found, beside the scrubbers of logfire and Sentry
	$(BIN)/python -m tools.redaction_report --install-peers

storm: $(INSTALLED)  ## a million errors, four times: what comes out, what it costs, and whether each is accounted for
	$(BIN)/python -m tools.storm

soak: $(INSTALLED)  ## a server with 2,000 events a second, readers and a page, for ten minutes: all counted, nothing grows
	$(BIN)/python -m tools.soak

docs: $(INSTALLED)  ## write docs/events.md and docs/settings.md anew
	$(BIN)/python tools/generate_catalog.py
	$(BIN)/python tools/generate_settings_docs.py
	$(BIN)/python tools/generate_api_docs.py

lock:  ## write the lock files anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate \
	  --group dev -o requirements.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate \
	  --group bench --extra server -o benchmarks/requirements.txt pyproject.toml

clean:  ## remove what was built here (the backends' cache stays)
	rm -rf $(VENV) $(BENCH_VENV) build dist web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
