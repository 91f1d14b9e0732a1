/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * A CPU with nothing to run: steal, poll briefly, halt.
 *
 * While it polls, a wake-up for this CPU is one write: the work bit of the
 * idle thread.  How long it polls adapts: it grows while wake-ups come soon
 * after the CPU has halted, and shrinks while they do not, so a quiet guest
 * costs its host nothing.  With one CPU only interrupts wake, and halting
 * sees those at once: no polling.
 *
 * No wake-up is lost at the halt: the state becomes HALTED by an exchange
 * before the work bit is looked at for the last time, with interrupts
 * disabled; a waker sets the bit, then reads the state (sched_resched()).
 */
#include <sched/sched.h>

#include <arch/cpu.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <sync/rcu.h>
#include <time/clock.h>

#include "internal.h"

#define POLL_MIN_NS 10000ull
#define POLL_MAX_NS 200000ull

static bool has_work(const struct thread *idle)
{
	return __atomic_load_n(&idle->work, __ATOMIC_SEQ_CST) != 0;
}

static void set_state(struct runqueue *rq, enum idle_state state)
{
	__atomic_exchange_n(&rq->idle_state, state, __ATOMIC_SEQ_CST);
}

/* True when work came while polling. */
static bool poll(struct runqueue *rq, uint64_t until_ns)
{
	while (!has_work(rq->idle)) {
		if (clock_monotonic_ns() >= until_ns) {
			return false;
		}
		cpu_relax();
	}
	return true;
}

static void halt(struct runqueue *rq)
{
	set_state(rq, IDLE_HALTED);
	for (;;) {
		cpu_irq_disable();
		if (has_work(rq->idle)) {
			break;
		}
		cpu_wait_irq();
	}
	cpu_irq_enable();
}

/* Called with what the whole idle stretch took, when the poll was in vain. */
static void adapt(struct runqueue *rq, uint64_t idle_ns)
{
	if (idle_ns > POLL_MAX_NS) {
		rq->poll_ns /= 2;
		if (rq->poll_ns < POLL_MIN_NS) {
			rq->poll_ns = 0;
		}
	} else if (rq->poll_ns < POLL_MIN_NS) {
		rq->poll_ns = POLL_MIN_NS;
	} else if (rq->poll_ns < POLL_MAX_NS) {
		rq->poll_ns *= 2;
	}
}

static bool is_alone(unsigned cpu)
{
	return cpumask_next(smp_online(), 0) == cpu &&
	       cpumask_next(smp_online(), cpu + 1) >= CONFIG_CPU_MAX;
}

static void idle_once(struct runqueue *rq)
{
	uint64_t start = clock_monotonic_ns();
	uint64_t poll_ns = is_alone(rq->cpu) ? 0 : rq->poll_ns;

	if (balance_pull(true)) {
		schedule();
		return;
	}
	balance_set_idle(rq->cpu, true);
	rcu_idle_enter();
	set_state(rq, IDLE_POLLING);
	if (!poll(rq, start + poll_ns)) {
		halt(rq);
		adapt(rq, clock_monotonic_ns() - start);
	}
	set_state(rq, IDLE_NOT);
	rcu_idle_exit();
	balance_set_idle(rq->cpu, false);
	schedule();
}

_Noreturn void sched_idle(void)
{
	struct runqueue *rq = runqueue_this();

	cpu_irq_enable();
	for (;;) {
		if (has_work(rq->idle)) {
			schedule();
		} else {
			idle_once(rq);
		}
	}
}
