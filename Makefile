# Everything here makes its own .venv; it needs only git, make and a Python of 3.11 or newer.

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
# The package alone, which is all that the demo needs, and with it what the tests need.
RUNS := .venv/.runs
READY := .venv/.ready
CODE := schemas engine tools server tests examples

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types floors pytest readme definitions gpu dist clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 13

demo: $(RUNS) ## make a small video library and walk through the whole job on it
	$(BIN)/autodedup demo

test: check ## everything that CI runs: format, lint, types, floors and the tests

check: lint types floors pytest ## the same

format: $(READY) ## format the code
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

lint: $(READY) ## check format and lint rules
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

types: $(READY) ## check types
	$(BIN)/mypy

floors: $(READY) ## check which floor imports which
	$(BIN)/lint-imports

# One thread for products of matrices, as the server has it: more wait for each other.
pytest: $(READY) ## run the tests; AUTODEDUP_CORPUS=DIR adds those on real videos
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest

readme: $(READY) ## write the generated tables of README and docs anew
	$(BIN)/python tests/readme_tables.py

definitions: $(READY) ## write the snapshots of the tools' definitions anew
	$(BIN)/python tests/definition_snapshots.py

gpu: $(READY) ## on a machine with an NVIDIA GPU: its tests, parity, measurements; VIDEOS=DIR
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[gpu]'
	REQUIRE_GPU=1 $(BIN)/pytest tests/gpu tests/kernels tests/semantic
	$(BIN)/python tests/benchmarks/gpu_ingest.py $(VIDEOS) --pairs 1000000 10000000

dist: $(READY) ## build the sdist, and the wheel from it
	$(BIN)/python -m build

clean: ## remove the environment and what was built
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# A python3.12 may be a shim that only says it is not there: ask each for its version.
$(RUNS): pyproject.toml
	@found=; for python in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    found="$$python"; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python 3.11 or newer was found. Install one (https://www.python.org/downloads/)" \
	    "and run make again." >&2; exit 1; \
	fi; \
	test -x $(BIN)/python || "$$found" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(READY): $(RUNS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group test --editable .
	@touch $@
