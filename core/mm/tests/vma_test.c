/* SPDX-License-Identifier: BSD-3-Clause */

/* The tree of VMAs: placing, splitting, merging, gaps, at random. */
#include "space.h"

#include <debug/unit_test.h>
#include <uapi/errno.h>

#define RW	 (VMA_READ | VMA_WRITE)
#define FIXED	 MAP_HOW_FIXED
#define PAGES(n) ((n)*PAGE_SIZE)

static uint64_t random_state = 88172645463325252ull;

static uint64_t next_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

TEST(vma, placed_downwards_and_merged)
{
	struct address_space *space = space_fresh();
	long first = vm_map(space, 0, PAGES(3), RW, 0, NULL, 0);
	long second = vm_map(space, 0, PAGES(2), RW, 0, NULL, 0);
	long other = vm_map(space, 0, PAGES(1), VMA_READ, 0, NULL, 0);

	EXPECT_EQ(first, (long)(space->mmap_top - PAGES(3)));
	EXPECT_EQ(second, first - (long)PAGES(2));
	EXPECT_EQ(other, second - (long)PAGES(1));
	EXPECT_EQ(check_tree(space), 2);
	EXPECT_EQ(vma_find(space, (uintptr_t)second)->end,
		  (uintptr_t)first + PAGES(3));
	address_space_put(space);
}

TEST(vma, first_fit_in_a_hole)
{
	struct address_space *space = space_fresh();
	uintptr_t base = (uintptr_t)vm_map(space, 0, PAGES(20), RW, 0, NULL, 0);

	EXPECT_EQ(vm_unmap(space, base + PAGES(4), PAGES(3)), 0);
	EXPECT_EQ(vm_unmap(space, base + PAGES(10), PAGES(5)), 0);
	EXPECT_EQ(check_tree(space), 3);
	/* The highest hole that is large enough, and its upper end. */
	EXPECT_EQ(vm_map(space, 0, PAGES(4), VMA_READ, 0, NULL, 0),
		  (long)(base + PAGES(11)));
	EXPECT_EQ(vm_map(space, 0, PAGES(2), VMA_READ, 0, NULL, 0),
		  (long)(base + PAGES(5)));
	EXPECT_EQ(vm_map(space, 0, PAGES(2), VMA_READ, 0, NULL, 0),
		  (long)(base - PAGES(2)));
	check_tree(space);
	address_space_put(space);
}

TEST(vma, hints_and_fixed)
{
	struct address_space *space = space_fresh();
	unsigned fixed = FIXED | MAP_HOW_NOREPLACE;

	EXPECT_EQ(vm_map(space, 0x5000000, PAGES(2), RW, 0, NULL, 0),
		  0x5000000);
	EXPECT(vm_map(space, 0x5001000, PAGES(2), RW, 0, NULL, 0) > 0x5002000);
	EXPECT_EQ(vm_map(space, 0x5001000, PAGES(2), RW, fixed, NULL, 0),
		  -EEXIST);
	EXPECT_EQ(vm_map(space, 0x5001000, PAGES(2), VMA_READ, FIXED, NULL, 0),
		  0x5001000);
	EXPECT_EQ(vma_find(space, 0x5000000)->end, 0x5001000);
	EXPECT_EQ(vm_map(space, 0x5001001, PAGES(2), RW, FIXED, NULL, 0),
		  -EINVAL);
	EXPECT_EQ(vm_map(space, USER_END, PAGES(2), RW, FIXED, NULL, 0),
		  -ENOMEM);
	EXPECT_EQ(vm_map(space, 0, PAGES(2), RW, FIXED, NULL, 0), -EPERM);
	EXPECT_EQ(vm_map(space, 0, 0, RW, 0, NULL, 0), -EINVAL);
	EXPECT_EQ(vm_map(space, 0, SIZE_MAX, RW, 0, NULL, 0), -ENOMEM);
	EXPECT_EQ(vm_map(space, 0, 1ul << 47, 0, 0, NULL, 0), -ENOMEM);
	check_tree(space);
	address_space_put(space);
}

TEST(vma, thirty_two_bit)
{
	struct address_space *space = space_fresh();
	long at = vm_map(space, 0, PAGES(1), RW, MAP_HOW_32BIT, NULL, 0);

	EXPECT_EQ(at, 0x7ffff000);
	address_space_put(space);
}

