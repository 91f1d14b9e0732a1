/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What the files of fs/erofs share.  image.c, node.c, dir.c and xattr.c know
 * nothing of inodes and page caches: they parse an image that is reached block
 * by block through erofs_image->ops, and run on the build host too.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>

#define EROFS_BLOCK_BITS 12
#define EROFS_BLOCK_SIZE (1ul << EROFS_BLOCK_BITS)
#define EROFS_NAME_MAX	 255

struct erofs_image;

struct erofs_block {
	const uint8_t *data; /* EROFS_BLOCK_SIZE bytes */
	void *handle;	     /* of the source */
};

struct erofs_image_ops {
	/* A block below image->source_blocks; 0, -EIO, -ENOMEM. */
	int (*get)(struct erofs_image *image, uint64_t number,
		   struct erofs_block *block_out);
	void (*put)(struct erofs_image *image, struct erofs_block *block);
};

struct erofs_image {
	const struct erofs_image_ops *ops; /* [I] set by the user */
	void *source;			   /* [I] set by the user */
	uint64_t source_blocks;		   /* [I] set by the user */
	const char *name;		   /* [I] for the log */
	/* [I] from the superblock: */
	uint64_t block_count; /* of the image, <= source_blocks */
	uint64_t inode_count;
	uint64_t meta_start; /* bytes */
	uint64_t xattr_start;
	uint64_t root_node;
	uint64_t build_time_ns;
	uint64_t id; /* from the uuid */
};

/* --- image.c -------------------------------------------------------------- */

/* Reads the superblock.  0, -EINVAL (no EROFS, or damaged), -EOPNOTSUPP (a
 * feature that this driver lacks); both logged.  -EIO, -ENOMEM. */
int erofs_image_open(struct erofs_image *image);
/* Copies bytes; -EIO when they do not lie in the image. */
int erofs_image_read(struct erofs_image *image, uint64_t offset, void *buffer,
		     size_t size);
/* Logs what is wrong with the image, at most a few lines in all; returns
 * -EIO. */
int erofs_image_corrupt(struct erofs_image *image, uint64_t node,
			const char *what);

/* --- node.c --------------------------------------------------------------- */

/* An inode, decoded and checked. */
struct erofs_node {
	uint64_t number; /* the slot */
	uint32_t mode;
	uint32_t link_count;
	uint32_t uid, gid;
	uint64_t size;
	uint64_t device; /* of device nodes */
	uint64_t mtime_ns;
	uint64_t tail;	     /* byte position of the inline tail or chunk map */
	uint64_t xattrs;     /* byte position */
	uint32_t xattr_size; /* 0: none */
	uint32_t first_block;
	uint8_t layout;
	uint8_t chunk_bits;
	bool chunk_indexes;
};

/* 0, -EIO (damaged; logged), -EOPNOTSUPP (compressed; logged), -ENOMEM. */
int erofs_node_read(struct erofs_image *image, uint64_t number,
		    struct erofs_node *node_out);

/* Where blocks of a file are. */
enum erofs_extent_kind {
	EROFS_EXTENT_BLOCKS, /* `count` blocks from `block` */
	EROFS_EXTENT_HOLE,   /* `count` blocks of zeros */
	EROFS_EXTENT_INLINE, /* one block: `size` bytes at byte `position` */
};

struct erofs_extent {
	enum erofs_extent_kind kind;
	uint64_t block;
	uint64_t count;
	uint64_t position;
	size_t size;
};

/* Of the file's block `index`, which lies below its size.  The extent lies in
 * the image.  0 or -EIO. */
int erofs_node_map(struct erofs_image *image, const struct erofs_node *node,
		   uint64_t index, struct erofs_extent *extent_out);

/* Copies file data; offset + size <= node->size.  0 or -EIO, -ENOMEM. */
int erofs_node_data(struct erofs_image *image, const struct erofs_node *node,
		    uint64_t offset, void *buffer, size_t size);

/* --- dir.c ------------------------------------------------------------------
 */

struct erofs_entry {
	const char *name; /* valid during the call it is given to */
	size_t length;
	uint64_t node;
	unsigned type; /* EROFS_TYPE_* */
};

/* 0, -ENOENT, -EIO. */
int erofs_dir_lookup(struct erofs_image *image, const struct erofs_node *dir,
		     const char *name, size_t length, uint64_t *node_out);

/*
 * Calls emit for each entry from *position on (0: the start); stops when it
 * returns false, *position is then that of the entry refused.  Positions are
 * opaque, below 2^63, and grow.  0 or -EIO.
 */
int erofs_dir_list(struct erofs_image *image, const struct erofs_node *dir,
		   uint64_t *position,
		   bool (*emit)(void *arg, const struct erofs_entry *entry,
				uint64_t next),
		   void *arg);

/* --- xattr.c -----------------------------------------------------------------
 */

/* As inode_ops.getxattr and listxattr. */
ssize_t erofs_xattr_get(struct erofs_image *image,
			const struct erofs_node *node, const char *name,
			void *value, size_t size);
ssize_t erofs_xattr_list(struct erofs_image *image,
			 const struct erofs_node *node, char *list,
			 size_t size);
