/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * One-shot timers: a tree per CPU and one hardware event.
 *
 * The event is armed lazily: only ever earlier.  A timer that goes away, or
 * a slice end that moves back, leaves it as it is; when it then fires with
 * nothing due it is set to the next deadline.  So threads that wake each
 * other, or sleep with timeouts that do not expire, seldom touch the hardware.
 *
 * Invariants:
 *  (1) timer->state says whether the timer is in the tree of timer->cpu;
 *      both change under that CPU's lock only.
 *  (2) base->running is the timer whose function runs on that CPU.  Such a
 *      timer does not change its CPU, so cancel_sync looks at one base.
 *  (3) armed_ns <= every deadline of the CPU, slice included.
 *
 * One interrupt runs at most RUN_MAX functions; the event then fires again at
 * once.  The number of timers is bounded by the objects that embed them.
 */
#include <time/timer.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <debug/panic.h>
#include <lib/compiler.h>
#include <sched/sched.h>
#include <sync/annotations.h>
#include <sync/spinlock.h>

#define RUN_MAX 1000

enum timer_state {
	TIMER_IDLE,
	TIMER_ARMED,
};

struct timer_base {
	struct spinlock lock;
	struct rbtree tree;	   /* [lock] */
	struct rbtree_node *first; /* [lock] earliest, NULL: none */
	struct timer *running;	   /* [lock] */
	uint64_t slice_ns;	   /* [its CPU, interrupts disabled] */
	uint64_t armed_ns;	   /* [its CPU, interrupts disabled] */
};

static PERCPU_DEFINE(struct timer_base, timer_base);

void timer_cpu_init(void)
{
	struct timer_base *base = &percpu(timer_base);

	spinlock_init(&base->lock, "timer");
	rbtree_init(&base->tree);
	base->first = NULL;
	base->running = NULL;
	base->slice_ns = UINT64_MAX;
	base->armed_ns = UINT64_MAX;
}

static struct timer *timer_of(const struct rbtree_node *node)
{
	return container_of((struct rbtree_node *)(uintptr_t)node, struct timer,
			    node);
}

static bool deadline_less(const struct rbtree_node *a,
			  const struct rbtree_node *b)
{
	return timer_of(a)->deadline_ns < timer_of(b)->deadline_ns;
}

void timer_init(struct timer *timer, void (*func)(struct timer *timer))
{
	rbtree_node_init(&timer->node);
	timer->deadline_ns = UINT64_MAX;
	timer->func = func;
	timer->cpu = 0;
	timer->state = TIMER_IDLE;
}

/* Locks the base that the timer belongs to; interrupts are disabled. */
static struct timer_base *
lock_base_of(const struct timer *timer) NO_THREAD_SAFETY
{
	for (;;) {
		unsigned cpu = __atomic_load_n(&timer->cpu, __ATOMIC_RELAXED);
		struct timer_base *base = &percpu_of(timer_base, cpu);

		spin_lock(&base->lock);
		if (timer->cpu == cpu) {
			return base;
		}
		spin_unlock(&base->lock);
	}
}

static void insert_locked(struct timer_base *base, struct timer *timer,
			  uint64_t deadline_ns)
{
	timer->deadline_ns = deadline_ns;
	timer->state = TIMER_ARMED;
	rbtree_insert(&base->tree, &timer->node, deadline_less, NULL);
	if (base->first == NULL || deadline_less(&timer->node, base->first)) {
		base->first = &timer->node;
	}
}

static void remove_locked(struct timer_base *base, struct timer *timer)
{
	if (base->first == &timer->node) {
		base->first = rbtree_next(&timer->node);
	}
	rbtree_erase(&base->tree, &timer->node, NULL);
	timer->state = TIMER_IDLE;
}

/* Own CPU, interrupts disabled: keeps (3). */
static void arm_event(struct timer_base *base, uint64_t deadline_ns)
{
	if (deadline_ns < base->armed_ns) {
		base->armed_ns = deadline_ns;
		arch_time_arm(deadline_ns);
	}
}

