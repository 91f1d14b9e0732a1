/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Futexes with priority inheritance.
 *
 * 1. The word holds the owner's thread id; while nobody waits, the kernel
 *    knows nothing of it.  The first waiter sets FUTEX_WAITERS and makes a
 *    struct futex_pi, which lives in the bucket while there are waiters.
 * 2. The owner runs at the priority of the most urgent thread that waits for
 *    anything it owns, directly or along a chain of owners that wait themselves
 *    (inherit_locked()).  A cycle is -EDEADLK.
 * 3. Unlocking hands the word to the most urgent waiter, id and all; nobody
 *    can barge in.  When an owner dies, its heir learns FUTEX_OWNER_DIED and
 *    writes the word itself, since only it has the address.
 *
 * Locks: the bucket's for lookup by key; futex_pi_lock, one for the machine,
 * for owners, waiters and chains.  It is taken by contended PI words only.
 */
#include "futex.h"

#include <arch/cpu.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/signal.h>
#include <sched/entity.h>
#include <sched/sched.h>
#include <sync/rcu.h>
#include <uapi/errno.h>

#define CHAIN_MAX 1024 /* owners in a row, as kernel.max_lock_depth */

/* Outcomes of a look at the word, beside 0 and errors. */
#define QUEUED 1
#define RETRY  2 /* the word changed, or its owner is leaving */

/* What a thread owns and waits for; made at need, freed when it exits. */
struct pi_thread {
	struct list owned;	      /* [p] struct futex_pi */
	struct pi_waiter *blocked_on; /* [p] */
};

struct futex_pi {
	struct list_node link;	     /* [b] in bucket->pis */
	struct list_node owned_link; /* [p] in the owner's list */
	struct futex_key key;	     /* [I] */
	struct thread *owner;	     /* [p] one reference */
	struct list waiters;	     /* [p] urgent ones first; changes under
				      * the bucket's lock too */
};

struct pi_waiter {
	struct list_node link; /* [p] */
	struct futex_pi *pi;   /* [p] NULL: not queued */
	struct thread *thread; /* [I] */
	uint8_t priority;      /* [p] */
	bool realtime;	       /* [I] */
	bool granted;	       /* [a] owns the word now */
	bool owner_died;       /* [p] and must write the word itself */
	struct futex_key key;  /* [I] of the PI word */
};

static struct spinlock futex_pi_lock = SPINLOCK_INIT("futex.pi");

/* --- inheritance: futex_pi_lock held
 * ------------------------------------------
 */

static struct pi_thread *pi_of(const struct thread *thread)
{
	return thread->linux.pi_state;
}

static void insert_locked(struct futex_pi *pi, struct pi_waiter *waiter)
{
	struct pi_waiter *other;

	waiter->priority = waiter->thread->sched.priority;
	list_for_each (other, &pi->waiters, link) {
		if (other->priority > waiter->priority) {
			list_insert_before(&other->link, &waiter->link);
			return;
		}
	}
	list_add_tail(&pi->waiters, &waiter->link);
}

static unsigned most_urgent_locked(const struct pi_thread *state)
{
	unsigned priority = SCHED_PRIORITY_NONE;
	struct futex_pi *pi;

	list_for_each (pi, &state->owned, owned_link) {
		struct pi_waiter *top =
			list_first(&pi->waiters, struct pi_waiter, link);

		if (top != NULL && top->priority < priority) {
			priority = top->priority;
		}
	}
	return priority;
}

/* The waiters of the thread's words changed: along the chain of owners. */
static void inherit_locked(struct thread *thread)
{
	for (unsigned depth = 0; thread != NULL && depth < CHAIN_MAX; depth++) {
		struct pi_thread *state = pi_of(thread);
		struct pi_waiter *waiter;
		unsigned boost;

		if (state == NULL) {
			return;
		}
		boost = most_urgent_locked(state);
		if (boost == thread->sched.boost) {
			return;
		}
		sched_set_boost(thread, boost);
		waiter = state->blocked_on;
		if (waiter == NULL || waiter->pi == NULL) {
			return;
		}
		list_remove(&waiter->link);
		insert_locked(waiter->pi, waiter);
		thread = waiter->pi->owner;
	}
}

