/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What happened to files, told to whoever watches (inotify).
 *
 * The watcher hangs its own list on inode->watches and sets the handler once;
 * while that is not set, an event costs one test.  Handlers run in thread
 * context with no inode lock held.
 */
#include <stdint.h>

#include <lib/compiler.h>

struct dentry;
struct file;
struct inode;

/* The numbers of inotify(7). */
#define NOTIFY_ACCESS	     0x00000001u
#define NOTIFY_MODIFY	     0x00000002u
#define NOTIFY_ATTRIB	     0x00000004u
#define NOTIFY_CLOSE_WRITE   0x00000008u
#define NOTIFY_CLOSE_NOWRITE 0x00000010u
#define NOTIFY_OPEN	     0x00000020u
#define NOTIFY_MOVED_FROM    0x00000040u
#define NOTIFY_MOVED_TO	     0x00000080u
#define NOTIFY_CREATE	     0x00000100u
#define NOTIFY_DELETE	     0x00000200u
#define NOTIFY_DELETE_SELF   0x00000400u
#define NOTIFY_MOVE_SELF     0x00000800u
#define NOTIFY_IS_DIR	     0x40000000u

/* `inode` has watches.  name: the entry of a watched directory, or NULL when
 * the inode itself is meant.  cookie ties the two halves of a rename. */
typedef void vfs_notify_handler(struct inode *inode, const char *name,
				uint32_t mask, uint32_t cookie);
void vfs_notify_set_handler(vfs_notify_handler *handler);

/* 0 until a handler is set. */
extern vfs_notify_handler *vfs_notify_active;

void vfs_notify_send(struct inode *inode, const char *name, uint32_t mask,
		     uint32_t cookie);
void vfs_notify_send_dentry(struct dentry *dentry, uint32_t mask);
uint32_t vfs_notify_cookie(void);

static inline void vfs_notify(struct inode *inode, const char *name,
			      uint32_t mask, uint32_t cookie)
{
	if (unlikely(READ_ONCE(vfs_notify_active) != NULL)) {
		vfs_notify_send(inode, name, mask, cookie);
	}
}

/* The dentry's inode and, with the name, the directory it is in; NULL is
 * allowed (files without path).  CREATE and DELETE: the directory only. */
static inline void vfs_notify_dentry(struct dentry *dentry, uint32_t mask)
{
	if (unlikely(READ_ONCE(vfs_notify_active) != NULL)) {
		vfs_notify_send_dentry(dentry, mask);
	}
}
