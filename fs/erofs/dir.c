/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Directories: binary search for names, listing.
 *
 *	block:	dirent 0 | dirent 1 | ... | name 0 | name 1 | ... | NULs
 *
 * Names have no terminator but the next name's start; the last one ends at a
 * NUL or at the end of the block.  They are sorted bytewise, in the block and
 * from block to block, so a look-up costs log2(blocks) + log2(entries) steps.
 *
 * A position of the listing is block number * 512 + entry number: a block
 * holds at most 4096 / 13 entries.
 */
#include <fs/erofs/internal.h>

#include <fs/erofs/format.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <uapi/errno.h>

#define ENTRIES_PER_BLOCK 512

/* A directory block in memory; names were checked to lie inside. */
struct dir_block {
	struct erofs_block block;
	const uint8_t *data;
	size_t size; /* bytes of the directory in it */
	unsigned count;
};

static int open_block(struct erofs_image *image, const struct erofs_node *dir,
		      uint64_t index, struct dir_block *out)
{
	struct erofs_extent extent;
	struct erofs_dirent first;
	uint64_t start;
	int err = erofs_node_map(image, dir, index, &extent);

	if (err < 0) {
		return err;
	}
	if (extent.kind == EROFS_EXTENT_HOLE) {
		return erofs_image_corrupt(image, dir->number,
					   "a hole in a directory");
	}
	start = extent.kind == EROFS_EXTENT_INLINE
			? extent.position
			: extent.block << EROFS_BLOCK_BITS;
	if (start >> EROFS_BLOCK_BITS >= image->block_count) {
		return erofs_image_corrupt(image, dir->number,
					   "data outside of the image");
	}
	out->size = MIN(dir->size - (index << EROFS_BLOCK_BITS),
			(uint64_t)EROFS_BLOCK_SIZE);
	err = image->ops->get(image, start >> EROFS_BLOCK_BITS, &out->block);
	if (err < 0) {
		return err;
	}
	/* An inline tail ends in its block: node.c (3). */
	out->data = out->block.data + start % EROFS_BLOCK_SIZE;
	if (out->size < sizeof(first)) {
		goto damaged;
	}
	memcpy(&first, out->data, sizeof(first));
	out->count = first.name_offset / sizeof(first);
	if (first.name_offset % sizeof(first) != 0 || out->count == 0 ||
	    out->count >= ENTRIES_PER_BLOCK || first.name_offset >= out->size) {
		goto damaged;
	}
	return 0;
damaged:
	image->ops->put(image, &out->block);
	return erofs_image_corrupt(image, dir->number, "directory block");
}

static void close_block(struct erofs_image *image, struct dir_block *block)
{
	image->ops->put(image, &block->block);
}

static int entry_at(struct erofs_image *image, const struct erofs_node *dir,
		    const struct dir_block *block, unsigned index,
		    struct erofs_entry *entry_out)
{
	struct erofs_dirent raw;
	struct erofs_dirent next;
	size_t end = block->size;

	memcpy(&raw, block->data + index * sizeof(raw), sizeof(raw));
	if (index + 1 < block->count) {
		memcpy(&next, block->data + (index + 1) * sizeof(next),
		       sizeof(next));
		end = next.name_offset;
	}
	if (raw.name_offset < block->count * sizeof(raw) ||
	    raw.name_offset >= end || end > block->size) {
		return erofs_image_corrupt(image, dir->number,
					   "directory entry");
	}
	entry_out->name = (const char *)block->data + raw.name_offset;
	entry_out->length = strnlen(entry_out->name, end - raw.name_offset);
	entry_out->node = raw.node;
	entry_out->type = raw.type;
	if (entry_out->length == 0 || entry_out->length > EROFS_NAME_MAX ||
	    memchr(entry_out->name, '/', entry_out->length) != NULL) {
		return erofs_image_corrupt(image, dir->number,
					   "name in a directory");
	}
	return 0;
}

static int compare(const char *a, size_t a_length, const char *b,
		   size_t b_length)
{
	int order = memcmp(a, b, MIN(a_length, b_length));

	if (order != 0) {
		return order;
	}
	return a_length < b_length ? -1 : a_length > b_length;
}

/*
 * 0 and the entry's node; -ENOENT; or 1: the name comes before all of the
 * block, which `before_out` tells.
 */
static int search_block(struct erofs_image *image, const struct erofs_node *dir,
			const struct dir_block *block, const char *name,
			size_t length, bool *before_out, uint64_t *node_out)
{
	unsigned low = 0;
	unsigned high = block->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		struct erofs_entry entry;
		int err = entry_at(image, dir, block, middle, &entry);
		int order;

		if (err < 0) {
			return err;
		}
		order = compare(name, length, entry.name, entry.length);
		if (order == 0) {
			*node_out = entry.node;
			return 0;
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	*before_out = low == 0;
	return -ENOENT;
}

int erofs_dir_lookup(struct erofs_image *image, const struct erofs_node *dir,
		     const char *name, size_t length, uint64_t *node_out)
{
	uint64_t low = 0;
	uint64_t high = DIV_ROUND_UP(dir->size, EROFS_BLOCK_SIZE);

	/* The name, if it exists, is in a block of low..high - 1.  When it
	 * comes after the first name of a block it is there or behind. */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct dir_block block;
		struct erofs_entry last;
		bool before = false;
		int err = open_block(image, dir, middle, &block);

		if (err < 0) {
			return err;
		}
		err = search_block(image, dir, &block, name, length, &before,
				   node_out);
		if (err == -ENOENT && !before) {
			int last_err = entry_at(image, dir, &block,
						block.count - 1, &last);

			if (last_err < 0) {
				err = last_err;
			} else if (compare(name, length, last.name,
					   last.length) > 0) {
				low = middle + 1;
				err = 1;
			}
		} else if (err == -ENOENT) {
			high = middle;
			err = 1;
		}
		close_block(image, &block);
		if (err <= 0) {
			return err;
		}
	}
	return -ENOENT;
}

int erofs_dir_list(struct erofs_image *image, const struct erofs_node *dir,
		   uint64_t *position,
		   bool (*emit)(void *arg, const struct erofs_entry *entry,
				uint64_t next),
		   void *arg)
{
	uint64_t block_count = DIV_ROUND_UP(dir->size, EROFS_BLOCK_SIZE);
	uint64_t index = *position / ENTRIES_PER_BLOCK;
	unsigned number = *position % ENTRIES_PER_BLOCK;

	for (; index < block_count; index++, number = 0) {
		struct dir_block block;
		int err = open_block(image, dir, index, &block);
		bool more = true;

		for (; err == 0 && more && number < block.count; number++) {
			uint64_t here = index * ENTRIES_PER_BLOCK + number;
			struct erofs_entry entry;

			*position = here;
			err = entry_at(image, dir, &block, number, &entry);
			if (err < 0) {
				close_block(image, &block);
				return err;
			}
			more = emit(arg, &entry, here + 1);
		}
		if (err < 0) {
			return err;
		}
		close_block(image, &block);
		if (!more) {
			return 0;
		}
		*position = (index + 1) * ENTRIES_PER_BLOCK;
	}
	return 0;
}
