# The commands of the project; CI runs the same ones.
PORT ?= 8000
# Not from the environment, where some shells and conda keep the name of the machine in it.
HOST := 127.0.0.1
TRAVELS ?= ../travels
POCOM ?= ../pocom
JOIN := releases/registers
SIZE ?= 20000 200000
BENCH ?=
PYTHON ?= python3
ELEMENTS ?= 9.0.25
ELEMENTS_DIR := api/static/api/elements
ELEMENTS_JS := $(ELEMENTS_DIR)/web-components.min.js
# Elements sorts parameters by name; here they stay in the order of the schema, which is a reader's.
SORTED := [l,"name"],["desc","asc"]
SORTED_TOO := (0,t.sortBy)(e,["required","name"])
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help run registers test coverage faults lint fixtures openapi examples typescript accessibility fuzz contract elements bench lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Load the dataset into SQLite and serve it (PORT=8001 for another port than 8000)
	@$(writable)
	$(call serve,fixtures,releases)

registers: $(VENV)/.dev ## Join it with clones of the registers, and serve that (TRAVELS=../travels POCOM=../pocom)
	@$(writable)
	$(call import,travels,$(TRAVELS))
	$(call import,pocom,$(POCOM))
	$(BIN)/python manage.py build_release fixtures $(JOIN)/travels $(JOIN)/pocom --into $(JOIN)/joined --verbosity 0
	$(call serve,$(JOIN)/joined,$(JOIN)/files)

test: $(VENV)/.dev ## Test on SQLite and on PostgreSQL (SLOW=1 for all tests, as in CI)
	$(BIN)/python tests/engines.py

coverage: $(VENV)/.dev ## Test, and report which lines of policy and api no engine runs
	$(BIN)/python tests/engines.py --cov --cov-report=
	$(BIN)/coverage combine
	$(BIN)/coverage report --skip-covered --show-missing

faults: $(VENV)/.dev ## Provoke every fault, on both engines, and print a table of what clients saw
	$(BIN)/python tests/faults.py

lint: $(VENV)/.dev ## Check style, types, migrations, fixtures, production settings and schema
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py build_fixtures --check
	$(BIN)/python manage.py write_docs --check
	PUBLIC_URL=https://api.example.org ALLOWED_HOSTS=api.example.org \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --api-version 1.0.0 --fail-on-warn --file /dev/null

fixtures: $(VENV)/.dev ## Build fixtures/*.json from the annotations, and what is made of them
	$(BIN)/python manage.py build_fixtures
	$(BIN)/python manage.py write_docs

openapi: $(VENV)/.dev ## Rewrite openapi.yaml
	$(BIN)/python manage.py spectacular --fail-on-warn --file openapi.yaml

examples: $(VENV)/.dev ## Rewrite the examples in openapi.yaml from the dataset
	rm -f examples.sqlite3*
	DATABASE_URL=sqlite:///examples.sqlite3 $(BIN)/python manage.py migrate --verbosity 0
	DATABASE_URL=sqlite:///examples.sqlite3 $(BIN)/python manage.py load_release --verbosity 0
	DATABASE_URL=sqlite:///examples.sqlite3 $(BIN)/python manage.py write_examples
	rm -f examples.sqlite3*
	$(MAKE) openapi

typescript: $(VENV)/.dev ## Lint openapi.yaml, and read the API with generated TypeScript clients (needs npm)
	cd tests/typescript && npm install --silent --no-audit --no-fund --no-package-lock \
		&& npx spectral lint ../../openapi.yaml --ruleset spectral.yaml --fail-severity hint \
		&& npx redocly lint ../../openapi.yaml --extends recommended --max-problems 20 \
		&& npx openapi-typescript ../../openapi.yaml --output generated/schema.d.ts \
		&& npx openapi-ts --silent --no-log-file \
		&& npx orval \
		&& npx tsc
	TYPESCRIPT=1 $(BIN)/python tests/engines.py -k typescript

accessibility: $(VENV)/.dev ## Let axe look at the pages, in chromium (needs npm)
	cd tests/typescript && npm install --silent --no-audit --no-fund --no-package-lock
	$(BIN)/python -m pytest tests/test_docs.py -k axe

fuzz: $(VENV)/.dev ## Send thousands of generated requests to each engine (SEED=2 for others)
	FUZZ=1 $(BIN)/python tests/engines.py -k long_fuzzing

