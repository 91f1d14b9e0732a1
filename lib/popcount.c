/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What compilers call for __builtin_popcount*() where the processor's
 * instruction cannot be assumed.
 */
#include <stdint.h>

int __popcountdi2(int64_t value);

/* Sums in fields of 2, 4, 8 bits, then of all bytes by a multiplication. */
int __popcountdi2(int64_t value)
{
	uint64_t v = (uint64_t)value;

	v -= v >> 1 & 0x5555555555555555;
	v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return (int)(v * 0x0101010101010101 >> 56);
}
