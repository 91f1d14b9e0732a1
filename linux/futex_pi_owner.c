/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Owners of words with priority inheritance, and who waits for them: the
 * chains, and the records that make them up.  futex_pi.h has the theory.
 *
 * Invariant, while futex_pi_lock is free: a struct futex_pi has an owner, is
 * in that owner's list and in its bucket, and has waiters but for the moment
 * in which its first is being queued or its last has just left.
 */
#include "futex_pi.h"

#include <arch/cpu.h>
#include <mm/slab.h>
#include <process/process.h>
#include <sched/entity.h>
#include <sched/sched.h>
#include <uapi/errno.h>

#define CHAIN_MAX 1024 /* owners in a row, as kernel.max_lock_depth */

struct spinlock futex_pi_lock = SPINLOCK_INIT("futex.pi");

/* --- inheritance: futex_pi_lock held --- */

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
void futex_pi_inherit_locked(struct thread *thread)
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

void futex_pi_set_owner_locked(struct futex_pi *pi, struct thread *owner)
{
	pi->owner = owner;
	thread_get(owner);
	list_add_tail(&pi_of(owner)->owned, &pi->owned_link);
}

/* Returns the old owner, to be put without locks. */
struct thread *futex_pi_clear_owner_locked(struct futex_pi *pi)
{
	struct thread *owner = pi->owner;

	list_remove(&pi->owned_link);
	pi->owner = NULL;
	futex_pi_inherit_locked(owner);
	return owner;
}

/* --- memory: without locks --- */

void futex_pi_spare_free(struct pi_spare *spare)
{
	kfree(spare->pi);
	kfree(spare->own);
	kfree(spare->other);
}

int futex_pi_spare_fill(struct pi_spare *spare)
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

void futex_pi_give_state_locked(struct thread *thread, struct pi_thread **spare)
{
	if (thread->linux.pi_state == NULL && *spare != NULL) {
		list_init(&(*spare)->owned);
		thread->linux.pi_state = *spare;
		*spare = NULL;
	}
}

/* --- lookup and creation: bucket locked --- */

struct futex_pi *futex_pi_find(struct futex_bucket *bucket,
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
struct thread *futex_pi_retire_if_idle(struct futex_pi *pi,
				       struct futex_pi **dead_out)
{
	struct thread *owner = NULL;

	spin_lock(&futex_pi_lock);
	if (list_is_empty(&pi->waiters)) {
		owner = futex_pi_clear_owner_locked(pi);
		list_remove(&pi->link);
		*dead_out = pi;
	}
	spin_unlock(&futex_pi_lock);
	return owner;
}

/*
 * Makes the owner's side of a word that somebody is about to wait for.
 * 0, PI_RETRY; -ESRCH: no such thread; -EPERM: a thread of the kernel.
 */
int futex_pi_attach(struct futex_bucket *bucket, const struct futex_key *key,
		    void USER *addr, uint32_t word, struct pi_spare *spare,
		    struct thread **owner_out)
{
	struct thread *owner = thread_find((int)(word & UAPI_FUTEX_TID_MASK));
	uint32_t old;
	int err = 0;

	*owner_out = owner; /* put without locks */
	if (owner == NULL || owner->linux.futexes_released) {
		/* What it did to the word last is visible by now. */
		return futex_peek(&old, addr) == 0 && old != word ? PI_RETRY
								  : -ESRCH;
	}
	if (owner->process == NULL) {
		return -EPERM;
	}
	if ((word & UAPI_FUTEX_WAITERS) == 0) {
		err = futex_cmpxchg(addr, word, word | UAPI_FUTEX_WAITERS,
				    &old);
		if (err < 0 || old != word) {
			return err < 0 ? err : PI_RETRY;
		}
	}
	spin_lock(&futex_pi_lock);
	if (owner->linux.futexes_released) {
		err = PI_RETRY;
	} else {
		futex_pi_give_state_locked(owner, &spare->other);
		list_init(&spare->pi->waiters);
		spare->pi->key = *key;
		futex_pi_set_owner_locked(spare->pi, owner);
		list_add_tail(&bucket->pis, &spare->pi->link);
		spare->pi = NULL;
	}
	spin_unlock(&futex_pi_lock);
	return err;
}

/* 0, -EDEADLK. */
int futex_pi_block_on(struct futex_pi *pi, struct pi_waiter *waiter,
		      struct pi_spare *spare)
{
	int err = 0;

	spin_lock(&futex_pi_lock);
	futex_pi_give_state_locked(waiter->thread, &spare->own);
	if (closes_cycle_locked(pi->owner, waiter->thread)) {
		err = -EDEADLK;
	} else {
		waiter->pi = pi;
		pi_of(waiter->thread)->blocked_on = waiter;
		insert_locked(pi, waiter);
		futex_pi_inherit_locked(pi->owner);
	}
	spin_unlock(&futex_pi_lock);
	return err;
}

/* futex_pi_lock held. */
void futex_pi_unblock_locked(struct pi_waiter *waiter)
{
	list_remove(&waiter->link);
	pi_of(waiter->thread)->blocked_on = NULL;
	waiter->pi = NULL;
}

/* --- the end of an owner; the wall clock --- */

static void bequeath_locked(struct futex_pi *pi, struct pi_waiter *heir)
{
	futex_pi_unblock_locked(heir);
	list_remove(&pi->owned_link);
	futex_pi_set_owner_locked(pi, heir->thread);
	futex_pi_inherit_locked(heir->thread);
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
