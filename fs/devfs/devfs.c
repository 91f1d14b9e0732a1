/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /dev: a memory filesystem that shows the registered devices.
 *
 * There is one, however often it is mounted.  Its tree is made at the first
 * mount; devices that come later appear, and disappear, by themselves.
 * Programs may add what they like: it is a ramfs.
 */
#include <ramfs/ramfs.h>

#include <fs/devfs/internal.h>
#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <sync/mutex.h>
#include <uapi/errno.h>
#include <vfs/device.h>
#include <vfs/inode.h>
#include <vfs/path.h>

static struct mutex devfs_lock = MUTEX_INIT(devfs_lock, "devfs");
static struct superblock *devfs; /* [devfs_lock] one reference, for ever */

/* Links and directories that every /dev has. */
static const struct {
	const char *name;
	const char *target; /* NULL: a directory */
} fixed[] = {
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"core", "/proc/kcore"},
	{"shm", NULL},
	{"pts", NULL},
	{"mqueue", NULL},
};

/* What to put at a name. */
struct node {
	uint32_t mode;
	uint64_t device;
	const char *target;
};

static int make_inode(struct inode *dir, const struct node *node,
		      const char *name, size_t length, struct inode **inode_out)
{
	if ((node->mode & MODE_TYPE) == MODE_SYMLINK) {
		return dir->ops->symlink(dir, name, length, node->target,
					 inode_out);
	}
	return dir->ops->create(dir, name, length, node->mode, node->device,
				inode_out);
}

/* The child, made when it is missing; referenced. */
static int make_child(struct dentry *parent, const char *name, size_t length,
		      const struct node *node, struct dentry **dentry_out)
{
	struct inode *dir = parent->inode;
	struct inode *inode;
	int err;

	if (!inode_is_dir(dir)) {
		return -ENOTDIR;
	}
	mutex_lock(&dir->lock);
	err = walk_child_locked(parent, name, length, dentry_out);
	if (err == 0 && (*dentry_out)->inode == NULL) {
		err = make_inode(dir, node, name, length, &inode);
		if (err == 0) {
			dentry_instantiate(*dentry_out, inode);
		} else {
			dentry_put(*dentry_out);
		}
	}
	mutex_unlock(&dir->lock);
	return err;
}

/* Puts a node at a name with slashes; directories are made on the way. */
static int make_path(const char *name, const struct node *node)
{
	static const struct node directory = {.mode = MODE_DIRECTORY | 0755};
	struct dentry *dentry = devfs->root;
	int err = 0;

	dentry_get(dentry);
	while (err == 0 && *name != '\0') {
		const char *slash = strchr(name, '/');
		size_t length =
			slash == NULL ? strlen(name) : (size_t)(slash - name);
		struct dentry *child;

		err = make_child(dentry, name, length,
				 slash == NULL ? node : &directory, &child);
		dentry_put(dentry);
		dentry = err == 0 ? child : NULL;
		name += length + (slash != NULL);
	}
	if (dentry != NULL) {
		dentry_put(dentry);
	}
	return err;
}

/* Referenced, or NULL. */
static struct dentry *find_path(const char *name)
{
	struct dentry *dentry = devfs->root;

	dentry_get(dentry);
	while (dentry != NULL && *name != '\0') {
		const char *slash = strchr(name, '/');
		size_t length =
			slash == NULL ? strlen(name) : (size_t)(slash - name);
		struct dentry *child = dentry_find(dentry, name, length);

		dentry_put(dentry);
		dentry = child;
		name += length + (slash != NULL);
	}
	return dentry;
}

/* A node that programs have replaced or removed is left alone. */
static void remove_device(const struct char_device *device)
{
	struct dentry *dentry = find_path(device->name);
	struct dentry *parent;
	struct inode *dir;

	if (dentry == NULL) {
		return;
	}
	parent = dentry_parent(dentry);
	dir = parent->inode;
	mutex_lock(&dir->lock);
	if (!dentry->unhashed && dentry->parent == parent &&
	    dentry->inode->device == device->device &&
	    dentry->mount_count == 0) {
		mutex_lock(&dentry->inode->lock);
		dir->ops->unlink(dir, dentry->name, dentry->length,
				 dentry->inode);
		mutex_unlock(&dentry->inode->lock);
		dentry_unhash(dentry);
	}
	mutex_unlock(&dir->lock);
	dentry_put(parent);
	dentry_put(dentry);
}

static int device_changed(struct char_device *device, bool added)
{
	struct node node = {
		.mode = device->mode,
		.device = device->device,
	};

	if (!added) {
		remove_device(device);
		return 0;
	}
	if ((node.mode & MODE_TYPE) == 0) {
		node.mode |= MODE_CHARACTER;
	}
	return make_path(device->name, &node);
}

static int populate(void)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && err == 0; i++) {
		struct node node = {
			.mode = fixed[i].target == NULL ? MODE_DIRECTORY | 0755
							: MODE_SYMLINK | 0777,
			.target = fixed[i].target,
		};

		err = make_path(fixed[i].name, &node);
	}
	return err < 0 ? err : char_device_listen(device_changed);
}

static int devfs_mount(const struct filesystem_type *type, const char *source,
		       const char *options, struct superblock **superblock_out)
{
	int err = 0;

	mutex_lock(&devfs_lock);
	if (devfs == NULL) {
		err = ramfs_mount(type, source, options, &devfs);
		if (err == 0) {
			err = populate();
		}
	}
	if (err == 0) {
		refcount_get(&devfs->refs);
		*superblock_out = devfs;
	}
	mutex_unlock(&devfs_lock);
	return err;
}

const struct filesystem_type devfs_type = {
	.name = "devfs",
	.flags = FILESYSTEM_NODEV,
	.mount = devfs_mount,
};
FILESYSTEM(devfs_type);

/* Linux's name for the same. */
static const struct filesystem_type devtmpfs_type = {
	.name = "devtmpfs",
	.flags = FILESYSTEM_NODEV,
	.mount = devfs_mount,
};
FILESYSTEM(devtmpfs_type);
