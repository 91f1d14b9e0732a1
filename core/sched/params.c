/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Scheduling parameters: policy, nice, affinity, lent priority, timers.
 *
 * A change takes the thread out of its queue, recomputes what follows from
 * the parameters, and puts it back, all under the queue's lock; the CPU then
 * decides again.
 */
#include <sched/sched.h>

#include <arch/smp.h>
#include <lib/minmax.h>
#include <time/clock.h>
#include <uapi/errno.h>

#include "internal.h"

#define NICE_MIN (-20)
#define NICE_MAX 19

/* Effective priority and weight from the parameters. */
static void derive(struct sched_entity *entity)
{
	bool realtime =
		entity->policy == SCHED_FIFO || entity->policy == SCHED_RR;
	unsigned own = realtime ? 99u - entity->rt_priority
				: (unsigned)(SCHED_PRIORITY_FAIR +
					     entity->nice - NICE_MIN);
	unsigned effective = MIN(own, (unsigned)entity->boost);
	int nice = NICE_MIN;

	entity->priority = (uint8_t)effective;
	if (effective >= SCHED_PRIORITY_FAIR) {
		nice = (int)effective - SCHED_PRIORITY_FAIR + NICE_MIN;
	}
	fair_set_weight(entity,
			entity->policy == SCHED_IDLE && effective == own, nice);
}

void sched_entity_init(struct thread *thread, const struct thread *parent)
{
	struct sched_entity *entity = &thread->sched;

	rbtree_node_init(&entity->node);
	list_node_init(&entity->fifo);
	entity->boost = SCHED_PRIORITY_NONE;
	entity->cpu_timer_ns = UINT64_MAX;
	entity->slice_ns = REALTIME_RR_SLICE_NS;
	thread->cpu = cpu_id();
	if (parent != NULL && parent->process != NULL) {
		bool reset = parent->sched.reset_on_fork;
		bool realtime = parent->sched.rt_priority != 0;

		thread->affinity = parent->affinity;
		entity->policy = parent->sched.policy;
		entity->rt_priority = parent->sched.rt_priority;
		entity->nice = parent->sched.nice;
		if (reset && realtime) {
			entity->policy = SCHED_OTHER;
			entity->rt_priority = 0;
		}
		if (reset && entity->nice < 0) {
			entity->nice = 0;
		}
	} else {
		for (unsigned cpu = 0; cpu < CONFIG_CPU_MAX; cpu++) {
			cpumask_add(&thread->affinity, cpu);
		}
	}
	derive(entity);
}

/* A change of parameters between begin and end; keeps the queue consistent. */
struct change {
	struct runqueue *rq;
	unsigned long irq;
	uint64_t now_ns;
	bool queued;
	bool current;
};

static void begin_change(struct change *change,
			 struct thread *thread) NO_THREAD_SAFETY
{
	change->rq = runqueue_lock_of(thread, &change->irq);
	change->now_ns = clock_monotonic_ns();
	runqueue_charge(change->rq, change->now_ns);
	change->queued = thread->sched.queued;
	change->current = change->rq->current == thread;
	if (change->queued) {
		runqueue_dequeue(change->rq, thread, change->now_ns);
	}
}

static void end_change(struct change *change, struct thread *thread,
		       uint8_t old_priority) NO_THREAD_SAFETY
{
	struct runqueue *rq = change->rq;

	derive(&thread->sched);
	if (change->queued) {
		/* A thread that lost urgency goes behind its new peers, one
		 * that gained by a loan stays in front. */
		bool to_head = change->current &&
			       thread->sched.priority <= old_priority;

		runqueue_enqueue(rq, thread, change->now_ns, to_head);
		if (change->current) {
			runqueue_set_current(rq, thread, change->now_ns);
		}
		if (change->current || runqueue_should_preempt(rq, thread)) {
			sched_resched(rq);
		}
	}
	runqueue_unlock(rq, change->irq);
}

int sched_set_policy(struct thread *thread, unsigned policy, unsigned priority)
{
	bool realtime = policy == SCHED_FIFO || policy == SCHED_RR;
	uint8_t old_priority = thread->sched.priority;
	struct change change;

	if (policy > SCHED_IDLE || policy == SCHED_IDLE - 1 ||
	    (realtime && (priority < 1 || priority > 99)) ||
	    (!realtime && priority != 0)) {
		return -EINVAL;
	}
	begin_change(&change, thread);
	thread->sched.policy = (uint8_t)policy;
	thread->sched.rt_priority = (uint8_t)priority;
	thread->sched.slice_ns = REALTIME_RR_SLICE_NS;
	end_change(&change, thread, old_priority);
	return 0;
}

int sched_set_nice(struct thread *thread, int nice)
{
	uint8_t old_priority = thread->sched.priority;
	struct change change;

	if (nice < NICE_MIN || nice > NICE_MAX) {
		return -EINVAL;
	}
	begin_change(&change, thread);
	thread->sched.nice = (int8_t)nice;
	end_change(&change, thread, old_priority);
	return 0;
}

void sched_set_boost(struct thread *thread, unsigned priority)
{
	uint8_t old_priority = thread->sched.priority;
	struct change change;

	begin_change(&change, thread);
	thread->sched.boost = (uint8_t)priority;
	end_change(&change, thread, old_priority);
}

static bool has_possible_cpu(const struct cpumask *mask)
{
	return cpumask_next(mask, 0) < cpu_count();
}

int sched_set_affinity(struct thread *thread, const struct cpumask *mask)
{
	bool queued_elsewhere = false;
	unsigned long irq;
	struct runqueue *rq;

	if (!has_possible_cpu(mask)) {
		return -EINVAL;
	}
	rq = runqueue_lock_of(thread, &irq);
	thread->affinity = *mask;
	if (!cpumask_has(mask, rq->cpu) && thread->sched.queued) {
		if (rq->current == thread) {
			sched_resched(rq);
		} else {
			runqueue_dequeue(rq, thread, clock_monotonic_ns());
			queued_elsewhere = true;
		}
	}
	runqueue_unlock(rq, irq);
	if (queued_elsewhere) {
		sched_place(thread, false);
	} else if (thread == thread_current()) {
		sched_relax();
	}
	return 0;
}

uint64_t sched_rr_interval_ns(const struct thread *thread)
{
	switch (thread->sched.policy) {
	case SCHED_FIFO:
		return 0;
	case SCHED_RR:
		return REALTIME_RR_SLICE_NS;
	default:
		return FAIR_SLICE_NS;
	}
}

void sched_set_cpu_timer(struct thread *thread, uint64_t run_ns)
{
	unsigned long irq;
	struct runqueue *rq = runqueue_lock_of(thread, &irq);
	uint64_t now = clock_monotonic_ns();

	thread->sched.cpu_timer_ns = run_ns;
	if (rq->current == thread) {
		runqueue_charge(rq, now);
		if (rq->cpu == cpu_id()) {
			runqueue_arm_slice(rq, now);
		} else {
			smp_send_reschedule(rq->cpu);
		}
	}
	runqueue_unlock(rq, irq);
}
