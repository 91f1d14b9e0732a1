/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Waiting for one of several files: see poll_wait.h.
 *
 * The first pass over the files asks each for its events and stands on its
 * queues.  A wake-up sets `triggered` and wakes the thread; the next pass only
 * asks.  No wake-up is lost: the queues are entered before the first answer,
 * and the thread sleeps only when `triggered` was false after it had announced
 * its sleep.
 *
 * Files are referenced while their queues are used.  Memory: a waiter per
 * queue, the first INLINE_WAITERS on the stack.
 */
#include "poll_wait.h"

#include <mm/slab.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <sync/wait.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <vfs/poll.h>

#include "timespec.h"

#define INLINE_WAITERS 12
#define CHUNK_WAITERS  64

struct poll_waiter {
	struct waiter waiter;
	struct wait_queue *queue;
	struct poll_set *set;
	uint32_t events; /* that are worth a wake-up */
};

struct poll_chunk {
	struct poll_chunk *next;
	unsigned used;
	struct poll_waiter waiters[CHUNK_WAITERS];
};

struct poll_set {
	struct poll_table table;
	struct thread *thread;
	bool triggered; /* [a] */
	bool no_memory;
	uint32_t events; /* of the file that is being asked */
	unsigned used;	 /* of waiters */
	struct poll_chunk *chunks;
	struct poll_waiter waiters[INLINE_WAITERS];
};

/* With the queue's lock held, maybe in an interrupt. */
static bool poll_woken(struct waiter *waiter, uint32_t events)
{
	struct poll_waiter *w =
		container_of(waiter, struct poll_waiter, waiter);

	if (events != 0 && (events & w->events) == 0) {
		return false;
	}
	__atomic_store_n(&w->set->triggered, true, __ATOMIC_SEQ_CST);
	return thread_wake(w->set->thread);
}

static struct poll_waiter *new_waiter(struct poll_set *set)
{
	struct poll_chunk *chunk = set->chunks;

	if (set->used < INLINE_WAITERS) {
		return &set->waiters[set->used++];
	}
	if (chunk == NULL || chunk->used == CHUNK_WAITERS) {
		chunk = kmalloc(sizeof(*chunk));
		if (chunk == NULL) {
			return NULL;
		}
		chunk->used = 0;
		chunk->next = set->chunks;
		set->chunks = chunk;
	}
	return &chunk->waiters[chunk->used++];
}

static void stand_on(struct poll_table *table, struct wait_queue *queue)
{
	struct poll_set *set = container_of(table, struct poll_set, table);
	struct poll_waiter *w = new_waiter(set);

	if (w == NULL) {
		set->no_memory = true;
		return;
	}
	waiter_init_func(&w->waiter, poll_woken, 0);
	w->queue = queue;
	w->set = set;
	w->events = set->events;
	wait_queue_add(queue, &w->waiter);
}

static void leave(struct poll_waiter *waiters, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		wait_queue_remove(waiters[i].queue, &waiters[i].waiter);
	}
}

static void leave_all(struct poll_set *set)
{
	struct poll_chunk *chunk = set->chunks;

	leave(set->waiters, set->used);
	while (chunk != NULL) {
		struct poll_chunk *next = chunk->next;

		leave(chunk->waiters, chunk->used);
		kfree(chunk);
		chunk = next;
	}
}

static uint32_t ask(struct poll_entry *entry, struct poll_set *set,
		    struct poll_table *table)
{
	uint32_t wanted = entry->events | POLL_ERR | POLL_HUP;

	set->events = wanted;
	return file_poll(entry->ref.file, table) & wanted;
}

/* One pass; how many have an answer. */
static int ask_all(struct poll_entry *entries, unsigned count,
		   struct poll_set *set, struct poll_table *table)
{
	int ready = 0;

	for (unsigned i = 0; i < count; i++) {
		struct poll_entry *entry = &entries[i];

		if (entry->fd < 0) {
			continue;
		}
		entry->revents = entry->ref.file == NULL
					 ? POLL_NVAL
					 : (uint16_t)ask(entry, set, table);
		if (entry->revents != 0) {
			ready++;
			table = NULL; /* it will not sleep */
		}
	}
	return ready;
}

