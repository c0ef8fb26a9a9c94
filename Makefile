# Two commands do all the set-up: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than the cores of a small machine: tests wait for processes and connections, too.
JOBS ?= 3
# Compiled once, not in each of the processes that tests start, whatever the machine says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test lint bench lock migration image clean

run: $(VENV)/.ready
	$(BIN)/calsync up

# Decisions first, with every branch covered; then everything else. ARGS picks tests instead.
PYTEST := $(BIN)/pytest -n $(JOBS) --dist worksteal
DECISIONS := tests/unit
test: $(VENV)/.ready
ifdef ARGS
	$(PYTEST) $(ARGS)
else
	$(PYTEST) $(DECISIONS) --cov=shared.decide --cov-branch --cov-fail-under=100 \
	  --cov-report=term-missing:skip-covered
	$(PYTEST) $(DECISIONS:%=--ignore=%)
endif

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --quiet .github

bench: $(VENV)/.ready
	$(BIN)/python -m bench $(ARGS)

# Writes supabase/migrations/ from sql/ (one file until the first tagged release).
migration: $(VENV)/.ready
	$(BIN)/python -m shared.db.build

# Everything, and what the image needs of it.
COMPILE := $(BIN)/python -m uv pip compile pyproject.toml --generate-hashes --universal \
  --python-version 3.11 --no-emit-index-url --no-emit-find-links --quiet

lock:
	$(COMPILE) --all-extras -o requirements.lock
	$(COMPILE) --constraint requirements.lock -o requirements.run.lock

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Needs docker.
image:
	docker build --tag calsync .
	docker run --rm calsync --help

clean:
	rm -rf $(VENV) .calsync
