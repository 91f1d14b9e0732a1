/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * mremap: growing, shrinking and moving a mapping with its pages.
 *
 * Moving is done in this order: room for all tables of the new place, the new
 * VMA, the leaves one by one (a 2 MiB leaf whole where both places are aligned
 * for it), then the old VMA goes.  What cannot be undone begins when nothing
 * can fail any more.  For a file the leaves are moved under
 * cache->mapping_lock: truncation sees each leaf in one of the two VMAs.
 *
 * Lock: space->lock for writing; populating locked memory comes after it.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <uapi/errno.h>
#include <uapi/mman.h>

#include "internal.h"

struct remap {
	struct address_space *space;
	uintptr_t old_addr;
	size_t old_size;
	uintptr_t new_addr;
	size_t new_size;
	unsigned flags;	    /* UAPI_MREMAP_* */
	uintptr_t populate; /* [populate, populate_end): locked memory is new */
	uintptr_t populate_end;
};

/* --- moving leaves
 * ------------------------------------------------------------
 */

struct move {
	struct pgtable_walk walk;
	struct address_space *space;
	struct tlb_gather *gather;
	uintptr_t from, to;
};

/* Level on which a leaf of `level` at addr can stay what it is. */
static bool fits(const struct move *move, unsigned level)
{
	return level == 0 || IS_ALIGNED(move->to - move->from, HUGE_SIZE);
}

/* First pass: large leaves that cannot stay large become tables, and the tables
 * of the new place are made. */
static int prepare_leaf(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
			unsigned level)
{
	struct move *move = container_of(walk, struct move, walk);
	size_t distance = move->to - move->from;
	pte_t *target;
	int err = 0;

	if (!fits(move, level)) {
		err = pgtable_split_leaf(move->space, addr, slot);
		level = 0;
		/* Its small leaves reach into one or two tables. */
		if (err == 0) {
			err = pgtable_make(
				move->space->root,
				addr + distance + HUGE_SIZE - PAGE_SIZE, 0, 0,
				&move->space->page_table_frames, &target);
		}
	}
	if (err == 0) {
		err = pgtable_make(move->space->root, addr + distance, level, 0,
				   &move->space->page_table_frames, &target);
	}
	return err;
}

static int move_leaf(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
		     unsigned level)
{
	struct move *move = container_of(walk, struct move, walk);
	pte_t *target;
	pte_t old;

	if (pgtable_make(move->space->root, addr + (move->to - move->from),
			 level, FRAME_RESERVE, &move->space->page_table_frames,
			 &target) < 0) {
		return 0; /* prepared; a file page may have come meanwhile */
	}
	old = pte_exchange(slot, pte_none());
	if (pte_is_none(old)) {
		return 0;
	}
	pte_store(target, old);
	tlb_gather_range(move->gather, addr, addr + pgtable_span(level));
	return 0;
}

static int prepare_move(struct move *move, size_t size)
{
	int err = pgtable_split(move->space, move->from);

	if (err == 0) {
		err = pgtable_split(move->space, move->from + size);
	}
	if (err == 0) {
		move->walk.leaf = prepare_leaf;
		err = pgtable_walk(move->space->root, move->from,
				   move->from + size, &move->walk);
	}
	return err;
}

static void move_leaves(struct move *move, size_t size,
			struct page_cache *cache) NO_THREAD_SAFETY
{
	struct tlb_gather gather;

	tlb_gather_init(&gather, move->space);
	move->gather = &gather;
	move->walk.leaf = move_leaf;
	if (cache != NULL) {
		mutex_lock(&cache->mapping_lock);
	}
	pgtable_walk(move->space->root, move->from, move->from + size,
		     &move->walk);
	tlb_gather_finish(&gather);
	if (cache != NULL) {
		mutex_unlock(&cache->mapping_lock);
	}
}

/* --- the cases
 * ----------------------------------------------------------------
 */

/* The part of old mapping that goes on in the new one. */
static uint64_t offset_at(const struct vma *vma, uintptr_t addr)
{
	return vma->object != NULL ? vma_page_index(vma, addr) : 0;
}

static void count_new(struct remap *remap, const struct vma *vma,
		      uint64_t pages)
{
	remap->space->virtual_pages += pages;
	if ((vma->flags & VMA_LOCKED) != 0) {
		remap->space->locked_pages += pages;
	}
}

