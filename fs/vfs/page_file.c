/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Regular files whose contents are in the page cache: the generic file
 * operations.
 *
 * Reads take no lock.  Writes inside the file take none either: each page is
 * found (never made beyond the size) and copied to; a truncation at the same
 * time has dropped the page or not.  Appends and writes that make the file
 * longer hold inode->lock, and the size moves after the bytes are there.  What
 * lies behind the size in the last page is zeroed when the size moves over it:
 * mappings may have left something there.
 */
#include <vfs/inode.h>

#include <fs/vfs/internal.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <process/rlimit.h>
#include <sched/sched.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/mount.h>
#include <uapi/signal.h>
#include <vfs/file.h>
#include <vfs/notify.h>
#include <vfs/path.h>

#define FILE_SIZE_MAX ((uint64_t)INT64_MAX & PAGE_MASK)

static uint64_t size_of(const struct page_cache *cache)
{
	return __atomic_load_n(&cache->size, __ATOMIC_ACQUIRE);
}

/* The pages exist here only: an absent one is a hole. */
static bool is_memory(const struct page_cache *cache)
{
	return cache->ops == NULL || cache->ops->read == NULL;
}

/* --- read
 * ------------------------------------------------------------------------ */

static void accessed(struct file *file)
{
	if ((file->flags & UAPI_O_NOATIME) == 0 &&
	    (file->mount == NULL ||
	     (READ_ONCE(file->mount->flags) & UAPI_MS_NOATIME) == 0)) {
		inode_touch(file->inode, INODE_ATIME);
	}
	vfs_notify_dentry(file->dentry, NOTIFY_ACCESS);
}

/* Copies from the page with this index; the bytes moved or an error. */
static ssize_t read_page(struct page_cache *cache, uint64_t index,
			 size_t offset, size_t size, struct iov_iter *to)
{
	struct page *page = page_cache_find(cache, index);
	size_t moved;
	int err;

	if (page == NULL) {
		if (is_memory(cache)) {
			return (ssize_t)iov_zero(to, size);
		}
		err = page_cache_get(cache, index, false, &page);
		if (err < 0) {
			return err;
		}
	}
	moved = iov_copy_to(to, (char *)page_address(page) + offset, size);
	page_put(page);
	return (ssize_t)moved;
}

ssize_t page_cache_file_read(struct file *file, struct iov_iter *to,
			     int64_t *pos)
{
	struct page_cache *cache = &file->inode->cache;
	uint64_t position = (uint64_t)*pos;
	ssize_t moved = 0;

	while (to->remaining > 0) {
		uint64_t size = size_of(cache);
		size_t offset = position & (PAGE_SIZE - 1);
		size_t wanted;

		if (position >= size) {
			moved = 0;
			break;
		}
		wanted = MIN(PAGE_SIZE - offset, to->remaining);
		wanted = (size_t)MIN((uint64_t)wanted, size - position);
		moved = read_page(cache, position >> PAGE_SHIFT, offset, wanted,
				  to);
		if (moved > 0) {
			position += (uint64_t)moved;
		}
		if (moved < (ssize_t)wanted) {
			/* truncated meanwhile: the end */
			moved = moved == -ERANGE ? 0
				: moved >= 0	 ? -EFAULT
						 : moved;
			break;
		}
	}
	if (position > (uint64_t)*pos) {
		moved = (ssize_t)(position - (uint64_t)*pos);
		*pos = (int64_t)position;
		accessed(file);
		return moved;
	}
	return moved < 0 ? moved : 0;
}

/* --- write
 * ----------------------------------------------------------------------- */

/* How much may be written at pos: -EFBIG with SIGXFSZ at the limits. */
static int limit_write(uint64_t pos, size_t *count)
{
	uint64_t limit = rlimit_current(RLIMIT_FSIZE);

	if (pos >= limit) {
		vfs_send_signal(UAPI_SIGXFSZ);
		return -EFBIG;
	}
	if (pos >= FILE_SIZE_MAX) {
		return -EFBIG;
	}
	limit = MIN(limit, FILE_SIZE_MAX) - pos;
	*count = (size_t)MIN((uint64_t)*count, limit);
	return 0;
}

