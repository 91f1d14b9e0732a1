/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Page cache: finding, reading and dropping the pages of a file.  Writing back
 * is in writeback.c, reclaim in lru.c.
 *
 * Life of a page:
 *	absent -> (inserted locked) -> filling -> PAGE_UPTODATE -> gone
 * The tree holds one reference.  page->cache and page->index are set before the
 * page is in the tree and cleared, with page and cache->lock held, when it
 * leaves.  A failed read leaves a page without PAGE_UPTODATE: the next who
 * wants it reads again.
 *
 * Lookups hold no lock: the page found may have left, so they take a reference
 * that can fail and look at page->cache again.  Kernel code is not preempted,
 * so the walk is an RCU read section.
 *
 * Locks: page lock, cache->mapping_lock, cache->lock (irq safe: completions
 *take it).
 */
#include <mm/page_cache.h>

#include <arch/mmu.h>
#include <debug/panic.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <sched/sched.h>
#include <sched/thread.h>
#include <sync/rcu.h>
#include <uapi/errno.h>

#include "internal.h"
#include "page_lock.h"
#include "readahead.h"
#include "slab_internal.h"
#include "writeback.h"

#define DROP_BATCH 16

/* --- memory of the tree
 * -------------------------------------------------------
 */

/* A node is freed when no lock-free walk can be in it: its head for that lies
 * behind it. */
static struct slab_cache node_slab;
static size_t node_size; /* [a] set by the first allocation */

static void node_prepare(size_t size)
{
	if (__atomic_load_n(&node_size, __ATOMIC_ACQUIRE) == 0) {
		slab_cache_setup(&node_slab, "radix",
				 size + sizeof(struct rcu_head), 0);
		__atomic_store_n(&node_size, size, __ATOMIC_RELEASE);
	}
}

static void *node_alloc(size_t size)
{
	node_prepare(size);
	VERIFY(size == node_size);
	return slab_alloc(&node_slab, SLAB_NOWAIT | SLAB_ZERO);
}

static void node_free_later(struct rcu_head *head)
{
	slab_free(&node_slab, (char *)head - node_size);
}

static void node_free(void *memory, size_t size)
{
	rcu_call((struct rcu_head *)((char *)memory + size), node_free_later);
}

static const struct radix_memory node_memory = {
	.alloc = node_alloc,
	.free = node_free,
};

/* --- life of a cache
 * ----------------------------------------------------------
 */

static const struct page_cache_ops no_ops;

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops,
		     void *owner)
{
	page_lock_init();
	memset(cache, 0, sizeof(*cache));
	radix_init(&cache->pages, &node_memory);
	spinlock_init(&cache->lock, "page_cache");
	mutex_init(&cache->mapping_lock, "mapping");
	list_init(&cache->mappings);
	cache->ops = ops != NULL ? ops : &no_ops;
	cache->owner = owner;
}

bool page_cache_can_track(const struct page_cache *cache)
{
	return cache->ops->write != NULL || cache->ops->reserve != NULL;
}

static bool is_memory(const struct page_cache *cache)
{
	return cache->ops->read == NULL;
}

/* --- lookups
 * ------------------------------------------------------------------
 */

/* A reference, if the page is still what the tree said. */
static bool get_valid(const struct page_cache *cache, struct page *page,
		      uint64_t index)
{
	if (!page_try_get(page)) {
		return false;
	}
	if (likely(__atomic_load_n(&page->cache, __ATOMIC_ACQUIRE) == cache &&
		   page->index == index)) {
		return true;
	}
	page_put(page);
	return false;
}

/* Present in whatever state, referenced; or NULL. */
static struct page *find_any(struct page_cache *cache, uint64_t index)
{
	struct page *page;

	rcu_read_lock();
	while ((page = radix_lookup(&cache->pages, index)) != NULL &&
	       !get_valid(cache, page, index)) {
		/* On its way out: the tree forgets it at once. */
	}
	rcu_read_unlock();
	return page;
}

struct page *page_cache_find(struct page_cache *cache, uint64_t index)
{
	struct page *page = find_any(cache, index);

	if (page != NULL && !page_has(page, PAGE_UPTODATE)) {
		page_put(page);
		page = NULL;
	}
	return page;
}

