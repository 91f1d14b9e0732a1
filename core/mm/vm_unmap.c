/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * munmap, and the end of all mappings.
 *
 * The tables of the last 2 MiB block that a small range was unmapped from are
 * kept until the next such block: programs that map and unmap a few pages in
 * one place would make and free three tables each time.
 *
 * Order for each VMA: leaves out, VMA out of tree and file, then the tables
 * that cover nothing else.  Pages are free after the shoot-down.
 *
 * Lock: space->lock for writing.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <uapi/errno.h>

#include "internal.h"

/* Tables may go as far as this when there is no VMA above. */
#define SPACE_CEILING ALIGN_UP(USER_END, HUGE_SIZE)

static int split_large_leaves(struct address_space *space, uintptr_t start,
			      uintptr_t end)
{
	int err = pgtable_split(space, start);

	return err < 0 ? err : pgtable_split(space, end);
}

static void remove_vma(struct tlb_gather *gather, struct vma *vma)
{
	struct address_space *space = vma->space;
	uint64_t pages = (vma->end - vma->start) >> PAGE_SHIFT;

	if (zap_range(gather, vma->start, vma->end, false) &&
	    (vma->flags & VMA_SHARED) != 0) {
		vma->flags |= VMA_WRITTEN;
	}
	space->virtual_pages -= pages;
	if ((vma->flags & VMA_LOCKED) != 0) {
		space->locked_pages -= pages;
	}
	vma_remove(vma);
}

/* Objects are put last: that may be the end of a file. */
static void free_vmas(struct rbtree_node *chain)
{
	while (chain != NULL) {
		struct vma *vma = rbtree_entry(chain, struct vma, node);

		chain = chain->right;
		if ((vma->flags & VMA_WRITTEN) != 0 &&
		    vma->object->ops->written != NULL) {
			vma->object->ops->written(vma->object);
		}
		vma_free(vma);
	}
}

/* What is left to do once the range is out of tree and tables. */
struct unmap {
	struct tlb_gather gather;
	struct rbtree_node *removed; /* chain of VMAs */
};

/*
 * Frees the kept tables.  [start, end) has no VMAs any more but still its
 * tables: one above both must stay, or nobody would find those again.
 */
static void free_kept(struct tlb_gather *gather, uintptr_t start, uintptr_t end)
{
	struct address_space *space = gather->space;
	uintptr_t block = space->kept_block;
	struct rbtree_node *last = rbtree_last(&space->vmas);
	struct vma *next;
	struct vma *prev;
	uintptr_t floor;
	uintptr_t ceiling;

	space->kept_block = 0;
	if (block == 0 || (block + HUGE_SIZE > start && block < end)) {
		return; /* none, or part of the range */
	}
	next = vma_find(space, block);
	prev = next != NULL   ? vma_prev(next)
	       : last != NULL ? rbtree_entry(last, struct vma, node)
			      : NULL;
	if (next != NULL && next->start < block + HUGE_SIZE) {
		return; /* in use again */
	}
	floor = prev != NULL ? prev->end : 0;
	ceiling = next != NULL ? next->start : SPACE_CEILING;
	if (start < end && end <= block) {
		floor = MAX(floor, end);
	} else if (start < end) {
		ceiling = MIN(ceiling, start);
	}
	pgtable_free_range(gather, block, block + HUGE_SIZE, floor, ceiling);
}

void vm_free_kept_tables(struct address_space *space)
{
	struct tlb_gather gather;

	tlb_gather_init(&gather, space);
	free_kept(&gather, 0, 0);
	tlb_gather_finish(&gather);
}

/* The range lies between prev and next, which may be NULL. */
static void free_tables(struct tlb_gather *gather, uintptr_t start,
			uintptr_t end, const struct vma *prev,
			const struct vma *next)
{
	uintptr_t block = ALIGN_DOWN(start, HUGE_SIZE);
	bool small = ALIGN_DOWN(end - 1, HUGE_SIZE) == block;

	if (small && gather->space->kept_block == block) {
		return;
	}
	free_kept(gather, block, ALIGN_UP(end, HUGE_SIZE));
	if (small) {
		gather->space->kept_block = block;
	} else {
		pgtable_free_range(gather, start, end,
				   prev != NULL ? prev->end : 0,
				   next != NULL ? next->start : SPACE_CEILING);
	}
}

static int unmap_begin(struct address_space *space, uintptr_t start,
		       uintptr_t end, struct unmap *unmap)
{
	struct vma *vma = vma_find(space, start);
	struct vma *prev;
	int err;

	tlb_gather_init(&unmap->gather, space);
	unmap->removed = NULL;
	if (vma == NULL || vma->start >= end) {
		return 0;
	}
	err = vma_cut_range(space, start, end);
	if (err == 0) {
		err = split_large_leaves(space, start, end);
	}
	if (err < 0) {
		return err;
	}
	vma = vma_find(space, start);
	prev = vma != NULL ? vma_prev(vma) : NULL;
	while (vma != NULL && vma->start < end) {
		struct vma *next = vma_next(vma);

		remove_vma(&unmap->gather, vma);
		vma->node.right = unmap->removed;
		unmap->removed = &vma->node;
		vma = next;
	}
	free_tables(&unmap->gather, start, end, prev, vma);
	return 0;
}

int vm_unmap_locked(struct address_space *space, uintptr_t start, uintptr_t end)
{
	struct unmap unmap;
	int err = unmap_begin(space, start, end, &unmap);

	tlb_gather_finish(&unmap.gather);
	free_vmas(unmap.removed);
	return err;
}

int vm_unmap(struct address_space *space, uintptr_t addr, size_t length)
{
	struct unmap unmap;
	int err;

	if (!IS_ALIGNED(addr, PAGE_SIZE) || length == 0 || addr > USER_END ||
	    length > USER_END - addr) {
		return -EINVAL;
	}
	rwlock_write_lock(&space->lock);
	err = unmap_begin(space, addr, addr + ALIGN_UP(length, PAGE_SIZE),
			  &unmap);
	/* Faults may go on while the other CPUs are told, but nobody may map
	 * anything in the place before they know. */
	rwlock_downgrade(&space->lock);
	tlb_gather_finish(&unmap.gather);
	rwlock_read_unlock(&space->lock);
	free_vmas(unmap.removed);
	return err;
}

void vm_unmap_all(struct address_space *space)
{
	struct tlb_gather gather;
	struct rbtree_node *node;
	struct rbtree_node *removed = NULL;

	tlb_gather_init(&gather, space);
	while ((node = rbtree_first(&space->vmas)) != NULL) {
		struct vma *vma = rbtree_entry(node, struct vma, node);

		remove_vma(&gather, vma);
		node->right = removed;
		removed = node;
	}
	pgtable_free_range(&gather, 0, SPACE_CEILING, 0, SPACE_CEILING);
	tlb_gather_finish(&gather);
	free_vmas(removed);
}
