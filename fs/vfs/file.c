/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Open file descriptions: life, and the checks in front of every operation.
 *
 * A struct file is freed after an RCU grace period, because descriptor tables
 * are read without lock (file_table.c).
 *
 * The position: calls without explicit position share file->position.  They
 * take turns with position_lock when the file is a regular file or a directory
 * (FILE_POSITION_LOCKED) and someone else could see it: with one reference, the
 * caller's, nobody can.
 */
#include <vfs/file.h>

#include <fs/vfs/internal.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/mount.h>
#include <vfs/anonymous.h>
#include <vfs/async.h>
#include <vfs/inode.h>
#include <vfs/notify.h>
#include <vfs/path.h>
#include <vfs/pipe.h>
#include <vfs/poll.h>

#define FILE_COUNT_MAX 1048576 /* file-max */

/* Flags that F_SETFL changes. */
#define SETTABLE_FLAGS                                                         \
	(UAPI_O_APPEND | UAPI_O_NONBLOCK | UAPI_O_DIRECT | UAPI_O_NOATIME)

static uint32_t file_count; /* [a] */

int file_allocate(struct file **file_out)
{
	struct file *file;

	if (__atomic_fetch_add(&file_count, 1, __ATOMIC_RELAXED) >=
	    FILE_COUNT_MAX) {
		__atomic_fetch_sub(&file_count, 1, __ATOMIC_RELAXED);
		return -ENFILE;
	}
	file = kzalloc(sizeof(*file));
	if (file == NULL) {
		__atomic_fetch_sub(&file_count, 1, __ATOMIC_RELAXED);
		return -ENOMEM;
	}
	refcount_init(&file->refs);
	mutex_init(&file->position_lock, "file.position");
	spinlock_init(&file->epoll_lock, "file.epoll");
	list_init(&file->epoll_items);
	*file_out = file;
	return 0;
}

int file_create_anonymous(const struct file_ops *ops, void *private,
			  uint32_t mode, uint32_t flags, struct file **file_out)
{
	struct file *file;
	int err = file_allocate(&file);

	if (err < 0) {
		return err;
	}
	file->ops = ops;
	file->private = private;
	file->mode = mode;
	file->flags = flags;
	file->vm.ops = NULL;
	*file_out = file;
	return 0;
}

void file_get(struct file *file)
{
	refcount_get(&file->refs);
}

static void file_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct file, rcu));
}

static void (*epoll_release)(struct file *file); /* set once */

void file_set_epoll_release(void (*func)(struct file *file))
{
	epoll_release = func;
}

static void notify_close(struct file *file)
{
	if (file->ops != NULL && (file->mode & FILE_PATH_ONLY) == 0) {
		vfs_notify_dentry(file->dentry, (file->mode & FILE_WRITE) != 0
							? NOTIFY_CLOSE_WRITE
							: NOTIFY_CLOSE_NOWRITE);
	}
}

static void file_destroy(struct file *file)
{
	if (file->ops == NULL && file->inode == NULL) {
		/* The open failed: nobody has seen it. */
		__atomic_fetch_sub(&file_count, 1, __ATOMIC_RELAXED);
		kfree(file);
		return;
	}
	if (!list_is_empty(&file->epoll_items)) {
		epoll_release(file);
	}
	file_async_release(file);
	notify_close(file);
	locks_release(file);
	if (file->ops != NULL && file->ops->release != NULL) {
		file->ops->release(file);
	}
	if ((file->mode & FILE_WRITE_COUNTED) != 0) {
		inode_put_write(file->inode);
	}
	if (file->dentry != NULL) {
		dentry_put(file->dentry);
	}
	if (file->inode != NULL) {
		inode_put(file->inode);
	}
	if (file->mount != NULL) {
		mount_put(file->mount);
	}
	__atomic_fetch_sub(&file_count, 1, __ATOMIC_RELAXED);
	rcu_call(&file->rcu, file_free_rcu);
}

void file_put(struct file *file)
{
	if (refcount_put(&file->refs)) {
		file_destroy(file);
	}
}

/* --- position ------------------------------------------------------------ */

bool file_position_lock(struct file *file)
{
	if ((file->mode & FILE_POSITION_LOCKED) == 0 ||
	    refcount_read(&file->refs) == 1) {
		return false;
	}
	mutex_lock(&file->position_lock);
	return true;
}

void file_position_unlock(struct file *file, bool locked)
{
	if (locked) {
		mutex_unlock(&file->position_lock);
	}
}

/* --- operations ------------------------------------------------------------
 */

ssize_t file_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	ssize_t result;
	bool locked;

	if ((file->mode & FILE_READ) == 0) {
		return -EBADF;
	}
	if (file->ops->read == NULL) {
		return file->inode != NULL && inode_is_dir(file->inode)
			       ? -EISDIR
			       : -EINVAL;
	}
	if (pos != NULL) {
		return *pos < 0 ? -EINVAL : file->ops->read(file, to, pos);
	}
	locked = file_position_lock(file);
	result = file->ops->read(file, to, &file->position);
	file_position_unlock(file, locked);
	return result;
}

