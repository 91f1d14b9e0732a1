/* SPDX-License-Identifier: BSD-3-Clause */

/* Numbers in text.  Overflow is found before each step, not after it. */
#include <lib/parse.h>

#include <stdbool.h>

#include <uapi/errno.h>

/* The value of a digit in bases up to 36; 36 for other characters. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned)(c - '0');
	}
	if (c >= 'a' && c <= 'z') {
		return (unsigned)(c - 'a') + 10;
	}
	if (c >= 'A' && c <= 'Z') {
		return (unsigned)(c - 'A') + 10;
	}
	return 36;
}

/* 0 becomes the base that the text names; its prefix is skipped. */
static const char *skip_prefix(const char *text, unsigned *base)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
		      digit_value(text[2]) < 16;

	if (is_hex && (*base == 0 || *base == 16)) {
		*base = 16;
		return text + 2;
	}
	if (*base == 0) {
		*base = text[0] == '0' ? 8 : 10;
	}
	return text;
}

static int finish(const char *text, const char **end_out)
{
	if (end_out != NULL) {
		*end_out = text;
		return 0;
	}
	return *text == '\0' ? 0 : -EINVAL;
}

int parse_u64(const char *text, unsigned base, uint64_t max,
	      uint64_t *value_out, const char **end_out)
{
	const char *start = skip_prefix(text, &base);
	uint64_t value = 0;
	bool too_large = false;
	int err;

	for (text = start; digit_value(*text) < base; text++) {
		unsigned digit = digit_value(*text);

		if (digit > max || value > (max - digit) / base) {
			too_large = true;
			continue;
		}
		value = value * base + digit;
	}
	if (text == start) {
		return -EINVAL;
	}
	err = finish(text, end_out);
	if (err < 0) {
		return err;
	}
	if (too_large) {
		return -ERANGE;
	}
	*value_out = value;
	return 0;
}

int parse_i64(const char *text, unsigned base, int64_t min, int64_t max,
	      int64_t *value_out, const char **end_out)
{
	bool negative = *text == '-';
	uint64_t limit = 0;
	uint64_t magnitude;
	int64_t value;
	int err;

	if (*text == '-' || *text == '+') {
		text++;
	}
	if (negative && min < 0) {
		limit = 0 - (uint64_t)min;
	} else if (!negative && max > 0) {
		limit = (uint64_t)max;
	}
	err = parse_u64(text, base, limit, &magnitude, end_out);
	if (err < 0) {
		return err;
	}
	/* -magnitude in two steps: INT64_MIN has no positive counterpart. */
	value = negative && magnitude != 0 ? -(int64_t)(magnitude - 1) - 1
					   : (int64_t)magnitude;
	if (value < min || value > max) {
		return -ERANGE;
	}
	*value_out = value;
	return 0;
}

static unsigned suffix_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	case 't':
	case 'T':
		return 40;
	default:
		return 0;
	}
}

int parse_size(const char *text, uint64_t *size_out, const char **end_out)
{
	uint64_t value;
	unsigned shift;
	int err = parse_u64(text, 0, UINT64_MAX, &value, &text);

	if (err < 0) {
		return err;
	}
	shift = suffix_shift(*text);
	if (shift != 0) {
		text++;
	}
	if (*text == 'b' || *text == 'B') {
		text++;
	}
	err = finish(text, end_out);
	if (err < 0) {
		return err;
	}
	if (value > UINT64_MAX >> shift) {
		return -ERANGE;
	}
	*size_out = value << shift;
	return 0;
}
