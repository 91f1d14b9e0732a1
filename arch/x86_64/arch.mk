# Compiler flags of x86-64 kernel code.
#
# The stack guard is at gs:40, in the per-CPU block (asm/percpu.h).
ARCH_CFLAGS := -m64 -march=x86-64 -mgeneral-regs-only -mno-red-zone \
	-mcmodel=kernel -fcf-protection=none \
	-mstack-protector-guard=tls -mstack-protector-guard-reg=gs \
	-mstack-protector-guard-offset=40
ARCH_AFLAGS := -m64
ARCH_LDFLAGS := -m elf_x86_64
