/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * POSIX timers: timer_create(2) and its family.
 *
 * A timer has a preallocated signal, queued at most once: an expiration while
 * it is still queued is an overrun.  A timer whose signal nobody takes is
 * looked at every BACKOFF_NS only, however short its interval is; what it
 * missed is counted by division.
 *
 * Bounded by RLIMIT_SIGPENDING of the process.
 */
#include "timers.h"

#include <linux/syscall.h>

#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <process/signal.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

#include "timespec.h"

#define TABLE_SIZE_FIRST 8
#define BACKOFF_NS	 (1 * NSEC_PER_MSEC)

struct posix_timer {
	struct spinlock lock;	       /* irq-safe */
	struct process_timers *timers; /* [I] */
	int id;			       /* [I] */
	int clock;		       /* [I] */
	int notify;		       /* [I] SIGEV_* */
	int signal;		       /* [I] */
	uint64_t value;		       /* [I] */
	struct thread *thread;	       /* [I] SIGEV_THREAD_ID: one reference */
	struct signal_info_node *node; /* [I] */
	bool is_cpu;		       /* [I] */
	struct timer timer;	       /* of the other clocks */
	struct cpu_timer cpu;
	bool on_wall;		 /* [i] deadline is a time of the wall clock */
	uint64_t deadline_ns;	 /* [i] of the clock; 0: disarmed */
	uint64_t interval_ns;	 /* [i] */
	uint64_t overrun;	 /* [i] of the signal sent last */
	uint64_t overrun_before; /* [i] of the one before */
};

/* --- expiration: interrupt context, or the check of CPU timers
 * ------------------
 */

static int cut_overrun(uint64_t overrun)
{
	return overrun > UAPI_DELAYTIMER_MAX ? UAPI_DELAYTIMER_MAX
					     : (int)overrun;
}

/* timer->lock held.  False: the signal before is still queued. */
static bool notify_locked(struct posix_timer *timer, uint64_t count)
{
	struct uapi_siginfo info = {
		.signo = timer->signal,
		.code = UAPI_SI_TIMER,
	};
	enum signal_sent sent;

	if (timer->notify == UAPI_SIGEV_NONE ||
	    (timer->thread != NULL && timer->thread->linux.exiting)) {
		return true;
	}
	info.timer.id = timer->id;
	info.timer.overrun = cut_overrun(count - 1);
	info.timer.value.ptr_value = timer->value;
	sent = signal_send_node(timer->timers->process, timer->thread,
				timer->node, &info);
	if (sent == SIGNAL_SENT) {
		timer->overrun_before = timer->overrun;
		timer->overrun = count - 1;
	} else if (sent == SIGNAL_OVERRUN) {
		timer->overrun += count;
	}
	return sent != SIGNAL_OVERRUN;
}

static uint64_t clock_now(bool wall)
{
	return wall ? clock_realtime_ns() : clock_monotonic_ns();
}

/* timer->lock held. */
static void arm_locked(struct posix_timer *timer, uint64_t earliest_ns)
{
	uint64_t deadline = timer->deadline_ns;

	if (timer->on_wall) {
		deadline = deadline_of_realtime(deadline);
	}
	timer_arm(&timer->timer, MAX(deadline, earliest_ns));
}

static void expired(struct timer *kernel_timer)
{
	struct posix_timer *timer =
		container_of(kernel_timer, struct posix_timer, timer);
	unsigned long irq = spin_lock_irqsave(&timer->lock);
	uint64_t now = clock_now(timer->on_wall);
	uint64_t count;
	bool sent;

	if (timer->deadline_ns == 0) {
		goto unlock;
	}
	if (now < timer->deadline_ns) { /* moved, or the clock was set back */
		arm_locked(timer, 0);
		goto unlock;
	}
	count = timers_forward(&timer->deadline_ns, timer->interval_ns, now);
	if (timer->interval_ns == 0) {
		timer->deadline_ns = 0;
	}
	sent = notify_locked(timer, count);
	if (timer->deadline_ns != 0) {
		arm_locked(timer, sent ? 0 : clock_monotonic_ns() + BACKOFF_NS);
	}
unlock:
	spin_unlock_irqrestore(&timer->lock, irq);
}

