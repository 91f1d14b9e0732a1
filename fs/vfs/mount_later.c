/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Mounts that wait until somebody comes.
 *
 * The place of a waiting mount has a mount_count like a mounted one, so a walk
 * looks for what is there, finds nothing and comes here.  Several walks may
 * come at once: the first makes the mount, the others find it afterwards.
 *
 * later_lock guards the list; mount_lock comes after it.  Made at boot: the
 * list is as long as start_programs() makes it.
 */
#include <vfs/path.h>

#include <debug/log.h>
#include <fs/vfs/internal.h>
#include <lib/errno_name.h>
#include <lib/list.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <sync/mutex.h>
#include <uapi/errno.h>
#include <vfs/inode.h>

struct waiting {
	struct list_node link;		/* [later_lock] */
	struct path place;		/* [I] references */
	const struct later_mount *what; /* [I] */
};

static struct mutex later_lock = MUTEX_INIT(later_lock, "mounts.later");
static struct list waiting = LIST_INITIALIZER(waiting); /* [later_lock] */

/* Takes over the references of the place.  Locked. */
static int add_locked(const struct later_mount *what, struct path *place)
{
	struct waiting *entry = kmalloc(sizeof(*entry));

	if (entry == NULL) {
		path_put(place);
		return -ENOMEM;
	}
	entry->place = *place;
	entry->what = what;
	__atomic_fetch_add(&place->dentry->mount_count, 1, __ATOMIC_RELEASE);
	list_add_tail(&waiting, &entry->link);
	return 0;
}

/* The mount is not visible yet.  Locked. */
static int add_inside_locked(struct mount *mount,
			     const struct later_mount *what)
{
	struct path place = {.mount = mount};
	int err = walk_child(mount->root, what->name, strlen(what->name),
			     &place.dentry);

	if (err < 0) {
		return err;
	}
	mount_get(mount);
	return add_locked(what, &place);
}

static void make_locked(struct waiting *entry)
{
	const struct later_mount *what = entry->what;
	struct mount *mount;
	int err = mount_make(what->type, what->type, 0, what->options, &mount);

	if (err == 0 && what->inside != NULL) {
		err = add_inside_locked(mount, what->inside);
		if (err < 0) {
			log_warning("cannot mount %s in %s: %s",
				    what->inside->name, what->name,
				    errno_name(err));
		}
		err = 0;
	}
	if (err == 0) {
		err = mount_attach(mount, &entry->place);
	}
	if (err < 0) {
		log_warning("cannot mount %s at %s: %s", what->type, what->name,
			    errno_name(err));
	}
	__atomic_fetch_sub(&entry->place.dentry->mount_count, 1,
			   __ATOMIC_RELEASE);
	list_remove(&entry->link);
	path_put(&entry->place);
	kfree(entry);
}

struct mount *mount_now(const struct path *place)
{
	struct mount *mount;
	struct waiting *entry;

	mutex_lock(&later_lock);
	list_for_each (entry, &waiting, link) {
		if (entry->place.mount == place->mount &&
		    entry->place.dentry == place->dentry) {
			make_locked(entry);
			break;
		}
	}
	mount = mount_find(place->mount, place->dentry);
	mutex_unlock(&later_lock);
	return mount;
}

void mount_all_now(void)
{
	mutex_lock(&later_lock);
	while (!list_is_empty(&waiting)) {
		make_locked(list_first(&waiting, struct waiting, link));
	}
	mutex_unlock(&later_lock);
}

int vfs_mount_later(const struct later_mount *what)
{
	struct path place;
	int err;

	if (filesystem_find(what->type) == NULL) {
		return -ENODEV;
	}
	err = path_lookup(PATH_AT_CWD, what->name, WALK_FOLLOW, &place);
	if (err < 0) {
		return err;
	}
	if (!inode_is_dir(place.dentry->inode)) {
		path_put(&place);
		return -ENOTDIR;
	}
	mutex_lock(&later_lock);
	err = add_locked(what, &place);
	mutex_unlock(&later_lock);
	return err;
}
