/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Listing a directory whose entries live in the dentry cache
 * (NAMES_RESIDENT).  The directory's inode lock is held (file_readdir()): its
 * children then do not change.  Positions: 0 ".", 1 "..", then cookies in the
 * order of creation.
 */
#include <vfs/inode.h>

#include <fs/vfs/internal.h>
#include <uapi/errno.h>
#include <vfs/path.h>

static bool emit(struct dir_sink *sink, const char *name, size_t length,
		 const struct inode *inode, int64_t next)
{
	return sink->emit(sink, name, length, inode->number,
			  MODE_DIRENT_TYPE(inode->mode), next);
}

static bool emit_dots(struct dentry *dir, struct dir_sink *sink, int64_t *pos)
{
	struct dentry *parent;
	bool ok;

	if (*pos == 0) {
		if (!emit(sink, ".", 1, dir->inode, 1)) {
			return false;
		}
		*pos = 1;
	}
	if (*pos == 1) {
		parent = dentry_parent(dir);
		ok = emit(sink, "..", 2, parent->inode, 2);
		dentry_put(parent);
		if (!ok) {
			return false;
		}
		*pos = 2;
	}
	return true;
}

static int dcache_readdir(struct file *file, struct dir_sink *sink,
			  int64_t *pos)
{
	struct dentry *dir = file->dentry;
	struct dentry *child;

	if (!emit_dots(dir, sink, pos)) {
		return 0;
	}
	list_for_each (child, &dir->children, child_link) {
		int64_t cookie = (int64_t)child->cookie;

		if (cookie < *pos) {
			continue;
		}
		if (!emit(sink, child->name, child->length, child->inode,
			  cookie + 1)) {
			break;
		}
		*pos = cookie + 1;
	}
	return 0;
}

static int dcache_fsync(struct file *file, bool data_only)
{
	(void)file;
	(void)data_only;
	return 0;
}

const struct file_ops file_ops_dcache_dir = {
	.lseek = file_lseek_generic,
	.readdir = dcache_readdir,
	.fsync = dcache_fsync,
};
