/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * madvise.
 *
 * Three kinds: advice about the pages (taken or brought now, read lock), about
 * the mapping (a flag of its VMAs, write lock), and about what Linnet has no
 * use for (accepted).  As on Linux, holes are passed over and reported as
 * -ENOMEM at the end.
 *
 * MADV_FREE takes the pages at once: allowed, since nobody may count on their
 * contents.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <uapi/errno.h>
#include <uapi/mman.h>

#include "internal.h"
#include "readahead.h"

/* --- pages
 * --------------------------------------------------------------------
 */

static int drop_pages(struct vma *vma, uintptr_t start, uintptr_t end,
		      int advice)
{
	struct tlb_gather gather;
	int err;

	if ((vma->flags & VMA_LOCKED) != 0 &&
	    advice != UAPI_MADV_DONTNEED_LOCKED) {
		return -EINVAL;
	}
	if (advice == UAPI_MADV_FREE && vma->object != NULL) {
		return -EINVAL;
	}
	err = pgtable_split(vma->space, start);
	if (err == 0) {
		err = pgtable_split(vma->space, end);
	}
	if (err < 0) {
		return err;
	}
	tlb_gather_init(&gather, vma->space);
	zap_range(&gather, start, end, false);
	tlb_gather_finish(&gather);
	return 0;
}

static int need_soon(struct vma *vma, uintptr_t start, uintptr_t end)
{
	struct page_cache *cache = vma_cache(vma);

	if (cache != NULL) {
		readahead_start(cache, vma_page_index(vma, start),
				(end - start) >> PAGE_SHIFT);
	}
	return vma->object == NULL ? -EBADF : 0;
}

static int remove_pages(struct vma *vma, uintptr_t start, uintptr_t end)
{
	struct page_cache *cache = vma_cache(vma);
	uint64_t first = vma_page_index(vma, start) << PAGE_SHIFT;

	if ((vma->flags & VMA_LOCKED) != 0 || cache == NULL) {
		return -EINVAL;
	}
	if ((vma->flags & VMA_SHARED) == 0 || (vma->flags & VMA_WRITE) == 0) {
		return -EACCES;
	}
	if (cache->ops->read != NULL) {
		return -EOPNOTSUPP; /* a file on a disk would keep its blocks */
	}
	page_cache_punch(cache, first, first + (end - start));
	return 0;
}

static int populate(struct vma *vma, uintptr_t start, uintptr_t end, bool write)
{
	for (; start < end; start += PAGE_SIZE) {
		int err = fault_handle(vma, start, write ? FAULT_WRITE : 0);

		switch (err) {
		case 0:
			break;
		case -EACCES:
			return -EINVAL;
		case -ENOMEM:
			return -ENOMEM;
		default:
			return -EFAULT;
		}
	}
	return 0;
}

/* 0 or an error that ends the call; the read lock is held. */
static int advise_pages(struct vma *vma, uintptr_t start, uintptr_t end,
			int advice)
{
	switch (advice) {
	case UAPI_MADV_DONTNEED:
	case UAPI_MADV_DONTNEED_LOCKED:
	case UAPI_MADV_FREE:
		return drop_pages(vma, start, end, advice);
	case UAPI_MADV_WILLNEED:
		return vma->object == NULL ? 0 : need_soon(vma, start, end);
	case UAPI_MADV_REMOVE:
		return remove_pages(vma, start, end);
	case UAPI_MADV_POPULATE_READ:
	case UAPI_MADV_POPULATE_WRITE:
		return populate(vma, start, end,
				advice == UAPI_MADV_POPULATE_WRITE);
	case UAPI_MADV_COLD:
	case UAPI_MADV_PAGEOUT:
		return (vma->flags & VMA_LOCKED) != 0 ? -EINVAL : 0;
	default:
		return 0;
	}
}

/* --- flags
 * --------------------------------------------------------------------
 */

struct flag_advice {
	int advice;
	uint32_t set, clear;
};

