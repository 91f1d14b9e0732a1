/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Open files and descriptor tables.
 *
 * struct file is an open file description: operations, flags, position, a
 * reference count.  Everything that a descriptor can name is one: regular
 * files, directories, pipes, sockets, epoll, timerfd, devices.  file_get() /
 * file_put(); the last put calls ops->release, which may sleep.
 *
 * Operations receive data through struct iov_iter, so one implementation
 * serves read, readv, preadv2, splice and the kernel itself.  Operations that
 * are NULL are answered by the core: read/write -EINVAL, lseek -ESPIPE, ioctl
 * -ENOTTY, poll "readable and writable", mmap -ENODEV, fsync -EINVAL.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/refcount.h>
#include <lib/types.h>
#include <mm/vm_object.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <vfs/iov.h>

struct dentry;
struct file;
struct inode;
struct anonymous_node;
struct file_async;
struct kstat;
struct kstatfs;
struct mount;
struct path;
struct poll_table;
struct process;

/* One directory entry for the sink of readdir; false: no room, stop before
 * this entry.  `next` is the position that continues after it. */
struct dir_sink {
	bool (*emit)(struct dir_sink *sink, const char *name, size_t length,
		     uint64_t ino, unsigned type, int64_t next);
};

struct file_ops {
	/* Bytes moved or negative errno.  pos is where to read or write and is
	 * advanced by the operation; files without position ignore it. */
	ssize_t (*read)(struct file *file, struct iov_iter *to, int64_t *pos);
	ssize_t (*write)(struct file *file, struct iov_iter *from,
			 int64_t *pos);
	int64_t (*lseek)(struct file *file, int64_t offset, int whence);
	/* Ready POLL* bits now; registers table (may be NULL) on the queues
	 * that will be woken: poll_wait(). */
	uint32_t (*poll)(struct file *file, struct poll_table *table);
	/* Its poll queues are woken with what happened: O_ASYNC works. */
	bool sends_sigio;
	long (*ioctl)(struct file *file, unsigned command, unsigned long arg);
	/* Checks a mapping request; NULL with vm.ops set: allowed. */
	int (*mmap)(struct file *file, uint32_t vma_flags);
	/* Mappings are fresh memory, as with MAP_ANONYMOUS: /dev/zero. */
	bool maps_anonymous;
	int (*readdir)(struct file *file, struct dir_sink *sink, int64_t *pos);
	int (*fsync)(struct file *file, bool data_only);
	int (*fallocate)(struct file *file, int mode, int64_t offset,
			 int64_t length);
	int (*truncate)(struct file *file, int64_t length);
	/* fstat of files without inode; NULL: the inode's. */
	int (*stat)(struct file *file, struct kstat *stat);
	/* Of files without dentry whose attributes can change; NULL: they
	 * cannot.  vfs/anonymous.h */
	struct anonymous_node *(*node)(struct file *file);
	/* fcntl F_SETFL changed O_NONBLOCK, O_APPEND, O_ASYNC, O_DIRECT. */
	int (*set_flags)(struct file *file, unsigned flags);
	/* Each close of a descriptor (not the last reference): locks. */
	void (*flush)(struct file *file, struct process *process);
	void (*release)(struct file *file);
	/* Text behind /proc/PID/fd/N for files without dentry: "pipe:[7]". */
	size_t (*name)(struct file *file, char *buf, size_t size);
	/* Extra lines of /proc/PID/fdinfo/N. */
	size_t (*fdinfo)(struct file *file, char *buf, size_t size);
	/* Internal pages for splice; see vfs/splice.h.  NULL: by copy. */
};

/* Access mode of struct file, from O_ACCMODE. */
#define FILE_READ      (1u << 0)
#define FILE_WRITE     (1u << 1)
#define FILE_PATH_ONLY (1u << 2) /* O_PATH */
#define FILE_SEEKABLE  (1u << 3) /* has a position: pread, lseek */
#define FILE_STREAM    (1u << 4) /* no position: ops ignore *pos */
#define FILE_POSITION_LOCKED                                                   \
	(1u << 5)		     /* reads, writes, readdir and lseek at    \
				      * the shared position take turns */
#define FILE_WRITE_COUNTED (1u << 6) /* counted in inode->write_count */

struct file {
	const struct file_ops *ops; /* [I] */
	struct refcount refs;
	uint32_t flags;	       /* [a] O_APPEND, O_NONBLOCK ... */
	uint32_t mode;	       /* [I] FILE_* */
	struct dentry *dentry; /* [I] NULL: anonymous; one reference */
	struct mount *mount;   /* [I] one reference; NULL as above */
	struct inode *inode;   /* [I] one reference; NULL: none */
	int64_t position;      /* [position_lock] */
	struct mutex position_lock;
	void *private;		 /* [I] of the operations */
	struct vm_object vm;	 /* what mmap maps; ops NULL: -ENODEV */
	struct list epoll_items; /* [epoll_lock] watched by */
	struct spinlock epoll_lock;
	struct file_async *async; /* [a] SIGIO: vfs/async.h; NULL: none yet */
	uint64_t readahead_hint;
	struct rcu_head rcu; /* readers of descriptor tables: see fd_get() */
};

