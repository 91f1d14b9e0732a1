/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * open(2): from a path to a struct file.
 *
 * The last component is looked at in the dentry cache first; only when it is
 * missing and O_CREAT asks for it the directory is locked, looked at again,
 * and the file made.  The struct file is there before: an open that fails for
 * want of memory has made nothing.  The checks of an open are in open_place(),
 * which vfs_open_path() uses for places that were found otherwise.
 */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/mount.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/notify.h>

/* Flags that say how to open, not how the file is. */
#define OPEN_ONLY_FLAGS                                                        \
	(UAPI_O_CREAT | UAPI_O_EXCL | UAPI_O_NOCTTY | UAPI_O_TRUNC |           \
	 UAPI_O_CLOEXEC)

#define TMPFILE_BIT (UAPI_O_TMPFILE & ~UAPI_O_DIRECTORY)

static const struct file_ops path_only_ops;

/* --- a place becomes a file
 * --------------------------------------------------- */

static uint32_t access_mode(int flags)
{
	switch (flags & UAPI_O_ACCMODE) {
	case UAPI_O_RDONLY:
		return FILE_READ;
	case UAPI_O_WRONLY:
		return FILE_WRITE;
	case UAPI_O_RDWR:
		return FILE_READ | FILE_WRITE;
	default: /* 3: for ioctl only, checked as both */
		return 0;
	}
}

static unsigned wanted_permission(int flags)
{
	unsigned mask = 0;

	if ((flags & UAPI_O_ACCMODE) != UAPI_O_WRONLY) {
		mask |= PERMISSION_READ;
	}
	if ((flags & UAPI_O_ACCMODE) != UAPI_O_RDONLY ||
	    (flags & UAPI_O_TRUNC) != 0) {
		mask |= PERMISSION_WRITE;
	}
	return mask;
}

static int check_type(const struct path *path, int flags)
{
	const struct inode *inode = path->dentry->inode;

	switch (inode->mode & MODE_TYPE) {
	case MODE_SYMLINK:
		return -ELOOP;
	case MODE_DIRECTORY:
		return (wanted_permission(flags) & PERMISSION_WRITE) != 0 ||
				       (flags & UAPI_O_CREAT) != 0
			       ? -EISDIR
			       : 0;
	case MODE_CHARACTER:
	case MODE_BLOCK:
		return (path->mount->flags & UAPI_MS_NODEV) != 0 ? -EACCES : 0;
	case MODE_SOCKET:
		return -ENXIO;
	default:
		return 0;
	}
}

/* created: its maker may open it whatever the mode says. */
static int may_open(const struct path *path, int flags, bool created)
{
	struct inode *inode = path->dentry->inode;
	unsigned mask = wanted_permission(flags);
	int err = 0;

	if ((flags & UAPI_O_DIRECTORY) != 0 && !inode_is_dir(inode)) {
		return -ENOTDIR;
	}
	err = check_type(path, flags);
	if (err < 0) {
		return err;
	}
	if ((mask & PERMISSION_WRITE) != 0 && inode_is_regular(inode)) {
		err = vfs_want_write(path);
	}
	if (err == 0 && !created) {
		err = vfs_permission(inode, mask);
	}
	if (err == 0 && (flags & UAPI_O_NOATIME) != 0 && !vfs_is_owner(inode)) {
		err = -EPERM;
	}
	return err;
}

static uint32_t file_mode(const struct inode *inode, int flags)
{
	uint32_t mode = access_mode(flags);

	if (inode_is_regular(inode) || inode_is_dir(inode)) {
		return mode | FILE_SEEKABLE | FILE_POSITION_LOCKED;
	}
	return mode | ((inode->mode & MODE_TYPE) == MODE_FIFO ? FILE_STREAM
							      : FILE_SEEKABLE);
}

/* References and operations; what can fail comes later. */
static void fill(struct file *file, const struct path *path, int flags)
{
	struct inode *inode = path->dentry->inode;

	path_get(path);
	inode_get(inode);
	file->mount = path->mount;
	file->dentry = path->dentry;
	file->inode = inode;
	if ((flags & UAPI_O_PATH) != 0) {
		file->mode = FILE_PATH_ONLY;
		file->flags =
			(uint32_t)flags &
			(UAPI_O_PATH | UAPI_O_DIRECTORY | UAPI_O_NOFOLLOW);
		return;
	}
	file->mode = file_mode(inode, flags);
	file->flags = (uint32_t)flags | UAPI_O_LARGEFILE;
}

