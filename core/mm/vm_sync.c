/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * msync, and looking at what is in memory: mincore, the numbers of smaps.
 *
 * A synchronous msync waits for the disk; the space's lock is not held
 * meanwhile, the object is.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <uapi/errno.h>
#include <uapi/mman.h>

#include "internal.h"

/* --- msync
 * --------------------------------------------------------------------
 */

struct sync_piece {
	struct vm_object *object; /* referenced; NULL: nothing to write */
	uint64_t start, end;	  /* bytes of the file */
	bool written;		  /* through a leaf of the range */
};

struct written {
	struct pgtable_walk walk;
	struct tlb_gather *gather;
	bool found;
};

/* The dirty bit starts anew, so the next write is seen by the next msync. */
static int collect_dirty(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
			 unsigned level)
{
	struct written *written = container_of(walk, struct written, walk);
	pte_t old = pte_load(slot);

	if (!pte_is_present(old) || !pte_is_dirty(old)) {
		return 0;
	}
	if (pte_compare_exchange(slot, old, pte_clear_dirty(old))) {
		tlb_gather_range(written->gather, addr,
				 addr + pgtable_span(level));
	}
	written->found = true;
	return 0;
}

static bool range_was_written(struct vma *vma, uintptr_t start, uintptr_t end)
{
	struct tlb_gather gather;
	struct written written = {
		.walk = {.leaf = collect_dirty},
		.gather = &gather,
	};

	tlb_gather_init(&gather, vma->space);
	pgtable_walk(vma->space->root, start, end, &written.walk);
	tlb_gather_finish(&gather);
	return written.found;
}

/* The part of the range in the first VMA at or above *at; moves *at behind
 * it. */
static int next_piece(struct address_space *space, uintptr_t *at, uintptr_t end,
		      int flags, bool *hole, struct sync_piece *piece)
{
	struct vma *vma;
	uintptr_t start;
	int err = 0;

	piece->object = NULL;
	rwlock_read_lock(&space->lock);
	vma = vma_find(space, *at);
	if (vma == NULL || vma->start >= end) {
		*hole = true;
		*at = end;
		goto unlock;
	}
	start = MAX(vma->start, *at);
	*hole = *hole || start > *at;
	*at = MIN(vma->end, end);
	if ((flags & UAPI_MS_INVALIDATE) != 0 &&
	    (vma->flags & VMA_LOCKED) != 0) {
		err = -EBUSY;
	} else if (vma_cache(vma) != NULL && (vma->flags & VMA_SHARED) != 0) {
		piece->written = range_was_written(vma, start, *at);
		piece->object = vma->object;
		piece->start = vma_page_index(vma, start) << PAGE_SHIFT;
		piece->end = piece->start + (*at - start);
		vma->object->ops->get(vma->object);
	}
unlock:
	rwlock_read_unlock(&space->lock);
	return err;
}

static int sync_piece(const struct sync_piece *piece, int flags)
{
	struct vm_object *object = piece->object;

	if (piece->written && object->ops->written != NULL) {
		object->ops->written(object);
	}
	if ((flags & UAPI_MS_SYNC) == 0) {
		return 0;
	}
	return page_cache_sync(object->cache, piece->start, piece->end);
}

int vm_sync(struct address_space *space, uintptr_t addr, size_t length,
	    int flags)
{
	uintptr_t end = addr + ALIGN_UP(length, PAGE_SIZE);
	bool hole = false;
	int err = 0;

	while (addr < end && err == 0) {
		struct sync_piece piece;

		err = next_piece(space, &addr, end, flags, &hole, &piece);
		if (piece.object != NULL) {
			err = sync_piece(&piece, flags);
			piece.object->ops->put(piece.object);
		}
	}
	return err == 0 && hole ? -ENOMEM : err;
}

/* --- mincore
 * ------------------------------------------------------------------
 */

struct incore {
	struct pgtable_walk walk;
	uintptr_t start, end; /* of the request */
	uint8_t *vec;
};

static int note_present(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
			unsigned level)
{
	struct incore *incore = container_of(walk, struct incore, walk);
	uintptr_t from = MAX(addr, incore->start);
	uintptr_t to = MIN(addr + pgtable_span(level), incore->end);

	(void)slot;
	memset(incore->vec + ((from - incore->start) >> PAGE_SHIFT), 1,
	       (to - from) >> PAGE_SHIFT);
	return 0;
}

/* Pages of files count when they are in the cache, mapped or not. */
static void note_cached(struct incore *incore, struct vma *vma, uintptr_t from,
			uintptr_t to)
{
	struct page_cache *cache = vma_cache(vma);

	for (; cache != NULL && from < to; from += PAGE_SIZE) {
		struct page *page =
			page_cache_find(cache, vma_page_index(vma, from));

		if (page != NULL) {
			incore->vec[(from - incore->start) >> PAGE_SHIFT] = 1;
			page_put(page);
		}
	}
}

int vm_incore(struct address_space *space, uintptr_t addr, size_t length,
	      uint8_t *vec)
{
	struct incore incore = {
		.walk = {.leaf = note_present},
		.start = addr,
		.end = addr + length,
		.vec = vec,
	};
	int err = 0;

	memset(vec, 0, length >> PAGE_SHIFT);
	rwlock_read_lock(&space->lock);
	if (!vma_range_is_mapped(space, addr, addr + length)) {
		err = -ENOMEM;
	} else {
		pgtable_walk(space->root, addr, addr + length, &incore.walk);
		for (struct vma *vma = vma_find(space, addr);
		     vma != NULL && vma->start < incore.end;
		     vma = vma_next(vma)) {
			note_cached(&incore, vma, MAX(vma->start, addr),
				    MIN(vma->end, incore.end));
		}
	}
	rwlock_read_unlock(&space->lock);
	return err;
}

/* --- smaps
 * --------------------------------------------------------------------
 */

struct usage {
	struct pgtable_walk walk;
	struct vm_usage *sum;
};

static int add_usage(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
		     unsigned level)
{
	struct vm_usage *sum = container_of(walk, struct usage, walk)->sum;
	uint64_t pages = 1ul << (9 * level);
	pte_t pte = pte_load(slot);
	struct page *page;
	int32_t mappings;
	bool dirty;

	(void)addr;
	page = page_from_paddr(pte_paddr(pte));
	if (page == NULL || !pte_is_present(pte) ||
	    page_has(page, PAGE_RESERVED)) {
		return 0;
	}
	page = page_head(page);
	dirty = page_has(page, PAGE_ANON | PAGE_DIRTY) || pte_is_dirty(pte);
	mappings = __atomic_load_n(&page->map_count, __ATOMIC_RELAXED);
	if (page_has(page, PAGE_ANON)) {
		sum->anon += pages;
	} else {
		sum->file += pages;
	}
	sum->huge += level > 0 ? pages : 0;
	sum->dirty += dirty ? pages : 0;
	sum->referenced += pte_is_young(pte) ? pages : 0;
	if (mappings > 1) {
		sum->shared += pages;
		sum->shared_dirty += dirty ? pages : 0;
	}
	sum->proportional_bytes +=
		pages * PAGE_SIZE / (uint64_t)MAX(mappings, 1);
	return 0;
}

void vm_usage(struct address_space *space, uintptr_t start, uintptr_t end,
	      struct vm_usage *usage)
{
	struct usage sum = {.walk = {.leaf = add_usage}, .sum = usage};

	pgtable_walk(space->root, start, end, &sum.walk);
}
