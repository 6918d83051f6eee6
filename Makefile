# pgrunbook: build, demo, tests. `make help` lists the targets.
BUILD ?= build
CC ?= gcc
ifeq ($(origin CC),default)
CC = gcc
endif
CSTD = -std=c17 -D_GNU_SOURCE
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Werror
PACKAGES = ncursesw libpq libcurl libcjson libfyaml libssl libcrypto
OPT ?= -O2 -g
SAN ?=
PREFIX ?= /usr/local
SECONDS ?= 60
V ?=
Q = $(if $(V),,@)
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
ALL_CFLAGS = $(CSTD) $(WARN) $(OPT) $(SAN) -Isrc -I. $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(SAN) $(LDFLAGS)

SOURCES = $(wildcard src/*/*.c src/steps/*/*.c ui/*.c ui/panels/*.c)
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
UI_TOOLS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/ui/*.c))
E2E_TOOLS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/e2e/*.c))
FUZZERS = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

all: $(BUILD)/pgrunbook

help:
	@echo "make            build build/pgrunbook (V=1 shows the commands)"
	@echo "make demo       install what is missing, build, bring up the demo stack, open the screen"
	@echo "make demo-clean remove the demo stack and everything it made"
	@echo "make test       install what is missing, build, run all tests"
	@echo "make check      the tests, the analysers and the long runs"
	@echo "make bench      print the figures, BENCH NAME VALUE UNIT a line"
	@echo "make fuzz SECONDS=N   run each fuzz target that long"
	@echo "make install    program, runbooks, manual page, completion below PREFIX ($(PREFIX))"
	@echo "make generated  write runbooks/README.md and runbooks/runbook.schema.json anew"

$(BUILD)/pgrunbook: $(BUILD)/src/main.o $(BUILD)/libpgrunbook.a
	@echo "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/libpgrunbook.a: $(OBJECTS)
	@echo "  AR  $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/src/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/ui/%.o: ui/%.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(BUILD)/libpgrunbook.a
	@mkdir -p $(@D)
	@echo "  CC  $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libpgrunbook.a $(PKG_LIBS) -lcmocka

unit: $(UNIT_TESTS)
test-programs: $(BUILD)/pgrunbook $(UNIT_TESTS) $(UI_TOOLS) $(E2E_TOOLS)

# The set-up comes first and as a program of its own: pkg-config answers only after it.
demo:
	@tests/setup build
	@tests/setup stack
	@$(MAKE) --no-print-directory all
	@tests/stack/demo

demo-clean:
	@tests/stack/demo-clean

test:
	@tests/setup test
	@$(MAKE) --no-print-directory -j2 test-programs
	@$(MAKE) --no-print-directory -j2 BUILD=build/san SAN="$(SANITIZE)" OPT="-O1 -g" unit
	@tests/all

check: test
	@tests/setup --check
	@tests/analyse
	@RUNS=20 tests/run tests/e2e/no-lost-row.sh
	@RUNS=200 tests/run tests/e2e/move-loop.sh
	@FAULTS=all tests/run tests/e2e/move-faults.sh
	@FAULTS=all tests/run $$(grep -l '^# for-check$$' tests/e2e/*.sh)
	@$(MAKE) --no-print-directory fuzz SECONDS=$(SECONDS)

bench:
	@tests/setup test
	@$(MAKE) --no-print-directory all test-programs
	@tests/bench/run

fuzz:
	@tests/setup --check
	@for name in $(FUZZERS); do $(MAKE) --no-print-directory fuzz-$$name || exit 1; done

fuzz-%:
	@$(MAKE) --no-print-directory -j2 CC=clang BUILD=build/fuzz OPT="-O1 -g" \
		SAN="-fsanitize=fuzzer-no-link,address,undefined" build/fuzz/libpgrunbook.a
	@mkdir -p build/fuzz/corpus/$*
	clang $(CSTD) -O1 -g -fsanitize=fuzzer,address,undefined -Isrc -I. $(PKG_CFLAGS) \
		-o build/fuzz/fuzz_$* tests/fuzz/fuzz_$*.c build/fuzz/libpgrunbook.a $(PKG_LIBS)
	build/fuzz/fuzz_$* -max_total_time=$(SECONDS) -print_final_stats=1 build/fuzz/corpus/$* tests/fuzz/corpus/$*

generated: $(BUILD)/pgrunbook
	$(BUILD)/pgrunbook schema > runbooks/runbook.schema.json
	$(BUILD)/pgrunbook reference > runbooks/README.md

install: $(BUILD)/pgrunbook
	install -D -m 755 $(BUILD)/pgrunbook $(DESTDIR)$(PREFIX)/bin/pgrunbook
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/pgrunbook/runbooks runbooks/*
	$(BUILD)/pgrunbook manual | install -D -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/share/man/man1/pgrunbook.1
	$(BUILD)/pgrunbook completion | install -D -m 644 /dev/stdin \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/pgrunbook

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all help unit test-programs demo demo-clean test check bench fuzz generated install clean
.SECONDARY:
