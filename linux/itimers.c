/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Interval timers, RLIMIT_CPU, and the check of all CPU-time timers.
 *
 * A thread that consumes CPU time of a process with CPU-time timers asks the
 * scheduler to be stopped after the shortest time in which one of them can
 * expire: what is left, divided by the threads that can run at once.  It then
 * looks, and asks again.  So a timer is late by what the division loses, at
 * most CHECK_MIN_NS per thread.
 */
#include "timers.h"

#include <linux/syscall.h>

#include <arch/cpu.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <process/upcalls.h>
#include <sched/sched.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

#include "timespec.h"

#define CHECK_MIN_NS (1 * NSEC_PER_MSEC)
#define REAL_PERIOD_NS                                                         \
	(100 * NSEC_PER_USEC) /* shorter ones: several at once                 \
			       */

uint64_t timers_forward(uint64_t *deadline_ns, uint64_t interval_ns,
			uint64_t now_ns)
{
	uint64_t count = 1;

	if (interval_ns == 0) {
		return 1;
	}
	if (now_ns > *deadline_ns) {
		count += (now_ns - *deadline_ns) / interval_ns;
	}
	*deadline_ns += count * interval_ns;
	return count;
}

/* All there are; the lock comes before process_timers.lock. */
static struct spinlock registry_lock = SPINLOCK_INIT("timers.registry");
static struct list registry = LIST_INITIALIZER(registry); /* [registry_lock] */

/* --- creation and end
 * ----------------------------------------------------------
 */

static void real_expired(struct timer *timer)
{
	struct process_timers *timers =
		container_of(timer, struct process_timers, real);
	unsigned long irq = spin_lock_irqsave(&timers->real_lock);
	uint64_t now = clock_monotonic_ns();
	bool expired = timers->real_deadline_ns != 0 &&
		       timers->real_deadline_ns <= now;

	if (expired && timers->real_interval_ns != 0) {
		timers_forward(&timers->real_deadline_ns,
			       timers->real_interval_ns, now);
		timer_arm(timer,
			  MAX(timers->real_deadline_ns, now + REAL_PERIOD_NS));
	} else if (expired) {
		timers->real_deadline_ns = 0;
	}
	spin_unlock_irqrestore(&timers->real_lock, irq);
	if (expired) {
		signal_send_process(timers->process, UAPI_SIGALRM, NULL);
	}
}

static void itimer_expired(struct cpu_timer *timer, uint64_t count)
{
	(void)count;
	signal_send_process(timer->clock.process,
			    timer->clock.kind == CPU_CLOCK_VIRT ? UAPI_SIGVTALRM
								: UAPI_SIGPROF,
			    NULL);
}

/* The last thread leaves. */
static void destroy(struct process *process)
{
	struct process_timers *timers = process->timers;

	spin_lock(&registry_lock);
	list_remove(&timers->registry_link);
	spin_unlock(&registry_lock);
	timer_cancel_sync(&timers->real);
	posix_timers_delete_all(timers);
	process->timers = NULL;
	process->timers_destroy = NULL;
	kfree(timers->table);
	kfree(timers);
}

static void init_itimer(struct cpu_timer *timer, struct process *process,
			enum cpu_clock_kind kind)
{
	/* No reference to the process: the timers end before it. */
	timer->clock = (struct cpu_clock){.kind = kind, .process = process};
	timer->expired = itimer_expired;
}

struct process_timers *timers_of_current(void)
{
	struct process *process = process_current();
	struct process_timers *timers =
		__atomic_load_n(&process->timers, __ATOMIC_ACQUIRE);

