/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Page frames, the part that callers see: per-CPU caches of single frames
 * before the buddy allocator, the emergency reserve, references.
 *
 * Free frames have no references, in the caches and in the buddy alike.  A
 * lookup without locks (page_try_get()) may hold a page for a moment that its
 * owner frees: so freeing is giving up the owner's reference, and whoever gives
 * up the last one returns the frame.
 *
 * A cache belongs to its CPU and is used with interrupts disabled.  It holds at
 * most cache_max frames, a small part of the memory that there is.
 *
 * When there is nothing left, the function that frame_set_reclaim() was given
 * makes room; only callers that may sleep get there.
 */
#include <mm/frame.h>

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <debug/panic.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/fail_alloc.h>
#include <sched/thread.h>

#include "internal.h"

#define CACHE_ROOM    64ul
#define CACHE_MIN     4ul
#define CACHE_SHARE   256ul /* 1/256 of the memory */
#define RESERVE_SHARE 128ul
#define RESERVE_MAX   1024ul /* frames */

struct frame_cache {
	uint32_t count; /* [c]; read racily for statistics */
	struct page *pages[CACHE_ROOM];
};

static PERCPU_DEFINE(struct frame_cache, frame_cache);
static PERCPU_DEFINE(int64_t, frame_counters[FRAME_COUNTER_COUNT]); /* [a] */
static uint32_t cache_max;				/* [I] after boot */
static uint64_t reserve;				/* [I] after boot */
static struct thread *reserve_thread;			/* [a] compared only */
static bool (*reclaim_func)(unsigned order, bool must); /* [I] after boot */

void frame_cache_init(void)
{
	uint64_t total = buddy_total_count();

	percpu(frame_cache).count = 0;
	cache_max =
		(uint32_t)MIN(MAX(total / CACHE_SHARE, CACHE_MIN), CACHE_ROOM);
	reserve = MIN(total / RESERVE_SHARE, RESERVE_MAX);
}

void frame_set_reserve_thread(struct thread *thread)
{
	__atomic_store_n(&reserve_thread, thread, __ATOMIC_RELEASE);
}

void frame_set_reclaim(bool (*func)(unsigned order, bool must))
{
	reclaim_func = func;
}

uint64_t frame_free_count(void)
{
	uint64_t cached = 0;

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		if (cpumask_has(smp_online(), cpu) || cpu == cpu_id()) {
			cached += percpu_of(frame_cache, cpu).count;
		}
	}
	return buddy_free_count() + cached;
}

uint64_t frame_total_count(void)
{
	return buddy_total_count();
}

uint64_t frame_reserve(void)
{
	return reserve;
}

/* --- taking -----------------------------------------------------------------
 */

static struct page *cache_take(uint64_t keep)
{
	unsigned long state = cpu_irq_save();
	struct frame_cache *cache = &percpu(frame_cache);
	struct page *page = NULL;

	if (cache->count == 0) {
		cache->count = (uint32_t)buddy_take(
			0, false, keep, cache->pages, (cache_max + 1) / 2);
	}
	if (cache->count != 0) {
		page = cache->pages[--cache->count];
	}
	cpu_irq_restore(state);
	return page;
}

static struct page *take(unsigned order, unsigned flags, uint64_t keep)
{
	bool low = (flags & FRAME_LOW) != 0;
	struct page *page = NULL;

	if (order == 0 && !low) {
		return cache_take(keep);
	}
	buddy_take(order, low, keep, &page, 1);
	return page;
}

/* Gives all frames of this CPU's cache back; also as a call between CPUs. */
static void drain(void *arg)
{
	unsigned long state = cpu_irq_save();
	struct frame_cache *cache = &percpu(frame_cache);

	(void)arg;
	buddy_give(cache->pages, cache->count, 0);
	cache->count = 0;
	cpu_irq_restore(state);
}

static bool may_wait(unsigned flags)
{
	const struct thread *thread = thread_current();

	return (flags & FRAME_NOWAIT) == 0 && reclaim_func != NULL &&
	       thread != NULL && cpu_irqs_enabled() &&
	       thread->state == THREAD_RUNNING && thread->tid != 0;
}

