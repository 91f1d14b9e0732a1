# The code of the vDSO is a shared object of its own, embedded by image.S.
obj-y += image.o vdso.o

VDSO_DIR := $(OBJ)/arch/x86_64/vdso
VDSO_CFLAGS := -std=gnu11 -Ulinux -Uunix $(WARNINGS) -O2 -fPIC -ffreestanding \
	-fno-stack-protector -fno-common -fasynchronous-unwind-tables \
	-mgeneral-regs-only -fcf-protection=none -fvisibility=hidden -m64 \
	-ffile-prefix-map=$(CURDIR)/=

$(VDSO_DIR)/vdso.so: arch/x86_64/vdso/user.c arch/x86_64/vdso/data.h \
		arch/x86_64/vdso/vdso.lds $(OBJ)/flags
	$(say) VDSO $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_CFLAGS) -c -o $(VDSO_DIR)/user.o $<
	$(Q)$(LD) -shared -soname linux-vdso.so.1 --hash-style=both \
		-z max-page-size=4096 -z noexecstack --build-id=none \
		--eh-frame-hdr -Bsymbolic -T arch/x86_64/vdso/vdso.lds \
		-o $@.full $(VDSO_DIR)/user.o
	$(Q)$(OBJCOPY) --strip-debug --strip-unneeded $@.full $@

$(OBJ)/arch/x86_64/vdso/image.o: $(VDSO_DIR)/vdso.so
AFLAGS_arch/x86_64/vdso/image.o := -DVDSO_FILE='"$(VDSO_DIR)/vdso.so"'
