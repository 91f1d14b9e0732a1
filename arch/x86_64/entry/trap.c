/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Exceptions of the kernel, and the saved registers in words.
 *
 * The kernel has no code yet whose faults are expected: every exception is a
 * kernel bug.  Stateless.
 */
#include <arch/frame.h>

#include <debug/log.h>
#include <debug/panic.h>
#include <lib/compiler.h>

void exception_handle(struct trapframe *frame);

extern const char kernel_start[], kernel_text_end[];
extern const char boot_stack[], boot_stack_top[];

static const char *const exception_names[] = {
	"divide error",
	"debug",
	"NMI",
	"breakpoint",
	"overflow",
	"bound range",
	"invalid opcode",
	"no coprocessor",
	"double fault",
	"coprocessor overrun",
	"invalid TSS",
	"segment not present",
	"stack segment",
	"general protection",
	"page fault",
	"reserved",
	"x87 floating point",
	"alignment check",
	"machine check",
	"SIMD floating point",
	"virtualization",
	"control protection",
};

static uint64_t fault_address(void)
{
	uint64_t address;

	__asm__ volatile("movq %%cr2, %0" : "=r"(address));
	return address;
}

void frame_print(const struct trapframe *f)
{
	log_error("rip %016lx rsp %016lx rflags %08lx cs %lx ss %lx", f->rip,
		  f->rsp, f->rflags, f->cs, f->ss);
	log_error("rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx,
		  f->rcx, f->rdx);
	log_error("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", f->rsi, f->rdi,
		  f->rbp, f->r8);
	log_error("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", f->r9, f->r10,
		  f->r11, f->r12);
	log_error("r13 %016lx r14 %016lx r15 %016lx cr2 %016lx", f->r13, f->r14,
		  f->r15, fault_address());
	log_error("vector %lu error %lx", f->vector, f->error);
}

/* A frame record can only lie on the boot stack: nothing else is followed. */
static bool is_stack(uintptr_t address)
{
	return address % 8 == 0 && address >= (uintptr_t)boot_stack &&
	       address + 16 <= (uintptr_t)boot_stack_top;
}

static bool is_text(uintptr_t address)
{
	return address >= (uintptr_t)kernel_start &&
	       address < (uintptr_t)kernel_text_end;
}

unsigned frame_backtrace(const struct trapframe *frame, uintptr_t *pcs,
			 unsigned count)
{
	uintptr_t fp = frame != NULL ? frame_fp(frame)
				     : (uintptr_t)__builtin_frame_address(0);
	unsigned found = 0;

	if (frame != NULL && found < count) {
		pcs[found++] = frame_pc(frame);
	}
	while (found < count && is_stack(fp)) {
		const uintptr_t *record = (const uintptr_t *)fp;

		if (!is_text(record[1]) || record[0] <= fp) {
			break;
		}
		pcs[found++] = record[1];
		fp = record[0];
	}
	return found;
}

void exception_handle(struct trapframe *frame)
{
	const char *name = frame->vector < ARRAY_SIZE(exception_names)
				   ? exception_names[frame->vector]
				   : "unknown exception";

	panic_frame(frame, "%s", name);
}
