/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Allocations that fail on demand (CONFIG_FAIL_ALLOC, --fail-alloc=N).
 *
 * Kernel code must go on when memory is short, and that hardly happens by
 * itself.  With --fail-alloc=N every Nth allocation of frames and slab objects
 * fails that a thread makes in a system call; with 0 none does but those that a
 * program asks for in /proc/self/fail-nth, Linux's interface: after "5" has
 * been written the fifth allocation of this thread fails, once; what is read
 * is how many are left, 0 when it has failed.
 *
 * Page faults and interrupts are spared, also in a system call: a program
 * cannot handle their failure.  So are allocations from the emergency reserve.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <generated/config.h>

/* In each thread: [t] but for `left`, [a]. */
struct fail_alloc {
	bool armed;	/* in a system call */
	uint32_t left;	/* asked for by the program; 0: nothing */
	uint32_t count; /* allocations so far */
};

/* --fail-alloc was given. */
bool fail_alloc_is_on(void);

/* Called for each allocation: true: it has to fail.  Any context. */
bool fail_alloc_now(void);

/* Around system calls: what follows may fail. */
void fail_alloc_arm(void);
void fail_alloc_disarm(void);

static inline bool fail_alloc(void)
{
	return CONFIG_FAIL_ALLOC && fail_alloc_now();
}

/* Around page faults and interrupts: what was armed, for the resume. */
bool fail_alloc_suspend_now(void);
void fail_alloc_resume_now(bool armed);

static inline bool fail_alloc_suspend(void)
{
	return CONFIG_FAIL_ALLOC && fail_alloc_suspend_now();
}

static inline void fail_alloc_resume(bool armed)
{
	if (CONFIG_FAIL_ALLOC) {
		fail_alloc_resume_now(armed);
	}
}