static int check_growth(struct remap *remap, const struct vma *vma,
			uint64_t pages)
{
	int err = vm_check_limits(remap->space, pages, vma->flags);

	if (err == 0 && (vma->flags & VMA_LOCKED) != 0) {
		err = vm_check_lock_limit(remap->space, pages);
	}
	return err;
}

/* The new place is free already.  `vma` covers the old range. */
static long move_to(struct remap *remap, struct vma *vma, uintptr_t to)
{
	struct address_space *space = remap->space;
	size_t kept = MIN(remap->old_size, remap->new_size);
	struct move move = {.space = space, .from = remap->old_addr, .to = to};
	struct vma *new_vma;
	int err;

	if (space->vma_count >= VMA_COUNT_MAX - 2) {
		return -ENOMEM;
	}
	new_vma = vma_alloc(space, to, to + remap->new_size,
			    vma->flags & ~VMA_GROWSDOWN, vma->object,
			    offset_at(vma, remap->old_addr));
	if (new_vma == NULL) {
		return -ENOMEM;
	}
	err = prepare_move(&move, kept);
	if (err < 0) {
		vma_free(new_vma);
		return err;
	}
	vma_insert(new_vma);
	count_new(remap, new_vma, remap->new_size >> PAGE_SHIFT);
	move_leaves(&move, kept, vma_cache(new_vma));
	if ((remap->flags & UAPI_MREMAP_DONTUNMAP) == 0 &&
	    remap->old_size != 0) {
		err = vm_unmap_locked(space, remap->old_addr,
				      remap->old_addr + remap->old_size);
		if (err < 0) {
			return err;
		}
	} else if (remap->old_size != 0 && (vma->flags & VMA_LOCKED) != 0) {
		/* DONTUNMAP: the old place is not locked any more. */
		space->locked_pages -= (vma->end - vma->start) >> PAGE_SHIFT;
		vma->flags &= ~(VMA_LOCKED | VMA_LOCK_ON_FAULT);
	}
	if (remap->new_size > remap->old_size &&
	    (new_vma->flags & VMA_LOCKED) != 0) {
		remap->populate = to + remap->old_size;
		remap->populate_end = to + remap->new_size;
	}
	vma_merge(new_vma);
	return (long)to;
}

static bool try_grow_in_place(struct remap *remap, struct vma *vma)
{
	uintptr_t end = remap->old_addr + remap->old_size;
	size_t more = remap->new_size - remap->old_size;

	if (vma->end != end || more > USER_END - end ||
	    !vma_range_is_free(remap->space, end, more)) {
		return false;
	}
	vma_set_range(vma, vma->start, end + more);
	count_new(remap, vma, more >> PAGE_SHIFT);
	if ((vma->flags & VMA_LOCKED) != 0) {
		remap->populate = end;
		remap->populate_end = end + more;
	}
	vma_merge(vma);
	return true;
}

static long find_place(struct remap *remap, const struct vma *vma)
{
	size_t align = vma->object == NULL && remap->new_size >= HUGE_SIZE
			       ? HUGE_SIZE
			       : PAGE_SIZE;
	uintptr_t place = 0;

	if (remap->new_addr != 0 &&
	    (remap->flags & UAPI_MREMAP_DONTUNMAP) != 0 &&
	    IS_ALIGNED(remap->new_addr, PAGE_SIZE) &&
	    remap->new_addr <= USER_END - remap->new_size &&
	    vma_range_is_free(remap->space, remap->new_addr, remap->new_size)) {
		return (long)remap->new_addr;
	}
	place = vma_find_gap(remap->space, remap->new_size, USER_BASE,
			     remap->space->mmap_top, align);
	if (place == 0) {
		place = vma_find_gap(remap->space, remap->new_size, USER_BASE,
				     USER_END, PAGE_SIZE);
	}
	return place != 0 ? (long)place : -ENOMEM;
}

/* The VMA that has the whole old range (or its start, for old size 0). */
static int find_old(struct remap *remap, struct vma **vma_out)
{
	struct vma *vma = vma_find(remap->space, remap->old_addr);

	if (vma == NULL || vma->start > remap->old_addr) {
		return -EFAULT;
	}
	if (remap->old_size == 0 && (vma->flags & VMA_SHARED) == 0) {
		return -EINVAL; /* a second mapping of private pages */
	}
	if ((remap->flags & UAPI_MREMAP_DONTUNMAP) != 0 &&
	    (vma->flags & (VMA_VDSO | VMA_VVAR)) != 0) {
		return -EINVAL;
	}
	if (remap->old_addr + remap->old_size > vma->end) {
		return -EFAULT;
	}
	*vma_out = vma;
	return 0;
}

