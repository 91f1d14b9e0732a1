/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Clocks of the kernel, in nanoseconds.  Any context, no locks.
 */
#include <stdint.h>

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull

/* Reads the wall clock of the platform; call once after arch_time_init(). */
void clock_init(void);

uint64_t clock_monotonic_ns(void); /* since boot; never steps back */
uint64_t clock_realtime_ns(void);  /* since 1970 */

/* Steps the wall clock (clock_settime, settimeofday); timers on
 * CLOCK_REALTIME are told.  Thread context. */
void clock_set_realtime_ns(uint64_t ns);

/* realtime = monotonic + offset */
uint64_t clock_realtime_offset_ns(void);

/* Queue that is woken when the wall clock is stepped. */
struct wait_queue *clock_step_queue(void);
