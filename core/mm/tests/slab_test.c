/* SPDX-License-Identifier: BSD-3-Clause */

/* kmalloc: sizes, contents, and that every frame comes back. */
#include <mm/slab.h>

#include <string.h>

#include <arch/host_memory.h>
#include <debug/unit_test.h>
#include <mm/frame.h>

#define OBJECTS 600

static uint64_t free_frames(void)
{
	struct frame_stats stats;

	slab_shrink();
	frame_stats(&stats);
	return stats.free;
}

static size_t size_of(unsigned i)
{
	return 1 + (i * 37u) % 9000;
}

TEST(slab, contents_survive_and_memory_returns)
{
	unsigned char *objects[OBJECTS];
	uint64_t before;

	before = free_frames();
	for (unsigned i = 0; i < OBJECTS; i++) {
		objects[i] = kmalloc(size_of(i));
		EXPECT(objects[i] != NULL);
		memset(objects[i], (int)i, size_of(i));
	}
	for (unsigned i = 0; i < OBJECTS; i++) {
		unsigned at = (i * 7) % OBJECTS;

		EXPECT_EQ(objects[at][0], at & 0xff);
		EXPECT_EQ(objects[at][size_of(at) - 1], at & 0xff);
		kfree(objects[at]);
	}
	EXPECT_EQ(free_frames(), before);
}

TEST(slab, zero_realloc_and_limits)
{
	char *text;
	unsigned char *zeros;

	EXPECT(kmalloc(0) == NULL);
	EXPECT(kmalloc(8ul << 20) == NULL);
	EXPECT(kcalloc(1ul << 62, 8) == NULL);
	text = kstrdup("hello");
	text = krealloc(text, 5000);
	EXPECT(strcmp(text, "hello") == 0);
	kfree(text);
	kfree(NULL);
	zeros = kzalloc(3000);
	for (unsigned i = 0; i < 3000; i++) {
		EXPECT_EQ(zeros[i], 0);
	}
	kfree(zeros);
}

TEST(slab, caches_of_odd_sizes)
{
	struct slab_cache *cache;
	void *objects[100];
	uint64_t before;

	before = free_frames();
	cache = slab_cache_create("test", 1000, 64);
	for (unsigned i = 0; i < 100; i++) {
		objects[i] = slab_alloc(cache, SLAB_ZERO);
		EXPECT_EQ((uintptr_t)objects[i] % 64, 0);
	}
	for (unsigned i = 0; i < 100; i++) {
		slab_free(cache, objects[i]);
	}
	slab_cache_destroy(cache);
	EXPECT_EQ(free_frames(), before);
}
