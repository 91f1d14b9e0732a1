/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Who runs next on this CPU: the switch, and how a CPU is told to switch.
 *
 * schedule() takes the run queue's lock, decides, and keeps the lock across
 * context_switch(); the thread that runs then releases it in finish_switch().
 * So whoever holds the lock sees every thread but `current` off its stack.
 *
 * A CPU notices a due switch by THREAD_WORK_RESCHEDULE of its current thread:
 * application code on its way out of the kernel (an interrupt sends it
 * there), the idle loop by looking, kernel code in sched_relax().
 */
#include "internal.h"

#include <arch/frame.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <arch/trap.h>
#include <debug/panic.h>
#include <mm/address_space.h>
#include <sync/lockdep.h>
#include <sync/rcu.h>
#include <time/clock.h>

#include "reap.h"

PERCPU_DEFINE(struct thread *, thread_running);

void sched_resched(struct runqueue *rq)
{
	uint32_t old = __atomic_fetch_or(
		&rq->current->work, THREAD_WORK_RESCHEDULE, __ATOMIC_SEQ_CST);

	if ((old & THREAD_WORK_RESCHEDULE) != 0 || rq->cpu == cpu_id()) {
		return;
	}
	/* Pairs with the exchange in idle.c: either this CPU sees HALTED, or
	 * the idle loop sees the work bit before it halts. */
	if (__atomic_load_n(&rq->idle_state, __ATOMIC_SEQ_CST) !=
	    IDLE_POLLING) {
		smp_send_reschedule(rq->cpu);
	}
}

/*
 * A thread came into the queue: preempt, or see that slices end from now on.
 * rq->lock held; `over`: the current slice has just ended.
 */
static void react_to_newcomer(struct runqueue *rq, struct thread *thread,
			      bool over, uint64_t now_ns)
{
	if (over || runqueue_should_preempt(rq, thread)) {
		sched_resched(rq);
		return;
	}
	if (rq->cpu == cpu_id()) {
		runqueue_arm_slice(rq, now_ns);
	} else if (rq->runnable == 2) {
		smp_send_reschedule(rq->cpu); /* arms its slice */
	}
}

/*
 * Awake and in no queue.  rq->lock of thread->cpu held.  Else there is nothing
 * to place: the thread had not left its CPU, or another wake-up was quicker, or
 * ours is stale: its thread saw it before it slept, has gone on, and sleeps
 * again by now or is dead.
 */
static bool wants_place(const struct thread *thread)
{
	uint32_t state = __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);

	return !thread->sched.queued && !thread_state_is_sleep(state) &&
	       state != THREAD_DEAD;
}

/*
 * The caller has swapped the thread's state for an awake one, or has taken it
 * out of a queue.  Several may place one thread, since a caller can be late:
 * who holds the lock of thread->cpu decides.
 */
void sched_place(struct thread *thread, bool is_new)
{
	unsigned long irq;
	struct runqueue *rq = runqueue_lock_of(thread, &irq);
	unsigned target;
	unsigned idle_cpu;
	bool ask;
	uint64_t now;
	bool over;

	for (;;) {
		if (!wants_place(thread)) {
			runqueue_unlock(rq, irq);
			return;
		}
		target = balance_select_cpu(thread, is_new);
		if (target == rq->cpu) {
			break;
		}
		__atomic_store_n(&thread->cpu, target, __ATOMIC_RELAXED);
		spin_unlock(&rq->lock);
		rq = runqueue_of(target);
		spin_lock(&rq->lock);
		if (thread->cpu != target) {
			runqueue_unlock(rq, irq); /* another placer's */
			return;
		}
		if (wants_place(thread) &&
		    cpumask_has(&thread->affinity, target)) {
			break;
		}
	}
	now = clock_monotonic_ns();
	over = runqueue_charge(rq, now);
	runqueue_enqueue(rq, thread, now, false);
	react_to_newcomer(rq, thread, over, now);
	ask = is_new && target == cpu_id() && rq->runnable > 1 &&
	      balance_find_idle(thread, &idle_cpu);
	runqueue_unlock(rq, irq);
	if (ask) {
		sched_nudge(idle_cpu); /* it pulls what still waits then */
	}
}

/*
 * After the switch, on the stack of the new thread, interrupts disabled.
 * Once on_cpu is false and the lock free, `previous` belongs to whoever wakes
 * it, unless it is moving or dead: then it is ours.
 */
static void finish_switch(struct thread *previous)
{
	struct runqueue *rq = runqueue_this();
	bool moving = previous->sched.moving;
	bool dead = __atomic_load_n(&previous->state, __ATOMIC_RELAXED) ==
		    THREAD_DEAD;

	previous->sched.moving = false;
	__atomic_store_n(&previous->on_cpu, false, __ATOMIC_RELEASE);
	spin_unlock(&rq->lock);
	if (unlikely(moving)) {
		sched_place(previous, false);
	}
	if (unlikely(dead)) {
		thread_reap(previous);
	}
}

void sched_thread_started(struct thread *previous)
{
	finish_switch(previous);
}

/*
 * Restartable sequences: a thread that loses the CPU outside a system call
 * may be in one, and one that comes back on another CPU must be told its
 * number.  A sleep inside a system call is neither, so the usual switch costs
 * nothing.  thread_running is still prev.
 */
