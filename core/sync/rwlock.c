/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Reader-writer lock.
 *
 * state counts readers, or is -1 for the writer.  Whoever cannot have the lock
 * after a short spin queues, first in, first out.  A release wakes the head of
 * the queue, which then competes with threads that are running: handing the
 * lock over to a thread that has yet to be scheduled would make every taker
 * wait for a wake-up (a convoy).  A head that has lost for HUNGER_NS is hungry:
 * until it has the lock newcomers queue, so neither side starves.
 *
 *  (1) waiting is raised before the waiter tries for the last time; a release
 *      changes state before it reads waiting.  One of them sees the other.
 */
#include <sync/rwlock.h>

#include <stddef.h>

#include <arch/cpu.h>
#include <debug/panic.h>
#include <sched/thread.h>
#include <sync/lockdep.h>
#include <sync/wait.h>
#include <time/clock.h>

#define WRITER	  (-1)
#define SPIN_MAX  500
#define HUNGER_NS NSEC_PER_MSEC

struct rwlock_waiter {
	struct list_node link; /* [rw->lock] */
	struct thread *thread; /* [I] */
	bool writer;	       /* [I] */
};

void rwlock_init(struct rwlock *rw, const char *class)
{
	rw->state = 0;
	rw->waiting = 0;
	rw->hungry = false;
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

static bool is_hungry(const struct rwlock *rw)
{
	return __atomic_load_n(&rw->hungry, __ATOMIC_RELAXED);
}

static bool has_waiters(const struct rwlock *rw)
{
	return __atomic_load_n(&rw->waiting, __ATOMIC_SEQ_CST) != 0;
}

/* The head of the queue may try again.  rw->lock held. */
static void wake_first(struct rwlock *rw)
{
	struct rwlock_waiter *first =
		list_first(&rw->waiters, struct rwlock_waiter, link);

	if (first != NULL) {
		thread_wake(first->thread);
	}
}

/* Leaves the queue with the lock taken; rw->lock held. */
static void leave_queue(struct rwlock *rw, struct rwlock_waiter *waiter)
{
	list_remove(&waiter->link);
	__atomic_fetch_sub(&rw->waiting, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&rw->hungry, false, __ATOMIC_RELEASE);
	if (!waiter->writer) {
		wake_first(rw); /* may be a reader as well */
	}
}

static void wait_in_queue(struct rwlock *rw, bool writer)
{
	bool (*try)(struct rwlock * rw) = writer ? try_write : try_read;
	uint64_t since = clock_monotonic_ns();
	struct rwlock_waiter waiter = {
		.thread = thread_current(),
		.writer = writer,
	};

	lockdep_assert_can_sleep();
	spin_lock(&rw->lock);
	list_add_tail(&rw->waiters, &waiter.link);
	__atomic_fetch_add(&rw->waiting, 1, __ATOMIC_SEQ_CST); /* (1) */
	for (;;) {
		bool first = list_first_node(&rw->waiters) == &waiter.link;

		thread_prepare_sleep(false);
		if (first && try(rw)) {
			break;
		}
		if (first && clock_monotonic_ns() - since > HUNGER_NS) {
			__atomic_store_n(&rw->hungry, true, __ATOMIC_SEQ_CST);
			if (try(rw)) {
				break;
			}
		}
		spin_unlock(&rw->lock);
		thread_sleep(WAIT_FOREVER); /* woken by each release: (1) */
		spin_lock(&rw->lock);
	}
	thread_cancel_sleep();
	leave_queue(rw, &waiter);
	spin_unlock(&rw->lock);
}

static bool spin_for(struct rwlock *rw, bool (*try)(struct rwlock *rw))
{
	for (unsigned i = 0; i < SPIN_MAX && !is_hungry(rw); i++) {
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
	if (unlikely(is_hungry(rw) || !try_read(rw))) {
		if (!spin_for(rw, try_read)) {
			wait_in_queue(rw, false);
		}
	}
	note_acquired(rw, false);
}

bool rwlock_read_trylock(struct rwlock *rw)
{
	if (is_hungry(rw) || !try_read(rw)) {
		return false;
	}
	note_acquired(rw, false);
	return true;
}

static void wake_waiters(struct rwlock *rw)
{
	spin_lock(&rw->lock);
	wake_first(rw);
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
		wake_waiters(rw);
	}
}

void rwlock_write_lock(struct rwlock *rw) NO_THREAD_SAFETY
{
	ASSERT(!rwlock_is_write_held(rw));
	if (unlikely(is_hungry(rw) || !try_write(rw))) {
		if (!spin_for(rw, try_write)) {
			wait_in_queue(rw, true);
		}
	}
	note_acquired(rw, true);
}

bool rwlock_write_trylock(struct rwlock *rw) NO_THREAD_SAFETY
{
	if (is_hungry(rw) || !try_write(rw)) {
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
		wake_waiters(rw);
	}
}

void rwlock_downgrade(struct rwlock *rw)
{
	ASSERT(rwlock_is_write_held(rw));
	rw->owner = NULL;
	__atomic_store_n(&rw->state, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* (1) */
	if (unlikely(has_waiters(rw))) {
		wake_waiters(rw);
	}
}

bool rwlock_is_write_held(const struct rwlock *rw)
{
	return __atomic_load_n(&rw->state, __ATOMIC_RELAXED) == WRITER &&
	       rw->owner == thread_current();
}
