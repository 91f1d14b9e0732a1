/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Files in memory: the types "ramfs" and "tmpfs", and what other memory
 * filesystems (devfs) build on.
 */
#include <vfs/inode.h>

struct page;

/*
 * A superblock with an empty root directory, one reference.  options: size=N
 * (bytes, K, M, G, or N% of memory), nr_blocks=N, nr_inodes=N, mode=OCTAL,
 * uid=N, gid=N.  0, -EINVAL (option), -ENOMEM.
 */
int ramfs_mount(const struct filesystem_type *type, const char *source,
		const char *options, struct superblock **superblock_out);

/*
 * Gives an empty regular file of such a filesystem its contents.  Whole pages
 * among `data` that page_of() gives a frame for, referenced, become the file's
 * without a copy (page_of NULL: none).  0, -EINVAL (no such file, or not
 * empty), -ENOSPC, -ENOMEM.
 */
int ramfs_fill(struct inode *inode, const void *data, size_t size,
	       struct page *(*page_of)(const void *data));
