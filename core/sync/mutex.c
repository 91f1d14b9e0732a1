/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Mutex: one compare-and-exchange when free, a short spin while the owner
 * runs on another CPU, then a queue.
 *
 *  (1) waiter_count == 0 means an unlock has nobody to wake.  It is raised
 *      before the waiter tries the owner word again, and the unlocker clears
 *      the owner word before it reads the count: one of them sees the other.
 *  (2) A waiter stays in the queue until it owns the lock.  A woken one
 *      competes with newcomers; when it lost once it asks for a hand-over:
 *      then the unlocker makes it the owner, so nobody starves.
 */
#include <sync/mutex.h>

#include <stddef.h>

#include <arch/cpu.h>
#include <debug/panic.h>
#include <sched/thread.h>
#include <sync/lockdep.h>
#include <sync/rcu.h>
#include <sync/wait.h>
#include <uapi/errno.h>

#define SPIN_MAX 1000

struct mutex_waiter {
	struct list_node link; /* [mutex->lock] */
	struct thread *thread; /* [I] */
	bool impatient;	       /* [mutex->lock] hand over, do not just wake */
};

void mutex_init(struct mutex *mutex, const char *class)
{
	mutex->owner = NULL;
	spinlock_init(&mutex->lock, "mutex.inner");
	list_init(&mutex->waiters);
	mutex->waiter_count = 0;
	mutex->class = class;
}

static bool try_own(struct mutex *mutex, struct thread *thread)
{
	struct thread *nobody = NULL;

	return __atomic_compare_exchange_n(&mutex->owner, &nobody, thread,
					   false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* Spins while the owner is on a CPU; true when the lock was taken. */
static bool spin_for_owner(struct mutex *mutex, struct thread *thread)
{
	bool taken = false;

	rcu_read_lock(); /* keeps the struct of an owner that exits */
	for (unsigned i = 0; i < SPIN_MAX; i++) {
		const struct thread *owner =
			__atomic_load_n(&mutex->owner, __ATOMIC_RELAXED);

		if (owner == NULL) {
			taken = try_own(mutex, thread);
			if (taken) {
				break;
			}
		} else if (!__atomic_load_n(&owner->on_cpu, __ATOMIC_RELAXED) ||
			   __atomic_load_n(&mutex->waiter_count,
					   __ATOMIC_RELAXED) != 0) {
			break;
		}
		cpu_relax();
	}
	rcu_read_unlock();
	return taken;
}

/* mutex->lock held. */
static void remove_waiter(struct mutex *mutex, struct mutex_waiter *waiter)
{
	list_remove(&waiter->link);
	__atomic_store_n(&mutex->waiter_count, mutex->waiter_count - 1,
			 __ATOMIC_RELAXED);
}

/* Takes the free lock, or notes that it was handed over. */
static bool own_as_waiter(struct mutex *mutex, struct mutex_waiter *waiter)
{
	if (__atomic_load_n(&mutex->owner, __ATOMIC_ACQUIRE) ==
	    waiter->thread) {
		return true;
	}
	return try_own(mutex, waiter->thread);
}

static int lock_slow(struct mutex *mutex, bool interruptible)
{
	struct mutex_waiter waiter = {.thread = thread_current()};
	int err = 0;

	lockdep_assert_can_sleep();
	if (spin_for_owner(mutex, waiter.thread)) {
		return 0;
	}
	spin_lock(&mutex->lock);
	list_add_tail(&mutex->waiters, &waiter.link);
	__atomic_fetch_add(&mutex->waiter_count, 1, __ATOMIC_SEQ_CST); /* (1) */
	while (!own_as_waiter(mutex, &waiter) && err == 0) {
		/* The unlocker wakes the head of the queue; it reads the queue
		 * under mutex->lock, which is held until the sleep state is
		 * set. */
		thread_prepare_sleep(interruptible);
		spin_unlock(&mutex->lock);
		err = thread_sleep(WAIT_FOREVER);
		spin_lock(&mutex->lock);
		waiter.impatient = true; /* (2) */
	}
	if (err < 0 && own_as_waiter(mutex, &waiter)) {
		err = 0; /* it came with the signal */
	}
	remove_waiter(mutex, &waiter);
	spin_unlock(&mutex->lock);
	return err;
}

void mutex_lock(struct mutex *mutex) NO_THREAD_SAFETY
{
	ASSERT(!mutex_is_held(mutex));
	if (unlikely(!try_own(mutex, thread_current()))) {
		lock_slow(mutex, false);
	}
	if (CONFIG_LOCKDEP) {
		lockdep_sleeping_acquired(mutex->class);
	}
}

int mutex_lock_interruptible(struct mutex *mutex)
{
	if (unlikely(!try_own(mutex, thread_current()))) {
		int err = lock_slow(mutex, true);

		if (err < 0) {
			return err;
		}
	}
	if (CONFIG_LOCKDEP) {
		lockdep_sleeping_acquired(mutex->class);
	}
	return 0;
}

bool mutex_trylock(struct mutex *mutex) NO_THREAD_SAFETY
{
	if (!try_own(mutex, thread_current())) {
		return false;
	}
	if (CONFIG_LOCKDEP) {
		lockdep_sleeping_acquired(mutex->class);
	}
	return true;
}

static void unlock_slow(struct mutex *mutex)
{
	struct mutex_waiter *first;

	spin_lock(&mutex->lock);
	if (list_is_empty(&mutex->waiters)) {
		__atomic_store_n(&mutex->owner, NULL, __ATOMIC_SEQ_CST);
		spin_unlock(&mutex->lock);
		return;
	}
	first = list_first(&mutex->waiters, struct mutex_waiter, link);
	__atomic_store_n(&mutex->owner, first->impatient ? first->thread : NULL,
			 __ATOMIC_SEQ_CST);
	thread_wake(first->thread); /* cannot leave the queue meanwhile */
	spin_unlock(&mutex->lock);
}

/* The lock is free, but a waiter may have come just before. */
static void wake_first(struct mutex *mutex)
{
	spin_lock(&mutex->lock);
	if (!list_is_empty(&mutex->waiters)) {
		thread_wake(
			list_first(&mutex->waiters, struct mutex_waiter, link)
				->thread);
	}
	spin_unlock(&mutex->lock);
}

void mutex_unlock(struct mutex *mutex) NO_THREAD_SAFETY
{
	ASSERT(mutex_is_held(mutex));
	if (CONFIG_LOCKDEP) {
		lockdep_sleeping_released(mutex->class);
	}
	if (__atomic_load_n(&mutex->waiter_count, __ATOMIC_RELAXED) != 0) {
		unlock_slow(mutex);
		return;
	}
	/* Both sequentially consistent, as are the waiter's two: (1). */
	__atomic_store_n(&mutex->owner, NULL, __ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&mutex->waiter_count, __ATOMIC_SEQ_CST) !=
		     0)) { /* (1) */
		wake_first(mutex);
	}
}

bool mutex_is_held(const struct mutex *mutex)
{
	return __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) ==
	       thread_current();
}
