/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Root, working directory and umask of processes.  The paths change under
 * fs->lock; what they led to before is released outside of it.
 */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <mm/slab.h>
#include <process/process.h>
#include <vfs/inode.h>

#define UMASK_DEFAULT 022

struct fs_context *fs_context_create(const struct path *root)
{
	struct fs_context *fs = kzalloc(sizeof(*fs));

	if (fs == NULL) {
		return NULL;
	}
	refcount_init(&fs->refs);
	spinlock_init(&fs->lock, "fs_context");
	fs->root = *root;
	fs->cwd = *root;
	path_get(root);
	path_get(root);
	fs->umask = UMASK_DEFAULT;
	return fs;
}

struct fs_context *fs_context_clone(struct fs_context *fs)
{
	struct fs_context *copy = kzalloc(sizeof(*copy));

	if (copy == NULL) {
		return NULL;
	}
	refcount_init(&copy->refs);
	spinlock_init(&copy->lock, "fs_context");
	spin_lock(&fs->lock);
	copy->root = fs->root;
	copy->cwd = fs->cwd;
	path_get(&copy->root);
	path_get(&copy->cwd);
	spin_unlock(&fs->lock);
	copy->umask = READ_ONCE(fs->umask);
	return copy;
}

void fs_context_get(struct fs_context *fs)
{
	refcount_get(&fs->refs);
}

void fs_context_put(struct fs_context *fs)
{
	if (refcount_put(&fs->refs)) {
		path_put(&fs->root);
		path_put(&fs->cwd);
		kfree(fs);
	}
}

struct fs_context *fs_context_current(void)
{
	struct process *process = process_current();

	return process == NULL ? NULL : process->fs;
}

static void get_path(struct fs_context *fs, const struct path *from,
		     struct path *path_out)
{
	spin_lock(&fs->lock);
	*path_out = *from;
	path_get(path_out);
	spin_unlock(&fs->lock);
}

void fs_context_root(struct path *path_out)
{
	struct fs_context *fs = fs_context_current();

	get_path(fs, &fs->root, path_out);
}

void fs_context_cwd(struct path *path_out)
{
	struct fs_context *fs = fs_context_current();

	get_path(fs, &fs->cwd, path_out);
}

static void set_path(struct fs_context *fs, struct path *place,
		     const struct path *path)
{
	struct path old;

	path_get(path);
	spin_lock(&fs->lock);
	old = *place;
	*place = *path;
	spin_unlock(&fs->lock);
	path_put(&old);
}

void fs_context_set_root(struct fs_context *fs, const struct path *root)
{
	set_path(fs, &fs->root, root);
}

void fs_context_set_cwd(struct fs_context *fs, const struct path *cwd)
{
	set_path(fs, &fs->cwd, cwd);
}

uint32_t fs_context_umask(void)
{
	struct fs_context *fs = fs_context_current();

	return fs == NULL ? 0 : READ_ONCE(fs->umask);
}
