/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Faults on objects: pages of files through the page cache, pages that an
 * object hands out itself.
 *
 * A page is mapped while it is locked and still belongs to the cache, so
 * truncation, which locks each page that it drops, finds the leaf.  Around the
 * page that was asked for, pages that are there already are mapped as well.
 *
 * Writing.  Pages of caches that write back are mapped read-only at first; the
 * first write tells the filesystem and marks the page dirty.  Caches that are
 * the only home of their pages do not need to know.
 *
 * Lock order: space->lock, page lock, cache->mapping_lock.
 */
#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#include "internal.h"

#define AROUND_PAGES 16 /* a power of two */

/* Returns the page referenced. */
static int object_page(struct vma *vma, uint64_t index, struct page **page_out)
{
	struct vm_object *object = vma->object;

	if (object->cache == NULL) {
		return object->ops->page(object, index, page_out);
	}
	*page_out = page_cache_find(object->cache, index);
	if (*page_out != NULL) {
		return 0;
	}
	if (object->cache->ops->read != NULL && thread_current() != NULL) {
		thread_current()->linux.major_faults++;
	}
	return page_cache_get(object->cache, index, false, page_out);
}

/* Writes need not be noticed. */
static bool writes_freely(const struct vma *vma)
{
	const struct vm_object *object = vma->object;

	return object->ops->make_writable == NULL &&
	       (object->cache == NULL || !page_cache_can_track(object->cache));
}

/* Rights of a page that is mapped for reading. */
static unsigned read_prot(const struct vma *vma)
{
	unsigned prot = vma_leaf_prot(vma->flags);

	if ((vma->flags & VMA_SHARED) == 0 || !writes_freely(vma)) {
		prot &= ~PTE_WRITE;
	}
	return prot;
}

/* The page is locked, or has no cache. */
static bool still_valid(const struct vma *vma, const struct page *page,
			uint64_t index)
{
	const struct page_cache *cache = vma->object->cache;

	return cache == NULL ||
	       (page->cache == cache && page->index == index &&
		(index << PAGE_SHIFT) <
			__atomic_load_n(&cache->size, __ATOMIC_ACQUIRE));
}

/* Takes over the reference in any case; true when it was used. */
static bool install(pte_t *slot, struct page *page, unsigned prot)
{
	if (!fault_install(slot, page, prot, 0)) {
		page_put(page);
		return false;
	}
	if (page_has(page, PAGE_RESERVED)) {
		page_put(page);
		return false; /* counts nowhere */
	}
	return true;
}

/* --- several pages at once
 * ----------------------------------------------------
 */

/*
 * Maps present pages of the aligned window around addr that lie in the VMA;
 * `table` is the table of addr.  Busy pages are left out.  Returns whether addr
 * itself was mapped.
 */
static bool map_around(struct vma *vma, uintptr_t addr, pte_t *slot)
{
	uintptr_t first =
		MAX(ALIGN_DOWN(addr, AROUND_PAGES * PAGE_SIZE), vma->start);
	uintptr_t end = MIN(ALIGN_DOWN(addr, AROUND_PAGES * PAGE_SIZE) +
				    AROUND_PAGES * PAGE_SIZE,
			    vma->end);
	struct page *pages[AROUND_PAGES];
	uint64_t index = vma_page_index(vma, first);
	unsigned prot = read_prot(vma);
	bool mapped = false;
	int64_t count = 0;
	size_t found;

	found = page_cache_find_many(vma->object->cache, index, pages,
				     (end - first) >> PAGE_SHIFT);
	for (size_t i = 0; i < found; i++) {
		struct page *page = pages[i];
		intptr_t distance = (intptr_t)(page->index - index) -
				    (intptr_t)((addr - first) >> PAGE_SHIFT);
		pte_t *at = slot + distance;

		if (!pte_is_none(pte_load(at)) || !page_trylock(page)) {
			page_put(page);
			continue;
		}
		if (!still_valid(vma, page, page->index) ||
		    !page_has(page, PAGE_UPTODATE)) {
			page_unlock(page);
			page_put(page);
			continue;
		}
		mapped = mapped || distance == 0;
		if (install(at, page, prot)) {
			count++;
		}
		page_unlock(page);
	}
	if (count != 0) {
		address_space_account(vma->space, 0, count);
	}
	return mapped;
}

