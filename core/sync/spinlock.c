/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Spinlocks: the contended path and the owner checks of the debug kernel.
 *
 * A waiter reads until the lock looks free before it tries to take it, so the
 * cache line is not bounced while it is held.
 */
#include <sync/spinlock.h>

#include <stddef.h>

#include <arch/cpu.h>
#include <debug/panic.h>

void spinlock_init(struct spinlock *lock, const char *class)
{
	lock->taken = 0;
	lock->owner = 0;
	lock->class = class;
}

void spinlock_wait(struct spinlock *lock)
{
	do {
		while (spin_is_locked(lock)) {
			cpu_relax();
		}
	} while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) != 0);
}

void spinlock_debug_acquired(struct spinlock *lock)
{
	lock->owner = cpu_id() + 1;
}

void spinlock_debug_released(struct spinlock *lock)
{
	if (lock->taken == 0 || lock->owner != cpu_id() + 1) {
		panic("spinlock %s released by CPU %u, owner is %u",
		      lock->class != NULL ? lock->class : "?", cpu_id(),
		      lock->owner);
	}
	lock->owner = 0;
}
