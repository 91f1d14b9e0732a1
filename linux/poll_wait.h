/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Waiting for one of several files: the engine of poll(2) and select(2).
 */
#include <stdint.h>

#include <vfs/file.h>

struct poll_entry {
	struct file_ref ref; /* set by poll_entries() */
	int fd;		     /* negative: not looked at */
	uint16_t events;     /* POLL_* wanted; ERR and HUP are implied */
	uint16_t revents;    /* the answer; POLL_NVAL: no such descriptor */
};

/*
 * Sleeps until an entry is ready or the monotonic deadline (0: do not wait,
 * WAIT_FOREVER).  Returns how many have answers, -EINTR, or -ENOMEM.
 */
int poll_entries(struct poll_entry *entries, unsigned count,
		 uint64_t deadline_ns);

/*
 * Deadline of a timeout that the application gave as timespec or timeval;
 * NULL: WAIT_FOREVER; 0: no wait.  0, -EFAULT, -EINVAL.
 */
int poll_deadline_timespec(const void USER *timeout, uint64_t *deadline_out);
int poll_deadline_timeval(const void USER *timeout, uint64_t *deadline_out);
uint64_t poll_deadline_ms(int timeout_ms);

/* What is left of it, for calls that write the timeout back. */
uint64_t poll_time_left(uint64_t deadline_ns);

/* The mask of ppoll() and its like becomes the thread's; NULL: nothing.  Ended
 * by signal_restore_mask().  0, -EFAULT, -EINVAL (size). */
int poll_set_mask(const void USER *mask, size_t size);
