/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Futexes, inside: keys, buckets, waiters.
 *
 * A word is named by its key: the address space and address of private
 * words, the object and offset of shared ones.  A hash of the key chooses the
 * bucket, whose lock orders everything that happens to the word: the kernel
 * looks at its value and queues a waiter under it, so no wake-up is lost.
 *
 * Key letters: [b] lock of the bucket, [p] futex_pi_lock, [t] the waiting
 * thread, [I] immutable.  Order: bucket locks by address, then futex_pi_lock,
 * then run queues.  All are taken in thread context only.
 */
#include <stdbool.h>
#include <stdint.h>

#include <arch/user.h>
#include <lib/list.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <uapi/futex.h>

struct futex_pi;
struct pi_waiter;
struct thread;

struct futex_key {
	const void *object; /* address space, page cache or object */
	uint64_t offset;    /* address in the space, byte in the object */
};

struct futex_bucket {
	struct spinlock lock;
	struct list waiters; /* [b] struct futex_waiter, urgent ones first */
	struct list pis;     /* [b] struct futex_pi: contended PI words */
} __attribute__((aligned(64)));

struct futex_waiter {
	struct list_node link;	     /* [b] */
	struct futex_bucket *bucket; /* [b] NULL: woken; see futex_unqueue() */
	struct futex_key key;	     /* [b] */
	struct thread *thread;	     /* [I] */
	uint32_t bitset;	     /* [I] */
	uint8_t priority;	     /* [I] below SCHED_PRIORITY_FAIR first */
	bool realtime;		     /* [I] to be told when the clock steps */
	struct pi_waiter *pi;	     /* [I] WAIT_REQUEUE_PI, else NULL */
};

/* When a wait ends.  Absolute. */
struct futex_deadline {
	bool realtime;
	uint64_t ns; /* WAIT_FOREVER: never */
};

/* --- futex_key.c --------------------------------------------------------- */

/* -EINVAL (unaligned), -EFAULT.  May sleep when shared. */
int futex_key(struct futex_key *key_out, const void USER *addr, bool shared);
static inline bool futex_key_equal(const struct futex_key *a,
				   const struct futex_key *b)
{
	return a->offset == b->offset && a->object == b->object;
}

/* Returns locked. */
struct futex_bucket *futex_lock_key(const struct futex_key *key);
/* Both, each once; returns locked. */
void futex_lock_keys(const struct futex_key *a, const struct futex_key *b,
		     struct futex_bucket **a_out, struct futex_bucket **b_out);
void futex_unlock_buckets(struct futex_bucket *a, struct futex_bucket *b);
/* Calls func with each bucket locked. */
void futex_for_each_bucket(void (*func)(struct futex_bucket *bucket));

/* Under a bucket lock: -EFAULT when the page is not there (or not writable). */
int futex_peek(uint32_t *value_out, const void USER *addr);
int futex_cmpxchg(void USER *addr, uint32_t expected, uint32_t desired,
		  uint32_t *old_out);
/* Without locks, after -EFAULT of the above: 0, or -EFAULT for good. */
int futex_fault_in(void USER *addr, bool write);

/* --- futex.c ------------------------------------------------------------- */

void futex_waiter_init(struct futex_waiter *waiter, const struct futex_key *key,
		       uint32_t bitset);
/* Bucket locked. */
void futex_queue(struct futex_bucket *bucket, struct futex_waiter *waiter);
/* Without locks: true when the waiter was still queued, false: was woken. */
bool futex_unqueue(struct futex_waiter *waiter);
uint64_t futex_deadline_ns(const struct futex_deadline *deadline);
int futex_wake_key(const struct futex_key *key, int count, uint32_t bitset);

/* Wakes collected under bucket locks and sent without them. */
#define FUTEX_BATCH 32
struct futex_batch {
	unsigned count;
	struct thread *threads[FUTEX_BATCH];
};
/* Bucket locked: takes the waiter off its queue.  The thread's struct outlives
 * the batch, since no grace period passes before the caller sleeps. */
void futex_take(struct futex_waiter *waiter, struct futex_batch *batch);
void futex_batch_wake(struct futex_batch *batch);

/* --- futex_op.c ---------------------------------------------------------- */

struct futex_op {
	unsigned operation;
	unsigned comparison;
	int32_t operand;
	int32_t comparand;
};
/* The encoding of FUTEX_WAKE_OP: 0 or -ENOSYS. */
int futex_op_decode(struct futex_op *op_out, uint32_t encoded);
bool futex_op_compare(const struct futex_op *op, uint32_t old);
/* Under bucket locks: changes the word; -EFAULT as futex_peek(). */
int futex_op_apply(const struct futex_op *op, void USER *addr,
		   uint32_t *old_out);

/* --- futex_pi*.c --------------------------------------------------------- */

long futex_lock_pi(void USER *addr, bool shared, bool try_only,
		   const struct futex_deadline *deadline);
long futex_unlock_pi(void USER *addr, bool shared);
long futex_wait_requeue_pi(void USER *addr, bool shared, uint32_t value,
			   const struct futex_deadline *deadline,
			   uint32_t bitset, void USER *addr2);
long futex_cmp_requeue_pi(void USER *addr, void USER *addr2, bool shared,
			  int wake_count, int requeue_count, uint32_t value);
/* The thread leaves: what it owns goes to the next waiters. */
void futex_pi_exit(struct thread *thread);
/* Bucket locked: wakes PI waiters that wait for a time of the wall clock. */
void futex_pi_clock_stepped(struct futex_bucket *bucket);

/* The wall clock was stepped: waits for its times look again. */
void futex_clock_stepped(void);
