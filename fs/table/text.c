/* SPDX-License-Identifier: BSD-3-Clause */

/* A text buffer that doubles; see text.h.  One owner, no locks. */
#include <vfs/table_text.h>

#include <stdarg.h>

#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <sched/cpumask.h>

#define FIRST_SIZE 512

char *table_text_reserve(struct table_text *text, size_t size)
{
	size_t capacity = MAX(text->capacity, (size_t)FIRST_SIZE);
	char *buf;

	if (text->failed) {
		return NULL;
	}
	if (size <= text->capacity - text->length) {
		return text->buf + text->length;
	}
	while (capacity - text->length < size && capacity < TABLE_TEXT_MAX) {
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

void table_text_add(struct table_text *text, const char *format, ...)
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
		if (table_text_reserve(text, (size_t)length + 1) == NULL) {
			return;
		}
		va_start(args, format);
		kvsnprintf(text->buf + text->length, (size_t)length + 1, format,
			   args);
		va_end(args);
	}
	text->length += (size_t)length;
}

void table_text_put(struct table_text *text, const void *data, size_t size)
{
	char *to = size == 0 ? NULL : table_text_reserve(text, size);

	if (to != NULL) {
		memcpy(to, data, size);
		text->length += size;
	}
}

void table_text_put_escaped(struct table_text *text, const char *data,
			    size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\\') {
			table_text_add(text, "\\%03o", c);
		} else {
			table_text_put(text, &data[i], 1);
		}
	}
}

void table_text_pad(struct table_text *text, size_t line_start, size_t column)
{
	while (!text->failed && text->length - line_start < column) {
		table_text_put(text, " ", 1);
	}
}

void table_text_free(struct table_text *text)
{
	kfree(text->buf);
	text->buf = NULL;
	text->length = 0;
	text->capacity = 0;
	text->failed = false;
}

/* Words of 32 bits, the highest first and only as wide as needed: "f", or
 * "3,ffffffff". */
void table_text_cpumask(struct table_text *text, const struct cpumask *mask,
			unsigned count)
{
	unsigned words = (count + 31) / 32;
	int width = (int)((count - (words - 1) * 32 + 3) / 4);

	for (unsigned word = words; word-- > 0; width = 8) {
		uint32_t bits = 0;

		for (unsigned i = 0; i < 32 && word * 32 + i < count; i++) {
			if (cpumask_has(mask, word * 32 + i)) {
				bits |= 1u << i;
			}
		}
		table_text_add(text, "%0*x%s", width, bits,
			       word > 0 ? "," : "");
	}
}

/* "0-3,8" */
void table_text_cpulist(struct table_text *text, const struct cpumask *mask,
			unsigned count)
{
	const char *comma = "";

	for (unsigned cpu = 0; cpu < count; cpu++) {
		unsigned last = cpu;

		if (!cpumask_has(mask, cpu)) {
			continue;
		}
		while (last + 1 < count && cpumask_has(mask, last + 1)) {
			last++;
		}
		if (last > cpu) {
			table_text_add(text, "%s%u-%u", comma, cpu, last);
		} else {
			table_text_add(text, "%s%u", comma, cpu);
		}
		comma = ",";
		cpu = last;
	}
}
