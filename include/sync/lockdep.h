/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The lock checker of the debug kernel (CONFIG_LOCKDEP).
 *
 * Classes and their order are data: core/sync/lock_order.def.  A lock is
 * taken only while all locks held have a smaller rank; classes that are not
 * in the table are checked for their owner only.  Spinlocks are counted per
 * CPU, sleeping locks per thread.  A violation is a panic.
 */
#include <stdbool.h>

#include <generated/config.h>

#define LOCKDEP_DEPTH_MAX 16 /* locks held at a time; more is a panic */

/* Sleeping locks that a thread holds; one unused entry when not checking. */
struct lockdep_thread {
	unsigned count;
	const char *classes[CONFIG_LOCKDEP ? LOCKDEP_DEPTH_MAX : 1];
};

/* Each CPU that enters, with no lock held. */
void lockdep_cpu_init(void);

/* Before a switch: no spinlock may be held.  Any context. */
void lockdep_check_none_held(void);

/* Before a call that may sleep: thread context, no spinlock held. */
void lockdep_check_can_sleep(void);

/* Spinlocks: called with the class, NULL for none; see spinlock.c. */
void lockdep_spin_acquired(const char *class);
void lockdep_spin_released(const char *class);

/* Sleeping locks of the current thread. */
void lockdep_sleeping_acquired(const char *class);
void lockdep_sleeping_released(const char *class);

static inline void lockdep_assert_none_held(void)
{
	if (CONFIG_LOCKDEP) {
		lockdep_check_none_held();
	}
}

static inline void lockdep_assert_can_sleep(void)
{
	if (CONFIG_LOCKDEP) {
		lockdep_check_can_sleep();
	}
}
