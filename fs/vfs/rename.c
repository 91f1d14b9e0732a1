/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * rename(2).
 *
 * Between two directories superblock->rename_lock is held: then no other
 * directory moves, "is below" stays true, and the two are locked ancestor
 * first, unrelated ones by address.  A target that is replaced is locked last.
 */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/inode.h>
#include <vfs/notify.h>

#define KNOWN_FLAGS (UAPI_RENAME_NOREPLACE | UAPI_RENAME_EXCHANGE)

struct rename {
	struct walk from, to; /* to their directories */
	struct dentry *old;   /* referenced */
	struct dentry *new;   /* referenced; negative: a new name */
	unsigned flags;
};

static struct dentry *old_dir(struct rename *rename)
{
	return rename->from.path.dentry;
}

static struct dentry *new_dir(struct rename *rename)
{
	return rename->to.path.dentry;
}

/* --- locks -------------------------------------------------------------------
 */

static void lock_dirs(struct rename *rename)
{
	struct inode *a = old_dir(rename)->inode;
	struct inode *b = new_dir(rename)->inode;

	if (a == b) {
		mutex_lock(&a->lock);
		return;
	}
	mutex_lock(&a->superblock->rename_lock);
	if (dentry_is_below(old_dir(rename), new_dir(rename)) ||
	    (!dentry_is_below(new_dir(rename), old_dir(rename)) && a > b)) {
		mutex_lock(&b->lock);
		mutex_lock(&a->lock);
	} else {
		mutex_lock(&a->lock);
		mutex_lock(&b->lock);
	}
}

static void unlock_dirs(struct rename *rename)
{
	struct inode *a = old_dir(rename)->inode;
	struct inode *b = new_dir(rename)->inode;

	mutex_unlock(&a->lock);
	if (a != b) {
		mutex_unlock(&b->lock);
		mutex_unlock(&a->superblock->rename_lock);
	}
}

/* --- checks ------------------------------------------------------------------
 */

static int check_names(struct rename *rename)
{
	bool exchange = (rename->flags & UAPI_RENAME_EXCHANGE) != 0;
	struct inode *old = rename->old->inode;
	struct inode *new = rename->new->inode;

	if (old == NULL) {
		return -ENOENT;
	}
	if (new != NULL && (rename->flags & UAPI_RENAME_NOREPLACE) != 0) {
		return -EEXIST;
	}
	if (exchange && new == NULL) {
		return -ENOENT;
	}
	if (!inode_is_dir(old) &&
	    (rename->from.slash || (rename->to.slash && !exchange))) {
		return -ENOTDIR;
	}
	if (exchange && !inode_is_dir(new) && rename->to.slash) {
		return -ENOTDIR;
	}
	if (dentry_is_below(new_dir(rename), rename->old)) {
		return -EINVAL;
	}
	if (new != NULL && dentry_is_below(old_dir(rename), rename->new)) {
		return exchange ? -EINVAL : -ENOTEMPTY;
	}
	return 0;
}

static bool is_mounted_on(const struct dentry *dentry)
{
	return __atomic_load_n(&dentry->mount_count, __ATOMIC_RELAXED) != 0;
}

static int check_rights(struct rename *rename)
{
	bool exchange = (rename->flags & UAPI_RENAME_EXCHANGE) != 0;
	struct inode *to = new_dir(rename)->inode;
	bool directory = inode_is_dir(rename->old->inode);
	int err = vfs_want_write(&rename->from.path);

	if (err == 0) {
		err = namei_may_delete(old_dir(rename)->inode, rename->old,
				       directory);
	}
	if (err < 0) {
		return err;
	}
	if (rename->new->inode == NULL) {
		err = namei_may_create(to);
	} else {
		if (exchange) {
			directory = inode_is_dir(rename->new->inode);
		}
		err = namei_may_delete(to, rename->new, directory);
	}
	if (err == 0 && directory && old_dir(rename) != new_dir(rename)) {
		/* its ".." changes */
		err = vfs_permission(rename->old->inode, PERMISSION_WRITE);
	}
	if (err == 0 &&
	    (is_mounted_on(rename->old) || is_mounted_on(rename->new))) {
		err = -EBUSY;
	}
	return err;
}

/* --- the change
 * ------------------------------------------------------------------ */

static int call_filesystem(struct rename *rename)
{
	struct inode *from = old_dir(rename)->inode;
	struct inode *target = rename->new->inode;
	bool replaces =
		target != NULL && (rename->flags & UAPI_RENAME_EXCHANGE) == 0;
	int err = 0;

	if (from->ops->rename == NULL) {
		return -EPERM;
	}
	if (replaces) {
		mutex_lock(&target->lock);
		if (inode_is_dir(target) &&
		    rename->new->superblock->names == NAMES_RESIDENT &&
		    dentry_has_children(rename->new)) {
			err = -ENOTEMPTY;
		}
	}
	if (err == 0) {
		err = from->ops->rename(from, rename->old->name,
					rename->old->length, rename->old->inode,
					new_dir(rename)->inode,
					rename->new->name, rename->new->length,
					target, rename->flags);
	}
	if (replaces) {
		mutex_unlock(&target->lock);
	}
	return err;
}

