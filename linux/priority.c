/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Nice values (getpriority, setpriority) and I/O priorities, of one thread, the
 * threads of a group, or those of a user.
 *
 * I/O priorities are kept and can be asked for; the block layer does not order
 * by them (docs/limits.md).
 */
#include "sched.h"

#include <linux/syscall.h>

#include <lib/minmax.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/session.h>
#include <sched/sched.h>
#include <uapi/errno.h>
#include <uapi/sched.h>

/* --- for all threads of a group or user
 * ----------------------------------------------
 */

enum target { TARGET_PROCESS, TARGET_GROUP, TARGET_USER };

struct walk {
	enum target target;
	uint32_t id;
	int (*func)(struct thread *thread, void *arg);
	void *arg;
	unsigned found;
};

static int walk_process(struct process *process, void *arg)
{
	struct walk *walk = arg;
	struct thread *thread;

	if (walk->target == TARGET_GROUP
		    ? process->process_group != (int)walk->id
		    : process->credentials.uid != walk->id) {
		return 0;
	}
	spin_lock(&process->lock);
	list_for_each (thread, &process->threads, process_link) {
		walk->found++;
		walk->func(thread, walk->arg);
	}
	spin_unlock(&process->lock);
	return 0;
}

/* Calls func for all; 0 or -ESRCH. */
static int for_each(enum target target, int id,
		    int (*func)(struct thread *thread, void *arg), void *arg)
{
	struct walk walk = {.target = target, .func = func, .arg = arg};
	struct credentials own;
	struct thread *thread;

	if (target == TARGET_PROCESS) {
		thread = sched_find_thread(id);
		if (thread == NULL) {
			return -ESRCH;
		}
		func(thread, arg);
		thread_put(thread);
		return 0;
	}
	credentials_current(&own);
	walk.id = (uint32_t)id;
	if (id == 0) {
		walk.id = target == TARGET_GROUP ? (uint32_t)session_group_of(0)
						 : own.uid;
	}
	process_for_each(walk_process, &walk);
	return walk.found > 0 ? 0 : -ESRCH;
}

static int target_of(int which, int first)
{
	return which < first || which > first + 2 ? -EINVAL : which - first;
}

/* --- nice values
 * ------------------------------------------------------------------------
 */

struct nice_change {
	int nice;
	bool changed;
	int err; /* the last refusal */
};

static int set_nice(struct thread *thread, void *arg)
{
	struct nice_change *change = arg;

	if (!sched_is_owner(thread) &&
	    !credentials_capable(CREDENTIALS_CAP_SYS_NICE)) {
		change->err = -EPERM;
	} else if (change->nice < thread->sched.nice &&
		   !sched_may_nice(change->nice)) {
		change->err = -EACCES;
	} else {
		sched_set_nice(thread, change->nice);
		change->changed = true;
	}
	return 0;
}

static int lowest_nice(struct thread *thread, void *arg)
{
	int *lowest = arg;

	*lowest = MIN(*lowest, (int)thread->sched.nice);
	return 0;
}

long sys_setpriority(int which, int who, int priority)
{
	struct nice_change change = {
		.nice = MAX(MIN(priority, 19), -20),
	};
	int target = target_of(which, UAPI_PRIO_PROCESS);
	int err;

	if (target < 0) {
		return target;
	}
	err = for_each((enum target)target, who, set_nice, &change);
	return err < 0 ? err : change.err;
}

/* The answer is 20 - nice, so that it is never negative. */
long sys_getpriority(int which, int who)
{
	int target = target_of(which, UAPI_PRIO_PROCESS);
	int lowest = 20;
	int err;

	if (target < 0) {
		return target;
	}
	err = for_each((enum target)target, who, lowest_nice, &lowest);
	return err < 0 ? err : 20 - lowest;
}

/* --- I/O priorities
 * -----------------------------------------------------------------------
 */

struct io_change {
	uint32_t priority;
	int err;
};

static int set_io(struct thread *thread, void *arg)
{
	struct io_change *change = arg;

	if (!sched_is_owner(thread) &&
	    !credentials_capable(CREDENTIALS_CAP_SYS_NICE)) {
		change->err = -EPERM;
	} else {
		__atomic_store_n(&thread->linux.io_priority, change->priority,
				 __ATOMIC_RELAXED);
	}
	return 0;
}

/* What no priority means: best effort, by the nice value. */
static uint32_t effective_io(const struct thread *thread)
{
	uint32_t priority =
		__atomic_load_n(&thread->linux.io_priority, __ATOMIC_RELAXED);

	if (priority >> UAPI_IOPRIO_CLASS_SHIFT == UAPI_IOPRIO_CLASS_NONE) {
		return (uint32_t)UAPI_IOPRIO_CLASS_BE
			       << UAPI_IOPRIO_CLASS_SHIFT |
		       (uint32_t)(thread->sched.nice + 20) / 5;
	}
	return priority;
}

static int best_io(struct thread *thread, void *arg)
{
	uint32_t *best = arg;

	*best = MIN(*best, effective_io(thread));
	return 0;
}

static int own_io(struct thread *thread, void *arg)
{
	*(uint32_t *)arg =
		__atomic_load_n(&thread->linux.io_priority, __ATOMIC_RELAXED);
	return 0;
}

long sys_ioprio_set(int which, int who, int priority)
{
	struct io_change change = {.priority = (uint32_t)priority};
	int target = target_of(which, UAPI_IOPRIO_WHO_PROCESS);
	unsigned level = change.priority & (UAPI_IOPRIO_LEVELS - 1);
	int err;

	switch (change.priority >> UAPI_IOPRIO_CLASS_SHIFT) {
	case UAPI_IOPRIO_CLASS_RT:
		if (!credentials_capable(CREDENTIALS_CAP_SYS_ADMIN) &&
		    !credentials_capable(CREDENTIALS_CAP_SYS_NICE)) {
			return -EPERM;
		}
		break;
	case UAPI_IOPRIO_CLASS_BE:
	case UAPI_IOPRIO_CLASS_IDLE:
		break;
	case UAPI_IOPRIO_CLASS_NONE:
		if (level != 0) {
			return -EINVAL;
		}
		break;
	default:
		return -EINVAL;
	}
	if (target < 0) {
		return target;
	}
	err = for_each((enum target)target, who, set_io, &change);
	return err < 0 ? err : change.err;
}

long sys_ioprio_get(int which, int who)
{
	int target = target_of(which, UAPI_IOPRIO_WHO_PROCESS);
	uint32_t best = UINT32_MAX;
	int err;

	if (target < 0) {
		return target;
	}
	err = for_each((enum target)target, who,
		       target == TARGET_PROCESS ? own_io : best_io, &best);
	return err < 0 ? err : (long)best;
}
