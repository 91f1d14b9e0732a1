/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Futexes with priority inheritance, inside.
 *
 * 1. The word holds the owner's thread id; while nobody waits, the kernel
 *    knows nothing of it.  The first waiter sets FUTEX_WAITERS and makes a
 *    struct futex_pi, which lives in the bucket while there are waiters.
 * 2. The owner runs at the priority of the most urgent thread that waits for
 *    anything it owns, directly or along a chain of owners that wait themselves
 *    (futex_pi_inherit_locked()).  A cycle is -EDEADLK.
 * 3. Unlocking hands the word to the most urgent waiter, id and all; nobody
 *    can barge in.  When an owner dies, its heir learns FUTEX_OWNER_DIED and
 *    writes the word itself, since only it has the address.
 *
 * Locks: the bucket's for lookup by key; futex_pi_lock, one for the machine,
 * for owners, waiters and chains.  It is taken by contended PI words only.
 * Functions named _locked are called with futex_pi_lock held.
 */
#include "futex.h"

/* Outcomes of a look at the word, beside 0 and errors. */
#define PI_QUEUED 1
#define PI_RETRY  2 /* the word changed, or its owner is leaving */

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

/* Room for what blocking may need: the waiter's and the owner's records. */
struct pi_spare {
	struct futex_pi *pi;
	struct pi_thread *own;
	struct pi_thread *other;
};

extern struct spinlock futex_pi_lock;

/* --- futex_pi_owner.c ---------------------------------------------------- */

/* The waiters of the thread's words changed: along the chain of owners. */
void futex_pi_inherit_locked(struct thread *thread);
void futex_pi_set_owner_locked(struct futex_pi *pi, struct thread *owner);
/* Returns the old owner, to be put without locks. */
struct thread *futex_pi_clear_owner_locked(struct futex_pi *pi);

/* 0, -ENOMEM; what is there already stays.  Freed in either case. */
int futex_pi_spare_fill(struct pi_spare *spare);
void futex_pi_spare_free(struct pi_spare *spare);
/* The thread's record, from the spare one unless it has it. */
void futex_pi_give_state_locked(struct thread *thread,
				struct pi_thread **spare);

/* Bucket locked, for this and the next three. */
struct futex_pi *futex_pi_find(struct futex_bucket *bucket,
			       const struct futex_key *key);
/* Nobody waits any more: returns the owner, to be put without locks, and in
 * *dead_out what is to be freed then. */
struct thread *futex_pi_retire_if_idle(struct futex_pi *pi,
				       struct futex_pi **dead_out);
/*
 * Makes the owner's side of a word that somebody is about to wait for.
 * 0, PI_RETRY; -ESRCH: no such thread; -EPERM: a thread of the kernel.
 */
int futex_pi_attach(struct futex_bucket *bucket, const struct futex_key *key,
		    void USER *addr, uint32_t word, struct pi_spare *spare,
		    struct thread **owner_out);
/* 0, -EDEADLK. */
int futex_pi_block_on(struct futex_pi *pi, struct pi_waiter *waiter,
		      struct pi_spare *spare);
void futex_pi_unblock_locked(struct pi_waiter *waiter);

/* --- futex_pi.c ---------------------------------------------------------- */

/* A waiter for the current thread. */
void futex_pi_waiter_init(struct pi_waiter *waiter, const struct futex_key *key,
			  bool realtime);
/* One try with the bucket locked.  0: the word is ours; PI_QUEUED, PI_RETRY, or
 * an error. */
int futex_pi_try_lock(struct futex_bucket *bucket, struct pi_waiter *waiter,
		      void USER *addr, bool try_only, struct pi_spare *spare,
		      struct thread **put_out);
/* Sleeps until the word is granted; the waiter is queued.  0, -ETIMEDOUT,
 * -EINTR, -EFAULT. */
int futex_pi_wait_granted(struct pi_waiter *waiter, void USER *addr,
			  const struct futex_deadline *deadline);
