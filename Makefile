# Two commands: `make demo` and `make test`. Both set up what they need, in .venv, once.
# Another Python: make demo PYTHON=/path/to/python3.12

VENV := .venv
SETTINGS := pyproject.toml constraints.txt scripts/install

.PHONY: help demo test clean

help:
	@echo "make demo   show a network, train it on handwritten digits, evaluate it, predict"
	@echo "make test   the whole check: format, lint, types, import contracts, tests"
	@echo "make clean  remove the virtual environment and the caches"

demo: $(VENV)/.installed
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" scripts/demo

test: $(VENV)/.installed-dev
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" scripts/check

$(VENV)/.installed: $(SETTINGS)
	@PYTHON="$(PYTHON)" scripts/install $(VENV) .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@PYTHON="$(PYTHON)" scripts/install $(VENV) ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
