/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Formatted output into a buffer, any context, no allocation.
 *
 *	conversions	d i u x X o c s p %
 *	flags		- 0 + space #
 *	width		number or *
 *	precision	.number or .* (of integers and strings)
 *	sizes		hh h l ll j z t
 *
 * %p prints 0x and the digits; %s of NULL prints (null).  No floating point, no
 * %n.  An unknown conversion is printed as it stands and takes no argument.
 *
 * Returns the length of the whole text; what does not fit is left out, and
 * the text is terminated when size > 0.
 */
#include <stdarg.h>
#include <stddef.h>

#include <lib/compiler.h>

int ksnprintf(char *buf, size_t size, const char *format, ...)
	PRINTF_LIKE(3, 4);
int kvsnprintf(char *buf, size_t size, const char *format, va_list args)
	PRINTF_LIKE(3, 0);

/* The same, but returns what is in the buffer: less than size, or 0. */
size_t kscnprintf(char *buf, size_t size, const char *format, ...)
	PRINTF_LIKE(3, 4);
size_t kvscnprintf(char *buf, size_t size, const char *format, va_list args)
	PRINTF_LIKE(3, 0);
