/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * EROFS images: everything that a mounted one is asked is asked here.  Each
 * block is an allocation of its own, so an access beside it is seen; blocks
 * must all be given back, and only blocks of the image be asked for.
 */
#include "../../fs/erofs/internal.h"

#include <stdlib.h>
#include <string.h>

#include "../../fs/erofs/format.h"
#include "fuzz.h"

#define NODES_MAX 64
#define DEPTH_MAX 4
#define DATA_MAX  20000

static const char *const seeds[] = {"tests/fuzz/seeds/erofs",
				    "tests/fuzz/seeds/erofs-chunks", NULL};

struct source {
	const uint8_t *data;
	size_t size;
	unsigned out;
	unsigned nodes, depth;
	struct erofs_image image;
};

static int get(struct erofs_image *image, uint64_t number,
	       struct erofs_block *block)
{
	struct source *source = image->source;
	size_t start = number * EROFS_BLOCK_SIZE;
	uint8_t *copy = calloc(1, EROFS_BLOCK_SIZE);
	size_t left = source->size - start;

	if (number >= image->source_blocks) {
		abort();
	}
	memcpy(copy, source->data + start,
	       left < EROFS_BLOCK_SIZE ? left : EROFS_BLOCK_SIZE);
	if (number == 0) {
		/* The checksum would hide what lies behind it. */
		copy[EROFS_SUPER_OFFSET +
		     offsetof(struct erofs_superblock, compatible)] &= 0xfe;
	}
	source->out++;
	block->data = copy;
	block->handle = copy;
	return 0;
}

static void put(struct erofs_image *image, struct erofs_block *block)
{
	((struct source *)image->source)->out--;
	free(block->handle);
}

static const struct erofs_image_ops ops = {.get = get, .put = put};

static void visit(struct source *source, uint64_t number);

static bool entry(void *arg, const struct erofs_entry *entry, uint64_t next)
{
	struct source *source = arg;

	(void)next;
	if (source->nodes >= NODES_MAX) {
		return false;
	}
	if (entry->name[0] != '.') {
		visit(source, entry->node);
	}
	return true;
}

static void visit(struct source *source, uint64_t number)
{
	struct erofs_image *image = &source->image;
	struct erofs_node node;
	uint64_t position = 0;
	uint64_t found;
	char buf[DATA_MAX];
	size_t size;

	source->nodes++;
	if (source->depth >= DEPTH_MAX ||
	    erofs_node_read(image, number, &node) != 0) {
		return;
	}
	erofs_xattr_list(image, &node, buf, 100);
	erofs_xattr_get(image, &node, "user.b", buf, 16);
	size = node.size < DATA_MAX ? (size_t)node.size : DATA_MAX;
	erofs_node_data(image, &node, node.size - size, buf, size);
	if ((node.mode & 0170000) == 0040000) {
		erofs_dir_lookup(image, &node, "name4", 5, &found);
		source->depth++;
		erofs_dir_list(image, &node, &position, entry, source);
		source->depth--;
	}
}

static void run(const uint8_t *data, size_t size)
{
	struct source source = {.data = data, .size = size};

	source.image.ops = &ops;
	source.image.source = &source;
	source.image.source_blocks =
		(size + EROFS_BLOCK_SIZE - 1) / EROFS_BLOCK_SIZE;
	source.image.name = "fuzz";
	if (erofs_image_open(&source.image) == 0) {
		visit(&source, source.image.root_node);
	}
	if (source.out != 0) {
		abort();
	}
}

FUZZ_TARGET(erofs, seeds, run);
