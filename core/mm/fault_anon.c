/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Faults on private memory: fresh zeros, the shared zero page for reads, 2 MiB
 * pages, and copies on write (of forked memory and of file pages).
 *
 * A page with PAGE_ANON and one reference belongs to the one leaf that maps it
 * and may be written in place.
 */
#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/string.h>
#include <uapi/errno.h>

#include "internal.h"

/* 2 MiB pages by themselves: only with this much memory, and while a quarter
 * of it is free. */
#define HUGE_MEMORY_MIN (64ul << (20 - PAGE_SHIFT))
#define HUGE_FREE_SHARE 4
/* Smaller VMAs (stacks of threads) get one only when used from its start. */
#define HUGE_VMA_LARGE (16ul << 20)

struct page *fault_new_page(struct address_space *space, unsigned flags)
{
	struct page *page;

	if (space->oom_killed) {
		flags |= FRAME_NOWAIT;
	}
	page = frame_alloc(0, flags);
	if (page != NULL) {
		page->flags = PAGE_ANON;
	}
	return page;
}

bool fault_install(pte_t *slot, struct page *page, unsigned prot,
		   unsigned level)
{
	bool counted = !page_has(page, PAGE_RESERVED);

	if (counted) {
		__atomic_fetch_add(&page->map_count, 1, __ATOMIC_RELAXED);
	}
	if (pte_compare_exchange(slot, pte_none(),
				 pte_leaf(page_paddr(page), prot, level))) {
		return true;
	}
	if (counted) {
		__atomic_fetch_sub(&page->map_count, 1, __ATOMIC_RELAXED);
	}
	return false;
}

/* --- 2 MiB pages
 * --------------------------------------------------------------
 */

static bool wants_huge(const struct vma *vma, uintptr_t addr)
{
	uintptr_t base = ALIGN_DOWN(addr, HUGE_SIZE);
	uint64_t total = frame_total_count();

	if ((vma->flags & (VMA_NO_HUGE | VMA_GROWSDOWN)) != 0 ||
	    base < vma->start || vma->end - base < HUGE_SIZE) {
		return false;
	}
	if ((vma->flags & (VMA_HUGE | VMA_HUGETLB)) != 0) {
		return true;
	}
	return total >= HUGE_MEMORY_MIN &&
	       (addr == base || vma->end - vma->start >= HUGE_VMA_LARGE) &&
	       frame_free_count() > total / HUGE_FREE_SHARE;
}

/* 0, or -EAGAIN: go on with small pages. */
static int map_huge(struct vma *vma, uintptr_t addr)
{
	struct address_space *space = vma->space;
	struct page *page;
	unsigned level;
	pte_t *slot;

	slot = pgtable_lookup(space->root, addr, &level);
	if (level < 1 || (level == 1 && !pte_is_none(pte_load(slot))) ||
	    pgtable_make(space->root, addr, 1, 0, &space->page_table_frames,
			 &slot) < 0) {
		return -EAGAIN;
	}
	page = frame_alloc(FRAME_HUGE_ORDER, FRAME_ZERO | FRAME_NOWAIT);
	if (page == NULL) {
		return -EAGAIN;
	}
	page->flags = PAGE_ANON | PAGE_HUGE;
	if (!fault_install(slot, page, vma_leaf_prot(vma->flags), 1)) {
		page_put(page);
		return -EAGAIN;
	}
	address_space_account(space, PTE_ENTRY_COUNT, 0);
	return 0;
}

/* --- fresh memory
 * -------------------------------------------------------------
 */

int fault_anon(struct vma *vma, uintptr_t addr, unsigned flags)
{
	struct address_space *space = vma->space;
	bool write = (flags & FAULT_WRITE) != 0;
	unsigned prot = vma_leaf_prot(vma->flags);
	struct page *page;
	pte_t *slot;
	int err;

	if (write && wants_huge(vma, addr) && map_huge(vma, addr) == 0) {
		return 0;
	}
	err = pgtable_make(space->root, addr, 0, 0, &space->page_table_frames,
			   &slot);
	if (err < 0) {
		return err == -EEXIST ? -EAGAIN : err;
	}
	if (!write) {
		fault_install(slot, page_zero(), prot & ~PTE_WRITE, 0);
		return 0;
	}
	page = fault_new_page(space, FRAME_ZERO);
	if (page == NULL) {
		return -ENOMEM;
	}
	if (!fault_install(slot, page, prot, 0)) {
		page_put(page);
		return -EAGAIN;
	}
	address_space_account(space, 1, 0);
	return 0;
}

/* --- copy on write
 * ------------------------------------------------------------
 */

/* The old leaf's page is this leaf's alone: it may be written. */
static int reuse(struct vma *vma, uintptr_t addr, pte_t *slot, pte_t old)
{
	unsigned prot = vma_leaf_prot(vma->flags);

	if (!pte_compare_exchange(slot, old, pte_set_prot(old, prot))) {
		return -EAGAIN;
	}
	mmu_flush_page(addr);
	return 0;
}

static int replace_by_copy(struct vma *vma, uintptr_t addr, pte_t *slot,
			   pte_t old, struct page *source)
{
	struct address_space *space = vma->space;
	bool from_zero = source == page_zero();
	struct page *copy = fault_new_page(space, from_zero ? FRAME_ZERO : 0);
	struct page *head;

	if (copy == NULL) {
		return -ENOMEM;
	}
	if (!from_zero) {
		memcpy(page_address(copy), mmu_direct(pte_paddr(old)),
		       PAGE_SIZE);
	}
	copy->map_count = 1;
	if (!pte_compare_exchange(
		    slot, old,
		    pte_leaf(page_paddr(copy), vma_leaf_prot(vma->flags), 0))) {
		page_put(copy);
		return -EAGAIN;
	}
	/* Other threads must not go on reading the old page. */
	tlb_flush(space, addr, addr + PAGE_SIZE);
	if (page_has(source, PAGE_RESERVED)) {
		address_space_account(space, 1, 0);
		return 0;
	}
	head = page_head(source);
	address_space_account(space, page_has(head, PAGE_ANON) ? 0 : 1,
			      page_has(head, PAGE_ANON) ? 0 : -1);
	__atomic_fetch_sub(&head->map_count, 1, __ATOMIC_RELEASE);
	page_put(head);
	return 0;
}

int fault_copy(struct vma *vma, uintptr_t addr, pte_t *slot, pte_t old,
	       unsigned level)
{
	struct page *page = page_from_paddr(pte_paddr(old));
	bool mine;

	if (page == NULL) {
		return -EIO;
	}
	mine = page_has(page, PAGE_ANON) &&
	       __atomic_load_n(&page->refs, __ATOMIC_ACQUIRE) == 1;
	if (mine) {
		return reuse(vma, addr, slot, old);
	}
	if (level == 1) {
		int err = pgtable_split_leaf(vma->space, addr, slot);

		return err < 0 ? err : -EAGAIN;
	}
	return replace_by_copy(vma, addr, slot, old, page);
}