size_t page_cache_find_many(struct page_cache *cache, uint64_t index,
			    struct page **pages, size_t count)
{
	uint64_t end = index + count;
	size_t found;
	size_t kept = 0;

	rcu_read_lock();
	found = radix_gang_lookup(&cache->pages, index, (void **)pages, NULL,
				  count);
	for (size_t i = 0; i < found; i++) {
		struct page *page = pages[i];
		uint64_t at = page->index;

		if (at >= index && at < end && get_valid(cache, page, at)) {
			pages[kept++] = page;
		}
	}
	rcu_read_unlock();
	return kept;
}

uint64_t page_cache_next(struct page_cache *cache, uint64_t index)
{
	uint64_t at = index;
	bool found;

	rcu_read_lock();
	found = radix_next(&cache->pages, &at) != NULL;
	rcu_read_unlock();
	return found ? at : UINT64_MAX;
}

/* --- adding
 * -------------------------------------------------------------------
 */

/* Inserts a locked page.  0, -EEXIST, -ENOMEM (of the tree). */
static int insert(struct page_cache *cache, struct page *page, uint64_t index)
{
	unsigned long state;
	int err;

	page->index = index;
	__atomic_store_n(&page->cache, cache, __ATOMIC_RELEASE);
	page_set(page, PAGE_CACHE);
	page_get(page); /* the tree's */
	state = spin_lock_irqsave(&cache->lock);
	err = radix_insert(&cache->pages, index, page);
	if (err == 0) {
		cache->page_count++;
	}
	spin_unlock_irqrestore(&cache->lock, state);
	if (err < 0) {
		page_clear(page, PAGE_CACHE);
		page->cache = NULL;
		page_put(page);
		return err;
	}
	frame_count_add(
		is_memory(cache) ? FRAME_COUNT_SHARED : FRAME_COUNT_CACHED, 1);
	if (!is_memory(cache)) {
		lru_add(page);
	}
	return 0;
}

int page_cache_add(struct page_cache *cache, uint64_t index, unsigned flags,
		   struct page **page_out)
{
	struct page *page;
	int err;

	page = frame_alloc(0, flags);
	if (page == NULL) {
		return -ENOMEM;
	}
	page_set(page, PAGE_LOCKED);
	err = insert(cache, page, index);
	if (err == -ENOMEM && (flags & FRAME_NOWAIT) == 0) {
		/* A sleeping allocation of a frame makes room for nodes. */
		struct page *room = frame_alloc(0, 0);

		if (room != NULL) {
			page_put(room);
			err = insert(cache, page, index);
		}
	}
	if (err < 0) {
		page_clear(page, PAGE_LOCKED);
		page_put(page);
		return err;
	}
	*page_out = page;
	return 0;
}

int page_cache_adopt(struct page_cache *cache, uint64_t index,
		     struct page *page)
{
	int err = 0;

	if (cache->ops->reserve != NULL) {
		err = cache->ops->reserve(cache, index);
	}
	if (err == 0) {
		page_set(page, PAGE_UPTODATE);
		err = insert(cache, page, index);
	}
	if (err < 0) {
		page_clear(page, PAGE_UPTODATE);
		return err;
	}
	page_put(page); /* the tree has its own reference */
	return 0;
}

/* --- getting
 * ------------------------------------------------------------------
 */

static bool is_beyond(const struct page_cache *cache, uint64_t index)
{
	uint64_t size = __atomic_load_n(&cache->size, __ATOMIC_ACQUIRE);

	return index >= DIV_ROUND_UP(size, PAGE_SIZE);
}

/* A fresh page of zeros, unlocked and up to date. */
static int add_zeros(struct page_cache *cache, uint64_t index, bool create,
		     struct page **page_out)
{
	int err = 0;

	if (create && cache->ops->reserve != NULL) {
		err = cache->ops->reserve(cache, index);
	}
	if (err == 0) {
		err = page_cache_add(cache, index, FRAME_ZERO, page_out);
	}
	if (err == 0) {
		page_set(*page_out, PAGE_UPTODATE);
		page_unlock(*page_out);
	}
	return err;
}

