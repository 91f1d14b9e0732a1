/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * select(2), pselect6(2) by way of poll_entries().
 *
 * The three sets are bit maps in words of the application; each descriptor
 * with a bit in any of them becomes one entry.
 */
#include <linux/syscall.h>

#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/rlimit.h>
#include <process/signal.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <vfs/poll.h>

#include "poll_wait.h"
#include "timespec.h"

#define WORD_BITS      64u
#define INLINE_ENTRIES 16
#define INLINE_WORDS   16 /* 1024 descriptors */

/* What makes a descriptor readable, writable, exceptional. */
#define SELECT_READ   (POLL_RDNORM | POLL_RDBAND | POLL_IN | POLL_HUP | POLL_ERR)
#define SELECT_WRITE  (POLL_WRBAND | POLL_WRNORM | POLL_OUT | POLL_ERR)
#define SELECT_EXCEPT POLL_PRI

static const uint16_t set_events[3] = {SELECT_READ, SELECT_WRITE,
				       SELECT_EXCEPT};

struct sets {
	unsigned words;	  /* per set */
	uint64_t *map[3]; /* read, write, except */
	uint64_t fast[3 * INLINE_WORDS];
	uint64_t *allocated;
};

static int sets_init(struct sets *sets, unsigned count)
{
	uint64_t *words = sets->fast;

	sets->words = (count + WORD_BITS - 1) / WORD_BITS;
	sets->allocated = NULL;
	if (sets->words > INLINE_WORDS) {
		sets->allocated = kcalloc(sets->words, 3 * sizeof(uint64_t));
		words = sets->allocated;
		if (words == NULL) {
			return -ENOMEM;
		}
	}
	for (int i = 0; i < 3; i++) {
		sets->map[i] = words + (size_t)i * sets->words;
	}
	return 0;
}

static int sets_copy_in(struct sets *sets, void USER *const from[3])
{
	size_t size = sets->words * sizeof(uint64_t);

	for (int i = 0; i < 3; i++) {
		memset(sets->map[i], 0, size);
		if (from[i] != NULL &&
		    user_copy_in(sets->map[i], from[i], size) < 0) {
			return -EFAULT;
		}
	}
	return 0;
}

static int sets_copy_out(const struct sets *sets, void USER *const to[3])
{
	size_t size = sets->words * sizeof(uint64_t);

	for (int i = 0; i < 3; i++) {
		if (to[i] != NULL &&
		    user_copy_out(to[i], sets->map[i], size) < 0) {
			return -EFAULT;
		}
	}
	return 0;
}

static bool bit(const uint64_t *map, unsigned fd)
{
	return (map[fd / WORD_BITS] >> (fd % WORD_BITS) & 1) != 0;
}

static uint16_t wanted_events(const struct sets *sets, unsigned fd)
{
	uint16_t events = 0;

	for (int i = 0; i < 3; i++) {
		if (bit(sets->map[i], fd)) {
			events |= set_events[i];
		}
	}
	return events;
}

static unsigned count_entries(const struct sets *sets)
{
	unsigned count = 0;

	for (unsigned w = 0; w < sets->words; w++) {
		uint64_t word =
			sets->map[0][w] | sets->map[1][w] | sets->map[2][w];

		for (; word != 0; word &= word - 1) {
			count++;
		}
	}
	return count;
}

/* Turns answers into sets; how many bits are set, or -EBADF. */
static int collect(struct sets *sets, const struct poll_entry *entries,
		   unsigned count)
{
	uint64_t *wanted[3] = {sets->map[0], sets->map[1], sets->map[2]};
	int found = 0;

	for (unsigned e = 0; e < count; e++) {
		unsigned fd = (unsigned)entries[e].fd;
		uint64_t mask = 1ull << (fd % WORD_BITS);

		if (entries[e].revents == POLL_NVAL) {
			return -EBADF;
		}
		for (int i = 0; i < 3; i++) {
			uint64_t *word = &wanted[i][fd / WORD_BITS];

			if ((*word & mask) == 0) {
				continue;
			}
			if ((entries[e].revents & set_events[i]) != 0) {
				found++;
			} else {
				*word &= ~mask;
			}
		}
	}
	return found;
}

static int wait_sets(struct sets *sets, unsigned limit, uint64_t deadline_ns)
{
	struct poll_entry fast[INLINE_ENTRIES];
	struct poll_entry *entries = fast;
	unsigned count = count_entries(sets);
	unsigned used = 0;
	int result;

	if (count > INLINE_ENTRIES) {
		entries = kcalloc(count, sizeof(*entries));
		if (entries == NULL) {
			return -ENOMEM;
		}
	}
	for (unsigned fd = 0; fd < limit && used < count; fd++) {
		uint16_t events = wanted_events(sets, fd);

		if (events != 0) {
			entries[used].fd = (int)fd;
			entries[used].events = events;
			used++;
		}
	}
	result = poll_entries(entries, used, deadline_ns);
	if (result >= 0) {
		result = collect(sets, entries, used);
	}
	if (entries != fast) {
		kfree(entries);
	}
	return result;
}

/* Bits at and above `count` in the last word mean nothing. */
static void cut_sets(struct sets *sets, unsigned count)
{
	if (count % WORD_BITS == 0) {
		return;
	}
	for (int i = 0; i < 3; i++) {
		sets->map[i][sets->words - 1] &=
			(1ull << (count % WORD_BITS)) - 1;
	}
}

static int do_select(int count, void USER *const user_sets[3],
		     uint64_t deadline_ns)
{
	struct sets sets;
	unsigned limit;
	int result;

	if (count < 0) {
		return -EINVAL;
	}
	limit = (unsigned)MIN((uint64_t)count, rlimit_current(RLIMIT_NOFILE));
	result = sets_init(&sets, limit);
	if (result < 0) {
		return result;
	}
	result = sets_copy_in(&sets, user_sets);
	if (result == 0) {
		cut_sets(&sets, limit);
		result = wait_sets(&sets, limit, deadline_ns);
	}
	if (result >= 0) {
		int err = sets_copy_out(&sets, user_sets);

		result = err < 0 ? err : result;
	}
	kfree(sets.allocated);
	return result;
}

long sys_select(int count, void USER *read_set, void USER *write_set,
		void USER *except_set, void USER *timeout)
{
	void USER *const sets[3] = {read_set, write_set, except_set};
	uint64_t deadline;
	int result = poll_deadline_timeval(timeout, &deadline);

	if (result < 0) {
		return result;
	}
	result = do_select(count, sets, deadline);
	if (timeout != NULL) {
		timeval_put_ns(timeout, poll_time_left(deadline));
	}
	return result == -EINTR ? -ERESTARTNOHAND : result;
}

long sys_pselect6(int count, void USER *read_set, void USER *write_set,
		  void USER *except_set, void USER *timeout,
		  const void USER *mask)
{
	void USER *const sets[3] = {read_set, write_set, except_set};
	uint64_t pair[2] = {0, 0}; /* pointer to the mask, its size */
	uint64_t deadline;
	int result = poll_deadline_timespec(timeout, &deadline);

	if (result == 0 && mask != NULL) {
		result = user_copy_in(pair, mask, sizeof(pair));
	}
	if (result == 0) {
		result = poll_set_mask((const void USER *)pair[0], pair[1]);
	}
	if (result < 0) {
		return result;
	}
	result = do_select(count, sets, deadline);
	if (pair[0] != 0) {
		signal_restore_mask(result == -EINTR);
	}
	if (timeout != NULL) {
		timespec_put_ns(timeout, poll_time_left(deadline));
	}
	return result == -EINTR ? -ERESTARTNOHAND : result;
}
