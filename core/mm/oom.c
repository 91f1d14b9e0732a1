/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Out of memory: the process with the most resident memory is ended, as Linux
 * does, weighted by oom_score_adj (-1000: never).  One at a time: the next is
 * chosen only when the last has given its memory back, or has not within a
 * second.
 *
 * Allocations of the victim fail from now on, so it cannot wait for itself.
 */
#include "oom.h"

#include <debug/log.h>
#include <mm/address_space.h>
#include <process/process.h>
#include <time/clock.h>
#include <uapi/signal.h>

#include "internal.h"

#define PATIENCE_NS NSEC_PER_SEC
#define NEVER	    (-1000)

static struct address_space *victim_space; /* [a] compared, never followed */
static uint64_t victim_since;		   /* [a] */

struct choice {
	struct process *process;
	int64_t points;
};

/* Process tree lock held: the space cannot be followed without the process's
 * own lock. */
static int judge(struct process *process, void *arg)
{
	struct choice *choice = arg;
	int64_t points = 0;
	int adjust;

	spin_lock(&process->lock);
	adjust = process->oom_score_adjust;
	if (process->address_space != NULL && process->state == PROCESS_ALIVE &&
	    !process->address_space->oom_killed) {
		points = (int64_t)process->address_space->resident +
			 (int64_t)process->address_space->page_table_frames +
			 adjust * (int64_t)(frame_total_count() / 1000);
		points = points > 0 ? points : 1;
	}
	spin_unlock(&process->lock);
	if (points > choice->points && adjust != NEVER) {
		if (choice->process != NULL) {
			process_put(choice->process);
		}
		process_get(process);
		choice->process = process;
		choice->points = points;
	}
	return 0;
}

/* Processes that share the memory by CLONE_VM go with it. */
static int kill_sharer(struct process *process, void *arg)
{
	bool shares;

	spin_lock(&process->lock);
	shares = process->address_space == arg;
	spin_unlock(&process->lock);
	if (shares) {
		process_kill(process, UAPI_SIGKILL);
	}
	return 0;
}

bool oom_kill(void)
{
	struct choice choice = {0};
	struct address_space *space;

	process_for_each(judge, &choice);
	if (choice.process == NULL) {
		return false;
	}
	space = process_get_space(choice.process);
	if (space == NULL) {
		process_put(choice.process);
		return true; /* ended by itself */
	}
	log_notice("out of memory: killed process %d (%s), %llu KiB resident",
		   choice.process->pid, choice.process->name,
		   (unsigned long long)(space->resident << (PAGE_SHIFT - 10)));
	space->oom_killed = true;
	__atomic_store_n(&victim_since, clock_monotonic_ns(), __ATOMIC_RELAXED);
	__atomic_store_n(&victim_space, space, __ATOMIC_RELEASE);
	process_for_each(kill_sharer, space);
	process_put(choice.process);
	address_space_put(space);
	return true;
}

void oom_space_gone(const struct address_space *space)
{
	if (__atomic_load_n(&victim_space, __ATOMIC_ACQUIRE) == space) {
		__atomic_store_n(&victim_space, NULL, __ATOMIC_RELEASE);
	}
}

bool oom_is_pending(void)
{
	return __atomic_load_n(&victim_space, __ATOMIC_ACQUIRE) != NULL &&
	       clock_monotonic_ns() <
		       __atomic_load_n(&victim_since, __ATOMIC_RELAXED) +
			       PATIENCE_NS;
}