TEST(vma, reservations_cost_nothing)
{
	uint64_t before = free_frames();
	struct address_space *space = space_fresh();
	long at = vm_map(space, 0, 1ul << 40, 0, 0, NULL, 0);
	uint64_t used;

	EXPECT(at > 0);
	EXPECT(vm_map(space, 0, 1ul << 40, RW | VMA_NORESERVE, 0, NULL, 0) > 0);
	/* Writable without NORESERVE: more than there is. */
	EXPECT_EQ(vm_map(space, 0, 1ul << 40, RW, 0, NULL, 0), -ENOMEM);
	used = before - free_frames();
	EXPECT(used < 8);
	EXPECT_EQ(vm_protect(space, (uintptr_t)at + PAGES(77), PAGES(5), RW),
		  0);
	EXPECT_EQ(check_tree(space), 4);
	space_finish(space, before);
}

TEST(vma, stacks_keep_their_guard)
{
	struct address_space *space = space_fresh();
	uintptr_t top = 0x60000000;
	uint32_t flags = RW | VMA_GROWSDOWN | VMA_STACK;
	long below;

	EXPECT_EQ(
		vm_map(space, top - PAGES(4), PAGES(4), flags, FIXED, NULL, 0),
		(long)(top - PAGES(4)));
	space->mmap_top = top;
	below = vm_map(space, 0, PAGES(1), RW, 0, NULL, 0);
	EXPECT_EQ(below, (long)(top - PAGES(4) - VMA_GUARD_GAP - PAGES(1)));
	check_tree(space);
	address_space_put(space);
}

TEST(vma, protect_splits_and_joins)
{
	struct address_space *space = space_fresh();
	uintptr_t base = (uintptr_t)vm_map(space, 0, PAGES(8), 0, 0, NULL, 0);

	EXPECT_EQ(vm_protect(space, base + PAGES(1), PAGES(6), RW), 0);
	EXPECT_EQ(check_tree(space), 3);
	EXPECT_EQ(vm_protect(space, base + PAGES(3), PAGES(1), VMA_READ), 0);
	EXPECT_EQ(check_tree(space), 5);
	EXPECT_EQ(vm_protect(space, base + PAGES(3), PAGES(1), RW), 0);
	EXPECT_EQ(check_tree(space), 3);
	EXPECT_EQ(vm_protect(space, base, PAGES(8), 0), 0);
	EXPECT_EQ(check_tree(space), 1);
	EXPECT_EQ(vm_protect(space, base - PAGES(1), PAGES(2), RW), -ENOMEM);
	address_space_put(space);
}

/* Every operation at random; a bytemap says what must be mapped. */
TEST(vma, random_operations)
{
	enum { ROOM = 256 };
	struct address_space *space = space_fresh();
	uintptr_t base = 0x10000000;
	uint8_t prot[ROOM] = {0}; /* 0: unmapped, else prot + 1 */

	for (unsigned round = 0; round < 3000; round++) {
		size_t first = next_random(ROOM);
		size_t count = 1 + next_random(ROOM - first);
		uint32_t flags = (uint32_t)next_random(2) * VMA_WRITE | 1;
		uintptr_t at = base + PAGES(first);

		count = count > 40 ? 40 : count;
		switch (next_random(3)) {
		case 0:
			EXPECT_EQ(vm_map(space, at, PAGES(count), flags, FIXED,
					 NULL, 0),
				  (long)at);
			for (size_t i = first; i < first + count; i++) {
				prot[i] = (uint8_t)(flags + 1);
			}
			break;
		case 1:
			EXPECT_EQ(vm_unmap(space, at, PAGES(count)), 0);
			for (size_t i = first; i < first + count; i++) {
				prot[i] = 0;
			}
			break;
		default:
			touch(space, at, 0);
			vm_protect(space, at, PAGES(count), flags);
			for (size_t i = first;
			     i < first + count && prot[i] != 0; i++) {
				prot[i] = (uint8_t)(flags + 1);
			}
			break;
		}
		if (round % 50 == 0) {
			check_tree(space);
		}
	}
	for (size_t i = 0; i < ROOM; i++) {
		struct vma *vma = vma_find(space, base + PAGES(i));
		bool mapped = vma != NULL && vma->start <= base + PAGES(i);

		EXPECT_EQ(mapped, prot[i] != 0);
		EXPECT(!mapped || (vma->flags & VMA_PROT) + 1 == prot[i]);
	}
	check_tree(space);
	address_space_put(space);
}
