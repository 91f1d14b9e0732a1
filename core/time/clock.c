/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The clocks: monotonic is the architecture's counter, realtime is monotonic
 * plus one offset, which is the only state.  Stepping the wall clock changes
 * the offset, the vDSO's copy, and tells those who wait for absolute times.
 */
#include <time/clock.h>

#include <arch/time.h>
#include <sync/wait.h>

static uint64_t realtime_offset; /* [a] */
static struct wait_queue step_queue = WAIT_QUEUE_INIT(step_queue);

static void set_offset(uint64_t offset)
{
	__atomic_store_n(&realtime_offset, offset, __ATOMIC_RELEASE);
	arch_vdso_update(offset);
}

void clock_init(void)
{
	uint64_t wall = arch_time_wall_ns();

	set_offset(wall != 0 ? wall - arch_time_ns() : 0);
}

uint64_t clock_monotonic_ns(void)
{
	return arch_time_ns();
}

uint64_t clock_realtime_offset_ns(void)
{
	return __atomic_load_n(&realtime_offset, __ATOMIC_ACQUIRE);
}

uint64_t clock_realtime_ns(void)
{
	return arch_time_ns() + clock_realtime_offset_ns();
}

void clock_set_realtime_ns(uint64_t ns)
{
	set_offset(ns - arch_time_ns());
	wait_queue_wake_all(&step_queue);
}

struct wait_queue *clock_step_queue(void)
{
	return &step_queue;
}
