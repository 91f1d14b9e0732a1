/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The real-time class; see realtime.h.  An entity's level is its effective
 * priority, which does not change while it is in a list.
 */
#include "realtime.h"

#include <stddef.h>

void realtime_init(struct realtime_queue *queue)
{
	queue->levels[0] = 0;
	queue->levels[1] = 0;
	queue->count = 0;
	for (unsigned i = 0; i < REALTIME_LEVEL_COUNT; i++) {
		list_init(&queue->lists[i]);
	}
}

void realtime_add(struct realtime_queue *queue, struct sched_entity *entity,
		  bool to_head)
{
	unsigned level = entity->priority;

	if (to_head) {
		list_add_head(&queue->lists[level], &entity->fifo);
	} else {
		list_add_tail(&queue->lists[level], &entity->fifo);
	}
	queue->levels[level / 64] |= 1ull << (level % 64);
	queue->count++;
}

void realtime_remove(struct realtime_queue *queue, struct sched_entity *entity)
{
	unsigned level = entity->priority;

	list_remove(&entity->fifo);
	if (list_is_empty(&queue->lists[level])) {
		queue->levels[level / 64] &= ~(1ull << (level % 64));
	}
	queue->count--;
}

void realtime_move_to_tail(struct realtime_queue *queue,
			   struct sched_entity *entity)
{
	list_move_tail(&queue->lists[entity->priority], &entity->fifo);
}

struct sched_entity *realtime_pick(const struct realtime_queue *queue)
{
	unsigned level;

	if (queue->levels[0] != 0) {
		level = (unsigned)__builtin_ctzll(queue->levels[0]);
	} else if (queue->levels[1] != 0) {
		level = 64 + (unsigned)__builtin_ctzll(queue->levels[1]);
	} else {
		return NULL;
	}
	return list_first(&queue->lists[level], struct sched_entity, fifo);
}

bool realtime_has_peer(const struct realtime_queue *queue,
		       const struct sched_entity *entity)
{
	return !list_is_single(&queue->lists[entity->priority]);
}