/* True when the owner waits, along a chain, for something of `thread`'s. */
static bool closes_cycle_locked(const struct thread *owner,
				const struct thread *thread)
{
	for (unsigned depth = 0; depth < CHAIN_MAX; depth++) {
		struct pi_thread *state = pi_of(owner);

		if (owner == thread) {
			return true;
		}
		if (state == NULL || state->blocked_on == NULL ||
		    state->blocked_on->pi == NULL) {
			return false;
		}
		owner = state->blocked_on->pi->owner;
	}
	return true; /* too long to be sure */
}

static void set_owner_locked(struct futex_pi *pi, struct thread *owner)
{
	pi->owner = owner;
	thread_get(owner);
	list_add_tail(&pi_of(owner)->owned, &pi->owned_link);
}

/* Returns the old owner, to be put without locks. */
static struct thread *clear_owner_locked(struct futex_pi *pi)
{
	struct thread *owner = pi->owner;

	list_remove(&pi->owned_link);
	pi->owner = NULL;
	inherit_locked(owner);
	return owner;
}

/* --- memory: without locks
 * ------------------------------------------------------
 */

/* Room for what blocking may need: the waiter's and the owner's records. */
struct pi_spare {
	struct futex_pi *pi;
	struct pi_thread *own;
	struct pi_thread *other;
};

static void spare_free(struct pi_spare *spare)
{
	kfree(spare->pi);
	kfree(spare->own);
	kfree(spare->other);
}

static int spare_fill(struct pi_spare *spare)
{
	spare->pi = spare->pi != NULL ? spare->pi : kzalloc(sizeof(*spare->pi));
	spare->own =
		spare->own != NULL ? spare->own : kzalloc(sizeof(*spare->own));
	spare->other = spare->other != NULL ? spare->other
					    : kzalloc(sizeof(*spare->other));
	return spare->pi != NULL && spare->own != NULL && spare->other != NULL
		       ? 0
		       : -ENOMEM;
}

static void give_state_locked(struct thread *thread, struct pi_thread **spare)
{
	if (thread->linux.pi_state == NULL && *spare != NULL) {
		list_init(&(*spare)->owned);
		thread->linux.pi_state = *spare;
		*spare = NULL;
	}
}

/* --- lookup and creation: bucket locked
 * ------------------------------------------
 */

static struct futex_pi *find_pi(struct futex_bucket *bucket,
				const struct futex_key *key)
{
	struct futex_pi *pi;

	list_for_each (pi, &bucket->pis, link) {
		if (futex_key_equal(&pi->key, key)) {
			return pi;
		}
	}
	return NULL;
}

/* Nobody waits any more: returns the owner, to be put without locks. */
static struct thread *retire_if_idle(struct futex_pi *pi,
				     struct futex_pi **dead_out)
{
	struct thread *owner = NULL;

	spin_lock(&futex_pi_lock);
	if (list_is_empty(&pi->waiters)) {
		owner = clear_owner_locked(pi);
		list_remove(&pi->link);
		*dead_out = pi;
	}
	spin_unlock(&futex_pi_lock);
	return owner;
}

/*
 * Makes the owner's side of a word that somebody is about to wait for.
 * 0, RETRY; -ESRCH: no such thread; -EPERM: a thread of the kernel.
 */
static int attach_to_owner(struct futex_bucket *bucket,
			   const struct futex_key *key, void USER *addr,
			   uint32_t word, struct pi_spare *spare,
			   struct thread **owner_out)
{
	struct thread *owner = thread_find((int)(word & UAPI_FUTEX_TID_MASK));
	uint32_t old;
	int err = 0;

	*owner_out = owner; /* put without locks */
	if (owner == NULL || owner->linux.futexes_released) {
		/* What it did to the word last is visible by now. */
		return futex_peek(&old, addr) == 0 && old != word ? RETRY
								  : -ESRCH;
	}
	if (owner->process == NULL) {
		return -EPERM;
	}
	if ((word & UAPI_FUTEX_WAITERS) == 0) {
		err = futex_cmpxchg(addr, word, word | UAPI_FUTEX_WAITERS,
				    &old);
		if (err < 0 || old != word) {
			return err < 0 ? err : RETRY;
		}
	}
	spin_lock(&futex_pi_lock);
	if (owner->linux.futexes_released) {
		err = RETRY;
	} else {
		give_state_locked(owner, &spare->other);
		list_init(&spare->pi->waiters);
		spare->pi->key = *key;
		set_owner_locked(spare->pi, owner);
		list_add_tail(&bucket->pis, &spare->pi->link);
		spare->pi = NULL;
	}
	spin_unlock(&futex_pi_lock);
	return err;
}

