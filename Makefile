# Frontdesk. `make run` and `make test` need Python 3.11 or newer and make, nothing else; `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
RUN := .venv/bin/python
FLASK := $(RUN) -m flask --app wsgi
CODE := actions api app.py backoffice bench cli.py clock.py commands config.py failpoints.py migrations models notifications \
	portal reports rules running scheduling tests web wire wsgi.py
HERE := $(wildcard $(CODE))

.DEFAULT_GOAL := help
.PHONY: help run test lint format migrate worker shell race race-all bench lock audit clean upgrade installed installed-dev

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

run: installed ## a portal to try: http://127.0.0.1:8000 (PORT=…, HOST=0.0.0.0 for a phone)
	@exec $(RUN) -m running

test: installed-dev ## all checks and tests, on SQLite and on a real PostgreSQL and Redis, in a real browser
	@$(RUN) -m tests.support.provide
	@$(MAKE) --no-print-directory lint
	@$(RUN) -m pytest -n $${TEST_PROCESSES:-3} --cov --cov-report= --pure-floors -q

lint: installed-dev ## ruff, mypy, the floors of the house, templates, libraries asked for and used
	@$(RUN) -m ruff check --quiet $(HERE)
	@$(RUN) -m ruff format --check --quiet $(HERE)
	@$(RUN) -m mypy $(HERE)
	@$(RUN) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-cache
	@$(RUN) -m djlint --lint --quiet $(wildcard web/templates portal/templates backoffice/templates)
	@$(RUN) -m deptry . --config deptry.toml --no-ansi

format: installed-dev ## puts the code in form
	@$(RUN) -m ruff check --quiet --fix $(HERE)
	@$(RUN) -m ruff format --quiet $(HERE)

migrate: installed ## brings the database to the newest schema
	@$(FLASK) migrate

upgrade: ## the next version (VERSION=… for another one): keeps everything first, and says how to go back
	@$(PYTHON) -m running.upgrade $(VERSION)

worker: installed ## delivers messages and does what is due
	@exec $(FLASK) worker

shell: installed ## a Python shell inside the application
	@exec $(FLASK) shell

race: installed-dev ## many customers, one slot, real processes; and what happens without the guard
	@$(RUN) -m tests.races

race-all: installed-dev ## every race with all its rounds and customers; prints the longest waits
	@$(RUN) -m pytest tests/races tests/notifications/test_crews.py --many-rounds -q

bench: installed-dev ## the benchmarks, as ratios measured in one run
	@$(RUN) -m bench

lock: installed-dev ## pins requirements*.in with hashes into requirements*.txt
	@for each in requirements requirements-dev; do \
		$(RUN) -m uv pip compile --universal --no-strip-extras --generate-hashes --no-emit-index-url --python-version 3.11 \
			-q --no-header $$each.in -o $$each.txt || exit 1; done

audit: installed-dev ## known weaknesses of the pinned packages (asks the network)
	@$(RUN) -m uv tool run pip-audit --require-hashes --disable-pip -r requirements.txt

clean: ## removes what can be made again; keeps instance/, where the data is
	@rm -rf .venv build htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -f .coverage .coverage.*

installed:
	@$(PYTHON) running/environment.py requirements.txt

installed-dev:
	@$(PYTHON) running/environment.py requirements-dev.txt
