/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Reader-writer lock.
 *
 * state counts readers, or is -1 for the writer.  Whoever cannot have the lock
 * queues, first in, first out; while anybody is queued newcomers queue too, so
 * neither side starves.  The lock is granted by whoever releases it: the
 * head of the queue gets it, with a reader all readers directly behind it.
 *
 *  (1) waiting is raised before the waiter tries to grant; a release changes
 *      state before it reads waiting.  One of them sees the other.
 *  (2) A waiter owns the lock when its granted flag is set, under rw->lock.
 */
#include <sync/rwlock.h>

#include <stddef.h>

#include <arch/cpu.h>
#include <debug/panic.h>
#include <sched/thread.h>
#include <sync/lockdep.h>
#include <sync/wait.h>

#define WRITER	 (-1)
#define SPIN_MAX 200

struct rwlock_waiter {
	struct list_node link; /* [rw->lock] */
	struct thread *thread; /* [I] */
	bool writer;	       /* [I] */
	bool granted;	       /* [a] set under rw->lock */
};

void rwlock_init(struct rwlock *rw, const char *class)
{
	rw->state = 0;
	rw->waiting = 0;
	rw->owner = NULL;
	spinlock_init(&rw->lock, "rwlock.inner");
	list_init(&rw->waiters);
	rw->class = class;
}

static bool try_read(struct rwlock *rw)
{
	int32_t state = __atomic_load_n(&rw->state, __ATOMIC_RELAXED);

	while (state >= 0) {
		if (__atomic_compare_exchange_n(&rw->state, &state, state + 1,
						false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED)) {
			return true;
		}
	}
	return false;
}

static bool try_write(struct rwlock *rw)
{
	int32_t free = 0;

	return __atomic_compare_exchange_n(&rw->state, &free, WRITER, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static bool has_waiters(const struct rwlock *rw)
{
	return __atomic_load_n(&rw->waiting, __ATOMIC_SEQ_CST) != 0;
}

/* Gives the lock to the head of the queue, as far as it is free.  rw->lock
 * held. */
static void grant(struct rwlock *rw)
{
	while (!list_is_empty(&rw->waiters)) {
		struct rwlock_waiter *first =
			list_first(&rw->waiters, struct rwlock_waiter, link);
		struct thread *thread = first->thread;

		if (!(first->writer ? try_write(rw) : try_read(rw))) {
			return;
		}
		list_remove(&first->link);
		__atomic_fetch_sub(&rw->waiting, 1, __ATOMIC_RELAXED);
		/* The waiter's stack frame may go once this is seen; the thread
		 * cannot, it needs rw->lock before it leaves. */
		__atomic_store_n(&first->granted, true, __ATOMIC_RELEASE);
		thread_wake(thread);
	}
}

static void wait_for_grant(struct rwlock *rw, bool writer)
{
	struct rwlock_waiter waiter = {
		.thread = thread_current(),
		.writer = writer,
	};

	lockdep_assert_can_sleep();
	spin_lock(&rw->lock);
	list_add_tail(&rw->waiters, &waiter.link);
	__atomic_fetch_add(&rw->waiting, 1, __ATOMIC_SEQ_CST); /* (1) */
	grant(rw);
	while (!waiter.granted) {
		/* A release grants under rw->lock, which is held until the
		 * sleep state is set. */
		thread_prepare_sleep(false);
		spin_unlock(&rw->lock);
		thread_sleep(WAIT_FOREVER);
		spin_lock(&rw->lock); /* (2) */
	}
	spin_unlock(&rw->lock);
}

static bool spin_for(struct rwlock *rw, bool (*try)(struct rwlock *rw))
{
	for (unsigned i = 0; i < SPIN_MAX && !has_waiters(rw); i++) {
		if (try(rw)) {
			return true;
		}
		cpu_relax();
	}
	return false;
}

static void note_acquired(struct rwlock *rw, bool writer)
{
	if (writer) {
		rw->owner = thread_current();
	}
	if (CONFIG_LOCKDEP) {
		lockdep_sleeping_acquired(rw->class);
	}
}

void rwlock_read_lock(struct rwlock *rw) NO_THREAD_SAFETY
{
	if (unlikely(has_waiters(rw) || !try_read(rw))) {
		if (!spin_for(rw, try_read)) {
			wait_for_grant(rw, false);
		}
	}
	note_acquired(rw, false);
}

bool rwlock_read_trylock(struct rwlock *rw)
{
	if (has_waiters(rw) || !try_read(rw)) {
		return false;
	}
	note_acquired(rw, false);
	return true;
}

static void grant_waiters(struct rwlock *rw)
{
	spin_lock(&rw->lock);
	grant(rw);
	spin_unlock(&rw->lock);
}

void rwlock_read_unlock(struct rwlock *rw) NO_THREAD_SAFETY
{
	if (CONFIG_LOCKDEP) {
		lockdep_sleeping_released(rw->class);
	}
	ASSERT(rw->state > 0);
	if (__atomic_sub_fetch(&rw->state, 1, __ATOMIC_SEQ_CST) == 0 &&
	    unlikely(has_waiters(rw))) {
		grant_waiters(rw);
	}
}

void rwlock_write_lock(struct rwlock *rw) NO_THREAD_SAFETY
{
	ASSERT(!rwlock_is_write_held(rw));
	if (unlikely(has_waiters(rw) || !try_write(rw))) {
		if (!spin_for(rw, try_write)) {
			wait_for_grant(rw, true);
		}
	}
	note_acquired(rw, true);
}

bool rwlock_write_trylock(struct rwlock *rw) NO_THREAD_SAFETY
{
	if (has_waiters(rw) || !try_write(rw)) {
		return false;
	}
	note_acquired(rw, true);
	return true;
}

void rwlock_write_unlock(struct rwlock *rw) NO_THREAD_SAFETY
{
	ASSERT(rwlock_is_write_held(rw));
	if (CONFIG_LOCKDEP) {
		lockdep_sleeping_released(rw->class);
	}
	rw->owner = NULL;
	__atomic_store_n(&rw->state, 0, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* (1) */
	if (unlikely(has_waiters(rw))) {
		grant_waiters(rw);
	}
}

void rwlock_downgrade(struct rwlock *rw)
{
	ASSERT(rwlock_is_write_held(rw));
	rw->owner = NULL;
	__atomic_store_n(&rw->state, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* (1) */
	if (unlikely(has_waiters(rw))) {
		grant_waiters(rw);
	}
}

bool rwlock_is_write_held(const struct rwlock *rw)
{
	return __atomic_load_n(&rw->state, __ATOMIC_RELAXED) == WRITER &&
	       rw->owner == thread_current();
}
