/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Which CPU: placement of awake threads, and stealing.
 *
 * A woken thread goes to its last CPU when that is idle, else to an idle one,
 * else to its last; a new one goes to the CPU with the least to run.  A CPU
 * that becomes idle pulls a waiting thread from the fullest queue; a busy
 * one does so from time to time when the other has two more.
 *
 * To hand a thread to a CPU that has halted takes long, longest where CPUs are
 * threads of a host.  So a new thread stays with its creator, who often sleeps
 * next (wait, join, vfork), and an idle CPU is asked to come and pull it if it
 * still waits then.  And whom an exiting thread wakes takes its CPU over.
 *
 * Other queues' counts are read without their locks: a stale answer costs a
 * little time, never correctness.  idle_cpus is a hint in the same sense.
 */
#include "internal.h"

#include <arch/cpu.h>
#include <arch/smp.h>
#include <lib/minmax.h>
#include <time/clock.h>

#define PULL_SCAN_MAX 32 /* members looked at under the victim's lock */

static struct cpumask idle_cpus; /* [a] */

void balance_set_idle(unsigned cpu, bool idle)
{
	if (idle) {
		cpumask_add_atomic(&idle_cpus, cpu);
	} else {
		cpumask_remove_atomic(&idle_cpus, cpu);
	}
}

static unsigned runnable_of(unsigned cpu)
{
	return __atomic_load_n(&runqueue_of(cpu)->runnable, __ATOMIC_RELAXED);
}

static bool is_usable(const struct thread *thread, unsigned cpu)
{
	return cpumask_has(&thread->affinity, cpu) &&
	       cpumask_has(smp_online(), cpu);
}

/* The usable CPU with the fewest threads, `first` preferred; or `first` when
 * none is usable (its CPUs are not up yet). */
static unsigned least_loaded(const struct thread *thread, unsigned first)
{
	unsigned best = first;
	unsigned best_count =
		is_usable(thread, first) ? runnable_of(first) : UINT32_MAX;
	unsigned cpu = cpumask_next(&thread->affinity, 0);

	for (; cpu < cpu_count() && best_count > 0;
	     cpu = cpumask_next(&thread->affinity, cpu + 1)) {
		if (cpumask_has(smp_online(), cpu) &&
		    runnable_of(cpu) < best_count) {
			best = cpu;
			best_count = runnable_of(cpu);
		}
	}
	return best;
}

bool balance_find_idle(const struct thread *thread, unsigned *cpu_out)
{
	unsigned cpu = cpumask_next(&idle_cpus, 0);

	for (; cpu < CONFIG_CPU_MAX; cpu = cpumask_next(&idle_cpus, cpu + 1)) {
		if (is_usable(thread, cpu) && runnable_of(cpu) == 0) {
			*cpu_out = cpu;
			return true;
		}
	}
	return false;
}

/* A usable CPU that a real-time thread gets at once; `last` if none is
 * better.  Running threads are looked at in what is an RCU read section. */
static unsigned select_realtime(const struct thread *thread, unsigned last)
{
	unsigned best = last;
	unsigned best_priority = 0;
	unsigned cpu = cpumask_next(&thread->affinity, 0);

	for (; cpu < cpu_count();
	     cpu = cpumask_next(&thread->affinity, cpu + 1)) {
		const struct runqueue *rq = runqueue_of(cpu);
		unsigned priority;

		if (!cpumask_has(smp_online(), cpu)) {
			continue;
		}
		priority = __atomic_load_n(&rq->current, __ATOMIC_RELAXED)
				   ->sched.priority;
		if (priority > best_priority ||
		    (priority == best_priority && cpu == last)) {
			best = cpu;
			best_priority = priority;
		}
	}
	return best;
}

