/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Inodes of memory filesystems.
 *
 * Names are the core's business; what is left here is to make and free inodes
 * and to keep the link counts.  Pages are charged to the filesystem when the
 * page cache asks for one (reserve) and given back by comparing with what the
 * cache still holds after it shrank: the two meet at the latest when the inode
 * goes.
 */
#include <fs/ramfs/internal.h>

#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ramfs/ramfs.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/path.h>

static const struct inode_ops dir_ops;
static const struct inode_ops file_ops;
static const struct inode_ops other_ops;
static const struct file_ops regular_file_ops;

/* --- pages
 * ------------------------------------------------------------------------ */

/* Counts one more unless that is above the limit (0: none). */
static bool count_up(uint64_t *counter, const uint64_t *limit)
{
	uint64_t value = __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
	uint64_t max = READ_ONCE(*limit);

	if (max != 0 && value > max) {
		__atomic_fetch_sub(counter, 1, __ATOMIC_RELAXED);
		return false;
	}
	return true;
}

static int ramfs_reserve(struct page_cache *cache, uint64_t index)
{
	struct inode *inode = cache->owner;
	struct ramfs *fs = ramfs_of(inode->superblock);
	struct ramfs_inode *own = ramfs_inode_of(inode);

	(void)index;
	if (!count_up(&fs->blocks, &fs->block_limit)) {
		return -ENOSPC;
	}
	spin_lock(&own->charge_lock);
	own->charged++;
	spin_unlock(&own->charge_lock);
	return 0;
}

static const struct page_cache_ops ramfs_page_cache_ops = {
	.reserve = ramfs_reserve,
};

/* The cache may have become smaller. */
static void settle(struct inode *inode, uint64_t pages)
{
	struct ramfs *fs = ramfs_of(inode->superblock);
	struct ramfs_inode *own = ramfs_inode_of(inode);
	uint64_t freed = 0;

	spin_lock(&own->charge_lock);
	if (own->charged > pages) {
		freed = own->charged - pages;
		own->charged = pages;
	}
	spin_unlock(&own->charge_lock);
	if (freed != 0) {
		__atomic_fetch_sub(&fs->blocks, freed, __ATOMIC_RELAXED);
	}
}

static int ramfs_truncate(struct inode *inode, uint64_t size)
{
	page_cache_set_size(&inode->cache, size);
	settle(inode, inode->cache.page_count);
	return 0;
}

static int ramfs_fallocate(struct file *file, int mode, int64_t offset,
			   int64_t length)
{
	int err = page_cache_file_fallocate(file, mode, offset, length);

	settle(file->inode, file->inode->cache.page_count);
	return err;
}

static int ramfs_getattr(struct inode *inode, struct kstat *stat)
{
	stat->blocks = READ_ONCE(inode->cache.page_count) * (PAGE_SIZE / 512);
	return 0;
}

static int fill_page(struct page_cache *cache, uint64_t index, const char *data,
		     size_t size, struct page *frame)
{
	struct page *page;
	int err;

	if (frame != NULL) {
		err = page_cache_adopt(cache, index, frame);
		if (err < 0) {
			page_put(frame);
		}
		return err;
	}
	err = page_cache_get(cache, index, true, &page);
	if (err == 0) {
		memcpy(page_address(page), data, size);
		page_put(page);
	}
	return err;
}

int ramfs_fill(struct inode *inode, const void *data, size_t size,
	       struct page *(*page_of)(const void *data))
{
	struct page_cache *cache = &inode->cache;
	int err = 0;

	if (!ramfs_is_inode(inode) || cache->size != 0) {
		return -EINVAL;
	}
	for (size_t at = 0; at < size && err == 0; at += PAGE_SIZE) {
		const char *from = (const char *)data + at;
		size_t part = MIN(size - at, (size_t)PAGE_SIZE);
		bool whole = part == PAGE_SIZE && page_of != NULL;

		err = fill_page(cache, at >> PAGE_SHIFT, from, part,
				whole ? page_of(from) : NULL);
	}
	if (err == 0) {
		page_cache_set_size(cache, size);
	}
	return err;
}

/* --- life
 * ------------------------------------------------------------------------- */

static void set_ops(struct inode *inode)
{
	switch (inode->mode & MODE_TYPE) {
	case MODE_REGULAR:
		inode->ops = &file_ops;
		inode->file_ops = &regular_file_ops;
		inode->cache.ops = &ramfs_page_cache_ops;
		inode->seals = UAPI_F_SEAL_SEAL; /* memfd clears it */
		break;
	case MODE_DIRECTORY:
		inode->ops = &dir_ops;
		inode->file_ops = &file_ops_dcache_dir;
		inode->link_count = 2;
		break;
	default:
		inode->ops = &other_ops;
		break;
	}
}