static void zero_tail(struct page_cache *cache)
{
	uint64_t size = size_of(cache);
	size_t offset = size & (PAGE_SIZE - 1);
	struct page *page;

	if (offset == 0) {
		return;
	}
	page = page_cache_find(cache, size >> PAGE_SHIFT);
	if (page != NULL) {
		memset((char *)page_address(page) + offset, 0,
		       PAGE_SIZE - offset);
		page_put(page);
	}
}

/* extend: inode->lock is held.  Bytes written; else -ERANGE (behind the end,
 * without extend) or another error. */
static ssize_t write_pages(struct page_cache *cache, struct iov_iter *from,
			   uint64_t pos, size_t count, bool extend)
{
	size_t done = 0;
	int err = 0;

	while (done < count) {
		size_t offset = pos & (PAGE_SIZE - 1);
		size_t wanted = MIN(PAGE_SIZE - offset, count - done);
		struct page *page;
		size_t moved;

		err = page_cache_get(cache, pos >> PAGE_SHIFT, extend, &page);
		if (err < 0) {
			break;
		}
		moved = iov_copy_from(from, (char *)page_address(page) + offset,
				      wanted);
		if (moved > 0) {
			page_cache_mark_dirty(cache, page);
		}
		page_put(page);
		pos += moved;
		done += moved;
		if (extend && pos > cache->size) {
			__atomic_store_n(&cache->size, pos, __ATOMIC_RELEASE);
		}
		if (moved < wanted) {
			err = -EFAULT;
			break;
		}
	}
	return done > 0 ? (ssize_t)done : err;
}

static bool appends(const struct file *file, const struct iov_iter *from)
{
	return from->append || (READ_ONCE(file->flags) & UAPI_O_APPEND) != 0;
}

static ssize_t write_locked(struct file *file, struct iov_iter *from,
			    int64_t *pos)
{
	struct inode *inode = file->inode;
	size_t count = from->remaining;
	ssize_t result;

	if (appends(file, from)) {
		*pos = (int64_t)inode->cache.size;
	}
	result = limit_write((uint64_t)*pos, &count);
	if (result < 0) {
		return result;
	}
	if ((uint64_t)*pos + count > inode->cache.size) {
		if ((inode->seals & UAPI_F_SEAL_GROW) != 0) {
			return -EPERM;
		}
		zero_tail(&inode->cache);
	}
	return write_pages(&inode->cache, from, (uint64_t)*pos, count, true);
}

static ssize_t write_extending(struct file *file, struct iov_iter *from,
			       int64_t *pos)
{
	ssize_t result;

	mutex_lock(&file->inode->lock);
	result = write_locked(file, from, pos);
	mutex_unlock(&file->inode->lock);
	return result;
}

static ssize_t write_inside(struct file *file, struct iov_iter *from,
			    int64_t *pos)
{
	size_t count = from->remaining;
	int err = limit_write((uint64_t)*pos, &count);

	if (err < 0) {
		return err;
	}
	return write_pages(&file->inode->cache, from, (uint64_t)*pos, count,
			   false);
}

