/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Mutex: a sleeping lock with one owner.
 *
 * Thread context only; not recursive; released by its owner.  The fast path
 * is one compare-and-exchange; a waiter spins while the owner runs on another
 * CPU, then sleeps in first-in first-out order.
 */
#include <stdbool.h>

#include <lib/list.h>
#include <sync/annotations.h>
#include <sync/spinlock.h>

struct thread;

struct LOCK_TYPE mutex {
	struct thread *owner;  /* [a] NULL: free */
	struct spinlock lock;  /* guards waiters */
	struct list waiters;   /* [lock] struct mutex_waiter */
	unsigned waiter_count; /* [a] written under lock */
	const char *class;     /* [I] name in lock_order.def */
};

#define MUTEX_INIT(name, class_name)                                           \
	{                                                                      \
		.owner = NULL, .lock = SPINLOCK_INIT("mutex.inner"),           \
		.waiters = LIST_INITIALIZER((name).waiters),                   \
		.waiter_count = 0, .class = (class_name)                       \
	}

void mutex_init(struct mutex *mutex, const char *class);
void mutex_lock(struct mutex *mutex) ACQUIRES(*mutex);
bool mutex_trylock(struct mutex *mutex) TRY_ACQUIRES(true, *mutex);
void mutex_unlock(struct mutex *mutex) RELEASES(*mutex);

/* Like mutex_lock() but gives up with -EINTR when a signal is pending. */
int mutex_lock_interruptible(struct mutex *mutex) NO_THREAD_SAFETY;

bool mutex_is_held(const struct mutex *mutex); /* by the current thread */
