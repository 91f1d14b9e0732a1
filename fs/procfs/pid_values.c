/* SPDX-License-Identifier: BSD-3-Clause */

/* The small files of a process. */
#include <fs/procfs/internal.h>

#include <lib/minmax.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/frame.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <sched/thread.h>
#include <uapi/errno.h>

/* --- names
 * --------------------------------------------------------------------- */

int proc_show_pid_comm(struct table_text *text,
		       const struct table_target *target)
{
	const char *name = target->thread != NULL ? target->thread->name
						  : target->process->name;

	table_text_put(text, name, strnlen(name, THREAD_NAME_SIZE - 1));
	table_text_put(text, "\n", 1);
	return 0;
}

/* The name of the process is its leader's. */
int proc_write_comm(const struct table_target *target, const char *value,
		    size_t length)
{
	struct process *process = target->process;
	struct thread *thread;

	(void)length;
	if (process != process_current()) {
		return -EINVAL;
	}
	thread = proc_thread(target);
	if (thread == NULL) {
		return -ESRCH;
	}
	string_copy(thread->name, value, THREAD_NAME_SIZE);
	if (thread->tid == process->pid) {
		string_copy(process->name, value, THREAD_NAME_SIZE);
	}
	thread_put(thread);
	return 0;
}

/* --- limits
 * ---------------------------------------------------------------------- */

static const struct limit_name {
	const char *name;
	const char *unit;
	unsigned resource;
} limit_names[] = {
	{"Max cpu time", "seconds", RLIMIT_CPU},
	{"Max file size", "bytes", RLIMIT_FSIZE},
	{"Max data size", "bytes", RLIMIT_DATA},
	{"Max stack size", "bytes", RLIMIT_STACK},
	{"Max core file size", "bytes", RLIMIT_CORE},
	{"Max resident set", "bytes", RLIMIT_RSS},
	{"Max processes", "processes", RLIMIT_NPROC},
	{"Max open files", "files", RLIMIT_NOFILE},
	{"Max locked memory", "bytes", RLIMIT_MEMLOCK},
	{"Max address space", "bytes", RLIMIT_AS},
	{"Max file locks", "locks", RLIMIT_LOCKS},
	{"Max pending signals", "signals", RLIMIT_SIGPENDING},
	{"Max msgqueue size", "bytes", RLIMIT_MSGQUEUE},
	{"Max nice priority", "", RLIMIT_NICE},
	{"Max realtime priority", "", RLIMIT_RTPRIO},
	{"Max realtime timeout", "us", RLIMIT_RTTIME},
};

static void add_limit(struct table_text *text, uint64_t value)
{
	if (value == RLIMIT_INFINITY) {
		table_text_add(text, "%-20s ", "unlimited");
	} else {
		table_text_add(text, "%-20llu ", (unsigned long long)value);
	}
}

int proc_show_pid_limits(struct table_text *text,
			 const struct table_target *target)
{
	struct process *process = target->process;
	struct rlimits rlimits;

	spin_lock(&process->lock);
	rlimits = process->rlimits;
	spin_unlock(&process->lock);
	table_text_add(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
		       "Hard Limit", "Units");
	for (size_t i = 0; i < ARRAY_SIZE(limit_names); i++) {
		const struct limit_name *limit = &limit_names[i];

		table_text_add(text, "%-25s ", limit->name);
		add_limit(text, rlimits.limits[limit->resource].soft);
		add_limit(text, rlimits.limits[limit->resource].hard);
		if (limit->unit[0] != '\0') {
			table_text_add(text, "%-10s", limit->unit);
		}
		table_text_put(text, "\n", 1);
	}
	return 0;
}

/* --- out of memory
 * ------------------------------------------------------------------ */

#define OOM_ADJUST_MIN (-1000)
#define OOM_ADJUST_MAX 1000
#define OOM_OLD_MIN    (-17) /* oom_adj: never */
#define OOM_OLD_MAX    15
#define OOM_SCORE_MAX  2000

static int oom_adjust_of(struct process *process)
{
	int value;

	spin_lock(&process->lock);
	value = process->oom_score_adjust;
	spin_unlock(&process->lock);
	return value;
}

/* Linux scales "thousandths of the memory + adjustment" to 0..1334. */
int proc_show_pid_oom_score(struct table_text *text,
			    const struct table_target *target)
{
	struct address_space *space = process_get_space(target->process);
	struct frame_stats stats;
	int64_t points = 0;

	if (space != NULL) {
		frame_stats(&stats);
		points = (int64_t)(READ_ONCE(space->resident) * 1000 /
				   MAX(stats.total, (uint64_t)1)) +
			 oom_adjust_of(target->process);
		points = (1000 + points) * 2 / 3;
		points = MIN(MAX(points, (int64_t)0), (int64_t)OOM_SCORE_MAX);
		address_space_put(space);
	}
	table_text_add(text, "%lld\n", (long long)points);
	return 0;
}

int proc_show_pid_oom_score_adj(struct table_text *text,
				const struct table_target *target)
{
	table_text_add(text, "%d\n", oom_adjust_of(target->process));
	return 0;
}

int proc_show_pid_oom_adj(struct table_text *text,
			  const struct table_target *target)
{
	int value = oom_adjust_of(target->process);

	table_text_add(text, "%d\n",
		       value == OOM_ADJUST_MAX
			       ? OOM_OLD_MAX
			       : value * -OOM_OLD_MIN / OOM_ADJUST_MAX);
	return 0;
}

static int set_oom_adjust(struct process *process, int value)
{
	bool privileged = credentials_capable(CREDENTIALS_CAP_SYS_RESOURCE);
	int err = 0;

	spin_lock(&process->lock);
	if (value < process->oom_score_adjust && !privileged) {
		err = -EACCES;
	} else {
		process->oom_score_adjust = value;
	}
	spin_unlock(&process->lock);
	return err;
}

int proc_write_oom_score_adj(const struct table_target *target,
			     const char *value, size_t length)
{
	int64_t number;

	(void)length;
	if (parse_i64(value, 10, OOM_ADJUST_MIN, OOM_ADJUST_MAX, &number,
		      NULL) < 0) {
		return -EINVAL;
	}
	return set_oom_adjust(target->process, (int)number);
}

int proc_write_oom_adj(const struct table_target *target, const char *value,
		       size_t length)
{
	int64_t number;

	(void)length;
	if (parse_i64(value, 10, OOM_OLD_MIN, OOM_OLD_MAX, &number, NULL) < 0) {
		return -EINVAL;
	}
	return set_oom_adjust(target->process,
			      number == OOM_OLD_MAX
				      ? OOM_ADJUST_MAX
				      : (int)number * OOM_ADJUST_MAX /
						-OOM_OLD_MIN);
}

/* --- the rest
 * -------------------------------------------------------------------------- */

/* There are no control groups: everything is in the root. */
int proc_show_pid_cgroup(struct table_text *text,
			 const struct table_target *target)
{
	(void)target;
	table_text_add(text, "0::/\n");
	return 0;
}

/* Nobody has logged in: no audit. */
int proc_show_pid_loginuid(struct table_text *text,
			   const struct table_target *target)
{
	(void)target;
	table_text_add(text, "%u", UINT32_MAX);
	return 0;
}

int proc_show_pid_sessionid(struct table_text *text,
			    const struct table_target *target)
{
	(void)target;
	table_text_add(text, "%u", UINT32_MAX);
	return 0;
}

int proc_show_pid_personality(struct table_text *text,
			      const struct table_target *target)
{
	table_text_add(text, "%08x\n", READ_ONCE(target->process->personality));
	return 0;
}
