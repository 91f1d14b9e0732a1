/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Attributes of files: stat, chmod, chown, utimensat, truncate, readlink,
 * statfs.  Changes are made under inode->lock; reading takes none, so a stat
 * during a change may see some of it.
 */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <time/clock.h>
#include <uapi/capability.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/mount.h>
#include <vfs/inode.h>
#include <vfs/notify.h>

#define BLOCK_SIZE    4096
#define FILE_SIZE_MAX ((uint64_t)INT64_MAX & ~(uint64_t)(BLOCK_SIZE - 1))

/* --- stat
 * --------------------------------------------------------------------- */

void inode_fill_stat(const struct inode *inode, struct kstat *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->device = inode->superblock->device;
	stat->ino = inode->number;
	stat->mode = READ_ONCE(inode->mode);
	stat->link_count = READ_ONCE(inode->link_count);
	stat->uid = READ_ONCE(inode->uid);
	stat->gid = READ_ONCE(inode->gid);
	stat->rdev = inode->device;
	stat->size = READ_ONCE(inode->cache.size);
	stat->block_size = BLOCK_SIZE;
	stat->blocks = READ_ONCE(inode->blocks);
	stat->atime_ns = READ_ONCE(inode->atime_ns);
	stat->mtime_ns = READ_ONCE(inode->mtime_ns);
	stat->ctime_ns = READ_ONCE(inode->ctime_ns);
	stat->btime_ns = READ_ONCE(inode->btime_ns);
	if (inode_is_symlink(inode) && inode->link_target != NULL) {
		stat->size = strlen(inode->link_target);
	}
}

int vfs_stat(const struct path *path, struct kstat *stat)
{
	struct inode *inode = path->dentry->inode;
	int err = 0;

	inode_fill_stat(inode, stat);
	if (inode->ops->getattr != NULL) {
		err = inode->ops->getattr(inode, stat);
	}
	stat->mount_id = (uint64_t)path->mount->id;
	return err;
}

ssize_t vfs_readlink(const struct path *path, char *buf, size_t size)
{
	struct inode *inode = path->dentry->inode;
	size_t length;

	if (!inode_is_symlink(inode)) {
		return -EINVAL;
	}
	if (inode->link_target != NULL) {
		length = MIN(strlen(inode->link_target), size);
		memcpy(buf, inode->link_target, length);
		inode_touch(inode, INODE_ATIME);
		return (ssize_t)length;
	}
	if (inode->ops->readlink == NULL) {
		return -EINVAL;
	}
	return inode->ops->readlink(inode, buf, size);
}

static uint64_t statfs_flags(const struct path *path)
{
	unsigned mount = READ_ONCE(path->mount->flags);
	uint64_t flags = UAPI_ST_VALID;

	flags |= (mount & UAPI_MS_NOSUID) != 0 ? UAPI_ST_NOSUID : 0;
	flags |= (mount & UAPI_MS_NODEV) != 0 ? UAPI_ST_NODEV : 0;
	flags |= (mount & UAPI_MS_NOEXEC) != 0 ? UAPI_ST_NOEXEC : 0;
	flags |= (mount & UAPI_MS_NOATIME) != 0 ? UAPI_ST_NOATIME : 0;
	flags |= (mount & UAPI_MS_NODIRATIME) != 0 ? UAPI_ST_NODIRATIME : 0;
	flags |= (mount & UAPI_MS_RELATIME) != 0 ? UAPI_ST_RELATIME : 0;
	flags |= vfs_want_write(path) < 0 ? UAPI_ST_RDONLY : 0;
	return flags;
}

int vfs_statfs(const struct path *path, struct kstatfs *out)
{
	struct superblock *superblock = path->dentry->superblock;
	int err;

	memset(out, 0, sizeof(*out));
	out->block_size = BLOCK_SIZE;
	out->name_length = NAME_MAX_LENGTH;
	out->fsid = superblock->device;
	if (superblock->ops->statfs == NULL) {
		return -ENOSYS;
	}
	err = superblock->ops->statfs(superblock, out);
	out->flags = statfs_flags(path);
	return err;
}

/* --- setattr
 * ------------------------------------------------------------------ */

static bool in_group(uint32_t gid)
{
	struct credentials who;

	credentials_current(&who);
	return who.fsgid == gid || credentials_in_group(&who, gid);
}

/* chown: without the capability only the group, and only to one of one's own.
 */
static int may_chown(const struct inode *inode, const struct kstat *stat,
		     unsigned valid)
{
	if (vfs_capable(UAPI_CAP_CHOWN)) {
		return 0;
	}
	if (process_current()->credentials.fsuid != inode->uid ||
	    ((valid & KSTAT_SET_UID) != 0 && stat->uid != inode->uid) ||
	    ((valid & KSTAT_SET_GID) != 0 && stat->gid != inode->gid &&
	     !in_group(stat->gid))) {
		return -EPERM;
	}
	return 0;
}

static int may_set_times(struct inode *inode, unsigned valid)
{
	if (vfs_is_owner(inode)) {
		return 0;
	}
	return (valid & KSTAT_TIMES_NOW) != 0
		       ? vfs_permission(inode, PERMISSION_WRITE)
		       : -EPERM;
}

static int may_change(struct inode *inode, const struct kstat *stat,
		      unsigned valid)
{
	int err = 0;

	if ((valid & (KSTAT_SET_UID | KSTAT_SET_GID)) != 0) {
		err = may_chown(inode, stat, valid);
	}
	if (err == 0 && (valid & KSTAT_SET_MODE) != 0 && !vfs_is_owner(inode)) {
		err = -EPERM;
	}
	if (err == 0 && (valid & (KSTAT_SET_ATIME | KSTAT_SET_MTIME)) != 0) {
		err = may_set_times(inode, valid);
	}
	return err;
}

