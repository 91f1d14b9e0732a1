/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The run queue of a CPU: two classes, charging, picking.
 *
 * Invariants, while the lock is not held:
 *  (1) thread->sched.queued says that the thread is a member of the queue of
 *      thread->cpu, or is its running thread; thread->cpu changes only under
 *      that CPU's lock and while the thread is in no queue.
 *  (2) runnable counts the members, the running one included.
 *  (3) a member other than current is off its stack: the lock is held from
 *      the decision to switch until the new thread runs (switch.c).
 *  (4) idle is in no class.
 *
 * Real-time threads go first, but not for ever: after 950 ms of CPU time
 * that fair threads waited for, those have a turn of 50 ms.
 */
#include "internal.h"

#include <debug/panic.h>
#include <lib/minmax.h>
#include <time/timer.h>

#define REALTIME_BUDGET_NS 950000000ull
#define REALTIME_SHARE	   19 /* real-time ns per ns of a fair turn */

PERCPU_DEFINE(struct runqueue, runqueue);

void runqueue_init(struct runqueue *rq, unsigned cpu, struct thread *idle)
{
	*rq = (struct runqueue){0};
	spinlock_init(&rq->lock, "runqueue");
	rq->cpu = cpu;
	rq->idle = idle;
	rq->current = idle;
	rq->sample_next_ns = UINT64_MAX;
	fair_init(&rq->fair);
	realtime_init(&rq->realtime);
}

struct runqueue *runqueue_lock_of(struct thread *thread, unsigned long *irq_out)
{
	unsigned long irq = cpu_irq_save();

	for (;;) {
		unsigned cpu = __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);
		struct runqueue *rq = runqueue_of(cpu);

		spin_lock(&rq->lock);
		if (thread->cpu == cpu) {
			*irq_out = irq;
			return rq;
		}
		spin_unlock(&rq->lock);
	}
}

void runqueue_unlock(struct runqueue *rq, unsigned long irq)
{
	spin_unlock(&rq->lock);
	cpu_irq_restore(irq);
}

void runqueue_enqueue(struct runqueue *rq, struct thread *thread,
		      uint64_t now_ns, bool to_head)
{
	struct sched_entity *entity = &thread->sched;

	ASSERT(!entity->queued && thread->cpu == rq->cpu);
	if (runqueue_is_realtime(thread)) {
		realtime_add(&rq->realtime, entity, to_head);
	} else {
		uint64_t slept_ns =
			now_ns > entity->stop_ns ? now_ns - entity->stop_ns : 0;

		fair_add(&rq->fair, entity, slept_ns);
	}
	entity->queued = true;
	__atomic_store_n(&rq->runnable, rq->runnable + 1, __ATOMIC_RELAXED);
}

void runqueue_dequeue(struct runqueue *rq, struct thread *thread,
		      uint64_t now_ns)
{
	struct sched_entity *entity = &thread->sched;

	ASSERT(entity->queued && thread->cpu == rq->cpu);
	if (runqueue_is_realtime(thread)) {
		realtime_remove(&rq->realtime, entity);
	} else {
		fair_remove(&rq->fair, entity);
	}
	entity->queued = false;
	entity->stop_ns = now_ns;
	__atomic_store_n(&rq->runnable, rq->runnable - 1, __ATOMIC_RELAXED);
}

/* The budget of the real-time class; true when the turn changes. */
static bool charge_turn(struct runqueue *rq, bool realtime, uint64_t ns)
{
	if (realtime) {
		if (rq->fair.count == 0) {
			rq->realtime_used_ns = 0;
			return false;
		}
		rq->realtime_used_ns += ns;
		if (rq->realtime_used_ns < REALTIME_BUDGET_NS ||
		    rq->fair_turn) {
			return false;
		}
		rq->fair_turn = true;
		return true;
	}
	if (rq->realtime_used_ns > ns * REALTIME_SHARE) {
		rq->realtime_used_ns -= ns * REALTIME_SHARE;
		return false;
	}
	rq->realtime_used_ns = 0;
	if (!rq->fair_turn) {
		return false;
	}
	rq->fair_turn = false;
	return true;
}

/* A round-robin thread used ns of its slice; true when it is over. */
static bool charge_round_robin(struct runqueue *rq, struct sched_entity *entity,
			       uint64_t ns)
{
	if (entity->policy != SCHED_RR) {
		return false;
	}
	if (entity->slice_ns > ns) {
		entity->slice_ns -= ns;
		return false;
	}
	entity->slice_ns = REALTIME_RR_SLICE_NS;
	if (!entity->queued || !realtime_has_peer(&rq->realtime, entity)) {
		return false;
	}
	realtime_move_to_tail(&rq->realtime, entity);
	return true;
}

