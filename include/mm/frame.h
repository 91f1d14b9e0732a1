/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Page frames: a buddy allocator over the ranges of RAM.
 *
 * 1. Overview.  Every frame of RAM has a struct page.  The array is reserved
 *    per range and initialised lazily, one block at a time, when the
 *    allocator runs out of initialised memory: boot costs the same with 8 MiB
 *    and 1 TiB.
 * 2. Life of a frame: free -> frame_alloc() (one reference) -> page_get() /
 *    page_put(); the last put frees it.
 * 3. Per-CPU caches of order-0 frames come before the buddy's lock.
 * 4. Context: allocation without FRAME_NOWAIT may sleep (reclaim); freeing is
 *    allowed in any context.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/mmu.h>
#include <lib/list.h>
#include <lib/types.h>

#define FRAME_ORDER_MAX	 10 /* 4 MiB blocks */
#define FRAME_HUGE_ORDER (HUGE_SHIFT - PAGE_SHIFT)

/* Flags of frame_alloc(). */
#define FRAME_ZERO    (1u << 0) /* filled with zeros */
#define FRAME_NOWAIT  (1u << 1) /* do not reclaim, do not sleep */
#define FRAME_LOW     (1u << 2) /* below 4 GiB, for 32-bit devices */
#define FRAME_RESERVE (1u << 3) /* may use the emergency reserve */

/* Flags of struct page, atomic unless said otherwise. */
#define PAGE_CACHE     (1u << 0) /* belongs to a page cache */
#define PAGE_UPTODATE  (1u << 1) /* contents valid */
#define PAGE_DIRTY     (1u << 2)
#define PAGE_WRITEBACK (1u << 3)
#define PAGE_LOCKED    (1u << 4)
#define PAGE_ACTIVE    (1u << 5) /* used again since it came: reclaimed last */
#define PAGE_LRU       (1u << 6) /* on a reclaim list */
#define PAGE_ANON      (1u << 7)
#define PAGE_HUGE      (1u << 8) /* head of a 2 MiB page */
#define PAGE_TAIL      (1u << 9)
#define PAGE_FREE      (1u << 10) /* head of a free buddy block */
#define PAGE_SLAB      (1u << 11)
#define PAGE_WAITERS   (1u << 12) /* somebody waits for LOCKED/WRITEBACK */
#define PAGE_TABLE     (1u << 13)
#define PAGE_RESERVED  (1u << 14) /* never freed (zero page, kernel image) */

struct page_cache;

struct page {
	uint32_t flags;	       /* [a] PAGE_* */
	int32_t refs;	       /* [a] 0: free */
	int32_t map_count;     /* [a] page-table leaves that map it */
	uint8_t order;	       /* of a free or allocated block, in its head */
	struct list_node link; /* buddy, reclaim or slab list; by its owner */
	union {
		struct page_cache *cache; /* PAGE_CACHE: [page lock] */
		void *owner;		  /* slab, page table ... */
	};
	uint64_t index; /* page number in the file */
};

/* Takes over the RAM of boot_info().  Boot CPU, once. */
void frame_init(void);

/*
 * 2^order frames, physically contiguous and aligned, one reference on the
 * head.  NULL when there is no memory.
 */
struct page *frame_alloc(unsigned order, unsigned flags);

/* Frees a block whatever its reference count (owner knows it is the only
 * one); page_put() is the form for shared pages. */
void frame_free(struct page *page, unsigned order);

/*
 * Cuts a block into frames of their own with one reference each: needed before
 * any frame but the first may be mapped, pinned or put.
 */
void frame_split(struct page *page, unsigned order);

static inline void page_get(struct page *page)
{
	__atomic_fetch_add(&page->refs, 1, __ATOMIC_RELAXED);
}
void page_put(struct page *page);

/* Takes a reference unless the page is already free. */
bool page_try_get(struct page *page);

struct page *page_from_paddr(paddr_t paddr); /* NULL: no RAM */
paddr_t page_paddr(const struct page *page);
static inline void *page_address(const struct page *page)
{
	return mmu_direct(page_paddr(page));
}

/* The page of zeros that read faults map; never freed. */
struct page *page_zero(void);

/* In frames. */
struct frame_stats {
	uint64_t total; /* RAM given to the allocator */
	uint64_t free;
	uint64_t cached; /* page cache */
	uint64_t anon;
	uint64_t slab;
	uint64_t page_tables;
	uint64_t kernel_stacks;
	uint64_t shared;
	uint64_t dirty;
};
void frame_stats(struct frame_stats *stats_out);

/* Adds to one of the counters above; counter is offsetof-like by enum. */
enum frame_counter {
	FRAME_COUNT_CACHED,
	FRAME_COUNT_ANON,
	FRAME_COUNT_SLAB,
	FRAME_COUNT_PAGE_TABLES,
	FRAME_COUNT_KERNEL_STACKS,
	FRAME_COUNT_SHARED,
	FRAME_COUNT_DIRTY,
	FRAME_COUNTER_COUNT,
};
void frame_count_add(enum frame_counter counter, int64_t delta);

/* Gives a range of boot memory (initrd, ACPI tables) to the allocator. */
void frame_add_range(uint64_t start, uint64_t end);

/*
 * The same for a range with contents to keep: its frames are in use, with one
 * reference each, which the caller gives up frame by frame.  Whole pages are
 * taken.  False when that cannot be described (no memory, more than 256 MiB):
 * nothing has changed.
 */
bool frame_adopt_range(uint64_t start, uint64_t end);
