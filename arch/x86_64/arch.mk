# Compiler flags of x86-64 kernel code.
#
# The stack guard is at gs:40, in the per-CPU block (asm/percpu.h).
ARCH_CFLAGS := -m64 -march=x86-64 -mgeneral-regs-only -mno-red-zone \
	-mcmodel=kernel -fcf-protection=none \
	-mstack-protector-guard=tls -mstack-protector-guard-reg=gs \
	-mstack-protector-guard-offset=40
# String instructions are slow where they are emulated and have a start-up cost
# everywhere: small fixed-size copies and fills are plain stores (gcc only).
STRING_CFLAGS := -mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign \
	-mmemcpy-strategy=unrolled_loop:256:noalign,libcall:-1:noalign
ARCH_CFLAGS += $(shell $(CC) $(STRING_CFLAGS) -E -x c /dev/null \
	>/dev/null 2>&1 && echo $(STRING_CFLAGS))
ARCH_AFLAGS := -m64
ARCH_LDFLAGS := -m elf_x86_64