ssize_t page_cache_file_write(struct file *file, struct iov_iter *from,
			      int64_t *pos)
{
	struct inode *inode = file->inode;
	ssize_t result = -ERANGE;
	uint64_t start;
	int err;

	if (from->remaining == 0) {
		return 0;
	}
	if ((READ_ONCE(inode->seals) &
	     (UAPI_F_SEAL_WRITE | UAPI_F_SEAL_FUTURE_WRITE)) != 0) {
		return -EPERM;
	}
	if (!appends(file, from) &&
	    (uint64_t)*pos + from->remaining <= size_of(&inode->cache)) {
		result = write_inside(file, from, pos);
	}
	if (result == -ERANGE) {
		result = write_extending(file, from, pos);
	}
	if (result <= 0) {
		return result;
	}
	inode_drop_set_id(inode);
	inode_touch(inode, INODE_MTIME | INODE_CTIME);
	vfs_notify_dentry(file->dentry, NOTIFY_MODIFY);
	start = (uint64_t)*pos;
	*pos += result;
	if ((READ_ONCE(file->flags) & UAPI_O_DSYNC) != 0 &&
	    !is_memory(&inode->cache)) {
		err = page_cache_sync(&inode->cache, start, (uint64_t)*pos);
		if (err < 0) {
			return err;
		}
	}
	return result;
}

/* --- position
 * ------------------------------------------------------------------- */

static int64_t seek_data(struct page_cache *cache, uint64_t offset,
			 uint64_t size)
{
	uint64_t index;

	if (!is_memory(cache)) {
		return (int64_t)offset;
	}
	index = page_cache_next(cache, offset >> PAGE_SHIFT);
	if (index > size >> PAGE_SHIFT || index << PAGE_SHIFT >= size) {
		return -ENXIO;
	}
	return (int64_t)MAX(offset, index << PAGE_SHIFT);
}

static int64_t seek_hole(struct page_cache *cache, uint64_t offset,
			 uint64_t size)
{
	uint64_t index = offset >> PAGE_SHIFT;

	if (!is_memory(cache)) {
		return (int64_t)size;
	}
	while (index << PAGE_SHIFT < size &&
	       page_cache_next(cache, index) == index) {
		index++;
		sched_relax();
	}
	return (int64_t)MIN(size, MAX(offset, index << PAGE_SHIFT));
}

static int64_t seek_extent(struct file *file, int64_t offset, int whence)
{
	struct page_cache *cache = &file->inode->cache;
	uint64_t size = size_of(cache);

	if (offset < 0 || (uint64_t)offset >= size) {
		return -ENXIO;
	}
	return whence == UAPI_SEEK_DATA
		       ? seek_data(cache, (uint64_t)offset, size)
		       : seek_hole(cache, (uint64_t)offset, size);
}

int64_t file_lseek_generic(struct file *file, int64_t offset, int whence)
{
	int64_t base = 0;

	switch (whence) {
	case UAPI_SEEK_SET:
		break;
	case UAPI_SEEK_CUR:
		base = file->position;
		break;
	case UAPI_SEEK_END:
		base = file->inode == NULL
			       ? 0
			       : (int64_t)size_of(&file->inode->cache);
		break;
	case UAPI_SEEK_DATA:
	case UAPI_SEEK_HOLE:
		if (file->inode == NULL || !inode_is_regular(file->inode)) {
			return -EINVAL;
		}
		offset = seek_extent(file, offset, whence);
		if (offset < 0) {
			return offset;
		}
		break;
	default:
		return -EINVAL;
	}
	if (offset > INT64_MAX - base) {
		return -EOVERFLOW;
	}
	if (base + offset < 0) {
		return -EINVAL;
	}
	file->position = base + offset;
	return file->position;
}

/* --- the rest
 * --------------------------------------------------------------------- */

int page_cache_file_fsync(struct file *file, bool data_only)
{
	struct inode *inode = file->inode;
	const struct superblock_ops *ops = inode->superblock->ops;
	int err = 0;

	if (!is_memory(&inode->cache)) {
		err = page_cache_sync(&inode->cache, 0, UINT64_MAX);
	}
	if (err == 0 && !data_only && ops->sync != NULL &&
	    !inode->superblock->read_only) {
		err = ops->sync(inode->superblock);
	}
	return err;
}

int page_cache_file_truncate(struct file *file, int64_t length)
{
	int err;

	if (!inode_is_regular(file->inode)) {
		return -EINVAL;
	}
	err = inode_truncate(file->inode, (uint64_t)length);
	if (err == 0) {
		vfs_notify_dentry(file->dentry, NOTIFY_MODIFY);
	}
	return err;
}

