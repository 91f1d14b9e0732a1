/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Times of the application as nanoseconds.
 *
 * The kernel counts in uint64_t nanoseconds.  Times further away than
 * TIME_NS_MAX (292 years) are cut to it, as Linux does; as a deadline that is
 * as good as never.
 */
#include <stdbool.h>
#include <stdint.h>

#include <arch/user.h>
#include <uapi/time.h>

#define TIME_NS_MAX ((uint64_t)INT64_MAX)

/* False: negative, or the fraction is out of range. */
bool timespec_is_valid(const struct uapi_timespec *time);
bool timeval_is_valid(const struct uapi_timeval *time);

/* Of valid times. */
uint64_t timespec_to_ns(const struct uapi_timespec *time);
uint64_t timeval_to_ns(const struct uapi_timeval *time);
struct uapi_timespec timespec_from_ns(uint64_t ns);
struct uapi_timeval timeval_from_ns(uint64_t ns);

/* Copy in and check: 0, -EFAULT, -EINVAL. */
int timespec_get_ns(uint64_t *ns_out, const void USER *from);
int timeval_get_ns(uint64_t *ns_out, const void USER *from);
/* 0, -EFAULT. */
int timespec_put_ns(void USER *to, uint64_t ns);
int timeval_put_ns(void USER *to, uint64_t ns);

/* now + duration on the monotonic clock; never WAIT_FOREVER, never wraps. */
uint64_t deadline_after(uint64_t duration_ns);

/*
 * The monotonic time at which the wall clock, as it is set now, reaches
 * realtime_ns; 0 when that has been.
 */
uint64_t deadline_of_realtime(uint64_t realtime_ns);