/* 0, -EDEADLK. */
static int block_on(struct futex_pi *pi, struct pi_waiter *waiter,
		    struct pi_spare *spare)
{
	int err = 0;

	spin_lock(&futex_pi_lock);
	give_state_locked(waiter->thread, &spare->own);
	if (closes_cycle_locked(pi->owner, waiter->thread)) {
		err = -EDEADLK;
	} else {
		waiter->pi = pi;
		pi_of(waiter->thread)->blocked_on = waiter;
		insert_locked(pi, waiter);
		inherit_locked(pi->owner);
	}
	spin_unlock(&futex_pi_lock);
	return err;
}

/* futex_pi_lock held. */
static void unblock_locked(struct pi_waiter *waiter)
{
	list_remove(&waiter->link);
	pi_of(waiter->thread)->blocked_on = NULL;
	waiter->pi = NULL;
}

/* --- waiting
 * --------------------------------------------------------------------
 */

static void waiter_init_pi(struct pi_waiter *waiter,
			   const struct futex_key *key, bool realtime)
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
static int wait_granted(struct pi_waiter *waiter, void USER *addr,
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
		unblock_locked(waiter);
		inherit_locked(pi->owner);
	}
	spin_unlock(&futex_pi_lock);
	if (!waiter->granted) {
		owner = retire_if_idle(pi, &dead);
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

/* One try with the bucket locked.  0: the word is ours; QUEUED, RETRY, or an
 * error. */
static int try_lock(struct futex_bucket *bucket, struct pi_waiter *waiter,
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
	pi = find_pi(bucket, &waiter->key);
	if (pi == NULL && (word & UAPI_FUTEX_TID_MASK) == 0) {
		err = futex_cmpxchg(addr, word,
				    tid | (word & UAPI_FUTEX_OWNER_DIED), &old);
		return err < 0 ? err : old == word ? 0 : RETRY;
	}
	if (try_only) {
		return -EWOULDBLOCK;
	}
	if (pi == NULL) {
		err = attach_to_owner(bucket, &waiter->key, addr, word, spare,
				      put_out);
		if (err != 0) {
			return err;
		}
		pi = find_pi(bucket, &waiter->key);
	}
	err = block_on(pi, waiter, spare);
	return err < 0 ? err : QUEUED;
}

/* Queues or takes.  0: ours, QUEUED, or an error. */
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

		result = try_only ? 0 : spare_fill(&spare);
		if (result < 0) {
			break;
		}
		bucket = futex_lock_key(&waiter->key);
		result = try_lock(bucket, waiter, addr, try_only, &spare,
				  &owner);
		pi = result < 0 ? find_pi(bucket, &waiter->key) : NULL;
		if (pi != NULL) { /* made above, then -EDEADLK */
			idle_owner = retire_if_idle(pi, &dead);
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
			result = RETRY;
		} else if (result == RETRY) {
			sched_yield(); /* an owner that is leaving must run */
			if (thread_has_signal(waiter->thread)) {
				result = -ERESTARTNOINTR;
			}
		}
	} while (result == RETRY);
	spare_free(&spare);
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
	waiter_init_pi(&waiter, &key, deadline->realtime);
	result = lock_or_queue(&waiter, addr, try_only);
	if (result == QUEUED) {
		result = wait_granted(&waiter, addr, deadline);
	}
	return result == -EINTR ? -ERESTARTNOINTR : result;
}

/* --- unlocking
 * --------------------------------------------------------------------
 */

