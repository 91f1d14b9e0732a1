/* SPDX-License-Identifier: BSD-3-Clause */

/* The top of /proc: the system's files, the links of the reader, processes. */
#include <fs/procfs/internal.h>

#include <lib/printf.h>
#include <process/process.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <vfs/stat.h>

static ssize_t read_self(const struct proc_target *target, char *buf,
			 size_t size)
{
	struct process *process = process_current();

	(void)target;
	if (process == NULL) {
		return -ENOENT;
	}
	return (ssize_t)kscnprintf(buf, size, "%d", process->pid);
}

static ssize_t read_thread_self(const struct proc_target *target, char *buf,
				size_t size)
{
	struct process *process = process_current();

	(void)target;
	if (process == NULL) {
		return -ENOENT;
	}
	return (ssize_t)kscnprintf(buf, size, "%d/task/%d", process->pid,
				   thread_current()->tid);
}

static ssize_t read_mounts(const struct proc_target *target, char *buf,
			   size_t size)
{
	(void)target;
	return (ssize_t)kscnprintf(buf, size, "self/mounts");
}

#define LINK(link_name, function)                                              \
	{                                                                      \
		.name = (link_name), .mode = MODE_SYMLINK | 0777,              \
		.readlink = (function)                                         \
	}

static const struct proc_entry entries[] = {
	LINK("self", read_self),
	LINK("thread-self", read_thread_self),
	LINK("mounts", read_mounts),
	PROC_FILE("cmdline", proc_show_cmdline),
	PROC_FILE("cpuinfo", proc_show_cpuinfo),
	PROC_FILE("devices", proc_show_devices),
	PROC_FILE("diskstats", proc_show_diskstats),
	PROC_FILE("filesystems", proc_show_filesystems),
	PROC_FILE("interrupts", proc_show_interrupts),
	{
		.name = "kmsg",
		.mode = MODE_REGULAR | 0400,
		.show = proc_show_kmsg,
	},
	PROC_FILE("loadavg", proc_show_loadavg),
	PROC_FILE("meminfo", proc_show_meminfo),
	PROC_FILE("partitions", proc_show_partitions),
	PROC_FILE("stat", proc_show_stat),
	PROC_FILE("swaps", proc_show_swaps),
	PROC_DIR("sys", proc_sys_entries),
	PROC_FILE("uptime", proc_show_uptime),
	PROC_FILE("version", proc_show_version),
	PROC_FILE("vmstat", proc_show_vmstat),
};

const struct proc_entry proc_root = {
	.name = "",
	.mode = MODE_DIRECTORY | 0555,
	.children = entries,
	.child_count = ARRAY_SIZE(entries),
	.numbers = &proc_processes,
};
