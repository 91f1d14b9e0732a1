/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What the scheduler knows of a thread.  Guarded by the run queue's lock of
 * the thread's CPU; thread.c initialises it, only core/sched writes it.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/rbtree.h>

#define SCHED_OTHER 0
#define SCHED_FIFO  1
#define SCHED_RR    2
#define SCHED_BATCH 3
#define SCHED_IDLE  5

/*
 * One scale for all policies, smaller is more urgent: 0..98 is real-time 99..1,
 * 100..139 is nice -20..19.
 */
#define SCHED_PRIORITY_FAIR 100
#define SCHED_PRIORITY_NONE 140 /* no boost */

struct sched_entity {
	struct rbtree_node node; /* fair queue, by deadline */
	struct list_node fifo;	 /* real-time queue of its priority */
	bool queued;		 /* in a run queue, running included */
	bool moving;		 /* leaves its CPU once it is off its stack */
	bool reset_on_fork;
	bool placed;		 /* vruntime is absolute (queued fair entity) */
	uint8_t policy;		 /* SCHED_OTHER, FIFO, RR, BATCH, IDLE */
	uint8_t rt_priority;	 /* 1..99 for FIFO and RR, else 0 */
	int8_t nice;		 /* -20..19 */
	uint8_t boost;		 /* lent priority, SCHED_PRIORITY_NONE: none */
	uint8_t priority;	 /* effective, see above */
	uint32_t weight;	 /* of the fair class */
	uint32_t inverse_weight; /* 2^32 / weight */
	uint64_t vruntime;	 /* weighted ns */
	uint64_t deadline;	 /* virtual */
	uint64_t min_vruntime;	 /* of the subtree (augmented) */
	int64_t lag;		 /* weighted ns owed, while not queued */
	uint64_t slice_ns;	 /* left of a RR slice */
	uint64_t run_start_ns;	 /* last time it was charged */
	uint64_t stop_ns;	 /* when it left the run queue */
	uint64_t run_ns;	 /* exact CPU time, all stretches so far */
	uint64_t sampled_user_ns; /* how samples split it: see load.c */
	uint64_t sampled_system_ns;
	uint64_t shown_user_ns; /* last answers, so that none steps back */
	uint64_t shown_system_ns;
	uint64_t cpu_timer_ns; /* run_ns at which THREAD_WORK_TIMER is due */
	uint64_t switches_voluntary;
	uint64_t switches_involuntary;
};
