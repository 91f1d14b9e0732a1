/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * mmap and brk: placing VMAs.  No memory is touched; faults do that later,
 * except for MAP_POPULATE and locked mappings.
 *
 * Lock: space->lock for writing; released before pages are populated.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <process/credentials.h>
#include <process/rlimit.h>
#include <uapi/errno.h>

#include "internal.h"

#define MAP_32BIT_LOW  0x40000000ul
#define MAP_32BIT_HIGH 0x80000000ul

/* --- limits
 * -------------------------------------------------------------------
 */

int vm_check_limits(struct address_space *space, uint64_t pages, uint32_t flags)
{
	uint64_t limit = rlimit_current(RLIMIT_AS) >> PAGE_SHIFT;

	if (pages > limit || space->virtual_pages > limit - pages) {
		return -ENOMEM;
	}
	/* More than all memory at once cannot be meant, unless it says so. */
	if ((flags & (VMA_WRITE | VMA_SHARED | VMA_NORESERVE)) == VMA_WRITE &&
	    pages > frame_total_count()) {
		return -ENOMEM;
	}
	return 0;
}

int vm_check_lock_limit(struct address_space *space, uint64_t pages)
{
	uint64_t limit = rlimit_current(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if ((pages > limit || space->locked_pages > limit - pages) &&
	    !credentials_capable(CREDENTIALS_CAP_IPC_LOCK)) {
		return -EAGAIN;
	}
	return 0;
}

/* --- where
 * --------------------------------------------------------------------
 */

/* Large anonymous memory begins where 2 MiB pages can. */
static size_t wanted_align(size_t length, uint32_t flags,
			   const struct vm_object *object)
{
	if ((flags & VMA_HUGETLB) != 0 ||
	    (object == NULL && length >= HUGE_SIZE)) {
		return HUGE_SIZE;
	}
	return PAGE_SIZE;
}

static bool hint_is_good(struct address_space *space, uintptr_t hint,
			 size_t length)
{
	return hint >= USER_BASE && hint <= USER_END - length &&
	       vma_range_is_free(space, hint, length);
}

/* The place, or -ENOMEM. */
static long choose_place(struct address_space *space, uintptr_t hint,
			 size_t length, unsigned how, size_t align)
{
	uintptr_t high = space->mmap_top;
	uintptr_t low = USER_BASE;
	uintptr_t found;

	hint = ALIGN_DOWN(hint, PAGE_SIZE);
	if (hint != 0 && hint_is_good(space, hint, length)) {
		return (long)hint;
	}
	if ((how & MAP_HOW_32BIT) != 0) {
		low = MAP_32BIT_LOW;
		high = MAP_32BIT_HIGH;
	}
	found = vma_find_gap(space, length, low, high, align);
	if (found == 0 && align != PAGE_SIZE) {
		found = vma_find_gap(space, length, low, high, PAGE_SIZE);
	}
	if (found == 0 && (how & MAP_HOW_32BIT) == 0) {
		found = vma_find_gap(space, length, low, USER_END, PAGE_SIZE);
	}
	return found != 0 ? (long)found : -ENOMEM;
}

static int check_fixed(uintptr_t addr, size_t length)
{
	if (!IS_ALIGNED(addr, PAGE_SIZE)) {
		return -EINVAL;
	}
	if (addr > USER_END - length) {
		return -ENOMEM;
	}
	return addr < USER_BASE ? -EPERM : 0;
}

/* The range is free afterwards, or the error. */
static int clear_fixed(struct address_space *space, uintptr_t addr,
		       size_t length, unsigned how)
{
	struct vma *vma;

	if ((how & MAP_HOW_NOREPLACE) == 0) {
		return vm_unmap_locked(space, addr, addr + length);
	}
	vma = vma_find(space, addr);
	return vma == NULL || vma->start >= addr + length ? 0 : -EEXIST;
}

/* --- mmap
 * ---------------------------------------------------------------------
 */

static uint32_t final_flags(const struct address_space *space, uint32_t flags,
			    unsigned how)
{
	flags |= space->default_flags;
	if ((how & MAP_HOW_LOCKED) != 0) {
		flags |= VMA_LOCKED;
	}
	return flags;
}

/* Extends the VMA below instead of making a new one that would be merged. */
static bool extend_prev(struct address_space *space, uintptr_t addr,
			size_t length, uint32_t flags)
{
	struct vma *prev;

	if (addr == 0) {
		return false;
	}
	prev = vma_find(space, addr - 1);
	if (prev == NULL || prev->end != addr || prev->object != NULL ||
	    prev->flags != flags) {
		return false;
	}
	vma_set_range(prev, prev->start, addr + length);
	vma_merge(prev);
	return true;
}

static int insert_mapping(struct address_space *space, uintptr_t addr,
			  size_t length, uint32_t flags,
			  struct vm_object *object, uint64_t offset)
{
	struct vma *vma;

	if (object == NULL && extend_prev(space, addr, length, flags)) {
		return 0;
	}
	if (space->vma_count >= VMA_COUNT_MAX) {
		return -ENOMEM;
	}
	vma = vma_alloc(space, addr, addr + length, flags, object, offset);
	if (vma == NULL) {
		return -ENOMEM;
	}
	vma_insert(vma);
	vma_merge(vma);
	return 0;
}

static long map_locked(struct address_space *space, uintptr_t hint,
		       size_t length, uint32_t flags, unsigned how,
		       struct vm_object *object, uint64_t offset)
{
	uint64_t pages = length >> PAGE_SHIFT;
	long addr = (long)hint;
	int err = vm_check_limits(space, pages, flags);

	if (err == 0 && (flags & VMA_LOCKED) != 0) {
		err = vm_check_lock_limit(space, pages);
	}
	if (err < 0) {
		return err;
	}
	if ((how & (MAP_HOW_FIXED | MAP_HOW_NOREPLACE)) != 0) {
		err = check_fixed(hint, length);
		if (err == 0) {
			err = clear_fixed(space, hint, length, how);
		}
	} else {
		addr = choose_place(space, hint, length, how,
				    wanted_align(length, flags, object));
		err = addr < 0 ? (int)addr : 0;
	}
	if (err == 0 && length >= HUGE_SIZE && space->kept_block != 0) {
		vm_free_kept_tables(space); /* room for a 2 MiB leaf */
	}
	if (err == 0) {
		err = insert_mapping(space, (uintptr_t)addr, length, flags,
				     object, offset);
	}
	if (err < 0) {
		return err;
	}
	space->virtual_pages += pages;
	if ((flags & VMA_LOCKED) != 0) {
		space->locked_pages += pages;
	}
	return addr;
}

long vm_find_place(struct address_space *space, uintptr_t hint, size_t length)
{
	long place;

	rwlock_read_lock(&space->lock);
	place = choose_place(space, hint, ALIGN_UP(length, PAGE_SIZE), 0,
			     PAGE_SIZE);
	rwlock_read_unlock(&space->lock);
	return place;
}

long vm_map(struct address_space *space, uintptr_t hint, size_t length,
	    uint32_t prot_flags, unsigned how, struct vm_object *object,
	    uint64_t offset_pages)
{
	uint32_t flags;
	long addr;

	if (length == 0) {
		return -EINVAL;
	}
	length = ALIGN_UP(length, PAGE_SIZE);
	if (length == 0 || length > USER_END - USER_BASE) {
		return -ENOMEM;
	}
	if (offset_pages + (length >> PAGE_SHIFT) < offset_pages ||
	    offset_pages > ((uint64_t)INT64_MAX - length) >> PAGE_SHIFT) {
		return -EOVERFLOW;
	}
	rwlock_write_lock(&space->lock);
	flags = final_flags(space, prot_flags, how);
	addr = map_locked(space, hint, length, flags, how, object,
			  offset_pages);
	rwlock_write_unlock(&space->lock);
	if (addr >= 0 &&
	    ((how & MAP_HOW_POPULATE) != 0 ||
	     (flags & (VMA_LOCKED | VMA_LOCK_ON_FAULT)) == VMA_LOCKED)) {
		vm_populate(space, (uintptr_t)addr, (uintptr_t)addr + length);
	}
	return addr;
}

/* --- populate
 * -----------------------------------------------------------------
 */

static int populate_vma(struct vma *vma, uintptr_t start, uintptr_t end)
{
	/* Private memory that may be written gets its own pages at once. */
	unsigned flags = (vma->flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE
				 ? FAULT_WRITE
				 : 0;
	int err = 0;

	for (; start < end && err == 0; start += PAGE_SIZE) {
		err = fault_handle(vma, start, flags);
	}
	return err;
}

int vm_populate(struct address_space *space, uintptr_t start, uintptr_t end)
{
	int first_error = 0;

	rwlock_read_lock(&space->lock);
	for (struct vma *vma = vma_find(space, start);
	     vma != NULL && vma->start < end; vma = vma_next(vma)) {
		int err;

		if ((vma->flags & VMA_PROT) == 0) {
			continue;
		}
		err = populate_vma(vma, vma->start > start ? vma->start : start,
				   vma->end < end ? vma->end : end);
		if (err < 0 && first_error == 0) {
			first_error = err;
		}
		if (err == -ENOMEM) {
			break;
		}
	}
	rwlock_read_unlock(&space->lock);
	return first_error;
}

/* --- brk
 * ----------------------------------------------------------------------
 */

static bool grow_heap(struct address_space *space, uintptr_t from, uintptr_t to)
{
	uint32_t flags = VMA_READ | VMA_WRITE | VMA_HEAP;
	uint64_t data_limit = rlimit_current(RLIMIT_DATA);

	if (to > USER_END || to - space->brk_start > data_limit ||
	    !vma_range_is_free(space, from, to - from)) {
		return false;
	}
	return map_locked(space, from, to - from, final_flags(space, flags, 0),
			  MAP_HOW_FIXED | MAP_HOW_NOREPLACE, NULL, 0) >= 0;
}

uintptr_t vm_brk(struct address_space *space, uintptr_t brk)
{
	uintptr_t old_end;
	uintptr_t new_end;
	bool populate = false;
	bool done = true;

	rwlock_write_lock(&space->lock);
	if (brk < space->brk_start || brk > USER_END) {
		brk = space->brk;
		rwlock_write_unlock(&space->lock);
		return brk;
	}
	old_end = ALIGN_UP(space->brk, PAGE_SIZE);
	new_end = ALIGN_UP(brk, PAGE_SIZE);
	if (new_end > old_end) {
		done = grow_heap(space, old_end, new_end);
		populate = done &&
			   (space->default_flags &
			    (VMA_LOCKED | VMA_LOCK_ON_FAULT)) == VMA_LOCKED;
	} else if (new_end < old_end) {
		done = vm_unmap_locked(space, new_end, old_end) == 0;
	}
	if (done) {
		space->brk = brk;
	}
	brk = space->brk;
	rwlock_write_unlock(&space->lock);
	if (populate) {
		vm_populate(space, old_end, new_end);
	}
	return brk;
}
