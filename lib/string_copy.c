/* SPDX-License-Identifier: BSD-3-Clause */

/* Bounded copies: ours on every target, C has none. */
#include <lib/string.h>

size_t string_copy(char *dst, const char *src, size_t size)
{
	size_t length = strlen(src);

	if (size > 0) {
		size_t kept = length < size ? length : size - 1;

		memcpy(dst, src, kept);
		dst[kept] = '\0';
	}
	return length;
}

size_t string_append(char *dst, const char *src, size_t size)
{
	size_t used = strnlen(dst, size);

	return used + string_copy(dst + used, src, size - used);
}
