/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Clocks by their Linux number, CPU-time clocks of other threads and
 * processes included.
 */
#include <stdbool.h>
#include <stdint.h>

#include <uapi/time.h>

struct process;
struct thread;

enum cpu_clock_kind {
	CPU_CLOCK_PROF,	 /* user + system, as sampled */
	CPU_CLOCK_VIRT,	 /* user */
	CPU_CLOCK_SCHED, /* exact sum */
};

/* A CPU-time clock: of one thread or of a process; one reference to it. */
struct cpu_clock {
	enum cpu_clock_kind kind;
	struct thread *thread;	 /* NULL: of the process */
	struct process *process; /* NULL: of the thread */
};

/* True for the two fixed CPU clocks and all negative numbers. */
bool clock_is_cpu(int clock);
/* 0 or -EINVAL: no such thread or process. */
int cpu_clock_get(int clock, struct cpu_clock *clock_out);
void cpu_clock_put(struct cpu_clock *clock);
uint64_t cpu_clock_read(const struct cpu_clock *clock);

/* Any clock: 0 or -EINVAL. */
int clock_read_ns(int clock, uint64_t *ns_out);

/* The clocks that timers and sleeps run on: all that are monotonic here, and
 * the wall clock. */
bool clock_is_wall(int clock);
bool clock_can_sleep(int clock);

/* Sleeps until the clock (not a CPU clock) shows ns; a stepped wall clock is
 * noticed.  0 or -EINTR. */
int clock_sleep_until(int clock, uint64_t ns);

/* Steps the wall clock and tells everybody. */
void clock_step(uint64_t realtime_ns);
