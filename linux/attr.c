/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Changing attributes: chmod(2), chown(2), utimensat(2) and their forms.
 * Who may do what is decided by vfs_setattr().
 */
#include <linux/syscall.h>

#include <lib/string.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/stat.h>
#include <uapi/time.h>
#include <vfs/file.h>
#include <vfs/path.h>
#include <vfs/stat.h>

#include "at.h"
#include "timespec.h"

static int set_at(int dir_fd, const char USER *user_path, int at_flags,
		  const struct kstat *stat, unsigned valid)
{
	struct path path;
	int err;

	if ((at_flags & ~(UAPI_AT_SYMLINK_NOFOLLOW | UAPI_AT_EMPTY_PATH)) !=
	    0) {
		return -EINVAL;
	}
	err = at_lookup(dir_fd, user_path, at_walk_flags(at_flags), &path);
	if (err < 0) {
		return err;
	}
	err = vfs_setattr(&path, stat, valid);
	path_put(&path);
	return err;
}

static int set_fd(int fd, const struct kstat *stat, unsigned valid)
{
	struct file_ref ref = fd_get(fd);
	int err;

	if (ref.file == NULL) {
		return -EBADF;
	}
	err = file_setattr(ref.file, stat, valid);
	fd_put(ref);
	return err;
}

/* --- mode -------------------------------------------------------------------
 */

long sys_fchmodat2(int dir_fd, const char USER *user_path, unsigned mode,
		   unsigned flags)
{
	struct kstat stat = {.mode = mode & MODE_PERMISSIONS};
	struct path path;
	int err;

	if ((flags &
	     ~(unsigned)(UAPI_AT_SYMLINK_NOFOLLOW | UAPI_AT_EMPTY_PATH)) != 0) {
		return -EINVAL;
	}
	err = at_lookup(dir_fd, user_path, at_walk_flags((int)flags), &path);
	if (err < 0) {
		return err;
	}
	err = inode_is_symlink(path.dentry->inode)
		      ? -EOPNOTSUPP
		      : vfs_setattr(&path, &stat, KSTAT_SET_MODE);
	path_put(&path);
	return err;
}

long sys_fchmodat(int dir_fd, const char USER *path, unsigned mode)
{
	return sys_fchmodat2(dir_fd, path, mode, 0);
}

long sys_chmod(const char USER *path, unsigned mode)
{
	return sys_fchmodat2(UAPI_AT_FDCWD, path, mode, 0);
}

long sys_fchmod(int fd, unsigned mode)
{
	struct kstat stat = {.mode = mode & MODE_PERMISSIONS};

	return set_fd(fd, &stat, KSTAT_SET_MODE);
}

/* --- owner ------------------------------------------------------------------
 */

#define KEEP_ID UINT32_MAX

static unsigned owner_change(struct kstat *stat, unsigned uid, unsigned gid)
{
	memset(stat, 0, sizeof(*stat));
	stat->uid = uid;
	stat->gid = gid;
	return (uid != KEEP_ID ? KSTAT_SET_UID : 0) |
	       (gid != KEEP_ID ? KSTAT_SET_GID : 0);
}

long sys_fchownat(int dir_fd, const char USER *path, unsigned uid, unsigned gid,
		  int flags)
{
	struct kstat stat;
	unsigned valid = owner_change(&stat, uid, gid);

	return set_at(dir_fd, path, flags, &stat, valid);
}

long sys_chown(const char USER *path, unsigned uid, unsigned gid)
{
	return sys_fchownat(UAPI_AT_FDCWD, path, uid, gid, 0);
}

