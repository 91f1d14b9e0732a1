# The kernel: objects of the rooms, one link, a symbol table in it.

OBJ := $(OUT)/obj
GEN := $(OUT)/gen
CONFIG_FILE := $(firstword $(wildcard $(CONFIG) configs/$(CONFIG)))
ifeq ($(CONFIG_FILE),)
$(error no configs/$(CONFIG))
endif
ifeq ($(wildcard arch/$(ARCH)/arch.mk),)
$(error no arch/$(ARCH))
endif

CROSS_COMPILE ?=
LD := $(CROSS_COMPILE)ld
NM := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy

# --- configuration -----------------------------------------------------------
-include $(GEN)/config.d
$(GEN)/config.mk: $(CONFIG_FILE) scripts/kconfig.py
	$(say) CONFIG $(CONFIG_FILE)
	$(Q)$(PYTHON) scripts/kconfig.py $(CONFIG_FILE) \
		$(GEN)/generated/config.h $@ $(GEN)/config.d
include $(GEN)/config.mk

$(GEN)/generated/version.h: FORCE
	$(Q)$(PYTHON) scripts/version.py $@

# --- objects -------------------------------------------------------------------
include arch/$(ARCH)/arch.mk
ROOM_OBJECTS :=
$(foreach r,$(ROOMS),$(eval $(call add_room_if_there,$(r))))
OBJECTS := $(sort $(addprefix $(OBJ)/,$(ROOM_OBJECTS)))

# The files on the way of short system calls and of threads that wake each other
# are compiled as one unit: gcc's link-time optimisation, into one object.  So
# small functions are inlined across files.  A call and its return cost more than
# what such a function does, above all where the processor is emulated.  Where
# size counts it is the whole kernel: 2 % less.
HOT := core/sched/% core/sync/% core/time/% core/mm/frame.o \
	core/mm/page_cache.o core/process/resume.o lib/rbtree.o lib/refcount.o \
	fs/devfs/memory.o fs/vfs/file.o fs/vfs/file_table.o fs/vfs/iov.o \
	fs/vfs/page_file.o fs/vfs/pipe.o fs/vfs/pipe_file.o linux/epoll.o \
	linux/epoll_item.o linux/eventfd.o linux/futex.o linux/futex_key.o \
	linux/read_write.o arch/$(ARCH)/cpu/context.o arch/$(ARCH)/cpu/cpu.o \
	arch/$(ARCH)/cpu/vector_owner.o arch/$(ARCH)/mmu/user.o
ifeq ($(CONFIG_OPTIMIZE_SIZE),y)
HOT := %.o
endif
ifeq ($(CONFIG_DEBUG)$(findstring clang,$(CC)),)
HOT_OBJECTS := $(filter $(addprefix $(OBJ)/,$(HOT)),$(OBJECTS))
endif
$(HOT_OBJECTS): LTO_CFLAGS := -flto

COMPILER_INCLUDES := $(shell $(CC) -print-file-name=include)
INCLUDES := -nostdinc -isystem $(COMPILER_INCLUDES) -Iinclude \
	-Iarch/$(ARCH)/include -I$(GEN) -I.

# -fbuiltin behind -ffreestanding: memcpy() of a few bytes is no call.
# With frame pointers backtraces need no unwind tables.
KERNEL_CFLAGS := -std=gnu11 -Ulinux -Uunix -g $(WARNINGS) $(INCLUDES) \
	-ffreestanding -fbuiltin -fno-pic -fno-pie -fno-common \
	-fno-strict-aliasing -fno-delete-null-pointer-checks \
	-fno-asynchronous-unwind-tables -fno-unwind-tables \
	-ffunction-sections -fdata-sections \
	$(if $(CONFIG_FRAME_POINTERS),-fno-omit-frame-pointer,-fomit-frame-pointer) \
	$(if $(CONFIG_STACK_PROTECTOR),-fstack-protector-strong,-fno-stack-protector) -ffile-prefix-map=$(CURDIR)/= \
	$(if $(CONFIG_OPTIMIZE_SIZE),-Os -fno-jump-tables,-O2) \
	$(if $(CONFIG_UBSAN),-fsanitize=undefined) \
	$(ARCH_CFLAGS)
KERNEL_AFLAGS := -g -D__ASSEMBLER__ $(INCLUDES) $(ARCH_AFLAGS)

# Objects depend on this file: it changes when compiler or flags do.
$(OBJ)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' '$(CC) $(KERNEL_CFLAGS) $(KERNEL_AFLAGS)' \
		'$(ROOM_OBJECTS)$(HOT_OBJECTS)' | cmp -s - $@ || \
		printf '%s\n' '$(CC) $(KERNEL_CFLAGS) $(KERNEL_AFLAGS)' \
		'$(ROOM_OBJECTS)$(HOT_OBJECTS)' > $@

GENERATED := $(GEN)/config.mk $(GEN)/generated/version.h

$(OBJ)/%.o: %.c $(OBJ)/flags | $(GENERATED)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(LTO_CFLAGS) $(CFLAGS_$*.o) -MMD -MP -c -o $@ $<

$(OBJ)/hot.o: $(HOT_OBJECTS)
	$(say) LTO $@
	$(Q)$(CC) $(KERNEL_CFLAGS) -flto=auto -r -nostdlib \
		-flinker-output=nolto-rel -o $@ $^

$(OBJ)/%.o: %.S $(OBJ)/flags | $(GENERATED)
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_AFLAGS) $(AFLAGS_$*.o) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

objects: $(OBJECTS)

# What headers need to compile alone.
config: $(GENERATED)

# --- link ----------------------------------------------------------------------
KERNEL_LDS ?= arch/$(ARCH)/boot/kernel.lds
LDFLAGS := -nostdlib -static --gc-sections -z noexecstack \
	-z max-page-size=4096 --build-id=none $(ARCH_LDFLAGS)

$(OBJ)/kernel.lds: $(KERNEL_LDS) $(OBJ)/flags
	$(Q)$(CC) -E -P -x c -undef $(KERNEL_AFLAGS) -MMD -MP -MT $@ \
		-MF $(OBJ)/kernel.lds.d -o $@ $<
-include $(OBJ)/kernel.lds.d

LINKED := $(filter-out $(HOT_OBJECTS),$(OBJECTS)) \
	$(if $(HOT_OBJECTS),$(OBJ)/hot.o)

$(OUT)/kernel.elf: $(LINKED) $(OBJ)/kernel.lds scripts/link_kernel.py \
		scripts/gen_symbols.py
	$(say) LD $@
	$(Q)$(PYTHON) scripts/link_kernel.py --output $@ --work $(OBJ) \
		--cc "$(CC) $(ARCH_AFLAGS)" --nm $(NM) \
		$(if $(CONFIG_KERNEL_SYMBOLS),--symbols) -- \
		$(LD) $(LDFLAGS) -T $(OBJ)/kernel.lds $(LINKED)

$(OUT)/kernel-stripped.elf: $(OUT)/kernel.elf scripts/kernel_size.py
	$(Q)$(OBJCOPY) --strip-all $< $@
	$(Q)$(PYTHON) scripts/kernel_size.py $@

kernel: $(OUT)/kernel-stripped.elf
	$(Q)ln -sfn $(notdir $(OUT)) build/last
