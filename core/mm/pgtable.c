/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Page tables: one walker for all architectures (the entries are theirs, see
 * arch/pte.h) and for application and kernel mappings.
 *
 * Tables are added by compare-and-exchange, by anybody; they are removed only
 * under the space's lock held for writing, from ranges without VMAs, so whoever
 * walks a range of a VMA that cannot go away needs no lock.  Leaves change by
 * exchange.  A 2 MiB leaf turns into a table under table_lock; nothing turns
 * a table into a leaf.
 */
#include <arch/mmu.h>
#include <arch/pte.h>
#include <debug/panic.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <uapi/errno.h>

#include "internal.h"

pte_t *pgtable_lookup(paddr_t root, uintptr_t addr, unsigned *level_out)
{
	paddr_t table = root;
	unsigned level = PTE_ROOT_LEVEL;

	for (;;) {
		pte_t *slot = pgtable_table(table) + pgtable_index(addr, level);
		pte_t pte = pte_load(slot);

		if (level == 0 || pte_is_none(pte) ||
		    pgtable_is_leaf(pte, level)) {
			*level_out = level;
			return slot;
		}
		table = pte_paddr(pte);
		level--;
	}
}

static struct page *table_alloc(unsigned flags)
{
	struct page *page = frame_alloc(0, FRAME_ZERO | flags);

	if (page != NULL) {
		page->flags = PAGE_TABLE;
		frame_count_add(FRAME_COUNT_PAGE_TABLES, 1);
	}
	return page;
}

/* Puts a new table into an empty slot; fine if somebody else did.  Returns
 * false without memory. */
static bool add_table(pte_t *slot, unsigned flags, uint64_t *frames)
{
	struct page *page = table_alloc(flags);

	if (page == NULL) {
		return false;
	}
	if (pte_compare_exchange(slot, pte_none(),
				 pte_table(page_paddr(page)))) {
		__atomic_fetch_add(frames, 1, __ATOMIC_RELAXED);
	} else {
		frame_count_add(FRAME_COUNT_PAGE_TABLES, -1);
		page_put(page);
	}
	return true;
}

int pgtable_make(paddr_t root, uintptr_t addr, unsigned level, unsigned flags,
		 uint64_t *frames, pte_t **slot_out)
{
	paddr_t table = root;

	for (unsigned at = PTE_ROOT_LEVEL; at > level; at--) {
		pte_t *slot = pgtable_table(table) + pgtable_index(addr, at);
		pte_t pte = pte_load(slot);

		if (pte_is_none(pte)) {
			if (!add_table(slot, flags, frames)) {
				return -ENOMEM;
			}
			pte = pte_load(slot);
		}
		if (pgtable_is_leaf(pte, at)) {
			return -EEXIST;
		}
		table = pte_paddr(pte);
	}
	*slot_out = pgtable_table(table) + pgtable_index(addr, level);
	return 0;
}

/* --- walking
 * ------------------------------------------------------------------
 */

/*
 * How many slots from this unused one on can be passed over at once: those of
 * its line when none of them is used.  Tables are mostly empty.
 */
#define LINE_SLOTS 8
static unsigned unused_slots(const pte_t *slot)
{
	uint64_t any = 0;

	if ((uintptr_t)slot % (LINE_SLOTS * sizeof(*slot)) != 0) {
		return 1;
	}
	for (unsigned i = 0; i < LINE_SLOTS; i++) {
		any |= pte_load(slot + i).value;
	}
	return any == 0 ? LINE_SLOTS : 1;
}

static int walk_table(paddr_t table, unsigned level, uintptr_t start,
		      uintptr_t end, struct pgtable_walk *walk)
{
	size_t span = pgtable_span(level);
	pte_t *slot = pgtable_table(table) + pgtable_index(start, level);
	int result = 0;

	while (start < end && result == 0) {
		uintptr_t base = ALIGN_DOWN(start, span);
		uintptr_t next = base + span;
		pte_t pte = pte_load(slot);

		if (pte_is_none(pte)) {
			unsigned unused = unused_slots(slot);

			start = base + unused * span;
			slot += unused;
			continue;
		}
		if (pgtable_is_leaf(pte, level)) {
			result = walk->leaf(walk, slot, base, level);
		} else {
			result = walk_table(pte_paddr(pte), level - 1, start,
					    MIN(next, end), walk);
		}
		start = next;
		slot++;
	}
	return result;
}

int pgtable_walk(paddr_t root, uintptr_t start, uintptr_t end,
		 struct pgtable_walk *walk)
{
	return walk_table(root, PTE_ROOT_LEVEL, start, end, walk);
}

/* --- large leaves
 * -------------------------------------------------------------
 */

/*
 * The frames of a 2 MiB page that one leaf maps get a life of their own; one
 * that is shared stays whole, and each small leaf holds a reference to it.
 */
