/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Inodes on disk: decoding, and where their data lies.
 *
 * A decoded node satisfies, and the rest of the driver relies on:
 * (1) its layout is plain, inline or chunked;
 * (2) size < 2^63; of directories and symlinks below their limits;
 * (3) an inline tail lies in one block together with nothing behind it.
 * The positions of data blocks are checked when they are used.
 */
#include <fs/erofs/internal.h>

#include <debug/log.h>
#include <fs/erofs/format.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <uapi/errno.h>
#include <vfs/stat.h>

#define SYMLINK_MAX   4095
#define DIRECTORY_MAX (UINT64_C(1) << 40) /* positions: see dir.c */
#define NSEC_MAX_SEC  (UINT64_MAX / 1000000000ull)

static uint64_t block_count(uint64_t size)
{
	return DIV_ROUND_UP(size, EROFS_BLOCK_SIZE);
}

static uint64_t nanoseconds(uint64_t seconds, uint32_t ns)
{
	return seconds < NSEC_MAX_SEC - 1
		       ? seconds * 1000000000ull + MIN(ns, 999999999u)
		       : 0;
}

/* What both kinds say, and where the parts behind the inode begin. */
static void decode_common(struct erofs_node *node, uint64_t position,
			  size_t inode_size, uint16_t format,
			  uint16_t xattr_count, uint32_t data)
{
	node->layout = (format >> EROFS_FORMAT_LAYOUT_SHIFT) &
		       EROFS_FORMAT_LAYOUT_MASK;
	node->xattr_size =
		xattr_count == 0 ? 0
				 : (uint32_t)sizeof(struct erofs_xattr_header) +
					   4u * (xattr_count - 1u);
	node->xattrs = position + inode_size;
	node->tail = node->xattrs + node->xattr_size;
	node->first_block = data;
	node->device = 0;
}

static int decode_compact(struct erofs_image *image, struct erofs_node *node,
			  uint64_t position)
{
	struct erofs_inode_compact raw;
	int err = erofs_image_read(image, position, &raw, sizeof(raw));

	if (err < 0) {
		return err;
	}
	decode_common(node, position, sizeof(raw), raw.format, raw.xattr_count,
		      raw.data);
	node->mode = raw.mode;
	node->link_count = raw.link_count;
	node->uid = raw.uid;
	node->gid = raw.gid;
	node->size = raw.size;
	node->mtime_ns = image->build_time_ns;
	return 0;
}

static int decode_extended(struct erofs_image *image, struct erofs_node *node,
			   uint64_t position)
{
	struct erofs_inode_extended raw;
	int err = erofs_image_read(image, position, &raw, sizeof(raw));

	if (err < 0) {
		return err;
	}
	decode_common(node, position, sizeof(raw), raw.format, raw.xattr_count,
		      raw.data);
	node->mode = raw.mode;
	node->link_count = raw.link_count;
	node->uid = raw.uid;
	node->gid = raw.gid;
	node->size = raw.size;
	node->mtime_ns = nanoseconds(raw.mtime, raw.mtime_ns);
	return 0;
}

static int check_chunked(struct erofs_image *image, struct erofs_node *node)
{
	uint32_t format = node->first_block & 0xffff;

	if ((format & EROFS_CHUNK_UNKNOWN) != 0) {
		return erofs_image_corrupt(image, node->number,
					   "unknown chunk format");
	}
	node->chunk_bits =
		(uint8_t)((format & EROFS_CHUNK_BITS_MASK) + EROFS_BLOCK_BITS);
	node->chunk_indexes = (format & EROFS_CHUNK_INDEXES) != 0;
	node->tail = ALIGN_UP(
		node->tail,
		node->chunk_indexes ? (uint64_t)sizeof(struct erofs_chunk) : 4);
	return 0;
}

static int check_inline(struct erofs_image *image,
			const struct erofs_node *node)
{
	size_t rest = node->size % EROFS_BLOCK_SIZE;
	size_t within = node->tail % EROFS_BLOCK_SIZE;

	if (node->size != 0 &&
	    (rest == 0 || rest > EROFS_BLOCK_SIZE - within)) {
		return erofs_image_corrupt(image, node->number,
					   "the tail crosses a block");
	}
	return 0; /* (3) */
}

static int check_layout(struct erofs_image *image, struct erofs_node *node)
{
	switch (node->layout) { /* (1) */
	case EROFS_LAYOUT_PLAIN:
		return 0;
	case EROFS_LAYOUT_INLINE:
		return check_inline(image, node);
	case EROFS_LAYOUT_CHUNKED:
		return check_chunked(image, node);
	case EROFS_LAYOUT_COMPRESSED:
	case EROFS_LAYOUT_COMPRESSED_2:
		log_error("erofs: %s: inode %llu is compressed, which is not "
			  "supported: make the image without -z",
			  image->name, (unsigned long long)node->number);
		return -EOPNOTSUPP;
	default:
		return erofs_image_corrupt(image, node->number,
					   "unknown layout");
	}
}

static int check_type(struct erofs_image *image, struct erofs_node *node)
{
	switch (node->mode & MODE_TYPE) { /* (2) */
	case MODE_REGULAR:
		if (node->size > INT64_MAX) {
			return erofs_image_corrupt(image, node->number,
						   "file size");
		}
		return check_layout(image, node);
	case MODE_DIRECTORY:
		if (node->size == 0 || node->size > DIRECTORY_MAX) {
			return erofs_image_corrupt(image, node->number,
						   "directory size");
		}
		return check_layout(image, node);
	case MODE_SYMLINK:
		if (node->size == 0 || node->size > SYMLINK_MAX) {
			return erofs_image_corrupt(image, node->number,
						   "symlink size");
		}
		return check_layout(image, node);
	case MODE_CHARACTER:
	case MODE_BLOCK:
		node->device = node->first_block;
		FALLTHROUGH;
	case MODE_FIFO:
	case MODE_SOCKET:
		node->size = 0;
		node->layout = EROFS_LAYOUT_PLAIN;
		return 0;
	default:
		return erofs_image_corrupt(image, node->number, "file type");
	}
}