/* Bucket locked: the word goes to the first waiter.  0, RETRY, -EFAULT. */
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
		return err < 0 ? err : RETRY;
	}
	unblock_locked(heir);
	*old_out = clear_owner_locked(pi);
	if (more) {
		set_owner_locked(pi, heir->thread);
		inherit_locked(heir->thread);
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
	struct futex_pi *pi = find_pi(bucket, key);
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
			owner = retire_if_idle(pi, &dead);
		}
		err = futex_cmpxchg(addr, word, 0, &old);
		if (err == 0 && old != word) {
			err = RETRY;
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
			err = RETRY;
		}
	} while (err == RETRY);
	return err;
}

/* futex_pi_lock held: a dead owner's word. */
static void bequeath_locked(struct futex_pi *pi, struct pi_waiter *heir)
{
	unblock_locked(heir);
	list_remove(&pi->owned_link);
	set_owner_locked(pi, heir->thread);
	inherit_locked(heir->thread);
	heir->owner_died = true;
	__atomic_store_n(&heir->granted, true, __ATOMIC_RELEASE);
	thread_wake(heir->thread);
}

void futex_pi_exit(struct thread *thread)
{
	struct pi_thread *state;
	struct pi_waiter *heir;
	struct futex_pi *pi;

	if (thread->linux.pi_state == NULL && !thread->linux.exiting) {
		return;
	}
	spin_lock(&futex_pi_lock);
	state = pi_of(thread);
	while (state != NULL && !list_is_empty(&state->owned)) {
		pi = list_first(&state->owned, struct futex_pi, owned_link);
		heir = list_first(&pi->waiters, struct pi_waiter, link);
		if (heir != NULL) {
			bequeath_locked(pi, heir);
		}
		spin_unlock(&futex_pi_lock);
		if (heir != NULL) {
			thread_put(thread); /* the caller has its own */
		} else {
			/* Another CPU is making or retiring it right now. */
			cpu_relax();
		}
		spin_lock(&futex_pi_lock);
	}
	thread->linux.futexes_released = thread->linux.exiting;
	thread->linux.pi_state = NULL;
	sched_set_boost(thread, SCHED_PRIORITY_NONE);
	spin_unlock(&futex_pi_lock);
	kfree(state);
}

void futex_pi_clock_stepped(struct futex_bucket *bucket)
{
	struct pi_waiter *waiter;
	struct futex_pi *pi;

	spin_lock(&futex_pi_lock);
	list_for_each (pi, &bucket->pis, link) {
		list_for_each (waiter, &pi->waiters, link) {
			if (waiter->realtime) {
				thread_wake(waiter->thread);
			}
		}
	}
	spin_unlock(&futex_pi_lock);
}

/* --- requeueing to a PI word
 * --------------------------------------------------------
 */

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
		err = spare_fill(&spare);
	}
	if (err < 0) {
		spare_free(&spare);
		return err;
	}
	/* So that whoever requeues need not allocate for this thread. */
	spin_lock(&futex_pi_lock);
	give_state_locked(thread_current(), &spare.own);
	spin_unlock(&futex_pi_lock);
	spare_free(&spare);
	futex_waiter_init(&waiter, &key, bitset);
	waiter_init_pi(&pi, &key2, deadline->realtime);
	waiter.realtime = deadline->realtime;
	waiter.pi = &pi;
	err = queue_first(&waiter, addr, value);
	if (err == 0) {
		err = wait_requeued(&waiter, deadline);
	}
	if (err < 0) {
		return err == -EINTR ? -ERESTARTNOINTR : err;
	}
	err = wait_granted(&pi, addr2, deadline);
	return err == -EINTR ? -EWOULDBLOCK : err;
}

/*
 * Both buckets locked: the first waiter takes the second word or waits for it.
 * 0: granted, QUEUED: moved, RETRY, or an error.
 */
static int requeue_one(struct futex_waiter *waiter,
		       struct futex_bucket *bucket2, void USER *addr2,
		       struct pi_spare *spare, struct thread **put_out,
		       struct futex_batch *batch)
{
	struct pi_waiter *pi = waiter->pi;
	int result = try_lock(bucket2, pi, addr2, false, spare, put_out);

	if (result == 0) {
		pi->granted = true;
		futex_take(waiter, batch);
	} else if (result == QUEUED) {
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
			result = result == RETRY ? STEP_RETRY : STEP_DONE;
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
		result = spare_fill(&spare);
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
	spare_free(&spare);
	return done > 0 ? done : result;
}
