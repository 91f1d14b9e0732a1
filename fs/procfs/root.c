/* SPDX-License-Identifier: BSD-3-Clause */

/* The top of /proc: the system's files, the links of the reader, processes. */
#include <fs/procfs/internal.h>

#include <lib/printf.h>
#include <process/process.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <vfs/stat.h>

static ssize_t read_self(const struct table_target *target, char *buf,
			 size_t size)
{
	struct process *process = process_current();

	(void)target;
	if (process == NULL) {
		return -ENOENT;
	}
	return (ssize_t)kscnprintf(buf, size, "%d", process->pid);
}

static ssize_t read_thread_self(const struct table_target *target, char *buf,
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

static ssize_t read_mounts(const struct table_target *target, char *buf,
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

static const struct table_entry tty_entries[] = {
	TABLE_FILE("drivers", proc_show_tty_drivers),
};

static const struct table_entry entries[] = {
	LINK("self", read_self),
	LINK("thread-self", read_thread_self),
	LINK("mounts", read_mounts),
	TABLE_FILE("cmdline", proc_show_cmdline),
	TABLE_FILE("cpuinfo", proc_show_cpuinfo),
	TABLE_FILE("devices", proc_show_devices),
	TABLE_FILE("diskstats", proc_show_diskstats),
	TABLE_FILE("filesystems", proc_show_filesystems),
	TABLE_FILE("interrupts", proc_show_interrupts),
	{
		.name = "kmsg",
		.mode = MODE_REGULAR | 0400,
		.show = proc_show_kmsg,
	},
	TABLE_FILE("loadavg", proc_show_loadavg),
	TABLE_FILE("meminfo", proc_show_meminfo),
	TABLE_FILE("partitions", proc_show_partitions),
	TABLE_FILE("stat", proc_show_stat),
	TABLE_FILE("swaps", proc_show_swaps),
	TABLE_DIR("sys", proc_sys_entries),
	TABLE_DIR("tty", tty_entries),
	TABLE_FILE("uptime", proc_show_uptime),
	TABLE_FILE("version", proc_show_version),
	TABLE_FILE("vmstat", proc_show_vmstat),
};

const struct table_entry proc_root = {
	.name = "",
	.mode = MODE_DIRECTORY | 0555,
	.children = entries,
	.child_count = ARRAY_SIZE(entries),
	.numbers = &proc_processes,
};
