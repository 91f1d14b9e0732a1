/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Measuring: CPU time, its split into user and system, load averages.
 *
 * CPU time is exact: it is taken at every switch.  Reading the clock at every
 * system call would cost more than the call, so the split is sampled: at most
 * every 10 ms (and up to every 80 ms while the same thread runs alone) the
 * event interrupt notes whether it hit application or kernel code, weighted
 * with the time since the last sample.  Reported parts are the exact sum in
 * the sampled ratio, moved only forwards.  Nothing is armed for an idle CPU.
 *
 * Load averages are moved every 5 s of running time by whichever CPU samples
 * first; periods in which no CPU ran count as empty.
 */
#include <sched/sched.h>

#include <arch/smp.h>
#include <lib/minmax.h>
#include <time/clock.h>

#include "internal.h"

#define SAMPLE_MIN_NS 10000000ull
#define SAMPLE_MAX_NS 80000000ull

#define LOAD_PERIOD_NS 5000000000ull
#define LOAD_SHIFT     11
#define LOAD_ONE       (1ull << LOAD_SHIFT)

/* 2048 * e^(-5/60), e^(-5/300), e^(-5/900) */
static const uint64_t load_decay[3] = {1884, 2014, 2037};
static uint64_t load_average[3]; /* [a] written by the winner of a period */
static uint64_t load_next_ns;	 /* [a] */

void load_sample(struct runqueue *rq, uint64_t now_ns, bool in_app)
{
	struct thread *thread = rq->current;
	uint64_t ns = MIN(now_ns - rq->sample_last_ns, SAMPLE_MAX_NS);

	if (in_app) {
		thread->sched.sampled_user_ns += ns;
		rq->split.sampled_user_ns += ns;
		if (thread->sched.nice > 0) {
			rq->sampled_nice_ns += ns;
		}
	} else {
		thread->sched.sampled_system_ns += ns;
		rq->split.sampled_system_ns += ns;
	}
	if (thread == rq->sample_thread && rq->runnable == 1) {
		rq->sample_interval_ns =
			MIN(rq->sample_interval_ns * 2, SAMPLE_MAX_NS);
	} else {
		rq->sample_interval_ns = SAMPLE_MIN_NS;
	}
	rq->sample_thread = thread;
	rq->sample_last_ns = now_ns;
	rq->sample_next_ns = now_ns + rq->sample_interval_ns;
}

/* numerator / denominator of total without overflow. */
static uint64_t scale(uint64_t total, uint64_t numerator, uint64_t denominator)
{
	while (denominator >> 32 != 0) {
		denominator >>= 1;
		numerator >>= 1;
	}
	/* total = high * d + low, so the products fit 64 bits. */
	return total / denominator * numerator +
	       total % denominator * numerator / denominator;
}

void load_split(struct time_split *split, uint64_t total_ns)
{
	uint64_t sampled = split->sampled_user_ns + split->sampled_system_ns;
	uint64_t system = 0;

	if (total_ns < split->shown_user_ns + split->shown_system_ns) {
		return; /* a reader with a newer clock was here */
	}
	if (sampled != 0) {
		system = scale(total_ns, split->sampled_system_ns, sampled);
	}
	system = MAX(system, split->shown_system_ns);
	system = MIN(system, total_ns - split->shown_user_ns);
	split->shown_system_ns = system;
	split->shown_user_ns = total_ns - system;
}

uint64_t sched_cpu_time_ns(struct thread *thread, uint64_t *user_out,
			   uint64_t *system_out)
{
	struct sched_entity *entity = &thread->sched;
	struct time_split split;
	unsigned long irq;
	struct runqueue *rq = runqueue_lock_of(thread, &irq);

	if (rq->current == thread &&
	    runqueue_charge(rq, clock_monotonic_ns())) {
		sched_resched(rq);
	}
	split.sampled_user_ns = entity->sampled_user_ns;
	split.sampled_system_ns = entity->sampled_system_ns;
	split.shown_user_ns = entity->shown_user_ns;
	split.shown_system_ns = entity->shown_system_ns;
	load_split(&split, entity->run_ns);
	entity->shown_user_ns = split.shown_user_ns;
	entity->shown_system_ns = split.shown_system_ns;
	runqueue_unlock(rq, irq);
	if (user_out != NULL) {
		*user_out = split.shown_user_ns;
	}
	if (system_out != NULL) {
		*system_out = split.shown_system_ns;
	}
	return split.shown_user_ns + split.shown_system_ns;
}

void sched_cpu_stats(unsigned cpu, struct sched_cpu_stats *stats_out)
{
	struct runqueue *rq = runqueue_of(cpu);
	unsigned long irq = spin_lock_irqsave(&rq->lock);
	uint64_t nice = 0;

	runqueue_charge(rq, clock_monotonic_ns());
	load_split(&rq->split, rq->busy_ns);
	if (rq->split.sampled_user_ns != 0) {
		nice = scale(rq->split.shown_user_ns, rq->sampled_nice_ns,
			     rq->split.sampled_user_ns);
	}
	rq->shown_nice_ns = MAX(nice, rq->shown_nice_ns);
	nice = MIN(rq->shown_nice_ns, rq->split.shown_user_ns);
	stats_out->user_ns = rq->split.shown_user_ns - nice;
	stats_out->nice_ns = nice;
	stats_out->system_ns = rq->split.shown_system_ns;
	stats_out->idle_ns = rq->idle_ns;
	stats_out->switches = rq->switches;
	spin_unlock_irqrestore(&rq->lock, irq);
}

unsigned sched_runnable_count(void)
{
	unsigned count = 0;
	unsigned cpu = cpumask_next(smp_online(), 0);

	for (; cpu < CONFIG_CPU_MAX;
	     cpu = cpumask_next(smp_online(), cpu + 1)) {
		count += __atomic_load_n(&runqueue_of(cpu)->runnable,
					 __ATOMIC_RELAXED);
	}
	return count;
}

static void decay(uint64_t active)
{
	for (unsigned i = 0; i < 3; i++) {
		uint64_t load =
			__atomic_load_n(&load_average[i], __ATOMIC_RELAXED);

		load = (load * load_decay[i] +
			active * (LOAD_ONE - load_decay[i])) >>
		       LOAD_SHIFT;
		__atomic_store_n(&load_average[i], load, __ATOMIC_RELAXED);
	}
}

void load_update(uint64_t now_ns)
{
	uint64_t due = __atomic_load_n(&load_next_ns, __ATOMIC_RELAXED);
	uint64_t missed;

	if (now_ns < due ||
	    !__atomic_compare_exchange_n(&load_next_ns, &due,
					 now_ns + LOAD_PERIOD_NS, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		return;
	}
	/* After an hour without a sample nothing is left of the averages. */
	missed = MIN((now_ns - due) / LOAD_PERIOD_NS, 720ull);
	while (missed-- > 0) {
		decay(0);
	}
	decay(sched_runnable_count() * LOAD_ONE);
}

void sched_load(uint64_t load_out[3])
{
	load_update(clock_monotonic_ns());
	for (unsigned i = 0; i < 3; i++) {
		load_out[i] =
			__atomic_load_n(&load_average[i], __ATOMIC_RELAXED);
	}
}
