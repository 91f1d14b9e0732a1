/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * EROFS: mounting, inodes, directories for the VFS.
 *
 * Metadata is read through the page cache of the device, whose pages stay
 * reclaimable; an inode in use keeps its decoded node, a symlink its target.
 * The inode number is EROFS's.  Everything is read-only: no operation that
 * changes exists, and the superblock says so.
 */
#include <fs/erofs/vfs.h>

#include <debug/log.h>
#include <drivers/block.h>
#include <fs/erofs/format.h>
#include <lib/align.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/mount.h>
#include <vfs/stat.h>

_Static_assert(EROFS_BLOCK_SIZE == PAGE_SIZE, "blocks are pages");

/* --- the image on a device --------------------------------------------------
 */

static int get_block(struct erofs_image *image, uint64_t number,
		     struct erofs_block *block_out)
{
	struct block_device *device = image->source;
	struct page *page;
	int err = page_cache_get(&device->cache, number, false, &page);

	if (err < 0) {
		return err == -ENOMEM ? err : -EIO;
	}
	block_out->data = page_address(page);
	block_out->handle = page;
	return 0;
}

static void put_block(struct erofs_image *image, struct erofs_block *block)
{
	(void)image;
	page_put(block->handle);
}

static const struct erofs_image_ops image_ops = {
	.get = get_block,
	.put = put_block,
};

/* --- inodes
 * -------------------------------------------------------------------- */

static const struct inode_ops dir_inode_ops;
static const struct inode_ops other_inode_ops;
static const struct file_ops dir_file_ops;

static void fill_inode(struct inode *inode, const struct erofs_node *node)
{
	inode->number = node->number;
	inode->link_count = node->link_count;
	inode->uid = node->uid;
	inode->gid = node->gid;
	inode->device = node->device;
	inode->atime_ns = node->mtime_ns;
	inode->mtime_ns = node->mtime_ns;
	inode->ctime_ns = node->mtime_ns;
	inode->btime_ns = 0;
	inode->blocks = DIV_ROUND_UP(node->size, EROFS_BLOCK_SIZE) *
			(EROFS_BLOCK_SIZE / 512);
	inode->ops = &other_inode_ops;
	if (inode_is_dir(inode)) {
		inode->ops = &dir_inode_ops;
		inode->file_ops = &dir_file_ops;
	} else if (inode_is_regular(inode)) {
		inode->file_ops = &file_ops_page_cache;
		page_cache_init(&inode->cache, &erofs_page_cache_ops, inode);
	}
	inode->cache.size = node->size;
}

static int read_link_target(struct erofs_super *super,
			    struct erofs_inode *erofs)
{
	size_t size = erofs->node.size;
	char *target = kmalloc(size + 1);
	int err;

	if (target == NULL) {
		return -ENOMEM;
	}
	err = erofs_node_data(&super->image, &erofs->node, 0, target, size);
	target[size] = '\0';
	if (err == 0 && strlen(target) != size) {
		err = erofs_image_corrupt(&super->image, erofs->node.number,
					  "symlink");
	}
	if (err < 0) {
		kfree(target);
		return err;
	}
	erofs->inode.link_target = target;
	return 0;
}

static void free_inode(struct inode *inode)
{
	kfree(inode->link_target);
	kfree(inode);
}

static int create_inode(struct superblock *superblock, uint64_t number,
			struct inode **inode_out)
{
	struct erofs_super *super = superblock->private;
	struct erofs_inode *erofs = kzalloc(sizeof(*erofs));
	struct inode *existing = NULL;
	int err;

	if (erofs == NULL) {
		return -ENOMEM;
	}
	err = erofs_node_read(&super->image, number, &erofs->node);
	if (err < 0) {
		kfree(erofs);
		return err;
	}
	inode_init(&erofs->inode, superblock, erofs->node.mode);
	fill_inode(&erofs->inode, &erofs->node);
	if (inode_is_symlink(&erofs->inode)) {
		err = read_link_target(super, erofs);
	}
	if (err == 0) {
		err = inode_cache_insert(&erofs->inode, &existing);
	}
	if (err < 0 || existing != NULL) {
		inode_put(&erofs->inode);
	}
	if (err == 0) {
		*inode_out = existing != NULL ? existing : &erofs->inode;
	}
	return err;
}

static int get_inode(struct superblock *superblock, uint64_t number,
		     struct inode **inode_out)
{
	*inode_out = inode_cache_find(superblock, number);
	return *inode_out != NULL ? 0
				  : create_inode(superblock, number, inode_out);
}

/* --- directories
 * ------------------------------------------------------------------ */

static int lookup(struct inode *dir, const char *name, size_t length,
		  struct inode **inode_out)
{
	struct erofs_super *super = erofs_super_of(dir);
	uint64_t number;
	int err = erofs_dir_lookup(&super->image, erofs_node_of(dir), name,
				   length, &number);

	return err < 0 ? err : get_inode(dir->superblock, number, inode_out);
}

static unsigned dirent_type(unsigned type)
{
	static const uint32_t modes[] = {
		[EROFS_TYPE_REGULAR] = MODE_REGULAR,
		[EROFS_TYPE_DIRECTORY] = MODE_DIRECTORY,
		[EROFS_TYPE_CHARACTER] = MODE_CHARACTER,
		[EROFS_TYPE_BLOCK] = MODE_BLOCK,
		[EROFS_TYPE_FIFO] = MODE_FIFO,
		[EROFS_TYPE_SOCKET] = MODE_SOCKET,
		[EROFS_TYPE_SYMLINK] = MODE_SYMLINK,
	};

	return type < ARRAY_SIZE(modes) ? MODE_DIRENT_TYPE(modes[type]) : 0;
}

