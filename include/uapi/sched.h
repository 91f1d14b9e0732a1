/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Scheduling: sched(7), setpriority(2), ioprio_set(2).  The numbers of policies
 * are in sched/entity.h. */
#include <stdint.h>

#define UAPI_SCHED_DEADLINE	 6
#define UAPI_SCHED_RESET_ON_FORK 0x40000000

#define UAPI_SCHED_FLAG_RESET_ON_FORK  0x01
#define UAPI_SCHED_FLAG_RECLAIM	       0x02
#define UAPI_SCHED_FLAG_DL_OVERRUN     0x04
#define UAPI_SCHED_FLAG_KEEP_POLICY    0x08
#define UAPI_SCHED_FLAG_KEEP_PARAMS    0x10
#define UAPI_SCHED_FLAG_UTIL_CLAMP_MIN 0x20
#define UAPI_SCHED_FLAG_UTIL_CLAMP_MAX 0x40
#define UAPI_SCHED_FLAG_ALL	       0x7f

struct uapi_sched_attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};
#define UAPI_SCHED_ATTR_SIZE_VER0 48
#define UAPI_SCHED_ATTR_SIZE_VER1 56
_Static_assert(sizeof(struct uapi_sched_attr) == UAPI_SCHED_ATTR_SIZE_VER1,
	       "sched_setattr(2)");

#define UAPI_PRIO_PROCESS 0
#define UAPI_PRIO_PGRP	  1
#define UAPI_PRIO_USER	  2

#define UAPI_IOPRIO_WHO_PROCESS 1
#define UAPI_IOPRIO_WHO_PGRP	2
#define UAPI_IOPRIO_WHO_USER	3
#define UAPI_IOPRIO_CLASS_SHIFT 13
#define UAPI_IOPRIO_CLASS_NONE	0
#define UAPI_IOPRIO_CLASS_RT	1
#define UAPI_IOPRIO_CLASS_BE	2
#define UAPI_IOPRIO_CLASS_IDLE	3
#define UAPI_IOPRIO_LEVELS	8
