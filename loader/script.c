/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * "#!" lines: an interpreter and at most one argument, which is the rest of
 * the line without the blanks around it.
 *
 * As on Linux: the line ends with a newline or with the file; a line longer
 * than what was read is accepted only if the interpreter's name ends in it, so
 * that no wrong program is run.
 */
#include "internal.h"

#include <lib/string.h>
#include <uapi/errno.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* First position at or after `from` that is (not) blank. */
static size_t skip(const char *line, size_t from, size_t end, bool blanks)
{
	while (from < end && is_blank(line[from]) == blanks) {
		from++;
	}
	return from;
}

static void copy(char *dst, const char *line, size_t from, size_t end)
{
	memcpy(dst, line + from, end - from);
	dst[end - from] = '\0';
}

int script_parse(const char *data, size_t size, struct script *script_out)
{
	size_t length = size < SCRIPT_LINE_MAX - 1 ? size : SCRIPT_LINE_MAX - 1;
	const char *newline;
	size_t start;
	size_t end;
	size_t argument;

	if (size < 2 || data[0] != '#' || data[1] != '!') {
		return -ENOEXEC;
	}
	newline = memchr(data, '\n', length);
	if (newline == NULL) {
		newline = memchr(data, '\0', length);
	}
	if (newline != NULL) {
		length = (size_t)(newline - data);
	}
	start = skip(data, 2, length, true);
	end = skip(data, start, length, false);
	if (start == end || memchr(data + start, '\0', end - start) != NULL) {
		return -ENOEXEC;
	}
	if (newline == NULL && end == length && size > length) {
		return -ENOEXEC; /* the name may go on behind what we see */
	}
	copy(script_out->interpreter, data, start, end);
	argument = skip(data, end, length, true);
	while (length > argument && is_blank(data[length - 1])) {
		length--;
	}
	if (memchr(data + argument, '\0', length - argument) != NULL) {
		return -ENOEXEC;
	}
	copy(script_out->argument, data, argument, length);
	return 0;
}