static void cpu_expired(struct cpu_timer *cpu, uint64_t count)
{
	struct posix_timer *timer = container_of(cpu, struct posix_timer, cpu);
	unsigned long irq = spin_lock_irqsave(&timer->lock);

	notify_locked(timer, count);
	spin_unlock_irqrestore(&timer->lock, irq);
}

void posix_timers_clock_stepped(struct process_timers *timers)
{
	spin_lock(&timers->lock);
	for (unsigned i = 0; i < timers->table_size; i++) {
		struct posix_timer *timer = timers->table[i];
		unsigned long irq;

		if (timer == NULL || timer->is_cpu) {
			continue;
		}
		irq = spin_lock_irqsave(&timer->lock);
		if (timer->on_wall && timer->deadline_ns != 0) {
			arm_locked(timer, 0);
		}
		spin_unlock_irqrestore(&timer->lock, irq);
	}
	spin_unlock(&timers->lock);
}

/* --- creation and end
 * ------------------------------------------------------------
 */

static void free_timer(struct posix_timer *timer)
{
	if (timer == NULL) {
		return;
	}
	if (timer->node != NULL) {
		signal_node_destroy(timer->node);
	}
	if (timer->thread != NULL) {
		thread_put(timer->thread);
	}
	if (timer->is_cpu) {
		if (timer->cpu.clock.process == timer->timers->process) {
			timer->cpu.clock.process = NULL; /* never counted */
		}
		cpu_clock_put(&timer->cpu.clock);
	}
	kfree(timer);
}

/* Out of the table already. */
static void stop_and_free(struct posix_timer *timer)
{
	uint64_t deadline;
	uint64_t interval;
	unsigned long irq;

	if (timer->is_cpu) {
		cpu_timer_set(timer->timers, &timer->cpu, 0, 0, &deadline,
			      &interval);
	} else {
		irq = spin_lock_irqsave(&timer->lock);
		timer->deadline_ns = 0;
		spin_unlock_irqrestore(&timer->lock, irq);
		timer_cancel_sync(&timer->timer);
	}
	free_timer(timer);
}

static struct posix_timer *take_any(struct process_timers *timers)
{
	struct posix_timer *timer = NULL;

	spin_lock(&timers->lock);
	for (unsigned i = 0; i < timers->table_size && timer == NULL; i++) {
		timer = timers->table[i];
		timers->table[i] = NULL;
	}
	timers->timer_count -= timer != NULL;
	spin_unlock(&timers->lock);
	return timer;
}

void posix_timers_delete_all(struct process_timers *timers)
{
	struct posix_timer *timer;

	while ((timer = take_any(timers)) != NULL) {
		stop_and_free(timer);
	}
}

/* A free slot, the table growing at need.  The id, or -EAGAIN. */
static int put_into_table(struct process_timers *timers,
			  struct posix_timer *timer)
{
	uint64_t limit = rlimit_current(RLIMIT_SIGPENDING);
	unsigned wanted = TABLE_SIZE_FIRST;
	struct posix_timer **spare = NULL;
	int id = -EAGAIN;

	for (;;) {
		spin_lock(&timers->lock);
		if (spare != NULL && wanted > timers->table_size) {
			struct posix_timer **old = timers->table;

			if (old != NULL) {
				memcpy(spare, old,
				       timers->table_size * sizeof(*old));
			}
			timers->table = spare;
			timers->table_size = wanted;
			spare = old;
		}
		for (unsigned i = 0; i < timers->table_size && id < 0; i++) {
			if (timers->table[i] == NULL &&
			    timers->timer_count < limit) {
				id = (int)i;
				timer->id = id;
				timers->table[i] = timer;
				timers->timer_count++;
			}
		}
		wanted = timers->timer_count < timers->table_size
				 ? 0
				 : MAX(2 * timers->table_size,
				       (unsigned)TABLE_SIZE_FIRST);
		spin_unlock(&timers->lock);
		kfree(spare);
		if (id >= 0 || wanted == 0 || timers->timer_count >= limit) {
			return id;
		}
		spare = kcalloc(wanted, sizeof(*spare));
		if (spare == NULL) {
			return -EAGAIN;
		}
	}
}

static int check_clock(int clock)
{
	uint64_t ns;
	int err = clock_read_ns(clock, &ns);

	if (err < 0) {
		return err;
	}
	return clock_is_cpu(clock) || clock_can_sleep(clock) ? 0 : -EOPNOTSUPP;
}

