/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Torture: several CPUs at one thing at once.  Bounded by iterations, never by
 * time; what is looked at is that nothing is lost, mixed up or stuck.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "abi_test.h"

/* Run fn(number) in `count` threads, to their end. */
void together(int count, void (*fn)(long));

/* A process of its own: fn(arg) there, then exit 0; failed checks end it with
 * another status, which fails the check that waits. */
pid_t in_child(void (*fn)(long), long arg);
void wait_well(pid_t child);  /* it ended with 0 */
int wait_status(pid_t child); /* how it ended */

/* The others run; not sched_yield(), which waits for every process of a loaded
 * machine. */
static inline void let_others(void)
{
	struct timespec t = {.tv_nsec = 1000};
	nanosleep(&t, NULL);
}

/* Numbers without a pattern, one state for each thread. */
static inline uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
