/* SPDX-License-Identifier: BSD-3-Clause */

/* Page tables: making, walking, splitting, freeing. */
#include "space.h"

#include <string.h>

#include <debug/unit_test.h>
#include <lib/compiler.h>
#include <uapi/errno.h>

#define RW (PTE_READ | PTE_WRITE | PTE_APP)

static pte_t *make(struct address_space *space, uintptr_t addr, unsigned level)
{
	pte_t *slot = NULL;

	EXPECT_EQ(pgtable_make(space->root, addr, level, 0,
			       &space->page_table_frames, &slot),
		  0);
	return slot;
}

struct counting {
	struct pgtable_walk walk;
	unsigned count;
	uintptr_t last;
};

static int count_leaf(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
		      unsigned level)
{
	struct counting *counting = container_of(walk, struct counting, walk);

	(void)level;
	EXPECT(!pte_is_none(pte_load(slot)));
	EXPECT(counting->count == 0 || addr > counting->last);
	counting->last = addr;
	counting->count++;
	return 0;
}

static unsigned count(struct address_space *space, uintptr_t start,
		      uintptr_t end)
{
	struct counting counting = {.walk = {.leaf = count_leaf}};

	EXPECT_EQ(pgtable_walk(space->root, start, end, &counting.walk), 0);
	return counting.count;
}

TEST(pgtable, empty_lookup_ends_at_the_root)
{
	struct address_space *space = space_fresh();
	unsigned level;

	EXPECT(pte_is_none(leaf(space, 0x400000, &level)));
	EXPECT_EQ(level, PTE_ROOT_LEVEL);
	EXPECT_EQ(count(space, 0, USER_END), 0);
	address_space_put(space);
}

TEST(pgtable, leaves_in_different_tables)
{
	static const uintptr_t places[] = {0x1000, 0x200000, 0x40000000,
					   0x8000000000, 0x7fffffffe000};
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	struct tlb_gather gather;
	unsigned level;

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		pte_store(make(space, places[i], 0),
			  pte_leaf(page_paddr(page_zero()), RW, 0));
		EXPECT_EQ(pte_paddr(leaf(space, places[i], &level)).value,
			  page_paddr(page_zero()).value);
		EXPECT_EQ(level, 0);
	}
	EXPECT_EQ(count(space, 0, USER_END), ARRAY_SIZE(places));
	EXPECT_EQ(count(space, 0x1001, 0x40000000), 2);
	EXPECT_EQ(count(space, 0x2000, 0x200000), 0);
	EXPECT(space->page_table_frames > ARRAY_SIZE(places));
	tlb_gather_init(&gather, space);
	zap_range(&gather, 0, USER_END, false);
	tlb_gather_finish(&gather);
	EXPECT_EQ(count(space, 0, USER_END), 0);
	space_finish(space, before);
}

TEST(pgtable, large_leaf_blocks_and_splits)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	uintptr_t base = 0x40000000;
	struct page *page = frame_alloc(FRAME_HUGE_ORDER, FRAME_ZERO);
	unsigned level;
	pte_t *slot;

	page->flags = PAGE_ANON | PAGE_HUGE;
	EXPECT(fault_install(make(space, base, 1), page, RW, 1));
	address_space_account(space, PTE_ENTRY_COUNT, 0);
	EXPECT_EQ(pgtable_make(space->root, base + PAGE_SIZE, 0, 0,
			       &space->page_table_frames, &slot),
		  -EEXIST);
	EXPECT_EQ(count(space, base + PAGE_SIZE, base + HUGE_SIZE), 1);
	EXPECT_EQ(pgtable_split(space, base), 0); /* already a boundary */
	leaf(space, base, &level);
	EXPECT_EQ(level, 1);
	EXPECT_EQ(pgtable_split(space, base + 5 * PAGE_SIZE), 0);
	EXPECT_EQ(count(space, base, base + HUGE_SIZE), PTE_ENTRY_COUNT);
	for (unsigned i = 0; i < PTE_ENTRY_COUNT; i++) {
		pte_t pte = leaf(space, base + i * PAGE_SIZE, &level);

		EXPECT(page_from_paddr(pte_paddr(pte)) == page + i);
		EXPECT_EQ(page[i].refs, 1);
		EXPECT_EQ(page[i].map_count, 1);
	}
	struct tlb_gather gather;

	tlb_gather_init(&gather, space);
	zap_range(&gather, base, base + HUGE_SIZE, false);
	tlb_gather_finish(&gather);
	space_finish(space, before);
}

TEST(pgtable, tables_go_only_without_neighbours)
{
	struct address_space *space = space_fresh();
	struct tlb_gather gather;
	uint64_t tables;

	make(space, 0x40000000, 0);
	make(space, 0x40200000, 0);
	tables = space->page_table_frames;
	tlb_gather_init(&gather, space);
	/* A neighbour in the same table keeps it. */
	pgtable_free_range(&gather, 0x40000000, 0x40001000, 0, 0x40002000);
	EXPECT_EQ(space->page_table_frames, tables);
	pgtable_free_range(&gather, 0x40000000, 0x40001000, 0, 0x40200000);
	EXPECT_EQ(space->page_table_frames, tables - 1);
	pgtable_free_range(&gather, 0x40200000, 0x40201000, 0, 1ul << 47);
	EXPECT_EQ(space->page_table_frames, 1);
	tlb_gather_finish(&gather);
	address_space_put(space);
}