contract: $(VENV)/.dev ## Keep openapi.yaml as the contract of a release (docs/stability.md)
	$(BIN)/python -m tests.contract > tests/contract.json

elements: $(VENV)/.dev ## Vendor the library of /docs, compressed too (needs npm; ELEMENTS=9.0.25)
	rm -rf $(ELEMENTS_DIR) && mkdir $(ELEMENTS_DIR)
	npm pack --silent --pack-destination $(ELEMENTS_DIR) @stoplight/elements@$(ELEMENTS)
	cd $(ELEMENTS_DIR) && tar -xzf *.tgz --strip-components=1 package/LICENSE package/package.json \
		package/styles.min.css package/web-components.min.js package/web-components.min.js.LICENSE.txt
	rm $(ELEMENTS_DIR)/*.tgz
	grep -qF '$(SORTED)' $(ELEMENTS_JS) && grep -qF '$(SORTED_TOO)' $(ELEMENTS_JS)
	sed -i -e 's/$(subst [,\[,$(SORTED))/[l],["desc"]/g' -e 's/$(subst [,\[,$(SORTED_TOO))/e/' \
		-e '1i /* Changed in this copy: parameters are not sorted by their names. */' $(ELEMENTS_JS)
	$(BIN)/python -m whitenoise.compress --quiet $(ELEMENTS_DIR) json txt
	rm $(ELEMENTS_DIR)/LICENSE.*

bench: $(VENV)/.bench ## Benchmark with generated statements (SIZE="20000 200000", docs/performance.md)
	$(BIN)/python -m bench --size $(SIZE) $(BENCH)

lock: ## Pin every dependency again (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-strip-extras \
		--python-version 3.11 pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-strip-extras \
		--python-version 3.11 pyproject.toml --group dev --constraints requirements.lock \
		--output-file requirements-dev.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-strip-extras \
		--python-version 3.11 pyproject.toml --group bench --constraints requirements-dev.lock \
		--output-file requirements-bench.lock

clean: ## Remove generated files
	rm -rf $(VENV) *.sqlite3* .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

define serve
$(BIN)/python manage.py migrate --verbosity 0 --skip-checks
$(BIN)/python manage.py load_release $(1) --verbosity 0
$(BIN)/python manage.py export_release $(2) --replace --verbosity 0
RELEASES_DIR=$(2) $(BIN)/python -m api --host $(HOST) --port $(PORT) --log-level warning
endef

# It exits with 1 where entries were refused, each with what to do, and the others are written.
import = $(BIN)/python manage.py import_register $(1) $(2) --into $(JOIN)/$(1) || [ $$? -eq 1 ]

# What a new machine may lack is told in a line each, with the cure.
need = || { echo "$(1)" >&2; exit 1; }
writable = [ -w . ] $(call need,$$PWD cannot be written to: take a folder of your own.)

# A minimal Debian has venv without ensurepip, and a pip that installs only into other environments.
$(BIN)/python:
	@$(writable)
	@command -v $(PYTHON) >/dev/null \
		$(call need,There is no $(PYTHON): apt-get install python3$(or_another))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		$(call need,$(PYTHON) is older than Python 3.11: install a newer one$(or_another))
	@$(PYTHON) -c 'import venv' 2>/dev/null \
		$(call need,$(PYTHON) has no venv: apt-get install python3-venv$(or_another))
	@$(PYTHON) -m venv --without-pip $(VENV)
or_another = $(comma) or name another: make run PYTHON=python3.13
comma := ,

define install
@echo "Installing the packages of $(1) into $(VENV)"
@if $(PYTHON) -m pip --python $(BIN)/python --version >/dev/null 2>&1; then \
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --require-hashes -r $(1); \
else \
	$(BIN)/python -c 'import ensurepip' 2>/dev/null \
		$(call need,$(PYTHON) has no pip: apt-get install python3-pip$(or_another)); \
	$(BIN)/python -m ensurepip >/dev/null && \
	$(BIN)/python -m pip install --quiet --require-hashes -r $(1); \
fi
@touch $(@)
endef

# The stamp is touched last, so that an interrupted installation is repeated.
$(VENV)/.run: requirements.lock | $(BIN)/python
	$(call install,requirements.lock)

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	$(call install,requirements-dev.lock)

$(VENV)/.bench: requirements-bench.lock | $(BIN)/python
	$(call install,requirements-bench.lock)
