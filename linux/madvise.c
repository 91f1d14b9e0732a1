/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Advice, locking, writing back and inspection of mappings.  Stateless.
 */
#include <linux/syscall.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <mm/address_space.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/rlimit.h>
#include <uapi/errno.h>
#include <uapi/mman.h>
#include <vfs/iov.h>

#include "pidfd.h"

#define VEC_SIZE 1024 /* pages per step of mincore() */

static struct address_space *current_space(void)
{
	return thread_current()->address_space;
}

/* --- advice ------------------------------------------------------------------
 */

long sys_madvise(unsigned long addr, size_t length, int advice)
{
	return vm_advise(current_space(), addr, length, advice);
}

static long advise_all(struct address_space *space, struct iov_iter *iter,
		       int advice)
{
	size_t done = 0;

	while (iter->remaining > 0) {
		const struct iov *iov = iter->vector;
		size_t piece = MIN(iov->size - iter->offset, iter->remaining);
		int err;

		if (piece == 0) {
			iter->vector++;
			iter->count--;
			iter->offset = 0;
			continue;
		}
		err = vm_advise(space, (uintptr_t)iov->base + iter->offset,
				piece, advice);
		if (err < 0) {
			return done > 0 ? (long)done : err;
		}
		done += piece;
		iov_advance(iter, piece);
	}
	return (long)done;
}

long sys_process_madvise(int fd, const void USER *vector, size_t count,
			 int advice, unsigned flags)
{
	struct address_space *space = NULL;
	struct iov fast[8];
	struct iov *allocated = NULL;
	struct process *process;
	struct iov_iter iter;
	long result;

	if (flags != 0) {
		return -EINVAL;
	}
	result = iov_import(&iter, vector, count, fast, 8, &allocated);
	if (result < 0) {
		return result;
	}
	result = pidfd_get_process(fd, &process);
	if (result < 0) {
		goto free_vector;
	}
	switch (advice) {
	case UAPI_MADV_COLD:
	case UAPI_MADV_PAGEOUT:
	case UAPI_MADV_WILLNEED:
	case UAPI_MADV_COLLAPSE:
		space = process_get_space(process);
		result = space != NULL ? advise_all(space, &iter, advice)
				       : -ESRCH;
		break;
	default:
		result = -EINVAL;
		break;
	}
	if (space != NULL) {
		address_space_put(space);
	}
	process_put(process);
free_vector:
	kfree(allocated);
	return result;
}

/* --- locking ---------------------------------------------------------------
 */

static bool may_lock(void)
{
	return rlimit_current(RLIMIT_MEMLOCK) != 0 ||
	       credentials_capable(CREDENTIALS_CAP_IPC_LOCK);
}

/* Whole pages: 0, -EINVAL (the end wraps), -ENOMEM (beyond the memory). */
static int round_out(unsigned long *addr, size_t *length)
{
	unsigned long start = ALIGN_DOWN(*addr, PAGE_SIZE);
	unsigned long end = ALIGN_UP(*addr + *length, PAGE_SIZE);

	if (*addr + *length < *addr || end < start) {
		return -EINVAL;
	}
	if (end > USER_END && end != start) {
		return -ENOMEM;
	}
	*addr = start;
	*length = end - start;
	return 0;
}

static long lock_range(unsigned long addr, size_t length, unsigned flags)
{
	uint64_t limit = rlimit_current(RLIMIT_MEMLOCK);
	struct address_space *space = current_space();
	uint64_t pages;
	int err;

	if (!may_lock()) {
		return -EPERM;
	}
	if (addr + ALIGN_UP(length, PAGE_SIZE) < addr) {
		return -EINVAL;
	}
	err = round_out(&addr, &length);
	if (err < 0 || length == 0) {
		return err;
	}
	pages = __atomic_load_n(&space->locked_pages, __ATOMIC_RELAXED) +
		length / PAGE_SIZE;
	if (pages > limit / PAGE_SIZE &&
	    !credentials_capable(CREDENTIALS_CAP_IPC_LOCK)) {
		return -ENOMEM;
	}
	return vm_lock(space, addr, length, flags);
}

long sys_mlock(unsigned long addr, size_t length)
{
	return lock_range(addr, length, 0);
}

long sys_mlock2(unsigned long addr, size_t length, int flags)
{
	if ((flags & ~UAPI_MLOCK_ONFAULT) != 0) {
		return -EINVAL;
	}
	return lock_range(addr, length, (unsigned)flags);
}

