/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * /dev/vblk0 and its kind: raw access through the device's page cache.
 *
 * Registered with devfs as a device node of type MODE_BLOCK.  Reads end at the
 * end of the device, writes beyond it are -ENOSPC, as on Linux.
 */
#include <drivers/block/internal.h>

#include <arch/user.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/device.h>
#include <vfs/inode.h>
#include <vfs/iov.h>
#include <vfs/stat.h>

/* ioctl(2) commands of block devices. */
#define BLKROGET      0x125d
#define BLKGETSIZE    0x1260
#define BLKFLSBUF     0x1261
#define BLKRAGET      0x1263
#define BLKSSZGET     0x1268
#define BLKDISCARD    0x1277
#define BLKIOMIN      0x1278
#define BLKIOOPT      0x1279
#define BLKALIGNOFF   0x127a
#define BLKPBSZGET    0x127b
#define BLKROTATIONAL 0x127e
#define BLKBSZGET     0x80081270
#define BLKGETSIZE64  0x80081272

struct block_node {
	struct char_device device;
	struct block_device *block;
};

static struct block_device *device_of(struct file *file)
{
	return file->private;
}

/* --- data
 * --------------------------------------------------------------------- */

static ssize_t node_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct page_cache *cache = &device_of(file)->cache;
	ssize_t total = 0;

	while (to->remaining > 0 && (uint64_t)*pos < cache->size) {
		size_t within = (uint64_t)*pos % PAGE_SIZE;
		size_t piece = MIN(to->remaining, (size_t)PAGE_SIZE - within);
		struct page *page;
		size_t moved;
		int err;

		piece = MIN((uint64_t)piece, cache->size - (uint64_t)*pos);
		err = page_cache_get(cache, (uint64_t)*pos / PAGE_SIZE, false,
				     &page);
		if (err < 0) {
			return total > 0 ? total : err;
		}
		moved = iov_copy_to(to, (char *)page_address(page) + within,
				    piece);
		page_put(page);
		*pos += (int64_t)moved;
		total += (ssize_t)moved;
		if (moved < piece) {
			return total > 0 ? total : -EFAULT;
		}
	}
	return total;
}

static ssize_t write_pages(struct page_cache *cache, struct iov_iter *from,
			   int64_t *pos)
{
	ssize_t total = 0;

	while (from->remaining > 0 && (uint64_t)*pos < cache->size) {
		size_t within = (uint64_t)*pos % PAGE_SIZE;
		size_t piece = MIN(from->remaining, (size_t)PAGE_SIZE - within);
		struct page *page;
		size_t moved;
		int err;

		piece = MIN((uint64_t)piece, cache->size - (uint64_t)*pos);
		err = page_cache_get(cache, (uint64_t)*pos / PAGE_SIZE, false,
				     &page);
		if (err < 0) {
			return total > 0 ? total : err;
		}
		moved = iov_copy_from(from, (char *)page_address(page) + within,
				      piece);
		if (moved > 0) {
			page_cache_mark_dirty(cache, page);
		}
		page_put(page);
		*pos += (int64_t)moved;
		total += (ssize_t)moved;
		if (moved < piece) {
			return total > 0 ? total : -EFAULT;
		}
	}
	return total;
}

static int sync_range(struct block_device *device, uint64_t start, uint64_t end)
{
	int err = page_cache_sync(&device->cache, start, end);

	return err < 0 ? err : block_flush(device);
}

static ssize_t node_write(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	struct block_device *device = device_of(file);
	uint64_t start = (uint64_t)*pos;
	ssize_t total;
	int err;

	if (device->read_only) {
		return -EPERM;
	}
	if (from->remaining > 0 && start >= device->cache.size) {
		return -ENOSPC;
	}
	total = write_pages(&device->cache, from, pos);
	if (total > 0 && (file->flags & UAPI_O_DSYNC) != 0) {
		err = sync_range(device, start, start + (uint64_t)total);
		if (err < 0) {
			return err;
		}
	}
	return total;
}

