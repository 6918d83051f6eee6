# pgrunbook: build, demo, tests. `make help` lists the targets.
BUILD ?= build
CC ?= gcc
CSTD = -std=c17 -D_GNU_SOURCE
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Werror
PACKAGES = ncursesw libpq libcurl libcjson libfyaml libssl libssl libcrypto
OPT ?= -O2 -g
SAN ?=
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
ALL_CFLAGS = $(CSTD) $(WARN) $(OPT) $(SAN) -Isrc -I. $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(SAN) $(LDFLAGS)

SOURCES = $(filter-out src/main.c,$(wildcard src/*/*.c)) $(wildcard ui/*.c ui/panels/*.c)
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

all: $(BUILD)/pgrunbook

$(BUILD)/pgrunbook: $(BUILD)/src/main.o $(BUILD)/libpgrunbook.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/libpgrunbook.a: $(OBJECTS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libpgrunbook.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libpgrunbook.a $(PKG_LIBS) -lcmocka

unit: $(UNIT_TESTS)

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all unit clean
