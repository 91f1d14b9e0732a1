/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Time: reading, setting, sleeping.  Timers are in timers.c and itimers.c.
 */
#include <linux/syscall.h>

#include <arch/cpu.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/signal.h>
#include <sync/spinlock.h>
#include <time/clock.h>
#include <uapi/errno.h>

#include "clock.h"
#include "timespec.h"

#define MINUTES_WEST_MAX (15 * 60)
#define ADJTIME_MAX	 2147000000ll /* microseconds */

/* --- reading and setting
 * -------------------------------------------------------
 */

long sys_clock_gettime(int clock, void USER *time)
{
	uint64_t ns;
	int err = clock_read_ns(clock, &ns);

	return err < 0 ? err : timespec_put_ns(time, ns);
}

long sys_clock_getres(int clock, void USER *resolution)
{
	uint64_t ns;
	int err = clock_read_ns(clock, &ns); /* is there such a clock? */

	if (err < 0) {
		return err;
	}
	return resolution != NULL ? timespec_put_ns(resolution, 1) : 0;
}

long sys_gettimeofday(void USER *time, void USER *zone)
{
	const struct uapi_timezone utc = {0, 0};

	if (time != NULL && timeval_put_ns(time, clock_realtime_ns()) < 0) {
		return -EFAULT;
	}
	return zone != NULL ? user_copy_out(zone, &utc, sizeof(utc)) : 0;
}

long sys_time(void USER *time)
{
	int64_t seconds = (int64_t)(clock_realtime_ns() / NSEC_PER_SEC);

	if (time != NULL && user_put_u64(time, (uint64_t)seconds) < 0) {
		return -EFAULT;
	}
	return seconds;
}

/* The wall clock cannot show a time before the machine was started. */
static int set_wall(uint64_t ns)
{
	if (!credentials_capable(CREDENTIALS_CAP_SYS_TIME)) {
		return -EPERM;
	}
	if (ns < clock_monotonic_ns() || ns == TIME_NS_MAX) {
		return -EINVAL;
	}
	clock_step(ns);
	return 0;
}

long sys_clock_settime(int clock, const void USER *time)
{
	uint64_t ns;
	int err;

	if (clock != UAPI_CLOCK_REALTIME) {
		return -EINVAL;
	}
	err = timespec_get_ns(&ns, time);
	return err < 0 ? err : set_wall(ns);
}

long sys_settimeofday(const void USER *time, const void USER *zone)
{
	struct uapi_timezone tz;
	uint64_t ns = 0;
	int err;

	if (time != NULL) {
		err = timeval_get_ns(&ns, time);
		if (err < 0) {
			return err;
		}
	}
	if (zone != NULL) {
		if (user_copy_in(&tz, zone, sizeof(tz)) < 0) {
			return -EFAULT;
		}
		if (!credentials_capable(CREDENTIALS_CAP_SYS_TIME)) {
			return -EPERM;
		}
		if (tz.minutes_west > MINUTES_WEST_MAX ||
		    tz.minutes_west < -MINUTES_WEST_MAX) {
			return -EINVAL;
		}
	}
	return time != NULL ? set_wall(ns) : 0;
}

/* --- adjtimex
 * --------------------------------------------------------------------
 */

/* The clock is steered by the hypervisor's: it can be stepped, not slewed.
 * What NTP only stores is stored. */
static struct spinlock timex_lock = SPINLOCK_INIT("timex");
static struct uapi_timex timex_state = {
	/* [timex_lock] */
	.max_error = 16000000, .est_error = 16000000, .status = UAPI_STA_UNSYNC,
	.constant = 2,	       .precision = 1,	      .tolerance = 32768000,
	.tick = 10000,
};

#define TIMEX_STORED                                                           \
	(UAPI_ADJ_MAXERROR | UAPI_ADJ_ESTERROR | UAPI_ADJ_STATUS |             \
	 UAPI_ADJ_TIMECONST | UAPI_ADJ_TAI)
#define TIMEX_SUPPORTED                                                        \
	(TIMEX_STORED | UAPI_ADJ_SETOFFSET | UAPI_ADJ_NANO | UAPI_ADJ_MICRO)

