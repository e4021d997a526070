# Everything a developer or a first visitor does. Needs python3 ≥ 3.11 and make; the rest goes into .venv by itself.
# Paths are relative, so the folder may have any name.

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
READY := $(VENV)/.ready

.PHONY: setup spark synthetic demo test nightly check bench serve lock reference
.DEFAULT_GOAL := setup

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This needs Python 3.11 or newer; python3 here is $$(python3 --version 2>&1). Install a newer one first."; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(PY) || { echo "Making $(VENV) …"; python3 -m venv $(VENV); }
	@echo "Installing what requirements.lock names (about 1 GB, some minutes the first time) …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

# The distributed engine, apart because it is heavy: pyspark comes as source of 450 MB and needs Java 17.
spark: $(VENV)/.spark

$(VENV)/.spark: requirements-spark.lock $(READY)
	@test -x "$$JAVA_HOME/bin/java" || command -v java >/dev/null || { \
	  echo "Java is missing; Spark needs 17 or newer. On Debian or Ubuntu: apt-get install openjdk-17-jre-headless"; exit 1; }
	@echo "Installing what requirements-spark.lock names (another 500 MB) …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

# What fits synthetic tables, apart because it brings jax.
synthetic: $(VENV)/.synthetic

$(VENV)/.synthetic: requirements-synthetic.lock $(READY)
	@echo "Installing what requirements-synthetic.lock names (another 400 MB) …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-synthetic.lock
	@touch $@

demo: setup
	@$(PY) -m sandbox.cli demo $(ARGS)

serve: setup
	@$(PY) -m sandbox.cli serve $(ARGS)

test: setup
	@.ci/test $(ARGS)

# Random questions, plans and texts, many more of them than a test run has, and not the same ones each time; noise from
# the system's bits, where a test run draws the same on every day. About an hour on two cores of their own.
nightly: setup
	@SANDBOX_PLANS=$${SANDBOX_PLANS:-10000} SANDBOX_EXAMPLES=$${SANDBOX_EXAMPLES:-20} \
	  $(PY) -m pytest -q -n 2 --dist worksteal tests/generative tests/statistical/test_privacy_*.py $(ARGS)

check: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(BIN)/lint-imports
	@$(PY) .ci/lock_is_fresh.py

bench: setup
	@$(PY) -m benchmarks $(ARGS)

COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header

reference: setup
	@PYTHONPATH=tests:tests/spec $(PY) -m language.page

lock: setup
	@$(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(COMPILE) $$($(PY) .ci/extras.py) pyproject.toml --output-file requirements.lock
	@$(PY) .ci/extras.py spark | $(COMPILE) --constraint requirements.lock - --output-file requirements-spark.lock
	@$(PY) .ci/extras.py synthetic | $(COMPILE) --constraint requirements.lock - --output-file requirements-synthetic.lock
