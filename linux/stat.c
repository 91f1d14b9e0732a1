/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Attributes of files and filesystems: stat(2), statx(2), statfs(2), access(2).
 */
#include <linux/syscall.h>

#include <asm/stat.h>
#include <lib/string.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/mount.h>
#include <uapi/stat.h>
#include <vfs/file.h>
#include <vfs/path.h>
#include <vfs/stat.h>

#include "at.h"

#define STAT_AT_FLAGS                                                          \
	(UAPI_AT_SYMLINK_NOFOLLOW | UAPI_AT_NO_AUTOMOUNT | UAPI_AT_EMPTY_PATH)
#define STATX_SYNC_FLAGS (UAPI_AT_STATX_FORCE_SYNC | UAPI_AT_STATX_DONT_SYNC)
#define ACCESS_AT_FLAGS                                                        \
	(UAPI_AT_EACCESS | UAPI_AT_SYMLINK_NOFOLLOW | UAPI_AT_EMPTY_PATH)
#define STATX_ATTRIBUTES_KNOWN 0x2000u /* MOUNT_ROOT */

static int stat_fd(int fd, struct kstat *stat)
{
	struct file_ref ref = fd_get_path(fd);
	int err;

	if (ref.file == NULL) {
		return -EBADF;
	}
	err = file_stat(ref.file, stat);
	fd_put(ref);
	return err;
}

static int stat_at(int dir_fd, const char USER *user_path, int at_flags,
		   struct kstat *stat)
{
	struct path path;
	int err;

	if (at_means_fd(user_path, at_flags) && dir_fd != UAPI_AT_FDCWD) {
		return stat_fd(dir_fd, stat);
	}
	err = at_lookup(dir_fd, user_path, at_walk_flags(at_flags), &path);
	if (err < 0) {
		return err;
	}
	err = vfs_stat(&path, stat);
	path_put(&path);
	return err;
}

/* --- stat -------------------------------------------------------------------
 */

static long put_stat(void USER *to, const struct kstat *stat)
{
	struct uapi_stat out;

	memset(&out, 0, sizeof(out));
	out.dev = stat->device;
	out.ino = stat->ino;
	out.nlink = stat->link_count;
	out.mode = stat->mode;
	out.uid = stat->uid;
	out.gid = stat->gid;
	out.rdev = stat->rdev;
	out.size = (int64_t)stat->size;
	out.blksize = stat->block_size;
	out.blocks = (int64_t)stat->blocks;
	out.atime_sec = (int64_t)(stat->atime_ns / NSEC_PER_SEC);
	out.atime_nsec = (int64_t)(stat->atime_ns % NSEC_PER_SEC);
	out.mtime_sec = (int64_t)(stat->mtime_ns / NSEC_PER_SEC);
	out.mtime_nsec = (int64_t)(stat->mtime_ns % NSEC_PER_SEC);
	out.ctime_sec = (int64_t)(stat->ctime_ns / NSEC_PER_SEC);
	out.ctime_nsec = (int64_t)(stat->ctime_ns % NSEC_PER_SEC);
	return user_copy_out(to, &out, sizeof(out));
}

long sys_newfstatat(int dir_fd, const char USER *path, void USER *buf,
		    int flags)
{
	struct kstat stat;
	int err;

	if ((flags & ~STAT_AT_FLAGS) != 0) {
		return -EINVAL;
	}
	err = stat_at(dir_fd, path, flags, &stat);
	return err < 0 ? err : put_stat(buf, &stat);
}

long sys_stat(const char USER *path, void USER *buf)
{
	return sys_newfstatat(UAPI_AT_FDCWD, path, buf, 0);
}

long sys_lstat(const char USER *path, void USER *buf)
{
	return sys_newfstatat(UAPI_AT_FDCWD, path, buf,
			      UAPI_AT_SYMLINK_NOFOLLOW);
}

long sys_fstat(int fd, void USER *buf)
{
	struct kstat stat;
	int err = stat_fd(fd, &stat);

	return err < 0 ? err : put_stat(buf, &stat);
}

/* --- statx ------------------------------------------------------------------
 */

static struct uapi_statx_time statx_time(uint64_t ns)
{
	return (struct uapi_statx_time){
		.sec = (int64_t)(ns / NSEC_PER_SEC),
		.nsec = (uint32_t)(ns % NSEC_PER_SEC),
	};
}

