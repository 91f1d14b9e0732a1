/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Page faults: from the address to the VMA, its rights, and who fills the page.
 *
 *	trap_page_fault()	signals, stack growth, memory shortage
 *	fault_handle()		rights; what the leaf says
 *	fault_anon.c		zero pages, private copies, 2 MiB pages
 *	fault_file.c		pages of objects, several at once
 *
 * Lock: space->lock for reading (for writing while a stack grows).  Two CPUs
 * may handle the same page: leaves are installed by compare-and-exchange, and
 * who comes second drops its own page.
 */
#include <arch/trap.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <mm/address_space.h>
#include <mm/fail_alloc.h>
#include <process/rlimit.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

#include "internal.h"

static bool is_allowed(const struct vma *vma, unsigned flags)
{
	if ((flags & FAULT_FORCE) != 0) {
		return (flags & FAULT_WRITE) == 0 ||
		       (vma->flags & VMA_SHARED) == 0 ||
		       (vma->flags & VMA_WRITE) != 0;
	}
	if ((flags & FAULT_WRITE) != 0) {
		return (vma->flags & VMA_WRITE) != 0;
	}
	if ((flags & FAULT_EXEC) != 0) {
		return (vma->flags & VMA_EXEC) != 0;
	}
	return (vma->flags & VMA_PROT) != 0;
}

/* The leaf is there: all that can be missing is the right to write. */
static int handle_present(struct vma *vma, uintptr_t addr, unsigned flags,
			  pte_t *slot, pte_t pte, unsigned level)
{
	if ((flags & FAULT_WRITE) == 0 ||
	    (pte_is_present(pte) && (pte_prot(pte) & PTE_WRITE) != 0)) {
		mmu_flush_page(addr); /* somebody else was faster */
		return 0;
	}
	if ((vma->flags & VMA_SHARED) != 0) {
		return fault_share_write(vma, addr, slot, pte);
	}
	return fault_copy(vma, addr, slot, pte, level);
}

int fault_handle(struct vma *vma, uintptr_t addr, unsigned flags)
{
	unsigned level;
	pte_t *slot;
	pte_t pte;
	int err;

	if (!is_allowed(vma, flags)) {
		return -EACCES;
	}
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	do {
		slot = pgtable_lookup(vma->space->root, addr, &level);
		pte = pte_load(slot);
		if (pgtable_is_leaf(pte, level)) {
			err = handle_present(vma, addr, flags, slot, pte,
					     level);
		} else if (vma->object != NULL) {
			err = fault_file(vma, addr, flags);
		} else {
			err = fault_anon(vma, addr, flags);
		}
	} while (err == -EAGAIN); /* the leaf changed under us */
	return err;
}

/* --- stacks
 * -------------------------------------------------------------------
 */

static bool may_grow(struct address_space *space, struct vma *vma,
		     uintptr_t addr)
{
	struct vma *prev = vma_prev(vma);
	uint64_t more = (vma->start - addr) >> PAGE_SHIFT;
	uint64_t room = rlimit_current(RLIMIT_STACK);

	if ((vma->flags & VMA_GROWSDOWN) == 0 || addr < USER_BASE ||
	    vma->end - addr > room ||
	    vm_check_limits(space, more, vma->flags) < 0) {
		return false;
	}
	if ((vma->flags & VMA_LOCKED) != 0 &&
	    vm_check_lock_limit(space, more) < 0) {
		return false;
	}
	return prev == NULL || (prev->flags & VMA_PROT) == 0
		       ? prev == NULL || prev->end <= addr
		       : prev->end + VMA_GUARD_GAP <= addr;
}

/* The stack above addr reaches down to it.  Takes the lock for writing. */
static bool grow_stack(struct address_space *space, uintptr_t addr)
{
	struct vma *vma;
	bool grown = false;

	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	rwlock_write_lock(&space->lock);
	vma = vma_find(space, addr);
	if (vma != NULL && vma->start <= addr) {
		grown = true; /* by another thread */
	} else if (vma != NULL && may_grow(space, vma, addr)) {
		uint64_t more = (vma->start - addr) >> PAGE_SHIFT;

		vma_set_range(vma, addr, vma->end);
		space->virtual_pages += more;
		if ((vma->flags & VMA_LOCKED) != 0) {
			space->locked_pages += more;
		}
		grown = true;
	}
	rwlock_write_unlock(&space->lock);
	return grown;
}

/* --- the trap
 * -----------------------------------------------------------------
 */

/* 0, -EFAULT (no mapping), or an error of fault_handle(). */
static int fault_once(struct address_space *space, uintptr_t addr,
		      unsigned flags)
{
	struct vma *vma;
	int err = -EFAULT;

	rwlock_read_lock(&space->lock);
	vma = vma_find(space, addr);
	if (likely(vma != NULL && vma->start <= addr)) {
		err = fault_handle(vma, addr, flags);
	} else if (vma != NULL && (vma->flags & VMA_GROWSDOWN) != 0) {
		err = -ESTALE; /* may be a stack that has to grow */
	}
	rwlock_read_unlock(&space->lock);
	return err;
}

static int signal_for(int err, int *signal_out, int *code_out)
{
	switch (err) {
	case -EFAULT:
		*signal_out = UAPI_SIGSEGV;
		*code_out = UAPI_SEGV_MAPERR;
		break;
	case -EACCES:
		*signal_out = UAPI_SIGSEGV;
		*code_out = UAPI_SEGV_ACCERR;
		break;
	default:
		*signal_out = UAPI_SIGBUS;
		*code_out = UAPI_BUS_ADRERR;
		break;
	}
	return -EFAULT;
}

int trap_page_fault(uintptr_t addr, unsigned flags, int *signal_out,
		    int *code_out)
{
	struct address_space *space = thread_current()->address_space;
	unsigned fault_flags =
		((flags & TRAP_FAULT_WRITE) != 0 ? FAULT_WRITE : 0) |
		((flags & TRAP_FAULT_EXEC) != 0 ? FAULT_EXEC : 0);
	bool armed;
	int err;

	if (space == NULL) {
		return signal_for(-EFAULT, signal_out, code_out);
	}
	armed = fail_alloc_suspend();
	err = fault_once(space, addr, fault_flags);
	if (unlikely(err == -ESTALE)) {
		err = grow_stack(space, addr)
			      ? fault_once(space, addr, fault_flags)
			      : -EFAULT;
	}
	fail_alloc_resume(armed);
	if (likely(err == 0)) {
		thread_current()->linux.minor_faults++;
		return 0;
	}
	if (err == -ESTALE) {
		err = -EFAULT;
	}
	/* The way back to the application ends a killed process. */
	if (err == -ENOMEM && (flags & TRAP_FAULT_APP) != 0 &&
	    (__atomic_load_n(&thread_current()->work, __ATOMIC_RELAXED) &
	     THREAD_WORK_EXIT) != 0) {
		return 0;
	}
	return signal_for(err, signal_out, code_out);
}
