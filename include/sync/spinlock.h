/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Spinlock: short critical sections between CPUs, in any context.
 *
 * A lock that an interrupt handler takes must be taken with _irqsave (or with
 * interrupts already disabled) everywhere else.  The holder does not sleep.
 * The debug kernel checks owner and order (core/sync/lock_order.def) by the
 * class name given at initialisation.
 */
#include <stdbool.h>
#include <stdint.h>

#include <arch/cpu.h>
#include <generated/config.h>
#include <lib/compiler.h>
#include <sync/annotations.h>

struct LOCK_TYPE spinlock {
	uint32_t taken;	   /* [a] 0 or 1 */
	uint32_t owner;	   /* [l] cpu + 1, debug only */
	const char *class; /* [I] name in lock_order.def; NULL: unordered */
};

#define SPINLOCK_INIT(class_name)                                              \
	{                                                                      \
		.taken = 0, .owner = 0, .class = (class_name)                  \
	}

void spinlock_init(struct spinlock *lock, const char *class);

/* core/sync/spinlock.c: the contended path, and the checks of the debug
 * kernel; empty calls are compiled out. */
void spinlock_wait(struct spinlock *lock);
void spinlock_debug_acquired(struct spinlock *lock);
void spinlock_debug_released(struct spinlock *lock);

static inline void spin_lock(struct spinlock *lock)
	ACQUIRES(*lock) NO_THREAD_SAFETY
{
	if (unlikely(__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE))) {
		spinlock_wait(lock);
	}
	if (CONFIG_LOCKDEP) {
		spinlock_debug_acquired(lock);
	}
}

static inline bool spin_trylock(struct spinlock *lock)
	TRY_ACQUIRES(true, *lock) NO_THREAD_SAFETY
{
	if (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE)) {
		return false;
	}
	if (CONFIG_LOCKDEP) {
		spinlock_debug_acquired(lock);
	}
	return true;
}

static inline void spin_unlock(struct spinlock *lock)
	RELEASES(*lock) NO_THREAD_SAFETY
{
	if (CONFIG_LOCKDEP) {
		spinlock_debug_released(lock);
	}
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

static inline unsigned long spin_lock_irqsave(struct spinlock *lock)
	ACQUIRES(*lock) NO_THREAD_SAFETY
{
	unsigned long state = cpu_irq_save();

	spin_lock(lock);
	return state;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock,
					  unsigned long state)
	RELEASES(*lock) NO_THREAD_SAFETY
{
	spin_unlock(lock);
	cpu_irq_restore(state);
}

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return __atomic_load_n(&lock->taken, __ATOMIC_RELAXED) != 0;
}