/* Until a queue was woken.  0, -EINTR, -ETIMEDOUT. */
static int sleep_until_triggered(struct poll_set *set, uint64_t deadline_ns)
{
	int err = 0;

	thread_prepare_sleep(true);
	if (__atomic_load_n(&set->triggered, __ATOMIC_SEQ_CST)) {
		thread_cancel_sleep();
	} else {
		err = thread_sleep(deadline_ns);
	}
	__atomic_store_n(&set->triggered, false, __ATOMIC_SEQ_CST);
	return err;
}

int poll_entries(struct poll_entry *entries, unsigned count,
		 uint64_t deadline_ns)
{
	struct poll_set set;
	struct poll_table *table = NULL;
	int ready;
	int err = 0;

	set.table.queue = stand_on;
	set.thread = thread_current();
	set.triggered = false;
	set.no_memory = false;
	set.used = 0;
	set.chunks = NULL;
	for (unsigned i = 0; i < count; i++) {
		entries[i].revents = 0;
		entries[i].ref = entries[i].fd < 0 ? (struct file_ref){0}
						   : fd_get(entries[i].fd);
	}
	if (deadline_ns != 0) {
		table = &set.table;
	}
	for (;;) {
		ready = ask_all(entries, count, &set, table);
		if (ready > 0 || deadline_ns == 0 || err == -ETIMEDOUT) {
			break;
		}
		if (err < 0 || set.no_memory) {
			ready = err < 0 ? err : -ENOMEM;
			break;
		}
		table = NULL;
		err = sleep_until_triggered(&set, deadline_ns);
	}
	leave_all(&set);
	for (unsigned i = 0; i < count; i++) {
		fd_put(entries[i].ref);
	}
	return ready;
}

/* --- timeouts and masks ------------------------------------------------------
 */

static uint64_t deadline_of(uint64_t ns)
{
	return ns == 0 ? 0 : deadline_after(ns);
}

int poll_deadline_timespec(const void USER *timeout, uint64_t *deadline_out)
{
	uint64_t ns;
	int err;

	if (timeout == NULL) {
		*deadline_out = WAIT_FOREVER;
		return 0;
	}
	err = timespec_get_ns(&ns, timeout);
	*deadline_out = err < 0 ? 0 : deadline_of(ns);
	return err;
}

/* select(2) takes microseconds of more than a second. */
int poll_deadline_timeval(const void USER *timeout, uint64_t *deadline_out)
{
	struct uapi_timeval value;

	if (timeout == NULL) {
		*deadline_out = WAIT_FOREVER;
		return 0;
	}
	if (user_copy_in(&value, timeout, sizeof(value)) < 0) {
		return -EFAULT;
	}
	if (value.sec < 0 || value.usec < 0) {
		return -EINVAL;
	}
	if (value.sec <= INT64_MAX - value.usec / 1000000) {
		value.sec += value.usec / 1000000;
	}
	value.usec %= 1000000;
	*deadline_out = deadline_of(timeval_to_ns(&value));
	return 0;
}

uint64_t poll_deadline_ms(int timeout_ms)
{
	if (timeout_ms < 0) {
		return WAIT_FOREVER;
	}
	return deadline_of((uint64_t)timeout_ms * NSEC_PER_MSEC);
}

uint64_t poll_time_left(uint64_t deadline_ns)
{
	uint64_t now = clock_monotonic_ns();

	return deadline_ns > now ? deadline_ns - now : 0;
}

int poll_set_mask(const void USER *mask, size_t size)
{
	uint64_t set;

	if (mask == NULL) {
		return 0;
	}
	if (size != sizeof(set)) {
		return -EINVAL;
	}
	if (user_get_u64(&set, mask) < 0) {
		return -EFAULT;
	}
	signal_set_temporary_mask(set);
	return 0;
}
