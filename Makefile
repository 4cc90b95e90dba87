# Everything on a fresh machine: a virtual environment in .venv, built from $(PYTHON), then the command.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin/python
# What a user has set for pip or Python elsewhere must not reach this environment.
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV PIP_CONSTRAINT PYTHONPATH PYTHONHOME

.PHONY: compare dashboard bands factorial reference test lint bench clean
compare: $(VENV)/ready-core
	$(BIN) -m sim compare baseline

dashboard: $(VENV)/ready-dashboard
	$(BIN) -m sim dashboard

factorial: $(VENV)/ready-study
	$(BIN) -m sim sweep factorial

# The thirty pairs behind every lesson of the dashboard.
bands: $(VENV)/ready-dashboard
	$(BIN) -m sim.dashboard.bands

# The studies that come with the product, and the report on them; about an hour where none of their runs is there.
REFERENCE := results/reference
reference: $(VENV)/ready-report
	$(BIN) -m sim compare baseline --designs traditional,social,channel-only,flexible-hierarchy --no-report --out $(REFERENCE)/baseline
	$(BIN) -m sim compare change-programme --replications 20 --series --no-report --out $(REFERENCE)/change-programme
	$(BIN) -m sim sweep factorial --out $(REFERENCE)/factorial
	$(BIN) -m sim sweep where-hierarchy-wins --out $(REFERENCE)/where-hierarchy-wins
	$(BIN) -m sim sweep ranges --replications 10 --out $(REFERENCE)/ranges
	$(BIN) -m sim sweep tornado --out $(REFERENCE)/tornado
	$(BIN) -m sim sweep claims --out $(REFERENCE)/claims
	$(BIN) -m sim report $(REFERENCE) --pdf
	$(BIN) -m sim report $(REFERENCE) --pdf --lang ko

test: $(VENV)/ready-test
	$(BIN) -m pytest -n 2 --dist worksteal

lint: $(VENV)/ready-dev
	$(BIN) -m ruff check sim tests docs notebooks
	$(BIN) -m mypy

bench: $(VENV)/ready-test
	$(BIN) -m tests.benchmarks

clean:
	rm -rf $(VENV)

$(VENV)/ready-core: pyproject.toml constraints.txt
	@sh .ci/environment.sh "$(PYTHON)" "$(VENV)" .
	@touch $@

$(VENV)/ready-study: $(VENV)/ready-core
	@sh .ci/environment.sh "$(PYTHON)" "$(VENV)" ".[study]"
	@touch $@

$(VENV)/ready-report: $(VENV)/ready-study
	@sh .ci/environment.sh "$(PYTHON)" "$(VENV)" ".[study,report]"
	@touch $@

$(VENV)/ready-dashboard: $(VENV)/ready-core
	@sh .ci/environment.sh "$(PYTHON)" "$(VENV)" ".[dashboard]"
	@touch $@

$(VENV)/ready-test: $(VENV)/ready-study
	@sh .ci/environment.sh "$(PYTHON)" "$(VENV)" ".[test]"
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready-test
	@sh .ci/environment.sh "$(PYTHON)" "$(VENV)" ".[test,dev]"
	@touch $@

# Another PYTHON than the environment's remakes it.
ifneq ($(wildcard $(BIN)),)
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(BIN) -c 'import sys; print(sys.version_info[:2])' 2>/dev/null),$(shell $(PYTHON) -c 'import sys; print(sys.version_info[:2])' 2>/dev/null))
$(shell rm -rf $(VENV))
endif
endif
endif