int erofs_node_read(struct erofs_image *image, uint64_t number,
		    struct erofs_node *node_out)
{
	uint64_t end = image->block_count << EROFS_BLOCK_BITS;
	uint64_t position;
	uint16_t format;
	int err;

	if (number > (end - image->meta_start) / EROFS_SLOT_SIZE) {
		return erofs_image_corrupt(image, number, "number");
	}
	memset(node_out, 0, sizeof(*node_out));
	node_out->number = number;
	position = image->meta_start + number * EROFS_SLOT_SIZE;
	err = erofs_image_read(image, position, &format, sizeof(format));
	if (err == 0 && (format & EROFS_FORMAT_UNKNOWN) != 0) {
		return erofs_image_corrupt(image, number, "inode format");
	}
	if (err == 0) {
		err = (format & EROFS_FORMAT_EXTENDED) != 0
			      ? decode_extended(image, node_out, position)
			      : decode_compact(image, node_out, position);
	}
	return err < 0 ? err : check_type(image, node_out);
}

/* --- data ----------------------------------------------------------------- */

static int extent_of_blocks(struct erofs_image *image,
			    const struct erofs_node *node, uint64_t block,
			    uint64_t count, struct erofs_extent *extent)
{
	if (block == 0 || block >= image->block_count) {
		return erofs_image_corrupt(image, node->number,
					   "data outside of the image");
	}
	extent->kind = EROFS_EXTENT_BLOCKS;
	extent->block = block;
	extent->count = MIN(count, image->block_count - block);
	return 0;
}

static int map_chunk(struct erofs_image *image, const struct erofs_node *node,
		     uint64_t index, struct erofs_extent *extent)
{
	unsigned bits = node->chunk_bits - EROFS_BLOCK_BITS;
	uint64_t chunk = index >> bits;
	uint64_t within = index & ((UINT64_C(1) << bits) - 1);
	uint64_t left = MIN((UINT64_C(1) << bits) - within,
			    block_count(node->size) - index);
	struct erofs_chunk raw = {.device = 0};
	int err;

	/* index < 2^51 (2): no overflow here. */
	if (node->chunk_indexes) {
		err = erofs_image_read(image, node->tail + chunk * sizeof(raw),
				       &raw, sizeof(raw));
	} else {
		err = erofs_image_read(image, node->tail + chunk * 4,
				       &raw.block, 4);
	}
	if (err < 0) {
		return err;
	}
	if (raw.block == EROFS_BLOCK_NONE) {
		extent->kind = EROFS_EXTENT_HOLE;
		extent->count = left;
		return 0;
	}
	if (raw.device != 0) {
		return erofs_image_corrupt(image, node->number,
					   "a chunk on another device");
	}
	return extent_of_blocks(image, node, raw.block + within, left, extent);
}

int erofs_node_map(struct erofs_image *image, const struct erofs_node *node,
		   uint64_t index, struct erofs_extent *extent_out)
{
	uint64_t count = block_count(node->size);

	memset(extent_out, 0, sizeof(*extent_out));
	if (index >= count) {
		return -EIO;
	}
	if (node->layout == EROFS_LAYOUT_CHUNKED) {
		return map_chunk(image, node, index, extent_out);
	}
	if (node->layout == EROFS_LAYOUT_INLINE) {
		count--;
		if (index == count) {
			extent_out->kind = EROFS_EXTENT_INLINE;
			extent_out->count = 1;
			extent_out->position = node->tail;
			extent_out->size = node->size % EROFS_BLOCK_SIZE;
			return 0;
		}
	}
	return extent_of_blocks(image, node, node->first_block + index,
				count - index, extent_out);
}

/* One block's part of erofs_node_data(). */
static int copy_piece(struct erofs_image *image, const struct erofs_node *node,
		      uint64_t offset, uint8_t *to, size_t size)
{
	struct erofs_extent extent;
	size_t within = offset % EROFS_BLOCK_SIZE;
	int err = erofs_node_map(image, node, offset >> EROFS_BLOCK_BITS,
				 &extent);

	if (err < 0) {
		return err;
	}
	switch (extent.kind) {
	case EROFS_EXTENT_BLOCKS:
		return erofs_image_read(
			image, (extent.block << EROFS_BLOCK_BITS) + within, to,
			size);
	case EROFS_EXTENT_INLINE:
		return erofs_image_read(image, extent.position + within, to,
					size);
	case EROFS_EXTENT_HOLE:
		memset(to, 0, size);
		return 0;
	}
	return -EIO;
}

int erofs_node_data(struct erofs_image *image, const struct erofs_node *node,
		    uint64_t offset, void *buffer, size_t size)
{
	uint8_t *to = buffer;

	if (offset > node->size || size > node->size - offset) {
		return -EIO;
	}
	while (size > 0) {
		size_t within = offset % EROFS_BLOCK_SIZE;
		size_t piece = MIN(size, EROFS_BLOCK_SIZE - within);
		int err = copy_piece(image, node, offset, to, piece);

		if (err < 0) {
			return err;
		}
		to += piece;
		offset += piece;
		size -= piece;
	}
	return 0;
}
