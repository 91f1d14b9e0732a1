/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Readiness: how poll, select and epoll wait on files.
 *
 * file_ops->poll() calls poll_wait() for each queue that will be woken when
 * the answer may change, then returns the events that are true now.
 */
#include <stdint.h>

#include <sync/wait.h>

#define POLL_IN	    0x0001u
#define POLL_PRI    0x0002u
#define POLL_OUT    0x0004u
#define POLL_ERR    0x0008u
#define POLL_HUP    0x0010u
#define POLL_NVAL   0x0020u
#define POLL_RDNORM 0x0040u
#define POLL_RDBAND 0x0080u
#define POLL_WRNORM 0x0100u
#define POLL_WRBAND 0x0200u
#define POLL_MSG    0x0400u
#define POLL_RDHUP  0x2000u

struct poll_table {
	void (*queue)(struct poll_table *table, struct wait_queue *queue);
};

static inline void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
	if (table != 0 && table->queue != 0) {
		table->queue(table, queue);
	}
}
