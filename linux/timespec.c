/* SPDX-License-Identifier: BSD-3-Clause */

/* Times of the application as nanoseconds.  Pure but for the clock. */
#include "timespec.h"

#include <time/clock.h>
#include <uapi/errno.h>

bool timespec_is_valid(const struct uapi_timespec *time)
{
	return time->sec >= 0 && (uint64_t)time->nsec < NSEC_PER_SEC;
}

bool timeval_is_valid(const struct uapi_timeval *time)
{
	return time->sec >= 0 &&
	       (uint64_t)time->usec < NSEC_PER_SEC / NSEC_PER_USEC;
}

static uint64_t to_ns(uint64_t sec, uint64_t ns)
{
	if (sec >= TIME_NS_MAX / NSEC_PER_SEC) {
		return TIME_NS_MAX;
	}
	return sec * NSEC_PER_SEC + ns;
}

uint64_t timespec_to_ns(const struct uapi_timespec *time)
{
	return to_ns((uint64_t)time->sec, (uint64_t)time->nsec);
}

uint64_t timeval_to_ns(const struct uapi_timeval *time)
{
	return to_ns((uint64_t)time->sec, (uint64_t)time->usec * NSEC_PER_USEC);
}

struct uapi_timespec timespec_from_ns(uint64_t ns)
{
	return (struct uapi_timespec){
		.sec = (int64_t)(ns / NSEC_PER_SEC),
		.nsec = (int64_t)(ns % NSEC_PER_SEC),
	};
}

struct uapi_timeval timeval_from_ns(uint64_t ns)
{
	return (struct uapi_timeval){
		.sec = (int64_t)(ns / NSEC_PER_SEC),
		.usec = (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
	};
}

int timespec_get_ns(uint64_t *ns_out, const void USER *from)
{
	struct uapi_timespec time;

	if (user_copy_in(&time, from, sizeof(time)) < 0) {
		return -EFAULT;
	}
	if (!timespec_is_valid(&time)) {
		return -EINVAL;
	}
	*ns_out = timespec_to_ns(&time);
	return 0;
}

int timeval_get_ns(uint64_t *ns_out, const void USER *from)
{
	struct uapi_timeval time;

	if (user_copy_in(&time, from, sizeof(time)) < 0) {
		return -EFAULT;
	}
	if (!timeval_is_valid(&time)) {
		return -EINVAL;
	}
	*ns_out = timeval_to_ns(&time);
	return 0;
}

int timespec_put_ns(void USER *to, uint64_t ns)
{
	struct uapi_timespec time = timespec_from_ns(ns);

	return user_copy_out(to, &time, sizeof(time));
}

int timeval_put_ns(void USER *to, uint64_t ns)
{
	struct uapi_timeval time = timeval_from_ns(ns);

	return user_copy_out(to, &time, sizeof(time));
}

uint64_t deadline_after(uint64_t duration_ns)
{
	uint64_t now = clock_monotonic_ns();

	return duration_ns < TIME_NS_MAX - now ? now + duration_ns
					       : TIME_NS_MAX;
}

uint64_t deadline_of_realtime(uint64_t realtime_ns)
{
	/* The offset may be negative, as a number of two's complement. */
	int64_t deadline = (int64_t)(realtime_ns - clock_realtime_offset_ns());

	return deadline > 0 ? (uint64_t)deadline : 0;
}
