/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* procfs: the tables (vfs/table.h) and what they name. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>
#include <vfs/stat.h>
#include <vfs/table.h>

struct address_space;
struct cpumask;
struct vm_object;

/* --- tables
 * --------------------------------------------------------------------- */

extern const struct table_entry proc_root;	  /* root.c */
extern const struct table_numbers proc_processes; /* pid.c */
extern const struct table_numbers proc_fds;	  /* pid_fd.c */
extern const struct table_numbers proc_fdinfos;	  /* pid_fd.c */
#define PROC_SYS_COUNT 3
extern const struct table_entry proc_sys_entries[PROC_SYS_COUNT]; /* sys.c */
extern const struct file_ops proc_mem_ops;	/* pid_memory.c */
extern const struct file_ops proc_fail_nth_ops; /* pid_fail_nth.c */

/* --- what the tables name
 * --------------------------------------------------------- */

#define PROC_SHOW(name)                                                        \
	int proc_show_##name(struct table_text *text,                          \
			     const struct table_target *target)

/* system.c, system_memory.c */
PROC_SHOW(cpuinfo);
PROC_SHOW(stat);
PROC_SHOW(uptime);
PROC_SHOW(loadavg);
PROC_SHOW(version);
PROC_SHOW(cmdline);
PROC_SHOW(interrupts);
PROC_SHOW(kmsg);
PROC_SHOW(meminfo);
PROC_SHOW(vmstat);

/* mounts.c */
PROC_SHOW(filesystems);
PROC_SHOW(devices);
PROC_SHOW(partitions);
PROC_SHOW(diskstats);
PROC_SHOW(swaps);
PROC_SHOW(mounts);
PROC_SHOW(mountinfo);

/* pid_stat.c */
PROC_SHOW(pid_stat);
PROC_SHOW(pid_statm);
PROC_SHOW(pid_schedstat);
/* pid_status.c */
PROC_SHOW(pid_status);
/* pid_values.c */
PROC_SHOW(pid_comm);
PROC_SHOW(pid_limits);
PROC_SHOW(pid_cgroup);
PROC_SHOW(pid_wchan);
PROC_SHOW(pid_io);
PROC_SHOW(pid_syscall);
PROC_SHOW(tty_drivers);
PROC_SHOW(pid_oom_score);
PROC_SHOW(pid_oom_score_adj);
PROC_SHOW(pid_oom_adj);
PROC_SHOW(pid_loginuid);
PROC_SHOW(pid_sessionid);
PROC_SHOW(pid_personality);
int proc_write_comm(const struct table_target *target, const char *value,
		    size_t length);
int proc_write_oom_score_adj(const struct table_target *target,
			     const char *value, size_t length);
int proc_write_oom_adj(const struct table_target *target, const char *value,
		       size_t length);
/* pid_memory.c */
PROC_SHOW(pid_cmdline);
PROC_SHOW(pid_environ);
PROC_SHOW(pid_auxv);
/* pid_maps.c, smaps.c */
PROC_SHOW(pid_maps);
PROC_SHOW(pid_smaps);
PROC_SHOW(pid_smaps_rollup);
/* pid_fd.c */
PROC_SHOW(fdinfo);
int proc_fd_follow(const struct table_target *target, struct path *path_out);
ssize_t proc_fd_readlink(const struct table_target *target, char *buf,
			 size_t size);

/* --- pid.c: helpers
 * ------------------------------------------------------------------ */

/* The target's thread, else the leader, referenced; NULL: gone. */
struct thread *proc_thread(const struct table_target *target);

/* R, S, D, T, X of one thread. */
char proc_thread_letter(const struct thread *thread);
void proc_signal_sets(struct process *process, uint64_t *ignored_out,
		      uint64_t *caught_out);
/* Private writable pages. */
uint64_t proc_data_pages(struct address_space *space);

/* The name of a path for readlink; -ENOMEM, -ENAMETOOLONG. */
ssize_t proc_path_text(const struct path *path, char *buf, size_t size);

/* One mapping, copied out of the tree. */
struct proc_mapping {
	uintptr_t start, end;
	uint32_t flags;		  /* VMA_* */
	uint64_t offset;	  /* pages */
	struct vm_object *object; /* referenced, or NULL */
};

/*
 * Mappings in batches, so that no lock is held while text is made: copies at
 * most `max` of those that end above `addr`; returns how many.  References are
 * dropped with proc_mappings_put().
 */
size_t proc_mappings_get(struct address_space *space, uintptr_t addr,
			 struct proc_mapping *mappings, size_t max);
void proc_mappings_put(struct proc_mapping *mappings, size_t count);

/* Text about one mapping; proc_mapping_show() is the line of maps. */
typedef void proc_mapping_show_fn(struct table_text *text,
				  struct address_space *space,
				  const struct proc_mapping *mapping);
proc_mapping_show_fn proc_mapping_show;

/* The file that has `show` say something about each mapping of the process,
 * nothing when it has no memory any more.  Returns 0. */
int proc_mappings_show(struct table_text *text,
		       const struct table_target *target,
		       proc_mapping_show_fn *show);
