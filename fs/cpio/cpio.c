/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The newc form: a header of 110 bytes, "070701" (or "070702", with a check
 * sum that is not looked at) and 13 numbers of 8 hexadecimal digits; the name
 * with its NUL, or more of them, which align the data; padding to 4 bytes; the
 * data; padding to 4.  The archive ends with an entry named TRAILER!!!.
 */
#include <fs/cpio/cpio.h>

#include <lib/string.h>
#include <uapi/errno.h>

#define HEADER_SIZE 110
#define MAGIC_SIZE  6
#define FIELD_SIZE  8
#define NAME_MAX    8192 /* NULs included */

static const char trailer[] = "TRAILER!!!";

enum field {
	FIELD_INO,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_LINK_COUNT,
	FIELD_MTIME,
	FIELD_FILE_SIZE,
	FIELD_MAJOR,
	FIELD_MINOR,
	FIELD_RDEV_MAJOR,
	FIELD_RDEV_MINOR,
	FIELD_NAME_SIZE,
	FIELD_CHECK,
	FIELD_COUNT,
};

void cpio_init(struct cpio_reader *reader, const void *data, size_t size)
{
	reader->data = data;
	reader->size = size;
	reader->offset = 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_field(const uint8_t *text, uint32_t *value_out)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < FIELD_SIZE; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0) {
			return -EINVAL;
		}
		value = value << 4 | (uint32_t)digit;
	}
	*value_out = value;
	return 0;
}

static int read_header(const uint8_t *header, uint32_t fields[FIELD_COUNT])
{
	if (memcmp(header, "070701", MAGIC_SIZE) != 0 &&
	    memcmp(header, "070702", MAGIC_SIZE) != 0) {
		return -EINVAL;
	}
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (read_field(header + MAGIC_SIZE + i * FIELD_SIZE,
			       &fields[i]) < 0) {
			return -EINVAL;
		}
	}
	return 0;
}

static size_t left(const struct cpio_reader *reader)
{
	return reader->size - reader->offset;
}

/* Takes `size` bytes and the padding behind them; NULL: not there. */
static const uint8_t *take(struct cpio_reader *reader, size_t size)
{
	const uint8_t *start = reader->data + reader->offset;
	size_t padding;

	if (size > left(reader)) {
		return NULL;
	}
	reader->offset += size;
	padding = -reader->offset & 3;
	reader->offset += padding < left(reader) ? padding : left(reader);
	return start;
}

static void skip_zeros(struct cpio_reader *reader)
{
	while (left(reader) > 0 && reader->data[reader->offset] == 0) {
		reader->offset++;
	}
}

static void fill(struct cpio_entry *entry, const uint32_t *fields)
{
	entry->size = fields[FIELD_FILE_SIZE];
	entry->ino = fields[FIELD_INO];
	entry->mode = fields[FIELD_MODE];
	entry->uid = fields[FIELD_UID];
	entry->gid = fields[FIELD_GID];
	entry->link_count = fields[FIELD_LINK_COUNT];
	entry->mtime = fields[FIELD_MTIME];
	entry->major = fields[FIELD_MAJOR];
	entry->minor = fields[FIELD_MINOR];
	entry->rdev_major = fields[FIELD_RDEV_MAJOR];
	entry->rdev_minor = fields[FIELD_RDEV_MINOR];
}

/* 1: an entry, 0: a trailer. */
static int read_entry(struct cpio_reader *reader, struct cpio_entry *entry)
{
	uint32_t fields[FIELD_COUNT];
	uint32_t name_size;
	const uint8_t *name;

	if (left(reader) < HEADER_SIZE ||
	    read_header(reader->data + reader->offset, fields) < 0) {
		return -EINVAL;
	}
	name_size = fields[FIELD_NAME_SIZE];
	if (name_size < 2 || name_size > NAME_MAX) {
		return -EINVAL;
	}
	/* Header and name are padded together. */
	name = take(reader, HEADER_SIZE + name_size);
	if (name == NULL) {
		return -EINVAL;
	}
	name += HEADER_SIZE;
	if (name[0] == '\0' || name[name_size - 1] != '\0') {
		return -EINVAL;
	}
	fill(entry, fields);
	entry->name = (const char *)name;
	entry->data = take(reader, entry->size);
	if (entry->data == NULL) {
		return -EINVAL;
	}
	return strcmp(entry->name, trailer) == 0 ? 0 : 1;
}

int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry)
{
	int result;

	do {
		skip_zeros(reader);
		if (left(reader) == 0) {
			return 0;
		}
		result = read_entry(reader, entry);
	} while (result == 0);
	return result;
}
