/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The run queue of a CPU and what the files of this room share.
 *
 * Key: [l] the run queue's lock, [I] immutable, [a] atomic, [c] its CPU with
 * interrupts disabled.
 */
#include <stdbool.h>
#include <stdint.h>

#include <arch/percpu.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <sync/annotations.h>
#include <sync/spinlock.h>

#include "fair.h"
#include "realtime.h"

/* What a CPU that has nothing to run does; see idle.c. */
enum idle_state {
	IDLE_NOT,
	IDLE_POLLING, /* sees a work bit of its idle thread by itself */
	IDLE_HALTED,  /* must be interrupted */
};

/* Sampled halves of an exact sum, and what was answered last. */
struct time_split {
	uint64_t sampled_user_ns;
	uint64_t sampled_system_ns;
	uint64_t shown_user_ns;
	uint64_t shown_system_ns;
};

struct runqueue {
	struct spinlock lock;
	uint32_t idle_state;		/* [a] enum idle_state */
	unsigned cpu;			/* [I] */
	unsigned runnable;		/* [l] queued threads; read racily */
	struct thread *current;		/* [l] */
	struct thread *idle;		/* [I] */
	struct fair_queue fair;		/* [l] */
	struct realtime_queue realtime; /* [l] */
	uint64_t realtime_used_ns;	/* [l] see runqueue_pick() */
	bool fair_turn;			/* [l] */
	uint64_t sample_last_ns;	/* [l] */
	uint64_t sample_next_ns;	/* [l] */
	uint64_t sample_interval_ns;	/* [l] */
	struct thread *sample_thread;	/* [l] compared only */
	uint64_t poll_ns;		/* [c] how long idle polls */
	uint64_t busy_ns;		/* [l] */
	uint64_t idle_ns;		/* [l] */
	uint64_t sampled_nice_ns;	/* [l] */
	uint64_t shown_nice_ns;		/* [l] */
	struct time_split split;	/* [l] of busy_ns */
	uint64_t switches;		/* [l] */
};

PERCPU_DECLARE(struct runqueue, runqueue);

/* runqueue.c: all with the lock held unless named otherwise. */
void runqueue_init(struct runqueue *rq, unsigned cpu, struct thread *idle);
void runqueue_enqueue(struct runqueue *rq, struct thread *thread,
		      uint64_t now_ns, bool to_head);
void runqueue_dequeue(struct runqueue *rq, struct thread *thread,
		      uint64_t now_ns);
/* Charges the running thread; true when its slice is over. */
bool runqueue_charge(struct runqueue *rq, uint64_t now_ns);
struct thread *runqueue_pick(struct runqueue *rq);
/* Makes next, which runqueue_pick() returned, the current thread. */
void runqueue_set_current(struct runqueue *rq, struct thread *next,
			  uint64_t now_ns);
bool runqueue_should_preempt(const struct runqueue *rq,
			     const struct thread *thread);
/* This CPU's queue only: arms the slice event for the current thread. */
void runqueue_arm_slice(struct runqueue *rq, uint64_t now_ns);
/* Locks the queue of the thread's CPU; irq state through *irq_out. */
struct runqueue *runqueue_lock_of(struct thread *thread,
				  unsigned long *irq_out) NO_THREAD_SAFETY;
void runqueue_unlock(struct runqueue *rq, unsigned long irq) NO_THREAD_SAFETY;

static inline struct runqueue *runqueue_this(void)
{
	return &percpu(runqueue);
}

static inline struct runqueue *runqueue_of(unsigned cpu)
{
	return &percpu_of(runqueue, cpu);
}

static inline bool runqueue_is_realtime(const struct thread *thread)
{
	return thread->sched.priority < SCHED_PRIORITY_FAIR;
}

static inline bool thread_state_is_sleep(uint32_t state)
{
	return state == THREAD_SLEEPING ||
	       state == THREAD_SLEEPING_INTERRUPTIBLE;
}

/* switch.c: makes the CPU of rq look at its queue; lock held. */
void sched_resched(struct runqueue *rq);
/* Queues an awake thread that is in no queue on the best CPU.  No lock. */
void sched_place(struct thread *thread, bool is_new);

/* thread.c, once, before the first thread_create(). */
void thread_init(void);

/* params.c: derives priority and weight; the thread is in no queue. */
void sched_entity_init(struct thread *thread, const struct thread *parent);

/* balance.c: interrupts disabled. */
unsigned balance_select_cpu(const struct thread *thread, bool is_new);
/* An idle CPU that the thread may use, if there is one. */
bool balance_find_idle(const struct thread *thread, unsigned *cpu_out);
/* Pulls one thread from a busier CPU to this one; true when it did. */
bool balance_pull(bool idle);
void balance_set_idle(unsigned cpu, bool idle);

/* load.c: samples the current thread; lock held, interrupt context. */
void load_sample(struct runqueue *rq, uint64_t now_ns, bool in_app);
void load_update(uint64_t now_ns);
/* Splits an exact sum; see load.c. */
void load_split(struct time_split *split, uint64_t total_ns);
