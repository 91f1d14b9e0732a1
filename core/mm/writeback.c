/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Writing dirty pages back.
 *
 * A dirty page has PAGE_DIRTY and the mark DIRTY in the tree; one that is being
 * written has PAGE_WRITEBACK and the mark WRITEBACK.  A page goes out like
 * this, locked: mapped leaves lose the right to write, so the next write is
 * noticed; DIRTY becomes WRITEBACK; ops->write() takes a run of consecutive
 * pages; they are unlocked when it returns, and page_write_done() ends it.
 *
 * Caches with dirty pages that can be written are on dirty_caches, oldest
 * first.  The thread "writeback", made when the first page becomes dirty,
 * writes them some seconds later, and at once when memory is short.
 *
 * Locks: writeback_lock (a mutex, taken before page locks) is held while a
 * cache from the list is worked on, so it cannot go away; list_lock guards the
 * list, inside cache->lock.
 */
#include "writeback.h"

#include <arch/mmu.h>
#include <debug/log.h>
#include <lib/align.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <mm/page_cache.h>
#include <sched/thread.h>
#include <sync/mutex.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <uapi/errno.h>

#include "internal.h"
#include "page_lock.h"

#define MARK_DIRTY     0
#define MARK_WRITEBACK 1
#define RUN_MAX	       32
#define SOME_PAGES     256 /* of one cache before it is the next one's turn */
#define ROUNDS_MAX     4096
#define HURRY_ROUND_NS (2 * NSEC_PER_MSEC)
#define HURRY_ROUNDS   50
#define INTERVAL_NS    (5 * NSEC_PER_SEC)

static struct mutex writeback_lock = MUTEX_INIT(writeback_lock, "writeback");
static struct spinlock list_lock = SPINLOCK_INIT("writeback.list");
static struct list dirty_caches = LIST_INITIALIZER(dirty_caches);
static struct wait_queue wake_thread = WAIT_QUEUE_INIT(wake_thread);
static bool thread_started; /* [a] */
static bool must_hurry;	    /* [a] */

/* --- becoming dirty
 * -----------------------------------------------------------
 */

/* cache->lock held. */
static void list_cache(struct page_cache *cache)
{
	spin_lock(&list_lock);
	if (!list_is_linked(&cache->dirty_link)) {
		list_add_tail(&dirty_caches, &cache->dirty_link);
	}
	spin_unlock(&list_lock);
}

static void writeback_main(void *arg);

static void start_thread(void)
{
	struct thread *thread;

	/* Not from a boot stack (tid 0): the next page will do. */
	if (thread_current() == NULL || thread_current()->tid == 0 ||
	    __atomic_exchange_n(&thread_started, true, __ATOMIC_ACQ_REL)) {
		return;
	}
	if (thread_create_kernel("writeback", writeback_main, NULL, &thread) <
	    0) {
		__atomic_store_n(&thread_started, false, __ATOMIC_RELEASE);
		return;
	}
	thread_start(thread);
	thread_put(thread);
}

void page_cache_mark_dirty(struct page_cache *cache, struct page *page)
{
	unsigned long state;

	if (cache->ops->write == NULL || page_has(page, PAGE_DIRTY)) {
		return;
	}
	state = spin_lock_irqsave(&cache->lock);
	if (page->cache == cache &&
	    (page_set(page, PAGE_DIRTY) & PAGE_DIRTY) == 0) {
		radix_mark_set(&cache->pages, page->index, MARK_DIRTY);
		cache->dirty_count++;
		frame_count_add(FRAME_COUNT_DIRTY, 1);
		list_cache(cache);
		if (thread_current() != NULL) {
			thread_current()->linux.io.disk_write_bytes +=
				PAGE_SIZE;
		}
	}
	spin_unlock_irqrestore(&cache->lock, state);
	if (unlikely(!__atomic_load_n(&thread_started, __ATOMIC_RELAXED))) {
		start_thread();
	}
}

