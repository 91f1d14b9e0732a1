/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Descriptors come and go: open(2), close(2), dup(2).  The tables themselves
 * are fs/vfs/file_table.c's.
 */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <lib/minmax.h>
#include <process/process.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/path.h>

#define OPEN_FLAGS                                                             \
	(UAPI_O_ACCMODE | UAPI_O_CREAT | UAPI_O_EXCL | UAPI_O_NOCTTY |         \
	 UAPI_O_TRUNC | UAPI_O_APPEND | UAPI_O_NONBLOCK | UAPI_O_SYNC |        \
	 UAPI_O_ASYNC | UAPI_O_DIRECT | UAPI_O_LARGEFILE | UAPI_O_DIRECTORY |  \
	 UAPI_O_NOFOLLOW | UAPI_O_NOATIME | UAPI_O_CLOEXEC | UAPI_O_PATH |     \
	 UAPI_O_TMPFILE)
#define RESOLVE_FLAGS                                                          \
	(UAPI_RESOLVE_NO_XDEV | UAPI_RESOLVE_NO_MAGICLINKS |                   \
	 UAPI_RESOLVE_NO_SYMLINKS | UAPI_RESOLVE_BENEATH |                     \
	 UAPI_RESOLVE_IN_ROOT | UAPI_RESOLVE_CACHED)

struct open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

static long do_open(int dir_fd, const char USER *user_path, int flags,
		    uint32_t mode, unsigned walk_flags)
{
	struct file *file;
	char *path;
	int fd;
	int err = path_copy_in(user_path, false, &path);

	if (err < 0) {
		return err;
	}
	err = fd_make_room(); /* else a file might be made in vain */
	if (err == 0) {
		err = vfs_open(dir_fd, path, flags, mode & 07777, walk_flags,
			       &file);
	}
	path_free(path);
	if (err < 0) {
		return err;
	}
	fd = fd_install(file, 0, (flags & UAPI_O_CLOEXEC) != 0);
	if (fd < 0) {
		file_put(file);
	}
	return fd;
}

/* open(2) ignores flags that it does not know. */
long sys_openat(int dir_fd, const char USER *path, int flags, unsigned mode)
{
	return do_open(dir_fd, path, flags & OPEN_FLAGS, mode, WALK_FOLLOW);
}

long sys_open(const char USER *path, int flags, unsigned mode)
{
	return sys_openat(UAPI_AT_FDCWD, path, flags, mode);
}

long sys_creat(const char USER *path, unsigned mode)
{
	return sys_openat(UAPI_AT_FDCWD, path,
			  UAPI_O_CREAT | UAPI_O_WRONLY | UAPI_O_TRUNC, mode);
}

/* Structures that grow: what we do not know must be zero. */
static int copy_how(struct open_how *how, const void USER *from, size_t size)
{
	uint8_t byte;

	if (size < sizeof(*how)) {
		return -EINVAL;
	}
	if (size > PAGE_SIZE) {
		return -E2BIG;
	}
	for (size_t i = sizeof(*how); i < size; i++) {
		if (user_get_u8(&byte, (const char USER *)from + i) < 0) {
			return -EFAULT;
		}
		if (byte != 0) {
			return -E2BIG;
		}
	}
	return user_copy_in(how, from, sizeof(*how));
}

static int check_how(const struct open_how *how)
{
	bool creates = (how->flags & UAPI_O_CREAT) != 0 ||
		       (how->flags & UAPI_O_TMPFILE) == UAPI_O_TMPFILE;

	if ((how->flags & ~(uint64_t)OPEN_FLAGS) != 0 ||
	    (how->resolve & ~(uint64_t)RESOLVE_FLAGS) != 0 ||
	    (how->mode & ~07777ull) != 0 || (!creates && how->mode != 0)) {
		return -EINVAL;
	}
	if ((how->resolve & (UAPI_RESOLVE_BENEATH | UAPI_RESOLVE_IN_ROOT)) ==
	    (UAPI_RESOLVE_BENEATH | UAPI_RESOLVE_IN_ROOT)) {
		return -EINVAL;
	}
	if ((how->flags & UAPI_O_PATH) != 0 &&
	    (how->flags & ~(uint64_t)(UAPI_O_PATH | UAPI_O_DIRECTORY |
				      UAPI_O_NOFOLLOW | UAPI_O_CLOEXEC)) != 0) {
		return -EINVAL;
	}
	/* Names are not known to be cached: the caller tries again without. */
	return (how->resolve & UAPI_RESOLVE_CACHED) != 0 ? -EAGAIN : 0;
}

long sys_openat2(int dir_fd, const char USER *path, const void USER *user_how,
		 size_t size)
{
	static const struct {
		uint64_t resolve;
		unsigned walk;
	} map[] = {
		{UAPI_RESOLVE_NO_XDEV, WALK_NO_XDEV},
		{UAPI_RESOLVE_NO_MAGICLINKS, WALK_NO_MAGIC},
		{UAPI_RESOLVE_NO_SYMLINKS, WALK_NO_SYMLINKS},
		{UAPI_RESOLVE_BENEATH, WALK_BENEATH},
		{UAPI_RESOLVE_IN_ROOT, WALK_IN_ROOT},
	};
	unsigned walk = WALK_FOLLOW;
	struct open_how how;
	int err = copy_how(&how, user_how, size);

	if (err == 0) {
		err = check_how(&how);
	}
	if (err < 0) {
		return err;
	}
	for (size_t i = 0; i < ARRAY_SIZE(map); i++) {
		walk |= (how.resolve & map[i].resolve) != 0 ? map[i].walk : 0;
	}
	return do_open(dir_fd, path, (int)how.flags, (uint32_t)how.mode, walk);
}

/* --- close, dup ----------------------------------------------------------- */

long sys_close(int fd)
{
	return fd_close(fd);
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	if ((flags & ~(UAPI_CLOSE_RANGE_UNSHARE | UAPI_CLOSE_RANGE_CLOEXEC)) !=
		    0 ||
	    first > last) {
		return -EINVAL;
	}
	if ((flags & UAPI_CLOSE_RANGE_UNSHARE) != 0) {
		int err = process_unshare_files();

		if (err < 0) {
			return err;
		}
	}
	return fd_close_range(first, last,
			      (flags & UAPI_CLOSE_RANGE_CLOEXEC) != 0);
}

long sys_dup(int fd)
{
	struct file_ref ref = fd_get_path(fd);
	int result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	file_get(ref.file);
	result = fd_install(ref.file, 0, false);
	if (result < 0) {
		file_put(ref.file);
	}
	fd_put(ref);
	return result;
}

static long do_dup_to(int old_fd, int new_fd, bool close_on_exec)
{
	struct file_ref ref = fd_get_path(old_fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	/* The old file at new_fd may be ours: it must outlive the call. */
	file_get(ref.file);
	result = fd_replace(ref.file, new_fd, close_on_exec);
	file_put(ref.file);
	fd_put(ref);
	return result;
}

long sys_dup2(int old_fd, int new_fd)
{
	struct file_ref ref;

	if (old_fd != new_fd) {
		return do_dup_to(old_fd, new_fd, false);
	}
	ref = fd_get_path(old_fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	fd_put(ref);
	return new_fd;
}

long sys_dup3(int old_fd, int new_fd, int flags)
{
	if ((flags & ~UAPI_O_CLOEXEC) != 0 || old_fd == new_fd) {
		return -EINVAL;
	}
	return do_dup_to(old_fd, new_fd, (flags & UAPI_O_CLOEXEC) != 0);
}
