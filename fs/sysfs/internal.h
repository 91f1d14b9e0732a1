/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* sysfs: the tables (vfs/table.h) of its files. */
#include <lib/compiler.h>
#include <vfs/stat.h>
#include <vfs/table.h>

/* Tables of other files must have a size that is known here. */
#define SYSFS_CPU_COUNT	   11
#define SYSFS_NODE_COUNT   6
#define SYSFS_THP_COUNT	   5
#define SYSFS_SECOND_COUNT 2

extern const struct table_entry sysfs_cpu_entries[SYSFS_CPU_COUNT]; /* cpu.c */
extern const struct table_numbers sysfs_cpus;			    /* cpu.c */
extern const struct table_entry sysfs_node_entries[SYSFS_NODE_COUNT];
extern const struct table_numbers sysfs_nodes; /* memory.c */
extern const struct table_entry
	sysfs_thp_entries[SYSFS_THP_COUNT]; /* memory.c */
extern const struct table_entry sysfs_huge_entries[SYSFS_SECOND_COUNT];
extern const struct table_numbers sysfs_disks;	 /* block.c: whole disks */
extern const struct table_numbers sysfs_blocks;	 /* block.c: all, as links */
extern const struct table_numbers sysfs_devices; /* block.c: by number */

/* A file that says a constant number or text. */
#define SYSFS_NUMBER(function, value)                                          \
	static int function(struct table_text *text,                           \
			    const struct table_target *target)                 \
	{                                                                      \
		(void)target;                                                  \
		table_text_add(text, "%llu\n", (unsigned long long)(value));   \
		return 0;                                                      \
	}
#define SYSFS_TEXT(function, value)                                            \
	static int function(struct table_text *text,                           \
			    const struct table_target *target)                 \
	{                                                                      \
		(void)target;                                                  \
		table_text_add(text, "%s\n", value);                           \
		return 0;                                                      \
	}
