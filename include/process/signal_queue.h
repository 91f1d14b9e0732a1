/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Pending signals: a bit per signal and a list of queued siginfo.
 *
 * Standard signals (1..31) are queued at most once, real-time ones (32..64)
 * as often as RLIMIT_SIGPENDING allows.  Guarded by the signal lock of the
 * process.
 */
#include <stdint.h>

#include <lib/list.h>

#define SIGNAL_COUNT	   64
#define SIGNAL_BIT(signal) (1ull << ((signal)-1))

struct signal_queue {
	uint64_t pending;  /* bit signal - 1 */
	struct list infos; /* struct signal_info_node, oldest first */
};