bool runqueue_charge(struct runqueue *rq, uint64_t now_ns)
{
	struct thread *current = rq->current;
	struct sched_entity *entity = &current->sched;
	bool over;
	uint64_t ns;

	if (now_ns <= entity->run_start_ns) {
		return false;
	}
	ns = now_ns - entity->run_start_ns;
	entity->run_start_ns = now_ns;
	entity->run_ns += ns;
	if (current == rq->idle) {
		rq->idle_ns += ns;
		return false;
	}
	rq->busy_ns += ns;
	if (entity->run_ns >= entity->cpu_timer_ns) {
		entity->cpu_timer_ns = UINT64_MAX;
		__atomic_fetch_or(&current->work, THREAD_WORK_TIMER,
				  __ATOMIC_RELAXED);
	}
	over = charge_turn(rq, runqueue_is_realtime(current), ns);
	if (runqueue_is_realtime(current)) {
		return charge_round_robin(rq, entity, ns) || over;
	}
	if (rq->fair.current != entity) {
		return over; /* it has left its queue already */
	}
	return fair_charge(&rq->fair, ns) || over;
}

static struct thread *thread_of(struct sched_entity *entity)
{
	return container_of(entity, struct thread, sched);
}

struct thread *runqueue_pick(struct runqueue *rq)
{
	struct sched_entity *entity;

	if (rq->realtime.count > 0 && (!rq->fair_turn || rq->fair.count == 0)) {
		return thread_of(realtime_pick(&rq->realtime));
	}
	entity = fair_pick(&rq->fair);
	return entity != NULL ? thread_of(entity) : rq->idle;
}

void runqueue_set_current(struct runqueue *rq, struct thread *next,
			  uint64_t now_ns)
{
	struct sched_entity *entity = &next->sched;

	if (rq->fair.current != entity) {
		if (next != rq->idle && !runqueue_is_realtime(next)) {
			fair_start(&rq->fair, entity);
		} else if (rq->fair.current != NULL) {
			fair_stop(&rq->fair);
		}
	}
	entity->run_start_ns = now_ns;
	rq->current = next;
}

bool runqueue_should_preempt(const struct runqueue *rq,
			     const struct thread *thread)
{
	const struct thread *current = rq->current;

	if (current == rq->idle) {
		return true;
	}
	if (rq->fair_turn) {
		return !runqueue_is_realtime(thread) &&
		       !runqueue_is_realtime(current) &&
		       fair_preempts(&rq->fair, &thread->sched);
	}
	if (runqueue_is_realtime(thread) || runqueue_is_realtime(current)) {
		return thread->sched.priority < current->sched.priority &&
		       runqueue_is_realtime(thread);
	}
	return fair_preempts(&rq->fair, &thread->sched);
}

/* Real ns until something about the current thread must be decided. */
static uint64_t decision_left(const struct runqueue *rq)
{
	const struct sched_entity *entity = &rq->current->sched;
	uint64_t left = UINT64_MAX;

	if (rq->runnable <= 1) {
		return left;
	}
	if (!runqueue_is_realtime(rq->current)) {
		left = fair_slice_left(&rq->fair);
		if (rq->fair_turn) {
			left = MIN(left,
				   rq->realtime_used_ns / REALTIME_SHARE + 1);
		}
		return left;
	}
	if (entity->policy == SCHED_RR &&
	    realtime_has_peer(&rq->realtime, entity)) {
		left = entity->slice_ns;
	}
	if (rq->fair.count > 0) {
		uint64_t budget = REALTIME_BUDGET_NS -
				  MIN(rq->realtime_used_ns, REALTIME_BUDGET_NS);

		left = MIN(left, budget + 1);
	}
	return left;
}

void runqueue_arm_slice(struct runqueue *rq, uint64_t now_ns)
{
	const struct sched_entity *entity = &rq->current->sched;
	uint64_t left = decision_left(rq);
	uint64_t deadline = rq->sample_next_ns;

	if (rq->current == rq->idle) {
		timer_set_slice(UINT64_MAX);
		return;
	}
	if (left != UINT64_MAX) {
		deadline = MIN(deadline, now_ns + left);
	}
	if (entity->cpu_timer_ns != UINT64_MAX) {
		uint64_t due = entity->cpu_timer_ns > entity->run_ns
				       ? entity->cpu_timer_ns - entity->run_ns
				       : 0;

		deadline = MIN(deadline, now_ns + due);
	}
	timer_set_slice(deadline);
}
