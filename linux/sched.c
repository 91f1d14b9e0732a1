/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Scheduling policies, affinity, yielding.  Nice values and I/O priorities are
 * in priority.c.
 */
#include "sched.h"

#include <linux/syscall.h>

#include <arch/cpu.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <sched/sched.h>
#include <uapi/errno.h>
#include <uapi/sched.h>

#include "timespec.h"

#define RT_PRIORITY_MAX 99
#define ATTR_SIZE_MAX	4096

/* --- finding and permission
 * --------------------------------------------------------
 */

struct thread *sched_find_thread(int tid)
{
	struct thread *thread = thread_current();

	if (tid == 0) {
		thread_get(thread);
		return thread;
	}
	thread = thread_find(tid);
	if (thread != NULL && thread->linux.exiting) {
		thread_put(thread);
		return NULL;
	}
	return thread;
}

bool sched_is_owner(const struct thread *thread)
{
	const struct process *process = thread->process;
	struct credentials own;

	if (process == process_current()) {
		return true;
	}
	credentials_current(&own);
	return process != NULL && (own.euid == process->credentials.euid ||
				   own.euid == process->credentials.uid);
}

bool sched_may_nice(int nice)
{
	/* The limit counts from 1 (nice 19) to 40 (nice -20). */
	return (uint64_t)(20 - nice) <= rlimit_current(RLIMIT_NICE) ||
	       credentials_capable(CREDENTIALS_CAP_SYS_NICE);
}

