/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Timers of processes, inside: POSIX timers, interval timers, RLIMIT_CPU.
 *
 * process->timers is made when the first one is set and lives until the last
 * thread leaves.  Timers on the wall and monotonic clocks are kernel timers;
 * those on CPU time are looked at by the threads that use the time up, on
 * their way back to the application (timers_check_cpu()).
 *
 * Key: [I] immutable, [l] process_timers.lock, [i] posix_timer.lock (irq-safe,
 * inside the former), [c] process_timers.cpu_lock.  Signals are sent with [i]
 * or [c] held.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>
#include <sync/spinlock.h>
#include <time/timer.h>
#include <uapi/time.h>

#include "clock.h"

struct process;
struct signal_info_node;
struct thread;

/* A CPU-time timer that expires at `deadline_ns` of its clock. */
struct cpu_timer {
	struct list_node link;	/* [c] while armed */
	struct cpu_clock clock; /* [I] */
	uint64_t deadline_ns;	/* [c] 0: disarmed */
	uint64_t interval_ns;	/* [c] */
	/* cpu_lock held: it expired that often. */
	void (*expired)(struct cpu_timer *timer, uint64_t count);
};

struct process_timers {
	struct spinlock lock;
	struct list_node registry_link;
	struct process *process;    /* [I] */
	struct posix_timer **table; /* [l] by id */
	unsigned table_size;	    /* [l] */
	unsigned timer_count;	    /* [l] */
	struct spinlock real_lock;  /* irq-safe */
	struct timer real;	    /* ITIMER_REAL */
	uint64_t real_deadline_ns;  /* [real_lock] 0: disarmed */
	uint64_t real_interval_ns;  /* [real_lock] */
	struct spinlock cpu_lock;
	struct list cpu_timers;	  /* [c] armed ones */
	struct cpu_timer virtual; /* ITIMER_VIRTUAL */
	struct cpu_timer prof;	  /* ITIMER_PROF */
	uint64_t limit_next_ns;	  /* [c] next SIGXCPU; 0: at the limit */
};

/* Of the current process; NULL: no memory. */
struct process_timers *timers_of_current(void);

/* After how many intervals is `now` passed?  At least 1; 1 without interval.
 * *deadline moves on by as many. */
uint64_t timers_forward(uint64_t *deadline_ns, uint64_t interval_ns,
			uint64_t now_ns);

/* Sets (deadline 0: disarms) and returns the old values. */
void cpu_timer_set(struct process_timers *timers, struct cpu_timer *timer,
		   uint64_t deadline_ns, uint64_t interval_ns,
		   uint64_t *old_deadline_out, uint64_t *old_interval_out);

/* RLIMIT_CPU of the process changed. */
void cpu_timers_limit_changed(struct process *process);

/* Deletes all POSIX timers of the process. */
void posix_timers_delete_all(struct process_timers *timers);

/* The wall clock was stepped: timers on it are armed anew. */
void timers_clock_stepped(void);
/* One process's part of it. */
void posix_timers_clock_stepped(struct process_timers *timers);
