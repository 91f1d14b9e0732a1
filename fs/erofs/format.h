/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * EROFS on disk, little-endian, as mkfs.erofs 1.5 writes it.
 *
 *	1024		superblock; its checksum covers the rest of the block
 *	meta_block	inodes in slots of 32 bytes; inode number = slot number:
 *			inode (32 or 64 bytes), extended attributes, then the
 *			tail of the data (inline layout) or the chunk map
 *	xattr_block	extended attributes that inodes share
 *
 * A directory is data too: in each block an array of struct erofs_dirent,
 * then the names, sorted, first in the block and through the blocks.
 */
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>

#define EROFS_SUPER_OFFSET 1024
#define EROFS_MAGIC	   0xe0f5e1e2
#define EROFS_SLOT_SIZE	   32

#define EROFS_COMPAT_CHECKSUM	   (1u << 0)
#define EROFS_INCOMPAT_LZ4_PADDING (1u << 0) /* of compressed data only */
#define EROFS_INCOMPAT_COMPRESSION (1u << 1)
#define EROFS_INCOMPAT_CHUNKED	   (1u << 2)
#define EROFS_INCOMPAT_DEVICES	   (1u << 3)
#define EROFS_INCOMPAT_KNOWN                                                   \
	(EROFS_INCOMPAT_LZ4_PADDING | EROFS_INCOMPAT_CHUNKED)

struct erofs_superblock {
	uint32_t magic;
	uint32_t checksum;
	uint32_t compatible;
	uint8_t block_bits;
	uint8_t extension_slots;
	uint16_t root_node;
	uint64_t inode_count;
	uint64_t build_time;
	uint32_t build_time_ns;
	uint32_t block_count;
	uint32_t meta_block;
	uint32_t xattr_block;
	uint8_t uuid[16];
	uint8_t volume_name[16];
	uint32_t incompatible;
	uint8_t unused[44];
} PACKED;
_Static_assert(sizeof(struct erofs_superblock) == 128, "superblock");
_Static_assert(offsetof(struct erofs_superblock, uuid) == 48, "uuid");
_Static_assert(offsetof(struct erofs_superblock, incompatible) == 80,
	       "features");

/* format: bit 0 extended, bits 1-3 layout. */
#define EROFS_FORMAT_EXTENDED	  (1u << 0)
#define EROFS_FORMAT_LAYOUT_SHIFT 1
#define EROFS_FORMAT_LAYOUT_MASK  7u
#define EROFS_FORMAT_UNKNOWN	  (~0xfu)

#define EROFS_LAYOUT_PLAIN	  0 /* consecutive blocks */
#define EROFS_LAYOUT_COMPRESSED	  1
#define EROFS_LAYOUT_INLINE	  2 /* the last, partial one at the inode */
#define EROFS_LAYOUT_COMPRESSED_2 3
#define EROFS_LAYOUT_CHUNKED	  4

/* `data`: first block, device number, or chunk format. */
#define EROFS_CHUNK_BITS_MASK 0x1fu /* block bits are added */
#define EROFS_CHUNK_INDEXES   0x20u /* map of erofs_chunk, else of blocks */
#define EROFS_CHUNK_UNKNOWN   (0xffffu & ~0x3fu)
#define EROFS_BLOCK_NONE      0xffffffffu /* a hole */

struct erofs_inode_compact {
	uint16_t format;
	uint16_t xattr_count;
	uint16_t mode;
	uint16_t link_count;
	uint32_t size;
	uint32_t unused;
	uint32_t data;
	uint32_t number;
	uint16_t uid;
	uint16_t gid;
	uint32_t unused_2;
} PACKED;
_Static_assert(sizeof(struct erofs_inode_compact) == 32, "compact inode");
_Static_assert(offsetof(struct erofs_inode_compact, data) == 16, "data");

struct erofs_inode_extended {
	uint16_t format;
	uint16_t xattr_count;
	uint16_t mode;
	uint16_t unused;
	uint64_t size;
	uint32_t data;
	uint32_t number;
	uint32_t uid;
	uint32_t gid;
	uint64_t mtime;
	uint32_t mtime_ns;
	uint32_t link_count;
	uint8_t unused_2[16];
} PACKED;
_Static_assert(sizeof(struct erofs_inode_extended) == 64, "extended inode");
_Static_assert(offsetof(struct erofs_inode_extended, data) == 16, "data");
_Static_assert(offsetof(struct erofs_inode_extended, mtime) == 32, "mtime");

struct erofs_chunk {
	uint16_t advice;
	uint16_t device;
	uint32_t block;
} PACKED;
_Static_assert(sizeof(struct erofs_chunk) == 8, "chunk");

struct erofs_dirent {
	uint64_t node;
	uint16_t name_offset; /* in the block; of the first: the array's size */
	uint8_t type;	      /* EROFS_TYPE_* */
	uint8_t unused;
} PACKED;
_Static_assert(sizeof(struct erofs_dirent) == 12, "dirent");

#define EROFS_TYPE_REGULAR   1
#define EROFS_TYPE_DIRECTORY 2
#define EROFS_TYPE_CHARACTER 3
#define EROFS_TYPE_BLOCK     4
#define EROFS_TYPE_FIFO	     5
#define EROFS_TYPE_SOCKET    6
#define EROFS_TYPE_SYMLINK   7

/* Extended attributes: 12 + 4 * (xattr_count - 1) bytes behind the inode when
 * xattr_count is not 0: header, numbers of shared ones, entries. */
struct erofs_xattr_header {
	uint32_t name_filter;
	uint8_t shared_count;
	uint8_t unused[7];
} PACKED;
_Static_assert(sizeof(struct erofs_xattr_header) == 12, "xattr header");

struct erofs_xattr_entry {
	uint8_t name_length;
	uint8_t name_class; /* EROFS_XATTR_* */
	uint16_t value_size;
	/* name, value, padding to 4 bytes */
} PACKED;
_Static_assert(sizeof(struct erofs_xattr_entry) == 4, "xattr entry");

#define EROFS_XATTR_USER	1
#define EROFS_XATTR_ACL_ACCESS	2
#define EROFS_XATTR_ACL_DEFAULT 3
#define EROFS_XATTR_TRUSTED	4
#define EROFS_XATTR_SECURITY	6
