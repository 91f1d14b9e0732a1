/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * timerfd(2): a timer whose expirations are read.
 *
 * One kernel timer per descriptor, armed for the next expiration.  When it
 * comes, the interval is not armed again before somebody looks: reading or
 * asking adds the intervals that have passed (catch_up_locked()) and arms the
 * next one, so that short intervals cost nothing while nobody reads.
 *
 * Absolute times on CLOCK_REALTIME follow the wall clock: `watch` stands on the
 * clock's queue and moves the timer when it is stepped.
 *
 * The lock is taken from the timer interrupt.
 */
#include <linux/syscall.h>

#include <lib/printf.h>
#include <mm/slab.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <time/timer.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/time.h>
#include <vfs/file.h>
#include <vfs/poll.h>

#include "timespec.h"

#define TFD_TIMER_ABSTIME	1
#define TFD_TIMER_CANCEL_ON_SET 2
#define TFD_IOC_SET_TICKS	0x40085400u

struct timerfd {
	struct spinlock lock;
	struct timer timer;
	struct wait_queue wait;
	struct waiter watch;  /* on the wall clock's queue */
	bool watching;	      /* [I] watch is on it */
	bool realtime;	      /* [I] counts on the wall clock */
	bool armed;	      /* [lock] an expiration is to come or came */
	bool expired;	      /* [lock] came; interval not yet counted on */
	bool absolute;	      /* [lock] follows steps of the wall clock */
	bool cancel_on_set;   /* [lock] */
	bool cancelled;	      /* [lock] the clock was stepped */
	uint64_t ticks;	      /* [lock] not yet read */
	uint64_t deadline_ns; /* [lock] monotonic, of the next expiration */
	uint64_t wall_ns;     /* [lock] the same on the wall clock */
	uint64_t interval_ns; /* [lock] 0: once */
	int clock;	      /* [I] */
	int settime_flags;    /* [lock] for fdinfo */
};

static struct timerfd *of_timer(struct timer *timer)
{
	return container_of(timer, struct timerfd, timer);
}

static void timerfd_expired(struct timer *timer)
{
	struct timerfd *t = of_timer(timer);
	unsigned long state = spin_lock_irqsave(&t->lock);
	bool due = t->armed && !t->expired;

	/* A step of the clock may have moved it after it fired. */
	if (due && clock_monotonic_ns() < t->deadline_ns) {
		timer_arm(&t->timer, t->deadline_ns);
		due = false;
	}
	if (due) {
		t->expired = true;
		t->ticks++;
	}
	spin_unlock_irqrestore(&t->lock, state);
	if (due) {
		wait_queue_wake(&t->wait, UINT32_MAX, POLL_IN | POLL_RDNORM);
	}
}

/* The wall clock was stepped.  Called with the queue's lock held. */
static bool clock_stepped(struct waiter *waiter, uint32_t events)
{
	struct timerfd *t = container_of(waiter, struct timerfd, watch);
	unsigned long state = spin_lock_irqsave(&t->lock);
	bool wake = false;

	(void)events;
	if (t->armed && t->absolute) {
		if (t->cancel_on_set) {
			t->cancelled = true;
			wake = true;
		}
		if (!t->expired) {
			t->deadline_ns = deadline_of_realtime(t->wall_ns);
			timer_arm(&t->timer, t->deadline_ns);
		}
	}
	spin_unlock_irqrestore(&t->lock, state);
	if (wake) {
		wait_queue_wake(&t->wait, UINT32_MAX, POLL_IN | POLL_RDNORM);
	}
	return wake;
}

/* Counts the intervals since the expiration and arms the next one. */
static void catch_up_locked(struct timerfd *t)
{
	uint64_t now = t->absolute ? clock_realtime_ns() : clock_monotonic_ns();
	uint64_t due = t->absolute ? t->wall_ns : t->deadline_ns;
	uint64_t passed;

	if (!t->expired || t->interval_ns == 0) {
		return;
	}
	passed = now > due ? (now - due) / t->interval_ns : 0;
	due += (passed + 1) * t->interval_ns;
	t->ticks += passed;
	t->wall_ns = due;
	t->deadline_ns = t->absolute ? deadline_of_realtime(due) : due;
	t->expired = false;
	timer_arm(&t->timer, t->deadline_ns);
}

