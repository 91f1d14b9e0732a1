/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Filesystems made of tables: procfs, sysfs.
 *
 * Every name is a struct table_entry in a table, except for those that come
 * and go (processes, threads, descriptors, CPUs, disks), which a directory's
 * struct table_numbers knows.  What an entry is about is its struct
 * table_target, handed from directory to entry at lookup.
 *
 * Inodes exist while something refers to them (NAMES_WHILE_USED); each lookup
 * makes a new one.  They hold references to process and thread, not to their
 * memory or files: those are taken for each operation, so an open file keeps
 * no address space alive.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>
#include <vfs/inode.h>
#include <vfs/path.h>
#include <vfs/table_text.h>

struct process;
struct thread;

struct table_target {
	struct process *process;       /* NULL: the system; one reference */
	struct thread *thread;	       /* NULL: the process; one reference */
	int number;		       /* descriptor, CPU, disk ...; -1: none */
	struct superblock *superblock; /* of the inode; no reference */
};

struct table_numbers;

struct table_entry {
	const char *name;
	uint32_t mode;	 /* type and permissions */
	bool restricted; /* who may trace the process only */
	/* Files: the text; an error instead of it when negative. */
	int (*show)(struct table_text *text, const struct table_target *target);
	/* Takes a value, NUL-terminated, without its newline: 0 or an error. */
	int (*write)(const struct table_target *target, const char *value,
		     size_t length);
	/* Symlinks: text, or a way to the object with text for readlink. */
	ssize_t (*readlink)(const struct table_target *target, char *buf,
			    size_t size);
	int (*follow)(const struct table_target *target, struct path *path_out);
	/* Files that are no text. */
	const struct file_ops *file_ops;
	/* Directories. */
	const struct table_entry *children;
	size_t child_count;
	const struct table_numbers *numbers;
};

#define TABLE_DIR(dir_name, dir_children)                                      \
	{                                                                      \
		.name = (dir_name), .mode = MODE_DIRECTORY | 0555,             \
		.children = (dir_children),                                    \
		.child_count = ARRAY_SIZE(dir_children)                        \
	}
#define TABLE_EMPTY_DIR(dir_name)                                              \
	{                                                                      \
		.name = (dir_name), .mode = MODE_DIRECTORY | 0555              \
	}
#define TABLE_FILE(file_name, show_function)                                   \
	{                                                                      \
		.name = (file_name), .mode = MODE_REGULAR | 0444,              \
		.show = (show_function)                                        \
	}
#define TABLE_VALUE(file_name, show_function, write_function)                  \
	{                                                                      \
		.name = (file_name), .mode = MODE_REGULAR | 0644,              \
		.show = (show_function), .write = (write_function)             \
	}
#define TABLE_PRIVATE(file_name, show_function)                                \
	{                                                                      \
		.name = (file_name), .mode = MODE_REGULAR | 0400,              \
		.restricted = true, .show = (show_function)                    \
	}

/* Names that stand for numbers: 0 <= number < limit. */
struct table_numbers {
	const struct table_entry *entry; /* what each number is */
	const char *prefix;		 /* before the number; NULL: none */
	/* Names that are no numbers at all; both or none. */
	void (*name)(int number, char *buf, size_t size);
	int (*number)(const char *name, size_t length); /* or -ENOENT */
	/* Sets the bits of those that exist; may sleep.  0 or -ENOMEM. */
	int (*list)(const struct table_target *target, uint64_t *bitmap,
		    size_t limit);
	size_t (*limit)(const struct table_target *target);
	/* The target of one: references taken; -ENOENT. */
	int (*find)(const struct table_target *target, int number,
		    struct table_target *target_out);
	/* Does the name still mean this target?  NULL: for ever. */
	bool (*is_current)(const struct table_target *target);
	/* Mode of the inode; NULL: the entry's. */
	uint32_t (*mode)(const struct table_target *target);
};

struct table_inode {
	struct inode inode; /* first */
	const struct table_entry *entry;
	const struct table_numbers *numbers; /* it is one of them, or NULL */
	struct table_target target;
};

static inline struct table_inode *table_inode_of(struct inode *inode)
{
	return (struct table_inode *)inode;
}

/* A superblock that shows the table below `root`; `magic` for statfs.  Mount
 * options must be empty: -EINVAL.  -ENOMEM. */
int table_mount(const struct filesystem_type *type, const char *options,
		const struct table_entry *root, uint64_t magic,
		struct superblock **superblock_out);

/* Takes over the target's references, also on failure.  inode->private, when
 * the caller sets it, is a struct file that is put with the inode. */
int table_inode_create(struct superblock *superblock,
		       const struct table_entry *entry, uint64_t number,
		       struct table_target *target, struct inode **inode_out);
void table_target_get(const struct table_target *target);
void table_target_put(const struct table_target *target);

/* The target of an open directory that `entry` describes, as long as the file
 * is open; NULL: another file. */
const struct table_target *table_target_of(const struct file *file,
					   const struct table_entry *entry);

/* The current thread may look into the process: 0 or -EACCES. */
int table_check_access(const struct table_target *target);