/* Pages for [start, end); those that were made are dropped on failure. */
static int fill_range(struct page_cache *cache, uint64_t start, uint64_t end)
{
	uint64_t index = start >> PAGE_SHIFT;
	uint64_t last = (end - 1) >> PAGE_SHIFT;
	int err = 0;

	for (; index <= last && err == 0; index++) {
		struct page *page;

		err = page_cache_get(cache, index, true, &page);
		if (err == 0) {
			page_put(page);
		}
		sched_relax();
	}
	if (err < 0 && end > cache->size) {
		page_cache_set_size(cache, cache->size);
	}
	return err;
}

static int allocate_locked(struct inode *inode, int mode, uint64_t start,
			   uint64_t end)
{
	struct page_cache *cache = &inode->cache;
	bool keep = (mode & UAPI_FALLOC_KEEP_SIZE) != 0;
	bool zero = (mode & UAPI_FALLOC_ZERO_RANGE) != 0;
	bool grows = end > cache->size && !keep;
	int err;

	if ((grows && (inode->seals & UAPI_F_SEAL_GROW) != 0) ||
	    (zero && (inode->seals & UAPI_F_SEAL_WRITE) != 0)) {
		return -EPERM;
	}
	if (grows && end > rlimit_current(RLIMIT_FSIZE)) {
		vfs_send_signal(UAPI_SIGXFSZ);
		return -EFBIG;
	}
	if (end > FILE_SIZE_MAX) {
		return -EFBIG;
	}
	if (zero) {
		page_cache_punch(cache, start, end);
	}
	if (grows) {
		zero_tail(cache);
	}
	/* Behind a size that stays there is nothing to reserve: pages there
	 * would be lost with the next change of the size. */
	end = keep ? MIN(end, cache->size) : end;
	err = end > start ? fill_range(cache, start, end) : 0;
	if (err == 0 && grows) {
		__atomic_store_n(&cache->size, end, __ATOMIC_RELEASE);
	}
	return err;
}

static int punch_locked(struct inode *inode, uint64_t start, uint64_t end)
{
	if ((inode->seals & (UAPI_F_SEAL_WRITE | UAPI_F_SEAL_FUTURE_WRITE)) !=
	    0) {
		return -EPERM;
	}
	page_cache_punch(&inode->cache, start, end);
	return 0;
}

int page_cache_file_fallocate(struct file *file, int mode, int64_t offset,
			      int64_t length)
{
	struct inode *inode = file->inode;
	uint64_t start = (uint64_t)offset;
	uint64_t end = start + (uint64_t)length;
	int err;

	if (!is_memory(&inode->cache)) {
		return -EOPNOTSUPP;
	}
	mutex_lock(&inode->lock);
	switch (mode) {
	case UAPI_FALLOC_PUNCH_HOLE | UAPI_FALLOC_KEEP_SIZE:
		err = punch_locked(inode, start, end);
		break;
	case 0:
	case UAPI_FALLOC_KEEP_SIZE:
	case UAPI_FALLOC_ZERO_RANGE:
	case UAPI_FALLOC_ZERO_RANGE | UAPI_FALLOC_KEEP_SIZE:
		err = allocate_locked(inode, mode, start, end);
		break;
	default:
		err = -EOPNOTSUPP;
		break;
	}
	if (err == 0) {
		inode_touch(inode, INODE_MTIME | INODE_CTIME);
	}
	mutex_unlock(&inode->lock);
	if (err == 0) {
		vfs_notify_dentry(file->dentry, NOTIFY_MODIFY);
	}
	return err;
}

const struct file_ops file_ops_page_cache = {
	.read = page_cache_file_read,
	.write = page_cache_file_write,
	.lseek = file_lseek_generic,
	.fsync = page_cache_file_fsync,
	.fallocate = page_cache_file_fallocate,
	.truncate = page_cache_file_truncate,
};
