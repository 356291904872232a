# Two commands are all a newcomer needs: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.10 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
LITE ?= 0
KIND := $(if $(filter 1,$(LITE)),lite,full)
FILE := $(if $(filter 1,$(LITE)),requirements-lite.txt,requirements.txt)

.PHONY: help run setup setup-dev vllm test check format bench openapi lock clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup  ## install what is missing, build the sample knowledge base, start everything (LITE=1: without torch)
	@$(BIN)/python init_database.py --if-missing
	@exec $(BIN)/python startup.py -a

setup: $(VENV)/.ready-$(KIND)  ## only install

$(VENV)/.ready-lite: requirements-lite.txt constraints.txt
	@PYTHON="$(PYTHON)" bash configs/install.sh requirements-lite.txt
	@touch $@

$(VENV)/.ready-full: requirements.txt requirements-lite.txt constraints.txt
	@PYTHON="$(PYTHON)" bash configs/install.sh requirements.txt
	@touch $@ $(VENV)/.ready-lite

$(VENV)/.ready-dev: $(VENV)/.ready-$(KIND) requirements-dev.txt
	@PYTHON="$(PYTHON)" bash configs/install.sh $(FILE) requirements-dev.txt
	@touch $@

vllm:  ## install vLLM into .venv-vllm, an environment of its own: its pins are not ours (Linux with a GPU)
	@PYTHON="$(PYTHON)" bash configs/install_vllm.sh

setup-dev: $(VENV)/.ready-dev  ## install what tests and checks need

test: setup-dev  ## all tests; the browser test wants Debian's chromium
	@bash tests/install_browser.sh
	@echo "==> running the tests (about a quarter of an hour on two cores)"
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
		|| { test $$? -eq 1 && $(BIN)/python tests/second_look.py; }

check: setup-dev  ## format, lint, types, import law
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: setup-dev  ## put the code into the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev  ## start-up time and memory, retrieval, the built-in reader (DATA=folder with passages and questions)
	@$(BIN)/python benchmarks/startup.py
	@$(if $(DATA),$(BIN)/python benchmarks/retrieval.py --data $(DATA),echo "==> retrieval: give DATA=FOLDER to measure it")
	@$(if $(DATA),$(BIN)/python benchmarks/reader.py $(DATA),true)

openapi: setup-dev  ## renew docs/openapi.json after a change of routes
	@$(BIN)/python -m server.api.openapi

lock: setup-dev  ## renew constraints.txt from the pinned requirements
	@bash configs/lock.sh

clean:  ## remove the installation, not your data
	rm -rf $(VENV) .pytest_cache .ruff_cache .import_linter_cache