/* What the filesystem or the device does at open. */
static int open_ops(struct inode *inode, struct file *file)
{
	int err = 0;

	file->ops = inode->file_ops != NULL ? inode->file_ops : &path_only_ops;
	if (inode_is_regular(inode) &&
	    file->ops->read == page_cache_file_read) {
		file->vm.ops = &vm_object_ops_file;
		file->vm.cache = &inode->cache;
	}
	if (inode->ops->open != NULL) {
		err = inode->ops->open(inode, file);
	} else if (!inode_is_regular(inode) && !inode_is_dir(inode)) {
		err = special_open(inode, file);
	}
	/* Devices have seen how they were opened (O_NOCTTY). */
	file->flags &= ~(uint32_t)OPEN_ONLY_FLAGS;
	if (err < 0) {
		file->ops = NULL; /* nothing to release */
	}
	return err;
}

static int open_file(struct file *file, int flags, bool created)
{
	struct inode *inode = file->inode;
	bool truncate = (flags & UAPI_O_TRUNC) != 0 && !created;
	int err;

	if (inode_is_regular(inode) &&
	    ((file->mode & FILE_WRITE) != 0 || truncate)) {
		err = inode_get_write(inode);
		if (err < 0) {
			return err;
		}
		file->mode |= FILE_WRITE_COUNTED;
	}
	err = open_ops(inode, file);
	if (err == 0 && truncate && inode_is_regular(inode)) {
		err = inode_truncate(inode, 0);
	}
	return err;
}

/* The caller has allocated the file and puts it when this fails. */
static int open_place(struct file *file, const struct path *path, int flags,
		      bool created)
{
	int err = 0;

	if ((flags & UAPI_O_PATH) != 0) {
		if ((flags & UAPI_O_DIRECTORY) != 0 &&
		    !inode_is_dir(path->dentry->inode)) {
			return -ENOTDIR;
		}
	} else {
		err = may_open(path, flags, created);
		if (err < 0) {
			return err;
		}
	}
	fill(file, path, flags);
	if ((flags & UAPI_O_PATH) != 0) {
		file->ops = &path_only_ops;
	} else {
		err = open_file(file, flags, created);
	}
	if (err == 0 && (flags & UAPI_O_PATH) == 0) {
		vfs_notify_dentry(path->dentry, NOTIFY_OPEN);
	}
	return err;
}

int vfs_open_path(const struct path *path, int flags, struct file **file_out)
{
	int err = file_allocate(file_out);

	if (err < 0) {
		return err;
	}
	err = open_place(*file_out, path, flags & ~(UAPI_O_CREAT | UAPI_O_EXCL),
			 false);
	if (err < 0) {
		file_put(*file_out);
	}
	return err;
}

/* --- O_CREAT
 * ------------------------------------------------------------------- */

static int create_locked(struct walk *walk, struct dentry *dentry,
			 uint32_t mode)
{
	struct inode *dir = walk->path.dentry->inode;
	struct inode *inode;
	int err = vfs_want_write(&walk->path);

	if (err == 0) {
		err = namei_may_create(dir);
	}
	if (err == 0 && dir->ops->create == NULL) {
		err = -EACCES;
	}
	if (err < 0) {
		return err;
	}
	mode = (mode & MODE_PERMISSIONS & ~fs_context_umask()) | MODE_REGULAR;
	err = dir->ops->create(dir, dentry->name, dentry->length, mode, 0,
			       &inode);
	if (err < 0) {
		return err;
	}
	dentry_instantiate(dentry, inode);
	inode_touch(dir, INODE_MTIME | INODE_CTIME);
	return 0;
}

/* The dentry of the last component, made if it was missing. */
static int find_or_create(struct walk *walk, uint32_t mode, bool *created_out,
			  struct dentry **dentry_out)
{
	struct dentry *parent = walk->path.dentry;
	struct dentry *dentry;
	int err = walk_child(parent, walk->last, walk->last_length, dentry_out);

	if (err != -ENOENT) {
		return err;
	}
	err = namei_lock_dir(parent->inode);
	if (err < 0) {
		return err;
	}
	err = walk_child_locked(parent, walk->last, walk->last_length, &dentry);
	if (err == 0 && dentry->inode == NULL) {
		err = create_locked(walk, dentry, mode);
		*created_out = err == 0;
		if (err < 0) {
			dentry_put(dentry);
		}
	}
	mutex_unlock(&parent->inode->lock);
	if (err < 0) {
		return err;
	}
	if (*created_out) {
		vfs_notify_dentry(dentry, NOTIFY_CREATE);
	}
	*dentry_out = dentry;
	return 0;
}

/* 0: walk->path is what to open; 1: a symlink to walk on with. */
static int enter_or_create(struct walk *walk, int flags, uint32_t mode,
			   bool *created_out)
{
	struct dentry *dentry;
	int err;

	if (walk->last_type != PATH_LAST_NAME) {
		if ((flags & UAPI_O_EXCL) != 0) {
			return -EEXIST;
		}
		return walk_last(walk);
	}
	if (walk->slash) {
		return -EISDIR;
	}
	err = find_or_create(walk, mode, created_out, &dentry);
	if (err < 0) {
		return err;
	}
	if ((flags & UAPI_O_EXCL) != 0 && !*created_out) {
		dentry_put(dentry);
		return -EEXIST;
	}
	return walk_enter(walk, dentry);
}

