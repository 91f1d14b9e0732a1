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

/*
 * A name in a directory.  Its text never changes in place: rename publishes a
 * new one, so lookups read it without lock.
 */
struct dentry {
	struct dentry *parent; /* [d] itself for a root; one reference */
	struct inode *inode;   /* [a] NULL: negative; set once; one reference */
	struct superblock *superblock; /* [I] */
	struct refcount refs;	       /* one more while `cached` */
	uint32_t hash;		       /* [d] of parent and name */
	uint16_t length;	       /* [d] */
	bool unhashed;		       /* [d] cannot be looked up: deleted */
	bool cached;		       /* [d] the cache holds a reference */
	uint32_t mount_count;	       /* [a] something is mounted here */
	struct dentry *hash_next;      /* [d] changes; read without lock */
	struct list_node child_link;   /* [d] in parent->children */
	struct list children;	       /* [d] hashed and positive, by cookie */
	uint64_t cookie;	       /* [d] position in the listing */
	uint64_t next_cookie;	       /* [d] for the children */
	struct list_node lru_link;     /* [d] */
	struct rcu_head rcu;
	const char *name; /* [d] NUL-terminated: see dcache.c */
};

struct mount {
	struct superblock *superblock; /* [I] one reference */
	struct mount *parent;	       /* [I] NULL: the root mount; reference */
	struct dentry *point;	       /* [I] in the parent; reference */
	struct dentry *root;	       /* [I] of what is mounted */
	struct refcount refs;
	unsigned flags;		    /* [a] UAPI_MS_RDONLY, NOEXEC ... */
	int id;			    /* [I] */
	char *source;		    /* [I] for /proc/mounts */
	bool detached;		    /* [a] no longer in the tree */
	struct mount *hash_next;    /* [mount lock] changes; read without */
	struct list_node list_link; /* [mount lock] all, oldest first */
	uint32_t child_count;	    /* [mount lock] */
	struct rcu_head rcu;
};

struct path {
	struct mount *mount; /* one reference each */
	struct dentry *dentry;
};

void path_get(const struct path *path);
void path_put(struct path *path);
void dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry);

/*
 * A fresh, unhashed dentry with one reference; takes a reference to the
 * parent and takes over that to the inode (NULL: negative) on success.
 * parent NULL: its own parent (a root, a file without path).
 */
struct dentry *dentry_create(struct dentry *parent,
			     struct superblock *superblock, const char *name,
			     size_t length, struct inode *inode);

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
int vfs_link(const struct path *old, int new_dir_fd, const char *new_path);
int vfs_rename(int old_dir_fd, const char *old_path, int new_dir_fd,
	       const char *new_path, unsigned flags); /* UAPI_RENAME_* */
/* The target of a symlink or magic link, not NUL-terminated counted:
 * its length, -EINVAL: no link. */
ssize_t vfs_readlink(const struct path *path, char *buf, size_t size);
/* valid: KSTAT_SET_*; checks ownership as chmod, chown and utimensat do. */
int vfs_setattr(const struct path *path, const struct kstat *stat,
		unsigned valid);
/* -EISDIR, -EINVAL, -EACCES, -EROFS, -ETXTBSY, -EFBIG. */
int vfs_truncate(const struct path *path, int64_t length);
int vfs_statfs(const struct path *path, struct kstatfs *out);

/* vfs_permission: R=4 W=2 X=1 for the file identity of the process (fsuid);
 * 0 or -EACCES.  Kernel threads may do everything.  The _real form is that of
 * access(2). */
#define PERMISSION_READ	 4u
#define PERMISSION_WRITE 2u
#define PERMISSION_EXEC	 1u
int vfs_permission(struct inode *inode, unsigned mask);
int vfs_permission_real(struct inode *inode, unsigned mask);
bool vfs_is_owner(const struct inode *inode); /* or CAP_FOWNER */
int vfs_want_write(const struct path *path);  /* 0 or -EROFS */

/* Names of extended attributes carry their class: "user.x".  Sizes 0 ask for
 * the size.  -ENODATA, -ERANGE, -EOPNOTSUPP, -EPERM, -E2BIG, -ENOSPC. */
#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536
ssize_t vfs_getxattr(const struct path *path, const char *name, void *value,
		     size_t size);
int vfs_setxattr(const struct path *path, const char *name, const void *value,
		 size_t size, int flags); /* UAPI_XATTR_* */
ssize_t vfs_listxattr(const struct path *path, char *list, size_t size);
int vfs_removexattr(const struct path *path, const char *name);

/* A file without name, on tmpfs (memfd_create): sealable or not. */
int vfs_memory_file(const char *name, bool sealable, struct file **file_out);
/* F_GET_SEALS: UAPI_F_SEAL_*, or -EINVAL: not in memory.  F_ADD_SEALS: 0,
 * -EINVAL, -EPERM (sealed, or not open for writing), -EBUSY (SEAL_WRITE while
 * somebody maps it for writing). */
int file_get_seals(struct file *file);
int file_add_seals(struct file *file, unsigned seals);

/* A referenced path of the current process. */
void fs_context_root(struct path *path_out);
void fs_context_cwd(struct path *path_out);
void fs_context_set_root(struct fs_context *fs, const struct path *root);
void fs_context_set_cwd(struct fs_context *fs, const struct path *cwd);
struct fs_context *fs_context_current(void); /* NULL in kernel threads */
uint32_t fs_context_umask(void);

/* Frees unused names, oldest first; returns how many.  Reclaim calls it. */
size_t dcache_shrink(size_t target);

/*
 * A mount that is made when somebody comes to its place, or looks at the list
 * of mounts: most programs need few of those they find.  The place counts as a
 * mount point from now on.  Strings and `inside` live for ever.
 */
struct later_mount {
	const char *type;
	const char *name; /* path; of `inside` a name in its root */
	const char *options;
	const struct later_mount *inside; /* NULL: none */
};

/* -ENODEV: unknown type; -ENOENT, -ENOTDIR. */
int vfs_mount_later(const struct later_mount *what);

/*
 * Mounts `type` from source at path.  At boot path "/" makes the root.
 * flags UAPI_MS_*: BIND and REMOUNT too.  -ENODEV: unknown type, -ENOTBLK,
 * -ENXIO, -EINVAL, -EBUSY, -EPERM.
 */
int vfs_mount(const char *source, const char *path, const char *type,
	      unsigned flags, const char *options);
int vfs_unmount(const char *path, int flags);
/* Calls func for each mount in order (/proc/mounts); it may sleep. */
void vfs_for_each_mount(void (*func)(struct mount *mount, void *arg),
			void *arg);
/* Writes all dirty data back. */
int vfs_sync_all(void);

/* Unpacks a cpio newc archive into the root (ramfs).  0, -EINVAL (corrupt),
 * -ENOMEM.  Every length is checked. */
int initrd_unpack(const void *archive, size_t size);
/* The same with the archive of this boot, if any; its memory is given up. */
int initrd_take(void);
