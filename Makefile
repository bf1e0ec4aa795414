# Two commands for a newcomer: `make walk` and `make test`. Each makes .venv when it is not there.

SHELL := /bin/bash
# The first Python that is new enough and really runs; say make PYTHON=... for another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
BASE := $(VENV)/.stamp-base
FULL := $(VENV)/.stamp-test
# COMPILE=--quick compiles sooner what runs slower, COMPILE=--trained later what runs faster.
COMPILE ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# A module's tests stay together, so that what they share is made once; who is done helps the other.
DIST := --dist worksteal

.PHONY: walk test part check coverage mutation compiled fast bench campaign corruption firmware fuzz pages sbom clean help

help:
	@echo "make walk   a minute of simulated walking with stimulation, and without"
	@echo "make test   every test"
	@echo "make check  lint, types, import contracts"
	@echo "make coverage  every line and branch of fes_ctrl/safety is tested, or it fails"
	@echo "make mutation  every change of what stands before the electrode is noticed by a test, or it fails"
	@echo "make compiled    the core and the patient compiled, beside the plain ones"
	@echo "make fast   the conformance tests on the compiled build"
	@echo "make bench  every benchmark, one JSON line each"
	@echo "make campaign    ten simulated hours of random faults, every step judged"
	@echo "make corruption  a million damaged frames of each protocol against what their check promises"
	@echo "make firmware  the firmware in C: library, device on a pty, its size, in build/firmware"
	@echo "make fuzz   a minute of anything said to the firmware, under sanitizers"
	@echo "make pages  the made pages: limits, faults, injections, hazards, what each dial costs"
	@echo "make sbom   a CycloneDX bill of materials of everything installed here"
	@echo "make clean  remove what was made"

walk: $(BASE)
	$(BIN)/fes-ctrl walk standard --twin evaluation --out runs/first-walk

# What computes stands back behind the kernel's threads, which carry bytes from one end of a
# pseudo-terminal to the other, and behind tests in real time (tests/conftest.py).
test: $(FULL)
	nice -n 10 $(BIN)/python -m pytest -q -n $(JOBS) $(DIST) $(addprefix --ignore=,$(DONE))

# Some of them, one after the other, beside something else; `make test DONE=...` leaves them out.
part: $(FULL)
	nice -n 10 $(BIN)/python -m pytest -q $(PART)

check: $(FULL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(FULL)
	$(BIN)/coverage run --branch --source=fes_ctrl/safety -m pytest -q tests/unit/safety \
		tests/property/limits tests/unit/test_controller.py
	$(BIN)/coverage report --show-missing --fail-under=100

mutation: $(FULL)
	$(BIN)/python -m pip install -q -e ".[mutation]"
	$(BIN)/python tools/mutation.py --jobs $(JOBS) --page
	$(BIN)/python tools/mutate_tables.py --jobs $(JOBS)

compiled: $(FULL)
	$(BIN)/python tools/build_fast.py $(COMPILE)

fast: compiled
	PYTHONPATH=$(CURDIR)/build/fast FES_EXPECT_COMPILED=1 $(BIN)/pytest -q -n $(JOBS) $(DIST) \
		--ignore-glob='*test_firmware*' tests/conformance

bench: compiled
	$(BIN)/python -m pip install -q -e ".[bench]"
	$(BIN)/python benchmarks/closed_loop.py
	$(BIN)/python benchmarks/stop.py
	$(BIN)/python benchmarks/guard.py
	$(BIN)/python benchmarks/guardian.py
	$(BIN)/python benchmarks/wire.py
	$(BIN)/python benchmarks/real_links.py
	$(BIN)/python benchmarks/latency.py
	$(BIN)/python benchmarks/mqtt.py
	$(BIN)/python benchmarks/mqtt_sensors.py
	$(BIN)/python benchmarks/patient.py
	$(BIN)/python benchmarks/validation.py
	$(BIN)/python benchmarks/sensitivity.py
	$(BIN)/python benchmarks/gyro.py
	$(BIN)/python benchmarks/detection.py
	$(BIN)/python benchmarks/defects.py
	$(BIN)/python benchmarks/locking.py
	$(BIN)/python benchmarks/leave_one_out.py
	$(BIN)/python benchmarks/presets.py
	$(BIN)/python benchmarks/false_triggers.py
	$(BIN)/python benchmarks/shank.py
	$(BIN)/python benchmarks/cost.py
	$(BIN)/python benchmarks/prediction.py
	$(BIN)/python benchmarks/identification.py
	$(BIN)/python benchmarks/sweep.py --part speed
	$(BIN)/python benchmarks/sweep.py --part engine
	$(BIN)/python benchmarks/sweep.py --part tune
	$(BIN)/python benchmarks/adaptive.py

campaign: $(FULL)
	$(BIN)/python benchmarks/campaign.py --hours 10 --jobs $(JOBS) --out runs/campaign --page docs/safety/reaction-times.md

pages: $(FULL)
	$(BIN)/python -m pip install -q -e ".[docs]"
	$(BIN)/python tools/reference_pages.py
	$(BIN)/python tools/limits_page.py
	$(BIN)/python tools/hazards_page.py
	$(BIN)/python tools/patient_pages.py

corruption: $(FULL)
	$(BIN)/python benchmarks/corruption.py
	$(BIN)/python benchmarks/corruption.py --protocol sciencemode2
	$(BIN)/python benchmarks/corruption.py --protocol feslink

firmware:
	$(MAKE) -C firmware/feslink all size OUT=$(CURDIR)/build/firmware

fuzz:
	$(MAKE) -C firmware/feslink fuzz OUT=$(CURDIR)/build/firmware

sbom: $(FULL)
	@mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
		-o build/sbom.cdx.json $(BIN)/python
	@echo "wrote build/sbom.cdx.json"

# The stamps are written last: an attempt that failed leaves no .venv that looks finished.
$(BASE): pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" tools/make_venv.sh -e .
	@touch $(BASE)

$(FULL): pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" tools/make_venv.sh -e ".[test]"
	@touch $(BASE) $(FULL)

clean:
	rm -rf $(VENV) build dist runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
