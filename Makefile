# The first step of every target is portal/bootstrap.py: it needs nothing but Python and does only
# what is not done yet.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=

new_enough = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
needs_python = { echo "Crosswalk needs Python 3.11 or newer. Install it, or say where it is: make PYTHON=/path/to/python3.11 $@"; exit 1; }
bootstrap = @$(new_enough) || $(needs_python); $(PYTHON) portal/bootstrap.py
python = .venv/bin/python
manage = $(python) manage.py
# What is warned of in production too has its good value here: portal/checks.py.
as_in_production = ENVIRONMENT=production ALLOWED_HOSTS=portal.example.org \
	DATABASE_URL=postgres://portal@db.example.org/portal EMAIL_URL=smtp+tls://portal@mail.example.org:587 \
	VAR_DIR=$${TMPDIR:-/tmp}/crosswalk-check SECRET_KEY=only-for-this-check-only-for-this-check-only-for-this \
	ENCRYPTION_KEYS=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=

# Tests and demo start many processes; each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run smoke check test test-fast ui screenshots faults verify-jhe bench bench-typed
.DEFAULT_GOAL := run

setup: ## everything that tests and checks need
	$(bootstrap) dev

run: ## the portal on SQLite and the sandbox; Ctrl-C ends it. PORT=8010 chooses another port
	$(bootstrap) run
	@$(manage) demo --port $(PORT)

smoke: ## start the demo on free ports, look a person up, compare with the sandbox, stop
	$(bootstrap) run
	@$(manage) smoke

check: ## format, lint, types, import rules, templates, migrations, deployment
	$(bootstrap) dev
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy .
	@.venv/bin/lint-imports --no-logo
	@.venv/bin/djlint --lint --quiet templates
	@.venv/bin/djlint --lint --quiet --profile=html integrations/sandbox
	@$(manage) makemigrations --check --dry-run
	@$(as_in_production) $(manage) check --deploy --fail-level WARNING

test: ## everything; on PostgreSQL with DATABASE_URL=postgres://…
	$(bootstrap) dev
	@.venv/bin/pytest $(ARGS)

test-fast: ## under a minute: nothing slow, no browser
	$(bootstrap) dev
	@.venv/bin/pytest -n 2 --dist worksteal -m "not slow and not browser" \
		--ignore=tests/browser --ignore=tests/contract --ignore=tests/verification $(ARGS)

ui: ## the style sheet, anew
	$(bootstrap) ui

screenshots: ## every page and state at three widths, into screenshots/
	$(bootstrap) dev
	@$(python) -m tests.browser.screenshots screenshots $(ARGS)

faults: ## thousands of writes while everything goes wrong, on SQLite and FAULTS_DATABASES="postgres://… …"; see docs/reliability.md
	$(bootstrap) dev
	@$(python) -m tests.faults $(ARGS)

needed = JHE_URL JHE_CLIENT_ID JHE_CLIENT_SECRET JHE_USER JHE_PASSWORD

verify-jhe: ## the contract against a real JHE: JHE_URL=… JHE_CLIENT_ID=… JHE_CLIENT_SECRET=… JHE_USER=… JHE_PASSWORD=…
	@$(foreach name,$(needed),[ -n "$($(name))" ] || { echo "verify-jhe needs $(name): make verify-jhe $(needed:%=%=…)"; exit 1; };)
	$(bootstrap) dev
	@.venv/bin/pytest tests/verification -rs $(ARGS)

bench: ## every measurement but bench-console, which needs a real JHE; one JSON line each
	$(bootstrap) dev
	@for each in $$(grep -l __main__ tests/benchmarks/*.py | grep -v /console.py); do $(python) -m tests.benchmarks.$$(basename $$each .py) || exit 1; done

bench-typed: ## 200 typed lines in an index of 100,000; FILE=lines.csv (line,expected) takes another file
	$(bootstrap) dev
	@$(python) -m tests.benchmarks.typed_lines $(FILE) $(ARGS)

bench-%:
	$(bootstrap) dev
	@$(python) -m tests.benchmarks.$(subst -,_,$*) $(ARGS)