static const struct flag_advice flag_advices[] = {
	{UAPI_MADV_NORMAL, 0, VMA_RANDOM | VMA_SEQUENTIAL},
	{UAPI_MADV_RANDOM, VMA_RANDOM, VMA_SEQUENTIAL},
	{UAPI_MADV_SEQUENTIAL, VMA_SEQUENTIAL, VMA_RANDOM},
	{UAPI_MADV_DONTFORK, VMA_DONTFORK, 0},
	{UAPI_MADV_DOFORK, 0, VMA_DONTFORK},
	{UAPI_MADV_DONTDUMP, VMA_DONTDUMP, 0},
	{UAPI_MADV_DODUMP, 0, VMA_DONTDUMP},
	{UAPI_MADV_WIPEONFORK, VMA_WIPEONFORK, 0},
	{UAPI_MADV_KEEPONFORK, 0, VMA_WIPEONFORK},
	{UAPI_MADV_HUGEPAGE, VMA_HUGE, VMA_NO_HUGE},
	{UAPI_MADV_NOHUGEPAGE, VMA_NO_HUGE, VMA_HUGE},
};

static const struct flag_advice *find_flag_advice(int advice)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_advices); i++) {
		if (flag_advices[i].advice == advice) {
			return &flag_advices[i];
		}
	}
	return NULL;
}

static int advise_flags(struct address_space *space, uintptr_t start,
			uintptr_t end, const struct flag_advice *change)
{
	struct vma *vma;
	bool hole = !vma_range_is_mapped(space, start, end);
	int err = vma_cut_range(space, start, end);

	if (err < 0) {
		return -EAGAIN;
	}
	for (vma = vma_find(space, start); vma != NULL && vma->start < end;
	     vma = vma_next(vma)) {
		if (change->set == VMA_WIPEONFORK &&
		    (vma->object != NULL || (vma->flags & VMA_SHARED) != 0)) {
			return -EINVAL;
		}
		vma->flags = (vma->flags & ~change->clear) | change->set;
		vma = vma_merge(vma);
	}
	vma = vma_find(space, end);
	if (vma != NULL && vma->start == end) {
		vma_merge(vma);
	}
	return hole ? -ENOMEM : 0;
}

/* --- the call
 * -----------------------------------------------------------------
 */

static bool is_known(int advice)
{
	switch (advice) {
	case UAPI_MADV_DONTNEED:
	case UAPI_MADV_DONTNEED_LOCKED:
	case UAPI_MADV_FREE:
	case UAPI_MADV_WILLNEED:
	case UAPI_MADV_REMOVE:
	case UAPI_MADV_POPULATE_READ:
	case UAPI_MADV_POPULATE_WRITE:
	case UAPI_MADV_COLD:
	case UAPI_MADV_PAGEOUT:
	case UAPI_MADV_MERGEABLE:
	case UAPI_MADV_UNMERGEABLE:
	case UAPI_MADV_COLLAPSE:
		return true;
	default:
		return find_flag_advice(advice) != NULL;
	}
}

static int advise_range(struct address_space *space, uintptr_t start,
			uintptr_t end, int advice)
{
	bool stops_at_holes = advice == UAPI_MADV_POPULATE_READ ||
			      advice == UAPI_MADV_POPULATE_WRITE;
	bool hole = false;
	uintptr_t at = start;
	struct vma *vma;
	int err;

	for (vma = vma_find(space, start); vma != NULL && vma->start < end;
	     vma = vma_next(vma)) {
		if (vma->start > at) {
			hole = true;
			if (stops_at_holes) {
				return -ENOMEM;
			}
		}
		err = advise_pages(vma, MAX(vma->start, start),
				   MIN(vma->end, end), advice);
		if (err < 0) {
			return err;
		}
		at = vma->end;
	}
	return hole || at < end ? -ENOMEM : 0;
}

int vm_advise(struct address_space *space, uintptr_t addr, size_t length,
	      int advice)
{
	const struct flag_advice *change = find_flag_advice(advice);
	uintptr_t end = addr + ALIGN_UP(length, PAGE_SIZE);
	int err;

	if (!is_known(advice) || !IS_ALIGNED(addr, PAGE_SIZE) ||
	    (length != 0 && end <= addr)) {
		return -EINVAL;
	}
	if (length == 0) {
		return 0;
	}
	if (change != NULL) {
		rwlock_write_lock(&space->lock);
		err = advise_flags(space, addr, end, change);
		rwlock_write_unlock(&space->lock);
		return err;
	}
	rwlock_read_lock(&space->lock);
	err = advise_range(space, addr, end, advice);
	rwlock_read_unlock(&space->lock);
	return err;
}
