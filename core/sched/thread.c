/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Threads: creation, sleep, wake-up, end.
 *
 * Sleep and wake-up.  thread_prepare_sleep() stores a sleep state (full
 * barrier), the caller tests its condition, thread_sleep() calls schedule().
 * A waker makes the condition true, then swaps the sleep state for an awake
 * one (full barrier).  Of all who try, exactly one wins the swap, and only the
 * winner places the thread.  No wake-up is lost: if the waker's swap comes
 * before the sleeper's store, the sleeper's test sees the condition; if it
 * comes after but before schedule() has the run queue's lock, schedule() sees
 * the awake state and keeps the thread; if later, the thread is in no queue
 * and the winner queues it.
 *
 * References: the creator's, the thread's own (from thread_start() until it
 * is off its stack for good), and those of lookups.  The struct is freed after
 * an RCU grace period, so a pointer found in a read section may be looked at.
 */
#include <sched/thread.h>

#include <arch/smp.h>
#include <arch/time.h>
#include <debug/panic.h>
#include <lib/string.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <process/process.h>
#include <sync/lockdep.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <time/timer.h>
#include <uapi/errno.h>

#include "internal.h"
#include "reap.h"
#include "thread_table.h"

#define TIMER_SLACK_NS 50000ull

static struct slab_cache *thread_cache;
static uint64_t created_count; /* [a] */

void thread_init(void)
{
	thread_cache = slab_cache_create("thread", sizeof(struct thread), 64);
	VERIFY(thread_cache != NULL);
}

uint64_t sched_forks(void)
{
	return __atomic_load_n(&created_count, __ATOMIC_RELAXED);
}

static void copy_name(char *dst, const char *src)
{
	size_t length = strnlen(src, THREAD_NAME_SIZE - 1);

	memcpy(dst, src, length);
	memset(dst + length, 0, THREAD_NAME_SIZE - length);
}

static int allocate_thread(const char *name, struct thread **thread_out)
{
	const struct thread *parent = thread_current();
	struct thread *thread = slab_alloc(thread_cache, SLAB_ZERO);
	int err;

	if (thread == NULL) {
		return -ENOMEM;
	}
	thread->stack = kstack_alloc();
	if (thread->stack == NULL) {
		err = -ENOMEM;
		goto free_thread;
	}
	err = thread_id_alloc();
	if (err < 0) {
		goto free_stack;
	}
	thread->tid = err;
	err = thread_table_add(thread);
	if (err < 0) {
		goto free_id;
	}
	thread->state = THREAD_NEW;
	refcount_init(&thread->refs);
	copy_name(thread->name, name);
	sched_entity_init(thread, parent);
	thread->linux.timer_slack_ns = TIMER_SLACK_NS;
	__atomic_fetch_add(&created_count, 1, __ATOMIC_RELAXED);
	*thread_out = thread;
	return 0;

free_id:
	thread_id_free(thread->tid);
free_stack:
	kstack_free(thread->stack);
free_thread:
	slab_free(thread_cache, thread);
	return err;
}

int thread_create(struct process *process, struct thread **thread_out)
{
	struct thread *thread;
	int err = allocate_thread(thread_current()->name, &thread);

	if (err < 0) {
		return err;
	}
	thread->process = process;
	if (thread_current()->process != NULL) {
		thread->linux.timer_slack_ns =
			thread_current()->linux.timer_slack_ns;
	}
	*thread_out = thread;
	return 0;
}

static void kernel_thread_main(void *arg)
{
	struct thread *thread = arg;

	thread->kernel_func(thread->kernel_arg);
	thread_exit();
}

int thread_create_kernel(const char *name, void (*func)(void *), void *arg,
			 struct thread **thread_out)
{
	struct thread *thread;
	int err = allocate_thread(name, &thread);

	if (err < 0) {
		return err;
	}
	thread->kernel = true;
	thread->kernel_func = func;
	thread->kernel_arg = arg;
	context_init_kernel(thread, kernel_thread_main, thread);
	*thread_out = thread;
	return 0;
}

void thread_start(struct thread *thread)
{
	thread_get(thread);
	__atomic_store_n(&thread->state, THREAD_RUNNING, __ATOMIC_RELEASE);
	sched_place(thread, true);
}

void thread_get(struct thread *thread)
{
	refcount_get(&thread->refs);
}

static void free_thread(struct rcu_head *head)
{
	slab_free(thread_cache, container_of(head, struct thread, rcu));
}

static void free_stack(struct thread *thread)
{
	context_free(thread);
	kstack_free(thread->stack);
	thread->stack = NULL;
}

void thread_put(struct thread *thread)
{
	if (!refcount_put(&thread->refs)) {
		return;
	}
	if (thread->stack != NULL) {
		free_stack(thread); /* never started */
	}
	thread_table_remove(thread);
	thread_id_free(thread->tid);
	rcu_call(&thread->rcu, free_thread);
}

void thread_reap(struct thread *thread)
{
	free_stack(thread);
	thread_put(thread);
}

