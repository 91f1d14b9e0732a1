/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Limits and consumption of resources.  Limits are guarded by process->lock.
 */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <lib/string.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <sched/sched.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/resource.h>
#include <vfs/file.h>

#include "timers.h"
#include "timespec.h"
#include "usage.h"

/* --- limits ------------------------------------------------------------------
 */

/* The current process may look at and change the limits of the other. */
static bool may_access(struct process *process)
{
	struct credentials own;
	struct credentials other;

	if (process == process_current()) {
		return true;
	}
	credentials_current(&own);
	spin_lock(&process->lock);
	other = process->credentials;
	spin_unlock(&process->lock);
	return (own.uid == other.uid && own.uid == other.euid &&
		own.uid == other.suid && own.gid == other.gid &&
		own.gid == other.egid && own.gid == other.sgid) ||
	       credentials_capable(CREDENTIALS_CAP_SYS_RESOURCE);
}

static int check_limit(unsigned resource, const struct rlimit_pair *limit)
{
	if (limit->soft > limit->hard) {
		return -EINVAL;
	}
	if (resource == RLIMIT_NOFILE && limit->hard > FILE_TABLE_MAX) {
		return -EPERM;
	}
	return 0;
}

/* Exchanges; `limit` NULL: only asks. */
static int exchange(struct process *process, unsigned resource,
		    const struct rlimit_pair *limit,
		    struct rlimit_pair *old_out)
{
	bool may_raise = credentials_capable(CREDENTIALS_CAP_SYS_RESOURCE);
	struct rlimit_pair *pair = &process->rlimits.limits[resource];
	int err = 0;

	spin_lock(&process->lock);
	*old_out = *pair;
	if (limit != NULL) {
		if (limit->hard > pair->hard && !may_raise) {
			err = -EPERM;
		} else {
			*pair = *limit;
		}
	}
	spin_unlock(&process->lock);
	if (err == 0 && limit != NULL && resource == RLIMIT_CPU) {
		cpu_timers_limit_changed(process);
	}
	return err;
}

/* The process of any of its threads, as Linux finds it; 0: the current. */
static struct process *find(int tid)
{
	struct process *process = process_current();
	struct thread *thread;

	if (tid == 0) {
		process_get(process);
		return process;
	}
	thread = thread_find(tid);
	if (thread == NULL) {
		return NULL;
	}
	process = thread->process;
	if (process != NULL) {
		process_get(process);
	}
	thread_put(thread);
	return process;
}

long sys_prlimit64(int pid, unsigned resource, const void USER *limit,
		   void USER *old_limit)
{
	struct rlimit_pair new = {0, 0};
	struct rlimit_pair old;
	struct process *process;
	int err = 0;

	if (resource >= RLIMIT_COUNT) {
		return -EINVAL;
	}
	if (limit != NULL) {
		if (user_copy_in(&new, limit, sizeof(new)) < 0) {
			return -EFAULT;
		}
		err = check_limit(resource, &new);
		if (err == -EINVAL) {
			return err;
		}
	}
	process = find(pid);
	if (process == NULL) {
		return -ESRCH;
	}
	if (!may_access(process)) {
		err = -EPERM;
	}
	if (err == 0) {
		err = exchange(process, resource, limit != NULL ? &new : NULL,
			       &old);
	}
	process_put(process);
	if (err == 0 && old_limit != NULL) {
		err = user_copy_out(old_limit, &old, sizeof(old));
	}
	return err;
}

long sys_getrlimit(unsigned resource, void USER *limit)
{
	struct rlimit_pair old;

	if (resource >= RLIMIT_COUNT) {
		return -EINVAL;
	}
	exchange(process_current(), resource, NULL, &old);
	return user_copy_out(limit, &old, sizeof(old));
}

long sys_setrlimit(unsigned resource, const void USER *limit)
{
	struct rlimit_pair new;
	struct rlimit_pair old;
	int err;

	if (user_copy_in(&new, limit, sizeof(new)) < 0) {
		return -EFAULT;
	}
	if (resource >= RLIMIT_COUNT) {
		return -EINVAL;
	}
	err = check_limit(resource, &new);
	if (err < 0) {
		return err;
	}
	return exchange(process_current(), resource, &new, &old);
}

/* --- consumption -------------------------------------------------------------
 */

void usage_to_uapi(const struct process_usage *usage,
		   struct uapi_rusage *rusage_out)
{
	memset(rusage_out, 0, sizeof(*rusage_out));
	rusage_out->user = timeval_from_ns(usage->user_ns);
	rusage_out->system = timeval_from_ns(usage->system_ns);
	rusage_out->max_rss =
		(int64_t)(usage->resident_peak * PAGE_SIZE / 1024);
	rusage_out->minor_faults = (int64_t)usage->minor_faults;
	rusage_out->major_faults = (int64_t)usage->major_faults;
	rusage_out->voluntary_switches = (int64_t)usage->voluntary_switches;
	rusage_out->involuntary_switches = (int64_t)usage->involuntary_switches;
}

static void usage_of_thread(struct process_usage *usage)
{
	struct thread *thread = thread_current();
	struct process_usage process;

	process_usage(thread->process, &process);
	memset(usage, 0, sizeof(*usage));
	sched_cpu_time_ns(thread, &usage->user_ns, &usage->system_ns);
	usage->minor_faults = thread->linux.minor_faults;
	usage->major_faults = thread->linux.major_faults;
	usage->voluntary_switches = thread->sched.switches_voluntary;
	usage->involuntary_switches = thread->sched.switches_involuntary;
	usage->resident_peak = process.resident_peak;
}

long sys_getrusage(int who, void USER *usage)
{
	struct process_usage used;
	struct uapi_rusage rusage;

	switch (who) {
	case UAPI_RUSAGE_SELF:
		process_usage(process_current(), &used);
		break;
	case UAPI_RUSAGE_CHILDREN:
		process_usage_children(process_current(), &used);
		break;
	case UAPI_RUSAGE_THREAD:
		usage_of_thread(&used);
		break;
	default:
		return -EINVAL;
	}
	usage_to_uapi(&used, &rusage);
	return user_copy_out(usage, &rusage, sizeof(rusage));
}

static int64_t ticks(uint64_t ns)
{
	return (int64_t)(ns / (NSEC_PER_SEC / UAPI_USER_HZ));
}

long sys_times(void USER *times)
{
	struct process_usage own;
	struct process_usage children;
	struct uapi_tms tms;

	if (times != NULL) {
		process_usage(process_current(), &own);
		process_usage_children(process_current(), &children);
		tms.user = ticks(own.user_ns);
		tms.system = ticks(own.system_ns);
		tms.children_user = ticks(children.user_ns);
		tms.children_system = ticks(children.system_ns);
		if (user_copy_out(times, &tms, sizeof(tms)) < 0) {
			return -EFAULT;
		}
	}
	return ticks(clock_monotonic_ns());
}