int ramfs_inode_create(struct superblock *superblock, const struct inode *dir,
		       uint32_t mode, uint64_t device, struct inode **inode_out)
{
	struct ramfs *fs = ramfs_of(superblock);
	struct ramfs_inode *own;
	uint64_t now = clock_realtime_ns();

	if (!count_up(&fs->inodes, &fs->inode_limit)) {
		return -ENOSPC;
	}
	own = kzalloc(sizeof(*own));
	if (own == NULL) {
		__atomic_fetch_sub(&fs->inodes, 1, __ATOMIC_RELAXED);
		return -ENOMEM;
	}
	inode_init(&own->inode, superblock, mode);
	spinlock_init(&own->charge_lock, "ramfs.charge");
	list_init(&own->xattrs);
	own->inode.number = __atomic_fetch_add(&superblock->next_inode, 1,
					       __ATOMIC_RELAXED);
	own->inode.device = device;
	own->inode.atime_ns = now;
	own->inode.mtime_ns = now;
	own->inode.ctime_ns = now;
	own->inode.btime_ns = now;
	inode_init_owner(&own->inode, dir);
	set_ops(&own->inode);
	*inode_out = &own->inode;
	return 0;
}

bool ramfs_is_inode(const struct inode *inode)
{
	return inode->ops == &file_ops;
}

/* The page cache is empty already. */
void ramfs_inode_free(struct inode *inode)
{
	struct ramfs *fs = ramfs_of(inode->superblock);
	struct ramfs_inode *own = ramfs_inode_of(inode);

	settle(inode, 0);
	__atomic_fetch_sub(&fs->inodes, 1, __ATOMIC_RELAXED);
	ramfs_xattr_free(own);
	kfree(inode->link_target);
	kfree(own);
}

/* --- directories
 * --------------------------------------------------------------------- */

static int ramfs_create(struct inode *dir, const char *name, size_t length,
			uint32_t mode, uint64_t device,
			struct inode **inode_out)
{
	int err = ramfs_inode_create(dir->superblock, dir, mode, device,
				     inode_out);

	(void)name;
	(void)length;
	if (err == 0 && (mode & MODE_TYPE) == MODE_DIRECTORY) {
		dir->link_count++;
	}
	return err;
}

static int ramfs_symlink(struct inode *dir, const char *name, size_t length,
			 const char *target, struct inode **inode_out)
{
	char *copy = kstrdup(target);
	int err;

	(void)name;
	(void)length;
	if (copy == NULL) {
		return -ENOMEM;
	}
	err = ramfs_inode_create(dir->superblock, dir, MODE_SYMLINK | 0777, 0,
				 inode_out);
	if (err < 0) {
		kfree(copy);
		return err;
	}
	(*inode_out)->link_target = copy;
	return 0;
}

static int ramfs_tmpfile(struct inode *dir, uint32_t mode,
			 struct inode **inode_out)
{
	return ramfs_inode_create(dir->superblock, dir, mode, 0, inode_out);
}

static int ramfs_link(struct inode *dir, const char *name, size_t length,
		      struct inode *inode)
{
	(void)dir;
	(void)name;
	(void)length;
	inode->link_count++;
	return 0;
}

static int ramfs_unlink(struct inode *dir, const char *name, size_t length,
			struct inode *inode)
{
	(void)dir;
	(void)name;
	(void)length;
	inode->link_count--;
	return 0;
}

/* The core has found it empty. */
static int ramfs_rmdir(struct inode *dir, const char *name, size_t length,
		       struct inode *inode)
{
	(void)name;
	(void)length;
	inode->link_count = 0;
	dir->link_count--;
	return 0;
}

static int ramfs_rename(struct inode *old_dir, const char *old_name,
			size_t old_length, struct inode *inode,
			struct inode *new_dir, const char *new_name,
			size_t new_length, struct inode *target, unsigned flags)
{
	bool exchange = (flags & UAPI_RENAME_EXCHANGE) != 0;

	(void)old_name;
	(void)old_length;
	(void)new_name;
	(void)new_length;
	if (target != NULL && !exchange) {
		if (inode_is_dir(target)) {
			target->link_count = 0;
			new_dir->link_count--;
		} else {
			target->link_count--;
		}
	}
	if (inode_is_dir(inode)) { /* its ".." */
		old_dir->link_count--;
		new_dir->link_count++;
	}
	if (exchange && inode_is_dir(target)) {
		new_dir->link_count--;
		old_dir->link_count++;
	}
	return 0;
}

static const struct inode_ops dir_ops = {
	.create = ramfs_create,
	.symlink = ramfs_symlink,
	.link = ramfs_link,
	.unlink = ramfs_unlink,
	.rmdir = ramfs_rmdir,
	.rename = ramfs_rename,
	.tmpfile = ramfs_tmpfile,
	.getxattr = ramfs_getxattr,
	.setxattr = ramfs_setxattr,
	.listxattr = ramfs_listxattr,
	.removexattr = ramfs_removexattr,
};

static const struct inode_ops file_ops = {
	.getattr = ramfs_getattr,
	.truncate = ramfs_truncate,
	.getxattr = ramfs_getxattr,
	.setxattr = ramfs_setxattr,
	.listxattr = ramfs_listxattr,
	.removexattr = ramfs_removexattr,
};

static const struct inode_ops other_ops = {
	.getxattr = ramfs_getxattr,
	.setxattr = ramfs_setxattr,
	.listxattr = ramfs_listxattr,
	.removexattr = ramfs_removexattr,
};

static const struct file_ops regular_file_ops = {
	.read = page_cache_file_read,
	.write = page_cache_file_write,
	.lseek = file_lseek_generic,
	.fsync = page_cache_file_fsync,
	.fallocate = ramfs_fallocate,
	.truncate = page_cache_file_truncate,
};
