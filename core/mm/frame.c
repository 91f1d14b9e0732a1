/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Page frames: a buddy allocator that grows into RAM lazily.  Callers come
 * through the per-CPU caches of frame_cache.c.
 *
 * 1. Ranges.  Each range of RAM begins with its array of struct page, which
 *    is reserved but not touched.  [first, initialised) of a range is known to
 *    the buddy lists; the rest is untouched RAM.  When no list has a block
 *    that is large enough, the next 4 MiB of a range are initialised.
 * 2. Blocks.  A free block of 2^n frames is aligned to its size (as a frame
 *    number) and on free_lists[n] by its head, which has PAGE_FREE and order n.
 *    Its buddy is the block whose number differs in bit n.
 *
 * Invariants, true whenever frame_lock is free:
 *  (1) a page with PAGE_FREE is the head of exactly one listed block, and no
 *      frame is in two blocks;
 *  (2) two free buddies of one order below FRAME_ORDER_MAX never coexist;
 *  (3) free_count is the number of frames in listed blocks plus those not
 *      initialised yet.
 *
 * Lock: frame_lock, irq safe, innermost.  The number of ranges is bounded by
 * FRAME_RANGE_MAX: RAM beyond is not used.
 */
#include <mm/frame.h>

#include <arch/boot.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <sync/spinlock.h>

#include "internal.h"

#define FRAME_RANGE_MAX 64
#define ORDER_COUNT	(FRAME_ORDER_MAX + 1)
#define BLOCK_FRAMES	(1ull << FRAME_ORDER_MAX)
#define LOW_END		(1ull << (32 - PAGE_SHIFT))

struct frame_range {
	uint64_t first;	      /* [I] frame number of pages[0] */
	uint64_t end;	      /* [I] exclusive */
	uint64_t initialised; /* [frame_lock] */
	struct page *pages;   /* [I] end - first of them */
};

static struct spinlock frame_lock = SPINLOCK_INIT("frame");
static struct frame_range ranges[FRAME_RANGE_MAX]; /* [frame_lock] */
static unsigned range_count;			   /* [frame_lock] */
static struct frame_range *main_range;		   /* [I] the largest */
static struct list free_lists[ORDER_COUNT];	   /* [frame_lock] */
static uint64_t free_count;			   /* [frame_lock] */
static uint64_t total_count;			   /* [frame_lock] */
static struct page *zero_page;			   /* [I] after boot */

/* Nearly all RAM is in one range: it is looked at first. */
static void choose_main_range(struct frame_range *range)
{
	if (range->end - range->first > main_range->end - main_range->first) {
		main_range = range;
	}
}

static struct frame_range *range_of(uint64_t number)
{
	if (likely(number - main_range->first <
		   main_range->end - main_range->first)) {
		return main_range;
	}
	for (unsigned i = 0; i < range_count; i++) {
		if (number >= ranges[i].first && number < ranges[i].end) {
			return &ranges[i];
		}
	}
	return NULL;
}

static uint64_t page_number(const struct page *page)
{
	uint64_t offset = (uintptr_t)page - (uintptr_t)main_range->pages;
	uint64_t size =
		(main_range->end - main_range->first) * sizeof(struct page);

	if (likely(offset < size)) {
		return main_range->first + offset / sizeof(struct page);
	}
	for (unsigned i = 0; i < range_count; i++) {
		const struct frame_range *range = &ranges[i];

		if (page >= range->pages &&
		    page < range->pages + (range->end - range->first)) {
			return range->first + (uint64_t)(page - range->pages);
		}
	}
	panic("frame: %p is no page", (const void *)page);
}

paddr_t page_paddr(const struct page *page)
{
	return (paddr_t){.value = page_number(page) << PAGE_SHIFT};
}

struct page *page_from_paddr(paddr_t paddr)
{
	uint64_t number = paddr.value >> PAGE_SHIFT;
	struct frame_range *range = range_of(number);

	if (range == NULL || number >= range->initialised) {
		return NULL;
	}
	return &range->pages[number - range->first];
}

