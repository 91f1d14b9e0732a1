/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * mprotect.
 *
 * A right that is taken away is gone from the leaves on return; one that is
 * given reaches them now where that is safe (private pages that nobody shares),
 * else with the next fault.
 *
 * Lock: space->lock for writing.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <uapi/errno.h>

#include "internal.h"

struct protect {
	struct pgtable_walk walk;
	struct tlb_gather *gather;
	unsigned prot; /* of leaves, with PTE_WRITE when the VMA has it */
};

/* The leaf's page is private memory of this leaf alone. */
static bool is_sole_owner(pte_t pte)
{
	struct page *page = page_from_paddr(pte_paddr(pte));

	return page != NULL && page_has(page, PAGE_ANON) &&
	       __atomic_load_n(&page->refs, __ATOMIC_ACQUIRE) == 1;
}

static int protect_leaf(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
			unsigned level)
{
	struct protect *protect = container_of(walk, struct protect, walk);
	unsigned prot = protect->prot;
	pte_t old = pte_load(slot);
	pte_t new;

	if ((prot & PTE_WRITE) != 0 && (pte_prot(old) & PTE_WRITE) == 0 &&
	    !is_sole_owner(old)) {
		prot &= ~PTE_WRITE;
	}
	do {
		old = pte_load(slot);
		if (pte_is_none(old)) {
			return 0; /* truncated meanwhile */
		}
		new = pte_set_prot(old, prot);
	} while (!pte_compare_exchange(slot, old, new));
	if (pte_is_present(old) && pte_is_young(old) &&
	    (pte_prot(old) & ~pte_prot(new)) != 0) {
		tlb_gather_range(protect->gather, addr,
				 addr + pgtable_span(level));
	}
	return 0;
}

static void protect_vma(struct tlb_gather *gather, struct vma *vma,
			uint32_t prot)
{
	struct protect protect = {
		.walk = {.leaf = protect_leaf},
		.gather = gather,
	};

	vma->flags = (vma->flags & ~VMA_PROT) | prot;
	protect.prot = vma_leaf_prot(vma->flags);
	pgtable_walk(vma->space->root, vma->start, vma->end, &protect.walk);
}

/*
 * How far the change can go: *end_out is the first hole or mapping that refuses
 * it, whose error is returned; what lies before is changed all the same.
 */
static int check_range(struct address_space *space, uintptr_t start,
		       uintptr_t end, uint32_t prot, uintptr_t *end_out)
{
	struct vma *vma = vma_find(space, start);
	uint64_t reserved = 0;

	*end_out = start;
	for (uintptr_t at = start; at < end;
	     at = vma->end, vma = vma_next(vma)) {
		*end_out = at;
		if (vma == NULL || vma->start > at) {
			return -ENOMEM;
		}
		if ((prot & VMA_WRITE) != 0 &&
		    (vma->flags & (VMA_SHARED | VMA_MAY_WRITE)) == VMA_SHARED &&
		    vma->object != NULL) {
			return -EACCES;
		}
		*end_out = MIN(vma->end, end);
		if ((vma->flags & (VMA_WRITE | VMA_NORESERVE)) == 0) {
			reserved += MIN(vma->end, end) - at;
		}
		if (vma->end >= end) {
			break;
		}
	}
	if ((prot & VMA_WRITE) != 0 &&
	    (reserved >> PAGE_SHIFT) > frame_total_count()) {
		*end_out = start;
		return -ENOMEM;
	}
	return 0;
}

static int protect_locked(struct tlb_gather *gather, uintptr_t start,
			  uintptr_t end, uint32_t prot)
{
	struct address_space *space = gather->space;
	struct vma *vma;
	int refused = check_range(space, start, end, prot, &end);
	int err;

	if (end == start) {
		return refused;
	}
	err = vma_cut_range(space, start, end);
	if (err == 0) {
		err = pgtable_split(space, start);
	}
	if (err == 0) {
		err = pgtable_split(space, end);
	}
	if (err < 0) {
		return err;
	}
	vma = vma_find(space, start);
	while (vma != NULL && vma->start < end) {
		if ((vma->flags & VMA_PROT) != prot) {
			protect_vma(gather, vma, prot);
		}
		vma = vma_next(vma_merge(vma));
	}
	/* The last one may have become like the one above the range. */
	vma = vma_find(space, end);
	if (vma != NULL && vma->start == end) {
		vma_merge(vma);
	}
	return refused;
}

int vm_protect(struct address_space *space, uintptr_t addr, size_t length,
	       uint32_t prot)
{
	struct tlb_gather gather;
	uintptr_t end;
	int err;

	if (!IS_ALIGNED(addr, PAGE_SIZE)) {
		return -EINVAL;
	}
	end = addr + ALIGN_UP(length, PAGE_SIZE);
	if (length == 0) {
		return 0;
	}
	if (end <= addr || end > USER_END) {
		return -ENOMEM;
	}
	rwlock_write_lock(&space->lock);
	tlb_gather_init(&gather, space);
	err = protect_locked(&gather, addr, end, prot & VMA_PROT);
	/* Faults may go on while the other CPUs are told. */
	rwlock_downgrade(&space->lock);
	tlb_gather_finish(&gather);
	rwlock_read_unlock(&space->lock);
	return err;
}