	if (timers != NULL) {
		return timers;
	}
	timers = kzalloc(sizeof(*timers));
	if (timers == NULL) {
		return NULL;
	}
	spinlock_init(&timers->lock, "timers");
	spinlock_init(&timers->real_lock, "timers.real");
	spinlock_init(&timers->cpu_lock, "timers.cpu");
	timers->process = process;
	timer_init(&timers->real, real_expired);
	list_init(&timers->cpu_timers);
	init_itimer(&timers->virtual, process, CPU_CLOCK_VIRT);
	init_itimer(&timers->prof, process, CPU_CLOCK_PROF);
	spin_lock(&registry_lock);
	if (process->timers == NULL) {
		list_add_tail(&registry, &timers->registry_link);
		process->timers_destroy = destroy;
		__atomic_store_n(&process->timers, timers, __ATOMIC_RELEASE);
		timers = NULL;
	}
	spin_unlock(&registry_lock);
	kfree(timers); /* another thread was faster */
	return process->timers;
}

void timers_exec(struct process *process)
{
	if (process->timers != NULL) {
		posix_timers_delete_all(process->timers);
	}
}

void timers_clock_stepped(void)
{
	struct process_timers *timers;

	spin_lock(&registry_lock);
	list_for_each (timers, &registry, registry_link) {
		posix_timers_clock_stepped(timers);
	}
	spin_unlock(&registry_lock);
}

/* --- CPU time
 * ------------------------------------------------------------------
 */

static int add_check(struct thread *thread, void *arg)
{
	(void)arg;
	thread_add_work(thread, THREAD_WORK_TIMER);
	return 0;
}

/* Everybody who uses up the time looks at once, and asks for his next stop. */
static void check_soon(struct process *process, struct thread *thread)
{
	if (thread != NULL) {
		thread_add_work(thread, THREAD_WORK_TIMER);
	} else {
		process_for_each_thread(process, add_check, NULL);
	}
}

void cpu_timer_set(struct process_timers *timers, struct cpu_timer *timer,
		   uint64_t deadline_ns, uint64_t interval_ns,
		   uint64_t *old_deadline_out, uint64_t *old_interval_out)
{
	spin_lock(&timers->cpu_lock);
	*old_deadline_out = timer->deadline_ns;
	*old_interval_out = timer->interval_ns;
	if (timer->deadline_ns != 0) {
		list_remove(&timer->link);
	}
	timer->deadline_ns = deadline_ns;
	timer->interval_ns = interval_ns;
	if (deadline_ns != 0) {
		list_add_tail(&timers->cpu_timers, &timer->link);
	}
	spin_unlock(&timers->cpu_lock);
	if (deadline_ns != 0) {
		check_soon(timers->process, timer->clock.thread);
	}
}

/* What a check knows of the time used up. */
struct cpu_times {
	struct process_usage process;
	uint64_t thread_user;
	uint64_t thread_total;
	unsigned share; /* threads that can use up process time at once */
};

static uint64_t shown_by(const struct cpu_timer *timer,
			 const struct cpu_times *times)
{
	bool user = timer->clock.kind == CPU_CLOCK_VIRT;

	if (timer->clock.thread != NULL) {
		return user ? times->thread_user : times->thread_total;
	}
	return times->process.user_ns + (user ? 0 : times->process.system_ns);
}

/* cpu_lock held.  What is left for the current thread, at least. */
static uint64_t check_one_locked(struct cpu_timer *timer,
				 const struct cpu_times *times)
{
	uint64_t shown = shown_by(timer, times);
	uint64_t left;

	if (shown >= timer->deadline_ns) {
		uint64_t count = timers_forward(&timer->deadline_ns,
						timer->interval_ns, shown);

		if (timer->interval_ns == 0) {
			timer->deadline_ns = 0;
			list_remove(&timer->link);
		}
		timer->expired(timer, count);
	}
	if (timer->deadline_ns == 0) {
		return UINT64_MAX;
	}
	left = timer->deadline_ns - shown;
	if (timer->clock.thread != NULL) {
		return left;
	}
	return MAX(left / times->share, MIN(left, CHECK_MIN_NS));
}

/* RLIMIT_CPU: SIGXCPU at the soft limit and every second from then on,
 * SIGKILL at the hard one. */