static int set_event(struct posix_timer *timer,
		     const struct uapi_sigevent *event)
{
	struct thread *thread;

	timer->notify = event->notify;
	timer->signal = event->signo;
	timer->value = event->value;
	switch (event->notify) {
	case UAPI_SIGEV_NONE:
		return 0;
	case UAPI_SIGEV_SIGNAL | UAPI_SIGEV_THREAD_ID:
		thread = thread_find(event->thread_id);
		if (thread == NULL) {
			return -EINVAL;
		}
		timer->thread = thread;
		if (thread->process != process_current()) {
			return -EINVAL;
		}
		break;
	case UAPI_SIGEV_SIGNAL:
	case UAPI_SIGEV_THREAD:
		break;
	default:
		return -EINVAL;
	}
	return event->signo < 1 || event->signo > SIGNAL_COUNT ? -EINVAL : 0;
}

static int set_clock(struct posix_timer *timer, int clock)
{
	struct process *process = process_current();
	int err;

	timer->clock = clock;
	timer_init(&timer->timer, expired);
	if (!clock_is_cpu(clock)) {
		return 0;
	}
	err = cpu_clock_get(clock, &timer->cpu.clock);
	if (err < 0) {
		return err;
	}
	timer->is_cpu = true;
	timer->cpu.expired = cpu_expired;
	if (timer->cpu.clock.process != NULL) {
		/* The timers of a process end before it: no reference.  Other
		 * processes' time is not looked at by our threads. */
		if (timer->cpu.clock.process != process) {
			return -EINVAL;
		}
		process_put(process);
	}
	return 0;
}

long sys_timer_create(int clock, void USER *event, void USER *id)
{
	struct process_timers *timers;
	struct uapi_sigevent wanted = {
		.notify = UAPI_SIGEV_SIGNAL,
		.signo = UAPI_SIGALRM,
	};
	struct posix_timer *timer;
	int number;
	int err;

	if (event != NULL && user_copy_in(&wanted, event, sizeof(wanted)) < 0) {
		return -EFAULT;
	}
	err = check_clock(clock);
	if (err < 0) {
		return err;
	}
	timers = timers_of_current();
	timer = kzalloc(sizeof(*timer));
	if (timers == NULL || timer == NULL) {
		kfree(timer);
		return -EAGAIN;
	}
	spinlock_init(&timer->lock, "posix_timer");
	timer->timers = timers;
	timer->node = signal_node_create();
	err = timer->node == NULL ? -EAGAIN : set_event(timer, &wanted);
	if (err == 0) {
		err = set_clock(timer, clock);
	}
	if (err == 0) {
		err = put_into_table(timers, timer);
	}
	if (err < 0) {
		free_timer(timer);
		return err;
	}
	number = err;
	if (event == NULL) {
		timer->value = (uint64_t)number;
	}
	if (user_put_u32(id, (uint32_t)number) < 0) {
		sys_timer_delete(number);
		return -EFAULT;
	}
	return 0;
}

/* Returns with the table locked, or NULL and unlocked. */
static struct posix_timer *find(int id) NO_THREAD_SAFETY
{
	struct process_timers *timers = process_current()->timers;
	struct posix_timer *timer = NULL;

	if (timers == NULL) {
		return NULL;
	}
	spin_lock(&timers->lock);
	if (id >= 0 && (unsigned)id < timers->table_size) {
		timer = timers->table[id];
	}
	if (timer == NULL) {
		spin_unlock(&timers->lock);
	}
	return timer;
}

static void unlock(struct posix_timer *timer) NO_THREAD_SAFETY
{
	spin_unlock(&timer->timers->lock);
}

long sys_timer_delete(int id)
{
	struct posix_timer *timer = find(id);

	if (timer == NULL) {
		return -EINVAL;
	}
	timer->timers->table[id] = NULL;
	timer->timers->timer_count--;
	unlock(timer);
	stop_and_free(timer);
	return 0;
}

/* --- setting and asking
 * -----------------------------------------------------------
 */

struct setting {
	uint64_t value_ns; /* left; 0: disarmed */
	uint64_t interval_ns;
};

static uint64_t left_until(uint64_t deadline_ns, uint64_t now_ns)
{
	if (deadline_ns == 0) {
		return 0;
	}
	return deadline_ns > now_ns ? deadline_ns - now_ns : 1;
}

