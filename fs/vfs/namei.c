/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Changes of directories: new names and removed ones (rename is in rename.c).
 *
 * The directory's inode lock is held from the lookup of the name to the change
 * of the dentry cache.  A directory that is removed is locked too, behind its
 * parent, so nothing appears in it meanwhile.  What is dropped is put after the
 * locks are released: the last put of an inode may write to the disk.
 */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/capability.h>
#include <uapi/errno.h>
#include <vfs/inode.h>
#include <vfs/notify.h>

int namei_lock_dir(struct inode *dir)
{
	mutex_lock(&dir->lock);
	if (dir->link_count == 0) {
		mutex_unlock(&dir->lock);
		return -ENOENT;
	}
	return 0;
}

int namei_may_create(struct inode *dir)
{
	return vfs_permission(dir, PERMISSION_WRITE | PERMISSION_EXEC);
}

int namei_may_delete(struct inode *dir, struct dentry *victim, bool directory)
{
	int err = namei_may_create(dir);

	if (err < 0) {
		return err;
	}
	if ((dir->mode & MODE_STICKY) != 0 && !vfs_is_owner(victim->inode) &&
	    !vfs_is_owner(dir)) {
		return -EPERM;
	}
	if (directory && !inode_is_dir(victim->inode)) {
		return -ENOTDIR;
	}
	if (!directory && inode_is_dir(victim->inode)) {
		return -EISDIR;
	}
	return 0;
}

/* --- new names
 * ---------------------------------------------------------------- */

/*
 * Walks to the directory, locks it and finds that the name is free: *dentry_out
 * is negative.  create_end() undoes.
 */
static int create_begin(struct walk *walk, int dir_fd, const char *path,
			bool directory, struct dentry **dentry_out)
{
	struct dentry *parent;
	int err = walk_start(walk, dir_fd, path, 0);

	if (err < 0) {
		return err;
	}
	err = walk_to_parent(walk);
	if (err == 0 && walk->last_type != PATH_LAST_NAME) {
		err = -EEXIST;
	}
	parent = walk->path.dentry;
	if (err == 0) {
		err = namei_lock_dir(parent->inode);
	}
	if (err < 0) {
		walk_end(walk);
		return err;
	}
	err = walk_child_locked(parent, walk->last, walk->last_length,
				dentry_out);
	if (err == 0) {
		if ((*dentry_out)->inode != NULL) {
			err = -EEXIST;
		} else if (walk->slash && !directory) {
			err = -ENOENT;
		} else {
			err = vfs_want_write(&walk->path);
		}
		if (err == 0) {
			err = namei_may_create(parent->inode);
		}
		if (err < 0) {
			dentry_put(*dentry_out);
		}
	}
	if (err < 0) {
		mutex_unlock(&parent->inode->lock);
		walk_end(walk);
	}
	return err;
}

/* `inode` (reference taken over) is what was made, NULL when err < 0. */
static int create_end(struct walk *walk, struct dentry *dentry,
		      struct inode *inode, int err)
{
	struct inode *dir = walk->path.dentry->inode;

	if (err == 0) {
		dentry_instantiate(dentry, inode);
		inode_touch(dir, INODE_MTIME | INODE_CTIME);
	}
	mutex_unlock(&dir->lock);
	if (err == 0) {
		vfs_notify_dentry(dentry, NOTIFY_CREATE);
	}
	dentry_put(dentry);
	walk_end(walk);
	return err;
}

static int create_node(int dir_fd, const char *path, uint32_t mode,
		       uint64_t device)
{
	struct walk walk;
	struct dentry *dentry;
	struct inode *inode = NULL;
	struct inode *dir;
	int err = create_begin(&walk, dir_fd, path,
			       (mode & MODE_TYPE) == MODE_DIRECTORY, &dentry);

	if (err < 0) {
		return err;
	}
	dir = walk.path.dentry->inode;
	mode &= ~(fs_context_umask() & 0777);
	err = dir->ops->create == NULL
		      ? -EPERM
		      : dir->ops->create(dir, dentry->name, dentry->length,
					 mode, device, &inode);
	return create_end(&walk, dentry, inode, err);
}

int vfs_mkdir(int dir_fd, const char *path, uint32_t mode)
{
	return create_node(dir_fd, path,
			   (mode & (0777 | MODE_STICKY)) | MODE_DIRECTORY, 0);
}

