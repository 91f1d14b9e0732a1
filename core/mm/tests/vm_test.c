/* SPDX-License-Identifier: BSD-3-Clause */

/* Memory through the calls: faults, copies on write, fork, remap, advice. */
#include "space.h"

#include <string.h>

#include <debug/unit_test.h>
#include <uapi/errno.h>
#include <uapi/mman.h>

#define RW	 (VMA_READ | VMA_WRITE)
#define FIXED	 MAP_HOW_FIXED
#define PAGES(n) ((n)*PAGE_SIZE)

static uintptr_t map(struct address_space *space, size_t size, uint32_t flags)
{
	long at = vm_map(space, 0, size, flags, 0, NULL, 0);

	EXPECT(at > 0);
	return (uintptr_t)at;
}

static struct page *page_at(struct address_space *space, uintptr_t addr)
{
	unsigned level;

	return page_from_paddr(pte_paddr(leaf(space, addr, &level)));
}

TEST(vm, demand_zero)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	uintptr_t at = map(space, PAGES(4), RW);

	EXPECT_EQ(touch(space, at, 0), 0);
	EXPECT(page_at(space, at) == page_zero());
	EXPECT_EQ(leaf_prot(space, at), PTE_READ);
	EXPECT_EQ(space->resident, 0);
	EXPECT_EQ(touch(space, at, FAULT_WRITE), 0);
	EXPECT(page_at(space, at) != page_zero());
	EXPECT_EQ(leaf_prot(space, at), PTE_READ | PTE_WRITE);
	EXPECT_EQ(space->resident, 1);
	EXPECT_EQ(touch(space, at + PAGES(2), FAULT_WRITE), 0);
	EXPECT_EQ(get_byte(space, at + PAGES(2) + 5), 0);
	EXPECT_EQ(space->resident, 2);
	EXPECT_EQ(space->resident_peak, 2);
	EXPECT_EQ(vm_unmap(space, at, PAGES(3)), 0);
	EXPECT_EQ(space->resident, 0);
	space_finish(space, before);
}

TEST(vm, rights)
{
	struct address_space *space = space_fresh();
	uintptr_t at = map(space, PAGES(2), VMA_READ);

	EXPECT_EQ(touch(space, at, FAULT_WRITE), -EACCES);
	EXPECT_EQ(touch(space, at, FAULT_EXEC), -EACCES);
	EXPECT_EQ(touch(space, at, 0), 0);
	EXPECT_EQ(touch(space, at - 1, 0), -EFAULT);
	EXPECT_EQ(vm_protect(space, at, PAGES(1), 0), 0);
	EXPECT_EQ(touch(space, at, 0), -EACCES);
	EXPECT_EQ(leaf_prot(space, at), 0);
	/* A debugger may look and write all the same. */
	put_byte(space, at, 9);
	EXPECT_EQ(get_byte(space, at), 9);
	EXPECT_EQ(vm_protect(space, at, PAGES(1), RW), 0);
	EXPECT_EQ(get_byte(space, at), 9);
	address_space_put(space);
}

TEST(vm, protect_changes_leaves)
{
	struct address_space *space = space_fresh();
	uintptr_t at = map(space, PAGES(3), RW);

	for (int i = 0; i < 3; i++) {
		put_byte(space, at + PAGES(i), (uint8_t)i);
	}
	EXPECT_EQ(vm_protect(space, at, PAGES(3), VMA_READ), 0);
	EXPECT_EQ(leaf_prot(space, at + PAGES(1)), PTE_READ);
	/* Nobody shares the page: the right comes back without a fault. */
	EXPECT_EQ(vm_protect(space, at, PAGES(3), RW), 0);
	EXPECT_EQ(leaf_prot(space, at + PAGES(1)), PTE_READ | PTE_WRITE);
	EXPECT_EQ(get_byte(space, at + PAGES(2)), 2);
	address_space_put(space);
}

