/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The fair class; the theory is in fair.h.
 *
 * Invariants:
 *  (1) sum and weight cover exactly the members: those of the tree and current.
 *  (2) every entity in the tree has a deadline that does not change there.
 *  (3) |V - base| < FAIR_DRIFT, so products of keys and weights fit 63 bits:
 *      lags are bounded by two slices, i.e. by 2^31 weighted ns for the
 *      lightest weight, and the sum of all weights stays below 2^31.
 */
#include "fair.h"

#include <lib/compiler.h>
#include <stddef.h>

#define FAIR_WEIGHT_NORMAL 1024
#define FAIR_WEIGHT_IDLE   3
#define FAIR_DRIFT	   (1ll << 24)

/* 1024 * 1.25^-nice, rounded: one nice step is ten percent of a CPU. */
static const uint32_t weights[40] = {
	/* -20 */ 88761, 71755, 56483, 46273, 36291,
	/* -15 */ 29154, 23254, 18705, 14949, 11916,
	/* -10 */ 9548,	 7620,	6100,  4904,  3906,
	/*  -5 */ 3121,	 2501,	1991,  1586,  1277,
	/*   0 */ 1024,	 820,	655,   526,   423,
	/*   5 */ 335,	 272,	215,   172,   137,
	/*  10 */ 110,	 87,	70,    56,    45,
	/*  15 */ 36,	 29,	23,    18,    15,
};

static struct sched_entity *entity_of(const struct rbtree_node *node)
{
	return container_of((struct rbtree_node *)(uintptr_t)node,
			    struct sched_entity, node);
}

/* True when a is earlier than b; virtual times wrap. */
static bool is_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

static bool deadline_less(const struct rbtree_node *a,
			  const struct rbtree_node *b)
{
	return is_before(entity_of(a)->deadline, entity_of(b)->deadline);
}

static void update_min_vruntime(struct rbtree_node *node)
{
	struct sched_entity *entity = entity_of(node);
	uint64_t least = entity->vruntime;

	if (node->left != NULL &&
	    is_before(entity_of(node->left)->min_vruntime, least)) {
		least = entity_of(node->left)->min_vruntime;
	}
	if (node->right != NULL &&
	    is_before(entity_of(node->right)->min_vruntime, least)) {
		least = entity_of(node->right)->min_vruntime;
	}
	entity->min_vruntime = least;
}

void fair_init(struct fair_queue *queue)
{
	rbtree_init(&queue->tree);
	queue->current = NULL;
	queue->base = 0;
	queue->sum = 0;
	queue->weight = 0;
	queue->count = 0;
}

void fair_set_weight(struct sched_entity *entity, bool idle_policy, int nice)
{
	entity->weight = idle_policy ? FAIR_WEIGHT_IDLE : weights[nice + 20];
	entity->inverse_weight = (uint32_t)((1ull << 32) / entity->weight);
}

uint64_t fair_virtual(const struct sched_entity *entity, uint64_t ns)
{
	if (entity->weight == FAIR_WEIGHT_NORMAL) {
		return ns;
	}
	return (uint64_t)(((unsigned __int128)ns * entity->inverse_weight *
			   FAIR_WEIGHT_NORMAL) >>
			  32);
}

uint64_t fair_real(const struct sched_entity *entity, uint64_t virtual_ns)
{
	return (uint64_t)(((unsigned __int128)virtual_ns * entity->weight) /
			  FAIR_WEIGHT_NORMAL);
}

/* Moves base by delta; V stays where it is. */
static void move_base(struct fair_queue *queue, int64_t delta)
{
	queue->base += (uint64_t)delta;
	queue->sum -= delta * (int64_t)queue->weight;
}

/* Keeps (3). */
static void follow_average(struct fair_queue *queue)
{
	int64_t bound = (int64_t)queue->weight * FAIR_DRIFT;

	if (queue->weight != 0 && (queue->sum > bound || queue->sum < -bound)) {
		move_base(queue, queue->sum / (int64_t)queue->weight);
	}
}

uint64_t fair_average(const struct fair_queue *queue)
{
	int64_t drift;

	if (queue->weight == 0 || queue->sum == 0) {
		return queue->base; /* a division costs as much as the rest */
	}
	drift = queue->sum / (int64_t)queue->weight;
	if (queue->sum < 0 && drift * (int64_t)queue->weight != queue->sum) {
		drift--; /* towards minus infinity, so that nobody is owed
			  * what is not there */
	}
	return queue->base + (uint64_t)drift;
}

/* vruntime <= V, without a division. */
static bool is_eligible(const struct fair_queue *queue, uint64_t vruntime)
{
	int64_t key = (int64_t)(vruntime - queue->base);

	return key * (int64_t)queue->weight <= queue->sum;
}

static void account_in(struct fair_queue *queue,
		       const struct sched_entity *entity)
{
	int64_t key = (int64_t)(entity->vruntime - queue->base);

	queue->sum += key * (int64_t)entity->weight;
	queue->weight += entity->weight;
	queue->count++;
}

static void account_out(struct fair_queue *queue,
			const struct sched_entity *entity)
{
	int64_t key = (int64_t)(entity->vruntime - queue->base);

	queue->sum -= key * (int64_t)entity->weight;
	queue->weight -= entity->weight;
	queue->count--;
	if (queue->weight == 0) {
		/* The next member starts where this one stood. */
		queue->base = entity->vruntime;
		queue->sum = 0;
	}
}

static int64_t clamp_lag(const struct sched_entity *entity, int64_t lag)
{
	int64_t limit = (int64_t)fair_virtual(entity, 2 * FAIR_SLICE_NS);

	if (lag > limit) {
		return limit;
	}
	return lag < -limit ? -limit : lag;
}