int vfs_mknod(int dir_fd, const char *path, uint32_t mode, uint64_t device)
{
	switch (mode & MODE_TYPE) {
	case 0:
		mode |= MODE_REGULAR;
		FALLTHROUGH;
	case MODE_REGULAR:
	case MODE_FIFO:
	case MODE_SOCKET:
		device = 0;
		break;
	case MODE_CHARACTER:
	case MODE_BLOCK:
		if (!vfs_capable(UAPI_CAP_MKNOD)) {
			return -EPERM;
		}
		break;
	case MODE_DIRECTORY:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return create_node(dir_fd, path, mode & (MODE_TYPE | MODE_PERMISSIONS),
			   device);
}

int vfs_symlink(const char *target, int dir_fd, const char *path)
{
	struct walk walk;
	struct dentry *dentry;
	struct inode *inode = NULL;
	struct inode *dir;
	int err;

	if (target[0] == '\0') {
		return -ENOENT;
	}
	err = create_begin(&walk, dir_fd, path, false, &dentry);
	if (err < 0) {
		return err;
	}
	dir = walk.path.dentry->inode;
	err = dir->ops->symlink == NULL
		      ? -EPERM
		      : dir->ops->symlink(dir, dentry->name, dentry->length,
					  target, &inode);
	return create_end(&walk, dentry, inode, err);
}

static int link_locked(struct inode *dir, struct dentry *dentry,
		       struct inode *inode)
{
	int err;

	if (dir->ops->link == NULL || inode_is_dir(inode)) {
		return -EPERM;
	}
	mutex_lock(&inode->lock);
	if (inode->link_count == 0 && !inode->linkable) {
		err = -ENOENT;
	} else {
		err = dir->ops->link(dir, dentry->name, dentry->length, inode);
	}
	if (err == 0) {
		inode->linkable = false;
		inode_touch(inode, INODE_CTIME);
	}
	mutex_unlock(&inode->lock);
	return err;
}

int vfs_link(const struct path *old, int new_dir_fd, const char *new_path)
{
	struct inode *inode = old->dentry->inode;
	struct walk walk;
	struct dentry *dentry;
	int err = create_begin(&walk, new_dir_fd, new_path, false, &dentry);

	if (err < 0) {
		/* A place in another filesystem is that first of all. */
		return err;
	}
	if (walk.path.mount != old->mount) {
		err = -EXDEV;
	} else {
		err = link_locked(walk.path.dentry->inode, dentry, inode);
	}
	if (err == 0) {
		inode_get(inode);
	}
	return create_end(&walk, dentry, inode, err);
}

/* --- removed ones
 * ----------------------------------------------------------------- */

static int last_type_error(enum path_last type, bool directory)
{
	if (!directory) {
		return -EISDIR;
	}
	switch (type) {
	case PATH_LAST_DOT:
		return -EINVAL;
	case PATH_LAST_DOTDOT:
		return -ENOTEMPTY;
	default:
		return -EBUSY;
	}
}

/* Parent and directory are locked. */
static int rmdir_locked(struct inode *dir, struct dentry *victim)
{
	struct inode *inode = victim->inode;

	if (dir->ops->rmdir == NULL) {
		return -EPERM;
	}
	if (victim->superblock->names == NAMES_RESIDENT &&
	    dentry_has_children(victim)) {
		return -ENOTEMPTY;
	}
	return dir->ops->rmdir(dir, victim->name, victim->length, inode);
}

static int remove_locked(struct walk *walk, struct dentry *victim,
			 bool directory)
{
	struct inode *dir = walk->path.dentry->inode;
	struct inode *inode = victim->inode;
	int err;

	if (inode == NULL) {
		return -ENOENT;
	}
	if (!directory && walk->slash) {
		return inode_is_dir(inode) ? -EISDIR : -ENOTDIR;
	}
	err = vfs_want_write(&walk->path);
	if (err == 0) {
		err = namei_may_delete(dir, victim, directory);
	}
	if (err == 0 &&
	    __atomic_load_n(&victim->mount_count, __ATOMIC_RELAXED) != 0) {
		err = -EBUSY;
	}
	if (err < 0) {
		return err;
	}
	mutex_lock(&inode->lock);
	if (directory) {
		err = rmdir_locked(dir, victim);
	} else {
		err = dir->ops->unlink == NULL
			      ? -EPERM
			      : dir->ops->unlink(dir, victim->name,
						 victim->length, inode);
	}
	mutex_unlock(&inode->lock);
	if (err == 0) {
		dentry_unhash(victim);
		inode_touch(inode, INODE_CTIME);
		inode_touch(dir, INODE_MTIME | INODE_CTIME);
	}
	return err;
}

/* The dentry is unhashed but keeps parent and name. */
static void notify_removed(struct dentry *victim)
{
	vfs_notify_dentry(victim, NOTIFY_DELETE);
	if (victim->inode->link_count == 0) {
		vfs_notify(victim->inode, NULL, NOTIFY_DELETE_SELF, 0);
	}
}

int vfs_unlink(int dir_fd, const char *path, bool directory)
{
	struct walk walk;
	struct dentry *parent;
	struct dentry *victim;
	int err = walk_start(&walk, dir_fd, path, 0);

	if (err < 0) {
		return err;
	}
	err = walk_to_parent(&walk);
	if (err == 0 && walk.last_type != PATH_LAST_NAME) {
		err = last_type_error(walk.last_type, directory);
	}
	parent = walk.path.dentry;
	if (err == 0) {
		err = namei_lock_dir(parent->inode);
	}
	if (err < 0) {
		walk_end(&walk);
		return err;
	}
	err = walk_child_locked(parent, walk.last, walk.last_length, &victim);
	if (err == 0) {
		err = remove_locked(&walk, victim, directory);
		mutex_unlock(&parent->inode->lock);
		if (err == 0) {
			notify_removed(victim);
		}
		dentry_put(victim);
	} else {
		mutex_unlock(&parent->inode->lock);
	}
	walk_end(&walk);
	return err;
}
