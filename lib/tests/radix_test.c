/* SPDX-License-Identifier: BSD-3-Clause */

/* Radix trees: sparse indices, marks, and that all memory comes back. */
#include <lib/radix.h>

#include <stdlib.h>

#include <debug/unit_test.h>

#define COUNT 300

static unsigned blocks;

static void *take(size_t size)
{
	blocks++;
	return calloc(1, size);
}

static void give(void *memory, size_t size)
{
	(void)size;
	blocks--;
	free(memory);
}

static const struct radix_memory memory = {.alloc = take, .free = give};
static char things[COUNT];

static uint64_t index_of(unsigned i)
{
	return (uint64_t)i * i * i * 977 + (i % 3 == 0 ? 1ull << 60 : 0);
}

TEST(radix, insert_lookup_erase)
{
	struct radix_tree tree;
	uint64_t at = 0;
	unsigned seen = 0;

	radix_init(&tree, &memory);
	for (unsigned i = 0; i < COUNT; i++) {
		EXPECT_EQ(radix_insert(&tree, index_of(i), &things[i]), 0);
	}
	EXPECT(radix_insert(&tree, index_of(5), &things[0]) < 0);
	for (unsigned i = 0; i < COUNT; i++) {
		EXPECT(radix_lookup(&tree, index_of(i)) == &things[i]);
	}
	EXPECT(radix_lookup(&tree, 3) == NULL);
	while (radix_next(&tree, &at) != NULL) {
		seen++;
		if (at++ == UINT64_MAX) {
			break;
		}
	}
	EXPECT_EQ(seen, COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		EXPECT(radix_erase(&tree, index_of(i)) == &things[i]);
	}
	EXPECT(radix_is_empty(&tree));
	radix_fini(&tree);
	EXPECT_EQ(blocks, 0);
}

TEST(radix, marks)
{
	struct radix_tree tree;
	uint64_t at = 0;
	unsigned seen = 0;

	radix_init(&tree, &memory);
	for (unsigned i = 0; i < COUNT; i++) {
		radix_insert(&tree, i * 100, &things[i]);
		if (i % 7 == 0) {
			radix_mark_set(&tree, i * 100, 1);
		}
	}
	EXPECT(radix_mark_get(&tree, 700, 1));
	EXPECT(!radix_mark_get(&tree, 100, 1));
	EXPECT(!radix_is_marked(&tree, 0));
	while (radix_next_marked(&tree, &at, 1) != NULL) {
		EXPECT_EQ(at % 700, 0);
		seen++;
		at++;
	}
	EXPECT_EQ(seen, (COUNT + 6) / 7);
	for (unsigned i = 0; i < COUNT; i++) {
		radix_mark_clear(&tree, i * 100, 1);
	}
	EXPECT(!radix_is_marked(&tree, 1));
	radix_fini(&tree);
	EXPECT_EQ(blocks, 0);
}