ssize_t file_write(struct file *file, struct iov_iter *from, int64_t *pos)
{
	ssize_t result;
	bool locked;

	if ((file->mode & FILE_WRITE) == 0) {
		return -EBADF;
	}
	if (file->ops->write == NULL) {
		return -EINVAL;
	}
	if (pos != NULL) {
		return *pos < 0 ? -EINVAL : file->ops->write(file, from, pos);
	}
	locked = file_position_lock(file);
	result = file->ops->write(file, from, &file->position);
	file_position_unlock(file, locked);
	return result;
}

ssize_t file_read_kernel(struct file *file, void *buf, size_t size, int64_t pos)
{
	struct iov_iter iter;

	iov_init_kernel(&iter, buf, size);
	return file_read(file, &iter, &pos);
}

ssize_t file_write_kernel(struct file *file, const void *buf, size_t size,
			  int64_t pos)
{
	struct iov_iter iter;

	iov_init_kernel(&iter, buf, size);
	return file_write(file, &iter, &pos);
}

int64_t file_lseek(struct file *file, int64_t offset, int whence)
{
	int64_t result;
	bool locked;

	if ((file->mode & FILE_SEEKABLE) == 0 || file->ops->lseek == NULL) {
		return -ESPIPE;
	}
	locked = file_position_lock(file);
	result = file->ops->lseek(file, offset, whence);
	file_position_unlock(file, locked);
	return result;
}

long file_ioctl(struct file *file, unsigned command, unsigned long arg)
{
	return file->ops->ioctl == NULL ? -ENOTTY
					: file->ops->ioctl(file, command, arg);
}

int file_readdir(struct file *file, struct dir_sink *sink)
{
	int err = -ENOENT;
	bool locked;

	if (file->ops->readdir == NULL) {
		return -ENOTDIR;
	}
	locked = file_position_lock(file);
	mutex_lock(&file->inode->lock);
	if (file->inode->link_count != 0) {
		err = file->ops->readdir(file, sink, &file->position);
		inode_touch(file->inode, INODE_ATIME);
	}
	mutex_unlock(&file->inode->lock);
	file_position_unlock(file, locked);
	return err;
}

int file_fsync(struct file *file, bool data_only)
{
	return file->ops->fsync == NULL ? -EINVAL
					: file->ops->fsync(file, data_only);
}

int file_truncate(struct file *file, int64_t length)
{
	if ((file->mode & FILE_WRITE) == 0 || file->ops->truncate == NULL ||
	    length < 0) {
		return -EINVAL;
	}
	return file->ops->truncate(file, length);
}

int file_fallocate(struct file *file, int mode, int64_t offset, int64_t length)
{
	if (offset < 0 || length <= 0) {
		return -EINVAL;
	}
	if ((file->mode & FILE_WRITE) == 0) {
		return -EBADF;
	}
	if (file->inode == NULL ||
	    (file->inode->mode & MODE_TYPE) == MODE_FIFO) {
		return -ESPIPE;
	}
	if (inode_is_dir(file->inode)) {
		return -EISDIR;
	}
	if (!inode_is_regular(file->inode)) {
		return -ENODEV;
	}
	if (length > INT64_MAX - offset) {
		return -EFBIG;
	}
	return file->ops->fallocate == NULL
		       ? -EOPNOTSUPP
		       : file->ops->fallocate(file, mode, offset, length);
}

/* Only what has data of its own knows O_DIRECT. */
static bool inode_has_data(const struct inode *inode)
{
	return inode_is_regular(inode) ||
	       (inode->mode & MODE_TYPE) == MODE_BLOCK;
}

int file_set_flags(struct file *file, int fd, unsigned flags)
{
	uint32_t settable =
		SETTABLE_FLAGS | (file->ops->sends_sigio ? UAPI_O_ASYNC : 0);
	uint32_t wanted = (file->flags & ~settable) | (flags & settable);
	int err = 0;

	if ((flags & ~file->flags & UAPI_O_DIRECT) != 0 &&
	    pipe_of(file) == NULL &&
	    (file->inode == NULL || !inode_has_data(file->inode))) {
		return -EINVAL;
	}
	if ((flags & ~file->flags & UAPI_O_NOATIME) != 0 &&
	    file->inode != NULL && !vfs_is_owner(file->inode)) {
		return -EPERM;
	}
	if (file->ops->set_flags != NULL) {
		err = file->ops->set_flags(file, wanted);
	}
	if (err == 0 && ((wanted ^ file->flags) & UAPI_O_ASYNC) != 0) {
		err = file_async_enable(file, fd, (wanted & UAPI_O_ASYNC) != 0);
	}
	if (err == 0) {
		__atomic_store_n(&file->flags, wanted, __ATOMIC_RELAXED);
	}
	return err;
}

