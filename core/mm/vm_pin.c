/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Pages of a space for the kernel: pinned by a reference, or copied through the
 * direct map.
 *
 * A pinned page is a frame of its own: a 2 MiB leaf is divided first, and a
 * frame of a shared 2 MiB page becomes a copy.
 *
 * Lock: space->lock for reading, for one page at a time when copying, so a long
 * copy does not keep writers out.
 */
#include <mm/address_space.h>

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <uapi/errno.h>

#include "internal.h"

/*
 * The leaf's page with a reference.  -EAGAIN: changed meanwhile.
 *
 * The leaf may be emptied by truncation at any time: a page that is still in
 * the leaf after the reference was taken is the right one.
 */
static int get_leaf_page(struct vma *vma, uintptr_t addr, bool write,
			 struct page **page_out)
{
	unsigned level;
	pte_t *slot = pgtable_lookup(vma->space->root, addr, &level);
	pte_t pte = pte_load(slot);
	struct page *page;
	int err;

	if (!pgtable_is_leaf(pte, level)) {
		return -EAGAIN;
	}
	if (level == 1) {
		err = pgtable_split_leaf(vma->space, addr, slot);
		return err < 0 ? err : -EAGAIN;
	}
	page = page_from_paddr(pte_paddr(pte));
	if (page == NULL) {
		return -EFAULT;
	}
	if (page_is_tail(page) && !write && (vma->flags & VMA_SHARED) == 0) {
		err = fault_copy(vma, addr, slot, pte, 0);
		return err < 0 ? err : -EAGAIN;
	}
	if (!page_try_get(page)) {
		return -EAGAIN;
	}
	if (pte_paddr(pte_load(slot)).value != pte_paddr(pte).value ||
	    (write && (pte_prot(pte_load(slot)) & PTE_WRITE) == 0)) {
		page_put(page);
		return -EAGAIN;
	}
	*page_out = page;
	return 0;
}

static int pin_page(struct vma *vma, uintptr_t addr, bool write,
		    struct page **page_out)
{
	int err;

	do {
		err = fault_handle(vma, addr, write ? FAULT_WRITE : 0);
		if (err == 0) {
			err = get_leaf_page(vma, addr, write, page_out);
		}
	} while (err == -EAGAIN);
	return err == -ENOMEM ? -ENOMEM : err < 0 ? -EFAULT : 0;
}

int vm_pin(struct address_space *space, uintptr_t addr, bool write,
	   struct page **pages_out, size_t count)
{
	size_t done = 0;
	int err = 0;

	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	rwlock_read_lock(&space->lock);
	while (done < count && err == 0) {
		struct vma *vma = vma_find(space, addr);

		if (vma == NULL || vma->start > addr) {
			err = -EFAULT;
			break;
		}
		err = pin_page(vma, addr, write, &pages_out[done]);
		if (err == 0) {
			done++;
			addr += PAGE_SIZE;
		}
	}
	rwlock_read_unlock(&space->lock);
	while (err < 0 && done > 0) {
		page_put(pages_out[--done]);
	}
	return err;
}

/* --- copying
 * ------------------------------------------------------------------
 */

static void copy(char *inside, char *buffer, size_t size, bool write)
{
	if (write) {
		memcpy(inside, buffer, size);
	} else {
		memcpy(buffer, inside, size);
	}
}

/* Within one page.  The leaf is read again after the copy: only truncation can
 * change it, and a copy of what was there a moment ago is right as well. */
static int access_page(struct vma *vma, uintptr_t addr, char *buffer,
		       size_t size, bool write)
{
	unsigned flags = FAULT_FORCE | (write ? FAULT_WRITE : 0);
	size_t offset = addr % PAGE_SIZE;
	struct page *page;
	unsigned level;
	pte_t pte;
	int err;

	for (;;) {
		err = fault_handle(vma, addr, flags);
		if (err < 0) {
			return err == -EACCES ? -EFAULT : err;
		}
		pte = pte_load(pgtable_lookup(vma->space->root, addr, &level));
		if (!pgtable_is_leaf(pte, level)) {
			continue;
		}
		offset = addr & (pgtable_span(level) - 1);
		page = page_from_paddr(pte_paddr(pte));
		if (page == NULL) {
			return -EFAULT;
		}
		if (!page_has(page, PAGE_CACHE)) {
			break; /* private: changes under the write lock only */
		}
		if (page_try_get(page)) {
			copy((char *)page_address(page) + offset, buffer, size,
			     write);
			page_put(page);
			return 0;
		}
	}
	copy((char *)mmu_direct(pte_paddr(pte)) + offset, buffer, size, write);
	return 0;
}

ssize_t vm_access(struct address_space *space, uintptr_t addr, void *buffer,
		  size_t size, bool write)
{
	size_t done = 0;
	int err = 0;

	if (addr >= USER_END) {
		return -EFAULT;
	}
	size = MIN(size, USER_END - addr);
	while (done < size && err == 0) {
		uintptr_t at = addr + done;
		size_t piece = MIN(size - done, PAGE_SIZE - at % PAGE_SIZE);
		struct vma *vma;

		rwlock_read_lock(&space->lock);
		vma = vma_find(space, at);
		err = vma == NULL || vma->start > at
			      ? -EFAULT
			      : access_page(vma, at, (char *)buffer + done,
					    piece, write);
		rwlock_read_unlock(&space->lock);
		done += err == 0 ? piece : 0;
	}
	if (done > 0 || size == 0) {
		return (ssize_t)done;
	}
	return err == -EIO || err == -ENOMEM ? err : -EFAULT;
}
