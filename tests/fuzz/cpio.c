/* SPDX-License-Identifier: BSD-3-Clause */

/* Initial archives. */
#include "../../fs/cpio/cpio.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char *const seeds[] = {"tests/fuzz/seeds/archive.cpio", NULL};

/* Each entry lies in the data, and the reader moves on. */
static void run(const uint8_t *data, size_t size)
{
	struct cpio_reader reader;
	struct cpio_entry entry;
	size_t last = 0;
	unsigned sum = 0;

	cpio_init(&reader, data, size);
	while (cpio_next(&reader, &entry) == 1) {
		if (reader.offset <= last || reader.offset > size ||
		    strlen(entry.name) == 0 || entry.data < data ||
		    entry.size > (size_t)(data + size - entry.data)) {
			abort();
		}
		last = reader.offset;
		for (uint32_t i = 0; i < entry.size; i++) {
			sum += entry.data[i];
		}
	}
	if (sum == 1) { /* keeps the reads */
		abort();
	}
}

FUZZ_TARGET(cpio, seeds, run);
