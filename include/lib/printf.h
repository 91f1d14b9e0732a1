/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Formatted output into a buffer, any context, no allocation.
 *
 * Conversions: %d %i %u %x %X %o %c %s %p %%, with flags "-", "0", "+", "#",
 * width and precision (also *), and lengths hh h l ll z t.  Nothing else; no
 * floating point.  Returns the length of the whole text; what does not fit is
 * left out, and the text is terminated when size > 0.
 */
#include <stdarg.h>
#include <stddef.h>

#include <lib/compiler.h>

int ksnprintf(char *buf, size_t size, const char *format, ...)
	PRINTF_LIKE(3, 4);
int kvsnprintf(char *buf, size_t size, const char *format, va_list args)
	PRINTF_LIKE(3, 0);
