/* SPDX-License-Identifier: BSD-3-Clause */

/* Mounting a table.  There is one system, so all mounts of a type show the
 * same. */
#include <fs/table/internal.h>

#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <vfs/file.h>
#include <vfs/stat.h>

static void free_inode(struct inode *inode)
{
	struct table_inode *own = table_inode_of(inode);

	table_target_put(&own->target);
	if (inode->private != NULL) {
		file_put(inode->private);
	}
	kfree(own);
}

static int statfs(struct superblock *superblock, struct kstatfs *out)
{
	memset(out, 0, sizeof(*out));
	out->type = (uint64_t)(uintptr_t)superblock->private;
	out->block_size = 4096;
	out->name_length = NAME_MAX_LENGTH;
	return 0;
}

static int sync_nothing(struct superblock *superblock)
{
	(void)superblock;
	return 0;
}

static const struct superblock_ops superblock_ops = {
	.free_inode = free_inode,
	.statfs = statfs,
	.sync = sync_nothing,
};

int table_mount(const struct filesystem_type *type, const char *options,
		const struct table_entry *root, uint64_t magic,
		struct superblock **superblock_out)
{
	struct table_target target = {.number = -1};
	struct superblock *superblock;
	struct inode *inode;
	int err;

	if (options != NULL && options[0] != '\0') {
		return -EINVAL;
	}
	err = superblock_create(type, &superblock_ops, &superblock);
	if (err < 0) {
		return err;
	}
	superblock->names = NAMES_WHILE_USED;
	superblock->private = (void *)(uintptr_t)magic;
	err = table_inode_create(superblock, root, 1, &target, &inode);
	if (err == 0) {
		err = superblock_set_root(superblock, inode);
	}
	if (err < 0) {
		superblock_put(superblock);
		return err;
	}
	*superblock_out = superblock;
	return 0;
}
