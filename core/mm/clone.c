/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The copy of an address space for fork.
 *
 * VMAs are copied; of the leaves only those of private pages, read-only in both
 * spaces, so that the first write copies.  Everything else (file pages, zero
 * pages) comes back by faults, which is cheaper than copying leaves that a
 * child about to exec never uses.
 *
 * Lock: from->lock for writing; the copy is nobody else's yet.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include <uapi/errno.h>

#include "internal.h"

struct clone {
	struct pgtable_walk walk;
	struct address_space *to;
	struct tlb_gather *gather; /* of the old space */
	int64_t count;		   /* frames shared */
};

/* Read-only; nothing but this thread changes private leaves now, but the
 * processor may set accessed and dirty. */
static pte_t take_write_right(pte_t *slot)
{
	pte_t old;
	pte_t new;

	do {
		old = pte_load(slot);
		new = pte_set_prot(old, pte_prot(old) & ~PTE_WRITE);
	} while (!pte_compare_exchange(slot, old, new));
	return old;
}

static int clone_leaf(struct pgtable_walk *walk, pte_t *slot, uintptr_t addr,
		      unsigned level)
{
	struct clone *clone = container_of(walk, struct clone, walk);
	struct page *page = page_from_paddr(pte_paddr(pte_load(slot)));
	struct address_space *to = clone->to;
	pte_t *copy;
	pte_t old;
	int err;

	if (page == NULL || page_has(page, PAGE_RESERVED) ||
	    !page_has(page_head(page), PAGE_ANON)) {
		return 0;
	}
	err = pgtable_make(to->root, addr, level, 0, &to->page_table_frames,
			   &copy);
	if (err < 0) {
		return err;
	}
	old = take_write_right(slot);
	if ((pte_prot(old) & PTE_WRITE) != 0) {
		tlb_gather_range(clone->gather, addr,
				 addr + pgtable_span(level));
	}
	page = page_head(page);
	page_get(page);
	__atomic_fetch_add(&page->map_count, 1, __ATOMIC_RELAXED);
	pte_store(copy, pte_clear_dirty(
				pte_set_prot(old, pte_prot(old) & ~PTE_WRITE)));
	clone->count += 1l << (9 * level);
	return 0;
}

static int clone_vma(struct clone *clone, struct vma *from)
{
	uint32_t flags = from->flags & ~(VMA_LOCKED | VMA_LOCK_ON_FAULT);
	struct vma *copy = vma_alloc(clone->to, from->start, from->end, flags,
				     from->object, from->offset);

	if (copy == NULL) {
		return -ENOMEM;
	}
	clone->to->virtual_pages += (from->end - from->start) >> PAGE_SHIFT;
	vma_insert(copy);
	if ((from->flags & (VMA_SHARED | VMA_WIPEONFORK)) != 0) {
		return 0;
	}
	return pgtable_walk(from->space->root, from->start, from->end,
			    &clone->walk);
}

static void copy_layout(struct address_space *to,
			const struct address_space *from)
{
	to->mmap_top = from->mmap_top;
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->stack_top = from->stack_top;
	to->vdso = from->vdso;
	to->code_start = from->code_start;
	to->code_end = from->code_end;
	to->data_start = from->data_start;
	to->data_end = from->data_end;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	memcpy(to->saved_auxv, from->saved_auxv, sizeof(to->saved_auxv));
}

int address_space_clone(struct address_space *from,
			struct address_space **space_out)
{
	struct tlb_gather gather;
	struct clone clone = {.walk = {.leaf = clone_leaf}, .gather = &gather};
	struct vma *vma;
	int err = address_space_create(&clone.to);

	if (err < 0) {
		return err;
	}
	tlb_gather_init(&gather, from);
	rwlock_write_lock(&from->lock);
	copy_layout(clone.to, from);
	for (vma = vma_find(from, 0); vma != NULL && err == 0;
	     vma = vma_next(vma)) {
		if ((vma->flags & VMA_DONTFORK) == 0) {
			err = clone_vma(&clone, vma);
		}
	}
	tlb_gather_finish(&gather);
	rwlock_write_unlock(&from->lock);
	if (clone.count != 0) {
		address_space_account(clone.to, clone.count, 0);
	}
	if (err < 0) {
		address_space_put(clone.to);
		return err;
	}
	*space_out = clone.to;
	return 0;
}
