/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Ids of threads and processes, and the table of threads by id.
 *
 * Ids are bits of a map; a free one is taken by an atomic OR, searched from
 * behind the last one given, so that an id is not reused soon.  The table has
 * two levels; leaves are made on demand and stay.  Both are bounded by PID_MAX
 * and lock-free.
 */
#include "thread_table.h"

#include <stdint.h>

#include <mm/slab.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#define WORD_BITS     64
#define WORD_COUNT    (PID_MAX / WORD_BITS)
#define LEAF_SIZE     256
#define LEAF_COUNT    (PID_MAX / LEAF_SIZE)
#define ID_AFTER_WRAP 300 /* low ones are for what started first */

struct table_leaf {
	struct thread *threads[LEAF_SIZE]; /* [a] */
};

static uint64_t used_ids[WORD_COUNT];	      /* [a] */
static uint32_t next_id = 2;		      /* [a] where the search begins */
static struct table_leaf *leaves[LEAF_COUNT]; /* [a] */

/* Takes the first free id of the word at or after bit `from`, or -1. */
static int take_from_word(unsigned word, unsigned from)
{
	uint64_t used = __atomic_load_n(&used_ids[word], __ATOMIC_RELAXED);
	uint64_t free = ~used & (~0ull << from);

	while (free != 0) {
		unsigned bit = (unsigned)__builtin_ctzll(free);
		uint64_t mask = 1ull << bit;

		used = __atomic_fetch_or(&used_ids[word], mask,
					 __ATOMIC_ACQUIRE);
		if ((used & mask) == 0) {
			return (int)(word * WORD_BITS + bit);
		}
		free = ~(used | mask) & (~0ull << from);
	}
	return -1;
}

static int take_in_range(unsigned from, unsigned end)
{
	for (unsigned id = from; id < end;
	     id = (id / WORD_BITS + 1) * WORD_BITS) {
		int taken = take_from_word(id / WORD_BITS, id % WORD_BITS);

		if (taken >= 0) {
			return taken;
		}
	}
	return -1;
}

int thread_id_alloc(void)
{
	unsigned start = __atomic_load_n(&next_id, __ATOMIC_RELAXED);
	/* next_id never lies below 1, so 0 is never given out; 1 is kept. */
	int id = take_in_range(start, PID_MAX);

	if (id < 0) {
		id = take_in_range(ID_AFTER_WRAP, PID_MAX);
	}
	if (id < 0) {
		id = take_in_range(1, ID_AFTER_WRAP);
	}
	if (id < 0) {
		return -EAGAIN;
	}
	__atomic_store_n(&next_id,
			 id + 1 < PID_MAX ? (uint32_t)id + 1 : ID_AFTER_WRAP,
			 __ATOMIC_RELAXED);
	return id;
}

void thread_id_free(int id)
{
	unsigned number = (unsigned)id;

	__atomic_fetch_and(&used_ids[number / WORD_BITS],
			   ~(1ull << (number % WORD_BITS)), __ATOMIC_RELEASE);
}

void thread_id_offer_first(void)
{
	__atomic_store_n(&next_id, 1, __ATOMIC_RELAXED);
}

static struct table_leaf *make_leaf(unsigned index)
{
	struct table_leaf *leaf = kzalloc(sizeof(*leaf));
	struct table_leaf *winner = NULL;

	if (leaf == NULL) {
		return NULL;
	}
	if (__atomic_compare_exchange_n(&leaves[index], &winner, leaf, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		return leaf;
	}
	kfree(leaf);
	return winner;
}

int thread_table_add(struct thread *thread)
{
	unsigned tid = (unsigned)thread->tid;
	struct table_leaf *leaf =
		__atomic_load_n(&leaves[tid / LEAF_SIZE], __ATOMIC_ACQUIRE);

	if (leaf == NULL) {
		leaf = make_leaf(tid / LEAF_SIZE);
	}
	if (leaf == NULL) {
		return -ENOMEM;
	}
	__atomic_store_n(&leaf->threads[tid % LEAF_SIZE], thread,
			 __ATOMIC_RELEASE);
	return 0;
}

void thread_table_remove(struct thread *thread)
{
	unsigned tid = (unsigned)thread->tid;
	struct table_leaf *leaf =
		__atomic_load_n(&leaves[tid / LEAF_SIZE], __ATOMIC_ACQUIRE);

	__atomic_store_n(&leaf->threads[tid % LEAF_SIZE], NULL,
			 __ATOMIC_RELEASE);
}

static void set_slot(int tid, struct thread *thread)
{
	unsigned number = (unsigned)tid;

	__atomic_store_n(
		&leaves[number / LEAF_SIZE]->threads[number % LEAF_SIZE],
		thread, __ATOMIC_RELEASE);
}

void thread_exchange_ids(struct thread *a, struct thread *b)
{
	int tid = a->tid;

	a->tid = b->tid;
	b->tid = tid;
	set_slot(a->tid, a);
	set_slot(b->tid, b);
}

struct thread *thread_table_lookup(int tid)
{
	struct table_leaf *leaf;
	unsigned number = (unsigned)tid;

	if (tid <= 0 || tid >= PID_MAX) {
		return NULL;
	}
	leaf = __atomic_load_n(&leaves[number / LEAF_SIZE], __ATOMIC_ACQUIRE);
	if (leaf == NULL) {
		return NULL;
	}
	return __atomic_load_n(&leaf->threads[number % LEAF_SIZE],
			       __ATOMIC_ACQUIRE);
}