static NO_INLINE struct page *take_slowly(unsigned order, unsigned flags)
{
	struct page *page;

	if ((flags & FRAME_RESERVE) != 0 ||
	    (thread_current() != NULL && thread_current() == reserve_thread)) {
		return take(order, flags, 0);
	}
	if (!may_wait(flags)) {
		return take(order, flags, reserve / 2);
	}
	smp_call(smp_online(), drain, NULL);
	drain(NULL);
	while ((page = take(order, flags, reserve)) == NULL) {
		if (!reclaim_func(order, true)) {
			break;
		}
	}
	return page;
}

struct page *frame_alloc(unsigned order, unsigned flags)
{
	struct page *page;

	if (order > FRAME_ORDER_MAX ||
	    ((flags & FRAME_RESERVE) == 0 && fail_alloc())) {
		return NULL;
	}
	page = take(order, flags, reserve);
	if (unlikely(page == NULL)) {
		page = take_slowly(order, flags);
		if (page == NULL) {
			return NULL;
		}
	}
	page->flags = 0;
	page->order = (uint8_t)order;
	page->map_count = 0;
	page->owner = NULL;
	__atomic_store_n(&page->refs, 1, __ATOMIC_RELEASE);
	if ((flags & FRAME_ZERO) != 0) {
		memset(page_address(page), 0, PAGE_SIZE << order);
	}
	return page;
}

/* --- giving back ------------------------------------------------------------
 */

/* No references are left. */
static void release(struct page *page)
{
	unsigned long state;
	struct frame_cache *cache;

	VERIFY((page->flags & (PAGE_FREE | PAGE_RESERVED)) == 0);
	page->flags = 0;
	if (page->order != 0) {
		buddy_give(&page, 1, page->order);
		return;
	}
	state = cpu_irq_save();
	cache = &percpu(frame_cache);
	if (unlikely(cache->count >= cache_max)) {
		uint32_t half = cache->count / 2;

		buddy_give(cache->pages + cache->count - half, half, 0);
		cache->count -= half;
	}
	cache->pages[cache->count++] = page;
	cpu_irq_restore(state);
}

void page_put(struct page *page)
{
	if (__atomic_fetch_sub(&page->refs, 1, __ATOMIC_ACQ_REL) == 1) {
		release(page);
	}
}

void frame_free(struct page *page, unsigned order)
{
	VERIFY(page->order == order && page->refs > 0);
	page_put(page);
}

void frame_split(struct page *page, unsigned order)
{
	VERIFY(page->order == order && page->refs > 0);
	page->order = 0;
	for (size_t i = 1; i < (1ul << order); i++) {
		page[i].flags = 0;
		page[i].order = 0;
		page[i].map_count = 0;
		page[i].owner = NULL;
		__atomic_store_n(&page[i].refs, 1, __ATOMIC_RELEASE);
	}
}

bool page_try_get(struct page *page)
{
	int32_t refs = __atomic_load_n(&page->refs, __ATOMIC_RELAXED);

	while (refs > 0) {
		if (__atomic_compare_exchange_n(&page->refs, &refs, refs + 1,
						true, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			return true;
		}
	}
	return false;
}

/* --- counters ---------------------------------------------------------------
 */

void frame_count_add(enum frame_counter counter, int64_t delta)
{
	__atomic_fetch_add(&percpu(frame_counters)[counter], delta,
			   __ATOMIC_RELAXED);
}

uint64_t frame_count(enum frame_counter counter)
{
	int64_t value = 0;

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		if (cpumask_has(smp_online(), cpu) || cpu == cpu_id()) {
			value += __atomic_load_n(
				&percpu_of(frame_counters, cpu)[counter],
				__ATOMIC_RELAXED);
		}
	}
	return value > 0 ? (uint64_t)value : 0;
}

void frame_stats(struct frame_stats *stats_out)
{
	stats_out->total = buddy_total_count();
	stats_out->free = frame_free_count();
	stats_out->cached = frame_count(FRAME_COUNT_CACHED);
	stats_out->anon = frame_count(FRAME_COUNT_ANON);
	stats_out->slab = frame_count(FRAME_COUNT_SLAB);
	stats_out->page_tables = frame_count(FRAME_COUNT_PAGE_TABLES);
	stats_out->kernel_stacks = frame_count(FRAME_COUNT_KERNEL_STACKS);
	stats_out->shared = frame_count(FRAME_COUNT_SHARED);
	stats_out->dirty = frame_count(FRAME_COUNT_DIRTY);
}
