/* SPDX-License-Identifier: BSD-3-Clause */

/* Resource limits: Linux's defaults. */
#include <process/rlimit.h>

#include <mm/frame.h>
#include <process/process.h>

#define MIB (1024ull * 1024)

/* Linux lets threads take an eighth of memory at 16 KiB of stack each, and half
 * of that number is the limit of a user. */
static uint64_t thread_limit(void)
{
	struct frame_stats stats;
	uint64_t limit;

	frame_stats(&stats);
	limit = stats.total * PAGE_SIZE / (8 * THREAD_STACK_SIZE) / 2;
	return limit < 64 ? 64 : limit;
}

void rlimits_init(struct rlimits *rlimits)
{
	struct rlimit_pair *limits = rlimits->limits;
	uint64_t threads = thread_limit();

	for (unsigned i = 0; i < RLIMIT_COUNT; i++) {
		limits[i].soft = RLIMIT_INFINITY;
		limits[i].hard = RLIMIT_INFINITY;
	}
	limits[RLIMIT_STACK].soft = 8 * MIB;
	limits[RLIMIT_CORE].soft = 0;
	limits[RLIMIT_NPROC].soft = threads;
	limits[RLIMIT_NPROC].hard = threads;
	limits[RLIMIT_NOFILE].soft = 1024;
	limits[RLIMIT_NOFILE].hard = 1048576;
	limits[RLIMIT_MEMLOCK].soft = 8 * MIB;
	limits[RLIMIT_MEMLOCK].hard = 8 * MIB;
	limits[RLIMIT_SIGPENDING].soft = threads;
	limits[RLIMIT_SIGPENDING].hard = threads;
	limits[RLIMIT_MSGQUEUE].soft = 819200;
	limits[RLIMIT_MSGQUEUE].hard = 819200;
	limits[RLIMIT_NICE].soft = 0;
	limits[RLIMIT_NICE].hard = 0;
	limits[RLIMIT_RTPRIO].soft = 0;
	limits[RLIMIT_RTPRIO].hard = 0;
}

uint64_t rlimit_current(unsigned resource)
{
	struct process *process = process_current();

	if (process == NULL) {
		return RLIMIT_INFINITY;
	}
	return __atomic_load_n(&process->rlimits.limits[resource].soft,
			       __ATOMIC_RELAXED);
}
