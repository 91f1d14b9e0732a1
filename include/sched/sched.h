/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Scheduler: per-CPU run queues, fair by virtual deadline (EEVDF), real-time
 * policies above, tickless, idle CPUs steal.
 */
#include <stdbool.h>
#include <stdint.h>

#include <sched/cpumask.h>

struct thread;

/* Boot CPU: makes the running boot stack the first (idle) thread. */
void sched_init(void);

/* Every other CPU, from smp_start(); never returns. */
_Noreturn void sched_cpu_entry(void);

/* The idle loop of the boot CPU; never returns. */
_Noreturn void sched_idle(void);

/* Gives the CPU to whoever is best, keeping the current thread runnable. */
void sched_yield(void);

/* For kernel loops that can run long: switches when a switch is due. */
void sched_relax(void);

/* Picks and switches; the current thread's state decides whether it stays
 * queued.  Interrupts enabled or disabled; restored on return. */
void schedule(void);

/* Parameters.  All return 0 or -EINVAL and take effect at once. */
int sched_set_policy(struct thread *thread, unsigned policy, unsigned priority);
int sched_set_nice(struct thread *thread, int nice);
/*
 * -EINVAL when the mask has no possible CPU.  The current thread has moved on
 * return; another one that runs moves at its next way back to the application.
 */
int sched_set_affinity(struct thread *thread, const struct cpumask *mask);

/*
 * Lends a priority (scale of sched/entity.h; SCHED_PRIORITY_NONE takes it
 * back): the thread is scheduled by the more urgent of its own and the lent
 * one.  Any context; for priority inheritance.
 */
void sched_set_boost(struct thread *thread, unsigned priority);

/* SCHED_RR interval; the fair slice for other policies; 0 for FIFO. */
uint64_t sched_rr_interval_ns(const struct thread *thread);

/*
 * CPU time of a thread so far, running stretch included.  Exact in sum, split
 * by samples; neither sum nor parts ever step back; user + system is the
 * value returned.  Outputs may be NULL.
 */
uint64_t sched_cpu_time_ns(struct thread *thread, uint64_t *user_out,
			   uint64_t *system_out);

/*
 * Sets THREAD_WORK_TIMER when the thread's CPU time reaches run_ns while it
 * runs (UINT64_MAX: never).  Any context.
 */
void sched_set_cpu_timer(struct thread *thread, uint64_t run_ns);

/* Totals of one CPU since boot, for /proc/stat. */
struct sched_cpu_stats {
	uint64_t user_ns;
	uint64_t nice_ns;
	uint64_t system_ns;
	uint64_t idle_ns;
	uint64_t switches;
};
void sched_cpu_stats(unsigned cpu, struct sched_cpu_stats *stats_out);

/* Fixed-point (11 bits) load averages over 1, 5, 15 minutes. */
void sched_load(uint64_t load_out[3]);
unsigned sched_runnable_count(void);
uint64_t sched_forks(void); /* threads and processes created */

/*
 * core/time, from the event interrupt: the time given to timer_set_slice() has
 * come.  Samples what was interrupted, ends slices, pulls work.
 */
void sched_tick(uint64_t now_ns);
