/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The list of page-cache pages that can be read again, oldest first, and taking
 * from its head.  A page that was used since it came (PAGE_ACTIVE) goes to the
 * end once more instead.
 *
 * Lock: lru_lock, taken with nothing else inside but a page's own bits.
 */
#include <lib/list.h>
#include <mm/page_cache.h>
#include <sync/spinlock.h>

#include "internal.h"

static struct spinlock lru_lock = SPINLOCK_INIT("lru");
static struct list lru = LIST_INITIALIZER(lru); /* [lru_lock] */
static size_t lru_count;			/* [lru_lock] */

void lru_add(struct page *page)
{
	spin_lock(&lru_lock);
	list_add_tail(&lru, &page->link);
	lru_count++;
	page_set(page, PAGE_LRU);
	spin_unlock(&lru_lock);
}

void lru_remove(struct page *page)
{
	spin_lock(&lru_lock);
	if ((page_clear(page, PAGE_LRU) & PAGE_LRU) != 0) {
		list_remove(&page->link);
		lru_count--;
	}
	spin_unlock(&lru_lock);
}

/* The oldest page that was not used again, locked and referenced; it moves to
 * the end.  NULL: `*budget` looks found none. */
static struct page *next_candidate(size_t *budget)
{
	struct page *page = NULL;

	spin_lock(&lru_lock);
	while (*budget > 0 && page == NULL) {
		struct page *first = list_first(&lru, struct page, link);

		if (first == NULL) {
			*budget = 0;
			break;
		}
		(*budget)--;
		list_move_tail(&lru, &first->link);
		if ((page_clear(first, PAGE_ACTIVE) & PAGE_ACTIVE) != 0 ||
		    page_has(first, PAGE_DIRTY | PAGE_WRITEBACK) ||
		    !page_try_get(first)) {
			continue;
		}
		if (page_trylock(first)) {
			page = first;
		} else {
			spin_unlock(&lru_lock);
			page_put(first); /* may have been the last one */
			spin_lock(&lru_lock);
		}
	}
	spin_unlock(&lru_lock);
	return page;
}

/* Locked and referenced.  True when its frame is free now, or soon. */
static bool try_free(struct page *page, bool young)
{
	struct page_cache *cache = page->cache;
	bool freed = false;

	if (cache != NULL &&
	    (__atomic_load_n(&page->map_count, __ATOMIC_ACQUIRE) == 0 ||
	     zap_page(cache, page, young)) &&
	    page_cache_evict(cache, page)) {
		lru_remove(page);
		freed = true;
	}
	page_unlock(page);
	page_put(page);
	return freed;
}

size_t page_cache_reclaim(size_t target)
{
	size_t freed = 0;

	/* The second round takes mapped pages that were used lately too. */
	for (int round = 0; round < 2 && freed < target; round++) {
		size_t budget = lru_count;
		struct page *page;

		while (freed < target &&
		       (page = next_candidate(&budget)) != NULL) {
			freed += try_free(page, round > 0);
		}
	}
	return freed;
}
