/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Wait queue: threads (and epoll) that wait for a condition.
 *
 * The form to use, for a condition that a spinlock guards:
 *
 *	spin_lock(&x->lock);
 *	while (!x->ready) {
 *		err = wait_queue_sleep(&x->wait, &x->lock, WAIT_INTERRUPTIBLE,
 *				       deadline);
 *		if (err < 0) {
 *			break;
 *		}
 *	}
 *	spin_unlock(&x->lock);
 *
 * and on the other side: make the condition true, then wait_queue_wake_all().
 * No wake-up is lost: the sleeper is on the queue before it releases the lock.
 * For other conditions: waiter_init(), wait_queue_add(), then in a loop
 * thread_prepare_sleep(), test, thread_sleep(); at the end wait_queue_remove().
 *
 * Locks: the queue's own spinlock is irq-safe and innermost but for the run
 * queue's; wake-ups may be sent from interrupts.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>

struct thread;
struct waiter;

#define WAIT_INTERRUPTIBLE (1u << 0) /* a signal ends the sleep with -EINTR */
#define WAIT_EXCLUSIVE	   (1u << 1) /* wake_one takes one of these */
#define WAIT_FOREVER	   UINT64_MAX

/* Events passed to wake-ups: the POLL* bits of uapi/poll.h; 0 means any. */
typedef bool waiter_func(struct waiter *waiter, uint32_t events);

struct waiter {
	struct list_node link; /* [queue lock] */
	struct thread *thread; /* [I] woken by the default func */
	waiter_func *func;     /* [I] true: counts as a wake-up for wake_one;
				* called with the queue lock held */
	bool exclusive;	       /* [I] */
};

struct wait_queue {
	struct spinlock lock;
	struct list waiters; /* [lock] exclusive ones at the end */
};

#define WAIT_QUEUE_INIT(name)                                                  \
	{                                                                      \
		.lock = SPINLOCK_INIT("wait"),                                 \
		.waiters = LIST_INITIALIZER((name).waiters)                    \
	}

void wait_queue_init(struct wait_queue *queue);

/* A waiter that wakes the current thread. */
void waiter_init(struct waiter *waiter, unsigned flags);

/* A waiter that calls func in the waker's context. */
void waiter_init_func(struct waiter *waiter, waiter_func *func, unsigned flags);

void wait_queue_add(struct wait_queue *queue, struct waiter *waiter);
void wait_queue_remove(struct wait_queue *queue, struct waiter *waiter);

/* All non-exclusive waiters and at most `count` exclusive ones. */
void wait_queue_wake(struct wait_queue *queue, unsigned count, uint32_t events);
void wait_queue_wake_one(struct wait_queue *queue);
void wait_queue_wake_all(struct wait_queue *queue);

/* Cheap test without the lock; the caller has ordered its own store before
 * (pairs with the barrier in thread_prepare_sleep()). */
bool wait_queue_is_empty(const struct wait_queue *queue);

/*
 * Releases the lock, sleeps until woken or until the monotonic deadline in
 * nanoseconds (WAIT_FOREVER: none), takes the lock again.  Returns 0 (woken:
 * test the condition again), -EINTR or -ETIMEDOUT.  `lock` may be NULL only
 * when the condition cannot have become true unnoticed.
 */
int wait_queue_sleep(struct wait_queue *queue, struct spinlock *lock,
		     unsigned flags, uint64_t deadline_ns) NO_THREAD_SAFETY;
int wait_queue_sleep_mutex(struct wait_queue *queue, struct mutex *mutex,
			   unsigned flags,
			   uint64_t deadline_ns) NO_THREAD_SAFETY;
