/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Text that grows: what a file of procfs or sysfs says.
 *
 * Adding never fails visibly: when there is no memory, or behind
 * TABLE_TEXT_MAX, `failed` is set and the rest is dropped.  May sleep.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>

#define TABLE_TEXT_MAX (4ul << 20)

struct table_text {
	char *buf; /* kmalloc'ed, NULL while empty */
	size_t length;
	size_t capacity;
	bool failed;
};

void table_text_add(struct table_text *text, const char *format, ...)
	PRINTF_LIKE(2, 3);
void table_text_put(struct table_text *text, const void *data, size_t size);
/* With blank, tab, newline and backslash as \040 and so on. */
void table_text_put_escaped(struct table_text *text, const char *data,
			    size_t size);
/* Blanks up to this length of the last line; at least none. */
void table_text_pad(struct table_text *text, size_t line_start, size_t column);
/* Room for at least `size` bytes behind the text, or NULL. */
char *table_text_reserve(struct table_text *text, size_t size);
void table_text_free(struct table_text *text);
/* The first `count` CPUs of the mask: as words of 32 bits in hexadecimal, the
 * highest first; as ranges, "0-3,8". */
struct cpumask;
void table_text_cpumask(struct table_text *text, const struct cpumask *mask,
			unsigned count);
void table_text_cpulist(struct table_text *text, const struct cpumask *mask,
			unsigned count);
