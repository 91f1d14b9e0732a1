/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Threads: one per Linux thread, plus the kernel's own.
 *
 * Life: thread_create() -> NEW; thread_start() -> RUNNABLE; the scheduler
 * picks it -> RUNNING; thread_prepare_sleep() + thread_sleep() -> SLEEPING;
 * thread_wake() -> RUNNABLE; thread_exit() -> DEAD; the stack and the struct
 * go when the last reference is put.
 *
 *	NEW -> RUNNING -> DEAD
 *	        |   ^
 *	        v   |
 *	 SLEEPING  RUNNABLE, INTERRUPTED, TIMED_OUT
 *	        |   ^
 *	        +---+  whoever swaps the state ends the sleep
 *
 * The three awake states say why the sleep ended; thread_sleep() turns them
 * into RUNNING.  Whether an awake thread has a CPU at the moment is no state:
 * on_cpu tells.
 *
 * Kernel code is never preempted: a thread in the kernel runs until it sleeps
 * or returns to the application.
 *
 * Key: [I] immutable, [t] the thread itself, [q] run queue lock of its CPU,
 * [a] atomic, [p] process->lock.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/context.h>
#include <arch/percpu.h>
#include <lib/list.h>
#include <lib/refcount.h>
#include <mm/fail_alloc.h>
#include <process/thread_state.h>
#include <sched/cpumask.h>
#include <sched/entity.h>
#include <sync/lockdep.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>

#define PID_MAX		  32768
#define THREAD_NAME_SIZE  16
#define THREAD_STACK_SIZE (16 * 1024)

enum thread_state {
	THREAD_NEW,
	THREAD_RUNNABLE,	       /* woken, not yet out of its sleep */
	THREAD_RUNNING,		       /* awake: on a CPU or in a run queue */
	THREAD_SLEEPING,	       /* only a wake-up ends it */
	THREAD_SLEEPING_INTERRUPTIBLE, /* a signal too */
	THREAD_DEAD,
	THREAD_INTERRUPTED, /* like RUNNABLE, by a signal */
	THREAD_TIMED_OUT,   /* like RUNNABLE, by the deadline */
};

/* Bits of thread->work: something to do before returning to the application.
 * Set from any CPU with thread_add_work(). */
#define THREAD_WORK_RESCHEDULE	 (1u << 0)
#define THREAD_WORK_SIGNAL	 (1u << 1) /* look for a deliverable signal */
#define THREAD_WORK_EXIT	 (1u << 2) /* the process is going: exit now */
#define THREAD_WORK_RSEQ	 (1u << 3) /* was preempted or moved */
#define THREAD_WORK_RESTORE_MASK (1u << 4) /* sigsuspend's old mask is back */
#define THREAD_WORK_TIMER	 (1u << 5) /* CPU-time timers to check */

struct process;
struct address_space;

struct thread {
	struct arch_thread
		arch;	/* [t] first: the entry code knows its offset */
	uint32_t work;	/* [a] THREAD_WORK_* */
	uint32_t state; /* [a] enum thread_state; see thread.c */
	uint32_t cpu;	/* [q] where it runs or ran last */
	bool on_cpu;	/* [a] its stack is in use */
	bool kernel;	/* [I] never returns to an application */
	void *stack;	/* [I] lowest address of the kernel stack */
	struct sched_entity sched; /* [q] */
	struct cpumask affinity;   /* [q] */
	struct refcount refs;
	int tid;		     /* [I] but for thread_exchange_ids() */
	char name[THREAD_NAME_SIZE]; /* [t] comm; read racily by /proc */
	struct process *process;     /* [I] NULL for kernel threads */
	struct address_space *address_space; /* [t] NULL: borrow the last one */
	struct list_node process_link;	     /* [p] in process->threads */
	struct list_node all_link;	     /* thread table */
	struct rcu_head rcu;
	struct thread_state_linux linux; /* signals, futexes, ids: see header */
	uint64_t wait_channel; /* [t] return address of the sleep, /proc */
	void (*kernel_func)(void *);   /* [I] of kernel threads */
	void *kernel_arg;	       /* [I] */
	struct lockdep_thread lockdep; /* [t] sleeping locks held */
	struct fail_alloc fail_alloc;
};

/* The thread that runs on this CPU; NULL before sched_init(). */
PERCPU_DECLARE(struct thread *, thread_running);

static inline struct thread *thread_current(void)
{
	return percpu(thread_running);
}

/*
 * Creates a kernel thread that runs func(arg) when started; one reference for
 * the caller.  Returns 0, -ENOMEM or -EAGAIN (thread limit).  May sleep.
 */
int thread_create_kernel(const char *name, void (*func)(void *), void *arg,
			 struct thread **thread_out);

/*
 * Allocates a thread with stack and tid for `process`, in state NEW, context
 * not prepared (context_init_app() does).  One reference for the caller; put
 * before thread_start(), it frees the thread.  Name, affinity and scheduling
 * parameters are those of the current thread.  Same errors.
 */
int thread_create(struct process *process, struct thread **thread_out);

/* NEW -> RUNNING. The thread holds one reference to itself until it exits. */
void thread_start(struct thread *thread);

/* Ends the current thread; its stack is freed by the next one on this CPU. */
_Noreturn void thread_exit(void);

void thread_get(struct thread *thread);
void thread_put(struct thread *thread);

/*
 * Sleeping.  thread_prepare_sleep() announces it (full barrier), the caller
 * tests its condition, thread_sleep() switches away unless woken in between.
 * deadline_ns is monotonic, WAIT_FOREVER for none.  Returns 0 when woken,
 * -ETIMEDOUT, or -EINTR when interruptible and a signal is pending.
 */
void thread_prepare_sleep(bool interruptible);
int thread_sleep(uint64_t deadline_ns);
void thread_cancel_sleep(void);

/* Wakes a sleeping thread; no effect on others.  Any context.  Returns true
 * when it was asleep. */
bool thread_wake(struct thread *thread);

/* Ends an interruptible sleep only (signals). */
bool thread_wake_interruptible(struct thread *thread);

/* Sets work bits and makes a thread that runs application code notice. */
void thread_add_work(struct thread *thread, uint32_t bits);

/* Sleeps at least that long; not interruptible. */
void thread_sleep_ns(uint64_t duration_ns);

/* Finds by tid; returns referenced, or NULL. */
struct thread *thread_find(int tid);

/* Ids for threads and processes alike: unique, 1 .. PID_MAX - 1. */
int thread_id_alloc(void); /* or -EAGAIN */
void thread_id_free(int id);

/* Id 1 is kept until this call: the next one to be given out, to the first
 * program. */
void thread_id_offer_first(void);

/* The current thread takes over the id of a dead one, which gets its own: exec
 * by another thread than the leader. */
void thread_exchange_ids(struct thread *a, struct thread *b);

/*
 * True when a signal should end an interruptible sleep of this thread: one of
 * the work bits SIGNAL and EXIT is set.  So the signal code keeps the bit
 * SIGNAL in step with "a deliverable signal is pending".
 */
bool thread_has_signal(const struct thread *thread);
