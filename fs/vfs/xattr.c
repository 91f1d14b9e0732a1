/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Extended attributes: which names exist and who may touch them; the values
 * are the filesystem's.  "user." is for regular files and directories and
 * follows their permissions, "trusted." and "security." are root's, "system."
 * (ACLs) is not supported.  Setting and removing hold inode->lock.
 */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <uapi/capability.h>
#include <uapi/errno.h>
#include <uapi/xattr.h>
#include <vfs/inode.h>
#include <vfs/notify.h>

static bool has_class(const char *name, const char *class)
{
	return strncmp(name, class, strlen(class)) == 0;
}

static int check_user(struct inode *inode, bool write)
{
	if (!inode_is_regular(inode) && !inode_is_dir(inode)) {
		return write ? -EPERM : -ENODATA;
	}
	if (write && inode_is_dir(inode) && (inode->mode & MODE_STICKY) != 0 &&
	    !vfs_is_owner(inode)) {
		return -EPERM;
	}
	return vfs_permission(inode,
			      write ? PERMISSION_WRITE : PERMISSION_READ);
}

static int check(struct inode *inode, const char *name, bool write)
{
	size_t length = strlen(name);

	if (length == 0 || length > XATTR_NAME_MAX) {
		return -ERANGE;
	}
	if (has_class(name, "user.")) {
		return name[5] == '\0' ? -EINVAL : check_user(inode, write);
	}
	if (has_class(name, "trusted.")) {
		if (!vfs_capable(UAPI_CAP_SYS_ADMIN)) {
			return write ? -EPERM : -ENODATA;
		}
		return name[8] == '\0' ? -EINVAL : 0;
	}
	if (has_class(name, "security.")) {
		if (write && !vfs_capable(UAPI_CAP_SYS_ADMIN)) {
			return -EPERM;
		}
		return name[9] == '\0' ? -EINVAL : 0;
	}
	return -EOPNOTSUPP;
}

ssize_t vfs_getxattr(const struct path *path, const char *name, void *value,
		     size_t size)
{
	struct inode *inode = path->dentry->inode;
	int err = check(inode, name, false);

	if (err < 0) {
		return err;
	}
	return inode->ops->getxattr == NULL
		       ? -EOPNOTSUPP
		       : inode->ops->getxattr(inode, name, value, size);
}

int vfs_setxattr(const struct path *path, const char *name, const void *value,
		 size_t size, int flags)
{
	struct inode *inode = path->dentry->inode;
	int err;

	if ((flags & ~(UAPI_XATTR_CREATE | UAPI_XATTR_REPLACE)) != 0) {
		return -EINVAL;
	}
	if (size > XATTR_SIZE_MAX) {
		return -E2BIG;
	}
	err = vfs_want_write(path);
	if (err == 0) {
		err = check(inode, name, true);
	}
	if (err == 0 && inode->ops->setxattr == NULL) {
		err = -EOPNOTSUPP;
	}
	if (err < 0) {
		return err;
	}
	mutex_lock(&inode->lock);
	err = inode->ops->setxattr(inode, name, value, size, flags);
	if (err == 0) {
		inode_touch(inode, INODE_CTIME);
	}
	mutex_unlock(&inode->lock);
	if (err == 0) {
		vfs_notify_dentry(path->dentry, NOTIFY_ATTRIB);
	}
	return err;
}

ssize_t vfs_listxattr(const struct path *path, char *list, size_t size)
{
	struct inode *inode = path->dentry->inode;

	return inode->ops->listxattr == NULL
		       ? 0
		       : inode->ops->listxattr(inode, list, size);
}

int vfs_removexattr(const struct path *path, const char *name)
{
	struct inode *inode = path->dentry->inode;
	int err = vfs_want_write(path);

	if (err == 0) {
		err = check(inode, name, true);
	}
	if (err == 0 && inode->ops->removexattr == NULL) {
		err = -EOPNOTSUPP;
	}
	if (err < 0) {
		return err;
	}
	mutex_lock(&inode->lock);
	err = inode->ops->removexattr(inode, name);
	if (err == 0) {
		inode_touch(inode, INODE_CTIME);
	}
	mutex_unlock(&inode->lock);
	if (err == 0) {
		vfs_notify_dentry(path->dentry, NOTIFY_ATTRIB);
	}
	return err;
}