/* --- going out
 * ----------------------------------------------------------------
 */

/* The page is locked.  True when it is to be written now. */
static bool begin_write(struct page_cache *cache, struct page *page)
{
	unsigned long state;
	bool dirty;

	page_wait_writeback(page);
	if (page->cache != cache || !page_has(page, PAGE_DIRTY)) {
		return false;
	}
	state = spin_lock_irqsave(&cache->lock);
	dirty = (page_clear(page, PAGE_DIRTY) & PAGE_DIRTY) != 0;
	if (dirty) {
		page_set(page, PAGE_WRITEBACK);
		radix_mark_clear(&cache->pages, page->index, MARK_DIRTY);
		radix_mark_set(&cache->pages, page->index, MARK_WRITEBACK);
		cache->dirty_count--;
		frame_count_add(FRAME_COUNT_DIRTY, -1);
	}
	spin_unlock_irqrestore(&cache->lock, state);
	if (dirty) {
		zap_write_rights(cache, page);
	}
	return dirty;
}

void page_write_done(struct page *page, int error)
{
	struct page_cache *cache = page->cache;
	unsigned long state;

	if (cache != NULL) {
		state = spin_lock_irqsave(&cache->lock);
		radix_mark_clear(&cache->pages, page->index, MARK_WRITEBACK);
		if (error < 0) {
			cache->write_error = error;
		}
		spin_unlock_irqrestore(&cache->lock, state);
	}
	page_end_writeback(page);
}

/* Marked pages from *index on, up to `end`, referenced. */
static size_t find_marked(struct page_cache *cache, uint64_t index,
			  uint64_t end, unsigned mark, struct page **pages)
{
	unsigned long state = spin_lock_irqsave(&cache->lock);
	size_t count = radix_gang_lookup_marked(
		&cache->pages, index, (void **)pages, NULL, RUN_MAX, mark);

	while (count > 0 && pages[count - 1]->index >= end) {
		count--;
	}
	for (size_t i = 0; i < count; i++) {
		page_get(pages[i]); /* in the tree, so it has one */
	}
	spin_unlock_irqrestore(&cache->lock, state);
	return count;
}

/* Writes the pages that begin_write() took, in runs of consecutive ones. */
static void write_runs(struct page_cache *cache, struct page **pages,
		       size_t count)
{
	size_t first = 0;

	while (first < count) {
		size_t next = first + 1;

		while (next < count &&
		       pages[next]->index == pages[next - 1]->index + 1) {
			next++;
		}
		cache->ops->write(cache, pages[first]->index, pages + first,
				  next - first);
		first = next;
	}
	for (size_t i = 0; i < count; i++) {
		page_unlock(pages[i]);
		page_put(pages[i]);
	}
}

/* One batch of dirty pages from *index on; moves it.  False: no more. */
static bool write_batch(struct page_cache *cache, uint64_t *index, uint64_t end)
{
	struct page *pages[RUN_MAX];
	size_t found = find_marked(cache, *index, end, MARK_DIRTY, pages);
	size_t taken = 0;

	if (found == 0) {
		return false;
	}
	*index = pages[found - 1]->index + 1;
	for (size_t i = 0; i < found; i++) {
		page_lock(pages[i]);
		if (begin_write(cache, pages[i])) {
			pages[taken++] = pages[i];
		} else {
			page_unlock(pages[i]);
			page_put(pages[i]);
		}
	}
	write_runs(cache, pages, taken);
	return true;
}

static void wait_for_writes(struct page_cache *cache, uint64_t index,
			    uint64_t end)
{
	struct page *pages[RUN_MAX];
	size_t found;

	while ((found = find_marked(cache, index, end, MARK_WRITEBACK,
				    pages)) != 0) {
		index = pages[found - 1]->index + 1;
		for (size_t i = 0; i < found; i++) {
			page_wait_writeback(pages[i]);
			page_put(pages[i]);
		}
	}
}

