/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Names: dentries, mounts, walking a path.
 *
 * All calls may sleep.  Paths are kernel strings; system calls copy them in
 * with path_copy_in().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/user.h>
#include <lib/list.h>
#include <lib/refcount.h>
#include <lib/types.h>
#include <vfs/inode.h>

struct dentry {
	struct dentry *parent; /* [d] itself for a root; one reference */
	struct inode *inode;   /* [d] NULL: negative; one reference */
	struct superblock *superblock; /* [I] */
	struct refcount refs;
	uint32_t hash;		     /* [d] of parent and name */
	uint16_t length;	     /* [d] */
	bool unhashed;		     /* [d] deleted */
	uint32_t mount_count;	     /* [a] something is mounted here */
	struct list_node hash_link;  /* [d] */
	struct list_node child_link; /* [d] in parent->children */
	struct list children;	     /* [d] */
	struct list_node lru_link;   /* [d] */
	struct rcu_head rcu;
	char *name; /* [d] NUL-terminated, kmalloc'ed */
};

struct mount {
	struct superblock *superblock; /* [I] one reference */
	struct mount *parent;	       /* [I] NULL: the root mount */
	struct dentry *point;	       /* [I] in the parent */
	struct dentry *root;	       /* [I] of what is mounted */
	struct refcount refs;
	unsigned flags; /* MS_RDONLY, NOEXEC ... */
	int id;
	char *source;	       /* [I] for /proc/mounts */
	struct list_node link; /* all mounts, in order */
};

struct path {
	struct mount *mount; /* one reference each */
	struct dentry *dentry;
};

void path_get(const struct path *path);
void path_put(struct path *path);
void dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry);

/* Root, working directory and umask; shared by CLONE_FS. */
struct fs_context {
	struct refcount refs;
	struct spinlock lock;
	struct path root; /* [lock] */
	struct path cwd;  /* [lock] */
	uint32_t umask;	  /* [a] */
};
struct fs_context *fs_context_create(const struct path *root);
struct fs_context *fs_context_clone(struct fs_context *fs);
void fs_context_get(struct fs_context *fs);
void fs_context_put(struct fs_context *fs);

/* Flags of a walk. */
#define WALK_FOLLOW	 (1u << 0) /* follow a symlink at the end */
#define WALK_DIRECTORY	 (1u << 1) /* must be a directory */
#define WALK_EMPTY_OK	 (1u << 2) /* AT_EMPTY_PATH: the start itself */
#define WALK_NO_SYMLINKS (1u << 3) /* RESOLVE_NO_SYMLINKS */
#define WALK_BENEATH	 (1u << 4)
#define WALK_IN_ROOT	 (1u << 5)
#define WALK_NO_XDEV	 (1u << 6)
#define WALK_NO_MAGIC	 (1u << 7)

/* AT_FDCWD */
#define PATH_AT_CWD (-100)

/*
 * Finds what a path names, from dir_fd.  Errors: -ENOENT, -ENOTDIR, -ELOOP,
 * -ENAMETOOLONG, -EACCES, -EBADF, -EXDEV.  The result holds references.
 */
int path_lookup(int dir_fd, const char *path, unsigned walk_flags,
		struct path *path_out);

/* Finds the directory of the last component, for create and delete: the
 * component (never "" ) is copied to name_out; the name's type in *last. */
enum path_last {
	PATH_LAST_NAME,
	PATH_LAST_DOT,
	PATH_LAST_DOTDOT,
	PATH_LAST_ROOT
};
int path_lookup_parent(int dir_fd, const char *path, struct path *parent_out,
		       char name_out[NAME_MAX_LENGTH + 1], bool *slash_out,
		       enum path_last *last_out);

/* A path string from the application, kmalloc'ed (free with path_free()):
 * -EFAULT, -ENAMETOOLONG, -ENOENT (empty, unless allowed), -ENOMEM. */
int path_copy_in(const char USER *path, bool empty_ok, char **path_out);
void path_free(char *path);

/* The absolute name as seen from `root` (NULL: current process's): written
 * to the end of buf; returns its start in *start_out and the length;
 * " (deleted)" is appended when so.  -ENAMETOOLONG. */
ssize_t path_name(const struct path *path, const struct path *root, char *buf,
		  size_t size, char **start_out);

/* open(2) from the kernel or the system call: a file with one reference. */
int vfs_open(int dir_fd, const char *path, int flags, uint32_t mode,
	     unsigned walk_flags, struct file **file_out);
int vfs_open_path(const struct path *path, int flags, struct file **file_out);
int vfs_stat(const struct path *path, struct kstat *stat);
int vfs_mkdir(int dir_fd, const char *path, uint32_t mode);
int vfs_mknod(int dir_fd, const char *path, uint32_t mode, uint64_t device);
int vfs_symlink(const char *target, int dir_fd, const char *path);
int vfs_unlink(int dir_fd, const char *path, bool directory);
int vfs_permission(struct inode *inode, unsigned mask); /* R=4 W=2 X=1 */

/* Mounts `type` from source at path.  At boot path "/" makes the root. */
int vfs_mount(const char *source, const char *path, const char *type,
	      unsigned flags, const char *options);
int vfs_unmount(const char *path, int flags);
/* Calls func for each mount in order (/proc/mounts). */
void vfs_for_each_mount(void (*func)(struct mount *mount, void *arg),
			void *arg);
/* Writes all dirty data back. */
int vfs_sync_all(void);

/* Unpacks a cpio newc archive into the root (ramfs).  0, -EINVAL (corrupt),
 * -ENOMEM.  Every length is checked. */
int initrd_unpack(const void *archive, size_t size);
