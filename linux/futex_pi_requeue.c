/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * From a condition to its mutex: FUTEX_WAIT_REQUEUE_PI sleeps on a plain word,
 * FUTEX_CMP_REQUEUE_PI moves the sleepers to a word with priority inheritance.
 *
 * A waiter is on one word or the other, never on none: it leaves the first
 * bucket and enters the second with both locked.
 */
#include "futex_pi.h"

#include <process/signal.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <sync/rcu.h>
#include <uapi/errno.h>

/* First word: 0 queued; -EAGAIN, -EFAULT. */
static int queue_first(struct futex_waiter *waiter, void USER *addr,
		       uint32_t expected)
{
	struct futex_bucket *bucket = futex_lock_key(&waiter->key);
	uint32_t value;

	while (futex_peek(&value, addr) < 0) {
		spin_unlock(&bucket->lock);
		if (futex_fault_in(addr, false) < 0) {
			return -EFAULT;
		}
		bucket = futex_lock_key(&waiter->key);
	}
	if (value == expected) {
		futex_queue(bucket, waiter);
	}
	spin_unlock(&bucket->lock);
	return value == expected ? 0 : -EAGAIN;
}

/* Sleeps on the first word.  0: moved to the second, or granted it. */
static int wait_requeued(struct futex_waiter *waiter,
			 const struct futex_deadline *deadline)
{
	int err = 0;

	while (err == 0) {
		thread_prepare_sleep(true);
		if (__atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE) ==
		    NULL) {
			break;
		}
		err = thread_sleep(futex_deadline_ns(deadline));
	}
	thread_cancel_sleep();
	return futex_unqueue(waiter) ? err : 0;
}

long futex_wait_requeue_pi(void USER *addr, bool shared, uint32_t value,
			   const struct futex_deadline *deadline,
			   uint32_t bitset, void USER *addr2)
{
	struct pi_spare spare = {NULL, NULL, NULL};
	struct futex_waiter waiter;
	struct pi_waiter pi;
	struct futex_key key;
	struct futex_key key2;
	int err;

	if (addr == addr2) {
		return -EINVAL;
	}
	err = futex_key(&key, addr, shared);
	if (err == 0) {
		err = futex_key(&key2, addr2, shared);
	}
	if (err == 0) {
		err = futex_pi_spare_fill(&spare);
	}
	if (err < 0) {
		futex_pi_spare_free(&spare);
		return err;
	}
	/* So that whoever requeues need not allocate for this thread. */
	spin_lock(&futex_pi_lock);
	futex_pi_give_state_locked(thread_current(), &spare.own);
	spin_unlock(&futex_pi_lock);
	futex_pi_spare_free(&spare);
	futex_waiter_init(&waiter, &key, bitset);
	futex_pi_waiter_init(&pi, &key2, deadline->realtime);
	waiter.realtime = deadline->realtime;
	waiter.pi = &pi;
	err = queue_first(&waiter, addr, value);
	if (err == 0) {
		err = wait_requeued(&waiter, deadline);
	}
	if (err < 0) {
		return err == -EINTR ? -ERESTARTNOINTR : err;
	}
	err = futex_pi_wait_granted(&pi, addr2, deadline);
	return err == -EINTR ? -EWOULDBLOCK : err;
}

/*
 * Both buckets locked: the first waiter takes the second word or waits for it.
 * 0: granted, PI_QUEUED: moved, PI_RETRY, or an error.
 */
static int requeue_one(struct futex_waiter *waiter,
		       struct futex_bucket *bucket2, void USER *addr2,
		       struct pi_spare *spare, struct thread **put_out,
		       struct futex_batch *batch)
{
	struct pi_waiter *pi = waiter->pi;
	int result =
		futex_pi_try_lock(bucket2, pi, addr2, false, spare, put_out);

	if (result == 0) {
		pi->granted = true;
		futex_take(waiter, batch);
	} else if (result == PI_QUEUED) {
		/* It sleeps on; from now on only the second word wakes it. */
		list_remove(&waiter->link);
		__atomic_store_n(&waiter->bucket, NULL, __ATOMIC_RELEASE);
	}
	return result;
}

static struct futex_waiter *first_pi_waiter(struct futex_bucket *bucket,
					    const struct futex_key *key)
{
	struct futex_waiter *waiter;

	list_for_each (waiter, &bucket->waiters, link) {
		if (futex_key_equal(&waiter->key, key)) {
			return waiter;
		}
	}
	return NULL;
}

enum step {
	STEP_DONE,    /* one waiter was moved or woken */
	STEP_NONE,    /* there is none */
	STEP_RETRY,   /* something was in the way */
	STEP_CHANGED, /* the first word has another value */
};

/* One waiter of the first word: enum step, or an error; after -EFAULT the
 * caller faults in. */
static int requeue_step(const struct futex_key *key,
			const struct futex_key *key2, void USER *addr,
			void USER *addr2, const uint32_t *expected,
			struct pi_spare *spare)
{
	struct futex_batch batch = {.count = 0};
	struct futex_bucket *bucket;
	struct futex_bucket *bucket2;
	struct futex_waiter *waiter;
	struct thread *owner = NULL;
	uint32_t word;
	int result = 0;

	rcu_read_lock();
	futex_lock_keys(key, key2, &bucket, &bucket2);
	if (expected != NULL) {
		result = futex_peek(&word, addr);
		if (result == 0 && word != *expected) {
			result = STEP_CHANGED;
		}
	}
	waiter = result == 0 ? first_pi_waiter(bucket, key) : NULL;
	if (result == 0 && waiter == NULL) {
		result = STEP_NONE;
	} else if (result == 0 && (waiter->pi == NULL ||
				   !futex_key_equal(&waiter->pi->key, key2))) {
		result = -EINVAL;
	} else if (result == 0) {
		result = requeue_one(waiter, bucket2, addr2, spare, &owner,
				     &batch);
		if (result >= 0) {
			result = result == PI_RETRY ? STEP_RETRY : STEP_DONE;
		}
	}
	futex_unlock_buckets(bucket, bucket2);
	futex_batch_wake(&batch);
	rcu_read_unlock();
	if (owner != NULL) {
		thread_put(owner);
	}
	return result;
}

long futex_cmp_requeue_pi(void USER *addr, void USER *addr2, bool shared,
			  int wake_count, int requeue_count, uint32_t value)
{
	struct pi_spare spare = {NULL, NULL, NULL};
	const uint32_t *expected = &value;
	struct futex_key key;
	struct futex_key key2;
	int done = 0;
	int result;

	if (wake_count != 1 || requeue_count < 0 || addr == addr2) {
		return -EINVAL;
	}
	result = futex_key(&key, addr, shared);
	if (result == 0) {
		result = futex_key(&key2, addr2, shared);
	}
	while (result >= 0 && done <= requeue_count) {
		result = futex_pi_spare_fill(&spare);
		if (result < 0) {
			break;
		}
		result = requeue_step(&key, &key2, addr, addr2, expected,
				      &spare);
		if (result == STEP_NONE) {
			result = 0;
			break;
		}
		if (result == STEP_CHANGED) {
			result = -EAGAIN;
		} else if (result == STEP_DONE) {
			done++;
			expected = NULL; /* compared once, as one operation */
		} else if (result == STEP_RETRY) {
			sched_yield();
		} else if (result == -EFAULT &&
			   futex_fault_in(addr, false) == 0 &&
			   futex_fault_in(addr2, true) == 0) {
			result = 0;
		}
	}
	futex_pi_spare_free(&spare);
	return done > 0 ? done : result;
}
