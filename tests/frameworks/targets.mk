# The agent frameworks and engines that hitl has adapters for, in environments of their own. The Makefile includes this
# file; it defines PYTHON and PARALLEL. PostgreSQL and Redis come from the system's packages, Restate's server from npm.

TOGETHER := ag-ui,agent-framework,claude-agent-sdk,dbos,google-adk,langgraph,mcp,openai-agents,pydantic-ai,temporal
# The page about DBOS is a program with a database of its own, which its test runs.
TOGETHER_PAGES = $(filter-out docs/integrations/crewai.md docs/integrations/dbos.md,$(wildcard docs/integrations/*.md))
NEWEST := .venv-frameworks
LONER := .venv-crewai
OLDEST := .venv-oldest
# The frameworks need newer versions of some of what the server needs, so its oldest ones live apart. Its tests read what
# click's runner tells since 8.2; trio since 0.25 needs newer attrs.
OLDEST_SERVER := .venv-oldest-server
OLDEST_SERVER_TESTS := tests/api tests/calls tests/engine $(wildcard tests/server/test_team_*.py)
# Their warnings are their own.
WITH_FRAMEWORKS = HITL_FRAMEWORKS=1 RESTATE_SERVER="$$(ls $(abspath $(NEWEST))/node/node_modules/@restatedev/restate-server-*/bin/restate-server)" $(1)/bin/python -m pytest -q -W default

.PHONY: test-integrations test-oldest

$(NEWEST)/.works: pyproject.toml
	@$(PYTHON) -m venv --clear $(NEWEST)
	@$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox,$(TOGETHER)]' --group frameworks
	@npm install --prefix $(NEWEST)/node --no-audit --no-fund --ignore-scripts --loglevel=error @restatedev/restate-server@1.7.12 >/dev/null
	@touch $@

# CrewAI pins an older pydantic, so it lives alone.
$(LONER)/.works: pyproject.toml
	@$(PYTHON) -m venv --clear $(LONER)
	@$(LONER)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(LONER)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox,crewai]' pytest pytest-httpserver hypothesis sybil
	@touch $@

$(OLDEST)/.works: pyproject.toml
	@$(PYTHON) -m venv --clear $(OLDEST)
	@$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(OLDEST)/bin/uv pip install --quiet --python $(OLDEST)/bin/python --resolution lowest-direct --editable '.[sandbox,$(TOGETHER)]' --group frameworks
	@touch $@

$(OLDEST_SERVER)/.works: pyproject.toml $(OLDEST)/.works
	@$(PYTHON) -m venv --clear $(OLDEST_SERVER)
	@$(OLDEST)/bin/uv pip install --quiet --python $(OLDEST_SERVER)/bin/python --resolution lowest-direct --editable '.[server]'
	@$(OLDEST)/bin/uv pip install --quiet --python $(OLDEST_SERVER)/bin/python 'click>=8.2' aiosmtpd freezegun hypothesis \
		prometheus-client pydantic pytest pytest-httpserver pytest-xdist python-dotenv sybil time-machine tqdm 'trio<0.25' trustme uvloop
	@touch $@

test-integrations: $(NEWEST)/.works $(LONER)/.works ## run the adapters' tests and pages against the newest agent frameworks
	@$(call WITH_FRAMEWORKS,$(NEWEST)) $(PARALLEL) tests/frameworks $(TOGETHER_PAGES)
	@$(call WITH_FRAMEWORKS,$(LONER)) tests/frameworks_crewai docs/integrations/crewai.md

test-oldest: $(OLDEST)/.works $(NEWEST)/.works $(OLDEST_SERVER)/.works ## run them, and the server's, against the oldest versions that hitl supports
	@$(call WITH_FRAMEWORKS,$(OLDEST)) $(PARALLEL) tests/frameworks
	@$(OLDEST_SERVER)/bin/python -m pytest -q -W default $(PARALLEL) $(OLDEST_SERVER_TESTS)
