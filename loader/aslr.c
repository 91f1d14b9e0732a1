/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Where a program's parts go.
 *
 *	stack_top	the end of the address range minus a random distance
 *	mmap_top	below the stack's limit and a gap, minus another
 *	pie_base	two thirds of the range plus another
 *	heap		behind the program, up to 32 MiB further on
 *
 * The amounts of randomness are Linux's for 47-bit addresses: 28 bits of pages
 * for mappings and programs, 22 for the stack.
 */
#include "internal.h"

#include <arch/mmu.h>
#include <init/random.h>
#include <lib/align.h>
#include <process/rlimit.h>

#define MAPPING_BITS	28
#define STACK_BITS	22
#define HEAP_RANGE	(32ull << 20)
#define STACK_GAP_MIN	(128ull << 20)
#define STACK_GUARD	(1ull << 20)
#define STACK_GAP_BYTES 8192u

static uintptr_t random_pages(const struct layout *layout, unsigned bits)
{
	if (!layout->random) {
		return 0;
	}
	return (random_u64() & ((1ull << bits) - 1)) << PAGE_SHIFT;
}

/* What is kept free below the stack's top for it to grow. */
static uintptr_t stack_gap(uint64_t stack_limit)
{
	uint64_t most = USER_END / 6 * 5;
	uint64_t gap = stack_limit == RLIMIT_INFINITY ||
				       stack_limit > most - STACK_GUARD
			       ? most
			       : stack_limit + STACK_GUARD;

	gap = gap < STACK_GAP_MIN ? STACK_GAP_MIN : gap;
	return ALIGN_UP(gap > most ? most : gap, PAGE_SIZE);
}

void layout_plan(struct layout *layout, bool random, uint64_t stack_limit)
{
	layout->random = random;
	layout->stack_top =
		USER_END - PAGE_SIZE - random_pages(layout, STACK_BITS);
	layout->mmap_top = layout->stack_top - stack_gap(stack_limit) -
			   random_pages(layout, MAPPING_BITS);
	layout->pie_base = ALIGN_DOWN(USER_END / 3 * 2, PAGE_SIZE) +
			   random_pages(layout, MAPPING_BITS);
}

uintptr_t layout_brk_gap(const struct layout *layout)
{
	if (!layout->random) {
		return 0;
	}
	return ALIGN_DOWN(random_u64() % HEAP_RANGE, PAGE_SIZE);
}

uintptr_t layout_stack_gap(const struct layout *layout)
{
	return layout->random ? random_u64() % STACK_GAP_BYTES : 0;
}