/* The mode that results: set-id bits go with a new owner, and set-gid is for
 * members of the group only. */
static void adjust_mode(const struct inode *inode, struct kstat *stat,
			unsigned *valid)
{
	uint32_t gid = (*valid & KSTAT_SET_GID) != 0 ? stat->gid : inode->gid;

	if ((*valid & KSTAT_SET_MODE) != 0) {
		stat->mode = (inode->mode & MODE_TYPE) |
			     (stat->mode & MODE_PERMISSIONS);
		if ((stat->mode & MODE_SETGID) != 0 &&
		    !vfs_capable(UAPI_CAP_FSETID) && !in_group(gid)) {
			stat->mode &= ~(uint32_t)MODE_SETGID;
		}
		return;
	}
	if ((*valid & (KSTAT_SET_UID | KSTAT_SET_GID)) != 0 &&
	    inode_is_regular(inode) &&
	    (inode->mode & (MODE_SETUID | MODE_SETGID)) != 0) {
		stat->mode = inode->mode & ~(uint32_t)MODE_SETUID;
		if ((inode->mode & 0010) != 0) {
			stat->mode &= ~(uint32_t)MODE_SETGID;
		}
		*valid |= KSTAT_SET_MODE;
	}
}

static int check_seal(const struct inode *inode, const struct kstat *stat,
		      unsigned valid)
{
	return (valid & KSTAT_SET_MODE) != 0 &&
			       (inode->seals & UAPI_F_SEAL_EXEC) != 0 &&
			       ((stat->mode ^ inode->mode) & 0111) != 0
		       ? -EPERM
		       : 0;
}

static void store(struct inode *inode, const struct kstat *stat, unsigned valid)
{
	if ((valid & KSTAT_SET_MODE) != 0) {
		WRITE_ONCE(inode->mode, stat->mode);
	}
	if ((valid & KSTAT_SET_UID) != 0) {
		WRITE_ONCE(inode->uid, stat->uid);
	}
	if ((valid & KSTAT_SET_GID) != 0) {
		WRITE_ONCE(inode->gid, stat->gid);
	}
	if ((valid & KSTAT_SET_ATIME) != 0) {
		WRITE_ONCE(inode->atime_ns, stat->atime_ns);
	}
	if ((valid & KSTAT_SET_MTIME) != 0) {
		WRITE_ONCE(inode->mtime_ns, stat->mtime_ns);
	}
	if ((valid & KSTAT_SET_CTIME) != 0) {
		WRITE_ONCE(inode->ctime_ns, stat->ctime_ns);
	}
}

int vfs_setattr(const struct path *path, const struct kstat *stat,
		unsigned valid)
{
	struct inode *inode = path->dentry->inode;
	struct kstat change = *stat;
	int err = vfs_want_write(path);

	if (err < 0) {
		return err;
	}
	mutex_lock(&inode->lock);
	err = may_change(inode, &change, valid);
	if (err == 0) {
		adjust_mode(inode, &change, &valid);
		err = check_seal(inode, &change, valid);
	}
	if (err == 0) {
		change.ctime_ns = clock_realtime_ns();
		valid = (valid & ~(unsigned)KSTAT_TIMES_NOW) | KSTAT_SET_CTIME;
		if (inode->ops->setattr != NULL) {
			err = inode->ops->setattr(inode, &change, valid);
		} else {
			store(inode, &change, valid);
		}
	}
	mutex_unlock(&inode->lock);
	if (err == 0) {
		vfs_notify_dentry(path->dentry, NOTIFY_ATTRIB);
	}
	return err;
}

/* --- truncate
 * ------------------------------------------------------------------ */

static int check_size(const struct inode *inode, uint64_t old, uint64_t size)
{
	uint32_t seals = inode->seals;

	if ((size < old && (seals & UAPI_F_SEAL_SHRINK) != 0) ||
	    (size > old && (seals & UAPI_F_SEAL_GROW) != 0)) {
		return -EPERM;
	}
	if (size <= old) {
		return 0;
	}
	if (size > rlimit_current(RLIMIT_FSIZE)) {
		vfs_send_signal(UAPI_SIGXFSZ);
		return -EFBIG;
	}
	return size > FILE_SIZE_MAX ? -EFBIG : 0;
}

int inode_truncate(struct inode *inode, uint64_t size)
{
	int err;

	mutex_lock(&inode->lock);
	err = check_size(inode, inode->cache.size, size);
	if (err == 0) {
		if (inode->ops->truncate != NULL) {
			err = inode->ops->truncate(inode, size);
		} else {
			page_cache_set_size(&inode->cache, size);
		}
	}
	if (err == 0) {
		inode_drop_set_id(inode);
		inode_touch(inode, INODE_MTIME | INODE_CTIME);
	}
	mutex_unlock(&inode->lock);
	return err;
}

int vfs_truncate(const struct path *path, int64_t length)
{
	struct inode *inode = path->dentry->inode;
	int err;

	if (length < 0) {
		return -EINVAL;
	}
	if (!inode_is_regular(inode)) {
		return inode_is_dir(inode) ? -EISDIR : -EINVAL;
	}
	err = vfs_want_write(path);
	if (err == 0) {
		err = vfs_permission(inode, PERMISSION_WRITE);
	}
	if (err == 0) {
		err = inode_get_write(inode);
	}
	if (err < 0) {
		return err;
	}
	err = inode_truncate(inode, (uint64_t)length);
	inode_put_write(inode);
	if (err == 0) {
		vfs_notify_dentry(path->dentry, NOTIFY_MODIFY);
	}
	return err;
}
