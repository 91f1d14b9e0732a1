/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Bit sets.  Every loop goes word by word; the last word is cut with
 * last_word_mask() wherever bits behind the set could be seen.
 */

#include <lib/bitmap.h>

#include <lib/string.h>

static uint64_t last_word_mask(size_t bit_count)
{
	size_t used = bit_count % BITMAP_WORD_BITS;

	return used == 0 ? UINT64_MAX : (UINT64_C(1) << used) - 1;
}

/* The bits of word `i` that belong to the set. */
static uint64_t word_mask(size_t i, size_t bit_count)
{
	if (i + 1 == BITMAP_WORDS(bit_count)) {
		return last_word_mask(bit_count);
	}
	return UINT64_MAX;
}

void bitmap_zero(uint64_t *bitmap, size_t bit_count)
{
	memset(bitmap, 0, BITMAP_WORDS(bit_count) * sizeof(*bitmap));
}

void bitmap_fill(uint64_t *bitmap, size_t bit_count)
{
	for (size_t i = 0; i < BITMAP_WORDS(bit_count); i++) {
		bitmap[i] = word_mask(i, bit_count);
	}
}

void bitmap_copy(uint64_t *target, const uint64_t *source, size_t bit_count)
{
	memmove(target, source, BITMAP_WORDS(bit_count) * sizeof(*target));
}

/*
 * The part of the range [first, end) in first's word: its mask.  Moves first
 * to the next word.
 */
static uint64_t take_word(size_t *first, size_t end)
{
	size_t offset = *first % BITMAP_WORD_BITS;
	size_t count = BITMAP_WORD_BITS - offset;
	uint64_t mask = UINT64_MAX;

	if (count > end - *first) {
		count = end - *first;
		mask = (UINT64_C(1) << count) - 1;
	}
	*first += count;
	return mask << offset;
}

void bitmap_set_range(uint64_t *bitmap, size_t first, size_t count)
{
	size_t end = first + count;

	while (first < end) {
		uint64_t *word = &bitmap[first / BITMAP_WORD_BITS];

		*word |= take_word(&first, end);
	}
}

void bitmap_clear_range(uint64_t *bitmap, size_t first, size_t count)
{
	size_t end = first + count;

	while (first < end) {
		uint64_t *word = &bitmap[first / BITMAP_WORD_BITS];

		*word &= ~take_word(&first, end);
	}
}

/* Finds the first bit that differs from `inverted`'s bits (all 0 or all 1). */
static size_t find(const uint64_t *bitmap, size_t bit_count, size_t start,
		   uint64_t inverted)
{
	size_t i, bit;
	uint64_t word;

	if (start >= bit_count) {
		return bit_count;
	}
	i = start / BITMAP_WORD_BITS;
	word = (bitmap[i] ^ inverted) &
	       (UINT64_MAX << (start % BITMAP_WORD_BITS));
	while (word == 0) {
		if (++i >= BITMAP_WORDS(bit_count)) {
			return bit_count;
		}
		word = bitmap[i] ^ inverted;
	}
	bit = i * BITMAP_WORD_BITS + (size_t)__builtin_ctzll(word);
	return bit < bit_count ? bit : bit_count;
}

size_t bitmap_find_set(const uint64_t *bitmap, size_t bit_count, size_t start)
{
	return find(bitmap, bit_count, start, 0);
}

size_t bitmap_find_clear(const uint64_t *bitmap, size_t bit_count, size_t start)
{
	return find(bitmap, bit_count, start, UINT64_MAX);
}

size_t bitmap_find_clear_run(const uint64_t *bitmap, size_t bit_count,
			     size_t start, size_t count, size_t alignment)
{
	size_t run, end;

	for (;;) {
		run = bitmap_find_clear(bitmap, bit_count, start);
		run = (run + alignment - 1) & ~(alignment - 1);
		if (run >= bit_count || bit_count - run < count) {
			return bit_count;
		}
		end = bitmap_find_set(bitmap, run + count, run);
		if (end == run + count) {
			return run;
		}
		start = end + 1;
	}
}

/* Adds up neighbours: 2, 4, then 8 bits; the product sums the 8 bytes. */
static unsigned popcount(uint64_t word)
{
	word -= (word >> 1) & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) +
	       ((word >> 2) & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)((word * UINT64_C(0x0101010101010101)) >> 56);
}

size_t bitmap_count(const uint64_t *bitmap, size_t bit_count)
{
	size_t count = 0;

	for (size_t i = 0; i < BITMAP_WORDS(bit_count); i++) {
		count += popcount(bitmap[i] & word_mask(i, bit_count));
	}
	return count;
}

bool bitmap_is_empty(const uint64_t *bitmap, size_t bit_count)
{
	return bitmap_find_set(bitmap, bit_count, 0) == bit_count;
}

bool bitmap_is_full(const uint64_t *bitmap, size_t bit_count)
{
	return bitmap_find_clear(bitmap, bit_count, 0) == bit_count;
}

bool bitmap_is_equal(const uint64_t *a, const uint64_t *b, size_t bit_count)
{
	for (size_t i = 0; i < BITMAP_WORDS(bit_count); i++) {
		if (((a[i] ^ b[i]) & word_mask(i, bit_count)) != 0) {
			return false;
		}
	}
	return true;
}

bool bitmap_intersects(const uint64_t *a, const uint64_t *b, size_t bit_count)
{
	for (size_t i = 0; i < BITMAP_WORDS(bit_count); i++) {
		if ((a[i] & b[i] & word_mask(i, bit_count)) != 0) {
			return true;
		}
	}
	return false;
}

bool bitmap_is_subset(const uint64_t *a, const uint64_t *b, size_t bit_count)
{
	for (size_t i = 0; i < BITMAP_WORDS(bit_count); i++) {
		if ((a[i] & ~b[i] & word_mask(i, bit_count)) != 0) {
			return false;
		}
	}
	return true;
}

void bitmap_and(uint64_t *target, const uint64_t *a, const uint64_t *b,
		size_t bit_count)
{
	for (size_t i = 0; i < BITMAP_WORDS(bit_count); i++) {
		target[i] = a[i] & b[i];
	}
}

void bitmap_or(uint64_t *target, const uint64_t *a, const uint64_t *b,
	       size_t bit_count)
{
	for (size_t i = 0; i < BITMAP_WORDS(bit_count); i++) {
		target[i] = a[i] | b[i];
	}
}

void bitmap_and_not(uint64_t *target, const uint64_t *a, const uint64_t *b,
		    size_t bit_count)
{
	for (size_t i = 0; i < BITMAP_WORDS(bit_count); i++) {
		target[i] = a[i] & ~b[i];
	}
}
