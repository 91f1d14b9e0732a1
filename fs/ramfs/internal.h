/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What the files of fs/ramfs share with each other only. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <vfs/inode.h>

/* Bytes of names and values of extended attributes per file. */
#define RAMFS_XATTR_TOTAL_MAX (256 * 1024)

struct ramfs {
	uint64_t block_limit; /* [a] pages; 0: none but memory */
	uint64_t inode_limit; /* [a] 0: none */
	uint64_t blocks;      /* [a] pages charged */
	uint64_t inodes;      /* [a] */
	uint32_t root_mode;   /* [I] after mount */
	uint32_t root_uid, root_gid;
	bool tmpfs; /* [I] the name of the type */
};

struct ramfs_inode {
	struct inode inode;
	uint64_t charged; /* [charge_lock] pages counted in ramfs->blocks */
	struct spinlock charge_lock;
	struct list xattrs; /* [inode.lock] struct ramfs_xattr */
	size_t xattr_bytes; /* [inode.lock] */
};

static inline struct ramfs *ramfs_of(const struct superblock *superblock)
{
	return superblock->private;
}

static inline struct ramfs_inode *ramfs_inode_of(struct inode *inode)
{
	return container_of(inode, struct ramfs_inode, inode);
}

/* A fresh inode with one reference: 0, -ENOSPC, -ENOMEM. */
int ramfs_inode_create(struct superblock *superblock, const struct inode *dir,
		       uint32_t mode, uint64_t device,
		       struct inode **inode_out);
void ramfs_inode_free(struct inode *inode);
bool ramfs_is_inode(const struct inode *inode); /* a regular file of ours */

ssize_t ramfs_getxattr(struct inode *inode, const char *name, void *value,
		       size_t size);
int ramfs_setxattr(struct inode *inode, const char *name, const void *value,
		   size_t size, int flags);
ssize_t ramfs_listxattr(struct inode *inode, char *list, size_t size);
int ramfs_removexattr(struct inode *inode, const char *name);
void ramfs_xattr_free(struct ramfs_inode *ramfs_inode);
