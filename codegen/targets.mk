# Targets that keep generated/hitl_api in step with openapi.yaml. The Makefile includes this file; it defines BIN, the
# folder of the tools, and the target setup, which puts them there.

SPEC := openapi.yaml
GENERATED := generated/hitl_api
# The generator runs ruff by name after it has written the files, so BIN must be on PATH.
GENERATE = $(BIN)/python codegen/own_input.py $(SPEC) "$$tmp/own.json"; \
	PATH="$(abspath $(BIN)):$$PATH" openapi-python-client generate --path "$$tmp/own.json" --config generator-config.yml \
	--custom-template-path codegen/templates --meta none --overwrite --fail-on-warning --output-path
# A generator that stops half-way must not leave a half client behind, so it always writes into an empty folder first.
IN_TEMPORARY_FOLDER = set -eu; tmp="$$(mktemp -d)"; trap 'rm -rf "$$tmp"' EXIT;

.PHONY: generate check-generated lint-spec check-contract

generate: lint-spec ## write generated/hitl_api from openapi.yaml
	@$(IN_TEMPORARY_FOLDER) \
	$(GENERATE) "$$tmp/hitl_api"; \
	$(BIN)/python codegen/lint_spec.py $(SPEC) --generated "$$tmp/hitl_api"; \
	mkdir -p $(dir $(GENERATED)); rm -rf $(GENERATED); cp -R "$$tmp/hitl_api" $(GENERATED)

check-generated: lint-spec ## fail if generated/hitl_api is not what openapi.yaml yields
	@$(IN_TEMPORARY_FOLDER) \
	$(GENERATE) "$$tmp/hitl_api" >/dev/null; \
	$(BIN)/python codegen/lint_spec.py $(SPEC) --generated "$$tmp/hitl_api"; \
	diff -ru --exclude=__pycache__ $(GENERATED) "$$tmp/hitl_api" || { \
		echo "$(GENERATED) differs from what $(SPEC) yields. Run 'make generate' and commit both."; exit 1; }

lint-spec: setup ## check openapi.yaml: for the generator's silent traps, then against the OpenAPI standard
	@$(BIN)/python codegen/lint_spec.py $(SPEC)
	@$(BIN)/openapi-spec-validator $(SPEC)

# The tools of others, Node.js and Java among them, all pinned. npm picks what they need as of one day, which does for
# a lock file; move the day on together with the versions.
OTHERS := .contract
OTHERS_AS_OF := 2026-11-29
$(OTHERS)/.works: codegen/others/requirements.txt codegen/others/package.json codegen/targets.mk
	@rm -rf $(OTHERS); mkdir -p $(OTHERS)/node; cp codegen/others/package.json $(OTHERS)/node
	@$(PYTHON) -m venv $(OTHERS)/env
	@$(OTHERS)/env/bin/python -m pip install --quiet --disable-pip-version-check --requirement codegen/others/requirements.txt
	@cd $(OTHERS)/node && PATH="$(abspath $(OTHERS))/env/bin:$$PATH" npm install --before=$(OTHERS_AS_OF) \
		--no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

check-contract: setup $(OTHERS)/.works ## show that openapi.yaml serves other generators, linters and mock servers
	@$(BIN)/python codegen/others/check.py $(OTHERS)