static int open_walk(struct walk *walk, int flags, uint32_t mode,
		     bool *created_out)
{
	int err;

	do {
		err = walk_to_parent(walk);
		if (err < 0) {
			return err;
		}
		err = (flags & UAPI_O_CREAT) != 0
			      ? enter_or_create(walk, flags, mode, created_out)
			      : walk_last(walk);
	} while (err == 1);
	return err;
}

/* --- O_TMPFILE
 * ------------------------------------------------------------------ */

static int create_unnamed(const struct path *dir_path, uint32_t mode,
			  struct dentry **dentry_out)
{
	struct inode *dir = dir_path->dentry->inode;
	struct inode *inode;
	struct dentry *dentry;
	int err;

	if (dir->ops->tmpfile == NULL) {
		return -EOPNOTSUPP;
	}
	err = vfs_want_write(dir_path);
	if (err == 0) {
		err = namei_may_create(dir);
	}
	if (err < 0) {
		return err;
	}
	mode = (mode & MODE_PERMISSIONS & ~fs_context_umask()) | MODE_REGULAR;
	err = dir->ops->tmpfile(dir, mode, &inode);
	if (err < 0) {
		return err;
	}
	inode->link_count = 0;
	dentry = dentry_create(dir_path->dentry, dir_path->dentry->superblock,
			       "#unnamed", 8, inode);
	if (dentry == NULL) {
		inode_put(inode);
		return -ENOMEM;
	}
	*dentry_out = dentry;
	return 0;
}

static int open_unnamed(int dir_fd, const char *path, int flags, uint32_t mode,
			unsigned walk_flags, struct file *file)
{
	struct path place;
	struct path unnamed;
	int err;

	if ((access_mode(flags) & FILE_WRITE) == 0) {
		return -EINVAL;
	}
	err = path_lookup(dir_fd, path, walk_flags | WALK_DIRECTORY, &place);
	if (err < 0) {
		return err;
	}
	unnamed.mount = place.mount;
	err = create_unnamed(&place, mode, &unnamed.dentry);
	if (err == 0) {
		unnamed.dentry->inode->linkable = (flags & UAPI_O_EXCL) == 0;
		err = open_place(
			file, &unnamed,
			flags & ~(UAPI_O_TMPFILE | UAPI_O_CREAT | UAPI_O_TRUNC),
			true);
		dentry_put(unnamed.dentry);
	}
	if (err == 0) {
		file->flags |= UAPI_O_TMPFILE;
	}
	path_put(&place);
	return err;
}

/* --- open(2)
 * --------------------------------------------------------------------- */

static int open_named(int dir_fd, const char *path, int flags, uint32_t mode,
		      unsigned walk_flags, struct file *file)
{
	struct walk walk;
	bool created = false;
	int err = walk_start(&walk, dir_fd, path, walk_flags);

	if (err < 0) {
		return err;
	}
	err = path[0] == '\0' ? 0 : open_walk(&walk, flags, mode, &created);
	if (err == 0) {
		err = open_place(file, &walk.path, flags, created);
	}
	walk_end(&walk);
	return err;
}

int vfs_open(int dir_fd, const char *path, int flags, uint32_t mode,
	     unsigned walk_flags, struct file **file_out)
{
	bool unnamed = (flags & TMPFILE_BIT) != 0 && (flags & UAPI_O_PATH) == 0;
	int err;

	if ((flags & UAPI_O_PATH) != 0) {
		flags &= UAPI_O_PATH | UAPI_O_DIRECTORY | UAPI_O_NOFOLLOW |
			 UAPI_O_CLOEXEC;
	} else if ((flags & TMPFILE_BIT) != 0) {
		if ((flags & UAPI_O_TMPFILE) != UAPI_O_TMPFILE ||
		    (flags & UAPI_O_CREAT) != 0) {
			return -EINVAL;
		}
	} else if ((flags & UAPI_O_CREAT) != 0 &&
		   (flags & UAPI_O_DIRECTORY) != 0) {
		return -EINVAL;
	}
	if ((flags & UAPI_O_NOFOLLOW) != 0 ||
	    (flags & (UAPI_O_CREAT | UAPI_O_EXCL)) ==
		    (UAPI_O_CREAT | UAPI_O_EXCL)) {
		walk_flags &= ~WALK_FOLLOW;
	}
	err = file_allocate(file_out);
	if (err < 0) {
		return err;
	}
	err = (unnamed ? open_unnamed : open_named)(dir_fd, path, flags, mode,
						    walk_flags, *file_out);
	if (err < 0) {
		file_put(*file_out);
	}
	return err;
}
