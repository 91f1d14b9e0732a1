/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Locking and unlocking words with priority inheritance.  futex_pi.h has the
 * theory.  Whatever needs memory or the page of the word is done without locks
 * and tried again from the start.
 */
#include "futex_pi.h"

#include <lib/string.h>
#include <mm/slab.h>
#include <process/signal.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <uapi/errno.h>

/* --- waiting --- */

void futex_pi_waiter_init(struct pi_waiter *waiter, const struct futex_key *key,
			  bool realtime)
{
	memset(waiter, 0, sizeof(*waiter));
	waiter->thread = thread_current();
	waiter->key = *key;
	waiter->realtime = realtime;
}

static bool is_granted(const struct pi_waiter *waiter)
{
	return __atomic_load_n(&waiter->granted, __ATOMIC_ACQUIRE);
}

/* The heir of a dead owner writes the word: 0 or -EFAULT. */
static int write_inherited(struct pi_waiter *waiter, void USER *addr)
{
	struct futex_bucket *bucket = futex_lock_key(&waiter->key);
	uint32_t mine = (uint32_t)waiter->thread->tid | UAPI_FUTEX_OWNER_DIED;
	uint32_t word;
	uint32_t old;
	int err = futex_peek(&word, addr);

	for (;;) {
		if (err < 0) {
			spin_unlock(&bucket->lock);
			if (futex_fault_in(addr, true) < 0) {
				return -EFAULT;
			}
			bucket = futex_lock_key(&waiter->key);
			err = futex_peek(&word, addr);
			continue;
		}
		err = futex_cmpxchg(addr, word,
				    mine | (word & UAPI_FUTEX_WAITERS), &old);
		if (err == 0 && old == word) {
			break;
		}
		word = old;
	}
	spin_unlock(&bucket->lock);
	return 0;
}

/* Sleeps until the word is granted; the waiter is queued.  0, -ETIMEDOUT,
 * -EINTR, -EFAULT. */
int futex_pi_wait_granted(struct pi_waiter *waiter, void USER *addr,
			  const struct futex_deadline *deadline)
{
	struct thread *owner = NULL;
	struct futex_pi *dead = NULL;
	struct futex_bucket *bucket;
	struct futex_pi *pi;
	int err = 0;

	while (err == 0) {
		thread_prepare_sleep(true);
		if (is_granted(waiter)) {
			break;
		}
		err = thread_sleep(futex_deadline_ns(deadline));
	}
	thread_cancel_sleep();
	bucket = futex_lock_key(&waiter->key);
	spin_lock(&futex_pi_lock);
	pi = waiter->pi;
	if (!waiter->granted) {
		futex_pi_unblock_locked(waiter);
		futex_pi_inherit_locked(pi->owner);
	}
	spin_unlock(&futex_pi_lock);
	if (!waiter->granted) {
		owner = futex_pi_retire_if_idle(pi, &dead);
	}
	spin_unlock(&bucket->lock);
	kfree(dead);
	if (owner != NULL) {
		thread_put(owner);
	}
	if (!waiter->granted) {
		return err;
	}
	return waiter->owner_died ? write_inherited(waiter, addr) : 0;
}

/* One try with the bucket locked.  0: the word is ours; PI_QUEUED, PI_RETRY, or
 * an error. */
int futex_pi_try_lock(struct futex_bucket *bucket, struct pi_waiter *waiter,
		      void USER *addr, bool try_only, struct pi_spare *spare,
		      struct thread **put_out)
{
	uint32_t tid = (uint32_t)waiter->thread->tid;
	struct futex_pi *pi;
	uint32_t word;
	uint32_t old;
	int err = futex_peek(&word, addr);

	if (err < 0) {
		return err;
	}
	if ((word & UAPI_FUTEX_TID_MASK) == tid) {
		return -EDEADLK;
	}
	pi = futex_pi_find(bucket, &waiter->key);
	if (pi == NULL && (word & UAPI_FUTEX_TID_MASK) == 0) {
		err = futex_cmpxchg(addr, word,
				    tid | (word & UAPI_FUTEX_OWNER_DIED), &old);
		return err < 0 ? err : old == word ? 0 : PI_RETRY;
	}
	if (try_only) {
		return -EWOULDBLOCK;
	}
	if (pi == NULL) {
		err = futex_pi_attach(bucket, &waiter->key, addr, word, spare,
				      put_out);
		if (err != 0) {
			return err;
		}
		pi = futex_pi_find(bucket, &waiter->key);
	}
	err = futex_pi_block_on(pi, waiter, spare);
	return err < 0 ? err : PI_QUEUED;
}