/*
 * A file without path (pipes, epoll ...): one reference.  `mode` FILE_*,
 * `flags` O_*.  0 or -ENOMEM, -ENFILE.
 */
int file_create_anonymous(const struct file_ops *ops, void *private,
			  uint32_t mode, uint32_t flags,
			  struct file **file_out);
void file_get(struct file *file);
void file_put(struct file *file); /* may sleep */

/*
 * Reads and writes at *pos, or at the file's own position when pos is NULL
 * (taking the position lock where one is needed).  -EBADF: not open for it;
 * -EINVAL: the file cannot do it, or *pos is negative.
 */
ssize_t file_read(struct file *file, struct iov_iter *to, int64_t *pos);
ssize_t file_write(struct file *file, struct iov_iter *from, int64_t *pos);
ssize_t file_read_kernel(struct file *file, void *buf, size_t size,
			 int64_t pos);
ssize_t file_write_kernel(struct file *file, const void *buf, size_t size,
			  int64_t pos);
int64_t file_lseek(struct file *file, int64_t offset, int whence);
long file_ioctl(struct file *file, unsigned command, unsigned long arg);
/* -ENOTDIR when it is no directory, -ENOENT when that was removed. */
int file_readdir(struct file *file, struct dir_sink *sink);
int file_fsync(struct file *file, bool data_only);
/* ftruncate: -EINVAL (no regular file, or not open for writing), -EFBIG ... */
int file_truncate(struct file *file, int64_t length);
/* fallocate(2), mode UAPI_FALLOC_*: -EBADF, -ENODEV, -ESPIPE, -EOPNOTSUPP,
 * -EINVAL, -EFBIG, -ENOSPC. */
int file_fallocate(struct file *file, int mode, int64_t offset, int64_t length);
/* F_SETFL by this descriptor: bits O_APPEND, O_NONBLOCK, O_DIRECT, O_NOATIME,
 * and O_ASYNC where the file has that. */
int file_set_flags(struct file *file, int fd, unsigned flags);
/* The shared position, for calls that move it several times. */
bool file_position_lock(struct file *file); /* true: unlock afterwards */
void file_position_unlock(struct file *file, bool locked);
uint32_t file_poll(struct file *file, struct poll_table *table);
int file_stat(struct file *file, struct kstat *stat);
/* fchmod, fchown, futimens: -EPERM, -EOPNOTSUPP (it has no attributes of its
 * own), -EROFS ... */
int file_setattr(struct file *file, const struct kstat *stat, unsigned valid);
int file_statfs(struct file *file, struct kstatfs *out);

/* epoll: called with a file that goes while it is on epoll_items. */
void file_set_epoll_release(void (*func)(struct file *file));

/* What mmap(2) maps.  -ENODEV, -EACCES (mode), -EPERM (noexec). */
int file_map(struct file *file, uint32_t vma_flags,
	     struct vm_object **object_out, uint32_t *vma_flags_out);

/* --- descriptor tables --------------------------------------------- */

#define FILE_TABLE_MAX 1048576 /* fs.nr_open */

/* An empty table, one reference; NULL: no memory. */
struct file_table *file_table_create(void);
/* A copy for fork (without CLONE_FILES); NULL: no memory. */
struct file_table *file_table_clone(struct file_table *table);
void file_table_get(struct file_table *table);
void file_table_put(struct file_table *table); /* may sleep */
void file_table_close_on_exec(struct file_table *table);
/* Of the current process; NULL in kernel threads.  Also the owner that POSIX
 * locks are held by. */
struct file_table *file_table_current(void);

/*
 * Current process.  fd_get() returns a reference or NULL (-EBADF); with a
 * table that one thread uses it costs no atomic operation: always pair with
 * fd_put(ref).
 */
struct file_ref {
	struct file *file; /* NULL: bad descriptor */
	bool counted;
};
struct file_ref fd_get(int fd);	     /* not O_PATH files */
struct file_ref fd_get_path(int fd); /* O_PATH files too */
static inline void fd_put(struct file_ref ref)
{
	if (ref.counted && ref.file != NULL) {
		file_put(ref.file);
	}
}

/* A descriptor is free, now: 0, -EMFILE, -ENOMEM.  Before something that could
 * not be undone: with one thread fd_install(file, 0, ...) will succeed then. */
int fd_make_room(void);
/* Lowest free descriptor >= minimum.  Takes over the caller's reference to
 * the file on success.  Returns it, -EMFILE, -ENOMEM. */
int fd_install(struct file *file, int minimum, bool close_on_exec);
/* dup2/dup3: replaces; takes a reference.  Returns new_fd or -EBADF/-EMFILE. */
int fd_replace(struct file *file, int new_fd, bool close_on_exec);
int fd_close(int fd);
int fd_close_range(unsigned first, unsigned last, bool only_set_cloexec);
int fd_get_cloexec(int fd);
int fd_set_cloexec(int fd, bool on);

/* For /proc/PID/fd: the file at fd of another table, referenced, or NULL; the
 * next used descriptor at or after fd, or -1. */
struct file *file_table_get_file(struct file_table *table, int fd);
int file_table_next(struct file_table *table, int fd);
