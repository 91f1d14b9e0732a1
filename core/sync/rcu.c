/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Read sections without locks.
 *
 * 1. Epochs.  rcu_epoch counts grace periods begun.  Each CPU copies it at
 *    every switch, where it cannot be in a read section.  A CPU whose copy is
 *    not older than the epoch begun after an object was unlinked has passed.
 * 2. Idle CPUs pass by their idle flag; a read section of an interrupt that
 *    came meanwhile raises `nested` first (full barrier).  The thread that
 *    waits reads them after a full barrier of its own, so either it sees the
 *    section, or the section sees that the object is gone.
 * 3. CPUs that run application code without a pause are nudged through the
 *    scheduler after a while.
 * 4. Callbacks collect in a list per CPU (any context pushes, lock-free); one
 *    kernel thread takes all lists, waits for a grace period and runs them.
 *    A timer wakes it 50 ms after the first callback; BATCH_MAX callbacks on
 *    one CPU, or somebody who waits, do so earlier.
 */
#include <sync/rcu.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <init/hooks.h>
#include <lib/compiler.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <sync/lockdep.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <time/timer.h>

#define BATCH_NS     (50 * NSEC_PER_MSEC)
#define BATCH_MAX    512
#define POLL_NS	     (NSEC_PER_MSEC / 4)
#define NUDGE_ROUNDS 8 /* polls before running CPUs are interrupted */

PERCPU_DEFINE(struct rcu_cpu, rcu_cpu);
static uint64_t rcu_epoch = 1;	  /* [a] */
static bool callbacks_waiting;	  /* [a] the timer is armed, or was */
static bool batch_due;		  /* [a] the thread has work */
static uint32_t hurry_count;	  /* [a] callers of rcu_synchronize() */
static struct thread *rcu_thread; /* [I] once created */
static bool thread_started;	  /* [a] at its first work */
static struct timer batch_timer;  /* armed by whom sets callbacks_waiting */

void rcu_cpu_init(void)
{
	percpu(rcu_cpu) = (struct rcu_cpu){0};
}

void rcu_quiescent(void)
{
	struct rcu_cpu *cpu = &percpu(rcu_cpu);
	uint64_t epoch = __atomic_load_n(&rcu_epoch, __ATOMIC_ACQUIRE);

	if (cpu->seen != epoch) {
		__atomic_store_n(&cpu->seen, epoch, __ATOMIC_RELEASE);
	}
}

void rcu_idle_enter(void)
{
	__atomic_store_n(&percpu(rcu_cpu).idle, 1, __ATOMIC_RELEASE);
}

void rcu_idle_exit(void)
{
	/* Read sections come after this store for everybody: (2). */
	__atomic_exchange_n(&percpu(rcu_cpu).idle, 0, __ATOMIC_SEQ_CST);
}

/* The thread tests batch_due before it sleeps. */
static void wake_worker(void)
{
	struct thread *thread = __atomic_load_n(&rcu_thread, __ATOMIC_ACQUIRE);

	__atomic_store_n(&batch_due, true, __ATOMIC_SEQ_CST);
	if (thread == NULL) {
		return;
	}
	if (__atomic_load_n(&thread_started, __ATOMIC_RELAXED) ||
	    __atomic_exchange_n(&thread_started, true, __ATOMIC_ACQ_REL)) {
		thread_wake(thread);
	} else {
		thread_start(thread);
	}
}

/* Before rcu_start() nothing is armed: it looks for itself. */
static void arm_batch_timer(void)
{
	if (__atomic_load_n(&rcu_thread, __ATOMIC_ACQUIRE) != NULL) {
		timer_arm(&batch_timer, clock_monotonic_ns() + BATCH_NS);
	}
}

static void batch_is_old(struct timer *timer)
{
	(void)timer;
	wake_worker();
}

void rcu_call(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	unsigned long irq = cpu_irq_save();
	struct rcu_cpu *cpu = &percpu(rcu_cpu);

	head->func = func;
	head->next = __atomic_load_n(&cpu->pending, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&cpu->pending, &head->next, head,
					    true, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED)) {
	}
	if (!__atomic_load_n(&callbacks_waiting, __ATOMIC_SEQ_CST) &&
	    !__atomic_exchange_n(&callbacks_waiting, true, __ATOMIC_SEQ_CST)) {
		arm_batch_timer();
	}
	if (__atomic_add_fetch(&cpu->count, 1, __ATOMIC_RELAXED) == BATCH_MAX) {
		wake_worker();
	}
	cpu_irq_restore(irq);
}