/* Queues or takes.  0: ours, PI_QUEUED, or an error. */
static int lock_or_queue(struct pi_waiter *waiter, void USER *addr,
			 bool try_only)
{
	struct pi_spare spare = {NULL, NULL, NULL};
	int result;

	do {
		struct thread *owner = NULL;
		struct futex_pi *dead = NULL;
		struct thread *idle_owner = NULL;
		struct futex_bucket *bucket;
		struct futex_pi *pi;

		result = try_only ? 0 : futex_pi_spare_fill(&spare);
		if (result < 0) {
			break;
		}
		bucket = futex_lock_key(&waiter->key);
		result = futex_pi_try_lock(bucket, waiter, addr, try_only,
					   &spare, &owner);
		pi = result < 0 ? futex_pi_find(bucket, &waiter->key) : NULL;
		if (pi != NULL) { /* made above, then -EDEADLK */
			idle_owner = futex_pi_retire_if_idle(pi, &dead);
		}
		spin_unlock(&bucket->lock);
		kfree(dead);
		if (owner != NULL) {
			thread_put(owner);
		}
		if (idle_owner != NULL) {
			thread_put(idle_owner);
		}
		if (result == -EFAULT && futex_fault_in(addr, true) == 0) {
			result = PI_RETRY;
		} else if (result == PI_RETRY) {
			sched_yield(); /* an owner that is leaving must run */
			if (thread_has_signal(waiter->thread)) {
				result = -ERESTARTNOINTR;
			}
		}
	} while (result == PI_RETRY);
	futex_pi_spare_free(&spare);
	return result;
}

long futex_lock_pi(void USER *addr, bool shared, bool try_only,
		   const struct futex_deadline *deadline)
{
	struct pi_waiter waiter;
	struct futex_key key;
	int result = futex_key(&key, addr, shared);

	if (result < 0) {
		return result;
	}
	futex_pi_waiter_init(&waiter, &key, deadline->realtime);
	result = lock_or_queue(&waiter, addr, try_only);
	if (result == PI_QUEUED) {
		result = futex_pi_wait_granted(&waiter, addr, deadline);
	}
	return result == -EINTR ? -ERESTARTNOINTR : result;
}

/* --- unlocking --- */

/* Bucket locked: the word goes to the first waiter.  0, PI_RETRY, -EFAULT. */
static int hand_over(struct futex_pi *pi, void USER *addr, uint32_t word,
		     struct thread **old_out, struct futex_pi **dead_out)
{
	struct pi_waiter *heir;
	bool more;
	uint32_t next;
	uint32_t old;
	int err;

	spin_lock(&futex_pi_lock);
	heir = list_first(&pi->waiters, struct pi_waiter, link);
	more = !list_is_single(&pi->waiters);
	next = (uint32_t)heir->thread->tid | (more ? UAPI_FUTEX_WAITERS : 0);
	err = futex_cmpxchg(addr, word, next, &old);
	if (err < 0 || old != word) {
		spin_unlock(&futex_pi_lock);
		return err < 0 ? err : PI_RETRY;
	}
	futex_pi_unblock_locked(heir);
	*old_out = futex_pi_clear_owner_locked(pi);
	if (more) {
		futex_pi_set_owner_locked(pi, heir->thread);
		futex_pi_inherit_locked(heir->thread);
	} else {
		list_remove(&pi->link);
		*dead_out = pi;
	}
	__atomic_store_n(&heir->granted, true, __ATOMIC_RELEASE);
	thread_wake(heir->thread); /* its waiter may be gone from here on */
	spin_unlock(&futex_pi_lock);
	return 0;
}

static int unlock_once(const struct futex_key *key, void USER *addr)
{
	uint32_t tid = (uint32_t)thread_current()->tid;
	struct futex_bucket *bucket = futex_lock_key(key);
	struct futex_pi *pi = futex_pi_find(bucket, key);
	struct futex_pi *dead = NULL;
	struct thread *owner = NULL;
	uint32_t word;
	uint32_t old;
	int err = futex_peek(&word, addr);

	if (err == 0 && (word & UAPI_FUTEX_TID_MASK) != tid) {
		err = -EPERM;
	} else if (err == 0 && pi != NULL && !list_is_empty(&pi->waiters)) {
		err = hand_over(pi, addr, word, &owner, &dead);
	} else if (err == 0) {
		if (pi != NULL) { /* inherited, and nobody else waits */
			owner = futex_pi_retire_if_idle(pi, &dead);
		}
		err = futex_cmpxchg(addr, word, 0, &old);
		if (err == 0 && old != word) {
			err = PI_RETRY;
		}
	}
	spin_unlock(&bucket->lock);
	kfree(dead);
	if (owner != NULL) {
		thread_put(owner);
	}
	return err;
}

long futex_unlock_pi(void USER *addr, bool shared)
{
	struct futex_key key;
	int err = futex_key(&key, addr, shared);

	if (err < 0) {
		return err;
	}
	do {
		err = unlock_once(&key, addr);
		if (err == -EFAULT && futex_fault_in(addr, true) == 0) {
			err = PI_RETRY;
		}
	} while (err == PI_RETRY);
	return err;
}