static void timex_store(const struct uapi_timex *timex)
{
	if ((timex->modes & UAPI_ADJ_MAXERROR) != 0) {
		timex_state.max_error = timex->max_error;
	}
	if ((timex->modes & UAPI_ADJ_ESTERROR) != 0) {
		timex_state.est_error = timex->est_error;
	}
	if ((timex->modes & UAPI_ADJ_STATUS) != 0) {
		timex_state.status = timex->status & 0xff;
	}
	if ((timex->modes & UAPI_ADJ_TIMECONST) != 0) {
		timex_state.constant = timex->constant;
	}
	if ((timex->modes & UAPI_ADJ_TAI) != 0) {
		timex_state.tai = (int32_t)timex->constant;
	}
}

static int timex_step(const struct uapi_timex *timex)
{
	bool nano = (timex->modes & UAPI_ADJ_NANO) != 0;
	int64_t fraction = timex->time.usec;
	int64_t limit = nano ? (int64_t)NSEC_PER_SEC : 1000000;
	int64_t now = (int64_t)clock_realtime_ns();
	int64_t delta;
	int64_t ns;

	if (fraction < 0 || fraction >= limit) {
		return -EINVAL;
	}
	fraction = nano ? fraction : fraction * (int64_t)NSEC_PER_USEC;
	if (__builtin_mul_overflow(timex->time.sec, (int64_t)NSEC_PER_SEC,
				   &delta) ||
	    __builtin_add_overflow(delta, fraction, &delta) ||
	    __builtin_add_overflow(now, delta, &ns) || ns < 0) {
		return -EINVAL;
	}
	return set_wall((uint64_t)ns);
}

/* adjtime(3): what the clock is off is stepped at once, so nothing is ever left
 * to be told. */
static long timex_adjtime(struct uapi_timex *timex, void USER *user)
{
	bool only_read = (timex->modes & UAPI_ADJ_NANO) != 0;
	int64_t ns = timex->offset * (int64_t)NSEC_PER_USEC;
	int err = 0;

	if ((timex->modes & UAPI_ADJ_OFFSET) == 0 ||
	    timex->offset > ADJTIME_MAX || timex->offset < -ADJTIME_MAX) {
		return -EINVAL;
	}
	if (!only_read && !credentials_capable(CREDENTIALS_CAP_SYS_TIME)) {
		return -EPERM;
	}
	if (!only_read && ns != 0) {
		err = set_wall(clock_realtime_ns() + (uint64_t)ns);
	}
	timex->offset = 0;
	if (err == 0) {
		err = user_copy_out(user, timex, sizeof(*timex));
	}
	return err;
}

static long adjust(void USER *user)
{
	struct uapi_timex timex;
	uint32_t modes;
	bool nano;
	uint64_t now;
	int err = 0;

	if (user_copy_in(&timex, user, sizeof(timex)) < 0) {
		return -EFAULT;
	}
	modes = timex.modes;
	if ((modes & UAPI_ADJ_ADJTIME) != 0) {
		return timex_adjtime(&timex, user);
	}
	if (modes != 0 && !credentials_capable(CREDENTIALS_CAP_SYS_TIME)) {
		return -EPERM;
	}
	if ((modes & ~(uint32_t)TIMEX_SUPPORTED) != 0) {
		return -EOPNOTSUPP;
	}
	if ((modes & UAPI_ADJ_SETOFFSET) != 0) {
		err = timex_step(&timex);
		if (err < 0) {
			return err;
		}
	}
	spin_lock(&timex_lock);
	timex_store(&timex);
	if ((modes & UAPI_ADJ_NANO) != 0) {
		timex_state.status |= UAPI_STA_NANO;
	} else if ((modes & UAPI_ADJ_MICRO) != 0) {
		timex_state.status &= ~UAPI_STA_NANO;
	}
	timex = timex_state;
	spin_unlock(&timex_lock);
	timex.modes = modes;
	nano = (timex.status & UAPI_STA_NANO) != 0;
	now = clock_realtime_ns();
	timex.time.sec = (int64_t)(now / NSEC_PER_SEC);
	timex.time.usec =
		(int64_t)(now % NSEC_PER_SEC / (nano ? 1 : NSEC_PER_USEC));
	if (user_copy_out(user, &timex, sizeof(timex)) < 0) {
		return -EFAULT;
	}
	return (timex.status & UAPI_STA_UNSYNC) != 0 ? UAPI_TIME_ERROR
						     : UAPI_TIME_OK;
}

long sys_adjtimex(void USER *timex)
{
	return adjust(timex);
}

long sys_clock_adjtime(int clock, void USER *timex)
{
	uint64_t ns;
	int err;

	if (clock == UAPI_CLOCK_REALTIME) {
		return adjust(timex);
	}
	err = clock_read_ns(clock, &ns);
	return err < 0 ? err : -EOPNOTSUPP;
}

