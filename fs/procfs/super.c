/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The filesystem type.  Linux's mount options (hidepid, gid, subset) restrict
 * what is seen; nothing is hidden here, so they are refused, not ignored.
 */
#include <fs/procfs/internal.h>

#define PROC_MAGIC 0x9fa0

static int mount(const struct filesystem_type *type, const char *source,
		 const char *options, struct superblock **superblock_out)
{
	(void)source;
	return table_mount(type, options, &proc_root, PROC_MAGIC,
			   superblock_out);
}

static const struct filesystem_type procfs = {
	.name = "proc",
	.flags = FILESYSTEM_NODEV,
	.mount = mount,
};
FILESYSTEM(procfs);
