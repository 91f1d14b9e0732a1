/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Read sections without locks.
 *
 * Kernel code is not preempted, so a stretch of it that does not sleep is a
 * read section: rcu_read_lock() only tells the reader (and the checker).  An
 * object that was unlinked is freed by rcu_call() once every online CPU
 * has passed a switch, the idle loop, or application code.
 */
#include <stdint.h>

#include <arch/percpu.h>
#include <lib/compiler.h>
#include <lib/list.h>

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

struct rcu_cpu {		  /* core/sync/rcu.c */
	uint64_t seen;		  /* [a] epoch at the last switch */
	uint32_t idle;		  /* [a] in the idle loop's wait */
	uint32_t nested;	  /* [a] read sections of interrupts in it */
	struct rcu_head *pending; /* [a] */
	uint32_t count;		  /* [a] of them, about */
};

PERCPU_DECLARE(struct rcu_cpu, rcu_cpu);

/* May be nested.  Interrupt handlers must not leave them out: they may have
 * interrupted the idle loop. */
static inline void rcu_read_lock(void)
{
	struct rcu_cpu *cpu = &percpu(rcu_cpu);

	if (unlikely(cpu->idle != 0)) {
		__atomic_fetch_add(&cpu->nested, 1, __ATOMIC_SEQ_CST);
	}
	COMPILER_BARRIER();
}

static inline void rcu_read_unlock(void)
{
	struct rcu_cpu *cpu = &percpu(rcu_cpu);

	COMPILER_BARRIER();
	if (unlikely(cpu->idle != 0)) {
		__atomic_fetch_sub(&cpu->nested, 1, __ATOMIC_SEQ_CST);
	}
}

/* func runs in thread context later; any context may call.  Bounded by the
 * objects themselves: the head is embedded. */
void rcu_call(struct rcu_head *head, void (*func)(struct rcu_head *head));

/* Waits for a full grace period.  Sleeps. */
void rcu_synchronize(void);

/* Each CPU, before it enters the scheduler. */
void rcu_cpu_init(void);

/* Called by the scheduler at each switch, interrupts disabled. */
void rcu_quiescent(void);

/* Around the idle loop's wait: this CPU reads nothing but in interrupts. */
void rcu_idle_enter(void);
void rcu_idle_exit(void);