long sys_munlock(unsigned long addr, size_t length)
{
	int err = round_out(&addr, &length);

	if (err < 0 || length == 0) {
		return err;
	}
	return vm_unlock(current_space(), addr, length);
}

/* The mapping at or after addr; false: there is none. */
static bool next_mapping(struct address_space *space, uintptr_t addr,
			 uintptr_t *start_out, uintptr_t *end_out)
{
	struct vma *vma;

	rwlock_read_lock(&space->lock);
	vma = vma_find(space, addr);
	if (vma != NULL) {
		*start_out = MAX(vma->start, addr);
		*end_out = vma->end;
	}
	rwlock_read_unlock(&space->lock);
	return vma != NULL;
}

/* Mapping by mapping; as on Linux, what cannot be locked is passed over. */
static void for_all_mappings(bool lock, unsigned flags)
{
	struct address_space *space = current_space();
	uintptr_t start;
	uintptr_t end = 0;

	while (next_mapping(space, end, &start, &end)) {
		if (lock) {
			vm_lock(space, start, end - start, flags);
		} else {
			vm_unlock(space, start, end - start);
		}
	}
}

/* What mmap() and brk() give to new mappings. */
static void set_future_lock(struct address_space *space, int flags)
{
	uint32_t future = 0;

	if ((flags & UAPI_MCL_FUTURE) != 0) {
		future = VMA_LOCKED;
		if ((flags & UAPI_MCL_ONFAULT) != 0) {
			future |= VMA_LOCK_ON_FAULT;
		}
	}
	__atomic_store_n(&space->default_flags, future, __ATOMIC_RELAXED);
}

long sys_mlockall(int flags)
{
	uint64_t limit = rlimit_current(RLIMIT_MEMLOCK);
	struct address_space *space = current_space();
	int known = UAPI_MCL_CURRENT | UAPI_MCL_FUTURE | UAPI_MCL_ONFAULT;

	if (flags == 0 || (flags & ~known) != 0 || flags == UAPI_MCL_ONFAULT) {
		return -EINVAL;
	}
	if (!may_lock()) {
		return -EPERM;
	}
	if ((flags & UAPI_MCL_CURRENT) != 0 &&
	    space->virtual_pages > limit / PAGE_SIZE &&
	    !credentials_capable(CREDENTIALS_CAP_IPC_LOCK)) {
		return -ENOMEM;
	}
	set_future_lock(space, flags);
	if ((flags & UAPI_MCL_CURRENT) != 0) {
		for_all_mappings(true, (flags & UAPI_MCL_ONFAULT) != 0
					       ? UAPI_MLOCK_ONFAULT
					       : 0);
	}
	return 0;
}

long sys_munlockall(void)
{
	set_future_lock(current_space(), 0);
	for_all_mappings(false, 0);
	return 0;
}

/* --- writing back, inspection
 * -------------------------------------------------- */

long sys_msync(unsigned long addr, size_t length, int flags)
{
	int known = UAPI_MS_ASYNC | UAPI_MS_INVALIDATE | UAPI_MS_SYNC;

	if ((flags & ~known) != 0 || !IS_ALIGNED(addr, PAGE_SIZE) ||
	    (flags & (UAPI_MS_ASYNC | UAPI_MS_SYNC)) ==
		    (UAPI_MS_ASYNC | UAPI_MS_SYNC)) {
		return -EINVAL;
	}
	if (length > USER_END || addr > USER_END - length) {
		return -ENOMEM;
	}
	length = ALIGN_UP(length, PAGE_SIZE);
	return length == 0 ? 0 : vm_sync(current_space(), addr, length, flags);
}

long sys_mincore(unsigned long addr, size_t length, void USER *vec)
{
	uint8_t *states;
	uint8_t USER *to = vec;
	size_t pages;
	long err = 0;

	if (!IS_ALIGNED(addr, PAGE_SIZE)) {
		return -EINVAL;
	}
	if (length > USER_END || addr > USER_END - length) {
		return -ENOMEM;
	}
	pages = DIV_ROUND_UP(length, PAGE_SIZE);
	if (!user_range_ok(vec, pages)) {
		return -EFAULT;
	}
	states = kmalloc(VEC_SIZE);
	if (states == NULL) {
		return -EAGAIN;
	}
	while (pages > 0 && err == 0) {
		size_t step = MIN(pages, (size_t)VEC_SIZE);

		err = vm_incore(current_space(), addr, step * PAGE_SIZE,
				states);
		if (err == 0) {
			err = user_copy_out(to, states, step);
		}
		addr += step * PAGE_SIZE;
		to += step;
		pages -= step;
	}
	kfree(states);
	return err;
}
