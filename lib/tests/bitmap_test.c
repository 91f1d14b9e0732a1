/* SPDX-License-Identifier: BSD-3-Clause */

/* Bitmaps: ranges, searches and the last word. */
#include <lib/bitmap.h>

#include <debug/unit_test.h>

#define BITS 200

TEST(bitmap, ranges_and_searches)
{
	uint64_t map[BITMAP_WORDS(BITS)];

	bitmap_zero(map, BITS);
	EXPECT(bitmap_is_empty(map, BITS));
	EXPECT_EQ(bitmap_find_set(map, BITS, 0), BITS);
	bitmap_set_range(map, 60, 70);
	EXPECT_EQ(bitmap_count(map, BITS), 70);
	EXPECT_EQ(bitmap_find_set(map, BITS, 0), 60);
	EXPECT_EQ(bitmap_find_clear(map, BITS, 60), 130);
	EXPECT_EQ(bitmap_find_clear_run(map, BITS, 0, 61, 1), 130);
	EXPECT_EQ(bitmap_find_clear_run(map, BITS, 0, 71, 1), BITS);
	EXPECT_EQ(bitmap_find_clear_run(map, BITS, 50, 8, 8), 136);
	bitmap_clear_range(map, 64, 64);
	EXPECT_EQ(bitmap_count(map, BITS), 6);
	bitmap_fill(map, BITS);
	EXPECT(bitmap_is_full(map, BITS));
	EXPECT_EQ(bitmap_count(map, BITS), BITS);
	EXPECT_EQ(bitmap_find_clear(map, BITS, 0), BITS);
}

TEST(bitmap, sets)
{
	uint64_t a[BITMAP_WORDS(BITS)];
	uint64_t b[BITMAP_WORDS(BITS)];
	uint64_t c[BITMAP_WORDS(BITS)];

	bitmap_zero(a, BITS);
	bitmap_zero(b, BITS);
	bitmap_set_range(a, 10, 100);
	bitmap_set_range(b, 50, 100);
	bitmap_and(c, a, b, BITS);
	EXPECT_EQ(bitmap_count(c, BITS), 60);
	EXPECT(bitmap_is_subset(c, a, BITS));
	bitmap_and_not(c, a, b, BITS);
	EXPECT_EQ(bitmap_count(c, BITS), 40);
	EXPECT(!bitmap_intersects(c, b, BITS));
	bitmap_or(c, a, b, BITS);
	EXPECT_EQ(bitmap_count(c, BITS), 140);
	EXPECT(bitmap_test_and_set_atomic(c, 10));
	EXPECT(!bitmap_test_and_set_atomic(c, 0));
}
