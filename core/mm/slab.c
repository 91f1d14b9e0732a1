/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Slab caches: objects of one size in blocks of frames.
 *
 * A slab is one block of 2^order frames.  Its head page says which cache it
 * belongs to (owner), how many objects are in use (map_count) and where its
 * first free object is (index); free objects are chained through their first
 * word.  Slabs with free objects are on cache->partial; a full slab is on no
 * list; an empty one goes back to the frame allocator at once, so a cache keeps
 * nothing that it does not need.
 *
 * Lock: cache->lock, irq safe; taken before frame_lock.
 */
#include <mm/slab.h>

#include <debug/panic.h>
#include <lib/align.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <sync/spinlock.h>

#include "slab_internal.h"

#define SLAB_OBJECTS_MIN 8 /* per slab, as far as the order allows */
#define SLAB_ORDER_MAX	 3

void slab_cache_setup(struct slab_cache *cache, const char *name, size_t size,
		      size_t align)
{
	align = align < sizeof(void *) ? sizeof(void *) : align;
	spinlock_init(&cache->lock, "slab");
	cache->name = name;
	cache->size = ALIGN_UP(size, align);
	cache->order = 0;
	while (cache->order < SLAB_ORDER_MAX &&
	       (PAGE_SIZE << cache->order) / cache->size < SLAB_OBJECTS_MIN) {
		cache->order++;
	}
	cache->count = (uint32_t)((PAGE_SIZE << cache->order) / cache->size);
	list_init(&cache->partial);
}

/* A fresh slab with all objects chained, on the partial list.  Locked. */
static struct page *add_slab(struct slab_cache *cache)
{
	struct page *page = frame_alloc(cache->order, FRAME_NOWAIT);
	char *object;

	if (page == NULL) {
		return NULL;
	}
	object = page_address(page);
	page->flags = PAGE_SLAB;
	page->owner = cache;
	page->map_count = 0;
	page->index = (uintptr_t)object;
	for (uint32_t i = 0; i + 1 < cache->count; i++) {
		*(void **)object = object + cache->size;
		object += cache->size;
	}
	*(void **)object = NULL;
	/* Tail pages lead kfree() to the head. */
	for (uint32_t i = 1; i < (1u << cache->order); i++) {
		page[i].flags = PAGE_TAIL;
		page[i].owner = page;
	}
	frame_count_add(FRAME_COUNT_SLAB, 1l << cache->order);
	list_add_head(&cache->partial, &page->link);
	return page;
}

void *slab_alloc(struct slab_cache *cache, unsigned flags)
{
	unsigned long state = spin_lock_irqsave(&cache->lock);
	struct page *page = list_first(&cache->partial, struct page, link);
	void *object = NULL;

	if (page == NULL) {
		page = add_slab(cache);
	}
	if (page != NULL) {
		object = (void *)(uintptr_t)page->index;
		page->index = (uintptr_t) * (void **)object;
		page->map_count++;
		if (page->index == 0) {
			list_remove(&page->link);
		}
	}
	spin_unlock_irqrestore(&cache->lock, state);
	if (object != NULL && (flags & SLAB_ZERO) != 0) {
		memset(object, 0, cache->size);
	}
	return object;
}

static struct page *head_of(const void *object)
{
	struct page *page = page_from_paddr(mmu_direct_paddr(object));

	if (page != NULL && (page->flags & PAGE_TAIL) != 0) {
		page = page->owner;
	}
	return page;
}

static void clear_tails(struct page *page, unsigned order)
{
	for (uint32_t i = 0; i < (1u << order); i++) {
		page[i].flags = 0;
		page[i].owner = NULL;
		page[i].map_count = 0;
	}
}

void slab_free(struct slab_cache *cache, void *object)
{
	struct page *page = head_of(object);
	unsigned long state = spin_lock_irqsave(&cache->lock);
	bool was_full;

	VERIFY(page != NULL && page->owner == cache && page->map_count > 0);
	was_full = page->index == 0;
	*(void **)object = (void *)(uintptr_t)page->index;
	page->index = (uintptr_t)object;
	page->map_count--;
	if (page->map_count == 0) {
		if (!was_full) {
			list_remove(&page->link);
		}
		clear_tails(page, cache->order);
		frame_count_add(FRAME_COUNT_SLAB, -(1l << cache->order));
		frame_free(page, cache->order);
	} else if (was_full) {
		list_add_head(&cache->partial, &page->link);
	}
	spin_unlock_irqrestore(&cache->lock, state);
}

struct slab_cache *slab_cache_create(const char *name, size_t size,
				     size_t align)
{
	struct slab_cache *cache;

	if (size == 0 || size > (PAGE_SIZE << SLAB_ORDER_MAX)) {
		return NULL;
	}
	cache = kmalloc(sizeof(*cache));
	if (cache != NULL) {
		slab_cache_setup(cache, name, size, align);
	}
	return cache;
}

void slab_cache_destroy(struct slab_cache *cache)
{
	VERIFY(list_is_empty(&cache->partial));
	kfree(cache);
}

size_t slab_shrink(void)
{
	return 0; /* empty slabs are never kept */
}
