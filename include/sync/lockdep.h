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

/* Before a switch: no spinlock may be held.  Any context. */
void lockdep_check_none_held(void);

/* Before a call that may sleep: thread context, no spinlock held. */
void lockdep_check_can_sleep(void);

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
