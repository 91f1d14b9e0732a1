/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * mlock: pages that stay.  Only reclaim takes pages away, and only from files,
 * so a locked VMA is a flag that reclaim, madvise and msync respect, and its
 * pages are brought in now.  The application's privilege to lock is checked by
 * the system calls; the limit here.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <uapi/errno.h>
#include <uapi/mman.h>

#include "internal.h"

#define LOCK_FLAGS (VMA_LOCKED | VMA_LOCK_ON_FAULT)

/* Pages of the range that the change locks for the first time. */
static uint64_t unlocked_pages(struct address_space *space, uintptr_t start,
			       uintptr_t end)
{
	uint64_t pages = 0;

	for (struct vma *vma = vma_find(space, start);
	     vma != NULL && vma->start < end; vma = vma_next(vma)) {
		if ((vma->flags & VMA_LOCKED) == 0) {
			pages +=
				(MIN(vma->end, end) - MAX(vma->start, start)) >>
				PAGE_SHIFT;
		}
	}
	return pages;
}

static void change_vma(struct vma *vma, uint32_t flags)
{
	uint64_t pages = (vma->end - vma->start) >> PAGE_SHIFT;
	bool was = (vma->flags & VMA_LOCKED) != 0;
	bool is = (flags & VMA_LOCKED) != 0;

	vma->flags = (vma->flags & ~LOCK_FLAGS) | flags;
	if (is && !was) {
		vma->space->locked_pages += pages;
	} else if (was && !is) {
		vma->space->locked_pages -= pages;
	}
}

/* Write lock held. */
static int change_range(struct address_space *space, uintptr_t start,
			uintptr_t end, uint32_t flags)
{
	bool hole = !vma_range_is_mapped(space, start, end);
	struct vma *vma;

	if (vma_cut_range(space, start, end) < 0) {
		return -ENOMEM;
	}
	for (vma = vma_find(space, start); vma != NULL && vma->start < end;
	     vma = vma_next(vma)) {
		change_vma(vma, flags);
		vma = vma_merge(vma);
	}
	vma = vma_find(space, end);
	if (vma != NULL && vma->start == end) {
		vma_merge(vma);
	}
	return hole ? -ENOMEM : 0;
}

static int check_bounds(uintptr_t *addr, size_t length, uintptr_t *end_out)
{
	uintptr_t start = ALIGN_DOWN(*addr, PAGE_SIZE);
	size_t whole = length + (*addr - start);

	*end_out = start + ALIGN_UP(whole, PAGE_SIZE);
	*addr = start;
	return whole < length || *end_out < start ? -EINVAL : 0;
}

int vm_lock(struct address_space *space, uintptr_t addr, size_t length,
	    unsigned flags)
{
	bool on_fault = (flags & UAPI_MLOCK_ONFAULT) != 0;
	uintptr_t end;
	int err = check_bounds(&addr, length, &end);

	if (err < 0 || length == 0) {
		return err;
	}
	rwlock_write_lock(&space->lock);
	err = vm_check_lock_limit(space, unlocked_pages(space, addr, end));
	if (err == 0) {
		err = change_range(space, addr, end,
				   on_fault ? LOCK_FLAGS : VMA_LOCKED);
	} else {
		err = -ENOMEM;
	}
	rwlock_write_unlock(&space->lock);
	if (err == 0 && !on_fault) {
		int populated = vm_populate(space, addr, end);

		err = populated == -ENOMEM ? -EAGAIN : 0;
	}
	return err;
}

int vm_unlock(struct address_space *space, uintptr_t addr, size_t length)
{
	uintptr_t end;
	int err = check_bounds(&addr, length, &end);

	if (err < 0 || length == 0) {
		return err;
	}
	rwlock_write_lock(&space->lock);
	err = change_range(space, addr, end, 0);
	rwlock_write_unlock(&space->lock);
	return err;
}