/* A debt melts while its owner sleeps: others were served meanwhile. */
static int64_t melt_debt(const struct sched_entity *entity, uint64_t slept_ns)
{
	int64_t lag = entity->lag;
	int64_t paid;

	if (lag >= 0) {
		return lag;
	}
	if (slept_ns >= 2 * FAIR_SLICE_NS) {
		return 0;
	}
	paid = (int64_t)fair_virtual(entity, slept_ns);
	return lag + paid < 0 ? lag + paid : 0;
}

void fair_add(struct fair_queue *queue, struct sched_entity *entity,
	      uint64_t slept_ns)
{
	int64_t lag = clamp_lag(entity, melt_debt(entity, slept_ns));

	if (queue->weight == 0) {
		lag = 0;
	} else if (lag != 0) {
		/* Joining moves V towards the newcomer: with this factor the
		 * lag is as remembered once it has joined.  No overflow: the
		 * clamp keeps |lag| near a slice, weights below 2^30. */
		lag = queue->weight == entity->weight
			      ? lag * 2 /* the usual case without division */
			      : lag *
					(int64_t)(queue->weight +
						  entity->weight) /
					(int64_t)queue->weight;
		lag = clamp_lag(entity, lag);
	}
	entity->vruntime = fair_average(queue) - (uint64_t)lag;
	entity->deadline =
		entity->vruntime + fair_virtual(entity, FAIR_SLICE_NS);
	entity->placed = true;
	account_in(queue, entity);
	follow_average(queue);
	rbtree_insert(&queue->tree, &entity->node, deadline_less,
		      update_min_vruntime);
}

void fair_remove(struct fair_queue *queue, struct sched_entity *entity)
{
	entity->lag = clamp_lag(
		entity, (int64_t)(fair_average(queue) - entity->vruntime));
	if (queue->current == entity) {
		queue->current = NULL;
	} else {
		rbtree_erase(&queue->tree, &entity->node, update_min_vruntime);
	}
	account_out(queue, entity);
	entity->placed = false;
}

/* The eligible node of the tree with the earliest deadline. */
static struct sched_entity *pick_from_tree(const struct fair_queue *queue)
{
	struct rbtree_node *node = queue->tree.root;
	struct rbtree_node *best = NULL;

	while (node != NULL) {
		if (node->left != NULL &&
		    is_eligible(queue, entity_of(node->left)->min_vruntime)) {
			node = node->left; /* one there is, and it is earlier */
			continue;
		}
		if (is_eligible(queue, entity_of(node)->vruntime)) {
			best = node;
			break;
		}
		node = node->right;
	}
	return best != NULL ? entity_of(best) : NULL;
}

struct sched_entity *fair_pick(const struct fair_queue *queue)
{
	struct sched_entity *current = queue->current;
	struct sched_entity *best;

	if (rbtree_is_empty(&queue->tree)) {
		return current;
	}
	best = pick_from_tree(queue);
	if (current != NULL && is_eligible(queue, current->vruntime) &&
	    (best == NULL || is_before(current->deadline, best->deadline))) {
		best = current;
	}
	if (best == NULL) {
		/* Rounding of the average: somebody is always due. */
		best = current != NULL ? current
				       : entity_of(rbtree_first(&queue->tree));
	}
	return best;
}

void fair_stop(struct fair_queue *queue)
{
	rbtree_insert(&queue->tree, &queue->current->node, deadline_less,
		      update_min_vruntime);
	queue->current = NULL;
}

void fair_start(struct fair_queue *queue, struct sched_entity *entity)
{
	/* Out before in: with two threads the tree never has two nodes. */
	rbtree_erase(&queue->tree, &entity->node, update_min_vruntime);
	if (queue->current != NULL) {
		fair_stop(queue);
	}
	queue->current = entity;
}

bool fair_charge(struct fair_queue *queue, uint64_t ns)
{
	struct sched_entity *entity = queue->current;
	uint64_t virtual_ns = fair_virtual(entity, ns);

	if (queue->count == 1) {
		/* Alone: V is its vruntime, whatever it is. */
		entity->vruntime += virtual_ns;
		queue->base = entity->vruntime;
		queue->sum = 0;
	} else {
		entity->vruntime += virtual_ns;
		queue->sum += (int64_t)virtual_ns * (int64_t)entity->weight;
		follow_average(queue);
	}
	if (is_before(entity->vruntime, entity->deadline)) {
		return false;
	}
	entity->deadline =
		entity->vruntime + fair_virtual(entity, FAIR_SLICE_NS);
	return true;
}

uint64_t fair_slice_left(const struct fair_queue *queue)
{
	const struct sched_entity *entity = queue->current;
	uint64_t left = fair_real(entity, entity->deadline - entity->vruntime);

	return left > 0 ? left : 1;
}

bool fair_preempts(const struct fair_queue *queue,
		   const struct sched_entity *entity)
{
	const struct sched_entity *current = queue->current;

	if (current == NULL) {
		return true;
	}
	if (current->policy == SCHED_IDLE && entity->policy != SCHED_IDLE) {
		return true;
	}
	if (entity->policy == SCHED_BATCH || entity->policy == SCHED_IDLE) {
		return false;
	}
	return is_eligible(queue, entity->vruntime) &&
	       is_before(entity->deadline, current->deadline);
}

void fair_yield(struct fair_queue *queue)
{
	struct sched_entity *entity = queue->current;
	int64_t skipped = (int64_t)(entity->deadline - entity->vruntime);

	if (queue->count > 1 && is_eligible(queue, entity->vruntime)) {
		entity->vruntime = entity->deadline;
		queue->sum += skipped * (int64_t)entity->weight;
		follow_average(queue);
	}
	entity->deadline =
		entity->vruntime + fair_virtual(entity, FAIR_SLICE_NS);
}
