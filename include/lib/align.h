/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Rounding of unsigned values to a power of two, and logarithms.  ALIGN_UP()
 * wraps to 0 at the end of the number range: check sizes from outside before.
 */
#include <stdbool.h>
#include <stdint.h>

#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a)                                                         \
	(((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)

/* For any divisor but 0; does not overflow. */
#define DIV_ROUND_UP(n, divisor) ((n) / (divisor) + ((n) % (divisor) != 0))

static inline bool is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* The base-2 logarithm, rounded down or up; the value is not 0. */
static inline unsigned log2_floor(uint64_t value)
{
	return 63U - (unsigned)__builtin_clzll(value);
}

static inline unsigned log2_ceil(uint64_t value)
{
	return value == 1 ? 0 : log2_floor(value - 1) + 1;
}
