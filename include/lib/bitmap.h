/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>

/*
 * Bit sets in arrays of uint64_t: bit i is bit i % 64 of word i / 64.
 *
 * `bit_count` is the number of bits in the set.  Bits behind it in the last
 * word are never reported by a search; bitmap_fill() and the operations on
 * two sets leave them 0 when they were.  Only the *_atomic functions may run
 * in parallel on the same word; for the others the caller locks.
 */

#define BITMAP_WORD_BITS 64
#define BITMAP_WORDS(bit_count)                                                \
	(((bit_count) + BITMAP_WORD_BITS - 1) / BITMAP_WORD_BITS)

static inline uint64_t bitmap_mask(size_t bit)
{
	return UINT64_C(1) << (bit % BITMAP_WORD_BITS);
}

static inline bool bitmap_test(const uint64_t *bitmap, size_t bit)
{
	return (bitmap[bit / BITMAP_WORD_BITS] & bitmap_mask(bit)) != 0;
}

static inline void bitmap_set(uint64_t *bitmap, size_t bit)
{
	bitmap[bit / BITMAP_WORD_BITS] |= bitmap_mask(bit);
}

static inline void bitmap_clear(uint64_t *bitmap, size_t bit)
{
	bitmap[bit / BITMAP_WORD_BITS] &= ~bitmap_mask(bit);
}

static inline void bitmap_assign(uint64_t *bitmap, size_t bit, bool value)
{
	if (value) {
		bitmap_set(bitmap, bit);
	} else {
		bitmap_clear(bitmap, bit);
	}
}

/* Sequentially consistent; each returns the bit's value before. */
static inline bool bitmap_test_and_set_atomic(uint64_t *bitmap, size_t bit)
{
	uint64_t mask = bitmap_mask(bit);

	return (__atomic_fetch_or(&bitmap[bit / BITMAP_WORD_BITS], mask,
				  __ATOMIC_SEQ_CST) &
		mask) != 0;
}

static inline bool bitmap_test_and_clear_atomic(uint64_t *bitmap, size_t bit)
{
	uint64_t mask = bitmap_mask(bit);

	return (__atomic_fetch_and(&bitmap[bit / BITMAP_WORD_BITS], ~mask,
				   __ATOMIC_SEQ_CST) &
		mask) != 0;
}

/* Acquire. */
static inline bool bitmap_test_atomic(const uint64_t *bitmap, size_t bit)
{
	return (__atomic_load_n(&bitmap[bit / BITMAP_WORD_BITS],
				__ATOMIC_ACQUIRE) &
		bitmap_mask(bit)) != 0;
}

void bitmap_zero(uint64_t *bitmap, size_t bit_count);
void bitmap_fill(uint64_t *bitmap, size_t bit_count);
void bitmap_copy(uint64_t *target, const uint64_t *source, size_t bit_count);

/* Bits first .. first + count - 1. */
void bitmap_set_range(uint64_t *bitmap, size_t first, size_t count);
void bitmap_clear_range(uint64_t *bitmap, size_t first, size_t count);

/* The first such bit at or behind `start`, or bit_count when there is none. */
size_t bitmap_find_set(const uint64_t *bitmap, size_t bit_count, size_t start);
size_t bitmap_find_clear(const uint64_t *bitmap, size_t bit_count,
			 size_t start);

/*
 * The first bit of the first `count` clear bits in a row at or behind
 * `start` whose number is a multiple of `alignment` (a power of two), or
 * bit_count when there are none.  count is not 0.
 */
size_t bitmap_find_clear_run(const uint64_t *bitmap, size_t bit_count,
			     size_t start, size_t count, size_t alignment);

/* The number of set bits. */
size_t bitmap_count(const uint64_t *bitmap, size_t bit_count);

bool bitmap_is_empty(const uint64_t *bitmap, size_t bit_count);
bool bitmap_is_full(const uint64_t *bitmap, size_t bit_count);
bool bitmap_is_equal(const uint64_t *a, const uint64_t *b, size_t bit_count);
bool bitmap_intersects(const uint64_t *a, const uint64_t *b, size_t bit_count);
/* Every bit of a is also in b. */
bool bitmap_is_subset(const uint64_t *a, const uint64_t *b, size_t bit_count);

/* target may be a or b.  and_not: bits of a that are not in b. */
void bitmap_and(uint64_t *target, const uint64_t *a, const uint64_t *b,
		size_t bit_count);
void bitmap_or(uint64_t *target, const uint64_t *a, const uint64_t *b,
	       size_t bit_count);
void bitmap_and_not(uint64_t *target, const uint64_t *a, const uint64_t *b,
		    size_t bit_count);

/* The caller declares `bit`; bits behind it may change in the body. */
#define bitmap_for_each(bit, bitmap, bit_count)                                \
	for ((bit) = bitmap_find_set(bitmap, bit_count, 0);                    \
	     (bit) < (bit_count);                                              \
	     (bit) = bitmap_find_set(bitmap, bit_count, (bit) + 1))