TEST(vm, huge_pages)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	uintptr_t at = map(space, 2 * HUGE_SIZE, RW | VMA_HUGE);
	unsigned level;

	EXPECT_EQ(at % HUGE_SIZE, 0);
	put_byte(space, at + PAGES(700), 1);
	put_byte(space, at + PAGES(5), 2);
	leaf(space, at + PAGES(5), &level);
	EXPECT_EQ(level, 1);
	EXPECT_EQ(space->resident, 2 * PTE_ENTRY_COUNT);
	EXPECT_EQ(vm_unmap(space, at + PAGES(6), PAGES(1)), 0);
	EXPECT_EQ(space->resident, 2 * PTE_ENTRY_COUNT - 1);
	EXPECT_EQ(vm_protect(space, at + PAGES(698), PAGES(1), VMA_READ), 0);
	EXPECT_EQ(get_byte(space, at + PAGES(5)), 2);
	EXPECT_EQ(get_byte(space, at + PAGES(700)), 1);
	EXPECT_EQ(get_byte(space, at + PAGES(6)), -1);
	EXPECT_EQ(vm_advise(space, at, PAGES(3), UAPI_MADV_DONTNEED), 0);
	EXPECT_EQ(space->resident, 2 * PTE_ENTRY_COUNT - 4);
	space_finish(space, before);
}

TEST(vm, fork_copies_on_write)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	struct address_space *child;
	uintptr_t at = map(space, PAGES(4), RW);
	uintptr_t wiped = map(space, PAGES(1), RW);
	uintptr_t hidden = map(space, PAGES(1), RW);

	put_byte(space, at, 1);
	put_byte(space, at + PAGES(1), 2);
	put_byte(space, wiped, 3);
	put_byte(space, hidden, 4);
	EXPECT_EQ(vm_advise(space, wiped, PAGES(1), UAPI_MADV_WIPEONFORK), 0);
	EXPECT_EQ(vm_advise(space, hidden, PAGES(1), UAPI_MADV_DONTFORK), 0);
	EXPECT_EQ(address_space_clone(space, &child), 0);
	EXPECT(page_at(space, at) == page_at(child, at));
	EXPECT_EQ(leaf_prot(space, at), PTE_READ);
	put_byte(child, at, 7);
	EXPECT_EQ(get_byte(space, at), 1);
	EXPECT_EQ(get_byte(child, at), 7);
	EXPECT_EQ(get_byte(child, wiped), 0);
	EXPECT_EQ(get_byte(child, hidden), -1);
	EXPECT_EQ(get_byte(child, at + PAGES(1)), 2);
	address_space_put(child);
	/* The last owner writes in place. */
	{
		struct page *page = page_at(space, at + PAGES(1));

		put_byte(space, at + PAGES(1), 5);
		EXPECT(page_at(space, at + PAGES(1)) == page);
	}
	space_finish(space, before);
}

TEST(vm, fork_shares_huge_pages)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	struct address_space *child;
	uintptr_t at = map(space, HUGE_SIZE, RW | VMA_HUGE);
	struct page *pinned[2];
	unsigned level;

	put_byte(space, at + PAGES(9), 1);
	put_byte(space, at + PAGES(10), 2);
	EXPECT_EQ(address_space_clone(space, &child), 0);
	leaf(child, at, &level);
	EXPECT_EQ(level, 1);
	put_byte(child, at + PAGES(9), 8);
	leaf(child, at, &level);
	EXPECT_EQ(level, 0);
	EXPECT_EQ(get_byte(space, at + PAGES(9)), 1);
	EXPECT_EQ(get_byte(child, at + PAGES(9)), 8);
	EXPECT_EQ(get_byte(child, at + PAGES(10)), 2);
	/* A frame of a shared large page is no page of its own. */
	EXPECT_EQ(vm_pin(child, at + PAGES(10), false, pinned, 2), 0);
	EXPECT_EQ(*(char *)page_address(pinned[0]), 2);
	page_put(pinned[0]);
	page_put(pinned[1]);
	EXPECT_EQ(vm_unmap(child, at, PAGES(100)), 0);
	address_space_put(space);
	EXPECT_EQ(get_byte(child, at + PAGES(100)), 0);
	space_finish(child, before);
}

TEST(vm, pin_and_access)
{
	struct address_space *space = space_fresh();
	uintptr_t at = map(space, PAGES(3), RW);
	struct page *pages[3];
	char text[] = "across two pages";
	char back[sizeof(text)] = "";

	EXPECT_EQ(vm_access(space, at + PAGES(1) - 5, text, sizeof(text), true),
		  (ssize_t)sizeof(text));
	EXPECT_EQ(
		vm_access(space, at + PAGES(1) - 5, back, sizeof(back), false),
		(ssize_t)sizeof(back));
	EXPECT_EQ(strcmp(text, back), 0);
	EXPECT_EQ(vm_access(space, at + PAGES(3) - 4, back, 8, false), 4);
	EXPECT_EQ(vm_access(space, at + PAGES(3), back, 8, false), -EFAULT);
	EXPECT_EQ(vm_pin(space, at, true, pages, 3), 0);
	EXPECT_EQ(pages[0]->refs, 2);
	EXPECT_EQ(vm_unmap(space, at, PAGES(3)), 0);
	EXPECT_EQ(((char *)page_address(pages[0]))[PAGE_SIZE - 5], 'a');
	for (int i = 0; i < 3; i++) {
		page_put(pages[i]);
	}
	EXPECT_EQ(vm_pin(space, at, true, pages, 1), -EFAULT);
	address_space_put(space);
}