static long put_statx(void USER *to, const struct kstat *stat)
{
	struct uapi_statx out;

	memset(&out, 0, sizeof(out));
	out.mask = UAPI_STATX_BASIC_STATS | UAPI_STATX_MNT_ID;
	if (stat->btime_ns != 0) {
		out.mask |= UAPI_STATX_BTIME;
		out.btime = statx_time(stat->btime_ns);
	}
	out.blksize = stat->block_size;
	out.attributes = stat->attributes;
	out.attributes_mask = STATX_ATTRIBUTES_KNOWN;
	out.nlink = stat->link_count;
	out.uid = stat->uid;
	out.gid = stat->gid;
	out.mode = (uint16_t)stat->mode;
	out.ino = stat->ino;
	out.size = stat->size;
	out.blocks = stat->blocks;
	out.atime = statx_time(stat->atime_ns);
	out.ctime = statx_time(stat->ctime_ns);
	out.mtime = statx_time(stat->mtime_ns);
	out.rdev_major = (uint32_t)DEVICE_MAJOR(stat->rdev);
	out.rdev_minor = (uint32_t)DEVICE_MINOR(stat->rdev);
	out.dev_major = (uint32_t)DEVICE_MAJOR(stat->device);
	out.dev_minor = (uint32_t)DEVICE_MINOR(stat->device);
	out.mnt_id = stat->mount_id;
	return user_copy_out(to, &out, sizeof(out));
}

long sys_statx(int dir_fd, const char USER *path, unsigned flags, unsigned mask,
	       void USER *buf)
{
	struct kstat stat;
	int err;

	if ((mask & UAPI_STATX_RESERVED) != 0 ||
	    (flags & STATX_SYNC_FLAGS) == STATX_SYNC_FLAGS ||
	    (flags & ~(unsigned)(STAT_AT_FLAGS | STATX_SYNC_FLAGS)) != 0) {
		return -EINVAL;
	}
	err = stat_at(dir_fd, path, (int)flags, &stat);
	return err < 0 ? err : put_statx(buf, &stat);
}

/* --- statfs -----------------------------------------------------------------
 */

static long put_statfs(void USER *to, const struct kstatfs *from)
{
	struct kstatfs stat = *from;
	struct uapi_statfs out;

	memset(&out, 0, sizeof(out));
	out.type = (int64_t)stat.type;
	out.bsize = (int64_t)stat.block_size;
	out.frsize = (int64_t)stat.block_size;
	out.blocks = stat.blocks;
	out.bfree = stat.blocks_free;
	out.bavail = stat.blocks_available;
	out.files = stat.files;
	out.ffree = stat.files_free;
	out.fsid[0] = (int32_t)stat.fsid;
	out.fsid[1] = (int32_t)(stat.fsid >> 32);
	out.namelen = (int64_t)stat.name_length;
	out.flags = (int64_t)stat.flags;
	return user_copy_out(to, &out, sizeof(out));
}

long sys_statfs(const char USER *user_path, void USER *buf)
{
	struct path path;
	struct kstatfs stat;
	long result = at_lookup(UAPI_AT_FDCWD, user_path, WALK_FOLLOW, &path);

	if (result < 0) {
		return result;
	}
	result = vfs_statfs(&path, &stat);
	path_put(&path);
	return result < 0 ? result : put_statfs(buf, &stat);
}

long sys_fstatfs(int fd, void USER *buf)
{
	struct kstatfs stat;
	struct file_ref ref = fd_get_path(fd);
	long result;

	if (ref.file == NULL) {
		return -EBADF;
	}
	result = file_statfs(ref.file, &stat);
	fd_put(ref);
	return result < 0 ? result : put_statfs(buf, &stat);
}

/* --- access ------------------------------------------------------------------
 */

static int check_access(const struct path *path, unsigned mode, int flags)
{
	struct inode *inode = path->dentry->inode;
	bool special = !inode_is_regular(inode) && !inode_is_dir(inode);
	int err = (flags & UAPI_AT_EACCESS) != 0
			  ? vfs_permission(inode, mode)
			  : vfs_permission_real(inode, mode);

	if (err == 0 && (mode & PERMISSION_EXEC) != 0 &&
	    inode_is_regular(inode) &&
	    (path->mount->flags & UAPI_MS_NOEXEC) != 0) {
		err = -EACCES;
	}
	if (err == 0 && (mode & PERMISSION_WRITE) != 0 && !special) {
		err = vfs_want_write(path);
	}
	return err;
}

long sys_faccessat2(int dir_fd, const char USER *user_path, int mode, int flags)
{
	struct path path;
	int err;

	if ((mode & ~7) != 0 || (flags & ~ACCESS_AT_FLAGS) != 0) {
		return -EINVAL;
	}
	err = at_lookup(dir_fd, user_path, at_walk_flags(flags), &path);
	if (err < 0) {
		return err;
	}
	err = mode == 0 ? 0 : check_access(&path, (unsigned)mode, flags);
	path_put(&path);
	return err;
}

long sys_faccessat(int dir_fd, const char USER *path, int mode)
{
	return sys_faccessat2(dir_fd, path, mode, 0);
}

long sys_access(const char USER *path, int mode)
{
	return sys_faccessat2(UAPI_AT_FDCWD, path, mode, 0);
}