/* The page is there but not up to date: waits for its reader, or reads. */
static int complete_read(struct page_cache *cache, uint64_t index,
			 struct page *page)
{
	int err;

	page_wait_unlocked(page);
	if (page_has(page, PAGE_UPTODATE)) {
		return 0;
	}
	if (page->cache != cache) {
		return -EAGAIN; /* dropped meanwhile */
	}
	page_lock(page);
	if (page->cache != cache || page_has(page, PAGE_UPTODATE)) {
		page_unlock(page);
		return -EAGAIN;
	}
	err = cache->ops->read(cache, index, &page, 1);
	page_cache_count_read(1);
	page_wait_unlocked(page);
	if (page_has(page, PAGE_UPTODATE)) {
		return 0;
	}
	return err < 0 ? err : -EIO;
}

static int get_missing(struct page_cache *cache, uint64_t index, bool create,
		       struct page **page_out)
{
	bool beyond = is_beyond(cache, index);
	int err;

	if (beyond && !create) {
		return -ERANGE;
	}
	if (is_memory(cache) || beyond) {
		return add_zeros(cache, index, create, page_out);
	}
	if (create && cache->ops->reserve != NULL) {
		err = cache->ops->reserve(cache, index);
		if (err < 0) {
			return err;
		}
	}
	return readahead_miss(cache, index, page_out);
}

int page_cache_get(struct page_cache *cache, uint64_t index, bool create,
		   struct page **page_out)
{
	struct page *page;
	int err = -EAGAIN;

	while (err == -EAGAIN || err == -EEXIST) {
		page = find_any(cache, index);
		if (page == NULL) {
			err = get_missing(cache, index, create, &page);
			if (err < 0) {
				continue;
			}
		}
		if (likely(page_has(page, PAGE_UPTODATE))) {
			if (!create && unlikely(is_beyond(cache, index))) {
				page_put(page);
				return -ERANGE;
			}
			if (!is_memory(cache)) {
				readahead_hit(cache, index, page);
			}
			err = 0;
			break;
		}
		err = complete_read(cache, index, page);
		if (err < 0) {
			page_put(page);
		}
	}
	*page_out = err == 0 ? page : NULL;
	return err;
}

void page_read_done(struct page *page, bool ok)
{
	if (ok) {
		page_set(page, PAGE_UPTODATE);
	}
	page_unlock(page);
}

void page_cache_count_read(size_t pages)
{
	struct thread *thread = thread_current();

	if (thread != NULL) {
		thread->linux.io.disk_read_bytes += pages * PAGE_SIZE;
	}
}

/* --- dropping
 * -----------------------------------------------------------------
 */

/* The page is locked and leaves; the tree's reference is the caller's. */
static void forget(struct page_cache *cache, struct page *page)
{
	unsigned long state = spin_lock_irqsave(&cache->lock);

	radix_erase(&cache->pages, page->index);
	cache->page_count--;
	if ((page_clear(page, PAGE_DIRTY | PAGE_CACHE) & PAGE_DIRTY) != 0) {
		cache->dirty_count--;
		frame_count_add(FRAME_COUNT_DIRTY, -1);
	}
	__atomic_store_n(&page->cache, NULL, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&cache->lock, state);
	frame_count_add(
		is_memory(cache) ? FRAME_COUNT_SHARED : FRAME_COUNT_CACHED, -1);
}

