/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What the scheduler knows of a thread.  Guarded by the run queue's lock of
 * the thread's CPU; the time sums may be read racily.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/rbtree.h>

struct sched_entity {
	struct rb_node node;   /* fair queue, by deadline */
	struct list_node fifo; /* real-time queue */
	bool queued;
	uint8_t policy;	       /* SCHED_OTHER, FIFO, RR, BATCH, IDLE */
	uint8_t rt_priority;   /* 1..99 for FIFO and RR */
	int8_t nice;	       /* -20..19 */
	uint32_t weight;       /* from nice */
	uint64_t vruntime;     /* weighted ns */
	uint64_t deadline;     /* virtual */
	uint64_t min_vruntime; /* of the subtree (augmented) */
	uint64_t slice_ns;     /* left of a RR or fair slice */
	uint64_t run_start_ns; /* when it was put on the CPU */
	uint64_t user_ns;      /* time in the application */
	uint64_t system_ns;    /* time in the kernel */
	uint64_t switches_voluntary;
	uint64_t switches_involuntary;
};
