/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Text that grows: what a file of procfs or sysfs says.
 *
 * Adding never fails visibly: when there is no memory, or behind
 * FS_TEXT_MAX, `failed` is set and the rest is dropped.  May sleep.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>

#define FS_TEXT_MAX (4ul << 20)

struct fs_text {
	char *buf; /* kmalloc'ed, NULL while empty */
	size_t length;
	size_t capacity;
	bool failed;
};

void fs_text_add(struct fs_text *text, const char *format, ...)
	PRINTF_LIKE(2, 3);
void fs_text_put(struct fs_text *text, const void *data, size_t size);
/* With blank, tab, newline and backslash as \040 and so on. */
void fs_text_put_escaped(struct fs_text *text, const char *data, size_t size);
/* Blanks up to this length of the last line; at least none. */
void fs_text_pad(struct fs_text *text, size_t line_start, size_t column);
/* Room for at least `size` bytes behind the text, or NULL. */
char *fs_text_reserve(struct fs_text *text, size_t size);
void fs_text_free(struct fs_text *text);
