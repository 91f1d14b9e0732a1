/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Spinlocks: the contended path and the checks of the debug kernel.
 *
 * A waiter reads until the lock looks free before it tries to take it, so the
 * cache line is not bounced while it is held.  Sections are short and locks
 * belong to one object or CPU, so there is no queue of waiters.
 */
#include <sync/spinlock.h>

#include <stddef.h>

#include <arch/cpu.h>
#include <debug/panic.h>
#include <sync/lockdep.h>

void spinlock_init(struct spinlock *lock, const char *class)
{
	lock->taken = 0;
	lock->owner = 0;
	lock->class = class;
}

static const char *name_of(const struct spinlock *lock)
{
	return lock->class != NULL ? lock->class : "?";
}

/* Interrupted holders come back, other CPUs' holders release: but a CPU that
 * waits for itself would wait for ever. */
static void check_not_own(const struct spinlock *lock)
{
	if (CONFIG_LOCKDEP &&
	    __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == cpu_id() + 1) {
		panic("spinlock %s taken twice by CPU %u", name_of(lock),
		      cpu_id());
	}
}

void spinlock_wait(struct spinlock *lock)
{
	check_not_own(lock);
	do {
		while (spin_is_locked(lock)) {
			cpu_relax();
		}
	} while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) != 0);
}

void spinlock_debug_acquired(struct spinlock *lock)
{
	unsigned long irq = cpu_irq_save();

	__atomic_store_n(&lock->owner, cpu_id() + 1, __ATOMIC_RELAXED);
	lockdep_spin_acquired(lock->class);
	cpu_irq_restore(irq);
}

void spinlock_debug_released(struct spinlock *lock)
{
	unsigned long irq = cpu_irq_save();

	if (lock->taken == 0 || lock->owner != cpu_id() + 1) {
		panic("spinlock %s released by CPU %u, owner is %u",
		      name_of(lock), cpu_id(), lock->owner);
	}
	__atomic_store_n(&lock->owner, 0, __ATOMIC_RELAXED);
	lockdep_spin_released(lock->class);
	cpu_irq_restore(irq);
}