TEST(vm, brk)
{
	struct address_space *space = space_fresh();
	uintptr_t start = 0x555500000000;

	space->brk_start = start;
	space->brk = start;
	EXPECT_EQ(vm_brk(space, 0), start);
	EXPECT_EQ(vm_brk(space, start + 100), start + 100);
	EXPECT_EQ(vma_find(space, start)->end, start + PAGES(1));
	EXPECT((vma_find(space, start)->flags & VMA_HEAP) != 0);
	EXPECT_EQ(vm_brk(space, start + PAGES(10)), start + PAGES(10));
	put_byte(space, start + PAGES(9), 1);
	EXPECT_EQ(vm_brk(space, start + PAGES(2)), start + PAGES(2));
	EXPECT_EQ(get_byte(space, start + PAGES(9)), -1);
	EXPECT_EQ(vm_map(space, start + PAGES(4), PAGES(1), RW, FIXED, NULL, 0),
		  (long)(start + PAGES(4)));
	EXPECT_EQ(vm_brk(space, start + PAGES(5)), start + PAGES(2));
	EXPECT_EQ(vm_brk(space, start - 1), start + PAGES(2));
	check_tree(space);
	address_space_put(space);
}

TEST(vm, remap)
{
	struct address_space *space = space_fresh();
	uintptr_t blocker = map(space, PAGES(1), VMA_READ);
	uintptr_t at = map(space, PAGES(4), RW);
	long moved;

	for (int i = 0; i < 4; i++) {
		put_byte(space, at + PAGES(i), (uint8_t)(i + 1));
	}
	EXPECT_EQ(vm_remap(space, at, PAGES(4), PAGES(8), 0, 0), -ENOMEM);
	moved = vm_remap(space, at, PAGES(4), PAGES(8), UAPI_MREMAP_MAYMOVE, 0);
	EXPECT(moved > 0 && (uintptr_t)moved != at);
	EXPECT_EQ(get_byte(space, at), -1);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(get_byte(space, (uintptr_t)moved + PAGES(i)), i + 1);
	}
	EXPECT_EQ(get_byte(space, (uintptr_t)moved + PAGES(7)), 0);
	EXPECT_EQ(space->virtual_pages, 9);
	EXPECT_EQ(vm_unmap(space, blocker, PAGES(1)), 0);
	EXPECT_EQ(vm_remap(space, (uintptr_t)moved, PAGES(8), PAGES(2), 0, 0),
		  moved);
	EXPECT_EQ(space->virtual_pages, 2);
	EXPECT_EQ(vm_remap(space, (uintptr_t)moved, PAGES(2), PAGES(5), 0, 0),
		  moved);
	check_tree(space);
	address_space_put(space);
}

TEST(vm, remap_moves_huge_pages)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	uintptr_t at = map(space, HUGE_SIZE, RW | VMA_HUGE);
	uintptr_t to = 0x40000000;
	unsigned flags = UAPI_MREMAP_MAYMOVE | UAPI_MREMAP_FIXED;
	unsigned level;

	put_byte(space, at + PAGES(77), 7);
	EXPECT_EQ(vm_remap(space, at, HUGE_SIZE, HUGE_SIZE, flags, to),
		  (long)to);
	leaf(space, to, &level);
	EXPECT_EQ(level, 1);
	EXPECT_EQ(get_byte(space, to + PAGES(77)), 7);
	EXPECT_EQ(vm_remap(space, to, HUGE_SIZE, HUGE_SIZE, flags,
			   2 * to + PAGES(3)),
		  (long)(2 * to + PAGES(3)));
	leaf(space, 2 * to + PAGES(3), &level);
	EXPECT_EQ(level, 0);
	EXPECT_EQ(get_byte(space, 2 * to + PAGES(80)), 7);
	EXPECT_EQ(space->resident, PTE_ENTRY_COUNT);
	space_finish(space, before);
}