static long remap_fixed(struct remap *remap)
{
	struct address_space *space = remap->space;
	struct vma *vma;
	int err;

	if (!IS_ALIGNED(remap->new_addr, PAGE_SIZE) ||
	    remap->new_size > USER_END ||
	    remap->new_addr > USER_END - remap->new_size ||
	    (remap->new_addr < remap->old_addr + remap->old_size &&
	     remap->old_addr < remap->new_addr + remap->new_size)) {
		return -EINVAL;
	}
	if (remap->new_addr < USER_BASE) {
		return -EPERM;
	}
	err = find_old(remap, &vma);
	if (err == 0) {
		err = vm_unmap_locked(space, remap->new_addr,
				      remap->new_addr + remap->new_size);
	}
	if (err == 0 && remap->old_size > remap->new_size &&
	    (remap->flags & UAPI_MREMAP_DONTUNMAP) == 0) {
		err = vm_unmap_locked(space, remap->old_addr + remap->new_size,
				      remap->old_addr + remap->old_size);
		remap->old_size = remap->new_size;
	}
	if (err == 0) {
		err = find_old(remap, &vma); /* may have been cut */
	}
	if (err == 0 && remap->new_size > remap->old_size) {
		err = check_growth(remap, vma,
				   (remap->new_size - remap->old_size) >>
					   PAGE_SHIFT);
	}
	return err < 0 ? err : move_to(remap, vma, remap->new_addr);
}

static long remap_anywhere(struct remap *remap)
{
	struct vma *vma;
	long place;
	int err;

	if (remap->old_size > remap->new_size) {
		err = find_old(remap, &vma);
		if (err == -EFAULT &&
		    vma_find(remap->space, remap->old_addr) != NULL &&
		    vma_find(remap->space, remap->old_addr)->start <=
			    remap->old_addr) {
			err = 0; /* shrinking may span mappings */
		}
		if (err == 0) {
			err = vm_unmap_locked(
				remap->space, remap->old_addr + remap->new_size,
				remap->old_addr + remap->old_size);
		}
		return err < 0 ? err : (long)remap->old_addr;
	}
	err = find_old(remap, &vma);
	if (err < 0) {
		return err;
	}
	if (remap->old_size == remap->new_size &&
	    (remap->flags & UAPI_MREMAP_DONTUNMAP) == 0) {
		return (long)remap->old_addr;
	}
	err = check_growth(remap, vma,
			   (remap->new_size - remap->old_size) >> PAGE_SHIFT);
	if (err < 0) {
		return err;
	}
	if (remap->old_size != 0 &&
	    (remap->flags & UAPI_MREMAP_DONTUNMAP) == 0 &&
	    try_grow_in_place(remap, vma)) {
		return (long)remap->old_addr;
	}
	if ((remap->flags & UAPI_MREMAP_MAYMOVE) == 0) {
		return -ENOMEM;
	}
	place = find_place(remap, vma);
	return place < 0 ? place : move_to(remap, vma, (uintptr_t)place);
}

long vm_remap(struct address_space *space, uintptr_t old_addr, size_t old_size,
	      size_t new_size, unsigned flags, uintptr_t new_addr)
{
	struct remap remap = {
		.space = space,
		.old_addr = old_addr,
		.old_size = ALIGN_UP(old_size, PAGE_SIZE),
		.new_addr = new_addr,
		.new_size = ALIGN_UP(new_size, PAGE_SIZE),
		.flags = flags,
	};
	long result;

	if (!IS_ALIGNED(old_addr, PAGE_SIZE) || remap.new_size == 0 ||
	    remap.old_size < old_size || remap.new_size > USER_END) {
		return remap.new_size > USER_END ? -ENOMEM : -EINVAL;
	}
	if (old_addr >= USER_END || remap.old_size > USER_END - old_addr) {
		return -EFAULT;
	}
	rwlock_write_lock(&space->lock);
	result = (flags & UAPI_MREMAP_FIXED) != 0 ? remap_fixed(&remap)
						  : remap_anywhere(&remap);
	rwlock_write_unlock(&space->lock);
	if (result >= 0 && remap.populate < remap.populate_end) {
		vm_populate(space, remap.populate, remap.populate_end);
	}
	return result;
}