/* Takes the ticks: their number, 0 when there are none yet, -ECANCELED. */
static int64_t take_ticks(struct timerfd *t)
{
	unsigned long state = spin_lock_irqsave(&t->lock);
	int64_t result;

	if (t->cancelled) {
		t->cancelled = false;
		result = -ECANCELED;
	} else {
		if (t->ticks > 0) {
			catch_up_locked(t);
		}
		result = (int64_t)t->ticks;
		t->ticks = 0;
	}
	spin_unlock_irqrestore(&t->lock, state);
	return result;
}

static bool is_ready(struct timerfd *t)
{
	unsigned long state = spin_lock_irqsave(&t->lock);
	bool ready = t->ticks > 0 || t->cancelled;

	spin_unlock_irqrestore(&t->lock, state);
	return ready;
}

/* No wake-up is lost: the waiter is queued before the test. */
static int wait_ready(struct timerfd *t)
{
	struct waiter waiter;
	int err = 0;

	waiter_init(&waiter, 0);
	wait_queue_add(&t->wait, &waiter);
	while (err == 0) {
		thread_prepare_sleep(true);
		if (is_ready(t)) {
			thread_cancel_sleep();
			break;
		}
		err = thread_sleep(WAIT_FOREVER);
	}
	wait_queue_remove(&t->wait, &waiter);
	return err < 0 ? -ERESTARTSYS : 0;
}

static ssize_t timerfd_read(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	struct timerfd *t = file->private;
	int64_t ticks;

	(void)pos;
	if (to->remaining < sizeof(ticks)) {
		return -EINVAL;
	}
	while ((ticks = take_ticks(t)) == 0) {
		int err;

		if ((READ_ONCE(file->flags) & UAPI_O_NONBLOCK) != 0) {
			return -EAGAIN;
		}
		err = wait_ready(t);
		if (err < 0) {
			return err;
		}
	}
	if (ticks < 0) {
		return ticks;
	}
	return iov_copy_to(to, &ticks, sizeof(ticks)) == sizeof(ticks)
		       ? (ssize_t)sizeof(ticks)
		       : -EFAULT;
}

static uint32_t timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *t = file->private;

	poll_wait(table, &t->wait);
	return is_ready(t) ? POLL_IN | POLL_RDNORM : 0;
}

static long timerfd_ioctl(struct file *file, unsigned command,
			  unsigned long arg)
{
	struct timerfd *t = file->private;
	unsigned long state;
	uint64_t ticks;

	if (command != TFD_IOC_SET_TICKS) {
		return -ENOTTY;
	}
	if (user_get_u64(&ticks, (const void USER *)arg) < 0) {
		return -EFAULT;
	}
	if (ticks == 0) {
		return -EINVAL;
	}
	state = spin_lock_irqsave(&t->lock);
	t->ticks = ticks;
	spin_unlock_irqrestore(&t->lock, state);
	wait_queue_wake(&t->wait, UINT32_MAX, POLL_IN | POLL_RDNORM);
	return 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *t = file->private;

	if (t->watching) {
		wait_queue_remove(clock_step_queue(), &t->watch);
	}
	timer_cancel_sync(&t->timer);
	kfree(t);
}

static size_t timerfd_name(struct file *file, char *buf, size_t size)
{
	(void)file;
	return (size_t)ksnprintf(buf, size, "anon_inode:[timerfd]");
}

static size_t timerfd_info(struct file *file, char *buf, size_t size)
{
	struct timerfd *t = file->private;

	return (size_t)ksnprintf(buf, size,
				 "clockid: %d\nticks: %lu\n"
				 "settime flags: 0%o\n",
				 t->clock, (unsigned long)READ_ONCE(t->ticks),
				 (unsigned)READ_ONCE(t->settime_flags));
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.ioctl = timerfd_ioctl,
	.release = timerfd_release,
	.name = timerfd_name,
	.fdinfo = timerfd_info,
};

static bool clock_is_realtime(int clock)
{
	return clock == UAPI_CLOCK_REALTIME ||
	       clock == UAPI_CLOCK_REALTIME_ALARM;
}

static bool clock_is_known(int clock)
{
	return clock_is_realtime(clock) || clock == UAPI_CLOCK_MONOTONIC ||
	       clock == UAPI_CLOCK_BOOTTIME ||
	       clock == UAPI_CLOCK_BOOTTIME_ALARM;
}

