/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The real-time class: SCHED_FIFO and SCHED_RR, 99 priorities, a list each.
 *
 * The running member stays in its list, at the head unless it was overtaken
 * by nobody: lists only grow at the tail, so FIFO order holds by itself.
 * Pure code: the run queue's lock guards it.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>
#include <sched/entity.h>

#define REALTIME_LEVEL_COUNT 99
#define REALTIME_RR_SLICE_NS 100000000ull

struct realtime_queue {
	uint64_t levels[2]; /* bit: list not empty; level 0 is most urgent */
	struct list lists[REALTIME_LEVEL_COUNT];
	unsigned count;
};

void realtime_init(struct realtime_queue *queue);

/* To the tail, or (a preempted or boosted thread) to the head. */
void realtime_add(struct realtime_queue *queue, struct sched_entity *entity,
		  bool to_head);
void realtime_remove(struct realtime_queue *queue, struct sched_entity *entity);
void realtime_move_to_tail(struct realtime_queue *queue,
			   struct sched_entity *entity);

/* The head of the most urgent list, or NULL. */
struct sched_entity *realtime_pick(const struct realtime_queue *queue);

/* True when another member has the same priority. */
bool realtime_has_peer(const struct realtime_queue *queue,
		       const struct sched_entity *entity);
