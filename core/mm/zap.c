/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Taking leaves out of page tables: of a range of one space, or of a file's
 * pages in all spaces that map them (cache->mappings).
 *
 * A leaf holds one reference to its page and counts in page->map_count; both
 * go with it, the reference after the shoot-down.  Leaves of pages that are
 * never freed (PAGE_RESERVED: zero page, kernel image) count nothing.
 *
 * Lock order: space->lock, page lock, cache->mapping_lock.
 */
#include <arch/mmu.h>
#include <lib/compiler.h>
#include <lib/minmax.h>

#include "internal.h"

struct zap {
	struct pgtable_walk walk;
	struct tlb_gather *gather;
	bool only_cache;
	int64_t anon, file; /* frames taken out */
	bool written;	    /* some page of an object was dirty */
};

/* Empties the slot; what it held, or none when it is to stay. */
static pte_t take_leaf(const struct zap *zap, pte_t *slot)
{
	pte_t old;
	struct page *page;

	if (!zap->only_cache) {
		return pte_exchange(slot, pte_none());
	}
	do {
		old = pte_load(slot);
		page = page_from_paddr(pte_paddr(old));
		if (page == NULL || !page_has(page, PAGE_CACHE)) {
			return pte_none();
		}
	} while (!pte_compare_exchange(slot, old, pte_none()));
	return old;
}

static int zap_leaf(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
		    unsigned level)
{
	struct zap *zap = container_of(walk, struct zap, walk);
	pte_t old = take_leaf(zap, slot);
	struct page *page;

	if (pte_is_none(old)) {
		return 0;
	}
	if (pte_is_present(old) && pte_is_young(old)) {
		tlb_gather_range(zap->gather, addr, addr + pgtable_span(level));
	}
	page = page_from_paddr(pte_paddr(old));
	if (page == NULL || page_has(page, PAGE_RESERVED)) {
		return 0;
	}
	page = page_head(page);
	if (page_has(page, PAGE_ANON)) {
		zap->anon += 1l << (9 * level);
	} else {
		zap->file++;
		zap->written = zap->written || pte_is_dirty(old);
	}
	__atomic_fetch_sub(&page->map_count, 1, __ATOMIC_RELEASE);
	tlb_gather_page(zap->gather, page);
	return 0;
}

bool zap_range(struct tlb_gather *gather, uintptr_t start, uintptr_t end,
	       bool only_cache)
{
	struct zap zap = {
		.walk = {.leaf = zap_leaf},
		.gather = gather,
		.only_cache = only_cache,
	};

	pgtable_walk(gather->space->root, start, end, &zap.walk);
	if (zap.anon != 0 || zap.file != 0) {
		address_space_account(gather->space, -zap.anon, -zap.file);
	}
	return zap.written;
}

/* --- all mappings of a file --------------------------------------------------
 */

/* The part of the VMA that shows pages [first, end); false: none. */
static bool visible_range(const struct vma *vma, uint64_t first, uint64_t end,
			  uintptr_t *start_out, uintptr_t *end_out)
{
	uint64_t count = (vma->end - vma->start) >> PAGE_SHIFT;
	uint64_t from = MAX(first, vma->offset);
	uint64_t to = MIN(end, vma->offset + count);

	if (from >= to) {
		return false;
	}
	*start_out = vma->start + ((from - vma->offset) << PAGE_SHIFT);
	*end_out = vma->start + ((to - vma->offset) << PAGE_SHIFT);
	return true;
}

void zap_cache(struct page_cache *cache, uint64_t first, uint64_t end,
	       bool copies)
{
	struct tlb_gather gather;
	struct vma *vma;
	uintptr_t from;
	uintptr_t to;

	mutex_lock(&cache->mapping_lock);
	list_for_each (vma, &cache->mappings, mapping_link) {
		if (visible_range(vma, first, end, &from, &to)) {
			tlb_gather_init(&gather, vma->space);
			zap_range(&gather, from, to, !copies);
			tlb_gather_finish(&gather);
		}
	}
	mutex_unlock(&cache->mapping_lock);
}

/* The leaf of the page in the VMA, or NULL. */
static pte_t *leaf_of(const struct vma *vma, const struct page *page,
		      uintptr_t *addr_out)
{
	uint64_t wanted = page_paddr(page).value;
	uintptr_t end;
	unsigned level;
	pte_t *slot;
	pte_t pte;

	if (!visible_range(vma, page->index, page->index + 1, addr_out, &end)) {
		return NULL;
	}
	slot = pgtable_lookup(vma->space->root, *addr_out, &level);
	pte = pte_load(slot);
	if (level != 0 || pte_is_none(pte) || pte_paddr(pte).value != wanted) {
		return NULL;
	}
	return slot;
}

void zap_write_rights(struct page_cache *cache, struct page *page)
{
	struct vma *vma;
	uintptr_t addr;

	if (__atomic_load_n(&page->map_count, __ATOMIC_ACQUIRE) == 0) {
		return;
	}
	mutex_lock(&cache->mapping_lock);
	list_for_each (vma, &cache->mappings, mapping_link) {
		pte_t *slot = leaf_of(vma, page, &addr);
		pte_t old;
		pte_t new;

		if (slot == NULL) {
			continue;
		}
		do {
			old = pte_load(slot);
			new = pte_clear_dirty(
				pte_set_prot(old, pte_prot(old) & ~PTE_WRITE));
		} while ((pte_prot(old) & PTE_WRITE) != 0 &&
			 !pte_compare_exchange(slot, old, new));
		if ((pte_prot(old) & PTE_WRITE) != 0) {
			tlb_flush(vma->space, addr, addr + PAGE_SIZE);
		}
	}
	mutex_unlock(&cache->mapping_lock);
}

bool zap_page(struct page_cache *cache, struct page *page, bool young)
{
	struct tlb_gather gather;
	struct vma *vma;
	uintptr_t addr;
	bool kept = false;

	if (!mutex_trylock(&cache->mapping_lock)) {
		return false;
	}
	list_for_each (vma, &cache->mappings, mapping_link) {
		pte_t *slot = leaf_of(vma, page, &addr);

		if (slot == NULL) {
			continue;
		}
		if ((vma->flags & VMA_LOCKED) != 0 ||
		    (!young && pte_is_young(pte_load(slot)))) {
			pte_t old = pte_load(slot);

			/* zap_leaf() counts on this: what is not young is in
			 * no TLB. */
			if (pte_compare_exchange(slot, old,
						 pte_clear_young(old)) &&
			    pte_is_young(old)) {
				tlb_flush(vma->space, addr, addr + PAGE_SIZE);
			}
			kept = true;
			break;
		}
		tlb_gather_init(&gather, vma->space);
		zap_range(&gather, addr, addr + PAGE_SIZE, true);
		tlb_gather_finish(&gather);
	}
	mutex_unlock(&cache->mapping_lock);
	return !kept &&
	       __atomic_load_n(&page->map_count, __ATOMIC_ACQUIRE) == 0;
}
