/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The lock bit of a page and the waits for its bits.
 *
 * PAGE_LOCKED is taken by an atomic or.  Who has to wait for it, or for
 * PAGE_WRITEBACK to end, sets PAGE_WAITERS and sleeps on one of a fixed number
 * of queues, chosen by the page's address.  Who clears the bit and finds
 * PAGE_WAITERS wakes that queue; sleepers test again, so sharing a queue costs
 * a wake-up and nothing else.
 *
 * No wake-up is lost: the sleeper is on the queue and has set PAGE_WAITERS
 * before it tests the bit for the last time.
 */
#include <mm/page_cache.h>

#include <lib/compiler.h>
#include <sched/thread.h>
#include <sync/wait.h>

#include "internal.h"
#include "page_lock.h"

#define QUEUE_COUNT 32 /* a power of two */

static struct wait_queue queues[QUEUE_COUNT];
static bool queues_ready; /* [a] */

static struct wait_queue *queue_of(const struct page *page)
{
	return &queues[((uintptr_t)page / sizeof(*page)) % QUEUE_COUNT];
}

/* By the first cache, on one CPU. */
void page_lock_init(void)
{
	if (!__atomic_load_n(&queues_ready, __ATOMIC_ACQUIRE)) {
		for (unsigned i = 0; i < QUEUE_COUNT; i++) {
			wait_queue_init(&queues[i]);
		}
		__atomic_store_n(&queues_ready, true, __ATOMIC_RELEASE);
	}
}

bool page_trylock(struct page *page)
{
	return (page_set(page, PAGE_LOCKED) & PAGE_LOCKED) == 0;
}

/* One test-and-sleep; true when try(page) succeeded. */
static void wait_until(struct page *page, bool (*try)(struct page *page))
{
	struct wait_queue *queue = queue_of(page);
	struct waiter waiter;

	waiter_init(&waiter, 0);
	wait_queue_add(queue, &waiter);
	for (;;) {
		thread_prepare_sleep(false);
		page_set(page, PAGE_WAITERS);
		if (try(page)) {
			thread_cancel_sleep();
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	wait_queue_remove(queue, &waiter);
}

void page_lock(struct page *page)
{
	if (unlikely(!page_trylock(page))) {
		wait_until(page, page_trylock);
	}
}

static void clear_and_wake(struct page *page, uint32_t flag)
{
	uint32_t old = page_clear(page, flag);

	if (unlikely((old & PAGE_WAITERS) != 0)) {
		page_clear(page, PAGE_WAITERS);
		wait_queue_wake_all(queue_of(page));
	}
}

void page_unlock(struct page *page)
{
	clear_and_wake(page, PAGE_LOCKED);
}

void page_end_writeback(struct page *page)
{
	clear_and_wake(page, PAGE_WRITEBACK);
}

static bool is_unlocked(struct page *page)
{
	return !page_has(page, PAGE_LOCKED);
}

static bool is_written(struct page *page)
{
	return !page_has(page, PAGE_WRITEBACK);
}

void page_wait_unlocked(struct page *page)
{
	if (!is_unlocked(page)) {
		wait_until(page, is_unlocked);
	}
}

void page_wait_writeback(struct page *page)
{
	if (!is_written(page)) {
		wait_until(page, is_written);
	}
}
