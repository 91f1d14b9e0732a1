/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Walking a path, component by component.
 *
 * The walk holds references to the place that it has reached.  A name that
 * the dentry cache knows costs no lock; only a miss takes the directory's inode
 * lock and asks the filesystem.
 *
 * A symlink in the way does not recurse: its text becomes the path, and what
 * followed it waits in walk->links.  Bounds: SYMLINK_DEPTH_MAX links in a walk,
 * so as many entries; texts are shorter than PATH_MAX_SIZE.
 *
 * The last component is left to the caller (walk_to_parent()), who creates,
 * deletes or enters it (walk_last()).
 */
#include <fs/vfs/internal.h>

#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/mount.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/path.h>

#define WALK_SCOPED (WALK_BENEATH | WALK_IN_ROOT)

static struct inode *inode_of(const struct dentry *dentry)
{
	return __atomic_load_n(&dentry->inode, __ATOMIC_ACQUIRE);
}

/* --- beginning and end ------------------------------------------------------
 */

/* A referenced path of the process, or of the kernel. */
static int get_root(struct path *path_out)
{
	if (fs_context_current() == NULL) {
		return mount_root_path(path_out);
	}
	fs_context_root(path_out);
	return 0;
}

static int get_start(int dir_fd, struct path *path_out)
{
	struct file_ref ref;

	if (dir_fd == PATH_AT_CWD) {
		if (fs_context_current() == NULL) {
			return mount_root_path(path_out);
		}
		fs_context_cwd(path_out);
		return 0;
	}
	if (fs_context_current() == NULL) {
		return -EBADF;
	}
	ref = fd_get_path(dir_fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	if (ref.file->dentry == NULL) {
		fd_put(ref);
		return -ENOTDIR;
	}
	path_out->mount = ref.file->mount;
	path_out->dentry = ref.file->dentry;
	path_get(path_out);
	fd_put(ref);
	return 0;
}

static int need_root(struct walk *walk)
{
	return walk->root.mount != NULL ? 0 : get_root(&walk->root);
}

int walk_start(struct walk *walk, int dir_fd, const char *path, unsigned flags)
{
	int err;

	if (path[0] == '\0' && (flags & WALK_EMPTY_OK) == 0) {
		return -ENOENT;
	}
	walk->root.mount = NULL;
	walk->flags = flags;
	walk->link_count = 0;
	walk->depth = 0;
	walk->rest = path;
	walk->slash = false;
	if ((flags & WALK_SCOPED) != 0) {
		if (path[0] == '/' && (flags & WALK_BENEATH) != 0) {
			return -EXDEV;
		}
		err = get_start(dir_fd, &walk->path);
		if (err == 0) {
			walk->root = walk->path;
			path_get(&walk->root);
		}
		return err;
	}
	return path[0] == '/' ? get_root(&walk->path)
			      : get_start(dir_fd, &walk->path);
}

static void pop_link(struct walk *walk)
{
	struct walk_link *link = &walk->links[--walk->depth];

	walk->rest = link->rest;
	kfree(link->buffer);
	if (link->inode != NULL) {
		inode_put(link->inode);
	}
}

void walk_end(struct walk *walk)
{
	while (walk->depth > 0) {
		pop_link(walk);
	}
	if (walk->path.mount != NULL) {
		path_put(&walk->path);
	}
	if (walk->root.mount != NULL) {
		path_put(&walk->root);
	}
}

/* --- names
 * -------------------------------------------------------------------- */

/* Asks the filesystem; the directory's lock is held. */
static int ask_locked(struct dentry *parent, const char *name, size_t length,
		      struct dentry **dentry_out)
{
	struct inode *dir = parent->inode;
	struct inode *inode = NULL;
	enum superblock_names names = parent->superblock->names;
	struct dentry *dentry;
	int err = -ENOENT;

	if (names != NAMES_RESIDENT) {
		if (dir->ops->lookup == NULL) {
			return -ENOTDIR;
		}
		err = dir->ops->lookup(dir, name, length, &inode);
	}
	if (err < 0 && err != -ENOENT) {
		return err;
	}
	if (err < 0) {
		inode = NULL;
	}
	dentry = dentry_create(parent, parent->superblock, name, length, inode);
	if (dentry == NULL) {
		if (inode != NULL) {
			inode_put(inode);
		}
		return -ENOMEM;
	}
	if (inode != NULL || names == NAMES_CACHED) {
		dentry_hash(dentry);
	}
	*dentry_out = dentry;
	return 0;
}

/* What the cache says, referenced; NULL: ask.  Outdated names are dropped. */
static struct dentry *find_valid(struct dentry *parent, const char *name,
				 size_t length)
{
	struct inode *dir = parent->inode;
	struct dentry *dentry = dentry_find(parent, name, length);

	if (dentry == NULL || dir->ops->revalidate == NULL) {
		return dentry;
	}
	if (inode_of(dentry) != NULL &&
	    dir->ops->revalidate(dir, name, length, inode_of(dentry))) {
		return dentry;
	}
	dentry_unhash(dentry);
	dentry_put(dentry);
	return NULL;
}

int walk_child_locked(struct dentry *parent, const char *name, size_t length,
		      struct dentry **dentry_out)
{
	*dentry_out = find_valid(parent, name, length);
	if (*dentry_out != NULL) {
		return 0;
	}
	if (parent->inode->link_count == 0) {
		return -ENOENT;
	}
	return ask_locked(parent, name, length, dentry_out);
}

int walk_child(struct dentry *parent, const char *name, size_t length,
	       struct dentry **dentry_out)
{
	struct inode *dir = parent->inode;
	struct dentry *dentry = find_valid(parent, name, length);
	int err;

	if (dentry == NULL) {
		if (parent->superblock->names == NAMES_RESIDENT) {
			return -ENOENT;
		}
		mutex_lock(&dir->lock);
		err = walk_child_locked(parent, name, length, &dentry);
		mutex_unlock(&dir->lock);
		if (err < 0) {
			return err;
		}
	}
	if (inode_of(dentry) == NULL) {
		dentry_put(dentry);
		return -ENOENT;
	}
	*dentry_out = dentry;
	return 0;
}

/* --- steps
 * -------------------------------------------------------------------- */

/* Goes to another place whose references are taken over. */
static int jump(struct walk *walk, struct path *to)
{
	bool other = to->mount != walk->path.mount;

	path_put(&walk->path);
	walk->path = *to;
	return other && (walk->flags & WALK_NO_XDEV) != 0 ? -EXDEV : 0;
}

static int step_up(struct walk *walk)
{
	struct path *path = &walk->path;
	struct path up;
	int err = need_root(walk);

	if (err < 0) {
		return err;
	}
	for (;;) {
		if (path->mount == walk->root.mount &&
		    path->dentry == walk->root.dentry) {
			return (walk->flags & WALK_BENEATH) != 0 ? -EXDEV : 0;
		}
		if (path->dentry != path->mount->root) {
			up.dentry = dentry_parent(path->dentry);
			dentry_put(path->dentry);
			path->dentry = up.dentry;
			break;
		}
		if (path->mount->parent == NULL ||
		    __atomic_load_n(&path->mount->detached, __ATOMIC_ACQUIRE)) {
			return 0;
		}
		up.mount = path->mount->parent;
		up.dentry = path->mount->point;
		path_get(&up);
		err = jump(walk, &up);
		if (err < 0) {
			return err;
		}
	}
	if (mount_cross(path) && (walk->flags & WALK_NO_XDEV) != 0) {
		return -EXDEV;
	}
	return 0;
}

/* A link to an object: /proc/PID/fd/N. */
static int follow_magic(struct walk *walk, struct inode *inode)
{
	struct path to;
	int err;

	if ((walk->flags & WALK_NO_MAGIC) != 0) {
		return -ELOOP;
	}
	if ((walk->flags & WALK_SCOPED) != 0) {
		return -EXDEV;
	}
	err = inode->ops->follow(inode, &to);
	return err < 0 ? err : jump(walk, &to);
}

/* The text of the link replaces the path; see walk_link. */
static int push_link(struct walk *walk, struct inode *inode)
{
	struct walk_link *link = &walk->links[walk->depth];
	const char *text = inode->link_target;
	ssize_t length;

	link->buffer = NULL;
	link->inode = NULL;
	if (text != NULL) {
		inode_get(inode);
		link->inode = inode;
	} else {
		if (inode->ops->readlink == NULL) {
			return -EINVAL;
		}
		link->buffer = kmalloc(PATH_MAX_SIZE);
		if (link->buffer == NULL) {
			return -ENOMEM;
		}
		length = inode->ops->readlink(inode, link->buffer,
					      PATH_MAX_SIZE);
		if (length < 0) {
			kfree(link->buffer);
			return (int)length;
		}
		text = link->buffer;
	}
	link->rest = walk->rest;
	walk->rest = text;
	walk->depth++;
	return text[0] == '\0' ? -ENOENT : 0;
}

/* 0: jumped there; 1: the text is to be walked. */
static int follow_link(struct walk *walk, struct inode *inode)
{
	struct path root;
	int err;

	if (++walk->link_count > SYMLINK_DEPTH_MAX ||
	    (walk->flags & WALK_NO_SYMLINKS) != 0 ||
	    (walk->path.mount->flags & UAPI_MS_NOSYMFOLLOW) != 0) {
		return -ELOOP;
	}
	if (inode->ops->follow != NULL) {
		return follow_magic(walk, inode);
	}
	err = push_link(walk, inode);
	if (err < 0 || walk->rest[0] != '/') {
		return err < 0 ? err : 1;
	}
	if ((walk->flags & WALK_BENEATH) != 0) {
		return -EXDEV;
	}
	err = need_root(walk);
	if (err < 0) {
		return err;
	}
	root = walk->root;
	path_get(&root);
	err = jump(walk, &root);
	return err < 0 ? err : 1;
}

/* Enters a positive dentry (reference taken over): 0, or 1 as follow_link(). */
static int enter(struct walk *walk, struct dentry *dentry, bool follow)
{
	struct dentry *old;
	int result;

	if (follow && inode_is_symlink(dentry->inode)) {
		result = follow_link(walk, dentry->inode);
		dentry_put(dentry);
		return result;
	}
	old = walk->path.dentry;
	walk->path.dentry = dentry;
	dentry_put(old);
	if (mount_cross(&walk->path) && (walk->flags & WALK_NO_XDEV) != 0) {
		return -EXDEV;
	}
	return 0;
}

/* --- the walk
 * ------------------------------------------------------------------ */

static enum path_last component_type(const char *name, size_t length)
{
	if (name[0] == '.' && length == 1) {
		return PATH_LAST_DOT;
	}
	if (name[0] == '.' && length == 2 && name[1] == '.') {
		return PATH_LAST_DOTDOT;
	}
	return PATH_LAST_NAME;
}

/* Nothing follows, in the text at hand and in those that led to it. */
static bool is_final(const struct walk *walk)
{
	if (walk->rest[0] != '\0') {
		return false;
	}
	for (unsigned i = 0; i < walk->depth; i++) {
		if (walk->links[i].rest[0] != '\0') {
			return false;
		}
	}
	return true;
}

/* Takes the next component off the text.  True: it is the last. */
static bool next_component(struct walk *walk)
{
	const char *text;
	bool final;

	for (;;) {
		while (*walk->rest == '/') {
			walk->rest++;
		}
		if (*walk->rest != '\0' || walk->depth == 0) {
			break;
		}
		pop_link(walk);
	}
	text = walk->rest;
	walk->last = text;
	while (*text != '\0' && *text != '/') {
		text++;
	}
	walk->last_length = (size_t)(text - walk->last);
	walk->rest = text;
	while (*walk->rest == '/') {
		walk->rest++;
	}
	final = is_final(walk);
	if (final && walk->rest != text) {
		walk->slash = true;
	}
	walk->last_type =
		walk->last_length == 0
			? PATH_LAST_ROOT
			: component_type(walk->last, walk->last_length);
	return final;
}

static int may_search(const struct dentry *dentry)
{
	if (!inode_is_dir(dentry->inode)) {
		return -ENOTDIR;
	}
	return vfs_permission(dentry->inode, PERMISSION_EXEC);
}

/* 0, 1 (a link's text is next) or an error. */
static int step(struct walk *walk, bool follow)
{
	struct dentry *dentry;
	int err;

	if (walk->last_type == PATH_LAST_DOT ||
	    walk->last_type == PATH_LAST_ROOT) {
		return 0;
	}
	if (walk->last_type == PATH_LAST_DOTDOT) {
		return step_up(walk);
	}
	err = walk_child(walk->path.dentry, walk->last, walk->last_length,
			 &dentry);
	return err < 0 ? err : enter(walk, dentry, follow);
}

int walk_to_parent(struct walk *walk)
{
	for (;;) {
		bool final = next_component(walk);
		int err;

		if (walk->last_type == PATH_LAST_ROOT) {
			return 0;
		}
		err = may_search(walk->path.dentry);
		if (err == 0 && walk->last_length > NAME_MAX_LENGTH) {
			err = -ENAMETOOLONG;
		}
		if (err < 0 || final) {
			return err;
		}
		err = step(walk, true);
		if (err < 0) {
			return err;
		}
	}
}

static int check_slash(const struct walk *walk, int result)
{
	if (result == 0 && walk->slash &&
	    !inode_is_dir(walk->path.dentry->inode)) {
		return -ENOTDIR;
	}
	return result;
}

static bool follows_last(const struct walk *walk)
{
	return walk->slash || (walk->flags & WALK_FOLLOW) != 0;
}

int walk_last(struct walk *walk)
{
	return check_slash(walk, step(walk, follows_last(walk)));
}

int walk_enter(struct walk *walk, struct dentry *dentry)
{
	return check_slash(walk, enter(walk, dentry, follows_last(walk)));
}