static void note_rseq(const struct runqueue *rq, struct thread *prev,
		      struct thread *next)
{
	if (prev->linux.rseq.area != 0 && !frame_in_syscall(frame_current())) {
		__atomic_fetch_or(&prev->work, THREAD_WORK_RSEQ,
				  __ATOMIC_RELAXED);
	}
	if (next->linux.rseq.area != 0 && next->linux.rseq.cpu != rq->cpu) {
		__atomic_fetch_or(&next->work, THREAD_WORK_RSEQ,
				  __ATOMIC_RELAXED);
	}
}

/* rq->lock held on entry; released by the next thread. */
static void switch_to(struct runqueue *rq, struct thread *prev,
		      struct thread *next, uint64_t now_ns) NO_THREAD_SAFETY
{
	rq->switches++;
	note_rseq(rq, prev, next);
	runqueue_set_current(rq, next, now_ns);
	runqueue_arm_slice(rq, now_ns);
	next->on_cpu = true;
	percpu(thread_running) = next;
	if (next->address_space != NULL &&
	    next->address_space != prev->address_space) {
		address_space_switch(next->address_space);
	}
	finish_switch(context_switch(prev, next));
}

/* Some online CPU is allowed, but not this one. */
static bool must_move(const struct runqueue *rq, const struct thread *thread)
{
	return unlikely(!cpumask_has(&thread->affinity, rq->cpu)) &&
	       balance_select_cpu(thread, false) != rq->cpu;
}

/* Takes the running thread out of the queue if it sleeps, ends or moves. */
static void settle_previous(struct runqueue *rq, struct thread *prev,
			    uint64_t now_ns)
{
	uint32_t state = __atomic_load_n(&prev->state, __ATOMIC_RELAXED);

	if (thread_state_is_sleep(state) || state == THREAD_DEAD) {
		runqueue_dequeue(rq, prev, now_ns);
		prev->sched.switches_voluntary++;
	} else if (must_move(rq, prev)) {
		runqueue_dequeue(rq, prev, now_ns);
		prev->sched.moving = true;
		prev->sched.switches_involuntary++;
	}
}

static void yield_current(struct runqueue *rq, struct thread *current)
{
	if (runqueue_is_realtime(current)) {
		realtime_move_to_tail(&rq->realtime, &current->sched);
	} else {
		fair_yield(&rq->fair);
	}
}

static void pick_and_switch(bool yield) NO_THREAD_SAFETY
{
	unsigned long irq = cpu_irq_save();
	struct runqueue *rq = runqueue_this();
	struct thread *prev = percpu(thread_running);
	uint64_t now = clock_monotonic_ns();
	struct thread *next;

	lockdep_assert_none_held();
	rcu_quiescent();
	spin_lock(&rq->lock);
	if (__atomic_load_n(&prev->work, __ATOMIC_RELAXED) &
	    THREAD_WORK_RESCHEDULE) {
		__atomic_fetch_and(&prev->work, ~THREAD_WORK_RESCHEDULE,
				   __ATOMIC_SEQ_CST);
	}
	runqueue_charge(rq, now);
	if (prev != rq->idle) {
		if (yield) {
			yield_current(rq, prev);
		}
		settle_previous(rq, prev, now);
	}
	next = runqueue_pick(rq);
	if (next == prev) {
		runqueue_arm_slice(rq, now);
		spin_unlock(&rq->lock);
	} else {
		if (prev->sched.queued) {
			prev->sched.switches_involuntary++;
		}
		switch_to(rq, prev, next, now);
	}
	cpu_irq_restore(irq);
}

void schedule(void)
{
	pick_and_switch(false);
}

void sched_yield(void)
{
	pick_and_switch(true);
}

void sched_relax(void)
{
	if (unlikely(
		    __atomic_load_n(&thread_current()->work, __ATOMIC_RELAXED) &
		    THREAD_WORK_RESCHEDULE)) {
		schedule();
	}
}

void sched_nudge(unsigned cpu)
{
	struct runqueue *rq = runqueue_of(cpu);
	unsigned long irq = spin_lock_irqsave(&rq->lock);

	sched_resched(rq);
	spin_unlock_irqrestore(&rq->lock, irq);
}

/* Another CPU put a thread into this queue, or set work of the current one. */
void sched_ipi(void)
{
	struct runqueue *rq = runqueue_this();
	uint64_t now = clock_monotonic_ns();

	spin_lock(&rq->lock);
	if (rq->current != rq->idle) {
		if (runqueue_charge(rq, now)) {
			sched_resched(rq);
		}
		runqueue_arm_slice(rq, now);
	}
	spin_unlock(&rq->lock);
}

/* Interrupt context: was it the application that was interrupted? */
static bool interrupted_app(void)
{
	const struct trapframe *frame = frame_current();

	return frame != NULL && !frame_in_syscall(frame);
}

void sched_tick(uint64_t now_ns)
{
	struct runqueue *rq = runqueue_this();

	spin_lock(&rq->lock);
	if (rq->current != rq->idle) {
		bool over = runqueue_charge(rq, now_ns);

		if (now_ns >= rq->sample_next_ns) {
			load_sample(rq, now_ns, interrupted_app());
		}
		if (over && rq->runnable > 1) {
			sched_resched(rq);
		}
		runqueue_arm_slice(rq, now_ns);
	}
	spin_unlock(&rq->lock);
	load_update(now_ns);
	if (rq->current != rq->idle) {
		balance_pull(false);
	}
}
