/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Inodes, dentries, superblocks: what a filesystem fills.
 *
 * A filesystem registers a struct filesystem_type (FILESYSTEM()); mounting
 * gives a superblock with a root dentry.  Inodes are reference counted and
 * embedded in the filesystem's own struct.  Dentries name them: a tree with
 * a hash for lookups and negative entries.
 *
 * Locks: inode->lock (mutex) of a directory serialises changes of its
 * entries; lookups that hit the dentry cache take none.  Reads and writes of
 * regular files do not take it, except appends and size changes.  Order: parent
 * before child; two directories by address (rename).
 *
 * Key: [I] immutable, [l] inode->lock, [d] dcache lock, [a] atomic.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/refcount.h>
#include <lib/types.h>
#include <mm/page_cache.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <vfs/file.h>
#include <vfs/stat.h>

#define NAME_MAX_LENGTH	  255
#define PATH_MAX_SIZE	  4096 /* NUL included */
#define SYMLINK_DEPTH_MAX 40

struct superblock;

struct inode_ops {
	/* Directories.  The parent's lock is held.  lookup returns 0 and an
	 * inode with a reference, or -ENOENT. */
	int (*lookup)(struct inode *dir, const char *name, size_t length,
		      struct inode **inode_out);
	/* mode with type bits: regular file, directory, device, fifo, socket.
	 */
	int (*create)(struct inode *dir, const char *name, size_t length,
		      uint32_t mode, uint64_t device, struct inode **inode_out);
	int (*symlink)(struct inode *dir, const char *name, size_t length,
		       const char *target, struct inode **inode_out);
	int (*link)(struct inode *dir, const char *name, size_t length,
		    struct inode *inode);
	int (*unlink)(struct inode *dir, const char *name, size_t length,
		      struct inode *inode);
	int (*rmdir)(struct inode *dir, const char *name, size_t length,
		     struct inode *inode);
	/* Locks of both directories held; target may be NULL; flags RENAME_*
	 * of renameat2 (EXCHANGE; NOREPLACE is done by the core). */
	int (*rename)(struct inode *old_dir, const char *old_name,
		      size_t old_length, struct inode *inode,
		      struct inode *new_dir, const char *new_name,
		      size_t new_length, struct inode *target, unsigned flags);
	/* An unnamed file (O_TMPFILE, memfd). */
	int (*tmpfile)(struct inode *dir, uint32_t mode,
		       struct inode **inode_out);
	/* Symlinks: the target, NUL-terminated, into buf (PATH_MAX_SIZE);
	 * returns its length. */
	ssize_t (*readlink)(struct inode *inode, char *buf, size_t size);
	/* Links that lead to an object rather than a name (/proc/PID/fd/3):
	 * returns referenced mount and dentry in *path_out.  -> NULL: none. */
	int (*follow)(struct inode *inode, struct path *path_out);
	/* Of a directory whose names come and go by themselves: does the name
	 * still mean this inode?  NULL: yes. */
	bool (*revalidate)(struct inode *dir, const char *name, size_t length,
			   struct inode *inode);
	/* Changes what inode_fill_stat() has put into stat; NULL: that is
	 * right. */
	int (*getattr)(struct inode *inode, struct kstat *stat);
	/* valid: KSTAT_SET_*; inode lock held.  NULL: the core stores them. */
	int (*setattr)(struct inode *inode, const struct kstat *stat,
		       unsigned valid);
	int (*truncate)(struct inode *inode, uint64_t size);
	/* Extended attributes: size of the value, or -ENODATA, -ERANGE. */
	ssize_t (*getxattr)(struct inode *inode, const char *name, void *value,
			    size_t size);
	int (*setxattr)(struct inode *inode, const char *name,
			const void *value, size_t size, int flags);
	ssize_t (*listxattr)(struct inode *inode, char *list, size_t size);
	int (*removexattr)(struct inode *inode, const char *name);
	/* open(2): may replace file->ops and set file->private. */
	int (*open)(struct inode *inode, struct file *file);
};

struct inode {
	struct superblock *superblock;	 /* [I] */
	const struct inode_ops *ops;	 /* [I] */
	const struct file_ops *file_ops; /* [I] of files opened on it */
	struct refcount refs;
	uint64_t number;     /* [I] */
	uint32_t mode;	     /* [a] type and permission bits */
	uint32_t link_count; /* [l] */
	uint32_t uid, gid;   /* [l] */
	uint64_t device;     /* [I] of device nodes: see vfs/device.h */
	uint64_t atime_ns, mtime_ns, ctime_ns, btime_ns; /* [a] since 1970 */
	uint64_t blocks; /* [a] 512-byte units */
	struct mutex lock;
	struct page_cache cache;    /* regular files; cache.size is the size */
	struct list_node hash_link; /* [superblock->inode_lock] inode_cache */
	/* Symlinks: the target when it stays in memory, NUL-terminated; NULL:
	 * ops->readlink. */
	const char *link_target; /* [I] */
	void *private;		 /* of the filesystem */
	void *pipe;		 /* FIFOs: fs/vfs/fifo.c */
	struct file_locks
		*locks;	     /* [a] flock and POSIX locks: fs/vfs/locks.c */
	void *watches;	     /* inotify */
	void *socket;	     /* bound AF_UNIX socket */
	int32_t write_count; /* [a] opens for writing, <0 denied (exec) */
	bool linkable;	     /* [l] O_TMPFILE: may get a first name */
	uint32_t seals;	     /* [l] memfd: UAPI_F_SEAL_* */
	struct rcu_head rcu;
};

void inode_init(struct inode *inode, struct superblock *superblock,
		uint32_t mode);
