/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The mount tree.
 *
 * A mount shows a dentry of a superblock (`root`) at a dentry of its parent
 * mount (`point`).  It is found by (parent, point) in a small hash table that
 * path walks read without lock: a mount never changes its place, it only comes
 * and goes, and is freed after a grace period.  dentry->mount_count tells walks
 * whether to look at all.
 *
 * References: the tree holds one to each mount, a mount one to its parent, its
 * point, its root and its superblock; files and working directories hold the
 * others.  So a mount is idle when it has no reference but the tree's.
 *
 * All changes are made under mount_lock.  Bound: MOUNT_COUNT_MAX.
 */
#include <vfs/path.h>

#include <fs/vfs/internal.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <sync/mutex.h>
#include <uapi/capability.h>
#include <uapi/errno.h>
#include <uapi/mount.h>
#include <vfs/inode.h>

#define BUCKET_BITS	6
#define MOUNT_COUNT_MAX 4096

/* Flags that belong to the mount; the others are requests. */
#define MOUNT_FLAGS                                                            \
	(UAPI_MS_RDONLY | UAPI_MS_NOSUID | UAPI_MS_NODEV | UAPI_MS_NOEXEC |    \
	 UAPI_MS_NOSYMFOLLOW | UAPI_MS_NOATIME | UAPI_MS_NODIRATIME |          \
	 UAPI_MS_RELATIME | UAPI_MS_SYNCHRONOUS | UAPI_MS_STRICTATIME)

#define PROPAGATION_FLAGS                                                      \
	(UAPI_MS_PRIVATE | UAPI_MS_SLAVE | UAPI_MS_SHARED | UAPI_MS_UNBINDABLE)

static struct mutex mount_lock = MUTEX_INIT(mount_lock, "mounts");
static struct list mounts = LIST_INITIALIZER(mounts); /* [mount_lock] */
static struct mount *buckets[1u << BUCKET_BITS];      /* [mount_lock] */
static struct mount *root_mount; /* [a] set once; one reference */
static unsigned mount_count;	 /* [mount_lock] */
static int next_id = 1;		 /* [a] */

/* --- life ------------------------------------------------------------------
 */

static struct mount *mount_create(struct superblock *superblock,
				  struct dentry *root, const char *source,
				  unsigned flags)
{
	struct mount *mount = kzalloc(sizeof(*mount));

	if (mount == NULL) {
		return NULL;
	}
	mount->source = kstrdup(source == NULL ? "none" : source);
	if (mount->source == NULL) {
		kfree(mount);
		return NULL;
	}
	refcount_init(&mount->refs);
	refcount_get(&superblock->refs);
	dentry_get(root);
	mount->superblock = superblock;
	mount->root = root;
	mount->flags = flags & MOUNT_FLAGS;
	mount->id = __atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED);
	return mount;
}

struct mount *mount_create_internal(struct superblock *superblock)
{
	struct mount *mount =
		mount_create(superblock, superblock->root, NULL, 0);

	superblock_put(superblock);
	return mount;
}

void mount_get(struct mount *mount)
{
	refcount_get(&mount->refs);
}

static void mount_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct mount, rcu));
}

void mount_put(struct mount *mount)
{
	while (mount != NULL && refcount_put(&mount->refs)) {
		struct mount *parent = mount->parent;

		dentry_put(mount->root);
		if (mount->point != NULL) {
			dentry_put(mount->point);
		}
		superblock_put(mount->superblock);
		kfree(mount->source);
		rcu_call(&mount->rcu, mount_free_rcu);
		mount = parent;
	}
}

void path_get(const struct path *path)
{
	mount_get(path->mount);
	dentry_get(path->dentry);
}

void path_put(struct path *path)
{
	dentry_put(path->dentry);
	mount_put(path->mount);
	path->dentry = NULL;
	path->mount = NULL;
}

/* --- the tree ---------------------------------------------------------------
 */

static struct mount **bucket_of(const struct mount *parent,
				const struct dentry *point)
{
	uint64_t key = hash_add((uintptr_t)parent, (uintptr_t)point);

	return &buckets[hash_u64(key, BUCKET_BITS)];
}

/* Referenced, or NULL. */
struct mount *mount_find(const struct mount *parent, const struct dentry *point)
{
	struct mount *mount;