bool page_cache_evict(struct page_cache *cache, struct page *page)
{
	unsigned long state;
	int32_t expected = 2;

	if (page_has(page, PAGE_DIRTY | PAGE_WRITEBACK)) {
		return false;
	}
	state = cpu_irq_save();
	/* Lookups fail from here on: they spin until the tree forgets it. */
	if (!__atomic_compare_exchange_n(&page->refs, &expected, 0, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		cpu_irq_restore(state);
		return false;
	}
	forget(cache, page);
	__atomic_store_n(&page->refs, 1, __ATOMIC_RELEASE);
	cpu_irq_restore(state);
	return true;
}

/* A referenced page of the cache goes, whatever it contains. */
static void drop(struct page_cache *cache, struct page *page)
{
	page_lock(page);
	page_wait_writeback(page);
	if (page->cache != cache) {
		page_unlock(page);
		return;
	}
	/* A fault may have mapped it after the range was unmapped. */
	if (__atomic_load_n(&page->map_count, __ATOMIC_ACQUIRE) != 0) {
		zap_cache(cache, page->index, page->index + 1, false);
	}
	if (!is_memory(cache)) {
		lru_remove(page);
	}
	forget(cache, page);
	page_unlock(page);
	page_put(page);
}

static void drop_range(struct page_cache *cache, uint64_t first, uint64_t end)
{
	while (first < end) {
		struct page *page;

		rcu_read_lock();
		page = radix_next(&cache->pages, &first);
		rcu_read_unlock();
		if (page == NULL || first >= end) {
			return;
		}
		page = find_any(cache, first);
		if (page != NULL) {
			drop(cache, page);
			page_put(page);
		}
		first++;
		sched_relax();
	}
}

void page_cache_fini(struct page_cache *cache)
{
	writeback_forget(cache);
	drop_range(cache, 0, UINT64_MAX);
	radix_fini(&cache->pages);
}

/* Zeros in a page that stays.  Its reader may be at work: then it is read. */
static void zero_part(struct page_cache *cache, uint64_t start, uint64_t end)
{
	struct page *page = find_any(cache, start / PAGE_SIZE);
	size_t offset = start % PAGE_SIZE;

	if (page == NULL) {
		if (is_memory(cache) || page_cache_get(cache, start / PAGE_SIZE,
						       false, &page) < 0) {
			return;
		}
	}
	page_lock(page);
	if (page->cache == cache && page_has(page, PAGE_UPTODATE)) {
		memset((char *)page_address(page) + offset, 0, end - start);
		page_cache_mark_dirty(cache, page);
	}
	page_unlock(page);
	page_put(page);
}

void page_cache_set_size(struct page_cache *cache, uint64_t size)
{
	uint64_t old = __atomic_load_n(&cache->size, __ATOMIC_ACQUIRE);
	uint64_t keep = DIV_ROUND_UP(size, PAGE_SIZE);

	if (size < old && size % PAGE_SIZE != 0) {
		zero_part(cache, size, MIN(ALIGN_UP(size, PAGE_SIZE), old));
	}
	__atomic_store_n(&cache->size, size, __ATOMIC_RELEASE);
	if (size > old ||
	    __atomic_load_n(&cache->page_count, __ATOMIC_RELAXED) == 0) {
		return;
	}
	zap_cache(cache, keep, UINT64_MAX >> PAGE_SHIFT, true);
	drop_range(cache, keep, UINT64_MAX);
	if (size % PAGE_SIZE != 0) {
		/* What a mapping wrote behind the end is no part of the file */
		struct page *page = find_any(cache, size / PAGE_SIZE);

		if (page != NULL) {
			memset((char *)page_address(page) + size % PAGE_SIZE, 0,
			       PAGE_SIZE - size % PAGE_SIZE);
			page_put(page);
		}
	}
}

void page_cache_punch(struct page_cache *cache, uint64_t start, uint64_t end)
{
	uint64_t first = DIV_ROUND_UP(start, PAGE_SIZE);
	uint64_t last = end / PAGE_SIZE;

	if (start >= end) {
		return;
	}
	if (first > last) {
		zero_part(cache, start, end);
		return;
	}
	if (start % PAGE_SIZE != 0) {
		zero_part(cache, start, first * PAGE_SIZE);
	}
	if (end % PAGE_SIZE != 0) {
		zero_part(cache, last * PAGE_SIZE, end);
	}
	zap_cache(cache, first, last, false);
	drop_range(cache, first, last);
}

bool page_cache_has_writable_mapping(struct page_cache *cache)
{
	struct vma *vma;
	bool found = false;

	mutex_lock(&cache->mapping_lock);
	list_for_each (vma, &cache->mappings, mapping_link) {
		if ((vma->flags & VMA_SHARED) != 0 &&
		    (vma->flags & (VMA_MAY_WRITE | VMA_WRITE)) != 0) {
			found = true;
			break;
		}
	}
	mutex_unlock(&cache->mapping_lock);
	return found;
}