long sys_timerfd_create(int clock, int flags)
{
	struct timerfd *t;
	struct file *file;
	int err;

	if ((flags & ~(UAPI_O_NONBLOCK | UAPI_O_CLOEXEC)) != 0 ||
	    !clock_is_known(clock)) {
		return -EINVAL;
	}
	t = kzalloc(sizeof(*t));
	if (t == NULL) {
		return -ENOMEM;
	}
	spinlock_init(&t->lock, "timerfd");
	wait_queue_init(&t->wait);
	timer_init(&t->timer, timerfd_expired);
	t->clock = clock;
	t->realtime = clock_is_realtime(clock);
	err = file_create_anonymous(
		&timerfd_ops, t, FILE_READ | FILE_WRITE | FILE_STREAM,
		UAPI_O_RDWR | (unsigned)(flags & UAPI_O_NONBLOCK), &file);
	if (err < 0) {
		kfree(t);
		return err;
	}
	if (t->realtime) {
		waiter_init_func(&t->watch, clock_stepped, 0);
		wait_queue_add(clock_step_queue(), &t->watch);
		t->watching = true;
	}
	err = fd_install(file, 0, (flags & UAPI_O_CLOEXEC) != 0);
	if (err < 0) {
		file_put(file);
	}
	return err;
}

static void get_locked(struct timerfd *t, struct uapi_itimerspec *out)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t left = 0;

	catch_up_locked(t);
	if (t->armed && !t->expired) {
		/* armed and due counts as 1 ns, as on Linux: 0 is disarmed */
		left = t->deadline_ns > now ? t->deadline_ns - now : 1;
	}
	out->value = timespec_from_ns(left);
	out->interval = timespec_from_ns(t->interval_ns);
}

static void set_locked(struct timerfd *t, uint64_t value_ns,
		       uint64_t interval_ns, int flags)
{
	bool absolute = (flags & TFD_TIMER_ABSTIME) != 0;

	t->ticks = 0;
	t->expired = false;
	t->cancelled = false;
	t->armed = value_ns != 0;
	t->interval_ns = interval_ns;
	t->settime_flags = flags;
	t->absolute = absolute && t->realtime;
	t->cancel_on_set =
		t->absolute && (flags & TFD_TIMER_CANCEL_ON_SET) != 0;
	t->wall_ns = value_ns;
	if (!t->armed) {
		return;
	}
	if (t->absolute) {
		t->deadline_ns = deadline_of_realtime(value_ns);
	} else {
		t->deadline_ns = absolute ? value_ns : deadline_after(value_ns);
	}
	timer_arm(&t->timer, t->deadline_ns);
}

/* The timer of a descriptor; the reference is the caller's on success. */
static int timerfd_of(int fd, struct file_ref *ref_out)
{
	*ref_out = fd_get(fd);
	if (ref_out->file == NULL) {
		return -EBADF;
	}
	if (ref_out->file->ops != &timerfd_ops) {
		fd_put(*ref_out);
		return -EINVAL;
	}
	return 0;
}

long sys_timerfd_settime(int fd, int flags, const void USER *value,
			 void USER *old_value)
{
	struct uapi_itimerspec wanted;
	struct uapi_itimerspec old;
	struct file_ref ref;
	struct timerfd *t;
	unsigned long state;
	int err;

	if (user_copy_in(&wanted, value, sizeof(wanted)) < 0) {
		return -EFAULT;
	}
	if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0 ||
	    !timespec_is_valid(&wanted.value) ||
	    !timespec_is_valid(&wanted.interval)) {
		return -EINVAL;
	}
	err = timerfd_of(fd, &ref);
	if (err < 0) {
		return err;
	}
	t = ref.file->private;
	timer_cancel_sync(&t->timer);
	state = spin_lock_irqsave(&t->lock);
	get_locked(t, &old);
	timer_cancel(&t->timer);
	set_locked(t, timespec_to_ns(&wanted.value),
		   timespec_to_ns(&wanted.interval), flags);
	spin_unlock_irqrestore(&t->lock, state);
	fd_put(ref);
	if (old_value != NULL && user_copy_out(old_value, &old, sizeof(old))) {
		return -EFAULT;
	}
	return 0;
}

long sys_timerfd_gettime(int fd, void USER *value)
{
	struct uapi_itimerspec now;
	struct file_ref ref;
	struct timerfd *t;
	unsigned long state;
	int err = timerfd_of(fd, &ref);

	if (err < 0) {
		return err;
	}
	t = ref.file->private;
	state = spin_lock_irqsave(&t->lock);
	get_locked(t, &now);
	spin_unlock_irqrestore(&t->lock, state);
	fd_put(ref);
	return user_copy_out(value, &now, sizeof(now));
}
