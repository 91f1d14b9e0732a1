# The unit tests on the build host, with ASan and UBSan.
#
# The kernel's own sources, compiled for the host, are an archive: a test
# pulls in what it uses.  arch/host stands for the machine and for what the
# tests do not want real, and comes first.  arch/host/not_yet.list names the
# sources that are left out, with the reason.

HOST_OBJ := $(HOST_OUT)/obj
HOST_GEN := $(HOST_OUT)/gen

-include $(HOST_GEN)/config.d
$(HOST_GEN)/config.mk: configs/host scripts/kconfig.py
	$(Q)$(PYTHON) scripts/kconfig.py configs/host \
		$(HOST_GEN)/generated/config.h $@ $(HOST_GEN)/config.d
$(HOST_GEN)/generated/version.h: FORCE
	$(Q)$(PYTHON) scripts/version.py $@

HOST_NOT_YET := $(shell sed -n 's/^\([^\# ]*\.c\)[[:space:]].*/\1/p' arch/host/not_yet.list)
HOST_ROOMS := $(filter-out arch/%,$(ROOMS))
HOST_TESTS := $(filter-out $(HOST_NOT_YET),$(foreach r,$(HOST_ROOMS),\
	$(wildcard $(r)/tests/*.c $(r)/*/tests/*.c)))
HOST_KERNEL := $(filter-out $(HOST_NOT_YET) $(HOST_TESTS),$(foreach \
	r,$(HOST_ROOMS),$(wildcard $(r)/*.c $(r)/*/*.c)))
HOST_MACHINE := $(wildcard arch/host/*.c)

# Not -ffreestanding: tests and arch/host use the C library.
# Its sched_yield is the C library's (and LeakSanitizer's): ours is another.
HOST_CFLAGS := -std=gnu11 -Ulinux -Uunix -Dsched_yield=kernel_sched_yield -g -O1 $(WARNINGS) -Iinclude -Iarch/host/include \
	-I$(HOST_GEN) -I. -DHOST_BUILD=1 -fno-strict-aliasing -pthread \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer

# The C library's functions of these names are ASan's: ours get others.
HOST_RENAMED := -include arch/host/include/host/renamed_string.h -fno-builtin
HOST_CFLAGS_linux/dispatch.c := -Usched_yield
HOST_CFLAGS_linux/syscall_info.c := -Usched_yield
HOST_CFLAGS_linux/strace.c := -Usched_yield
HOST_CFLAGS_lib/string.c := $(HOST_RENAMED)
HOST_CFLAGS_lib/tests/string_test.c := $(HOST_RENAMED)

host_objects = $(patsubst %.c,$(HOST_OBJ)/%.o,$(1))

$(HOST_OBJ)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' '$(CC) $(HOST_CFLAGS) $(HOST_RENAMED)' | cmp -s - $@ || \
		printf '%s\n' '$(CC) $(HOST_CFLAGS) $(HOST_RENAMED)' > $@

$(HOST_OBJ)/%.o: %.c $(HOST_OBJ)/flags | $(HOST_GEN)/config.mk \
		$(HOST_GEN)/generated/version.h
	$(say) HOSTCC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) $(HOST_CFLAGS_$<) -MMD -MP -c -o $@ $<

$(HOST_OUT)/libkernel.a: $(call host_objects,$(HOST_KERNEL))
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

# A test may bring its own form of a function: objects stand before the archive.
$(HOST_OUT)/unit-tests: $(call host_objects,$(HOST_TESTS) $(HOST_MACHINE)) \
		$(HOST_OUT)/libkernel.a
	$(say) HOSTLD $@
	$(Q)$(CC) $(HOST_CFLAGS) -Wl,--allow-multiple-definition -o $@ $^

# The limit finds hangs.  Sorted reports: the last line is the sum.
unit-tests: $(HOST_OUT)/unit-tests
	$(Q)echo "not built on the host: $(words $(HOST_NOT_YET)) files" \
		"(arch/host/not_yet.list)"
	$(Q)timeout 300 $< $(TESTS)

-include $(patsubst %.o,%.d,$(call host_objects,\
	$(HOST_KERNEL) $(HOST_TESTS) $(HOST_MACHINE)))

# --- fuzz targets ------------------------------------------------------------
ROUNDS ?= 20000
SEED ?= 1
FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)
FUZZ_MACHINE := $(filter-out arch/host/test_runner.c,$(HOST_MACHINE))

$(HOST_OUT)/fuzz: $(call host_objects,$(FUZZ_SOURCES) $(FUZZ_MACHINE)) \
		$(HOST_OUT)/libkernel.a
	$(say) HOSTLD $@
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^

fuzz: $(HOST_OUT)/fuzz
	$(Q)timeout 600 $< $(ROUNDS) $(SEED) $(TARGETS)

-include $(patsubst %.o,%.d,$(call host_objects,$(FUZZ_SOURCES)))
