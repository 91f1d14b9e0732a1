/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The page cache of a whole device: metadata of filesystems and raw access.
 *
 * The last page may be partial: only the sectors that exist are moved, its
 * rest is zeros.
 */
#include <drivers/block.h>

#include <drivers/block/internal.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <uapi/errno.h>

#define PAGE_SECTORS (PAGE_SIZE / SECTOR_SIZE)

static struct block_device *device_of(struct page_cache *cache)
{
	return container_of(cache, struct block_device, cache);
}

static int cache_read(struct page_cache *cache, uint64_t index,
		      struct page **pages, size_t count)
{
	struct block_device *device = device_of(cache);
	uint64_t start = index * PAGE_SIZE;
	uint64_t left = cache->size > start ? cache->size - start : 0;
	size_t inside =
		MIN(count, (size_t)((left + PAGE_SIZE - 1) / PAGE_SIZE));

	for (size_t i = inside; i < count; i++) {
		memset(page_address(pages[i]), 0, PAGE_SIZE);
		page_read_done(pages[i], true);
	}
	if (inside == 0) {
		return 0;
	}
	return block_fill_pages(device, index * PAGE_SECTORS, pages, inside,
				MIN(left, (uint64_t)inside * PAGE_SIZE));
}

/* The sectors of the last page that exist. */
static int write_partial(struct block_device *device, uint64_t index,
			 struct page *page)
{
	uint64_t first = index * PAGE_SECTORS;
	struct block_segment segment = {
		.page = page,
		.size = (uint32_t)((device->sector_count - first) *
				   SECTOR_SIZE),
	};

	return block_write_segment(device, first, &segment);
}

static int cache_write(struct page_cache *cache, uint64_t index,
		       struct page **pages, size_t count)
{
	struct block_device *device = device_of(cache);
	size_t whole = MIN(count, (size_t)(cache->size / PAGE_SIZE - index));
	int err = block_write_pages(device, index * PAGE_SECTORS, pages, whole);

	if (err == 0 && whole < count && cache->size % PAGE_SIZE != 0) {
		err = write_partial(device, index + whole, pages[whole]);
	}
	for (size_t i = 0; i < count; i++) {
		page_write_done(pages[i], err);
	}
	return err;
}

static const struct page_cache_ops cache_ops = {
	.read = cache_read,
	.write = cache_write,
};

void block_cache_init(struct block_device *device)
{
	page_cache_init(&device->cache, &cache_ops, NULL);
	device->cache.size = device->sector_count * SECTOR_SIZE;
}

int block_read_bytes(struct block_device *device, uint64_t offset, void *buffer,
		     size_t size)
{
	char *to = buffer;

	if (offset > device->cache.size || size > device->cache.size - offset) {
		return -EIO;
	}
	while (size > 0) {
		size_t within = offset % PAGE_SIZE;
		size_t piece = MIN(size, (size_t)PAGE_SIZE - within);
		struct page *page;
		int err = page_cache_get(&device->cache, offset / PAGE_SIZE,
					 false, &page);

		if (err < 0) {
			return err;
		}
		memcpy(to, (const char *)page_address(page) + within, piece);
		page_put(page);
		to += piece;
		offset += piece;
		size -= piece;
	}
	return 0;
}