/* The free buddy of a block, NULL when it is in use or outside.  Locked. */
static struct page *free_buddy(const struct frame_range *range, uint64_t number,
			       unsigned order)
{
	uint64_t other = number ^ (1ull << order);
	struct page *buddy;

	if (other < range->first ||
	    other + (1ull << order) > range->initialised) {
		return NULL;
	}
	buddy = &range->pages[other - range->first];
	return (buddy->flags & PAGE_FREE) != 0 && buddy->order == order ? buddy
									: NULL;
}

/* Lists a block, joined with its free buddies (2).  Locked. */
static void insert_block(struct frame_range *range, uint64_t number,
			 unsigned order)
{
	struct page *buddy;
	struct page *head;

	while (order < FRAME_ORDER_MAX &&
	       (buddy = free_buddy(range, number, order)) != NULL) {
		list_remove(&buddy->link);
		buddy->flags &= ~PAGE_FREE;
		number &= ~(1ull << order);
		order++;
	}
	head = &range->pages[number - range->first];
	head->flags = PAGE_FREE;
	head->refs = 0;
	head->order = (uint8_t)order;
	list_add_head(&free_lists[order], &head->link);
}

/* Makes the next block of a range known to the lists.  Locked. */
static bool grow_range(struct frame_range *range)
{
	uint64_t from = range->initialised;
	uint64_t to = MIN((from | (BLOCK_FRAMES - 1)) + 1, range->end);

	if (from == to) {
		return false;
	}
	memset(&range->pages[from - range->first], 0,
	       (to - from) * sizeof(struct page));
	range->initialised = to;
	while (from < to) {
		unsigned order = 0;

		while (order < FRAME_ORDER_MAX &&
		       (from & (1ull << order)) == 0 &&
		       from + (2ull << order) <= to) {
			order++;
		}
		insert_block(range, from, order);
		from += 1ull << order;
	}
	return true;
}

/* Low ranges are kept for those who need them: grown last.  Locked. */
static bool grow(bool low)
{
	for (unsigned i = range_count; i > 0; i--) {
		struct frame_range *range = &ranges[i - 1];

		if ((!low || range->initialised < LOW_END) &&
		    grow_range(range)) {
			return true;
		}
	}
	return false;
}

/* The first block that fits, whole.  Locked. */
static struct page *find_block(unsigned order, bool low)
{
	for (unsigned i = order; i < ORDER_COUNT; i++) {
		struct page *page;

		list_for_each (page, &free_lists[i], link) {
			if (!low || page_number(page) < LOW_END) {
				return page;
			}
		}
	}
	return NULL;
}

/* Cuts a listed block down to the order: the upper halves stay free. */
static void take_block(struct page *page, unsigned order)
{
	struct frame_range *range;
	uint64_t number = page_number(page);
	unsigned have = page->order;

	range = range_of(number);
	list_remove(&page->link);
	page->flags = 0;
	while (have > order) {
		have--;
		insert_block(range, number + (1ull << have), have);
	}
	page->order = (uint8_t)order;
}

size_t buddy_take(unsigned order, bool low, uint64_t keep, struct page **pages,
		  size_t count)
{
	unsigned long state = spin_lock_irqsave(&frame_lock);
	size_t taken = 0;

	while (taken < count && free_count >= keep + (1ull << order)) {
		struct page *page;

		do {
			page = find_block(order, low);
		} while (page == NULL && grow(low));
		if (page == NULL) {
			break;
		}
		take_block(page, order);
		free_count -= 1ull << order;
		pages[taken++] = page;
	}
	spin_unlock_irqrestore(&frame_lock, state);
	return taken;
}

void buddy_give(struct page **pages, size_t count, unsigned order)
{
	unsigned long state = spin_lock_irqsave(&frame_lock);

	for (size_t i = 0; i < count; i++) {
		uint64_t number = page_number(pages[i]);

		insert_block(range_of(number), number, order);
	}
	free_count += (uint64_t)count << order;
	spin_unlock_irqrestore(&frame_lock, state);
}

uint64_t buddy_free_count(void)
{
	return __atomic_load_n(&free_count, __ATOMIC_RELAXED);
}

uint64_t buddy_total_count(void)
{
	return __atomic_load_n(&total_count, __ATOMIC_RELAXED);
}

