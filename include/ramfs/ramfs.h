/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Files in memory: the types "ramfs" and "tmpfs", and what other memory
 * filesystems (devfs) build on.
 */
#include <vfs/inode.h>

/*
 * A superblock with an empty root directory, one reference.  options: size=N
 * (bytes, K, M, G, or N% of memory), nr_blocks=N, nr_inodes=N, mode=OCTAL,
 * uid=N, gid=N.  0, -EINVAL (option), -ENOMEM.
 */
int ramfs_mount(const struct filesystem_type *type, const char *source,
		const char *options, struct superblock **superblock_out);