static struct setting ask_plain(struct posix_timer *timer)
{
	unsigned long irq = spin_lock_irqsave(&timer->lock);
	struct setting old = {
		.value_ns = left_until(timer->deadline_ns,
				       clock_now(timer->on_wall)),
		.interval_ns = timer->interval_ns,
	};

	spin_unlock_irqrestore(&timer->lock, irq);
	return old;
}

static void set_plain(struct posix_timer *timer, const struct setting *new,
		      bool absolute)
{
	unsigned long irq = spin_lock_irqsave(&timer->lock);

	timer->on_wall = absolute && clock_is_wall(timer->clock);
	timer->interval_ns = new->interval_ns;
	timer->overrun = 0;
	timer->overrun_before = 0;
	timer->deadline_ns = new->value_ns;
	if (new->value_ns != 0 && !absolute) {
		timer->deadline_ns = deadline_after(new->value_ns);
	}
	if (timer->deadline_ns != 0) {
		arm_locked(timer, 0);
	} else {
		timer_cancel(&timer->timer);
	}
	spin_unlock_irqrestore(&timer->lock, irq);
}

static struct setting set_cpu(struct posix_timer *timer,
			      const struct setting *new, bool absolute)
{
	uint64_t shown = cpu_clock_read(&timer->cpu.clock);
	struct setting old;
	uint64_t deadline = new->value_ns;

	if (deadline != 0 && !absolute) {
		deadline = shown + MIN(deadline, TIME_NS_MAX - shown);
	}
	cpu_timer_set(timer->timers, &timer->cpu, deadline, new->interval_ns,
		      &old.value_ns, &old.interval_ns);
	old.value_ns = left_until(old.value_ns, shown);
	return old;
}

static struct setting ask_cpu(struct posix_timer *timer)
{
	struct setting old;

	spin_lock(&timer->timers->cpu_lock);
	old.value_ns = timer->cpu.deadline_ns;
	old.interval_ns = timer->cpu.interval_ns;
	spin_unlock(&timer->timers->cpu_lock);
	old.value_ns =
		left_until(old.value_ns, cpu_clock_read(&timer->cpu.clock));
	return old;
}

static int put_setting(void USER *to, const struct setting *setting)
{
	struct uapi_itimerspec shown = {
		.interval = timespec_from_ns(setting->interval_ns),
		.value = timespec_from_ns(setting->value_ns),
	};

	return user_copy_out(to, &shown, sizeof(shown));
}

long sys_timer_gettime(int id, void USER *value)
{
	struct posix_timer *timer = find(id);
	struct setting old;

	if (timer == NULL) {
		return -EINVAL;
	}
	old = timer->is_cpu ? ask_cpu(timer) : ask_plain(timer);
	unlock(timer);
	return put_setting(value, &old);
}

long sys_timer_settime(int id, int flags, const void USER *value,
		       void USER *old_value)
{
	bool absolute = (flags & UAPI_TIMER_ABSTIME) != 0;
	struct uapi_itimerspec wanted;
	struct posix_timer *timer;
	struct setting new;
	struct setting old;

	if (value == NULL) {
		return -EINVAL;
	}
	if (user_copy_in(&wanted, value, sizeof(wanted)) < 0) {
		return -EFAULT;
	}
	if (!timespec_is_valid(&wanted.value) ||
	    !timespec_is_valid(&wanted.interval)) {
		return -EINVAL;
	}
	new.value_ns = timespec_to_ns(&wanted.value);
	new.interval_ns = timespec_to_ns(&wanted.interval);
	timer = find(id);
	if (timer == NULL) {
		return -EINVAL;
	}
	if (timer->is_cpu) {
		old = set_cpu(timer, &new, absolute);
	} else {
		old = ask_plain(timer);
		set_plain(timer, &new, absolute);
	}
	unlock(timer);
	return old_value != NULL ? put_setting(old_value, &old) : 0;
}

long sys_timer_getoverrun(int id)
{
	struct posix_timer *timer = find(id);
	unsigned long irq;
	bool queued;
	int overrun;

	if (timer == NULL) {
		return -EINVAL;
	}
	queued = signal_node_is_pending(timer->node);
	irq = spin_lock_irqsave(&timer->lock);
	/* While one is queued, the last delivered is the one before. */
	overrun = cut_overrun(queued ? timer->overrun_before : timer->overrun);
	spin_unlock_irqrestore(&timer->lock, irq);
	unlock(timer);
	return overrun;
}
