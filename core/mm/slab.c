/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Slab caches: objects of one size in blocks of frames.
 *
 * Magazines.  Each CPU keeps a few free objects of each cache, at most
 * MAGAZINE_BYTES and MAGAZINE_OBJECTS; they are taken and given back with
 * interrupts disabled and no lock.  An empty magazine is filled to the half
 * from the slabs, a full one is emptied to the half.  They start empty, and
 * slab_shrink() empties all.
 *
 * Slabs.  A slab is one block of 2^order frames.  Its head page says which
 * cache it belongs to (owner), how many objects are in use (map_count) and
 * where its first free object is (index); free objects are chained through
 * their first word.  Slabs with free objects are on cache->partial; a full slab
 * is on no list; an empty one goes back to the frame allocator at once, so a
 * cache keeps nothing that it does not need.
 *
 * Lock: cache->lock, irq safe, for the slabs; taken before frame_lock.
 */
#include <mm/slab.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <debug/panic.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/fail_alloc.h>
#include <mm/frame.h>
#include <sync/spinlock.h>

#include "slab_internal.h"

#define SLAB_OBJECTS_MIN 8 /* per slab, as far as the order allows */
#define SLAB_ORDER_MAX	 3

static PERCPU_DEFINE(struct magazine, magazines[MAGAZINE_CACHE_MAX]); /* [c] */
static struct slab_cache *magazine_owner[MAGAZINE_CACHE_MAX];	      /* [a] */

/* A free row of the magazines, or MAGAZINE_NONE. */
static unsigned take_number(struct slab_cache *cache)
{
	for (unsigned i = 0; i < MAGAZINE_CACHE_MAX; i++) {
		struct slab_cache *none = NULL;

		if (__atomic_compare_exchange_n(&magazine_owner[i], &none,
						cache, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED)) {
			return i;
		}
	}
	return MAGAZINE_NONE;
}

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
	cache->keep = MIN((uint32_t)(MAGAZINE_BYTES / cache->size),
			  (uint32_t)MAGAZINE_OBJECTS);
	cache->number = MAGAZINE_NONE;
	if (cache->keep >= 2 && size >= sizeof(void *)) {
		cache->number = take_number(cache);
	}
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

/* Takes one object out of the slabs.  Locked. */
static void *take_object(struct slab_cache *cache)
{
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
	return object;
}

/* This CPU's magazine is empty: one object, and more for the next calls.
 * Interrupts disabled. */
static void *fill_magazine(struct slab_cache *cache, struct magazine *magazine)
{
	void *object;

	spin_lock(&cache->lock);
	object = take_object(cache);
	while (magazine != NULL && object != NULL &&
	       magazine->count < cache->keep / 2) {
		void *spare = take_object(cache);

		if (spare == NULL) {
			break;
		}
		*(void **)spare = magazine->first;
		magazine->first = spare;
		magazine->count++;
	}
	spin_unlock(&cache->lock);
	return object;
}

static struct magazine *magazine_of(const struct slab_cache *cache)
{
	return cache->number == MAGAZINE_NONE
		       ? NULL
		       : &percpu(magazines)[cache->number];
}

void *slab_alloc(struct slab_cache *cache, unsigned flags)
{
	unsigned long state;
	struct magazine *magazine;
	void *object;

	if (fail_alloc()) {
		return NULL;
	}
	state = cpu_irq_save();
	magazine = magazine_of(cache);
	if (magazine != NULL && magazine->count > 0) {
		object = magazine->first;
		magazine->first = *(void **)object;
		magazine->count--;
	} else {
		object = fill_magazine(cache, magazine);
	}
	cpu_irq_restore(state);
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

/* Gives one object back to its slab.  Locked. */
static void put_object(struct slab_cache *cache, void *object)
{
	struct page *page = head_of(object);
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
}

/* Leaves `keep` objects in the magazine.  Interrupts disabled. */
static void empty_magazine(struct slab_cache *cache, struct magazine *magazine,
			   uint32_t keep)
{
	spin_lock(&cache->lock);
	while (magazine->count > keep) {
		void *object = magazine->first;

		magazine->first = *(void **)object;
		magazine->count--;
		put_object(cache, object);
	}
	spin_unlock(&cache->lock);
}

void slab_free(struct slab_cache *cache, void *object)
{
	unsigned long state = cpu_irq_save();
	struct magazine *magazine = magazine_of(cache);

	if (magazine == NULL) {
		spin_lock(&cache->lock);
		put_object(cache, object);
		spin_unlock(&cache->lock);
	} else {
		*(void **)object = magazine->first;
		magazine->first = object;
		if (++magazine->count > cache->keep) {
			empty_magazine(cache, magazine, cache->keep / 2);
		}
	}
	cpu_irq_restore(state);
}

/* All magazines of this CPU; interrupts disabled. */
static void empty_this_cpu(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < MAGAZINE_CACHE_MAX; i++) {
		struct slab_cache *owner =
			__atomic_load_n(&magazine_owner[i], __ATOMIC_ACQUIRE);

		if (owner != NULL && percpu(magazines)[i].count > 0) {
			empty_magazine(owner, &percpu(magazines)[i], 0);
		}
	}
}

static void empty_all(void)
{
	unsigned long state = cpu_irq_save();

	empty_this_cpu(NULL);
	cpu_irq_restore(state);
	smp_call(smp_online(), empty_this_cpu, NULL);
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
	empty_all();
	VERIFY(list_is_empty(&cache->partial));
	if (cache->number != MAGAZINE_NONE) {
		__atomic_store_n(&magazine_owner[cache->number], NULL,
				 __ATOMIC_RELEASE);
	}
	kfree(cache);
}

size_t slab_shrink(void)
{
	struct frame_stats before;
	struct frame_stats after;

	frame_stats(&before);
	empty_all();
	frame_stats(&after);
	return before.slab > after.slab ? before.slab - after.slab : 0;
}
