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

.PHONY: all kernel config check check-fast unit-tests style clean help
all: kernel

help:
	@echo "make [kernel]     build/$(CONFIG).$(ARCH)/kernel.elf and kernel-stripped.elf"
	@echo "make check        everything that CI runs"
	@echo "make check-fast   the same without what takes minutes"
	@echo "make unit-tests   lib and core on this machine, with ASan and UBSan"
	@echo "make style        clang-format"
	@echo "make clean"

# --- the kernel ----------------------------------------------------------------
# What is linked so far; further rooms are written but wait for those below.
SOURCES := $(wildcard lib/*.c) core/init/main.c core/init/options.c \
	core/init/options_parse.c core/init/commands.c core/init/usage.c \
	core/debug/log.c core/debug/panic.c core/sync/spinlock.c \
	$(wildcard core/mm/*.c) $(wildcard arch/$(ARCH)/*/*.c)
ASSEMBLY := $(wildcard arch/$(ARCH)/*/*.S)
OBJECTS := $(SOURCES:%.c=$(OBJ)/%.o) $(ASSEMBLY:%.S=$(OBJ)/%.o)
LINKER_SCRIPT := arch/$(ARCH)/boot/kernel.lds
# gnu11 predefines the macro `linux`, which is a room's name here.
CFLAGS := -std=gnu11 -Ulinux -O2 -g $(WARNINGS) -Iinclude -Iarch/$(ARCH)/include \
	-I$(GEN) -I. -ffreestanding -fno-pic -fno-pie -mcmodel=kernel \
	-mgeneral-regs-only -mno-red-zone -fno-stack-protector \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables \
	-ffunction-sections -fdata-sections

kernel: $(OUT)/kernel-stripped.elf
	@ln -sfn $(notdir $(OUT)) build/last

config: $(GEN)/generated/config.h

$(GEN)/generated/config.h: configs/$(CONFIG) scripts/gen_config.py
	python3 scripts/gen_config.py $< $@
	@touch $@

$(OBJ)/%.o: %.c | $(GEN)/generated/config.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/kernel.elf: $(OBJECTS) $(LINKER_SCRIPT)
	ld -nostdlib -static --gc-sections --build-id=none -z noexecstack \
		-z max-page-size=4096 -T $(LINKER_SCRIPT) -o $@ $(OBJECTS)

$(OUT)/kernel-stripped.elf: $(OUT)/kernel.elf
	strip -o $@ $<

-include $(OBJECTS:.o=.d)

# --- unit tests on the build host ------------------------------------------
# What the host can build; the list grows with the kernel.
HOST_SOURCES := $(filter-out lib/string.c,$(wildcard lib/*.c)) \
	core/init/options_parse.c core/init/commands.c \
	core/mm/frame.c core/mm/slab.c core/mm/kmalloc.c core/sync/spinlock.c \
	$(wildcard arch/host/*.c) $(wildcard lib/tests/*.c core/*/tests/*.c)
HOST_FLAGS := -std=gnu11 -Ulinux -g -O1 $(WARNINGS) -Iinclude -Iarch/host/include \
	-I$(GEN) -I. -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
HOST_OBJECTS := $(HOST_SOURCES:%.c=$(HOST_OUT)/%.o)

$(HOST_OUT)/%.o: %.c | $(GEN)/generated/config.h
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
