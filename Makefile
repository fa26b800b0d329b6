# Two commands on a fresh clone: `make demo` and `make test`. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# A virtual environment of the caller's must not leak into ours; PYTHON= chooses the interpreter that makes it.
unexport PYTHONHOME PYTHONPATH CONDA_PREFIX PIP_USER PIP_TARGET PIP_PREFIX
export PYTHON
export VIRTUAL_ENV := $(CURDIR)/.venv
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_QUIET := 1
# Every cargo call sees the same interpreter and links the extension as maturin does, so that none undoes another's work.
export PYO3_PYTHON := $(CURDIR)/.venv/bin/python
export PYO3_BUILD_EXTENSION_MODULE := 1

PY := .venv/bin/python
MATURIN := $(PY) -m maturin develop --release --locked --quiet

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## build what running needs and show a book being assessed
	@.venv/bin/perpcore demo

.PHONY: test
test: dev lint cargo-test pytest ## everything that must be green: formats, lints, types, tests, pages, benches once
	@echo "perpcore: all green"

.PHONY: bench
bench: dev ## the benchmarks, against peers, as BENCHMARKING.md describes
	@$(PY) -m pytest benches --benchmark-only
	@$(PY) -m benches.table
	@$(PY) -m benches.monitor
	@$(PY) -m benches.prices
	@cargo bench -p perpcore --bench book --locked

.PHONY: bench-matching
bench-matching: ## the order book beside public ones, in turns
	@cargo run --release --locked --manifest-path benches/matching/Cargo.toml

.PHONY: soak
soak: dev ## the tests in their long form (PERPCORE_SOAK=1), sanitizers and fuzzing (a nightly compiler)
	@tools/soak.sh check
	@PERPCORE_SOAK=1 $(PY) -m pytest
	@tools/soak.sh book
	@tools/soak.sh pricing
	@tools/soak.sh incidents
	@tools/soak.sh sanitize
	@tools/soak.sh threads
	@tools/soak.sh fuzz

.PHONY: lint
lint: dev ## formats, lints, types, stubs, generated files
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items --locked --quiet
	$(PY) -m ruff format --check
	$(PY) -m ruff check
	$(PY) -m mypy
	$(PY) -m mypy.stubtest perpcore._core --mypy-config-file pyproject.toml
	$(PY) tools/generate.py --check

.PHONY: generate
generate: build ## write docs/generated, the rulebook's schema and the literals of the stubs
	@$(PY) tools/generate.py

.PHONY: clean
clean: ## remove all that was built, .venv included
	rm -rf .venv target dist out python/perpcore/_core*.so .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# --- steps of the above

.PHONY: build
build: run ## the extension module, in release, into .venv
	@$(extension)

# Incremental and in more units, in a folder of its own, so that it never disturbs the release build.
.PHONY: quick
quick: run ## the same, sooner after an edit in Rust; for trying things out, not for measuring
	@export CARGO_TARGET_DIR="$${CARGO_TARGET_DIR:-target}/quick" CARGO_INCREMENTAL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16; \
	$(extension)

.PHONY: dev
dev: packages
	@$(extension)

.PHONY: run
run:
	@tools/setup.sh run

.PHONY: packages
packages:
	@tools/setup.sh dev

.PHONY: cargo-test
cargo-test: dev
	cargo test --workspace --locked

.PHONY: pytest
pytest: dev
	$(PY) -m pytest
	$(PY) -m pytest benches --benchmark-disable

# cargo knows what is fresh. The package is installed (editable) once, and again when its metadata changed;
# after that a build only replaces the extension module.
define extension
mark=$$(cat pyproject.toml Cargo.toml | cksum); \
flags="--skip-install"; \
if [ "$$(cat .venv/installed 2>/dev/null)" != "$$mark" ]; then \
	flags=""; echo "perpcore: building the extension (the first time takes about a minute)"; fi; \
said=$$($(MATURIN) $$flags 2>&1) || { echo "$$said"; exit 1; }; \
echo "$$mark" >.venv/installed
endef