TEST(vm, locking)
{
	struct address_space *space = space_fresh();
	uintptr_t at = map(space, PAGES(6), RW);
	uint8_t seen[6];

	EXPECT_EQ(vm_lock(space, at + PAGES(1) + 5, PAGES(2), 0), 0);
	EXPECT_EQ(space->locked_pages, 3);
	EXPECT_EQ(vm_incore(space, at, PAGES(6), seen), 0);
	EXPECT_EQ(seen[0], 0);
	EXPECT_EQ(seen[1] + seen[2] + seen[3], 3);
	EXPECT_EQ(seen[4], 0);
	EXPECT_EQ(vm_advise(space, at, PAGES(6), UAPI_MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(vm_sync(space, at, PAGES(6), UAPI_MS_INVALIDATE), -EBUSY);
	EXPECT_EQ(vm_unlock(space, at, PAGES(6)), 0);
	EXPECT_EQ(space->locked_pages, 0);
	EXPECT_EQ(check_tree(space), 1);
	EXPECT_EQ(vm_unmap(space, at + PAGES(2), PAGES(1)), 0);
	EXPECT_EQ(vm_lock(space, at, PAGES(6), UAPI_MLOCK_ONFAULT), -ENOMEM);
	EXPECT_EQ(vm_incore(space, at, PAGES(6), seen), -ENOMEM);
	address_space_put(space);
}

TEST(vm, advice_errors)
{
	struct address_space *space = space_fresh();
	uintptr_t at = map(space, PAGES(4), RW);

	EXPECT_EQ(vm_advise(space, at, PAGES(1), 9999), -EINVAL);
	EXPECT_EQ(vm_advise(space, at + 1, PAGES(1), 0), -EINVAL);
	EXPECT_EQ(vm_advise(space, at, (size_t)-1 - PAGE_SIZE,
			    UAPI_MADV_DONTNEED),
		  -EINVAL);
	EXPECT_EQ(vm_unmap(space, at + PAGES(1), PAGES(1)), 0);
	put_byte(space, at + PAGES(2), 1);
	EXPECT_EQ(vm_advise(space, at, PAGES(4), UAPI_MADV_DONTNEED), -ENOMEM);
	EXPECT_EQ(get_byte(space, at + PAGES(2)), 0);
	EXPECT_EQ(vm_advise(space, at, PAGES(4), UAPI_MADV_POPULATE_WRITE),
		  -ENOMEM);
	EXPECT_EQ(vm_protect(space, at, PAGES(1), VMA_READ), 0);
	EXPECT_EQ(vm_advise(space, at, PAGES(1), UAPI_MADV_POPULATE_WRITE),
		  -EINVAL);
	EXPECT_EQ(vm_advise(space, at, PAGES(1), UAPI_MADV_HUGEPAGE), 0);
	EXPECT((vma_find(space, at)->flags & VMA_HUGE) != 0);
	address_space_put(space);
}

TEST(vm, tables_of_small_ranges_are_kept_once)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	uint64_t most = 0;

	for (unsigned i = 0; i < 64; i++) {
		uintptr_t at = 0x10000000000 + i * (1ul << 33);

		EXPECT_EQ(vm_map(space, at, PAGES(1), RW, FIXED, NULL, 0),
			  (long)at);
		put_byte(space, at, 1);
		EXPECT_EQ(vm_unmap(space, at, PAGES(1)), 0);
		most = space->page_table_frames > most
			       ? space->page_table_frames
			       : most;
	}
	EXPECT(most <= 8);
	/* A large range beside it takes the table above the kept one. */
	{
		uintptr_t at = 0x20000000000;

		put_byte(space,
			 (uintptr_t)vm_map(space, at, PAGES(1), RW, FIXED, NULL,
					   0),
			 1);
		EXPECT_EQ(vm_map(space, at + HUGE_SIZE, 2 * HUGE_SIZE,
				 RW | VMA_NO_HUGE, FIXED, NULL, 0),
			  (long)(at + HUGE_SIZE));
		put_byte(space, at + HUGE_SIZE, 1);
		EXPECT_EQ(vm_unmap(space, at, PAGES(1)), 0);
		EXPECT_EQ(vm_unmap(space, at + HUGE_SIZE, 2 * HUGE_SIZE), 0);
		EXPECT_EQ(space->page_table_frames, 1);
	}
	space_finish(space, before);
}