/* True when the CPU cannot be in a read section that began before `epoch`. */
static bool has_passed(unsigned cpu, uint64_t epoch)
{
	struct rcu_cpu *state = &percpu_of(rcu_cpu, cpu);

	if (__atomic_load_n(&state->seen, __ATOMIC_ACQUIRE) >= epoch) {
		return true;
	}
	return __atomic_load_n(&state->idle, __ATOMIC_SEQ_CST) != 0 &&
	       __atomic_load_n(&state->nested, __ATOMIC_SEQ_CST) == 0;
}

static bool is_urgent(void)
{
	return __atomic_load_n(&hurry_count, __ATOMIC_SEQ_CST) != 0;
}

static void wait_for_cpu(unsigned cpu, uint64_t epoch)
{
	for (unsigned round = 0; !has_passed(cpu, epoch); round++) {
		if (is_urgent() || round % NUDGE_ROUNDS == NUDGE_ROUNDS - 1) {
			sched_nudge(cpu);
		}
		thread_sleep_ns(POLL_NS);
	}
}

/* Thread context outside of read sections, so this CPU passes by itself. */
static void wait_for_readers(void)
{
	uint64_t epoch = __atomic_add_fetch(&rcu_epoch, 1, __ATOMIC_SEQ_CST);
	const struct cpumask *online = smp_online();

	__atomic_store_n(&percpu(rcu_cpu).seen, epoch, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned cpu = cpumask_next(online, 0); cpu < CONFIG_CPU_MAX;
	     cpu = cpumask_next(online, cpu + 1)) {
		wait_for_cpu(cpu, epoch);
	}
}

static void run_list(struct rcu_head *head)
{
	while (head != NULL) {
		struct rcu_head *next = head->next;

		head->func(head);
		head = next;
		sched_relax();
	}
}

static void run_batch(void)
{
	struct rcu_head *all = NULL;

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		struct rcu_head *list;

		__atomic_store_n(&percpu_of(rcu_cpu, cpu).count, 0,
				 __ATOMIC_RELAXED);
		list = __atomic_exchange_n(&percpu_of(rcu_cpu, cpu).pending,
					   NULL, __ATOMIC_SEQ_CST);

		while (list != NULL) {
			struct rcu_head *next = list->next;

			list->next = all;
			all = list;
			list = next;
		}
	}
	if (all != NULL) {
		wait_for_readers();
		run_list(all);
	}
}

/*
 * Sleeps until a batch is due.  Both flags are cleared before the lists are
 * taken: a callback that comes later arms the timer again.
 */
static void wait_for_batch(void)
{
	for (;;) {
		thread_prepare_sleep(false);
		if (__atomic_load_n(&batch_due, __ATOMIC_SEQ_CST)) {
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	thread_cancel_sleep();
	__atomic_store_n(&batch_due, false, __ATOMIC_SEQ_CST);
	__atomic_store_n(&callbacks_waiting, false, __ATOMIC_SEQ_CST);
}

static void worker(void *arg)
{
	(void)arg;
	for (;;) {
		wait_for_batch();
		run_batch();
	}
}

struct synchronizer {
	struct rcu_head head;
	struct thread *thread;
	bool done; /* [a] */
};

static void synchronized(struct rcu_head *head)
{
	struct synchronizer *sync =
		container_of(head, struct synchronizer, head);
	struct thread *thread = sync->thread;

	thread_get(thread); /* the frame of `sync` goes with the store */
	__atomic_store_n(&sync->done, true, __ATOMIC_SEQ_CST);
	thread_wake(thread);
	thread_put(thread);
}

void rcu_synchronize(void)
{
	struct synchronizer sync = {.thread = thread_current()};

	lockdep_assert_can_sleep();
	__atomic_fetch_add(&hurry_count, 1, __ATOMIC_SEQ_CST);
	rcu_call(&sync.head, synchronized);
	wake_worker();
	for (;;) {
		/* Woken by synchronized(), which sets done first. */
		thread_prepare_sleep(false);
		if (__atomic_load_n(&sync.done, __ATOMIC_SEQ_CST)) {
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	thread_cancel_sleep();
	__atomic_fetch_sub(&hurry_count, 1, __ATOMIC_SEQ_CST);
}

static int rcu_start(void)
{
	struct thread *thread;
	int err = thread_create_kernel("rcu", worker, NULL, &thread);

	if (err < 0) {
		return err;
	}
	timer_init(&batch_timer, batch_is_old);
	/* The reference is kept: the thread never ends. */
	__atomic_store_n(&rcu_thread, thread, __ATOMIC_RELEASE);
	if (__atomic_load_n(&callbacks_waiting, __ATOMIC_SEQ_CST)) {
		arm_batch_timer();
	}
	return 0;
}

INIT_HOOK(rcu, rcu_start, INIT_CORE);
