/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * One-shot kernel timers, per CPU, ordered in a tree; tickless.
 *
 * The function runs in interrupt context on the CPU where the timer was armed,
 * without locks held, and may arm the timer again.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/rbtree.h>

struct timer {
	struct rbtree_node node;
	uint64_t deadline_ns; /* monotonic */
	void (*func)(struct timer *timer);
	uint32_t cpu;	/* where it is armed */
	uint32_t state; /* see timer.c */
};

void timer_init(struct timer *timer, void (*func)(struct timer *timer));

/* Arms, or moves when armed.  Any context.  A passed deadline fires soon. */
void timer_arm(struct timer *timer, uint64_t deadline_ns);

/*
 * Disarms.  Returns true when it was pending.  timer_cancel_sync() also waits
 * until a running function has returned (thread context, or a context the
 * function cannot interrupt; no lock held that the function takes).
 */
bool timer_cancel(struct timer *timer);
bool timer_cancel_sync(struct timer *timer);
bool timer_is_armed(const struct timer *timer);

/* Earliest deadline of this CPU, UINT64_MAX for none; irqs disabled. */
uint64_t timer_next(void);

/* The scheduler's slice end on this CPU; shares the event with the timers. */
void timer_set_slice(uint64_t deadline_ns);
