/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Reading cpio archives of the "newc" form: pure code over a buffer, nothing in
 * which is trusted.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpio_reader {
	const uint8_t *data;
	size_t size;
	size_t offset; /* of the next header; a multiple of 4 */
};

struct cpio_entry {
	const char *name; /* in the archive; NUL-terminated, not empty */
	const uint8_t *data;
	uint32_t size;
	uint32_t ino, mode, uid, gid, link_count, mtime;
	uint32_t major, minor;		 /* of the filesystem it came from */
	uint32_t rdev_major, rdev_minor; /* of a device node */
};

void cpio_init(struct cpio_reader *reader, const void *data, size_t size);

/*
 * The next entry: 1; 0 at the end (the trailer, or the end of the data);
 * -EINVAL when the archive is corrupt.  Padding of zeros between archives is
 * skipped, so several may stand behind each other.
 */
int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry);