_Noreturn void thread_exit(void)
{
	struct thread *thread = thread_current();

	lockdep_assert_can_sleep();
	context_leave();
	cpu_irq_disable();
	__atomic_store_n(&thread->state, THREAD_DEAD, __ATOMIC_SEQ_CST);
	schedule(); /* finish_switch() of the next thread reaps this one */
	panic("dead thread %d runs", thread->tid);
}

struct thread *thread_find(int tid)
{
	struct thread *thread;

	rcu_read_lock();
	thread = thread_table_lookup(tid);
	if (thread != NULL && !refcount_try_get(&thread->refs)) {
		thread = NULL;
	}
	rcu_read_unlock();
	return thread;
}

bool thread_has_signal(const struct thread *thread)
{
	return (__atomic_load_n(&thread->work, __ATOMIC_RELAXED) &
		(THREAD_WORK_SIGNAL | THREAD_WORK_EXIT)) != 0;
}

void thread_prepare_sleep(bool interruptible)
{
	struct thread *thread = thread_current();

	thread->wait_channel = (uintptr_t)__builtin_return_address(0);
	/* Pairs with the swap in wake_from(). */
	__atomic_store_n(&thread->state,
			 interruptible ? THREAD_SLEEPING_INTERRUPTIBLE
				       : THREAD_SLEEPING,
			 __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void thread_cancel_sleep(void)
{
	__atomic_store_n(&thread_current()->state, THREAD_RUNNING,
			 __ATOMIC_RELAXED);
}

/* Swaps the given sleep state for an awake one; true for the winner. */
static bool wake_from(struct thread *thread, uint32_t sleep, uint32_t awake)
{
	return __atomic_compare_exchange_n(&thread->state, &sleep, awake, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool thread_wake(struct thread *thread)
{
	/* The state is either of two; it cannot change from one to the other
	 * without the thread running in between. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	switch (__atomic_load_n(&thread->state, __ATOMIC_RELAXED)) {
	case THREAD_SLEEPING:
		if (!wake_from(thread, THREAD_SLEEPING, THREAD_RUNNABLE)) {
			return false;
		}
		break;
	case THREAD_SLEEPING_INTERRUPTIBLE:
		if (!wake_from(thread, THREAD_SLEEPING_INTERRUPTIBLE,
			       THREAD_RUNNABLE)) {
			return false;
		}
		break;
	default:
		return false;
	}
	sched_place(thread, false);
	return true;
}

bool thread_wake_interruptible(struct thread *thread)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!wake_from(thread, THREAD_SLEEPING_INTERRUPTIBLE,
		       THREAD_INTERRUPTED)) {
		return false;
	}
	sched_place(thread, false);
	return true;
}

struct sleep_timer {
	struct timer timer;
	struct thread *thread;
};

/* Interrupt context; the sleeper's stack frame lives until cancel_sync. */
static void sleep_expired(struct timer *timer)
{
	struct thread *thread =
		container_of(timer, struct sleep_timer, timer)->thread;

	if (wake_from(thread, THREAD_SLEEPING, THREAD_TIMED_OUT) ||
	    wake_from(thread, THREAD_SLEEPING_INTERRUPTIBLE,
		      THREAD_TIMED_OUT)) {
		sched_place(thread, false);
	}
}

static void sleep_with_deadline(struct thread *thread, uint64_t deadline_ns)
{
	struct sleep_timer sleep = {.thread = thread};

	timer_init(&sleep.timer, sleep_expired);
	timer_arm(&sleep.timer, deadline_ns);
	schedule();
	timer_cancel_sync(&sleep.timer);
}

int thread_sleep(uint64_t deadline_ns)
{
	struct thread *thread = thread_current();
	uint32_t state;

	if (thread_has_signal(thread)) {
		/* Loses against a wake-up that came first. */
		wake_from(thread, THREAD_SLEEPING_INTERRUPTIBLE,
			  THREAD_INTERRUPTED);
	}
	if (deadline_ns == WAIT_FOREVER) {
		schedule();
	} else {
		sleep_with_deadline(thread, deadline_ns);
	}
	state = __atomic_load_n(&thread->state, __ATOMIC_RELAXED);
	__atomic_store_n(&thread->state, THREAD_RUNNING, __ATOMIC_RELAXED);
	thread->wait_channel = 0;
	if (state == THREAD_TIMED_OUT) {
		return -ETIMEDOUT;
	}
	return state == THREAD_INTERRUPTED ? -EINTR : 0;
}

void thread_sleep_ns(uint64_t duration_ns)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t deadline = duration_ns < UINT64_MAX - now - 1
				    ? now + duration_ns
				    : WAIT_FOREVER - 1;

	do {
		thread_prepare_sleep(false);
	} while (thread_sleep(deadline) == 0);
}

void thread_add_work(struct thread *thread, uint32_t bits)
{
	__atomic_fetch_or(&thread->work, bits, __ATOMIC_SEQ_CST);
	if (thread != thread_current() &&
	    __atomic_load_n(&thread->on_cpu, __ATOMIC_SEQ_CST)) {
		smp_send_reschedule(
			__atomic_load_n(&thread->cpu, __ATOMIC_RELAXED));
	}
}
