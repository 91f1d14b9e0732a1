/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Attributes of files without path: pipes, sockets, epoll ...
 *
 * Those whose attributes can be changed (pipes, sockets) have a node, which
 * file_ops->node tells; all others share one that stays as it is.
 *
 * Members are [a] and independent but for those that are [I].
 */
#include <stdint.h>

struct file;
struct kstat;
struct kstatfs;

#define ANONYMOUS_MAGIC 0x09041934u /* statfs(2): ANON_INODE_FS_MAGIC */
#define PIPE_MAGIC	0x50495045u
#define SOCKET_MAGIC	0x534f434bu

struct anonymous_node {
	uint32_t magic;	 /* [I] of fstatfs */
	uint64_t device; /* [I] */
	uint64_t ino;	 /* [I] */
	uint32_t mode;
	uint32_t uid, gid;
	uint64_t atime_ns, mtime_ns, ctime_ns;
};

/* The current thread's identity becomes the owner.  Times are 0. */
void anonymous_node_init(struct anonymous_node *node, uint32_t magic,
			 uint64_t device, uint64_t ino, uint32_t mode);

/* For files without dentry; see file_stat(), file_setattr(), file_statfs().
 * Changes: -EPERM, -EOPNOTSUPP when there is no node. */
void anonymous_stat(struct file *file, struct kstat *stat);
void anonymous_statfs(struct file *file, struct kstatfs *out);
int anonymous_setattr(struct file *file, const struct kstat *stat,
		      unsigned valid);
