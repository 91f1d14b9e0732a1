/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Filesystem types (registered by linker section) and superblocks: one per
 * mounted filesystem, shared by its bind mounts.
 *
 * The list of superblocks serves sync only.  Lock: superblocks_lock.
 */
#include <vfs/inode.h>

#include <fs/vfs/internal.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>

extern const struct filesystem_type *const __start_filesystems[];
extern const struct filesystem_type *const __stop_filesystems[];

static uint32_t next_minor; /* [a] of st_dev: major 0 */

const struct filesystem_type *filesystem_at(size_t index)
{
	size_t count = (size_t)(__stop_filesystems - __start_filesystems);

	return index < count ? __start_filesystems[index] : NULL;
}

const struct filesystem_type *filesystem_find(const char *name)
{
	const struct filesystem_type *type;

	for (size_t i = 0; (type = filesystem_at(i)) != NULL; i++) {
		if (strcmp(type->name, name) == 0) {
			return type;
		}
	}
	return NULL;
}

int superblock_create(const struct filesystem_type *type,
		      const struct superblock_ops *ops,
		      struct superblock **superblock_out)
{
	struct superblock *superblock = kzalloc(sizeof(*superblock));
	uint32_t minor;

	if (superblock == NULL) {
		return -ENOMEM;
	}
	minor = __atomic_add_fetch(&next_minor, 1, __ATOMIC_RELAXED);
	superblock->ops = ops;
	superblock->type = type;
	superblock->device = MAKE_DEVICE(0, minor);
	superblock->next_inode = 1;
	refcount_init(&superblock->refs);
	mutex_init(&superblock->rename_lock, "superblock.rename");
	spinlock_init(&superblock->inode_lock, "superblock.inodes");
	*superblock_out = superblock;
	return 0;
}

int superblock_set_root(struct superblock *superblock, struct inode *root)
{
	superblock->root = dentry_create(NULL, superblock, "", 0, root);
	if (superblock->root == NULL) {
		inode_put(root);
		return -ENOMEM;
	}
	superblock->root->unhashed = false; /* a root is never "deleted" */
	return 0;
}

/* The root was never in the hash table: see superblock_set_root(). */
static void drop_root(struct superblock *superblock)
{
	superblock->root->unhashed = true;
	dentry_put(superblock->root);
}

void superblock_put(struct superblock *superblock)
{
	if (!refcount_put(&superblock->refs)) {
		return;
	}
	if (superblock->root != NULL) {
		dcache_drop_superblock(superblock);
		drop_root(superblock);
	}
	if (superblock->ops->unmount != NULL) {
		superblock->ops->unmount(superblock);
	}
	kfree(superblock->inode_buckets);
	kfree(superblock);
}