/* --- one page
 * -----------------------------------------------------------------
 */

static int map_one(struct vma *vma, pte_t *slot, uint64_t index)
{
	struct page *page;
	int err = object_page(vma, index, &page);

	if (err < 0) {
		return err;
	}
	if (vma->object->cache != NULL) {
		page_lock(page);
	}
	if (!still_valid(vma, page, index)) {
		page_unlock(page);
		page_put(page);
		return -EAGAIN;
	}
	page_get(page);
	if (install(slot, page, read_prot(vma))) {
		address_space_account(vma->space, 0, 1);
	}
	if (vma->object->cache != NULL) {
		page_unlock(page);
	}
	page_put(page);
	return 0;
}

/* A private copy, without mapping the original first. */
static int map_copy(struct vma *vma, pte_t *slot, uint64_t index)
{
	struct page *copy;
	struct page *page;
	int err = object_page(vma, index, &page);

	if (err < 0) {
		return err;
	}
	copy = fault_new_page(vma->space, 0);
	if (copy == NULL) {
		page_put(page);
		return -ENOMEM;
	}
	memcpy(page_address(copy), page_address(page), PAGE_SIZE);
	/* Under the lock: truncation takes private copies out as well. */
	if (vma->object->cache != NULL) {
		page_lock(page);
	}
	err = still_valid(vma, page, index) &&
			      fault_install(slot, copy,
					    vma_leaf_prot(vma->flags), 0)
		      ? 0
		      : -EAGAIN;
	if (vma->object->cache != NULL) {
		page_unlock(page);
	}
	page_put(page);
	if (err == 0) {
		address_space_account(vma->space, 1, 0);
	} else {
		page_put(copy);
	}
	return err;
}

int fault_file(struct vma *vma, uintptr_t addr, unsigned flags)
{
	struct address_space *space = vma->space;
	uint64_t index = vma_page_index(vma, addr);
	bool write = (flags & FAULT_WRITE) != 0;
	pte_t *slot;
	int err = pgtable_make(space->root, addr, 0, 0,
			       &space->page_table_frames, &slot);

	if (err < 0) {
		return err == -EEXIST ? -EAGAIN : err;
	}
	if (write && (vma->flags & VMA_SHARED) == 0) {
		return map_copy(vma, slot, index);
	}
	if (vma->object->cache != NULL && map_around(vma, addr, slot)) {
		err = 0;
	} else {
		err = map_one(vma, slot, index);
	}
	/* Found read-only when it has to be noticed: comes again. */
	return err == 0 && write && !writes_freely(vma) ? -EAGAIN : err;
}

/* --- the first write to a shared page
 * -----------------------------------------
 */

static int announce_write(struct vma *vma, struct page *page, uint64_t index)
{
	struct vm_object *object = vma->object;
	struct page_cache *cache = object->cache;
	int err = 0;

	if (cache != NULL && cache->ops->reserve != NULL) {
		err = cache->ops->reserve(cache, index);
	}
	if (err == 0 && object->ops->make_writable != NULL) {
		err = object->ops->make_writable(object, page);
	}
	return err;
}

int fault_share_write(struct vma *vma, uintptr_t addr, pte_t *slot, pte_t old)
{
	struct page *page = page_from_paddr(pte_paddr(old));
	struct page_cache *cache = vma->object->cache;
	uint64_t index = vma_page_index(vma, addr);
	int err;

	if (page == NULL || !page_try_get(page)) {
		return -EAGAIN;
	}
	err = announce_write(vma, page, index);
	if (err < 0) {
		page_put(page);
		return err;
	}
	if (cache != NULL) {
		page_lock(page);
	}
	if (!still_valid(vma, page, index)) {
		err = -EAGAIN;
	} else if (!pte_compare_exchange(
			   slot, old,
			   pte_set_prot(old, vma_leaf_prot(vma->flags)))) {
		err = -EAGAIN;
	} else {
		mmu_flush_page(addr);
	}
	if (cache != NULL) {
		if (err == 0) {
			page_cache_mark_dirty(cache, page);
		}
		page_unlock(page);
	}
	page_put(page);
	return err;
}
