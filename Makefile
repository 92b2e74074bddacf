# dray: the front door. meson and ninja do the work behind it; tools/build knows the build variants.
.DEFAULT_GOAL := all
.PHONY: all serve test unit e2e fuzz asan tsan sim bench lint shape install clean help
PREFIX ?= /usr/local

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

all: ## build the program: build/dray
	@tools/deps build
	@tools/build plain dray

serve: all ## build, and serve the folder library/ (made with a few files if absent)
	@tools/sample library
	@exec build/dray serve library

test: ## everything: checks, unit tests, fuzz smoke, end to end on plain, ASan+UBSan and TSan builds
	@tools/deps build test
	@tools/test

unit: ## unit tests only
	@tools/deps build test
	@tools/test unit

e2e: ## end to end on the plain build only
	@tools/deps build test
	@tools/test e2e

fuzz: ## each fuzz target for FUZZ_SECONDS (default 60)
	@tools/deps build test
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-60} tools/test fuzz

asan: ## end to end and unit tests with AddressSanitizer and UBSan (build-asan/)
	@tools/deps build test
	@tools/test unit-asan e2e-asan

tsan: ## end to end on the thread models with ThreadSanitizer (build-tsan/)
	@tools/deps build test
	@tools/test e2e-tsan

sim: ## SEEDS (default 20000) seeds of the simulation, from FROM (1); see docs/HACKING.md
	@tools/deps build test
	@tools/build tests t/sim/sim
	@build/t/sim/sim --jobs $$(nproc) --from $${FROM:-1} --count $${SEEDS:-20000} --failures 5

bench: all ## what each server model costs on this machine (BENCH=--quick: less of everything, less exactly)
	@tools/build plain floors
	@bench/run $(BENCH)

lint: ## clang-tidy, cppcheck, shellcheck; clang-format reports only
	@tools/deps build test lint
	@tools/lint

shape: ## floors of the house, lengths of functions and files
	@tools/deps build test
	@tools/test floors shape

install: all ## into PREFIX (default /usr/local); DESTDIR is honoured
	@meson configure build -Dprefix=$(PREFIX) && tools/build plain dray extras
	@meson install -C build --no-rebuild --tags runtime,man,i18n

clean: ## everything that was built; library/ stays
	@rm -rf build build-asan build-tsan build-fuzz
