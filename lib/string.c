/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * String functions for the kernel, which links no C library.
 *
 * Built with -fno-builtin and without loop recognition, so the compiler does
 * not turn these loops into calls of the functions that they define.
 * memcpy(), memmove() and memset() here are for architectures that bring none
 * of their own (arch/NAME/lib/memory.S).
 */
#include <lib/string.h>

#include <stdint.h>

#include <lib/compiler.h>

WEAK void *memcpy(void *restrict dst, const void *restrict src, size_t size)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	for (size_t i = 0; i < size; i++) {
		to[i] = from[i];
	}
	return dst;
}

WEAK void *memmove(void *dst, const void *src, size_t size)
{
	unsigned char *to = dst;
	const unsigned char *from = src;

	/* Forwards is safe unless dst lies inside [src, src + size). */
	if ((uintptr_t)to - (uintptr_t)from >= size) {
		return memcpy(dst, src, size);
	}
	while (size-- > 0) {
		to[size] = from[size];
	}
	return dst;
}

WEAK void *memset(void *dst, int byte, size_t size)
{
	unsigned char *to = dst;

	for (size_t i = 0; i < size; i++) {
		to[i] = (unsigned char)byte;
	}
	return dst;
}

void *memchr(const void *memory, int byte, size_t size)
{
	const unsigned char *bytes = memory;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == (unsigned char)byte) {
			return (void *)(bytes + i);
		}
	}
	return NULL;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (size_t i = 0; i < size; i++) {
		if (x[i] != y[i]) {
			return x[i] - y[i];
		}
	}
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0') {
		length++;
	}
	return length;
}

size_t strnlen(const char *text, size_t max)
{
	size_t length = 0;

	while (length < max && text[length] != '\0') {
		length++;
	}
	return length;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, (size_t)-1);
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		unsigned char x = (unsigned char)a[i];
		unsigned char y = (unsigned char)b[i];

		if (x != y) {
			return x - y;
		}
		if (x == '\0') {
			break;
		}
	}
	return 0;
}

char *strchr(const char *text, int c)
{
	for (;; text++) {
		if (*text == (char)c) {
			return (char *)text;
		}
		if (*text == '\0') {
			return NULL;
		}
	}
}

char *strrchr(const char *text, int c)
{
	const char *found = NULL;

	for (;; text++) {
		if (*text == (char)c) {
			found = text;
		}
		if (*text == '\0') {
			return (char *)found;
		}
	}
}

char *strstr(const char *text, const char *wanted)
{
	size_t length = strlen(wanted);

	for (;; text++) {
		if (strncmp(text, wanted, length) == 0) {
			return (char *)text;
		}
		if (*text == '\0') {
			return NULL;
		}
	}
}
