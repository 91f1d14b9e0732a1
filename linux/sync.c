/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Contents to and from the disk, and sizes: fsync(2), readahead(2),
 * fallocate(2), truncate(2) and their sisters.
 */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <lib/minmax.h>
#include <mm/frame.h>
#include <mm/page_cache.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/path.h>

#define READAHEAD_MAX (2 * 1024 * 1024) /* bytes that one call reads */

#define SYNC_RANGE_WAIT_BEFORE 1u
#define SYNC_RANGE_WRITE       2u
#define SYNC_RANGE_WAIT_AFTER  4u

#define FADV_WILLNEED 3
#define FADV_NOREUSE  5

static long do_fsync(int fd, bool data_only)
{
	struct file_ref ref = fd_get(fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	result = file_fsync(ref.file, data_only);
	fd_put(ref);
	return result;
}

long sys_fsync(int fd)
{
	return do_fsync(fd, false);
}

long sys_fdatasync(int fd)
{
	return do_fsync(fd, true);
}

long sys_sync(void)
{
	vfs_sync_all();
	return 0;
}

/* Writes back more than the one filesystem: what it asks for is done. */
long sys_syncfs(int fd)
{
	struct file_ref ref = fd_get(fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	result = vfs_sync_all();
	fd_put(ref);
	return result;
}

long sys_sync_file_range(int fd, int64_t offset, int64_t length, unsigned flags)
{
	struct file_ref ref;
	long result = -ESPIPE;
	int64_t end;

	if ((flags & ~(SYNC_RANGE_WAIT_BEFORE | SYNC_RANGE_WRITE |
		       SYNC_RANGE_WAIT_AFTER)) != 0 ||
	    offset < 0 || length < 0 ||
	    __builtin_add_overflow(offset, length, &end)) {
		return -EINVAL;
	}
	ref = fd_get(fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	if (ref.file->inode != NULL && (inode_is_regular(ref.file->inode) ||
					inode_is_dir(ref.file->inode))) {
		result = flags == 0 ? 0 : file_fsync(ref.file, true);
	}
	fd_put(ref);
	return result;
}

/* --- reading ahead ---------------------------------------------------------
 */

/* Makes pages present; errors show up when somebody reads. */
static void read_ahead(struct page_cache *cache, uint64_t offset,
		       uint64_t length)
{
	uint64_t first = offset >> PAGE_SHIFT;
	uint64_t count = MIN(length, (uint64_t)READAHEAD_MAX) >> PAGE_SHIFT;

	for (uint64_t i = 0; i <= count; i++) {
		struct page *page;

		if (page_cache_get(cache, first + i, false, &page) < 0) {
			break;
		}
		page_put(page);
	}
}

long sys_readahead(int fd, int64_t offset, size_t count)
{
	struct file_ref ref = fd_get(fd);
	long result = 0;

	if (ref.file == NULL) {
		return -EBADF;
	}
	if ((ref.file->mode & FILE_READ) == 0) {
		result = -EBADF;
	} else if (ref.file->vm.cache == NULL || offset < 0) {
		result = -EINVAL;
	} else {
		read_ahead(ref.file->vm.cache, (uint64_t)offset, count);
	}
	fd_put(ref);
	return result;
}

/* Only WILLNEED changes anything: the page cache finds out about sequential
 * readers by itself. */
long sys_fadvise64(int fd, int64_t offset, int64_t length, int advice)
{
	struct file_ref ref = fd_get(fd);
	long result = 0;

	if (ref.file == NULL) {
		return -EBADF;
	}
	if ((ref.file->mode & FILE_SEEKABLE) == 0) {
		result = -ESPIPE;
	} else if (advice < 0 || advice > FADV_NOREUSE || length < 0) {
		result = -EINVAL;
	} else if (advice == FADV_WILLNEED && ref.file->vm.cache != NULL &&
		   offset >= 0) {
		read_ahead(ref.file->vm.cache, (uint64_t)offset,
			   length == 0 ? READAHEAD_MAX : (uint64_t)length);
	}
	fd_put(ref);
	return result;
}

/* --- sizes ------------------------------------------------------------------
 */

long sys_fallocate(int fd, int mode, int64_t offset, int64_t length)
{
	struct file_ref ref;
	long result;

	if (offset < 0 || length <= 0) {
		return -EINVAL;
	}
	ref = fd_get(fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	result = file_fallocate(ref.file, mode, offset, length);
	fd_put(ref);
	return result;
}

long sys_truncate(const char USER *user_path, int64_t length)
{
	struct path path;
	char *name;
	int err;

	if (length < 0) {
		return -EINVAL;
	}
	err = path_copy_in(user_path, false, &name);
	if (err < 0) {
		return err;
	}
	err = path_lookup(UAPI_AT_FDCWD, name, WALK_FOLLOW, &path);
	path_free(name);
	if (err < 0) {
		return err;
	}
	err = vfs_truncate(&path, length);
	path_put(&path);
	return err;
}

long sys_ftruncate(int fd, int64_t length)
{
	struct file_ref ref;
	long result;

	if (length < 0) {
		return -EINVAL;
	}
	ref = fd_get(fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	result = file_truncate(ref.file, length);
	fd_put(ref);
	return result;
}
