/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Thread contexts: kernel stack, thread pointer; the vector registers follow
 * when they are used (vector_owner.c).
 *
 * Called with interrupts disabled by the scheduler; no locks.
 */
#include <arch/context.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <asm/msr.h>
#include <asm/selectors.h>
#include <lib/string.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#include "internal.h"
#include "vector.h"

#define CALLEE_SAVED_COUNT 6
#define SLOT_R13	   2 /* order of the pops in switch.S */
#define SLOT_R12	   3
#define RFLAGS_FIXED	   2ul /* bit 1 is always set */

struct thread *context_swap(struct thread *prev, struct thread *next);
extern const char context_start[], context_start_app[];

static bool fsgsbase; /* [I] after context_arch_init() */

void context_arch_init(void)
{
	fsgsbase = cpu_has_fsgsbase();
}

static uintptr_t stack_top(const struct thread *thread)
{
	return (uintptr_t)thread->stack + THREAD_STACK_SIZE;
}

void context_init_kernel(struct thread *thread, void (*func)(void *), void *arg)
{
	/* registers, return address, and a slot that keeps the stack 16-byte
	 * aligned at the call in context_start */
	uint64_t *slots =
		(uint64_t *)stack_top(thread) - (CALLEE_SAVED_COUNT + 2);

	memset(slots, 0, (CALLEE_SAVED_COUNT + 2) * sizeof(*slots));
	slots[SLOT_R12] = (uint64_t)func;
	slots[SLOT_R13] = (uint64_t)arg;
	slots[CALLEE_SAVED_COUNT] = (uint64_t)context_start;
	thread->arch.sp = (uintptr_t)slots;
}

int context_init_app(struct thread *thread, const struct trapframe *frame,
		     bool inherit)
{
	struct trapframe *copy =
		(struct trapframe *)(stack_top(thread) - sizeof(*frame));
	uint64_t *slots = (uint64_t *)copy - (CALLEE_SAVED_COUNT + 1);
	struct thread *current = thread_current();

	thread->arch.vector_state = vector_create();
	if (thread->arch.vector_state == NULL) {
		return -ENOMEM;
	}
	if (inherit && current->arch.vector_state != NULL) {
		vector_sync();
		memcpy(thread->arch.vector_state, current->arch.vector_state,
		       vector_size());
		thread->arch.fs_base = context_tls(current);
	}
	*copy = *frame;
	memset(slots, 0, CALLEE_SAVED_COUNT * sizeof(*slots));
	slots[CALLEE_SAVED_COUNT] = (uint64_t)context_start_app;
	thread->arch.sp = (uintptr_t)slots;
	return 0;
}

int context_become_app(void)
{
	void *area = vector_create();

	if (area == NULL) {
		return -ENOMEM;
	}
	vector_destroy(vector_replace(area));
	vector_trap(); /* it comes at once: programs begin with memory copies */
	context_set_tls(thread_current(), 0);
	return 0;
}

void context_leave(void)
{
	vector_drop();
}

void context_free(struct thread *thread)
{
	vector_destroy(thread->arch.vector_state);
	thread->arch.vector_state = NULL;
}

static uintptr_t read_fs_base(void)
{
	uintptr_t base;

	if (!fsgsbase) {
		return msr_read(MSR_FS_BASE);
	}
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static void write_fs_base(uintptr_t base)
{
	if (!fsgsbase) {
		msr_write(MSR_FS_BASE, base);
		return;
	}
	__asm__ volatile("wrfsbase %0" : : "r"(base));
}

void context_set_tls(struct thread *thread, uintptr_t base)
{
	unsigned long state = cpu_irq_save();

	thread->arch.fs_base = base;
	if (thread == thread_current()) {
		write_fs_base(base);
	}
	cpu_irq_restore(state);
}

uintptr_t context_tls(struct thread *thread)
{
	return thread == thread_current() ? read_fs_base()
					  : thread->arch.fs_base;
}

static void leave(struct thread *prev)
{
	if (prev->arch.vector_state != NULL) {
		prev->arch.fs_base = read_fs_base();
	}
}

static void enter(struct thread *next)
{
	struct cpu_local *local = &percpu(cpu_local);

	local->thread = next;
	local->stack_top = stack_top(next);
	if (next->arch.vector_state == NULL) {
		return;
	}
	write_fs_base(next->arch.fs_base);
}

static bool is_in_syscall(const struct thread *thread)
{
	return thread->arch.vector_state != NULL &&
	       frame_in_syscall(
		       (const struct trapframe *)(stack_top(thread) -
						  sizeof(struct trapframe)));
}

struct thread *context_switch(struct thread *prev, struct thread *next)
{
	leave(prev);
	vector_switch(prev, next, is_in_syscall(next));
	enter(next);
	return context_swap(prev, next);
}

struct trapframe *frame_current(void)
{
	struct thread *thread = thread_current();

	if (thread == NULL || thread->arch.vector_state == NULL) {
		return NULL;
	}
	return (struct trapframe *)(stack_top(thread) -
				    sizeof(struct trapframe));
}

bool frame_copy_of(const struct thread *thread, struct trapframe *copy_out)
{
	if (thread->stack == NULL || thread->arch.vector_state == NULL) {
		return false;
	}
	*copy_out = *(const struct trapframe *)(stack_top(thread) -
						sizeof(struct trapframe));
	return true;
}

void frame_init_app(struct trapframe *frame, uintptr_t pc, uintptr_t sp)
{
	bool isolated = mmu_isolated();

	*frame = (struct trapframe){
		.vector = VECTOR_NONE,
		.rip = pc,
		.cs = isolated ? SELECTOR_APP_CODE : SELECTOR_KERNEL_CODE,
		.rflags = RFLAGS_FIXED | RFLAGS_IF,
		.rsp = sp,
		.ss = isolated ? SELECTOR_APP_DATA : SELECTOR_KERNEL_DATA,
	};
}