static bool is_realtime(unsigned policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* 0, -EPERM: without CAP_SYS_NICE only what RLIMIT_RTPRIO allows, and no step
 * up otherwise. */
static int check_change(const struct thread *thread, unsigned policy,
			unsigned priority, int nice, bool reset_on_fork)
{
	const struct sched_entity *now = &thread->sched;
	uint64_t limit = rlimit_current(RLIMIT_RTPRIO);

	if (credentials_capable(CREDENTIALS_CAP_SYS_NICE)) {
		return 0;
	}
	if (!sched_is_owner(thread) || (now->reset_on_fork && !reset_on_fork)) {
		return -EPERM;
	}
	if (is_realtime(policy)) {
		if ((policy != now->policy && limit == 0) ||
		    (priority > now->rt_priority && priority > limit)) {
			return -EPERM;
		}
	} else if (nice < now->nice && !sched_may_nice(nice)) {
		return -EPERM;
	}
	if (now->policy == SCHED_IDLE && policy != SCHED_IDLE &&
	    !sched_may_nice(now->nice)) {
		return -EPERM;
	}
	return 0;
}

/* --- policies
 * ------------------------------------------------------------------------
 */

/* nice INT32_MAX: keep. */
static int set_policy(int tid, int policy, unsigned priority, int nice,
		      bool reset_on_fork)
{
	struct thread *thread = sched_find_thread(tid);
	int err;

	if (thread == NULL) {
		return -ESRCH;
	}
	if (policy < 0) { /* sched_setparam: as it is */
		policy = thread->sched.policy;
		reset_on_fork = thread->sched.reset_on_fork;
	}
	if (policy > SCHED_IDLE || policy == SCHED_IDLE - 1 ||
	    priority > RT_PRIORITY_MAX ||
	    is_realtime((unsigned)policy) != (priority != 0)) {
		err = -EINVAL;
		goto put_thread;
	}
	err = check_change(thread, (unsigned)policy, priority,
			   nice == INT32_MAX ? thread->sched.nice : nice,
			   reset_on_fork);
	if (err == 0) {
		err = sched_set_policy(thread, (unsigned)policy, priority);
	}
	if (err == 0) {
		thread->sched.reset_on_fork = reset_on_fork;
		if (nice != INT32_MAX && !is_realtime((unsigned)policy)) {
			err = sched_set_nice(thread, nice);
		}
	}
put_thread:
	thread_put(thread);
	return err;
}

long sys_sched_setscheduler(int pid, int policy, const void USER *param)
{
	bool reset = (policy & UAPI_SCHED_RESET_ON_FORK) != 0;
	uint32_t priority;

	if (param == NULL || pid < 0 || policy < 0) {
		return -EINVAL;
	}
	if (user_get_u32(&priority, param) < 0) {
		return -EFAULT;
	}
	return set_policy(pid, policy & ~UAPI_SCHED_RESET_ON_FORK, priority,
			  INT32_MAX, reset);
}

long sys_sched_setparam(int pid, const void USER *param)
{
	uint32_t priority;

	if (param == NULL || pid < 0) {
		return -EINVAL;
	}
	if (user_get_u32(&priority, param) < 0) {
		return -EFAULT;
	}
	return set_policy(pid, -1, priority, INT32_MAX, false);
}

long sys_sched_getscheduler(int pid)
{
	struct thread *thread;
	long policy;

	if (pid < 0) {
		return -EINVAL;
	}
	thread = sched_find_thread(pid);
	if (thread == NULL) {
		return -ESRCH;
	}
	policy = thread->sched.policy;
	if (thread->sched.reset_on_fork) {
		policy |= UAPI_SCHED_RESET_ON_FORK;
	}
	thread_put(thread);
	return policy;
}

long sys_sched_getparam(int pid, void USER *param)
{
	struct thread *thread;
	uint32_t priority;

	if (param == NULL || pid < 0) {
		return -EINVAL;
	}
	thread = sched_find_thread(pid);
	if (thread == NULL) {
		return -ESRCH;
	}
	priority = thread->sched.rt_priority;
	thread_put(thread);
	return user_put_u32(param, priority);
}

static long priority_bound(int policy, long realtime)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return realtime;
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE:
	case UAPI_SCHED_DEADLINE:
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_sched_get_priority_max(int policy)
{
	return priority_bound(policy, RT_PRIORITY_MAX);
}

long sys_sched_get_priority_min(int policy)
{
	return priority_bound(policy, 1);
}

long sys_sched_rr_get_interval(int pid, void USER *interval)
{
	struct thread *thread;
	uint64_t ns;

	if (pid < 0) {
		return -EINVAL;
	}
	thread = sched_find_thread(pid);
	if (thread == NULL) {
		return -ESRCH;
	}
	ns = sched_rr_interval_ns(thread);
	thread_put(thread);
	return timespec_put_ns(interval, ns);
}

long sys_sched_yield(void)
{
	sched_yield();
	return 0;
}

/* --- sched_setattr, sched_getattr
 * ----------------------------------------------------
 */

/* A struct that has grown: what is not known here must be zero, else -E2BIG and
 * the size that is known. */
static int get_attr(struct uapi_sched_attr *attr, void USER *from)
{
	const uint8_t USER *bytes = from;
	uint32_t size;
	uint8_t byte;

	if (user_get_u32(&size, from) < 0) {
		return -EFAULT;
	}
	size = size != 0 ? size : UAPI_SCHED_ATTR_SIZE_VER0;
	if (size < UAPI_SCHED_ATTR_SIZE_VER0 || size > ATTR_SIZE_MAX) {
		goto too_big;
	}
	for (uint32_t i = sizeof(*attr); i < size; i++) {
		if (user_get_u8(&byte, bytes + i) < 0) {
			return -EFAULT;
		}
		if (byte != 0) {
			goto too_big;
		}
	}
	memset(attr, 0, sizeof(*attr));
	if (user_copy_in(attr, from, MIN(size, (uint32_t)sizeof(*attr))) < 0) {
		return -EFAULT;
	}
	if ((attr->flags & (UAPI_SCHED_FLAG_UTIL_CLAMP_MIN |
			    UAPI_SCHED_FLAG_UTIL_CLAMP_MAX)) != 0 &&
	    size < UAPI_SCHED_ATTR_SIZE_VER1) {
		return -EINVAL;
	}
	attr->nice = MAX(MIN(attr->nice, 19), -20);
	return 0;
too_big:
	user_put_u32(from, sizeof(*attr));
	return -E2BIG;
}

long sys_sched_setattr(int pid, void USER *user, unsigned flags)
{
	struct uapi_sched_attr attr;
	int policy;
	int nice;
	int err;

	if (user == NULL || pid < 0 || flags != 0) {
		return -EINVAL;
	}
	err = get_attr(&attr, user);
	if (err < 0) {
		return err;
	}
	if ((int32_t)attr.policy < 0 ||
	    (attr.flags & ~(uint64_t)UAPI_SCHED_FLAG_ALL) != 0) {
		return -EINVAL;
	}
	/* No deadline class, no utilisation clamps: as a kernel without. */
	if ((attr.flags & ~(uint64_t)(UAPI_SCHED_FLAG_RESET_ON_FORK |
				      UAPI_SCHED_FLAG_KEEP_POLICY |
				      UAPI_SCHED_FLAG_KEEP_PARAMS)) != 0) {
		return -EOPNOTSUPP;
	}
	policy = (attr.flags & UAPI_SCHED_FLAG_KEEP_POLICY) != 0
			 ? -1
			 : (int)attr.policy;
	nice = attr.nice;
	if ((attr.flags & UAPI_SCHED_FLAG_KEEP_PARAMS) != 0) {
		struct thread *thread = sched_find_thread(pid);

		if (thread == NULL) {
			return -ESRCH;
		}
		attr.priority = thread->sched.rt_priority;
		nice = INT32_MAX;
		thread_put(thread);
	}
	return set_policy(pid, policy, attr.priority, nice,
			  (attr.flags & UAPI_SCHED_FLAG_RESET_ON_FORK) != 0);
}

long sys_sched_getattr(int pid, void USER *user, unsigned size, unsigned flags)
{
	struct uapi_sched_attr attr;
	struct thread *thread;

	if (user == NULL || pid < 0 || size > ATTR_SIZE_MAX ||
	    size < UAPI_SCHED_ATTR_SIZE_VER0 || flags != 0) {
		return -EINVAL;
	}
	thread = sched_find_thread(pid);
	if (thread == NULL) {
		return -ESRCH;
	}
	memset(&attr, 0, sizeof(attr));
	attr.size = MIN(size, (unsigned)sizeof(attr));
	attr.policy = thread->sched.policy;
	attr.flags =
		thread->sched.reset_on_fork ? UAPI_SCHED_FLAG_RESET_ON_FORK : 0;
	attr.priority = thread->sched.rt_priority;
	if (!is_realtime(attr.policy)) {
		attr.nice = thread->sched.nice;
	}
	thread_put(thread);
	return user_copy_out(user, &attr, attr.size);
}

/* --- CPUs
 * ------------------------------------------------------------------------------
 */

long sys_sched_setaffinity(int pid, size_t size, const void USER *user)
{
	struct cpumask mask;
	struct thread *thread;
	int err;

	cpumask_clear(&mask);
	if (user_copy_in(mask.words, user, MIN(size, sizeof(mask.words))) < 0) {
		return -EFAULT;
	}
	thread = sched_find_thread(pid);
	if (thread == NULL) {
		return -ESRCH;
	}
	if (!sched_is_owner(thread) &&
	    !credentials_capable(CREDENTIALS_CAP_SYS_NICE)) {
		err = -EPERM;
	} else {
		/* CPUs that there are not are no part of the mask. */
		for (unsigned cpu = cpu_count(); cpu < CONFIG_CPU_MAX; cpu++) {
			cpumask_remove(&mask, cpu);
		}
		err = sched_set_affinity(thread, &mask);
	}
	thread_put(thread);
	return err;
}

long sys_sched_getaffinity(int pid, size_t size, void USER *user)
{
	struct cpumask mask;
	struct thread *thread;
	size_t shown;

	if (size * 8 < cpu_count() || size % sizeof(unsigned long) != 0) {
		return -EINVAL;
	}
	thread = sched_find_thread(pid);
	if (thread == NULL) {
		return -ESRCH;
	}
	mask = thread->affinity;
	thread_put(thread);
	for (unsigned cpu = cpu_count(); cpu < CONFIG_CPU_MAX; cpu++) {
		cpumask_remove(&mask, cpu);
	}
	shown = MIN(size, sizeof(mask.words));
	if (user_copy_out(user, mask.words, shown) < 0) {
		return -EFAULT;
	}
	return (long)shown;
}

long sys_getcpu(void USER *cpu, void USER *node, void USER *unused)
{
	(void)unused;
	if ((cpu != NULL && user_put_u32(cpu, cpu_id()) < 0) ||
	    (node != NULL && user_put_u32(node, 0) < 0)) {
		return -EFAULT;
	}
	return 0;
}