	rcu_read_lock();
	mount = __atomic_load_n(bucket_of(parent, point), __ATOMIC_ACQUIRE);
	while (mount != NULL &&
	       (mount->parent != parent || mount->point != point ||
		!refcount_try_get(&mount->refs))) {
		mount = __atomic_load_n(&mount->hash_next, __ATOMIC_ACQUIRE);
	}
	rcu_read_unlock();
	return mount;
}

bool mount_cross(struct path *path)
{
	bool crossed = false;

	while (__atomic_load_n(&path->dentry->mount_count, __ATOMIC_RELAXED) !=
	       0) {
		struct mount *mount = mount_find(path->mount, path->dentry);

		if (mount == NULL) {
			mount = mount_now(path);
		}
		if (mount == NULL) {
			break;
		}
		dentry_get(mount->root);
		path_put(path);
		path->mount = mount;
		path->dentry = mount->root;
		crossed = true;
	}
	return crossed;
}

int mount_root_path(struct path *path_out)
{
	struct mount *mount = __atomic_load_n(&root_mount, __ATOMIC_ACQUIRE);

	if (mount == NULL) {
		return -ENOENT;
	}
	path_out->mount = mount;
	path_out->dentry = mount->root;
	path_get(path_out);
	return 0;
}

/* Takes over the reference to the mount; gets its own to the place. */
static int attach_locked(struct mount *mount, const struct path *place)
{
	struct mount **bucket = bucket_of(place->mount, place->dentry);

	if (mount_count >= MOUNT_COUNT_MAX) {
		return -ENOSPC;
	}
	if (place->mount->detached || place->dentry->unhashed) {
		return -ENOENT;
	}
	path_get(place);
	mount->parent = place->mount;
	mount->point = place->dentry;
	mount->hash_next = *bucket;
	__atomic_store_n(bucket, mount, __ATOMIC_RELEASE);
	__atomic_fetch_add(&place->dentry->mount_count, 1, __ATOMIC_RELEASE);
	list_add_tail(&mounts, &mount->list_link);
	place->mount->child_count++;
	mount_count++;
	return 0;
}

/* The tree's reference falls to the caller. */
static void detach_locked(struct mount *mount)
{
	struct mount **link = bucket_of(mount->parent, mount->point);

	while (*link != mount) {
		link = &(*link)->hash_next;
	}
	__atomic_store_n(link, mount->hash_next, __ATOMIC_RELEASE);
	__atomic_fetch_sub(&mount->point->mount_count, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&mount->detached, true, __ATOMIC_RELEASE);
	list_remove(&mount->list_link);
	mount->parent->child_count--;
	mount_count--;
}

int mount_attach(struct mount *mount, const struct path *place)
{
	int err;

	mutex_lock(&mount_lock);
	err = attach_locked(mount, place);
	mutex_unlock(&mount_lock);
	if (err < 0) {
		mount_put(mount);
	}
	return err;
}

static int attach_root(struct mount *mount)
{
	int err = 0;

	mutex_lock(&mount_lock);
	if (root_mount != NULL) {
		err = -EBUSY;
	} else {
		list_add_tail(&mounts, &mount->list_link);
		mount_count++;
		__atomic_store_n(&root_mount, mount, __ATOMIC_RELEASE);
	}
	mutex_unlock(&mount_lock);
	if (err < 0) {
		mount_put(mount);
	}
	return err;
}

/* --- mount(2) ---------------------------------------------------------------
 */

int mount_make(const char *source, const char *type_name, unsigned flags,
	       const char *options, struct mount **mount_out)
{
	const struct filesystem_type *type =
		type_name == NULL ? NULL : filesystem_find(type_name);
	struct superblock *superblock;
	int err;

	if (type == NULL) {
		return -ENODEV;
	}
	err = type->mount(type, source, options == NULL ? "" : options,
			  &superblock);
	if (err < 0) {
		return err;
	}
	*mount_out = mount_create(superblock, superblock->root, source,
				  flags | UAPI_MS_RELATIME);
	superblock_put(superblock);
	return *mount_out == NULL ? -ENOMEM : 0;
}

