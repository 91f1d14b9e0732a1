/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The string functions of C that the kernel uses, with C's meaning; lib/
 * string.c defines them for the kernel, the C library on the build host.
 */
#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
void *memset(void *dst, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *memory, int byte, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *text, int c);
char *strrchr(const char *text, int c);
char *strstr(const char *text, const char *wanted);

/*
 * Copies with truncation; always terminated when size > 0.  Returns the
 * length of the source: >= size means truncated.
 */
size_t string_copy(char *dst, const char *src, size_t size);

/*
 * The same behind the text already in dst; returns the length of both, also
 * when dst was not terminated.
 */
size_t string_append(char *dst, const char *src, size_t size);