void inode_get(struct inode *inode);
/*
 * The last put of an inode without links calls superblock ops->evict; then
 * the page cache is emptied and ops->free_inode frees the memory.  Sleeps.
 */
void inode_put(struct inode *inode);

/*
 * Inodes in use of a filesystem, by number.  inode_cache_find() returns one
 * with a reference or NULL; inode_cache_insert() adds a fresh one, or returns
 * the one that another thread added meanwhile (referenced; the caller puts
 * its own).  -ENOMEM.
 */
struct inode *inode_cache_find(struct superblock *superblock, uint64_t number);
int inode_cache_insert(struct inode *inode, struct inode **existing_out);

/* Opens for writing against running programs: 0 or -ETXTBSY.  deny/allow are
 * for exec, in pairs. */
int inode_get_write(struct inode *inode);
void inode_put_write(struct inode *inode);
int inode_deny_write(struct inode *inode);
void inode_allow_write(struct inode *inode);

static inline bool inode_is_dir(const struct inode *inode)
{
	return (inode->mode & MODE_TYPE) == MODE_DIRECTORY;
}

static inline bool inode_is_regular(const struct inode *inode)
{
	return (inode->mode & MODE_TYPE) == MODE_REGULAR;
}

static inline bool inode_is_symlink(const struct inode *inode)
{
	return (inode->mode & MODE_TYPE) == MODE_SYMLINK;
}

/* A fresh inode's owner: the file identity of the process, or the group of a
 * set-gid directory, whose bit directories inherit. */
void inode_init_owner(struct inode *inode, const struct inode *dir);
/* What struct inode knows of the attributes: getattr starts from this. */
void inode_fill_stat(const struct inode *inode, struct kstat *stat);
/* Changes the size of a regular file as truncate(2) does; see ops->truncate.
 * -EFBIG, -EPERM (seals), or the filesystem's error. */
int inode_truncate(struct inode *inode, uint64_t size);
void inode_touch(struct inode *inode, unsigned what);
#define INODE_ATIME (1u << 0)
#define INODE_MTIME (1u << 1)
#define INODE_CTIME (1u << 2)

struct superblock_ops {
	/* Frees the filesystem's inode; the page cache is empty already. */
	void (*free_inode)(struct inode *inode);
	/* link_count and references are 0: free its storage. */
	void (*evict)(struct inode *inode);
	int (*statfs)(struct superblock *superblock, struct kstatfs *out);
	int (*sync)(struct superblock *superblock);
	void (*unmount)(struct superblock *superblock);
	/* mount(2) with MS_REMOUNT; NULL: no options to change. */
	int (*remount)(struct superblock *superblock, const char *options);
	/* Options for /proc/mounts behind rw and relatime: ",size=64k".
	 * Returns the length; NULL: none. */
	size_t (*options)(struct superblock *superblock, char *buf,
			  size_t size);
};

/* How long the dentry cache keeps the names of a filesystem. */
enum superblock_names {
	NAMES_WHILE_USED, /* files come and go by themselves: procfs */
	NAMES_CACHED,	  /* names and their absence, until reclaimed */
	NAMES_RESIDENT,	  /* the dentry cache is the directory: no lookup op,
			   * file_ops_dcache_dir lists it */
};

struct superblock {
	const struct superblock_ops *ops;   /* [I] */
	const struct filesystem_type *type; /* [I] */
	uint64_t device;		    /* [I] st_dev */
	enum superblock_names names;	    /* [I] set by mount */
	bool read_only;			    /* [a] */
	bool always_read_only;		    /* [I] no driver for writing */
	uint64_t next_inode;		    /* [a] for memory filesystems */
	struct dentry *root;		    /* [I] */
	struct refcount refs;
	struct mutex rename_lock;   /* moves of directories */
	struct spinlock inode_lock; /* guards inode_buckets */
	struct list *inode_buckets; /* NULL until first used */
	void *private;
};

#define FILESYSTEM_NODEV (1u << 0) /* /proc/filesystems says nodev */

struct filesystem_type {
	const char *name;
	unsigned flags;
	/* source may be NULL; options as in mount(2)'s data, may be "". */
	int (*mount)(const struct filesystem_type *type, const char *source,
		     const char *options, struct superblock **superblock_out);
};

#define FILESYSTEM(type_name)                                                  \
	static const struct filesystem_type *const filesystem_##type_name      \
		__attribute__((section("filesystems"), used)) = &type_name

/* All types in link order; NULL at the end.  By name; NULL: none. */
const struct filesystem_type *filesystem_at(size_t index);
const struct filesystem_type *filesystem_find(const char *name);

/*
 * Helpers for filesystems: a superblock with fresh st_dev and one reference;
 * its root dentry (takes over the reference to the inode, also on failure).
 * The last put drops the dentries and calls ops->unmount.
 */
int superblock_create(const struct filesystem_type *type,
		      const struct superblock_ops *ops,
		      struct superblock **superblock_out);
int superblock_set_root(struct superblock *superblock, struct inode *root);
void superblock_put(struct superblock *superblock);

/* Generic file operations over the page cache. */
extern const struct file_ops file_ops_page_cache;
ssize_t page_cache_file_read(struct file *file, struct iov_iter *to,
			     int64_t *pos);
ssize_t page_cache_file_write(struct file *file, struct iov_iter *from,
			      int64_t *pos);
int page_cache_file_fsync(struct file *file, bool data_only);
int page_cache_file_fallocate(struct file *file, int mode, int64_t offset,
			      int64_t length);
int page_cache_file_truncate(struct file *file, int64_t length);
int64_t file_lseek_generic(struct file *file, int64_t offset, int whence);
extern const struct vm_object_ops vm_object_ops_file;
/* Directory listing from the dentry cache, for memory filesystems. */
extern const struct file_ops file_ops_dcache_dir;
