/* SPDX-License-Identifier: BSD-3-Clause */

/* Buddy allocator: distinct blocks, alignment, joining, exhaustion, low. */
#include <mm/frame.h>

#include <stdlib.h>
#include <string.h>

#include <arch/host_memory.h>
#include <debug/unit_test.h>

#define BLOCKS 400

static struct frame_stats stats(void)
{
	struct frame_stats now;

	frame_stats(&now);
	return now;
}

TEST(frame, counts_come_back)
{
	struct page *pages[BLOCKS];
	uint64_t before;

	before = stats().free;
	EXPECT(before > 0 && before < stats().total + 1);
	for (unsigned i = 0; i < BLOCKS; i++) {
		pages[i] = frame_alloc(i % 4, FRAME_ZERO);
		EXPECT(pages[i] != NULL);
		EXPECT_EQ(page_paddr(pages[i]).value % (PAGE_SIZE << (i % 4)),
			  0);
		memset(page_address(pages[i]), (int)i, PAGE_SIZE << (i % 4));
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		const unsigned char *bytes = page_address(pages[i]);

		EXPECT_EQ(bytes[0], i & 0xff); /* nobody else wrote there */
		EXPECT_EQ(bytes[(PAGE_SIZE << (i % 4)) - 1], i & 0xff);
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		frame_free(pages[(i * 7) % BLOCKS], ((i * 7) % BLOCKS) % 4);
	}
	EXPECT_EQ(stats().free, before);
}

TEST(frame, exhaustion_and_joining)
{
	struct page **pages = malloc(HOST_MEMORY_FRAMES * sizeof(*pages));
	struct page *big;
	uint64_t count = 0;

	while ((pages[count] = frame_alloc(0, FRAME_RESERVE)) != NULL) {
		count++;
	}
	EXPECT_EQ(count, stats().total);
	EXPECT_EQ(stats().free, 0);
	while (count > 0) {
		page_put(pages[--count]);
	}
	big = frame_alloc(FRAME_ORDER_MAX, 0); /* only if buddies joined */
	EXPECT(big != NULL);
	frame_free(big, FRAME_ORDER_MAX);
	EXPECT(frame_alloc(FRAME_ORDER_MAX + 1, 0) == NULL);
	free(pages);
}

TEST(frame, references)
{
	struct page *page;
	uint64_t before;

	before = stats().free;
	page = frame_alloc(0, 0);
	EXPECT(page_from_paddr(page_paddr(page)) == page);
	EXPECT(page_try_get(page));
	page_put(page);
	EXPECT_EQ(stats().free, before - 1);
	page_put(page);
	EXPECT_EQ(stats().free, before);
	EXPECT(!page_try_get(page));
	EXPECT(page_from_paddr((paddr_t){.value = 1ull << 50}) == NULL);
}