static int exchange(struct rename *rename)
{
	struct dentry_name *for_old =
		dentry_name_create(rename->new->name, rename->new->length);
	struct dentry_name *for_new =
		dentry_name_create(rename->old->name, rename->old->length);
	int err = for_old == NULL || for_new == NULL ? -ENOMEM
						     : call_filesystem(rename);

	if (err < 0) {
		dentry_name_free(for_old);
		dentry_name_free(for_new);
		return err;
	}
	dentry_swap(rename->old, rename->new, for_old, for_new);
	return 0;
}

static int move(struct rename *rename)
{
	struct dentry_name *name =
		dentry_name_create(rename->new->name, rename->new->length);
	int err = name == NULL ? -ENOMEM : call_filesystem(rename);

	if (err < 0) {
		dentry_name_free(name);
		return err;
	}
	dentry_unhash(rename->new);
	dentry_move(rename->old, new_dir(rename), name);
	return 0;
}

static int rename_locked(struct rename *rename)
{
	int err = check_names(rename);

	if (err < 0) {
		return err;
	}
	if (rename->old->inode == rename->new->inode) {
		return 0; /* two names of one file: nothing happens */
	}
	err = check_rights(rename);
	if (err < 0) {
		return err;
	}
	err = (rename->flags & UAPI_RENAME_EXCHANGE) != 0 ? exchange(rename)
							  : move(rename);
	if (err < 0) {
		return err;
	}
	inode_touch(rename->old->inode, INODE_CTIME);
	if (rename->new->inode != NULL) {
		inode_touch(rename->new->inode, INODE_CTIME);
	}
	inode_touch(old_dir(rename)->inode, INODE_MTIME | INODE_CTIME);
	inode_touch(new_dir(rename)->inode, INODE_MTIME | INODE_CTIME);
	return 1;
}

static void notify(struct rename *rename)
{
	uint32_t cookie = vfs_notify_cookie();
	uint32_t dir = inode_is_dir(rename->old->inode) ? NOTIFY_IS_DIR : 0;
	char name[NAME_MAX_LENGTH + 1];

	memcpy(name, rename->from.last, rename->from.last_length);
	name[rename->from.last_length] = '\0';
	vfs_notify(old_dir(rename)->inode, name, NOTIFY_MOVED_FROM | dir,
		   cookie);
	memcpy(name, rename->to.last, rename->to.last_length);
	name[rename->to.last_length] = '\0';
	vfs_notify(new_dir(rename)->inode, name, NOTIFY_MOVED_TO | dir, cookie);
	vfs_notify(rename->old->inode, NULL, NOTIFY_MOVE_SELF | dir, 0);
	if (rename->new->inode != NULL && rename->new->inode->link_count == 0) {
		vfs_notify(rename->new->inode, NULL, NOTIFY_DELETE_SELF, 0);
	}
}

/* Both directories are locked: finds the two names. */
static int find_locked(struct rename *rename)
{
	int err;

	if (old_dir(rename)->inode->link_count == 0 ||
	    new_dir(rename)->inode->link_count == 0) {
		return -ENOENT;
	}
	err = walk_child_locked(old_dir(rename), rename->from.last,
				rename->from.last_length, &rename->old);
	if (err < 0) {
		rename->old = NULL;
		return err;
	}
	err = walk_child_locked(new_dir(rename), rename->to.last,
				rename->to.last_length, &rename->new);
	if (err < 0) {
		rename->new = NULL;
	}
	return err;
}

static int rename_walked(struct rename *rename)
{
	int err;

	if (rename->from.last_type != PATH_LAST_NAME) {
		return -EBUSY;
	}
	if (rename->to.last_type != PATH_LAST_NAME) {
		return (rename->flags & UAPI_RENAME_NOREPLACE) != 0 ? -EEXIST
								    : -EBUSY;
	}
	if (rename->from.path.mount != rename->to.path.mount) {
		return -EXDEV;
	}
	lock_dirs(rename);
	err = find_locked(rename);
	if (err == 0) {
		err = rename_locked(rename);
	}
	unlock_dirs(rename);
	if (err == 1) {
		notify(rename);
		err = 0;
	}
	if (rename->old != NULL) {
		dentry_put(rename->old);
	}
	if (rename->new != NULL) {
		dentry_put(rename->new);
	}
	return err;
}

int vfs_rename(int old_dir_fd, const char *old_path, int new_dir_fd,
	       const char *new_path, unsigned flags)
{
	struct rename rename = {.flags = flags};
	int err;

	if ((flags & ~KNOWN_FLAGS) != 0 || flags == KNOWN_FLAGS) {
		return -EINVAL;
	}
	err = walk_start(&rename.from, old_dir_fd, old_path, 0);
	if (err < 0) {
		return err;
	}
	err = walk_start(&rename.to, new_dir_fd, new_path, 0);
	if (err < 0) {
		walk_end(&rename.from);
		return err;
	}
	err = walk_to_parent(&rename.from);
	if (err == 0) {
		err = walk_to_parent(&rename.to);
	}
	if (err == 0) {
		err = rename_walked(&rename);
	}
	walk_end(&rename.from);
	walk_end(&rename.to);
	return err;
}
