/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * procfs: tables of entries, and the inodes made from them.
 *
 * Every name is a struct proc_entry in a table, except for numbers (processes,
 * threads, descriptors), which a directory's struct proc_numbers knows.  What
 * an entry is about - which process, thread, descriptor - is its struct
 * proc_target, handed from directory to entry at lookup.
 *
 * Inodes exist while something refers to them (NAMES_WHILE_USED); each lookup
 * makes a new one.  They hold references to process and thread, not to their
 * memory or files: those are taken for each operation, so an open /proc file
 * keeps no address space alive.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fs/procfs/text.h>
#include <lib/types.h>
#include <vfs/inode.h>
#include <vfs/path.h>

struct process;
struct thread;

struct proc_target {
	struct process *process;       /* NULL: the system; one reference */
	struct thread *thread;	       /* NULL: the process; one reference */
	int fd;			       /* -1: none */
	struct superblock *superblock; /* of the inode; no reference */
};

struct proc_inode;
struct proc_numbers;

struct proc_entry {
	const char *name;
	uint32_t mode;	 /* type and permissions */
	bool restricted; /* who may trace the process only */
	/* Files: the text; an error instead of it when negative. */
	int (*show)(struct fs_text *text, const struct proc_target *target);
	/* Takes a value, NUL-terminated, without its newline: 0 or an error. */
	int (*write)(const struct proc_target *target, const char *value,
		     size_t length);
	/* Symlinks: text, or a way to the object with text for readlink. */
	ssize_t (*readlink)(const struct proc_target *target, char *buf,
			    size_t size);
	int (*follow)(const struct proc_target *target, struct path *path_out);
	/* Files that are no text. */
	const struct file_ops *file_ops;
	/* Directories. */
	const struct proc_entry *children;
	size_t child_count;
	const struct proc_numbers *numbers;
};

#define PROC_DIR(dir_name, dir_children)                                       \
	{                                                                      \
		.name = (dir_name), .mode = MODE_DIRECTORY | 0555,             \
		.children = (dir_children),                                    \
		.child_count = ARRAY_SIZE(dir_children)                        \
	}
#define PROC_FILE(file_name, show_function)                                    \
	{                                                                      \
		.name = (file_name), .mode = MODE_REGULAR | 0444,              \
		.show = (show_function)                                        \
	}
#define PROC_VALUE(file_name, show_function, write_function)                   \
	{                                                                      \
		.name = (file_name), .mode = MODE_REGULAR | 0644,              \
		.show = (show_function), .write = (write_function)             \
	}
#define PROC_PRIVATE(file_name, show_function)                                 \
	{                                                                      \
		.name = (file_name), .mode = MODE_REGULAR | 0400,              \
		.restricted = true, .show = (show_function)                    \
	}

/* Names that are numbers: 0 <= number < limit. */
struct proc_numbers {
	const struct proc_entry *entry; /* what each number is */
	/* Sets the bits of those that exist; may sleep.  0 or -ENOMEM. */
	int (*list)(const struct proc_target *target, uint64_t *bitmap,
		    size_t limit);
	size_t (*limit)(const struct proc_target *target);
	/* The target of one: references taken; -ENOENT. */
	int (*find)(const struct proc_target *target, int number,
		    struct proc_target *target_out);
	/* Does the name still mean this target? */
	bool (*is_current)(const struct proc_target *target);
	/* Mode of the inode, when it is not the entry's. */
	uint32_t (*mode)(const struct proc_target *target);
};

struct proc_inode {
	struct inode inode; /* first */
	const struct proc_entry *entry;
	const struct proc_numbers *numbers; /* it is one of them, or NULL */
	struct proc_target target;
};

static inline struct proc_inode *proc_inode_of(struct inode *inode)
{
	return (struct proc_inode *)inode;
}

/* --- inode.c ---------------------------------------------------------------
 */

/* Takes over the target's references, also on failure. */
int proc_inode_create(struct superblock *superblock,
		      const struct proc_entry *entry, uint64_t number,
		      struct proc_target *target, struct inode **inode_out);
void proc_target_get(const struct proc_target *target);
void proc_target_put(const struct proc_target *target);

/* --- file.c, link.c
 * ------------------------------------------------------------ */

extern const struct file_ops proc_text_ops;
extern const struct inode_ops proc_file_inode_ops;
extern const struct inode_ops proc_link_inode_ops;
extern const struct inode_ops proc_magic_inode_ops;
extern const struct inode_ops proc_dir_inode_ops;
extern const struct file_ops proc_dir_ops;

/* The current thread may look into the process: 0 or -EACCES. */
int proc_check_access(const struct proc_target *target);

/* --- tables
 * --------------------------------------------------------------------- */

extern const struct proc_entry proc_root;	 /* root.c */
extern const struct proc_numbers proc_processes; /* pid.c */
extern const struct proc_numbers proc_fds;	 /* pid_fd.c */
extern const struct proc_numbers proc_fdinfos;	 /* pid_fd.c */
#define PROC_SYS_COUNT 3
extern const struct proc_entry proc_sys_entries[PROC_SYS_COUNT]; /* sys.c */
extern const struct file_ops proc_mem_ops; /* pid_memory.c */

/* --- what the tables name
 * --------------------------------------------------------- */

#define PROC_SHOW(name)                                                        \
	int proc_show_##name(struct fs_text *text,                             \
			     const struct proc_target *target)

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
PROC_SHOW(pid_oom_score);
PROC_SHOW(pid_oom_score_adj);
PROC_SHOW(pid_oom_adj);
PROC_SHOW(pid_loginuid);
PROC_SHOW(pid_sessionid);
PROC_SHOW(pid_personality);
int proc_write_comm(const struct proc_target *target, const char *value,
		    size_t length);
int proc_write_oom_score_adj(const struct proc_target *target,
			     const char *value, size_t length);
int proc_write_oom_adj(const struct proc_target *target, const char *value,
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
int proc_fd_follow(const struct proc_target *target, struct path *path_out);
ssize_t proc_fd_readlink(const struct proc_target *target, char *buf,
			 size_t size);

/* --- pid.c: helpers
 * ------------------------------------------------------------------ */

/* The target's thread, else the leader, referenced; NULL: gone. */
struct thread *proc_thread(const struct proc_target *target);

/* R, S, D, T, X of one thread. */
char proc_thread_letter(const struct thread *thread);
void proc_signal_sets(struct process *process, uint64_t *ignored_out,
		      uint64_t *caught_out);
/* Private writable pages. */
struct address_space;
uint64_t proc_data_pages(struct address_space *space);
struct cpumask;
void proc_add_cpumask(struct fs_text *text, const struct cpumask *mask,
		      unsigned count);
void proc_add_cpulist(struct fs_text *text, const struct cpumask *mask,
		      unsigned count);

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
/* The line of maps for it. */
void proc_mapping_show(struct fs_text *text, struct address_space *space,
		       const struct proc_mapping *mapping);