uint32_t file_poll(struct file *file, struct poll_table *table)
{
	if (file->ops->poll == NULL) {
		return POLL_IN | POLL_OUT | POLL_RDNORM | POLL_WRNORM;
	}
	return file->ops->poll(file, table);
}

int file_stat(struct file *file, struct kstat *stat)
{
	struct path path = {.mount = file->mount, .dentry = file->dentry};

	if (file->ops != NULL && file->ops->stat != NULL) {
		return file->ops->stat(file, stat);
	}
	if (file->dentry == NULL) {
		anonymous_stat(file, stat);
		return 0;
	}
	return vfs_stat(&path, stat);
}

int file_setattr(struct file *file, const struct kstat *stat, unsigned valid)
{
	struct path path = {.mount = file->mount, .dentry = file->dentry};

	return file->dentry == NULL ? anonymous_setattr(file, stat, valid)
				    : vfs_setattr(&path, stat, valid);
}

int file_statfs(struct file *file, struct kstatfs *out)
{
	struct path path = {.mount = file->mount, .dentry = file->dentry};

	if (file->dentry == NULL) {
		anonymous_statfs(file, out);
		return 0;
	}
	return vfs_statfs(&path, out);
}

/* --- mapping -----------------------------------------------------------------
 */

static struct file *file_of(struct vm_object *object)
{
	return container_of(object, struct file, vm);
}

static void vm_get(struct vm_object *object)
{
	file_get(file_of(object));
}

static void vm_put(struct vm_object *object)
{
	file_put(file_of(object));
}

static size_t vm_name(struct vm_object *object, char *buf, size_t size)
{
	struct file *file = file_of(object);
	struct path path = {.mount = file->mount, .dentry = file->dentry};
	char *text;
	char *start;
	ssize_t length = -EINVAL;

	if (path.dentry == NULL) {
		return file->ops->name == NULL
			       ? 0
			       : file->ops->name(file, buf, size);
	}
	text = kmalloc(PATH_MAX_SIZE);
	if (text != NULL) {
		length = path_name(&path, NULL, text, PATH_MAX_SIZE, &start);
	}
	if (length >= 0) {
		string_copy(buf, start, size);
	}
	kfree(text);
	return length < 0 ? 0 : (size_t)length;
}

static void vm_identity(struct vm_object *object, uint64_t *dev_out,
			uint64_t *ino_out)
{
	struct inode *inode = file_of(object)->inode;

	*dev_out = inode == NULL ? 0 : inode->superblock->device;
	*ino_out = inode == NULL ? 0 : inode->number;
}

static void vm_written(struct vm_object *object)
{
	struct inode *inode = file_of(object)->inode;

	if (inode != NULL) {
		inode_touch(inode, INODE_MTIME | INODE_CTIME);
	}
}

const struct vm_object_ops vm_object_ops_file = {
	.written = vm_written,
	.get = vm_get,
	.put = vm_put,
	.name = vm_name,
	.identity = vm_identity,
};

int file_map(struct file *file, uint32_t vma_flags,
	     struct vm_object **object_out, uint32_t *vma_flags_out)
{
	bool shared = (vma_flags & VMA_SHARED) != 0;
	bool sealed = file->inode != NULL &&
		      (READ_ONCE(file->inode->seals) &
		       (UAPI_F_SEAL_WRITE | UAPI_F_SEAL_FUTURE_WRITE)) != 0;
	int err;

	if (file->vm.ops == NULL && file->ops->mmap == NULL) {
		return -ENODEV;
	}
	if ((file->mode & FILE_READ) == 0 ||
	    (shared && (vma_flags & VMA_WRITE) != 0 &&
	     (file->mode & FILE_WRITE) == 0)) {
		return -EACCES;
	}
	if ((vma_flags & VMA_EXEC) != 0 && file->mount != NULL &&
	    (file->mount->flags & UAPI_MS_NOEXEC) != 0) {
		return -EPERM;
	}
	if (sealed && shared && (vma_flags & VMA_WRITE) != 0) {
		return -EPERM;
	}
	if (file->ops->mmap != NULL) {
		err = file->ops->mmap(file, vma_flags);
		if (err < 0) {
			return err;
		}
	}
	if (file->vm.ops == NULL) {
		return -ENODEV;
	}
	if (shared && (file->mode & FILE_WRITE) != 0 && !sealed) {
		vma_flags |= VMA_MAY_WRITE;
	}
	if (file->inode != NULL) {
		inode_touch(file->inode, INODE_ATIME);
	}
	*object_out = &file->vm;
	*vma_flags_out = vma_flags;
	return 0;
}