long sys_lchown(const char USER *path, unsigned uid, unsigned gid)
{
	return sys_fchownat(UAPI_AT_FDCWD, path, uid, gid,
			    UAPI_AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, unsigned uid, unsigned gid)
{
	struct kstat stat;
	unsigned valid = owner_change(&stat, uid, gid);

	return set_fd(fd, &stat, valid);
}

/* --- times ------------------------------------------------------------------
 */

/* Times before 1970 become 1970: inodes count from there. */
static uint64_t clamp_ns(const struct uapi_timespec *time)
{
	return time->sec < 0 ? 0 : timespec_to_ns(time);
}

static bool one_time(const struct uapi_timespec *time, uint64_t now,
		     uint64_t *ns_out, unsigned flag, unsigned *valid,
		     bool *is_now)
{
	*is_now = time->nsec == UAPI_UTIME_NOW;
	if (time->nsec == UAPI_UTIME_OMIT) {
		return true;
	}
	*ns_out = *is_now ? now : 0;
	if (!*is_now) {
		if (time->nsec < 0 || time->nsec >= (int64_t)NSEC_PER_SEC) {
			return false;
		}
		*ns_out = clamp_ns(time);
	}
	*valid |= flag;
	return true;
}

/* times NULL: both now.  valid_out 0: nothing to change. */
static int times_change(const struct uapi_timespec *times, struct kstat *stat,
			unsigned *valid_out)
{
	static const struct uapi_timespec now_times[2] = {
		{.nsec = UAPI_UTIME_NOW}, {.nsec = UAPI_UTIME_NOW}};
	uint64_t now = clock_realtime_ns();
	unsigned valid = 0;
	bool atime_now;
	bool mtime_now;

	memset(stat, 0, sizeof(*stat));
	times = times == NULL ? now_times : times;
	if (!one_time(&times[0], now, &stat->atime_ns, KSTAT_SET_ATIME, &valid,
		      &atime_now) ||
	    !one_time(&times[1], now, &stat->mtime_ns, KSTAT_SET_MTIME, &valid,
		      &mtime_now)) {
		return -EINVAL;
	}
	if (atime_now && mtime_now) {
		valid |= KSTAT_TIMES_NOW;
	}
	*valid_out = valid;
	return 0;
}

/* path NULL: dir_fd itself. */
static long do_utimes(int dir_fd, const char USER *path,
		      const struct uapi_timespec *times, int flags)
{
	struct kstat stat;
	unsigned valid;
	int err = times_change(times, &stat, &valid);

	if (err < 0 || valid == 0) {
		return err;
	}
	if (path == NULL && dir_fd != UAPI_AT_FDCWD) {
		return flags != 0 ? -EINVAL : set_fd(dir_fd, &stat, valid);
	}
	return set_at(dir_fd, path, flags, &stat, valid);
}

long sys_utimensat(int dir_fd, const char USER *path, const void USER *user,
		   int flags)
{
	struct uapi_timespec times[2];

	if (user != NULL && user_copy_in(times, user, sizeof(times)) < 0) {
		return -EFAULT;
	}
	return do_utimes(dir_fd, path, user == NULL ? NULL : times, flags);
}

long sys_futimesat(int dir_fd, const char USER *path, const void USER *user)
{
	struct uapi_timeval values[2];
	struct uapi_timespec times[2];

	if (user == NULL) {
		return do_utimes(dir_fd, path, NULL, 0);
	}
	if (user_copy_in(values, user, sizeof(values)) < 0) {
		return -EFAULT;
	}
	for (int i = 0; i < 2; i++) {
		if (values[i].usec < 0 || values[i].usec >= 1000000) {
			return -EINVAL;
		}
		times[i].sec = values[i].sec;
		times[i].nsec = values[i].usec * 1000;
	}
	return do_utimes(dir_fd, path, times, 0);
}

long sys_utimes(const char USER *path, const void USER *times)
{
	return path == NULL ? -EFAULT
			    : sys_futimesat(UAPI_AT_FDCWD, path, times);
}

long sys_utime(const char USER *path, const void USER *user)
{
	int64_t seconds[2];
	struct uapi_timespec times[2];

	if (path == NULL) {
		return -EFAULT;
	}
	if (user == NULL) {
		return do_utimes(UAPI_AT_FDCWD, path, NULL, 0);
	}
	if (user_copy_in(seconds, user, sizeof(seconds)) < 0) {
		return -EFAULT;
	}
	for (int i = 0; i < 2; i++) {
		times[i] = (struct uapi_timespec){.sec = seconds[i]};
	}
	return do_utimes(UAPI_AT_FDCWD, path, times, 0);
}
