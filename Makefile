# Linnet: plain GNU make.  `make help` lists the targets.
#
#   CONFIG=default|debug|tiny   configs/$(CONFIG)
#   CC=gcc|clang

CONFIG ?= default
ARCH ?= x86_64
CC = gcc
ifeq ($(origin CC),default)
CC = gcc
endif
OUT := build/$(CONFIG).$(ARCH)
OBJ := $(OUT)/obj
GEN := $(OUT)/gen
HOST_OUT := build/host

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wimplicit-fallthrough -Werror

.PHONY: all kernel check check-fast unit-tests style clean help
all: kernel

help:
	@echo "make [kernel]     build/$(CONFIG).$(ARCH)/kernel.elf and kernel-stripped.elf"
	@echo "make check        everything that CI runs"
	@echo "make check-fast   the same without what takes minutes"
	@echo "make unit-tests   lib and core on this machine, with ASan and UBSan"
	@echo "make style        clang-format"
	@echo "make clean"

# --- unit tests on the build host ------------------------------------------
# What the host can build; the list grows with the kernel.
HOST_SOURCES := $(filter-out lib/string.c,$(wildcard lib/*.c)) \
	core/init/options_parse.c core/init/commands.c \
	$(wildcard arch/host/*.c) $(wildcard lib/tests/*.c core/*/tests/*.c)
HOST_FLAGS := -std=gnu11 -g -O1 $(WARNINGS) -Iinclude -I$(GEN) -I. \
	-Iarch/host/include -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
HOST_OBJECTS := $(HOST_SOURCES:%.c=$(HOST_OUT)/%.o)

$(HOST_OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOST_FLAGS) -MMD -MP -c -o $@ $<

$(HOST_OUT)/unit-tests: $(HOST_OBJECTS)
	$(CC) $(HOST_FLAGS) -o $@ $^

unit-tests: $(HOST_OUT)/unit-tests
	timeout 60 $<

-include $(HOST_OBJECTS:.o=.d)

# --- checks -------------------------------------------------------------------
style:
	git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

check check-fast:
	python3 scripts/check.py $(if $(filter check-fast,$@),--fast)

clean:
	rm -rf build