static void divide_page(struct page *head)
{
	if (__atomic_load_n(&head->refs, __ATOMIC_ACQUIRE) != 1) {
		__atomic_fetch_add(&head->refs, PTE_ENTRY_COUNT - 1,
				   __ATOMIC_RELAXED);
		__atomic_fetch_add(&head->map_count, PTE_ENTRY_COUNT - 1,
				   __ATOMIC_RELAXED);
		return;
	}
	page_clear(head, PAGE_HUGE);
	head->order = 0;
	for (unsigned i = 1; i < PTE_ENTRY_COUNT; i++) {
		struct page *page = head + i;

		page->flags = PAGE_ANON;
		page->order = 0;
		page->map_count = 1;
		page->owner = NULL;
		__atomic_store_n(&page->refs, 1, __ATOMIC_RELEASE);
	}
}

static void fill_small_leaves(pte_t *table, pte_t large)
{
	paddr_t paddr = pte_paddr(large);
	unsigned prot = pte_prot(large);
	pte_t small;

	for (unsigned i = 0; i < PTE_ENTRY_COUNT; i++) {
		small = pte_leaf(
			(paddr_t){.value = paddr.value + i * PAGE_SIZE}, prot,
			0);
		pte_store(&table[i], small);
	}
}

int pgtable_split_leaf(struct address_space *space, uintptr_t addr, pte_t *slot)
{
	struct page *table = table_alloc(FRAME_RESERVE);
	pte_t old;

	if (table == NULL) {
		return -ENOMEM;
	}
	spin_lock(&space->table_lock);
	old = pte_load(slot);
	if (!pgtable_is_leaf(old, 1)) {
		spin_unlock(&space->table_lock);
		frame_count_add(FRAME_COUNT_PAGE_TABLES, -1);
		page_put(table);
		return 0;
	}
	/* The processor may set accessed and dirty meanwhile. */
	do {
		old = pte_load(slot);
		fill_small_leaves(page_address(table), old);
	} while (
		!pte_compare_exchange(slot, old, pte_table(page_paddr(table))));
	divide_page(page_from_paddr(pte_paddr(old)));
	__atomic_fetch_add(&space->page_table_frames, 1, __ATOMIC_RELAXED);
	spin_unlock(&space->table_lock);
	/* The small leaves start without the accessed bit: nobody may have
	 * cached them, or zapping would not flush. */
	addr = ALIGN_DOWN(addr, HUGE_SIZE);
	tlb_flush(space, addr, addr + HUGE_SIZE);
	return 0;
}

int pgtable_split(struct address_space *space, uintptr_t addr)
{
	unsigned level;
	pte_t *slot;

	if (IS_ALIGNED(addr, HUGE_SIZE)) {
		return 0;
	}
	slot = pgtable_lookup(space->root, addr, &level);
	if (level != 1 || !pgtable_is_leaf(pte_load(slot), 1)) {
		return 0;
	}
	return pgtable_split_leaf(space, addr, slot);
}

/* --- freeing
 * ------------------------------------------------------------------
 */

static void free_in_table(struct tlb_gather *gather, paddr_t table,
			  unsigned level, uintptr_t start, uintptr_t end,
			  uintptr_t floor, uintptr_t ceiling)
{
	size_t span = pgtable_span(level);

	while (start < end) {
		uintptr_t base = ALIGN_DOWN(start, span);
		uintptr_t next = base + span;
		pte_t *slot =
			pgtable_table(table) + pgtable_index(start, level);
		pte_t pte = pte_load(slot);
		uintptr_t from = start;

		if (pte_is_none(pte)) {
			start = base + unused_slots(slot) * span;
			continue;
		}
		start = next;
		if (pgtable_is_leaf(pte, level)) {
			continue;
		}
		/* Empty tables beside the range went with their own VMAs. */
		if (level > 1) {
			free_in_table(gather, pte_paddr(pte), level - 1, from,
				      MIN(next, end), floor, ceiling);
		}
		if (base >= floor && next <= ceiling) {
			pte_store(slot, pte_none());
			frame_count_add(FRAME_COUNT_PAGE_TABLES, -1);
			__atomic_fetch_sub(&gather->space->page_table_frames, 1,
					   __ATOMIC_RELAXED);
			tlb_gather_range(gather, base, base + PAGE_SIZE);
			gather->tables = true;
			tlb_gather_page(gather,
					page_from_paddr(pte_paddr(pte)));
		}
	}
}

void pgtable_free_range(struct tlb_gather *gather, uintptr_t start,
			uintptr_t end, uintptr_t floor, uintptr_t ceiling)
{
	uintptr_t first = MAX(ALIGN_DOWN(start, HUGE_SIZE), floor);
	uintptr_t last = MIN(ALIGN_UP(end, HUGE_SIZE), ceiling);

	free_in_table(gather, gather->space->root, PTE_ROOT_LEVEL, first, last,
		      floor, ceiling);
}