static int mount_new(const char *source, const struct path *place,
		     const char *type, unsigned flags, const char *options)
{
	struct mount *mount;
	int err;

	if (place != NULL && !inode_is_dir(place->dentry->inode)) {
		return filesystem_find(type == NULL ? "" : type) == NULL
			       ? -ENODEV
			       : -ENOTDIR;
	}
	err = mount_make(source, type, flags, options, &mount);
	if (err < 0) {
		return err;
	}
	return place == NULL ? attach_root(mount) : mount_attach(mount, place);
}

static struct mount *copy_mount(const struct mount *from, struct dentry *root,
				unsigned flags)
{
	return mount_create(from->superblock, root, from->source, flags);
}

/* MS_REC: what is mounted below the source appears below the copy too.  The
 * list has parents before children; copies stand behind `last`. */
static int copy_children_locked(const struct path *source, struct mount *copy,
				struct mount *last)
{
	struct mount *mount;
	int err = 0;

	list_for_each (mount, &mounts, list_link) {
		struct path place = {.mount = copy, .dentry = mount->point};
		struct mount *child;

		if (mount->parent == source->mount && mount != copy &&
		    dentry_is_below(mount->point, source->dentry)) {
			struct path inner = {.mount = mount,
					     .dentry = mount->root};

			child = copy_mount(mount, mount->root, mount->flags);
			err = child == NULL ? -ENOMEM
					    : attach_locked(child, &place);
			if (err == 0 && mount->child_count != 0) {
				err = copy_children_locked(&inner, child, last);
			}
		}
		if (err < 0 || mount == last) {
			break;
		}
	}
	return err;
}

static int mount_bind(const char *source, const struct path *place,
		      unsigned flags)
{
	struct path from;
	struct mount *mount;
	struct mount *last;
	int err;

	if (source == NULL || source[0] == '\0') {
		return -EINVAL;
	}
	err = path_lookup(PATH_AT_CWD, source, WALK_FOLLOW, &from);
	if (err < 0) {
		return err;
	}
	if (inode_is_dir(from.dentry->inode) !=
	    inode_is_dir(place->dentry->inode)) {
		path_put(&from);
		return -ENOTDIR;
	}
	mount = copy_mount(from.mount, from.dentry, from.mount->flags);
	if (mount == NULL) {
		path_put(&from);
		return -ENOMEM;
	}
	if ((flags & UAPI_MS_REC) != 0) {
		mount_all_now();
	}
	mutex_lock(&mount_lock);
	last = list_last(&mounts, struct mount, list_link);
	err = attach_locked(mount, place);
	if (err < 0) {
		mutex_unlock(&mount_lock);
		mount_put(mount);
		path_put(&from);
		return err;
	}
	if ((flags & UAPI_MS_REC) != 0) {
		err = copy_children_locked(&from, mount, last);
	}
	mutex_unlock(&mount_lock);
	path_put(&from);
	return err;
}

static int mount_change(const struct path *place, unsigned flags,
			const char *options)
{
	struct superblock *superblock = place->mount->superblock;
	int err = 0;

	if (place->dentry != place->mount->root) {
		return -EINVAL;
	}
	if ((flags & UAPI_MS_BIND) == 0) {
		if (options != NULL && options[0] != '\0' &&
		    superblock->ops->remount != NULL) {
			err = superblock->ops->remount(superblock, options);
		}
		if (err == 0 && (flags & UAPI_MS_RDONLY) != 0 &&
		    superblock->ops->sync != NULL) {
			err = superblock->ops->sync(superblock);
		}
		if (err < 0) {
			return err;
		}
		if ((flags & UAPI_MS_RDONLY) == 0 &&
		    superblock->always_read_only) {
			return -EROFS;
		}
		WRITE_ONCE(superblock->read_only,
			   (flags & UAPI_MS_RDONLY) != 0);
	}
	WRITE_ONCE(place->mount->flags, flags & MOUNT_FLAGS);
	return 0;
}

static int mount_at(const char *source, const struct path *place,
		    const char *type, unsigned flags, const char *options)
{
	if ((flags & UAPI_MS_REMOUNT) != 0) {
		return mount_change(place, flags, options);
	}
	if ((flags & UAPI_MS_BIND) != 0) {
		return mount_bind(source, place, flags);
	}
	if ((flags & PROPAGATION_FLAGS) != 0) {
		/* All mounts are private: nothing is propagated. */
		return (flags & (UAPI_MS_SHARED | UAPI_MS_UNBINDABLE)) != 0 ||
				       place->dentry != place->mount->root
			       ? -EINVAL
			       : 0;
	}
	if ((flags & UAPI_MS_MOVE) != 0) {
		return -EINVAL;
	}
	return mount_new(source, place, type, flags, options);
}

