/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Files in memory: superblocks and their options.
 *
 * The dentry cache is the directory (NAMES_RESIDENT), the page cache the file.
 * "tmpfs" is limited to half of the memory unless size= says otherwise;
 * "ramfs" is not, except by memory itself.
 */
#include <ramfs/ramfs.h>

#include <fs/ramfs/internal.h>
#include <lib/minmax.h>
#include <lib/parse.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define RAMFS_MAGIC 0x858458f6
#define TMPFS_MAGIC 0x01021994

/* --- options
 * --------------------------------------------------------------------- */

static uint64_t total_pages(void)
{
	struct frame_stats stats;

	frame_stats(&stats);
	return stats.total;
}

/* size=: bytes with suffix, or a share of the memory. */
static int parse_blocks(const char *text, uint64_t *blocks_out)
{
	const char *end;
	uint64_t value;
	int err = parse_size(text, &value, &end);

	if (err < 0) {
		return -EINVAL;
	}
	if (end[0] == '%' && end[1] == '\0') {
		if (value > 1000) {
			return -EINVAL;
		}
		*blocks_out = total_pages() * value / 100;
		return 0;
	}
	if (end[0] != '\0') {
		return -EINVAL;
	}
	*blocks_out = value / PAGE_SIZE + (value % PAGE_SIZE != 0);
	return 0;
}

static int parse_count(const char *text, uint64_t *count_out)
{
	return parse_size(text, count_out, NULL) < 0 ? -EINVAL : 0;
}

static int parse_u32(const char *text, unsigned base, uint32_t max,
		     uint32_t *value_out)
{
	uint64_t value;

	if (parse_u64(text, base, max, &value, NULL) < 0) {
		return -EINVAL;
	}
	*value_out = (uint32_t)value;
	return 0;
}

static int parse_option(struct ramfs *fs, const char *name, const char *value)
{
	if (strcmp(name, "size") == 0) {
		return parse_blocks(value, &fs->block_limit);
	}
	if (strcmp(name, "nr_blocks") == 0) {
		return parse_count(value, &fs->block_limit);
	}
	if (strcmp(name, "nr_inodes") == 0) {
		return parse_count(value, &fs->inode_limit);
	}
	if (strcmp(name, "mode") == 0) {
		return parse_u32(value, 8, MODE_PERMISSIONS, &fs->root_mode);
	}
	if (strcmp(name, "uid") == 0) {
		return parse_u32(value, 10, UINT32_MAX, &fs->root_uid);
	}
	if (strcmp(name, "gid") == 0) {
		return parse_u32(value, 10, UINT32_MAX, &fs->root_gid);
	}
	return -EINVAL;
}

/* name=value,name=value; changes the text. */
static int parse_options(struct ramfs *fs, char *text)
{
	while (text != NULL && *text != '\0') {
		char *next = strchr(text, ',');
		char *value;
		int err;

		if (next != NULL) {
			*next++ = '\0';
		}
		value = strchr(text, '=');
		if (value == NULL) {
			return -EINVAL;
		}
		*value++ = '\0';
		err = parse_option(fs, text, value);
		if (err < 0) {
			return err;
		}
		text = next;
	}
	return 0;
}

static int read_options(struct ramfs *fs, const char *options)
{
	char *copy;
	int err;

	if (options[0] == '\0') {
		return 0;
	}
	copy = kstrdup(options);
	if (copy == NULL) {
		return -ENOMEM;
	}
	err = parse_options(fs, copy);
	kfree(copy);
	return err;
}

/* --- superblock
 * -------------------------------------------------------------------- */

static int ramfs_statfs(struct superblock *superblock, struct kstatfs *out)
{
	const struct ramfs *fs = ramfs_of(superblock);
	uint64_t used = READ_ONCE(fs->blocks);
	uint64_t limit = READ_ONCE(fs->block_limit);
	uint64_t files = READ_ONCE(fs->inode_limit);

	out->type = fs->tmpfs ? TMPFS_MAGIC : RAMFS_MAGIC;
	out->block_size = PAGE_SIZE;
	if (limit != 0) {
		out->blocks = limit;
		out->blocks_free = limit - MIN(used, limit);
		out->blocks_available = out->blocks_free;
	}
	if (files != 0) {
		out->files = files;
		out->files_free = files - MIN(READ_ONCE(fs->inodes), files);
	}
	return 0;
}