/* --- sleeping
 * --------------------------------------------------------------------
 */

static long restart_sleep(void);

/* Relative sleeps count on from where the signal came. */
static long sleep_relative(uint64_t deadline_ns, void USER *remaining)
{
	struct thread_state_linux *own = &thread_current()->linux;
	uint64_t now;

	if (clock_sleep_until(UAPI_CLOCK_MONOTONIC, deadline_ns) == 0) {
		return 0;
	}
	now = clock_monotonic_ns();
	if (now >= deadline_ns) {
		return 0;
	}
	if (remaining != NULL &&
	    timespec_put_ns(remaining, deadline_ns - now) < 0) {
		return -EFAULT;
	}
	own->restart = restart_sleep;
	own->restart_deadline_ns = deadline_ns;
	own->restart_remaining = (uintptr_t)remaining;
	own->in_restart_block = true;
	return -ERESTART_RESTARTBLOCK;
}

static long restart_sleep(void)
{
	struct thread_state_linux *own = &thread_current()->linux;

	return sleep_relative(own->restart_deadline_ns,
			      (void USER *)own->restart_remaining);
}

long sys_restart_syscall(void)
{
	struct thread_state_linux *own = &thread_current()->linux;

	if (!own->in_restart_block) {
		return -EINTR;
	}
	own->in_restart_block = false;
	return own->restart();
}

long sys_nanosleep(const void USER *request, void USER *remaining)
{
	uint64_t ns;
	int err = timespec_get_ns(&ns, request);

	if (err < 0) {
		return err;
	}
	return sleep_relative(deadline_after(ns), remaining);
}

/*
 * Sleeps until the CPU clock shows ns.  Its speed is at most the number of
 * CPUs, so a sleep of what is left, divided by that, is never too long; it is
 * repeated until the time has come.
 */
static int sleep_on_cpu_clock(const struct cpu_clock *clock, uint64_t ns)
{
	uint64_t shown;

	while ((shown = cpu_clock_read(clock)) < ns) {
		uint64_t step = (ns - shown) / cpu_count();
		int err = clock_sleep_until(
			UAPI_CLOCK_MONOTONIC,
			deadline_after(MAX(step, NSEC_PER_MSEC)));

		if (err < 0) {
			return err;
		}
	}
	return 0;
}

static long cpu_nanosleep(int number, bool absolute, uint64_t ns,
			  void USER *remaining)
{
	struct cpu_clock clock;
	uint64_t shown;
	int err;

	err = cpu_clock_get(number, &clock);
	if (err < 0) {
		return err;
	}
	if (clock.thread == thread_current()) {
		cpu_clock_put(&clock);
		return -EINVAL; /* it does not run while it sleeps */
	}
	shown = cpu_clock_read(&clock);
	if (!absolute) {
		ns = MIN(ns, TIME_NS_MAX - shown) + shown;
	}
	err = sleep_on_cpu_clock(&clock, ns);
	shown = cpu_clock_read(&clock);
	cpu_clock_put(&clock);
	if (err == 0) {
		return 0;
	}
	if (absolute) {
		return -ERESTARTNOHAND;
	}
	if (remaining != NULL &&
	    timespec_put_ns(remaining, ns > shown ? ns - shown : 0) < 0) {
		return -EFAULT;
	}
	return -EINTR;
}

long sys_clock_nanosleep(int clock, int flags, const void USER *request,
			 void USER *remaining)
{
	bool absolute = (flags & UAPI_TIMER_ABSTIME) != 0;
	uint64_t ns;
	int err = clock_read_ns(clock, &ns);

	if (err < 0) {
		return err;
	}
	if (!clock_is_cpu(clock) && !clock_can_sleep(clock)) {
		return -EOPNOTSUPP;
	}
	if (clock == UAPI_CLOCK_THREAD_CPUTIME_ID) {
		return -EOPNOTSUPP;
	}
	err = timespec_get_ns(&ns, request);
	if (err < 0) {
		return err;
	}
	if (clock_is_cpu(clock)) {
		return cpu_nanosleep(clock, absolute, ns, remaining);
	}
	if (!absolute) {
		return sleep_relative(deadline_after(ns), remaining);
	}
	return clock_sleep_until(clock, ns) < 0 ? -ERESTARTNOHAND : 0;
}