/* This CPU is soon free for the thread, or an idle one comes for it. */
static bool stays_here(const struct thread *thread, unsigned self, bool is_new)
{
	return (is_new || thread_current()->linux.exiting) &&
	       runnable_of(self) <= 1 && !runqueue_is_realtime(thread) &&
	       is_usable(thread, self);
}

unsigned balance_select_cpu(const struct thread *thread, bool is_new)
{
	unsigned last = thread->cpu;
	unsigned self = cpu_id();
	unsigned cpu;

	if (cpu_count() == 1) {
		return 0;
	}
	if (stays_here(thread, self, is_new)) {
		return self;
	}
	if (is_usable(thread, last) && runnable_of(last) == 0) {
		return last;
	}
	if (is_new) {
		return least_loaded(thread, last);
	}
	if (balance_find_idle(thread, &cpu)) {
		return cpu;
	}
	if (runqueue_is_realtime(thread)) {
		return select_realtime(thread, last);
	}
	return is_usable(thread, last) ? last : least_loaded(thread, last);
}

static struct thread *thread_of(struct sched_entity *entity)
{
	return container_of(entity, struct thread, sched);
}

/* A waiting member that may run on `cpu`, or NULL.  rq->lock held. */
static struct thread *find_candidate(struct runqueue *rq, unsigned cpu)
{
	struct sched_entity *entity;
	struct rbtree_node *node;
	unsigned scanned = 0;

	for (unsigned level = 0;
	     rq->realtime.count > 0 && level < REALTIME_LEVEL_COUNT; level++) {
		list_for_each (entity, &rq->realtime.lists[level], fifo) {
			if (thread_of(entity) != rq->current &&
			    cpumask_has(&thread_of(entity)->affinity, cpu)) {
				return thread_of(entity);
			}
			if (++scanned >= PULL_SCAN_MAX) {
				return NULL;
			}
		}
	}
	rbtree_for_each (node, &rq->fair.tree) {
		entity = rbtree_entry(node, struct sched_entity, node);
		if (cpumask_has(&thread_of(entity)->affinity, cpu)) {
			return thread_of(entity);
		}
		if (++scanned >= PULL_SCAN_MAX) {
			break;
		}
	}
	return NULL;
}

/* The CPU with the most threads, if at least `least`; else CONFIG_CPU_MAX. */
static unsigned find_busiest(unsigned self, unsigned least)
{
	unsigned busiest = CONFIG_CPU_MAX;
	unsigned cpu = cpumask_next(smp_online(), 0);

	for (; cpu < CONFIG_CPU_MAX;
	     cpu = cpumask_next(smp_online(), cpu + 1)) {
		unsigned count = runnable_of(cpu);

		if (cpu != self && count >= least) {
			busiest = cpu;
			least = count + 1;
		}
	}
	return busiest;
}

/* Takes a waiting thread out of the victim's queue and gives it this CPU. */
static struct thread *steal_from(struct runqueue *victim, unsigned self)
{
	struct thread *thread;

	spin_lock(&victim->lock);
	thread = victim->runnable >= 2 ? find_candidate(victim, self) : NULL;
	if (thread != NULL) {
		runqueue_dequeue(victim, thread, clock_monotonic_ns());
		__atomic_store_n(&thread->cpu, self, __ATOMIC_RELAXED);
	}
	spin_unlock(&victim->lock);
	return thread;
}

bool balance_pull(bool idle)
{
	unsigned long irq = cpu_irq_save();
	struct runqueue *rq = runqueue_this();
	unsigned least = idle ? 2 : rq->runnable + 2;
	unsigned busiest = find_busiest(rq->cpu, least);
	struct thread *thread = NULL;

	if (busiest < CONFIG_CPU_MAX) {
		thread = steal_from(runqueue_of(busiest), rq->cpu);
	}
	if (thread != NULL) {
		/* In no queue and awake: nobody else places it.  This CPU is
		 * its last one now and the emptiest. */
		sched_place(thread, true);
	}
	cpu_irq_restore(irq);
	return thread != NULL;
}
