# The commands of the house; README says what each is for.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: help demo test lint lock screenshots gallery weight bench audit faults fuzz messages sbom mutants rights programs system clean

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
APT_LINE := apt-get install -y git make python3 python3-venv chromium gettext nginx-light

help:  ## Say what there is.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: $(VENV)/installed  ## Start everything, with demonstration families, and print the addresses and accounts.
	@$(RUN) -m demo

test: $(VENV)/installed programs  ## Run the whole suite on real PostgreSQL, Redis, Celery and Chromium.
	@$(RUN) -m pytest -n auto --dist loadgroup

lint: $(VENV)/installed  ## Check style, types, rooms, migrations and deployment settings.
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/djlint templates --lint --quiet
	@$(RUN) -m tests.production -m mypy .
	@$(VENV)/bin/lint-imports
	@$(RUN) -m tests.production manage.py makemigrations --check --dry-run
	@$(RUN) -m tests.production manage.py check --deploy --fail-level WARNING

lock: $(VENV)/installed  ## Compile the pinned, hash-checked requirements from pyproject.toml.
	@$(VENV)/bin/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --output-file requirements/base.txt
	@$(VENV)/bin/uv pip compile pyproject.toml --upgrade --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --constraints requirements/base.txt --output-file requirements/dev.txt

screenshots: $(VENV)/installed programs  ## Take the pictures of docs/screenshots/ from the running demonstration.
	@$(RUN) -m tests.browser.screenshots

gallery: $(VENV)/installed programs  ## Take pictures of every page, at three widths, light and dark, into var/gallery/.
	@$(RUN) -m tests.browser.screenshots --gallery

weight: $(VENV)/installed programs  ## Measure every page's first and later visits over the wire.
	@$(RUN) -m benchmarks.weight

bench: $(VENV)/installed programs  ## Measure the bars of performance against two floors; QUICK=1 on a small data set. EVENING=1, ACTS=1 or KNEE=1: docs/scaling.md.
	@$(RUN) -m benchmarks $(if $(EVENING),--evening) $(if $(ACTS),--acts) $(if $(KNEE),--knee) $(if $(QUICK),--quick) $(if $(STUDENTS),--students $(STUDENTS))

audit: $(VENV)/installed programs judges/node_modules/installed  ## Let the HTML checker and Lighthouse judge every page, and scanners attack the site.
	@$(RUN) -m judges --only "$(PAGES)" $(if $(QUICK),--quick)
	$(if $(QUICK)$(PAGES),,@$(RUN) -m judges --scanners)

sbom: $(VENV)/installed  ## Write var/sbom.json (CycloneDX) from the pinned requirements, and docs/licences.md.
	@mkdir -p var
	@$(RUN) -m cyclonedx_py requirements requirements/base.txt --pyproject pyproject.toml --output-reproducible -o var/sbom.json
	@$(RUN) -m tests.licences

mutants: $(VENV)/installed  ## Break the checks of rights and tokens one at a time, and see that a test fails.
	@$(RUN) -m tests.mutants $(PATHS)

rights: $(VENV)/installed  ## Write the matrix of docs/security.md from the tables that the tests try.
	@$(RUN) -m tests.rights

judges/node_modules/installed: judges/package-lock.json $(VENV)/installed
	@$(RUN) -m judges.programs --install
	@cd judges && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

messages: $(VENV)/installed  ## Take new texts into locale/, and compile what is translated (docs/translating.md).
	@$(RUN) -m tests.messages

faults: $(VENV)/installed  ## Inject every fault into the running product, and print what was kept and sent.
	@$(RUN) -m tests.faults.faketime --install || true
	@$(RUN) -m tests.faults

fuzz: $(VENV)/installed  ## Try twenty times as many random inputs as the suite; SEED=1 for the same ones again.
	@$(RUN) -m pytest tests/fuzz --hypothesis-profile=fuzz --hypothesis-show-statistics $(if $(SEED),--hypothesis-seed=$(SEED))

programs: $(VENV)/installed
	@$(RUN) -m tests.messages --install
	@$(RUN) -m tests.browser.chromium --install || { echo "No browser could be installed. On Debian: $(APT_LINE)" >&2; exit 1; }
	@$(RUN) -m tests.operations.pgbouncer --install || true
	@$(RUN) -m tests.deployment.nginx --install || { echo "nginx could not be installed. On Debian: $(APT_LINE)" >&2; exit 1; }

system:
	@command -v git > /dev/null || { echo "git is missing. On Debian: $(APT_LINE)" >&2; exit 1; }
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is missing. On Debian: $(APT_LINE)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which with PYTHON=" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo "python3-venv is missing. On Debian: $(APT_LINE)" >&2; exit 1; }

$(VENV)/installed: requirements/dev.txt | system
	@echo "Installing the pinned requirements into $(VENV)…"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@touch $@

clean:  ## Remove what these commands made.
	@rm -rf $(VENV) var staticfiles judges/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
