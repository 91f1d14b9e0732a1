# Linnet: plain GNU make.  `make help` lists the targets.
#
# What is built where:	scripts/make/kernel.mk	build/$(CONFIG).$(ARCH)
#			scripts/make/host.mk	build/host
# Which files:		module.mk in each room
# Which options:	Kconfig in each room, configs/

CONFIG ?= default
ARCH ?= x86_64
ifeq ($(origin CC),default)
CC := gcc
endif
PYTHON ?= python3
NAME := $(CONFIG).$(ARCH)$(if $(findstring clang,$(CC)),.clang)
OUT := build/$(NAME)
HOST_OUT := build/host$(if $(findstring clang,$(CC)),.clang)

# V=1 shows the commands.
ifeq ($(V),1)
say = @:
Q :=
else
say = @printf '  %-8s %s\n'
Q := @
endif

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wimplicit-fallthrough -Wundef -Werror

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

BUILDS := all kernel objects config unit-tests fuzz build/%
CHECKS := check check-fast check-static check-headers check-deps check-docs \
	style lint abi-tests bench
.PHONY: all kernel objects config unit-tests fuzz $(CHECKS) format clean help FORCE

all: kernel

help:
	@echo "make [kernel]       $(OUT)/kernel.elf and kernel-stripped.elf"
	@echo "make check          everything that CI runs"
	@echo "make check-fast     the same without what takes minutes"
	@echo "make unit-tests     on this machine, with ASan and UBSan;" \
		"TESTS='list rbtree.erase' chooses"
	@echo "make fuzz           parsers on this machine, with mutated files"
	@echo "make abi-tests      the ABI tests on this machine's Linux"
	@echo "make check-static   style, check-headers, check-deps, check-docs"
	@echo "make style          clang-format; make format applies it"
	@echo "make lint           clang-tidy"
	@echo "make bench          measurements"
	@echo "make clean          removes build/"
	@echo
	@echo "CONFIG=default|debug|tiny  ARCH=$(notdir $(patsubst %/,%,$(wildcard \
		arch/*/arch.mk)))  CC=gcc|clang  V=1"
	@echo "make objects compiles the kernel without linking it."

clean:
	rm -rf build

include scripts/make/rooms.mk
include scripts/make/check.mk
# Reading these two creates build/, which clean, help and the checks need not.
ifneq ($(filter $(BUILDS),$(or $(MAKECMDGOALS),all)),)
include scripts/make/kernel.mk
include scripts/make/host.mk
endif
