/* SPDX-License-Identifier: BSD-3-Clause */

/* A text buffer that doubles; see text.h.  One owner, no locks. */
#include <fs/procfs/text.h>

#include <stdarg.h>

#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>

#define FIRST_SIZE 512

char *fs_text_reserve(struct fs_text *text, size_t size)
{
	size_t capacity = MAX(text->capacity, (size_t)FIRST_SIZE);
	char *buf;

	if (text->failed) {
		return NULL;
	}
	if (size <= text->capacity - text->length) {
		return text->buf + text->length;
	}
	while (capacity - text->length < size && capacity < FS_TEXT_MAX) {
		capacity *= 2;
	}
	buf = capacity - text->length < size ? NULL
					     : krealloc(text->buf, capacity);
	if (buf == NULL) {
		text->failed = true;
		return NULL;
	}
	text->buf = buf;
	text->capacity = capacity;
	return buf + text->length;
}

void fs_text_add(struct fs_text *text, const char *format, ...)
{
	size_t room = text->capacity - text->length;
	va_list args;
	int length;

	va_start(args, format);
	length = kvsnprintf(room == 0 ? NULL : text->buf + text->length, room,
			    format, args);
	va_end(args);
	if (length < 0) {
		return;
	}
	if ((size_t)length >= room) {
		if (fs_text_reserve(text, (size_t)length + 1) == NULL) {
			return;
		}
		va_start(args, format);
		kvsnprintf(text->buf + text->length, (size_t)length + 1, format,
			   args);
		va_end(args);
	}
	text->length += (size_t)length;
}

void fs_text_put(struct fs_text *text, const void *data, size_t size)
{
	char *to = size == 0 ? NULL : fs_text_reserve(text, size);

	if (to != NULL) {
		memcpy(to, data, size);
		text->length += size;
	}
}

void fs_text_put_escaped(struct fs_text *text, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\\') {
			fs_text_add(text, "\\%03o", c);
		} else {
			fs_text_put(text, &data[i], 1);
		}
	}
}

void fs_text_pad(struct fs_text *text, size_t line_start, size_t column)
{
	while (!text->failed && text->length - line_start < column) {
		fs_text_put(text, " ", 1);
	}
}

void fs_text_free(struct fs_text *text)
{
	kfree(text->buf);
	text->buf = NULL;
	text->length = 0;
	text->capacity = 0;
	text->failed = false;
}
