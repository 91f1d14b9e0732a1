/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* getrusage(2); the numbers of limits are in process/rlimit.h. */
#include <stdint.h>

#include <uapi/time.h>

#define UAPI_RUSAGE_SELF     0
#define UAPI_RUSAGE_CHILDREN (-1)
#define UAPI_RUSAGE_THREAD   1

struct uapi_rusage {
	struct uapi_timeval user, system;
	int64_t max_rss; /* KiB */
	int64_t shared_text, unshared_data, unshared_stack;
	int64_t minor_faults, major_faults, swaps;
	int64_t blocks_in, blocks_out;
	int64_t messages_sent, messages_received, signals;
	int64_t voluntary_switches, involuntary_switches;
};
_Static_assert(sizeof(struct uapi_rusage) == 144, "getrusage(2)");
