# make demo: a whole run on the built-in phantom images. make test: lint, types, import contract, tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := src tests benchmarks docs

.PHONY: demo test lint format bench docs web pins clean

# Where the registry offers a CPU-only torch of this version, pip takes it; elsewhere it takes the platform's own build.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,serve,client,dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/synthetyk run phantom --output runs/demo --budget 5min
	@echo "Open runs/demo/report.html"

test: $(STAMP) lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: $(STAMP)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

bench: $(STAMP)
	$(BIN)/python -m benchmarks

docs: $(STAMP)
	$(BIN)/python -m synthetyk.cli.reference docs/reference

# What the page on this device runs models with, put beside it, for wheels and containers of machines without npm.
web: $(STAMP)
	$(BIN)/synthetyk web-runtime --into src/synthetyk/service/on_device/vendor

pins: $(STAMP)
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu//' > .pins
	{ echo "# Every package that Synthetyk and its tests install, at the version they were tried with (make pins renews this)."; cat .pins; } > constraints.txt
	rm .pins

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .coverage*
