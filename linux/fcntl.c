/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * fcntl(2) and flock(2): flags, owners, locks, pipe sizes, seals.
 */
#include <linux/syscall.h>

#include <process/process.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/async.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/locks.h>
#include <vfs/path.h>
#include <vfs/pipe.h>

/* struct flock of 64-bit Linux */
struct uapi_flock {
	int16_t type;
	int16_t whence;
	int32_t pad0;
	int64_t start;
	int64_t length;
	int32_t pid;
	int32_t pad1;
};
_Static_assert(sizeof(struct uapi_flock) == 32, "fcntl(2)");

struct owner_ex {
	int32_t type;
	int32_t pid;
};

/* --- locks ------------------------------------------------------------------
 */

static int copy_lock(struct file *file, unsigned long arg, bool ofd,
		     struct uapi_flock *flock, struct file_lock *lock)
{
	int err;

	if (user_copy_in(flock, (const void USER *)arg, sizeof(*flock)) < 0) {
		return -EFAULT;
	}
	if (flock->type < UAPI_F_RDLCK || flock->type > UAPI_F_UNLCK ||
	    (ofd && flock->pid != 0)) {
		return -EINVAL;
	}
	err = locks_resolve(file, flock->whence, flock->start, flock->length,
			    lock);
	lock->type = flock->type;
	lock->pid = process_current()->pid;
	return err;
}

static long set_lock(struct file *file, unsigned long arg, bool ofd, bool wait)
{
	struct uapi_flock flock;
	struct file_lock lock;
	int err = copy_lock(file, arg, ofd, &flock, &lock);

	return err < 0 ? err : locks_set(file, &lock, ofd, wait);
}

static long get_lock(struct file *file, unsigned long arg, bool ofd)
{
	struct uapi_flock flock;
	struct file_lock lock;
	int err = copy_lock(file, arg, ofd, &flock, &lock);

	if (err == 0 && lock.type == UAPI_F_UNLCK) {
		err = -EINVAL;
	}
	if (err == 0) {
		err = locks_get(file, &lock, ofd);
	}
	if (err < 0) {
		return err;
	}
	flock.type = (int16_t)lock.type;
	if (lock.type != UAPI_F_UNLCK) {
		flock.whence = UAPI_SEEK_SET;
		flock.start = lock.start;
		flock.length = lock.end == LOCKS_TO_END
				       ? 0
				       : lock.end - lock.start + 1;
		flock.pid = lock.pid;
	}
	return user_copy_out((void USER *)arg, &flock, sizeof(flock));
}

long sys_flock(int fd, unsigned operation)
{
	struct file_ref ref = fd_get(fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	result = locks_flock(ref.file, (int)operation);
	fd_put(ref);
	return result;
}

/* --- owner of SIGIO ---------------------------------------------------------
 */

static long set_owner(struct file *file, int pid)
{
	if (pid == INT32_MIN) {
		return -EINVAL;
	}
	return pid < 0 ? file_async_set_owner(file, UAPI_F_OWNER_PGRP, -pid)
		       : file_async_set_owner(file, UAPI_F_OWNER_PID, pid);
}

static long get_owner(struct file *file)
{
	int type;
	int pid;

	file_async_get_owner(file, &type, &pid);
	return type == UAPI_F_OWNER_PGRP ? -pid : pid;
}

static long set_owner_ex(struct file *file, unsigned long arg)
{
	struct owner_ex owner;

	if (user_copy_in(&owner, (const void USER *)arg, sizeof(owner)) < 0) {
		return -EFAULT;
	}
	if (owner.type < UAPI_F_OWNER_TID || owner.type > UAPI_F_OWNER_PGRP) {
		return -EINVAL;
	}
	return owner.pid < 0
		       ? -EINVAL
		       : file_async_set_owner(file, owner.type, owner.pid);
}

static long get_owner_ex(struct file *file, unsigned long arg)
{
	struct owner_ex owner;

	file_async_get_owner(file, &owner.type, &owner.pid);
	return user_copy_out((void USER *)arg, &owner, sizeof(owner));
}

/* --- the call ----------------------------------------------------------------
 */

static long duplicate(struct file *file, unsigned long minimum, bool cloexec)
{
	long result;

	if (minimum >= rlimit_current(RLIMIT_NOFILE) ||
	    minimum >= FILE_TABLE_MAX) {
		return -EINVAL;
	}
	file_get(file);
	result = fd_install(file, (int)minimum, cloexec);
	if (result < 0) {
		file_put(file);
	}
	return result;
}

static long pipe_size(struct file *file, unsigned command, unsigned long arg)
{
	struct pipe *pipe = pipe_of(file);

	if (pipe == NULL) {
		return -EBADF;
	}
	if (command == UAPI_F_GETPIPE_SZ) {
		return pipe_get_size(pipe);
	}
	return (unsigned)arg != arg ? -EINVAL : pipe_set_size(pipe, arg);
}

/* Commands of files that are really open: not of O_PATH ones. */
static long open_file_command(int fd, struct file *file, unsigned command,
			      unsigned long arg)
{
	switch (command) {
	case UAPI_F_SETFL:
		return file_set_flags(file, fd, (unsigned)arg);
	case UAPI_F_GETLK:
		return get_lock(file, arg, false);
	case UAPI_F_SETLK:
		return set_lock(file, arg, false, false);
	case UAPI_F_SETLKW:
		return set_lock(file, arg, false, true);
	case UAPI_F_OFD_GETLK:
		return get_lock(file, arg, true);
	case UAPI_F_OFD_SETLK:
		return set_lock(file, arg, true, false);
	case UAPI_F_OFD_SETLKW:
		return set_lock(file, arg, true, true);
	case UAPI_F_SETOWN:
		return set_owner(file, (int)arg);
	case UAPI_F_GETOWN:
		return get_owner(file);
	case UAPI_F_SETSIG:
		return file_async_set_signal(file, arg);
	case UAPI_F_GETSIG:
		return file_async_get_signal(file);
	case UAPI_F_SETOWN_EX:
		return set_owner_ex(file, arg);
	case UAPI_F_GETOWN_EX:
		return get_owner_ex(file, arg);
	case UAPI_F_GETLEASE:
		return UAPI_F_UNLCK;
	case UAPI_F_SETPIPE_SZ:
	case UAPI_F_GETPIPE_SZ:
		return pipe_size(file, command, arg);
	case UAPI_F_ADD_SEALS:
		return (unsigned)arg != arg
			       ? -EINVAL
			       : file_add_seals(file, (unsigned)arg);
	case UAPI_F_GET_SEALS:
		return file_get_seals(file);
	default:
		return -EINVAL;
	}
}

static long do_fcntl(int fd, struct file *file, unsigned command,
		     unsigned long arg)
{
	switch (command) {
	case UAPI_F_DUPFD:
		return duplicate(file, arg, false);
	case UAPI_F_DUPFD_CLOEXEC:
		return duplicate(file, arg, true);
	case UAPI_F_GETFD:
		return fd_get_cloexec(fd);
	case UAPI_F_SETFD:
		return fd_set_cloexec(fd, (arg & UAPI_FD_CLOEXEC) != 0);
	case UAPI_F_GETFL:
		return __atomic_load_n(&file->flags, __ATOMIC_RELAXED);
	default:
		break;
	}
	return (file->mode & FILE_PATH_ONLY) != 0
		       ? -EBADF
		       : open_file_command(fd, file, command, arg);
}

long sys_fcntl(int fd, unsigned command, unsigned long arg)
{
	struct file_ref ref = fd_get_path(fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	result = do_fcntl(fd, ref.file, command, arg);
	fd_put(ref);
	return result;
}
