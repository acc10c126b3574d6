# Needs Python 3.11+, make and git; everything else it sets up itself, locked in requirements/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAM := .venv-sam
PEERS := .venv-bench
# The one that is locked, whatever the machine has.
NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

.DEFAULT_GOAL := help
.PHONY: help up test lint unit journeys programs bench peers build format openapi lock clean

help: ## Say what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16

up: $(VENV)/local.installed ## Run the whole system at http://127.0.0.1:8000 (PORT=, HOST=, DATA_DIR= change where)
	@exec $(BIN)/python -m infra.local

test: lint unit journeys ## Run every check

lint: $(VENV)/dev.installed web/node_modules/.package-lock.json ## Style, types, import arrows, template, document
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	@$(BIN)/python -m infra.openapi --check
	cd web && $(NODE) npm run --silent check

unit: build programs web/node_modules/.package-lock.json ## All tests but the journeys, in random order
	$(BIN)/pytest -m "not journey" -n auto -q

journeys: $(VENV)/dev.installed programs web/node_modules/.package-lock.json ## The whole local system, with a real worker on real speech
	# Two houses side by side: journeys mostly wait.
	$(BIN)/pytest -m journey -n 2 --dist loadfile -q

programs: $(VENV)/dev.installed # A browser and a TURN server, where the machine has none
	@$(BIN)/python -m infra.test_programs

bench: $(VENV)/dev.installed ## Measure; what the figures mean stands in bench/README.md
	$(BIN)/python -m bench

peers: $(PEERS)/bench.installed ## Measure the speech lane against its peers (gigabytes: torch); half an hour
	$(PEERS)/bin/python -m bench.speech

build: $(VENV)/dev.installed $(SAM)/sam.installed ## Build the Lambda artifacts into .aws-sam/build
	PATH="$(CURDIR)/$(BIN):$$PATH" SAM_CLI_TELEMETRY=0 $(SAM)/bin/sam build --build-dir .aws-sam/build --cache-dir .aws-sam/cache

format: $(VENV)/dev.installed ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: $(VENV)/dev.installed ## Write the OpenAPI document anew
	$(BIN)/python -m infra.openapi

# One version of everything, on every Python and in every place: what is tested is what runs.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-header --no-emit-index-url --no-annotate pyproject.toml

lock: $(VENV)/dev.installed ## Lock the dependency groups of pyproject.toml anew
	$(LOCK) --upgrade --group dev --output-file requirements/dev.txt
	@for group in bootstrap api search worker local; do \
		echo "locking $$group"; \
		$(LOCK) --upgrade --constraint requirements/dev.txt --group $$group --output-file requirements/$$group.txt || exit 1; \
	done
	$(LOCK) --upgrade --group sam --output-file requirements/sam.txt
	$(LOCK) --upgrade --group demo-model --output-file requirements/demo-model.txt
	$(LOCK) --upgrade --constraint requirements/dev.txt --group bench --output-file requirements/bench.txt

clean: ## Remove what was set up and built; data stays
	rm -rf $(VENV) $(SAM) $(PEERS) web/node_modules web/build .aws-sam .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Parley needs Python 3.11 or newer; set PYTHON= to one." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/bootstrap.txt
	@touch $@

$(VENV)/local.installed: requirements/local.txt pyproject.toml $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements/local.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.installed: requirements/dev.txt $(VENV)/local.installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements/dev.txt
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json $(VENV)/dev.installed
	cd web && $(NODE) npm ci --silent
	@touch $@

$(SAM)/sam.installed: requirements/sam.txt $(BIN)/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(SAM)
	$(BIN)/uv pip install --quiet --python $(SAM)/bin/python --require-hashes --requirement requirements/sam.txt
	@touch $@

$(PEERS)/bench.installed: requirements/bench.txt $(BIN)/uv
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(PEERS)
	$(BIN)/uv pip install --quiet --python $(PEERS)/bin/python --require-hashes --requirement requirements/bench.txt
	@touch $@
