/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Kernel mappings: device registers, and frames made contiguous.  Thread stacks
 * have a part of the range of their own (kstack.c).
 *
 *	KMAP_BASE .. KMAP_BASE + KSTACK_REGION_SIZE	stacks
 *	the rest	areas, each followed by an unmapped page
 *
 * Areas are on a list in the order of their addresses; a new one takes the
 * first gap that fits.  Their number is bounded by memory.
 *
 * Lock: area_lock guards the list.  Leaves belong to the area's owner; tables
 * are added by compare-and-exchange and never removed.
 */
#include <mm/kmap.h>

#include <arch/mmu.h>
#include <debug/panic.h>
#include <lib/align.h>
#include <lib/list.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <sync/spinlock.h>
#include <uapi/errno.h>

#include "internal.h"
#include "kstack.h"

#define AREAS_BASE (KMAP_BASE + KSTACK_REGION_SIZE)

struct kmap_area {
	struct list_node link; /* [area_lock] by address */
	uintptr_t start;       /* [I] */
	size_t size;	       /* [I] mapped bytes */
	bool owns_frames;      /* [I] kmap_alloc: frees them */
};

static struct spinlock area_lock = SPINLOCK_INIT("kmap");
static struct list areas = LIST_INITIALIZER(areas);
static uint64_t table_frames; /* [a] */

void kmap_init(void)
{
	list_init(&areas);
	table_frames = 0;
	kstack_init();
}

int kmap_page(uintptr_t addr, paddr_t paddr, unsigned prot)
{
	pte_t *slot;
	int err = pgtable_make(mmu_kernel_root(), addr, 0, FRAME_NOWAIT,
			       &table_frames, &slot);

	if (err < 0) {
		return err;
	}
	pte_store(slot, pte_leaf(paddr, prot | PTE_GLOBAL, 0));
	return 0;
}

struct page *kunmap_page(uintptr_t addr)
{
	unsigned level;
	pte_t *slot = pgtable_lookup(mmu_kernel_root(), addr, &level);
	pte_t old = pte_exchange(slot, pte_none());

	return pte_is_none(old) ? NULL : page_from_paddr(pte_paddr(old));
}

/* --- areas ------------------------------------------------------------------
 */

/* Finds the first gap and takes it.  False: no room. */
static bool place_area(struct kmap_area *area)
{
	size_t need = area->size + PAGE_SIZE;
	uintptr_t start = AREAS_BASE;
	struct list_node *position = &areas.head;
	struct kmap_area *other;
	unsigned long state = spin_lock_irqsave(&area_lock);

	list_for_each (other, &areas, link) {
		if (other->start - start >= need) {
			position = &other->link;
			break;
		}
		start = other->start + other->size + PAGE_SIZE;
	}
	if (KMAP_END - start < need) {
		spin_unlock_irqrestore(&area_lock, state);
		return false;
	}
	area->start = start;
	list_insert_before(position, &area->link);
	spin_unlock_irqrestore(&area_lock, state);
	return true;
}

static struct kmap_area *area_create(size_t size, bool owns_frames)
{
	struct kmap_area *area;

	if (size == 0 || size > KMAP_END - AREAS_BASE) {
		return NULL;
	}
	area = kmalloc(sizeof(*area));
	if (area == NULL) {
		return NULL;
	}
	area->size = ALIGN_UP(size, PAGE_SIZE);
	area->owns_frames = owns_frames;
	if (!place_area(area)) {
		kfree(area);
		return NULL;
	}
	return area;
}

/* Unmaps what is mapped of the area, frees frames and area. */
static void area_destroy(struct kmap_area *area)
{
	uintptr_t end = area->start + area->size;
	struct list frames;
	struct list_node *node;
	unsigned long state;

	list_init(&frames);
	for (uintptr_t at = area->start; at < end; at += PAGE_SIZE) {
		struct page *page = kunmap_page(at);

		if (page != NULL && area->owns_frames) {
			list_add_tail(&frames, &page->link);
		}
	}
	tlb_flush_kernel(area->start, end);
	while ((node = list_pop_head(&frames)) != NULL) {
		page_put(list_entry(node, struct page, link));
	}
	state = spin_lock_irqsave(&area_lock);
	list_remove(&area->link);
	spin_unlock_irqrestore(&area_lock, state);
	kfree(area);
}

static struct kmap_area *area_find(uintptr_t start)
{
	struct kmap_area *area;
	struct kmap_area *found = NULL;
	unsigned long state = spin_lock_irqsave(&area_lock);

	list_for_each (area, &areas, link) {
		if (area->start == start) {
			found = area;
			break;
		}
	}
	spin_unlock_irqrestore(&area_lock, state);
	return found;
}

/* --- the calls --------------------------------------------------------------
 */

void *kmap_device(paddr_t paddr, size_t size)
{
	uint64_t first = ALIGN_DOWN(paddr.value, PAGE_SIZE);
	size_t offset = paddr.value - first;
	struct kmap_area *area = area_create(offset + size, false);

	if (area == NULL) {
		return NULL;
	}
	for (size_t at = 0; at < area->size; at += PAGE_SIZE) {
		if (kmap_page(area->start + at, (paddr_t){.value = first + at},
			      PTE_READ | PTE_WRITE | PTE_DEVICE) < 0) {
			area_destroy(area);
			return NULL;
		}
	}
	return (void *)(area->start + offset);
}

void kunmap_device(void *address, size_t size)
{
	struct kmap_area *area =
		area_find(ALIGN_DOWN((uintptr_t)address, PAGE_SIZE));

	VERIFY(area != NULL && !area->owns_frames && size <= area->size);
	area_destroy(area);
}

void *kmap_alloc(size_t size)
{
	struct kmap_area *area = area_create(size, true);

	if (area == NULL) {
		return NULL;
	}
	for (size_t at = 0; at < area->size; at += PAGE_SIZE) {
		struct page *page = frame_alloc(0, FRAME_ZERO);

		if (page == NULL ||
		    kmap_page(area->start + at, page_paddr(page),
			      PTE_READ | PTE_WRITE) < 0) {
			if (page != NULL) {
				page_put(page);
			}
			area_destroy(area);
			return NULL;
		}
	}
	return (void *)area->start;
}

void kmap_free(void *address)
{
	struct kmap_area *area;

	if (address == NULL) {
		return;
	}
	area = area_find((uintptr_t)address);
	VERIFY(area != NULL && area->owns_frames);
	area_destroy(area);
}

bool kmap_is_guard(uintptr_t address)
{
	unsigned level;

	if (address < KMAP_BASE || address >= KMAP_END) {
		return false;
	}
	return pte_is_none(
		pte_load(pgtable_lookup(mmu_kernel_root(), address, &level)));
}