int page_cache_sync(struct page_cache *cache, uint64_t start, uint64_t end)
{
	uint64_t first = start / PAGE_SIZE;
	uint64_t last = end > UINT64_MAX - PAGE_SIZE
				? UINT64_MAX
				: DIV_ROUND_UP(end, PAGE_SIZE);
	uint64_t index = first;

	if (cache->ops->write == NULL) {
		return 0;
	}
	while (write_batch(cache, &index, last)) {
	}
	wait_for_writes(cache, first, last);
	return __atomic_exchange_n(&cache->write_error, 0, __ATOMIC_ACQ_REL);
}

/* --- the list
 * -----------------------------------------------------------------
 */

static struct page_cache *take_oldest(void)
{
	unsigned long state = spin_lock_irqsave(&list_lock);
	struct list_node *node = list_pop_head(&dirty_caches);

	spin_unlock_irqrestore(&list_lock, state);
	return node != NULL ? list_entry(node, struct page_cache, dirty_link)
			    : NULL;
}

void writeback_forget(struct page_cache *cache)
{
	unsigned long state;

	if (cache->ops->write == NULL) {
		return;
	}
	mutex_lock(&writeback_lock); /* the thread may have it in hand */
	state = spin_lock_irqsave(&list_lock);
	if (list_is_linked(&cache->dirty_link)) {
		list_remove(&cache->dirty_link);
	}
	spin_unlock_irqrestore(&list_lock, state);
	mutex_unlock(&writeback_lock);
}

/* writeback_lock held.  Writes up to `limit` pages; the cache is listed again
 * when some are left. */
static void write_cache(struct page_cache *cache, uint64_t limit)
{
	uint64_t index = 0;
	unsigned long state;

	for (uint64_t done = 0; done < limit; done += RUN_MAX) {
		if (!write_batch(cache, &index, UINT64_MAX)) {
			break;
		}
	}
	state = spin_lock_irqsave(&cache->lock);
	if (cache->dirty_count != 0) {
		list_cache(cache);
	}
	spin_unlock_irqrestore(&cache->lock, state);
}

bool writeback_hurry(void)
{
	uint64_t before = frame_count(FRAME_COUNT_DIRTY);

	if (before == 0) {
		return false;
	}
	__atomic_store_n(&must_hurry, true, __ATOMIC_RELEASE);
	wait_queue_wake_all(&wake_thread);
	for (unsigned i = 0; i < HURRY_ROUNDS; i++) {
		thread_sleep_ns(HURRY_ROUND_NS);
		if (frame_count(FRAME_COUNT_DIRTY) < before) {
			return true;
		}
	}
	return false;
}

/* Everything that is dirty now; bounded: what becomes dirty meanwhile is for
 * the next time. */
static void write_all(void)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		struct page_cache *cache;

		mutex_lock(&writeback_lock);
		cache = take_oldest();
		if (cache != NULL) {
			write_cache(cache, SOME_PAGES);
		}
		mutex_unlock(&writeback_lock);
		if (cache == NULL) {
			break;
		}
	}
}

/* Sleeps for the interval; writeback_hurry() ends that early.  A call that
 * comes between test and sleep is not lost: the sleeper is on the queue
 * first. */
static void wait_for_work(void)
{
	uint64_t deadline = clock_monotonic_ns() + INTERVAL_NS;
	struct waiter waiter;

	waiter_init(&waiter, 0);
	wait_queue_add(&wake_thread, &waiter);
	for (;;) {
		thread_prepare_sleep(false);
		if (__atomic_exchange_n(&must_hurry, false, __ATOMIC_ACQ_REL)) {
			thread_cancel_sleep();
			break;
		}
		if (thread_sleep(deadline) < 0) {
			break;
		}
	}
	wait_queue_remove(&wake_thread, &waiter);
}

static void writeback_main(void *arg)
{
	(void)arg;
	frame_set_reserve_thread(thread_current());
	for (;;) {
		wait_for_work();
		write_all();
	}
}
