/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Saved registers in words, and walking frame pointers.
 *
 * A frame record is followed only on the boot stack or on the current kernel
 * stack, and upwards only, so a damaged stack ends the walk.  Stateless.
 */
#include <arch/frame.h>

#include <asm/trap.h>
#include <debug/log.h>
#include <sched/thread.h>

extern const char kernel_start[], kernel_text_end[];
extern const char boot_stack[], boot_stack_top[];

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

static bool holds_record(uintptr_t start, uintptr_t end, uintptr_t address)
{
	return address >= start && address + 16 <= end;
}

static bool is_stack(uintptr_t address)
{
	const struct thread *thread = thread_current();

	if (address % 8 != 0) {
		return false;
	}
	if (holds_record((uintptr_t)boot_stack, (uintptr_t)boot_stack_top,
			 address)) {
		return true;
	}
	if (thread == NULL || thread->stack == NULL) {
		return false;
	}
	return holds_record((uintptr_t)thread->stack,
			    (uintptr_t)thread->stack + THREAD_STACK_SIZE,
			    address);
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

	if (frame != NULL && found < count && is_text(frame_pc(frame))) {
		pcs[found++] = frame_pc(frame);
	}
	while (found < count && is_stack(fp)) {
		const uintptr_t *record = (const uintptr_t *)fp;

		if (!is_text(record[1])) {
			break;
		}
		pcs[found++] = record[1];
		if (record[0] <= fp) {
			break;
		}
		fp = record[0];
	}
	return found;
}
