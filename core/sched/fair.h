/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The fair class: earliest eligible virtual deadline first.
 *
 * 1. Virtual time.  A thread that runs t ns advances by t * 1024 / weight.
 *    V, the weighted average of all members' virtual run times, is where each
 *    of them would be had the CPU been shared perfectly.  lag = V - vruntime
 *    is what the queue owes a member; the weighted sum of all lags is 0.
 * 2. Pick.  A member with lag >= 0 is eligible.  Of those the one with the
 *    earliest virtual deadline runs; its deadline is one slice after the
 *    vruntime at which the last slice began.
 * 3. Sleep.  A member that leaves keeps its lag (bounded by two slices) and is
 *    placed with it again; a debt melts with the time slept.
 * 4. Structure.  The tree is ordered by deadline and augmented with the least
 *    vruntime of each subtree, so the pick is O(log n).  The running member is
 *    counted in sum and weight, but is not in the tree.
 *
 * sum = SUM (vruntime_i - base) * weight_i, so V = base + sum / weight; base
 * follows V so that the products stay below 2^63.
 *
 * Pure code: no locks, no clock; the run queue's lock guards it.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/rbtree.h>
#include <sched/entity.h>

#define FAIR_SLICE_NS 3000000ull

struct fair_queue {
	struct rbtree tree;
	struct sched_entity *current; /* runs; NULL: none or another class */
	uint64_t base;
	int64_t sum;
	uint64_t weight;
	unsigned count; /* members, current included */
};

void fair_init(struct fair_queue *queue);

/* Weight of a nice level; SCHED_IDLE weighs less than any of them. */
void fair_set_weight(struct sched_entity *entity, bool idle_policy, int nice);

/* Weighted ns for real ns of this entity, and back. */
uint64_t fair_virtual(const struct sched_entity *entity, uint64_t ns);
uint64_t fair_real(const struct sched_entity *entity, uint64_t virtual_ns);

/* Joins, placed by its lag; slept_ns melts a debt. */
void fair_add(struct fair_queue *queue, struct sched_entity *entity,
	      uint64_t slept_ns);
/* Leaves (member of the tree or current) and remembers its lag. */
void fair_remove(struct fair_queue *queue, struct sched_entity *entity);

/* The member that should run, or NULL; does not change the queue. */
struct sched_entity *fair_pick(const struct fair_queue *queue);

/* Takes a member out of the tree to run it (the one that ran goes back), or
 * puts the running one back. */
void fair_start(struct fair_queue *queue, struct sched_entity *entity);
void fair_stop(struct fair_queue *queue);

/* The running member ran for ns; true when its slice is over. */
bool fair_charge(struct fair_queue *queue, uint64_t ns);

/* Real ns until the running member's slice ends; at least 1. */
uint64_t fair_slice_left(const struct fair_queue *queue);

/* True when the member, just added, should run instead of the current one. */
bool fair_preempts(const struct fair_queue *queue,
		   const struct sched_entity *entity);

/* The running member gives the rest of its slice away. */
void fair_yield(struct fair_queue *queue);

/* Weighted average V; for tests and placement. */
uint64_t fair_average(const struct fair_queue *queue);
