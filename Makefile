# Every verb works alone on a machine with Python >= 3.11 (with its venv module), git and make: the first one to need it builds .venv.
PYTHON ?= python3
COMPOSE ?= docker compose -p voronka
ARGS ?=
UV_VERSION := 0.13.9
BIN := .venv/bin
SYNC := UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=never $(BIN)/uv sync --quiet --frozen --python $(BIN)/python
# Files of pages come from npm by their lock; where there is no npm, Node comes from PyPI.
SHIP = @{ command -v npm >/dev/null || $(SYNC) --inexact --only-group assets; } && $(BIN)/python assets/ship.py
FAST_TESTS := $(wildcard tests/unit tests/contracts tests/architecture tests/deploy)
ASSETS := assets/package-lock.json assets/package.json assets/icons.txt assets/ship.py
GATED := services/*/domain/*,services/*/projections/*

.DEFAULT_GOAL := help
.PHONY: help run demo test test-browser servers servers-stop test-servers distributed check fmt schemas golden texts assets bench-quick up down logs clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/.run ## start Voronka (first start: a demo workspace); options in ARGS="--data DIR"
	$(BIN)/voronka run $(ARGS)

demo: .venv/.run ## make a seeded demo workspace; options in ARGS="--clients 500 --seed 7"
	$(BIN)/voronka demo $(ARGS)

test: .venv/.dev ## every test that needs only Python; domain/ and projections/ must reach 100 % of branches; a part with ARGS="-k deal"
	$(BIN)/pytest tests -n 2 --dist worksteal -m "not servers and not browser and not containers" --cov --cov-report= $(ARGS)
	@if [ -z "$(ARGS)" ] && ls services/*/domain/*.py services/*/projections/*.py >/dev/null 2>&1; then \
		$(BIN)/coverage report --include='$(GATED)' --fail-under=100; fi

test-browser: .venv/.dev ## tests of the pages in Chromium (Debian's package `chromium`); a part with ARGS="-k theme"
	$(BIN)/pytest tests/browser -n 2 -m browser $(ARGS)

servers: .venv/.dev ## install and start real Kafka and Redis for tests, without containers; prints their addresses
	$(BIN)/python -m tests.servers.native start

servers-stop: .venv/.dev ## stop them; what was installed stays in .servers/
	$(BIN)/python -m tests.servers.native stop

test-servers: .venv/.dev ## tests on real Kafka and Redis (they start their own); a part with ARGS="-k rebalance"
	$(BIN)/pytest tests -n 2 --dist loadgroup -m servers $(ARGS)

distributed: .venv/.dev ## run the distributed profile whole: real Kafka and Redis, doubles of KurrentDB and MongoDB, a demo
	$(BIN)/python -m tests.servers.cluster

check: .venv/.dev ## format, lint, types, import rules and the fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest $(FAST_TESTS) -n 2 -q $(ARGS)

fmt: .venv/.dev ## format the code and apply the safe lint fixes
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

schemas: .venv/.dev ## write the schemas and the table of settings as the code says
	$(BIN)/python -m contracts.generate $(ARGS)
	$(BIN)/python -m services.cli.openapi
	$(BIN)/python -m services.cli.settings_table

golden: schemas ## the same as schemas

texts: .venv/.dev ## bring the catalogues of the interface's texts up to the sources; tells what is not translated
	$(BIN)/python -m services.gateway.pages.messages

assets: .venv/.run ## fetch and lay out the interface's files from npm once more
	$(SHIP)

bench-quick: .venv/.dev ## our speed beside the limit measured in the same run, as ratios
	$(BIN)/python -m benchmarks.quick $(ARGS)

up: ## the distributed profile in containers: build, start, wait until it is ready (docs/distributed.md)
	@test -f .env || { echo "copy deploy/env.example to .env and replace every CHANGE-ME in it"; exit 1; }
	@! grep -n '=CHANGE-ME' .env || { echo "replace every CHANGE-ME in .env: openssl rand -hex 32"; exit 1; }
	$(COMPOSE) up --detach --build --wait $(ARGS)

down: ## stop the containers; their data stays (ARGS=--volumes deletes it)
	$(COMPOSE) down $(ARGS)

logs: ## follow what the containers say; of one with ARGS=relay
	$(COMPOSE) logs --follow --tail 100 $(ARGS)

clean: ## remove .venv, caches and reports; never voronka-data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov build dist assets/node_modules services/gateway/static/vendor
	find . -name __pycache__ -not -path './voronka-data/*' -prune -exec rm -rf {} +

# What the product needs, and that plus the tools. A stamp is older than its lock when something changed.
.venv/.run: .venv/.uv-$(UV_VERSION) .venv/.assets pyproject.toml uv.lock
	$(SYNC) --no-dev --inexact
	@touch $@

.venv/.dev: .venv/.uv-$(UV_VERSION) .venv/.assets pyproject.toml uv.lock
	$(SYNC) --extra distributed
	@touch $@ .venv/.run

.venv/.assets: .venv/.uv-$(UV_VERSION) $(ASSETS)
	$(SHIP)
	@touch $@

.venv/.uv-$(UV_VERSION):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Voronka needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@