static int64_t node_lseek(struct file *file, int64_t offset, int whence)
{
	int64_t size = (int64_t)device_of(file)->cache.size;
	int64_t base = 0;

	if (whence == UAPI_SEEK_CUR) {
		base = file->position;
	} else if (whence == UAPI_SEEK_END) {
		base = size;
	} else if (whence != UAPI_SEEK_SET) {
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &offset) || offset < 0 ||
	    offset > size) {
		return -EINVAL;
	}
	file->position = offset;
	return offset;
}

static int node_fsync(struct file *file, bool data_only)
{
	(void)data_only;
	return sync_range(device_of(file), 0, UINT64_MAX);
}

/* --- ioctl
 * ---------------------------------------------------------------------- */

static long discard(struct file *file, const void USER *range)
{
	struct block_device *device = device_of(file);
	uint64_t bytes[2]; /* start, length */
	int err = user_copy_in(bytes, range, sizeof(bytes));

	if (err < 0) {
		return err;
	}
	if ((file->mode & FILE_WRITE) == 0) {
		return -EBADF;
	}
	if (!device->has_discard) {
		return -EOPNOTSUPP;
	}
	if ((bytes[0] | bytes[1]) % device->block_size != 0 ||
	    bytes[0] > device->cache.size ||
	    bytes[1] > device->cache.size - bytes[0]) {
		return -EINVAL;
	}
	if (bytes[1] == 0) {
		return 0;
	}
	page_cache_punch(&device->cache, bytes[0], bytes[0] + bytes[1]);
	return block_discard(device, bytes[0] / SECTOR_SIZE,
			     bytes[1] / SECTOR_SIZE);
}

static long put_u32(uint32_t value, void USER *to)
{
	return user_put_u32(to, value);
}

static long node_ioctl(struct file *file, unsigned command, unsigned long arg)
{
	struct block_device *device = device_of(file);
	void USER *to = (void USER *)arg;

	switch (command) {
	case BLKGETSIZE64:
		return user_put_u64(to, device->cache.size);
	case BLKGETSIZE:
		return user_put_u64(to, device->sector_count);
	case BLKROGET:
		return put_u32(device->read_only, to);
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN:
		return put_u32(device->block_size, to);
	case BLKIOOPT:
	case BLKALIGNOFF:
		return put_u32(0, to);
	case BLKROTATIONAL:
		return user_copy_out(to, &(uint16_t){0}, sizeof(uint16_t));
	case BLKBSZGET:
		return put_u32(PAGE_SIZE, to);
	case BLKRAGET:
		return user_put_u64(to, 256);
	case BLKFLSBUF:
		return sync_range(device, 0, UINT64_MAX);
	case BLKDISCARD:
		return discard(file, to);
	default:
		return -ENOTTY;
	}
}

static const struct file_ops node_ops = {
	.read = node_read,
	.write = node_write,
	.lseek = node_lseek,
	.ioctl = node_ioctl,
	.fsync = node_fsync,
};

/* --- the node
 * -------------------------------------------------------------------- */

static int node_open(struct inode *inode, struct file *file)
{
	struct char_device *found = char_device_find_block(inode->device);
	struct block_device *device;

	if (found == NULL) {
		return -ENXIO;
	}
	device = container_of(found, struct block_node, device)->block;
	if (device->read_only && (file->mode & FILE_WRITE) != 0) {
		return -EACCES;
	}
	file->private = device;
	file->ops = &node_ops;
	file->mode |= FILE_SEEKABLE | FILE_POSITION_LOCKED;
	file->mode &= ~(uint32_t)FILE_STREAM;
	file->vm.ops = &vm_object_ops_file;
	file->vm.cache = &device->cache;
	return 0;
}

int block_node_create(struct block_device *device)
{
	struct block_node *node = kzalloc(sizeof(*node));
	int err;

	if (node == NULL) {
		return -ENOMEM;
	}
	node->block = device;
	node->device.name = device->name;
	node->device.device = device->device;
	node->device.mode = MODE_BLOCK | 0660;
	node->device.ops = &node_ops;
	node->device.open = node_open;
	node->device.private = device;
	err = char_device_register(&node->device);
	if (err < 0) {
		kfree(node);
		return err;
	}
	device->node = node;
	return 0;
}
