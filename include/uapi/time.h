/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Clocks, times and intervals of 64-bit Linux: clock_gettime(2) and others. */
#include <stdint.h>

#define UAPI_CLOCK_REALTIME	      0
#define UAPI_CLOCK_MONOTONIC	      1
#define UAPI_CLOCK_PROCESS_CPUTIME_ID 2
#define UAPI_CLOCK_THREAD_CPUTIME_ID  3
#define UAPI_CLOCK_MONOTONIC_RAW      4
#define UAPI_CLOCK_REALTIME_COARSE    5
#define UAPI_CLOCK_MONOTONIC_COARSE   6
#define UAPI_CLOCK_BOOTTIME	      7
#define UAPI_CLOCK_REALTIME_ALARM     8
#define UAPI_CLOCK_BOOTTIME_ALARM     9
#define UAPI_CLOCK_TAI		      11

#define UAPI_TIMER_ABSTIME 1

#define UAPI_ITIMER_REAL    0
#define UAPI_ITIMER_VIRTUAL 1
#define UAPI_ITIMER_PROF    2

#define UAPI_SIGEV_SIGNAL    0
#define UAPI_SIGEV_NONE	     1
#define UAPI_SIGEV_THREAD    2
#define UAPI_SIGEV_THREAD_ID 4

#define UAPI_DELAYTIMER_MAX 0x7fffffff

/* times(2) counts in hundredths of a second. */
#define UAPI_USER_HZ 100

struct uapi_timespec {
	int64_t sec;
	int64_t nsec;
};

struct uapi_timeval {
	int64_t sec;
	int64_t usec;
};

struct uapi_itimerspec {
	struct uapi_timespec interval;
	struct uapi_timespec value;
};

struct uapi_itimerval {
	struct uapi_timeval interval;
	struct uapi_timeval value;
};

struct uapi_timezone {
	int32_t minutes_west;
	int32_t dst_time;
};

struct uapi_tms {
	int64_t user, system, children_user, children_system;
};

struct uapi_sigevent {
	uint64_t value;
	int32_t signo;
	int32_t notify;
	int32_t thread_id;
	int32_t pad[11];
};
_Static_assert(sizeof(struct uapi_sigevent) == 64, "sigevent(7)");

/* adjtimex(2) */
struct uapi_timex {
	uint32_t modes;
	uint32_t pad0;
	int64_t offset, frequency, max_error, est_error;
	int32_t status;
	uint32_t pad1;
	int64_t constant, precision, tolerance;
	struct uapi_timeval time;
	int64_t tick, pps_frequency, jitter;
	int32_t shift;
	uint32_t pad2;
	int64_t stability, jitter_count, calibration_count, error_count,
		stability_count;
	int32_t tai;
	int32_t pad3[11];
};
_Static_assert(sizeof(struct uapi_timex) == 208, "adjtimex(2)");

#define UAPI_ADJ_OFFSET	   0x0001
#define UAPI_ADJ_FREQUENCY 0x0002
#define UAPI_ADJ_MAXERROR  0x0004
#define UAPI_ADJ_ESTERROR  0x0008
#define UAPI_ADJ_STATUS	   0x0010
#define UAPI_ADJ_TIMECONST 0x0020
#define UAPI_ADJ_TAI	   0x0080
#define UAPI_ADJ_SETOFFSET 0x0100
#define UAPI_ADJ_MICRO	   0x1000
#define UAPI_ADJ_NANO	   0x2000
#define UAPI_ADJ_TICK	   0x4000
#define UAPI_ADJ_ADJTIME   0x8000
#define UAPI_STA_UNSYNC	   0x0040
#define UAPI_STA_NANO	   0x2000
#define UAPI_TIME_OK	   0
#define UAPI_TIME_ERROR	   5