static bool emit_entry(void *arg, const struct erofs_entry *entry,
		       uint64_t next)
{
	struct dir_sink *sink = arg;

	return sink->emit(sink, entry->name, entry->length, entry->node,
			  dirent_type(entry->type), (int64_t)next);
}

static int readdir(struct file *file, struct dir_sink *sink, int64_t *pos)
{
	struct erofs_super *super = erofs_super_of(file->inode);
	uint64_t position = (uint64_t)*pos;
	int err;

	if (*pos < 0) {
		return -EINVAL;
	}
	err = erofs_dir_list(&super->image, erofs_node_of(file->inode),
			     &position, emit_entry, sink);
	*pos = (int64_t)position;
	return err;
}

static ssize_t read_dir(struct file *file, struct iov_iter *to, int64_t *pos)
{
	(void)file;
	(void)to;
	(void)pos;
	return -EISDIR;
}

static int fsync_dir(struct file *file, bool data_only)
{
	(void)file;
	(void)data_only;
	return 0;
}

static const struct file_ops dir_file_ops = {
	.read = read_dir,
	.lseek = file_lseek_generic,
	.readdir = readdir,
	.fsync = fsync_dir,
};

/* --- extended attributes
 * ------------------------------------------------------------ */

static ssize_t getxattr(struct inode *inode, const char *name, void *value,
			size_t size)
{
	return erofs_xattr_get(&erofs_super_of(inode)->image,
			       erofs_node_of(inode), name, value, size);
}

static ssize_t listxattr(struct inode *inode, char *list, size_t size)
{
	return erofs_xattr_list(&erofs_super_of(inode)->image,
				erofs_node_of(inode), list, size);
}

static const struct inode_ops dir_inode_ops = {
	.lookup = lookup,
	.getxattr = getxattr,
	.listxattr = listxattr,
};

static const struct inode_ops other_inode_ops = {
	.getxattr = getxattr,
	.listxattr = listxattr,
};

/* --- the filesystem
 * -------------------------------------------------------------------- */

static int statfs(struct superblock *superblock, struct kstatfs *out)
{
	const struct erofs_image *image =
		&((struct erofs_super *)superblock->private)->image;

	memset(out, 0, sizeof(*out));
	out->type = EROFS_MAGIC;
	out->block_size = EROFS_BLOCK_SIZE;
	out->blocks = image->block_count;
	out->files = UINT64_MAX;
	out->files_free = UINT64_MAX - image->inode_count;
	out->name_length = EROFS_NAME_MAX;
	out->flags = UAPI_ST_RDONLY;
	out->fsid = image->id;
	return 0;
}

static int sync_nothing(struct superblock *superblock)
{
	(void)superblock;
	return 0;
}

static void unmount(struct superblock *superblock)
{
	kfree(superblock->private);
}

static const struct superblock_ops superblock_ops = {
	.free_inode = free_inode,
	.statfs = statfs,
	.sync = sync_nothing,
	.unmount = unmount,
};

static int open_super(struct block_device *device,
		      struct erofs_super **super_out)
{
	struct erofs_super *super = kzalloc(sizeof(*super));
	int err;

	if (super == NULL) {
		return -ENOMEM;
	}
	super->device = device;
	super->image.ops = &image_ops;
	super->image.source = device;
	super->image.source_blocks =
		device->sector_count / (EROFS_BLOCK_SIZE / SECTOR_SIZE);
	super->image.name = device->name;
	err = erofs_image_open(&super->image);
	if (err < 0) {
		kfree(super);
		return err;
	}
	*super_out = super;
	return 0;
}

static int set_root(struct superblock *superblock)
{
	struct erofs_super *super = superblock->private;
	struct inode *root;
	int err = get_inode(superblock, super->image.root_node, &root);

	if (err == 0 && !inode_is_dir(root)) {
		err = erofs_image_corrupt(&super->image, root->number,
					  "the root is no directory");
		inode_put(root);
	}
	return err < 0 ? err : superblock_set_root(superblock, root);
}

static int mount(const struct filesystem_type *type, const char *source,
		 const char *options, struct superblock **superblock_out)
{
	struct block_device *device =
		source == NULL ? NULL : block_device_find(source);
	struct superblock *superblock;
	struct erofs_super *super;
	int err;

	if (device == NULL) {
		return source == NULL ? -EINVAL : -ENXIO;
	}
	if (options != NULL && options[0] != '\0') {
		log_error("erofs: unknown mount options: %s", options);
		return -EINVAL;
	}
	err = open_super(device, &super);
	if (err < 0) {
		return err;
	}
	err = superblock_create(type, &superblock_ops, &superblock);
	if (err < 0) {
		kfree(super);
		return err;
	}
	superblock->private = super;
	superblock->device = device->device;
	superblock->names = NAMES_CACHED;
	superblock->read_only = true;
	superblock->always_read_only = true;
	err = set_root(superblock);
	if (err < 0) {
		superblock_put(superblock);
		return err;
	}
	*superblock_out = superblock;
	return 0;
}

static const struct filesystem_type erofs = {
	.name = "erofs",
	.mount = mount,
};
FILESYSTEM(erofs);
