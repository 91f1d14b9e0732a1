/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * File data into the page cache: blocks are page aligned on disk, so requests
 * go straight into the file's pages, as many in one as are consecutive.
 * Inline tails are copied from the block of their inode.
 */
#include <fs/erofs/vfs.h>

#include <drivers/block.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <uapi/errno.h>

#define BLOCK_SECTORS (EROFS_BLOCK_SIZE / SECTOR_SIZE)

static void finish(struct page **pages, size_t count, bool ok)
{
	for (size_t i = 0; i < count; i++) {
		page_read_done(pages[i], ok);
	}
}

static int read_inline(struct erofs_super *super,
		       const struct erofs_extent *extent, struct page *page)
{
	char *to = page_address(page);
	int err = erofs_image_read(&super->image, extent->position, to,
				   extent->size);

	if (err == 0) {
		memset(to + extent->size, 0, PAGE_SIZE - extent->size);
	}
	page_read_done(page, err == 0);
	return err;
}

static void read_hole(struct page **pages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		memset(page_address(pages[i]), 0, PAGE_SIZE);
	}
	finish(pages, count, true);
}

/* Chunks that follow each other on disk make one request. */
static size_t extend_run(struct erofs_super *super,
			 const struct erofs_node *node, uint64_t index,
			 uint64_t block, size_t run, size_t count)
{
	uint64_t end = DIV_ROUND_UP(node->size, EROFS_BLOCK_SIZE);

	while (run < count && index + run < end) {
		struct erofs_extent next;
		int err =
			erofs_node_map(&super->image, node, index + run, &next);

		if (err < 0 || next.kind != EROFS_EXTENT_BLOCKS ||
		    next.block != block + run) {
			break;
		}
		run += MIN((uint64_t)(count - run), next.count);
	}
	return run;
}

/* Fills at least one page; returns how many were dealt with, or the error:
 * no page was touched. */
static ssize_t read_run(struct erofs_super *super,
			const struct erofs_node *node, uint64_t index,
			struct page **pages, size_t count, int *result)
{
	struct erofs_extent extent;
	uint64_t start = index << EROFS_BLOCK_BITS;
	size_t run;
	int err;

	if (start >= node->size) {
		read_hole(pages, count);
		return (ssize_t)count;
	}
	err = erofs_node_map(&super->image, node, index, &extent);
	if (err < 0) {
		return err;
	}
	run = (size_t)MIN((uint64_t)count, extent.count);
	switch (extent.kind) {
	case EROFS_EXTENT_HOLE:
		read_hole(pages, run);
		return (ssize_t)run;
	case EROFS_EXTENT_INLINE:
		err = read_inline(super, &extent, pages[0]);
		run = 1;
		break;
	case EROFS_EXTENT_BLOCKS:
		run = extend_run(super, node, index, extent.block, run, count);
		err = block_fill_pages(
			super->device, extent.block * BLOCK_SECTORS, pages, run,
			MIN(node->size - start, (uint64_t)run * PAGE_SIZE));
		break;
	}
	if (err < 0 && *result == 0) {
		*result = err;
	}
	return (ssize_t)run;
}

static int read_pages(struct page_cache *cache, uint64_t index,
		      struct page **pages, size_t count)
{
	struct inode *inode = cache->owner;
	struct erofs_super *super = erofs_super_of(inode);
	int result = 0;

	while (count > 0) {
		ssize_t done = read_run(super, erofs_node_of(inode), index,
					pages, count, &result);

		if (done < 0) {
			finish(pages, count, false);
			return (int)done;
		}
		index += (uint64_t)done;
		pages += done;
		count -= (size_t)done;
	}
	return result;
}

const struct page_cache_ops erofs_page_cache_ops = {.read = read_pages};
