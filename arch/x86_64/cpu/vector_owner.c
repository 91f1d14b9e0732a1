/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Whose vector state the registers of a CPU hold.
 *
 * 1. A thread comes to a CPU with CR0.TS set: its first vector instruction
 *    traps (#NM), which loads its state and makes it the owner of the
 *    registers.  When it leaves the CPU, an owner's state is saved.  Threads
 * that wake each other without computing in between never pay.
 *    But a thread that was interrupted or faulted between two instructions gets
 *    its state at once: QEMU's TCG lets XSAVE and XRSTOR pass when TS is set.
 *    Code like glibc's lazy binding, which saves, works, and restores, would
 *    lose what it restores to the load at the next trap.  Such code makes no
 *    system calls in between, and signal frames load at their return.
 * 2. thread->arch.vector_cpu is 0 when the state is in its memory area, else
 *    1 + the CPU whose registers hold it.  It becomes 0 only after the area is
 *    complete (release), by that CPU.
 * 3. A thread that has moved and needs its state asks the CPU that has it by a
 *    cross call.
 *
 * Invariants, whenever interrupts are enabled:
 *  (1) owner == t on CPU c implies t->arch.vector_cpu == c + 1 and back;
 *  (2) TS is clear on a CPU only if the running thread is the owner there, or
 *      is a kernel thread.
 *
 * Owners change on their own CPU with interrupts disabled; no locks.
 */
#include "vector.h"

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <debug/panic.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#include "internal.h"

#define CR0_TS	  (1ul << 3)
#define CR0_VALUE 0x80010033ul /* PG WP NE ET MP PE, as at boot */

static PERCPU_DEFINE(struct thread *, vector_owner); /* [c] */
static PERCPU_DEFINE(bool, vector_off);		     /* [c] TS is set */

static void set_off(bool off)
{
	if (percpu(vector_off) == off) {
		return;
	}
	percpu(vector_off) = off;
	if (!off) {
		__asm__ volatile("clts" : : : "memory");
		return;
	}
	__asm__ volatile("movq %0, %%cr0"
			 :
			 : "r"(CR0_VALUE | CR0_TS)
			 : "memory");
}

/* The owner's state goes to its area; nobody owns the registers then.
 * Interrupts disabled. */
static void release_registers(void)
{
	struct thread *owner = percpu(vector_owner);

	if (owner == NULL) {
		return;
	}
	set_off(false);
	vector_save(owner->arch.vector_state);
	percpu(vector_owner) = NULL;
	__atomic_store_n(&owner->arch.vector_cpu, 0, __ATOMIC_RELEASE);
}

/* On the CPU that held the state when it was asked for. */
static void release_if_owner(void *arg)
{
	if (percpu(vector_owner) == arg) {
		release_registers();
		set_off(true); /* (2) */
	}
}

/* Makes the area of the current thread complete; true when its state is not in
 * registers any more, false when it is still live on this CPU. */
static bool fetch(struct thread *thread)
{
	uint32_t cpu =
		__atomic_load_n(&thread->arch.vector_cpu, __ATOMIC_ACQUIRE);
	struct cpumask mask;

	if (cpu == 0) {
		return true;
	}
	if (cpu == cpu_id() + 1) {
		return false;
	}
	cpumask_clear(&mask);
	cpumask_add(&mask, cpu - 1);
	smp_call(&mask, release_if_owner, thread);
	return true;
}

/* The state of the thread is in its area and nobody owns the registers.
 * Interrupts disabled. */
static void load(struct thread *thread)
{
	set_off(false);
	vector_load(thread->arch.vector_state);
	percpu(vector_owner) = thread;
	thread->arch.vector_cpu = cpu_id() + 1;
}

/* What was used since the thread came is saved at once: its state never stays
 * behind on a CPU that it leaves. */
void vector_switch(struct thread *prev, struct thread *next, bool in_syscall)
{
	if (percpu(vector_owner) == prev) {
		release_registers();
	}
	if (next->arch.vector_state == NULL) {
		return;
	}
	if (in_syscall) {
		set_off(true);
	} else {
		release_registers();
		load(next);
	}
}

void vector_trap(void)
{
	struct thread *thread = thread_current();
	unsigned long irq;

	fetch(thread); /* may take interrupts, does not switch threads */
	irq = cpu_irq_save();
	if (percpu(vector_owner) != thread) {
		release_registers();
		load(thread);
	}
	set_off(false);
	cpu_irq_restore(irq);
}

void vector_sync(void)
{
	struct thread *thread = thread_current();
	unsigned long irq;

	if (fetch(thread)) {
		return;
	}
	irq = cpu_irq_save();
	vector_save(thread->arch.vector_state);
	cpu_irq_restore(irq);
}

void *vector_replace(void *area)
{
	struct thread *thread = thread_current();
	unsigned long irq;
	void *old;

	fetch(thread);
	irq = cpu_irq_save();
	if (percpu(vector_owner) == thread) {
		percpu(vector_owner) = NULL;
		thread->arch.vector_cpu = 0;
	}
	old = thread->arch.vector_state;
	thread->arch.vector_state = area;
	set_off(true);
	cpu_irq_restore(irq);
	return old;
}

/*
 * A thread that ran last on this CPU may have left its state on another one,
 * where only an interrupt may touch the owner; so it is fetched first, also by
 * a dying thread before its last switch.
 */
void vector_drop(void)
{
	struct thread *thread = thread_current();
	unsigned long irq;

	if (thread->arch.vector_state == NULL) {
		return;
	}
	fetch(thread);
	irq = cpu_irq_save();
	if (percpu(vector_owner) == thread) {
		percpu(vector_owner) = NULL;
		thread->arch.vector_cpu = 0;
		set_off(true);
	}
	cpu_irq_restore(irq);
}
