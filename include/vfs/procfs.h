/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What /proc tells other rooms. */
#include <generated/config.h>
#include <stddef.h>

struct file;
struct process;

#ifdef CONFIG_PROCFS
/* The process whose folder /proc/PID the file is, referenced; NULL: it is
 * something else. */
struct process *procfs_process_of(const struct file *file);
#else
static inline struct process *procfs_process_of(const struct file *file)
{
	(void)file;
	return NULL;
}
#endif
