/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The kernel's half of fs/erofs: images on block devices, inodes. */
#include <fs/erofs/internal.h>
#include <vfs/inode.h>

struct block_device;

/* superblock->private */
struct erofs_super {
	struct erofs_image image;
	struct block_device *device;
};

struct erofs_inode {
	struct inode inode; /* first */
	struct erofs_node node;
};

static inline struct erofs_super *erofs_super_of(struct inode *inode)
{
	return inode->superblock->private;
}

static inline const struct erofs_node *erofs_node_of(struct inode *inode)
{
	return &((struct erofs_inode *)inode)->node;
}

/* data.c: of regular files */
extern const struct page_cache_ops erofs_page_cache_ops;