static uint64_t check_limit_locked(struct process *process, uint64_t *next_ns,
				   const struct cpu_times *times)
{
	struct rlimit_pair limit = process->rlimits.limits[RLIMIT_CPU];
	uint64_t used = times->process.user_ns + times->process.system_ns;
	uint64_t hard = TIME_NS_MAX;
	uint64_t next;
	uint64_t left;

	if (limit.soft >= TIME_NS_MAX / NSEC_PER_SEC) {
		return UINT64_MAX;
	}
	if (limit.hard < TIME_NS_MAX / NSEC_PER_SEC) {
		hard = limit.hard * NSEC_PER_SEC;
	}
	if (used >= hard) {
		signal_send_process(process, UAPI_SIGKILL, NULL);
		return UINT64_MAX;
	}
	next = MAX(*next_ns, limit.soft * NSEC_PER_SEC);
	if (used >= next) {
		signal_send_process(process, UAPI_SIGXCPU, NULL);
		timers_forward(&next, NSEC_PER_SEC, used);
	}
	*next_ns = next;
	left = MIN(next, hard) - used;
	return MAX(left / times->share, MIN(left, CHECK_MIN_NS));
}

static void read_times(struct process *process, struct thread *thread,
		       struct cpu_times *times)
{
	unsigned threads =
		__atomic_load_n(&process->thread_count, __ATOMIC_RELAXED);

	process_usage(process, &times->process);
	times->thread_total =
		sched_cpu_time_ns(thread, &times->thread_user, NULL);
	times->share = MAX(MIN(threads, cpu_count()), 1u);
}

void timers_check_cpu(void)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	bool limited =
		process->rlimits.limits[RLIMIT_CPU].soft != RLIMIT_INFINITY;
	struct process_timers *timers =
		limited ? timers_of_current() : process->timers;
	struct cpu_timer *timer;
	struct cpu_timer *next;
	struct cpu_times times;
	uint64_t left;

	if (timers == NULL) {
		return;
	}
	read_times(process, thread, &times);
	spin_lock(&timers->cpu_lock);
	left = check_limit_locked(process, &timers->limit_next_ns, &times);
	list_for_each_safe (timer, next, &timers->cpu_timers, link) {
		if (timer->clock.thread == NULL ||
		    timer->clock.thread == thread) {
			uint64_t own = check_one_locked(timer, &times);

			left = MIN(left, own);
		}
	}
	spin_unlock(&timers->cpu_lock);
	sched_set_cpu_timer(thread, left < UINT64_MAX - times.thread_total
					    ? times.thread_total + left
					    : UINT64_MAX);
}

void cpu_timers_limit_changed(struct process *process)
{
	struct process_timers *timers;

	spin_lock(&registry_lock); /* so that they are not destroyed now */
	list_for_each (timers, &registry, registry_link) {
		if (timers->process == process) {
			spin_lock(&timers->cpu_lock);
			timers->limit_next_ns = 0;
			spin_unlock(&timers->cpu_lock);
		}
	}
	spin_unlock(&registry_lock);
	check_soon(process, NULL);
}

/* --- setitimer, getitimer, alarm
 * ------------------------------------------------
 */

struct itimer_value {
	uint64_t value_ns; /* what is left; 0: disarmed */
	uint64_t interval_ns;
};

static struct itimer_value real_set(struct process_timers *timers,
				    const struct itimer_value *value)
{
	unsigned long irq = spin_lock_irqsave(&timers->real_lock);
	uint64_t deadline = timers->real_deadline_ns;
	uint64_t now = clock_monotonic_ns();
	struct itimer_value old = {
		.interval_ns = timers->real_interval_ns,
	};

	if (deadline != 0) { /* due but not yet signalled: not 0 */
		old.value_ns = deadline > now ? deadline - now : 1;
	}
	if (value != NULL) {
		timers->real_interval_ns = value->interval_ns;
		timers->real_deadline_ns = 0;
		if (value->value_ns != 0) {
			timers->real_deadline_ns =
				deadline_after(value->value_ns);
			timer_arm(&timers->real, timers->real_deadline_ns);
		}
	}
	spin_unlock_irqrestore(&timers->real_lock, irq);
	if (value != NULL && value->value_ns == 0) {
		timer_cancel(&timers->real);
	}
	return old;
}

