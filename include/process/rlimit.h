/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Resource limits, Linux's numbers.  Guarded by process->lock. */
#include <stdint.h>

#define RLIMIT_CPU	  0
#define RLIMIT_FSIZE	  1
#define RLIMIT_DATA	  2
#define RLIMIT_STACK	  3
#define RLIMIT_CORE	  4
#define RLIMIT_RSS	  5
#define RLIMIT_NPROC	  6
#define RLIMIT_NOFILE	  7
#define RLIMIT_MEMLOCK	  8
#define RLIMIT_AS	  9
#define RLIMIT_LOCKS	  10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE	  12
#define RLIMIT_NICE	  13
#define RLIMIT_RTPRIO	  14
#define RLIMIT_RTTIME	  15
#define RLIMIT_COUNT	  16
#define RLIMIT_INFINITY	  UINT64_MAX

struct rlimit_pair {
	uint64_t soft;
	uint64_t hard;
};

struct rlimits {
	struct rlimit_pair limits[RLIMIT_COUNT];
};

/* Linux's defaults for a service: NOFILE 1024:1048576, STACK 8 MiB ... */
void rlimits_init(struct rlimits *rlimits);

/* Soft limit of the current process; RLIMIT_INFINITY in kernel threads. */
uint64_t rlimit_current(unsigned resource);
