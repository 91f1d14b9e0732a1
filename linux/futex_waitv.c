/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * futex_waitv(2): waits for any of several words.
 *
 * All waiters are queued, each after a look at its word, then the thread
 * sleeps once.  The first one found woken is the answer.
 */
#include "futex.h"

#include <linux/syscall.h>

#include <mm/slab.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/time.h>

#include "timespec.h"

#define KNOWN_FLAGS (UAPI_FUTEX2_SIZE_U32 | UAPI_FUTEX_PRIVATE_FLAG)

struct vector_entry {
	struct futex_waiter waiter;
	void USER *addr;
	uint32_t expected;
};

static int get_entry(struct vector_entry *entry, const void USER *from)
{
	struct uapi_futex_waitv wanted;
	struct futex_key key;
	int err;

	if (user_copy_in(&wanted, from, sizeof(wanted)) < 0) {
		return -EFAULT;
	}
	if ((wanted.flags & ~(uint32_t)KNOWN_FLAGS) != 0 ||
	    (wanted.flags & 3) != UAPI_FUTEX2_SIZE_U32 ||
	    wanted.reserved != 0 || wanted.value > UINT32_MAX) {
		return -EINVAL;
	}
	entry->addr = (void USER *)wanted.addr;
	entry->expected = (uint32_t)wanted.value;
	err = futex_key(&key, entry->addr,
			(wanted.flags & UAPI_FUTEX_PRIVATE_FLAG) == 0);
	if (err == 0) {
		futex_waiter_init(&entry->waiter, &key, UAPI_FUTEX_BITSET_ANY);
	}
	return err;
}

/* Takes all off their queues; the first that had been woken, or -1. */
static int unqueue_all(struct vector_entry *entries, unsigned count)
{
	int woken = -1;

	for (unsigned i = 0; i < count; i++) {
		if (!futex_unqueue(&entries[i].waiter) && woken < 0) {
			woken = (int)i;
		}
	}
	return woken;
}

/* Queues all.  0; > 0: index + 1 of one that was woken; -EAGAIN, -EFAULT. */
static int queue_all(struct vector_entry *entries, unsigned count)
{
	unsigned i = 0;
	int woken;

	while (i < count) {
		struct vector_entry *entry = &entries[i];
		struct futex_bucket *bucket =
			futex_lock_key(&entry->waiter.key);
		uint32_t value = 0;
		int err = futex_peek(&value, entry->addr);

		if (err == 0 && value == entry->expected) {
			futex_queue(bucket, &entry->waiter);
			spin_unlock(&bucket->lock);
			i++;
			continue;
		}
		spin_unlock(&bucket->lock);
		woken = unqueue_all(entries, i);
		if (woken >= 0) {
			return woken + 1;
		}
		if (err == 0) {
			return -EAGAIN;
		}
		if (futex_fault_in(entry->addr, false) < 0) {
			return -EFAULT;
		}
		i = 0;
	}
	return 0;
}

static bool any_woken(struct vector_entry *entries, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (__atomic_load_n(&entries[i].waiter.bucket,
				    __ATOMIC_ACQUIRE) == NULL) {
			return true;
		}
	}
	return false;
}

static long wait_any(struct vector_entry *entries, unsigned count,
		     const struct futex_deadline *deadline)
{
	int result = queue_all(entries, count);
	int woken;

	if (result != 0) {
		return result > 0 ? result - 1 : result;
	}
	while (result == 0) {
		thread_prepare_sleep(true);
		if (any_woken(entries, count)) {
			break;
		}
		result = thread_sleep(futex_deadline_ns(deadline));
	}
	thread_cancel_sleep();
	woken = unqueue_all(entries, count);
	if (woken >= 0) {
		return woken;
	}
	return result == -EINTR ? -ERESTARTSYS : result;
}

static int get_deadline(struct futex_deadline *deadline,
			const void USER *timeout, int clock)
{
	deadline->realtime = clock == UAPI_CLOCK_REALTIME;
	deadline->ns = WAIT_FOREVER;
	if (timeout == NULL) {
		return 0;
	}
	if (clock != UAPI_CLOCK_REALTIME && clock != UAPI_CLOCK_MONOTONIC) {
		return -EINVAL;
	}
	return timespec_get_ns(&deadline->ns, timeout);
}

long sys_futex_waitv(const void USER *waiters, unsigned count, unsigned flags,
		     const void USER *timeout, int clock)
{
	const struct uapi_futex_waitv USER *from = waiters;
	struct futex_deadline deadline;
	struct vector_entry *entries;
	long result = 0;

	if (flags != 0 || count == 0 || count > UAPI_FUTEX_WAITV_MAX ||
	    waiters == NULL) {
		return -EINVAL;
	}
	result = get_deadline(&deadline, timeout, clock);
	if (result < 0) {
		return result;
	}
	entries = kcalloc(count, sizeof(*entries));
	if (entries == NULL) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < count && result == 0; i++) {
		result = get_entry(&entries[i], from + i);
		entries[i].waiter.realtime = deadline.realtime;
	}
	if (result == 0) {
		result = wait_any(entries, count, &deadline);
	}
	kfree(entries);
	return result;
}