/* A limit below what is used is refused, as on Linux. */
static int ramfs_remount(struct superblock *superblock, const char *options)
{
	struct ramfs *fs = ramfs_of(superblock);
	struct ramfs wanted = *fs;
	int err = read_options(&wanted, options);

	if (err < 0) {
		return err;
	}
	if ((wanted.block_limit != 0 &&
	     wanted.block_limit < READ_ONCE(fs->blocks)) ||
	    (wanted.inode_limit != 0 &&
	     wanted.inode_limit < READ_ONCE(fs->inodes))) {
		return -EINVAL;
	}
	WRITE_ONCE(fs->block_limit, wanted.block_limit);
	WRITE_ONCE(fs->inode_limit, wanted.inode_limit);
	return 0;
}

static size_t ramfs_options(struct superblock *superblock, char *buf,
			    size_t size)
{
	const struct ramfs *fs = ramfs_of(superblock);
	size_t length = 0;

	if (fs->tmpfs && fs->block_limit != 0) {
		length = kscnprintf(buf, size, ",size=%lluk",
				    (unsigned long long)fs->block_limit *
					    (PAGE_SIZE / 1024));
	}
	if (fs->root_mode != (fs->tmpfs ? 01777u : 0755u)) {
		length += kscnprintf(buf + length, size - length, ",mode=%o",
				     fs->root_mode);
	}
	return length;
}

static void ramfs_unmount(struct superblock *superblock)
{
	kfree(superblock->private);
}

static const struct superblock_ops ramfs_superblock_ops = {
	.free_inode = ramfs_inode_free,
	.statfs = ramfs_statfs,
	.unmount = ramfs_unmount,
	.remount = ramfs_remount,
	.options = ramfs_options,
};

static int make_root(struct superblock *superblock)
{
	const struct ramfs *fs = ramfs_of(superblock);
	struct inode *root;
	int err = ramfs_inode_create(superblock, NULL,
				     MODE_DIRECTORY | fs->root_mode, 0, &root);

	if (err < 0) {
		return err;
	}
	root->uid = fs->root_uid;
	root->gid = fs->root_gid;
	return superblock_set_root(superblock, root);
}

int ramfs_mount(const struct filesystem_type *type, const char *source,
		const char *options, struct superblock **superblock_out)
{
	struct ramfs *fs = kzalloc(sizeof(*fs));
	struct superblock *superblock;
	int err = -ENOMEM;

	(void)source;
	if (fs == NULL) {
		return -ENOMEM;
	}
	fs->tmpfs = strcmp(type->name, "tmpfs") == 0;
	fs->root_mode = fs->tmpfs ? 01777 : 0755;
	fs->block_limit = fs->tmpfs ? total_pages() / 2 : 0;
	fs->inode_limit = fs->tmpfs ? total_pages() / 2 : 0;
	err = read_options(fs, options);
	if (err == 0) {
		err = superblock_create(type, &ramfs_superblock_ops,
					&superblock);
	}
	if (err < 0) {
		kfree(fs);
		return err;
	}
	superblock->private = fs;
	superblock->names = NAMES_RESIDENT;
	err = make_root(superblock);
	if (err < 0) {
		superblock_put(superblock);
		return err;
	}
	*superblock_out = superblock;
	return 0;
}

static const struct filesystem_type ramfs_type = {
	.name = "ramfs",
	.flags = FILESYSTEM_NODEV,
	.mount = ramfs_mount,
};
FILESYSTEM(ramfs_type);

static const struct filesystem_type tmpfs_type = {
	.name = "tmpfs",
	.flags = FILESYSTEM_NODEV,
	.mount = ramfs_mount,
};
FILESYSTEM(tmpfs_type);
