/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Clocks by number, and sleeping on them.  Stateless.
 *
 * A negative number names the CPU time of a thread or process: the id,
 * inverted, above three bits for kind and scope (clock_getcpuclockid(3)).
 */
#include "clock.h"

#include <arch/cpu.h>
#include <lib/minmax.h>
#include <process/process.h>
#include <sched/sched.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <uapi/errno.h>

#include "futex.h"
#include "timers.h"
#include "timespec.h"

#define CPU_CLOCK_KIND_MASK 3
#define CPU_CLOCK_FD	    3 /* a clock device: there are none */
#define CPU_CLOCK_THREAD    4
#define CPU_CLOCK_ID_SHIFT  3

bool clock_is_cpu(int clock)
{
	return clock < 0 || clock == UAPI_CLOCK_PROCESS_CPUTIME_ID ||
	       clock == UAPI_CLOCK_THREAD_CPUTIME_ID;
}

static int thread_clock(int tid, struct cpu_clock *clock)
{
	struct thread *thread = thread_current();

	if (tid == 0) {
		thread_get(thread);
	} else {
		thread = thread_find(tid);
	}
	if (thread == NULL) {
		return -EINVAL;
	}
	if (thread->process != process_current()) {
		thread_put(thread);
		return -EINVAL;
	}
	clock->thread = thread;
	return 0;
}

int cpu_clock_get(int number, struct cpu_clock *clock)
{
	int id = ~(number >> CPU_CLOCK_ID_SHIFT);
	bool of_thread = (number & CPU_CLOCK_THREAD) != 0;

	*clock = (struct cpu_clock){.kind = CPU_CLOCK_SCHED};
	if (number >= 0) {
		id = 0;
		of_thread = number == UAPI_CLOCK_THREAD_CPUTIME_ID;
	} else if ((number & CPU_CLOCK_KIND_MASK) == CPU_CLOCK_FD) {
		return -EINVAL;
	} else {
		clock->kind =
			(enum cpu_clock_kind)(number & CPU_CLOCK_KIND_MASK);
	}
	if (of_thread) {
		return thread_clock(id, clock);
	}
	clock->process = id == 0 ? process_current() : process_find(id);
	if (clock->process == NULL) {
		return -EINVAL;
	}
	if (id == 0) {
		process_get(clock->process);
	}
	return 0;
}

void cpu_clock_put(struct cpu_clock *clock)
{
	if (clock->thread != NULL) {
		thread_put(clock->thread);
	}
	if (clock->process != NULL) {
		process_put(clock->process);
	}
}

uint64_t cpu_clock_read(const struct cpu_clock *clock)
{
	struct process_usage usage = {0};

	if (clock->thread != NULL) {
		sched_cpu_time_ns(clock->thread, &usage.user_ns,
				  &usage.system_ns);
	} else {
		process_usage(clock->process, &usage);
	}
	return clock->kind == CPU_CLOCK_VIRT ? usage.user_ns
					     : usage.user_ns + usage.system_ns;
}

int clock_read_ns(int clock, uint64_t *ns_out)
{
	struct cpu_clock cpu;
	int err;

	switch (clock) {
	case UAPI_CLOCK_REALTIME:
	case UAPI_CLOCK_REALTIME_COARSE:
	case UAPI_CLOCK_REALTIME_ALARM:
	case UAPI_CLOCK_TAI: /* its offset has never been set */
		*ns_out = clock_realtime_ns();
		return 0;
	case UAPI_CLOCK_MONOTONIC:
	case UAPI_CLOCK_MONOTONIC_RAW:
	case UAPI_CLOCK_MONOTONIC_COARSE:
	case UAPI_CLOCK_BOOTTIME:
	case UAPI_CLOCK_BOOTTIME_ALARM:
		*ns_out = clock_monotonic_ns();
		return 0;
	default:
		break;
	}
	if (!clock_is_cpu(clock)) {
		return -EINVAL;
	}
	err = cpu_clock_get(clock, &cpu);
	if (err < 0) {
		return err;
	}
	*ns_out = cpu_clock_read(&cpu);
	cpu_clock_put(&cpu);
	return 0;
}

bool clock_is_wall(int clock)
{
	return clock == UAPI_CLOCK_REALTIME || clock == UAPI_CLOCK_TAI ||
	       clock == UAPI_CLOCK_REALTIME_ALARM;
}

bool clock_can_sleep(int clock)
{
	return clock_is_wall(clock) || clock == UAPI_CLOCK_MONOTONIC ||
	       clock == UAPI_CLOCK_BOOTTIME ||
	       clock == UAPI_CLOCK_BOOTTIME_ALARM;
}

static int sleep_until_monotonic(uint64_t ns)
{
	int err;

	do {
		thread_prepare_sleep(true);
		err = thread_sleep(ns);
	} while (err == 0);
	return err == -ETIMEDOUT ? 0 : err;
}

int clock_sleep_until(int clock, uint64_t ns)
{
	struct waiter waiter;
	int err = 0;

	if (!clock_is_wall(clock)) {
		return sleep_until_monotonic(ns);
	}
	waiter_init(&waiter, 0);
	wait_queue_add(clock_step_queue(), &waiter);
	while (err == 0 && clock_realtime_ns() < ns) {
		thread_prepare_sleep(true);
		err = thread_sleep(deadline_of_realtime(ns));
		err = err == -ETIMEDOUT ? 0 : err;
	}
	wait_queue_remove(clock_step_queue(), &waiter);
	return err;
}

void clock_step(uint64_t realtime_ns)
{
	clock_set_realtime_ns(realtime_ns);
	futex_clock_stepped();
	timers_clock_stepped();
}
