/* SPDX-License-Identifier: BSD-3-Clause */

/* Partition tables: what is found lies on the disk. */
#include "../../drivers/block/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MAX 63

static const char *const seeds[] = {"tests/fuzz/seeds/partition", NULL};

struct bytes {
	const uint8_t *data;
	size_t size;
};

static int read_bytes(const struct partition_source *source, uint64_t offset,
		      void *buffer, size_t size)
{
	const struct bytes *bytes = source->private;

	if (offset > bytes->size || size > bytes->size - offset) {
		return -EIO;
	}
	memcpy(buffer, bytes->data + offset, size);
	return 0;
}

static void run(const uint8_t *data, size_t size)
{
	struct partition found[MAX];
	struct bytes bytes = {.data = data, .size = size};
	struct partition_source source = {
		.read = read_bytes,
		.private = &bytes,
		.sector_count = size / 512,
		.block_size = size > 0 && data[0] % 2 != 0 ? 4096 : 512,
		.name = "fuzz",
	};
	int count = partition_table_read(&source, found, MAX);

	for (int i = 0; i < count; i++) {
		if (found[i].count == 0 || found[i].first >= size / 512 ||
		    found[i].count > size / 512 - found[i].first) {
			abort();
		}
	}
}

FUZZ_TARGET(partition, seeds, run);
