/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Numbers in text that comes from outside: command line, /proc writes, device
 * tree properties.  No function accepts blanks, a sign that it does not
 * name, or a number that does not fit; no lock, no allocation.
 */
#include <stddef.h>
#include <stdint.h>

/*
 * Reads an unsigned number at the start of the text: decimal, or with base 0
 * also 0x hexadecimal and 0 octal.  `end_out` (may be NULL: the text must end
 * there) gets the first character behind it.  Returns 0, -EINVAL when there
 * are no digits or more text than expected, -ERANGE above `max`.
 */
int parse_u64(const char *text, unsigned base, uint64_t max,
	      uint64_t *value_out, const char **end_out);

/* The same with an optional leading - or +. */
int parse_i64(const char *text, unsigned base, int64_t min, int64_t max,
	      int64_t *value_out, const char **end_out);

/*
 * A number of bytes with an optional suffix K, M, G or T (powers of 1024,
 * either case, and an optional B behind it).  Errors as parse_u64().
 */
int parse_size(const char *text, uint64_t *size_out, const char **end_out);