/* Moves a timer that is in no tree to this CPU's base; returns it locked. */
static struct timer_base *move_here(struct timer_base *base,
				    struct timer *timer) NO_THREAD_SAFETY
{
	struct timer_base *here = &percpu(timer_base);

	while (base != here && base->running != timer) { /* (2) */
		__atomic_store_n(&timer->cpu, cpu_id(), __ATOMIC_RELAXED);
		spin_unlock(&base->lock);
		base = lock_base_of(timer);
		if (timer->state == TIMER_ARMED) {
			remove_locked(base, timer); /* another one armed it */
		}
	}
	return base;
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
	unsigned long irq = cpu_irq_save();
	struct timer_base *base = lock_base_of(timer);

	if (timer->state == TIMER_ARMED) {
		remove_locked(base, timer);
	}
	base = move_here(base, timer);
	insert_locked(base, timer, deadline_ns);
	spin_unlock(&base->lock);
	if (base == &percpu(timer_base)) {
		arm_event(base, deadline_ns);
	} /* else its function runs there, and the event is set after it */
	cpu_irq_restore(irq);
}

bool timer_cancel(struct timer *timer)
{
	unsigned long irq = cpu_irq_save();
	struct timer_base *base = lock_base_of(timer);
	bool armed = timer->state == TIMER_ARMED;

	if (armed) {
		remove_locked(base, timer);
	}
	spin_unlock(&base->lock);
	cpu_irq_restore(irq);
	return armed;
}

bool timer_cancel_sync(struct timer *timer)
{
	bool was_armed = false;

	for (;;) {
		unsigned long irq = cpu_irq_save();
		struct timer_base *base = lock_base_of(timer);
		bool running = base->running == timer;

		if (timer->state == TIMER_ARMED) {
			remove_locked(base, timer);
			was_armed = true;
		}
		spin_unlock(&base->lock);
		cpu_irq_restore(irq);
		if (!running) {
			return was_armed;
		}
		cpu_relax();
	}
}

bool timer_is_armed(const struct timer *timer)
{
	return __atomic_load_n(&timer->state, __ATOMIC_RELAXED) == TIMER_ARMED;
}

uint64_t timer_next(void)
{
	struct timer_base *base = &percpu(timer_base);
	uint64_t next = UINT64_MAX;

	spin_lock(&base->lock);
	if (base->first != NULL) {
		next = timer_of(base->first)->deadline_ns;
	}
	spin_unlock(&base->lock);
	return next;
}

void timer_set_slice(uint64_t deadline_ns)
{
	struct timer_base *base = &percpu(timer_base);

	base->slice_ns = deadline_ns;
	arm_event(base, deadline_ns);
}

/* Runs what is due; base->lock held, released around each function. */
static void run_due(struct timer_base *base, uint64_t now_ns) NO_THREAD_SAFETY
{
	for (unsigned i = 0; i < RUN_MAX && base->first != NULL; i++) {
		struct timer *timer = timer_of(base->first);

		if (timer->deadline_ns > now_ns) {
			break;
		}
		remove_locked(base, timer);
		base->running = timer;
		spin_unlock(&base->lock);
		timer->func(timer); /* may arm it again, or free it */
		spin_lock(&base->lock);
		base->running = NULL;
	}
}

void timer_interrupt(void)
{
	struct timer_base *base = &percpu(timer_base);
	uint64_t now = arch_time_ns();
	uint64_t next;

	base->armed_ns = UINT64_MAX;
	spin_lock(&base->lock);
	run_due(base, now);
	spin_unlock(&base->lock);
	if (base->slice_ns <= now) {
		base->slice_ns = UINT64_MAX;
		sched_tick(now);
	}
	next = timer_next();
	arm_event(base, next < base->slice_ns ? next : base->slice_ns);
}