static struct itimer_value cpu_set(struct process_timers *timers,
				   struct cpu_timer *timer,
				   const struct itimer_value *value)
{
	uint64_t shown = cpu_clock_read(&timer->clock);
	struct itimer_value old = {0, 0};
	uint64_t deadline;

	if (value != NULL) {
		deadline = value->value_ns == 0
				   ? 0
				   : shown + MIN(value->value_ns,
						 TIME_NS_MAX - shown);
		cpu_timer_set(timers, timer, deadline, value->interval_ns,
			      &old.value_ns, &old.interval_ns);
	} else {
		spin_lock(&timers->cpu_lock);
		old.value_ns = timer->deadline_ns;
		old.interval_ns = timer->interval_ns;
		spin_unlock(&timers->cpu_lock);
	}
	if (old.value_ns != 0) {
		old.value_ns = old.value_ns > shown ? old.value_ns - shown : 1;
	}
	return old;
}

/* -EINVAL (no such timer), -ENOMEM. */
static int exchange(int which, const struct itimer_value *value,
		    struct itimer_value *old_out)
{
	struct process_timers *timers;

	if (which < UAPI_ITIMER_REAL || which > UAPI_ITIMER_PROF) {
		return -EINVAL;
	}
	timers = timers_of_current();
	if (timers == NULL) {
		return -ENOMEM;
	}
	if (which == UAPI_ITIMER_REAL) {
		*old_out = real_set(timers, value);
	} else {
		*old_out =
			cpu_set(timers,
				which == UAPI_ITIMER_VIRTUAL ? &timers->virtual
							     : &timers->prof,
				value);
	}
	return 0;
}

static int put_value(void USER *to, const struct itimer_value *value)
{
	/* Microseconds, rounded up so that an armed timer shows something. */
	uint64_t left = value->value_ns + NSEC_PER_USEC - 1;
	struct uapi_itimerval shown = {
		.interval = timeval_from_ns(value->interval_ns),
		.value = timeval_from_ns(left),
	};

	return user_copy_out(to, &shown, sizeof(shown));
}

long sys_getitimer(int which, void USER *value)
{
	struct itimer_value old;
	int err = exchange(which, NULL, &old);

	return err < 0 ? err : put_value(value, &old);
}

long sys_setitimer(int which, const void USER *value, void USER *old_value)
{
	struct uapi_itimerval wanted;
	struct itimer_value new = {0, 0};
	struct itimer_value old;
	int err;

	if (value != NULL) { /* NULL disarms, as on Linux */
		if (user_copy_in(&wanted, value, sizeof(wanted)) < 0) {
			return -EFAULT;
		}
		if (!timeval_is_valid(&wanted.value) ||
		    !timeval_is_valid(&wanted.interval)) {
			return -EINVAL;
		}
		new.value_ns = timeval_to_ns(&wanted.value);
		new.interval_ns = timeval_to_ns(&wanted.interval);
	}
	err = exchange(which, &new, &old);
	if (err < 0) {
		return err;
	}
	return old_value != NULL ? put_value(old_value, &old) : 0;
}

long sys_alarm(unsigned seconds)
{
	struct itimer_value new = {
		.value_ns = (uint64_t)seconds * NSEC_PER_SEC,
	};
	struct itimer_value old;
	uint64_t left;

	if (exchange(UAPI_ITIMER_REAL, &new, &old) < 0) {
		return 0;
	}
	/* Rounded to the nearest second, but never to "no alarm". */
	left = (old.value_ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
	return old.value_ns != 0 && left == 0 ? 1 : (long)left;
}