int vfs_mount(const char *source, const char *path, const char *type,
	      unsigned flags, const char *options)
{
	struct path place;
	int err;

	if (!vfs_capable(UAPI_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	if (__atomic_load_n(&root_mount, __ATOMIC_ACQUIRE) == NULL) {
		return strcmp(path, "/") != 0
			       ? -ENOENT
			       : mount_new(source, NULL, type, flags, options);
	}
	err = path_lookup(PATH_AT_CWD, path, WALK_FOLLOW, &place);
	if (err < 0) {
		return err;
	}
	err = mount_at(source, &place, type, flags, options);
	path_put(&place);
	return err;
}

/* --- umount2(2) --------------------------------------------------------------
 */

/* The newest mount somewhere below `top`, or NULL. */
static struct mount *newest_below_locked(const struct mount *top)
{
	struct mount *mount;

	list_for_each_reverse(mount, &mounts, list_link)
	{
		const struct mount *up = mount->parent;

		while (up != NULL && up != top) {
			up = up->parent;
		}
		if (up == top) {
			return mount;
		}
	}
	return NULL;
}

/* `idle`: the references an unused mount has now.  The tree's reference falls
 * to the caller on success. */
static int unmount_locked(struct mount *mount, uint32_t idle, bool lazy)
{
	struct mount *below;

	if (mount->detached || mount->parent == NULL) {
		return -EINVAL;
	}
	if (!lazy &&
	    (mount->child_count != 0 || refcount_read(&mount->refs) > idle)) {
		return -EBUSY;
	}
	while (mount->child_count != 0 &&
	       (below = newest_below_locked(mount)) != NULL) {
		detach_locked(below);
		mount_put(below);
	}
	detach_locked(mount);
	return 0;
}

int vfs_unmount(const char *path, int flags)
{
	struct path place;
	struct mount *mount;
	int err;

	if ((flags & ~(UAPI_MNT_FORCE | UAPI_MNT_DETACH | UAPI_MNT_EXPIRE |
		       UAPI_UMOUNT_NOFOLLOW)) != 0 ||
	    ((flags & UAPI_MNT_EXPIRE) != 0 &&
	     (flags & (UAPI_MNT_FORCE | UAPI_MNT_DETACH)) != 0)) {
		return -EINVAL;
	}
	if (!vfs_capable(UAPI_CAP_SYS_ADMIN)) {
		return -EPERM;
	}
	err = path_lookup(PATH_AT_CWD, path,
			  (flags & UAPI_UMOUNT_NOFOLLOW) != 0 ? 0 : WALK_FOLLOW,
			  &place);
	if (err < 0) {
		return err;
	}
	mount = place.mount;
	if (place.dentry != mount->root) {
		path_put(&place);
		return -EINVAL;
	}
	if (mount->superblock->ops->sync != NULL) {
		mount->superblock->ops->sync(mount->superblock);
	}
	mutex_lock(&mount_lock);
	err = unmount_locked(mount, 2, (flags & UAPI_MNT_DETACH) != 0);
	mutex_unlock(&mount_lock);
	path_put(&place);
	if (err == 0) {
		mount_put(mount);
	}
	return err;
}

/* --- all mounts --------------------------------------------------------------
 */

static void for_each_mount(void (*func)(struct mount *mount, void *arg),
			   void *arg)
{
	struct mount *mount;

	mutex_lock(&mount_lock);
	list_for_each (mount, &mounts, list_link) {
		func(mount, arg);
	}
	mutex_unlock(&mount_lock);
}

void vfs_for_each_mount(void (*func)(struct mount *mount, void *arg), void *arg)
{
	mount_all_now();
	for_each_mount(func, arg);
}

static void sync_mount(struct mount *mount, void *arg)
{
	struct superblock *superblock = mount->superblock;
	int *err = arg;
	int result;

	if (superblock->ops->sync == NULL) {
		return;
	}
	result = superblock->ops->sync(superblock);
	if (*err == 0) {
		*err = result;
	}
}

int vfs_sync_all(void)
{
	int err = 0;

	for_each_mount(sync_mount, &err);
	return err;
}
