/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Reading ahead.
 *
 * A miss where the last window ended is a sequential reader: the window
 * doubles, up to WINDOW_MAX.  A miss at the start of the file begins with
 * WINDOW_MIN; one elsewhere reads that page alone.  When a reader comes to the
 * middle of what was read ahead, the next window is started without waiting.
 *
 * The two fields in the cache are hints: several readers of one file disturb
 * each other's windows and nothing else.  Pages read ahead are taken only
 * while memory is not short.
 */
#include "readahead.h"

#include <arch/mmu.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <uapi/errno.h>

#include "internal.h"

#define WINDOW_MIN 4u
#define WINDOW_MAX 64u /* pages: 256 KiB */
#define RUN_MAX	   32u /* pages in one call of ops->read */

static uint64_t page_count(const struct page_cache *cache)
{
	return DIV_ROUND_UP(__atomic_load_n(&cache->size, __ATOMIC_ACQUIRE),
			    PAGE_SIZE);
}

/* Adds locked pages from index on until one is there; how many. */
static size_t add_run(struct page_cache *cache, uint64_t index, uint64_t count,
		      struct page **pages)
{
	size_t added = 0;

	while (added < count && added < RUN_MAX &&
	       page_cache_add(cache, index + added, FRAME_NOWAIT,
			      &pages[added]) == 0) {
		added++;
	}
	return added;
}

/* The completion unlocks; our references go at once. */
static int read_run(struct page_cache *cache, uint64_t index,
		    struct page **pages, size_t count)
{
	int err = cache->ops->read(cache, index, pages, count);

	page_cache_count_read(count);
	for (size_t i = 0; i < count; i++) {
		page_put(pages[i]);
	}
	return err;
}

void readahead_start(struct page_cache *cache, uint64_t index, uint64_t count)
{
	struct page *pages[RUN_MAX];
	uint64_t end = MIN(index + count, page_count(cache));

	if (cache->ops->read == NULL) {
		return;
	}
	while (index < end) {
		size_t added = add_run(cache, index, end - index, pages);

		if (added == 0) {
			index++; /* there already, or no memory */
			continue;
		}
		read_run(cache, index, pages, added);
		index += added;
	}
}

/* How much to read for a miss at index. */
static uint32_t next_window(const struct page_cache *cache, uint64_t index)
{
	uint32_t window = cache->readahead_window;

	if (index == 0) {
		return WINDOW_MIN;
	}
	if (index == cache->readahead_next && window != 0) {
		return MIN(window * 2, WINDOW_MAX);
	}
	return 1;
}

int readahead_miss(struct page_cache *cache, uint64_t index,
		   struct page **page_out)
{
	uint64_t left = page_count(cache);
	struct page *pages[RUN_MAX];
	uint32_t window;
	size_t count;
	int err;

	left = left > index ? left - index : 1;
	window = (uint32_t)MIN((uint64_t)next_window(cache, index), left);
	err = page_cache_add(cache, index, 0, &pages[0]);
	if (err < 0) {
		return err;
	}
	count = 1;
	if (window > 1 && frame_free_count() > frame_reserve() * 4) {
		count += add_run(cache, index + 1,
				 MIN(window, (uint32_t)RUN_MAX) - 1, pages + 1);
	}
	cache->readahead_next = index + count;
	cache->readahead_window = (uint32_t)MAX(count, (size_t)WINDOW_MIN);
	page_get(pages[0]);
	*page_out = pages[0];
	read_run(cache, index, pages, count); /* errors: see complete_read() */
	return 0;
}

void readahead_hit(struct page_cache *cache, uint64_t index, struct page *page)
{
	uint32_t window = cache->readahead_window;
	uint64_t next = cache->readahead_next;

	if (!page_has(page, PAGE_ACTIVE) && page_has(page, PAGE_LRU)) {
		page_set(page, PAGE_ACTIVE);
	}
	if (window <= 1 || index + window / 2 != next ||
	    next >= page_count(cache) ||
	    frame_free_count() <= frame_reserve() * 4) {
		return;
	}
	window = MIN(window * 2, (uint32_t)WINDOW_MAX);
	cache->readahead_window = window;
	cache->readahead_next = next + window;
	readahead_start(cache, next, window);
}