void frame_add_range(uint64_t start, uint64_t end)
{
	uint64_t first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	uint64_t last = end >> PAGE_SHIFT;
	uint64_t array_frames;
	struct frame_range *range;
	unsigned long state;

	if (first >= last) {
		return;
	}
	array_frames = ((last - first) * sizeof(struct page) + PAGE_SIZE - 1) >>
		       PAGE_SHIFT;
	if (array_frames >= last - first) {
		return; /* too small to describe itself */
	}
	state = spin_lock_irqsave(&frame_lock);
	if (range_count == FRAME_RANGE_MAX) {
		spin_unlock_irqrestore(&frame_lock, state);
		log_warning("frame: too many memory ranges, one is not used");
		return;
	}
	range = &ranges[range_count++];
	range->pages = mmu_direct((paddr_t){.value = first << PAGE_SHIFT});
	range->first = first + array_frames;
	range->initialised = range->first;
	range->end = last;
	choose_main_range(range);
	free_count += last - range->first;
	total_count += last - range->first;
	spin_unlock_irqrestore(&frame_lock, state);
}

/* Describes [first, first + count) as in use, by an array from the allocator
 * itself.  False: no room for it. */
static bool describe_used(uint64_t first, uint64_t count, uint32_t flags)
{
	size_t size = count * sizeof(struct page);
	unsigned order = 0;
	unsigned long state;
	struct frame_range *range;
	struct page *array;

	while (order < FRAME_ORDER_MAX && (PAGE_SIZE << order) < size) {
		order++;
	}
	if ((PAGE_SIZE << order) < size ||
	    buddy_take(order, false, 0, &array, 1) == 0) {
		return false;
	}
	memset(page_address(array), 0, size);
	state = spin_lock_irqsave(&frame_lock);
	if (range_count == FRAME_RANGE_MAX) {
		spin_unlock_irqrestore(&frame_lock, state);
		buddy_give(&array, 1, order);
		return false;
	}
	range = &ranges[range_count];
	range->pages = page_address(array);
	range->first = first;
	range->initialised = first + count;
	range->end = first + count;
	for (uint64_t i = 0; i < count; i++) {
		range->pages[i].flags = flags;
		range->pages[i].refs = 1;
	}
	range_count++;
	choose_main_range(range);
	spin_unlock_irqrestore(&frame_lock, state);
	return true;
}

bool frame_adopt_range(uint64_t start, uint64_t end)
{
	uint64_t first = start >> PAGE_SHIFT;
	uint64_t count = ((end + PAGE_SIZE - 1) >> PAGE_SHIFT) - first;

	if (!describe_used(first, count, 0)) {
		return false;
	}
	__atomic_fetch_add(&total_count, count, __ATOMIC_RELAXED);
	return true;
}

/* In use for ever, but may be mapped: the kernel image. */
static void add_reserved(uint64_t start, uint64_t end)
{
	uint64_t first = start >> PAGE_SHIFT;

	describe_used(first, ((end + PAGE_SIZE - 1) >> PAGE_SHIFT) - first,
		      PAGE_RESERVED);
}

static void make_zero_page(void)
{
	if (buddy_take(0, false, 0, &zero_page, 1) == 0) {
		panic("no memory at all");
	}
	zero_page->flags = PAGE_RESERVED;
	zero_page->refs = 1;
	memset(page_address(zero_page), 0, PAGE_SIZE);
}

struct page *page_zero(void)
{
	return zero_page;
}

void frame_init(void)
{
	const struct boot_info *boot = boot_info();

	range_count = 0;
	ranges[0] = (struct frame_range){0};
	main_range = &ranges[0];
	free_count = 0;
	total_count = 0;
	for (unsigned i = 0; i < ORDER_COUNT; i++) {
		list_init(&free_lists[i]);
	}
	for (size_t i = 0; i < boot->range_count; i++) {
		if (boot->ranges[i].kind == BOOT_RANGE_RAM) {
			frame_add_range(boot->ranges[i].start,
					boot->ranges[i].end);
		}
	}
	make_zero_page();
	for (size_t i = 0; i < boot->range_count; i++) {
		if (boot->ranges[i].kind == BOOT_RANGE_KERNEL) {
			add_reserved(boot->ranges[i].start,
				     boot->ranges[i].end);
		}
	}
	total_count = free_count;
	frame_cache_init();
}
