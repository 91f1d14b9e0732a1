/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* What pipe.c, pipe_file.c and splice.c share: the ring of pages. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>
#include <mm/frame.h>
#include <sync/mutex.h>
#include <sync/wait.h>
#include <vfs/anonymous.h>
#include <vfs/pipe.h>

struct iov_iter;

struct pipe_slot {
	struct page *page; /* one reference */
	uint32_t offset, size;
	bool packet; /* O_DIRECT: a read takes all of it */
	bool own;    /* filled by us: more may be added behind */
};

struct pipe {
	struct mutex lock;
	struct wait_queue read_wait;  /* data came, or the last writer went */
	struct wait_queue write_wait; /* a slot is free, or the last reader
				       * went */
	struct wait_queue open_wait;  /* FIFOs: somebody opened */
	struct pipe_slot *slots;      /* [l] ring */
	uint32_t slot_count;	      /* [l] a power of two */
	uint32_t head, tail;	      /* [l] slots ever filled, emptied */
	uint64_t bytes;		      /* [l] */
	uint32_t readers, writers;    /* [l] files */
	uint32_t reader_opens;	      /* [l] FIFOs: ever */
	uint32_t writer_opens;	      /* [l] */
	uint32_t file_count;	      /* [inode->lock or l] */
	bool polled;	    /* [l] poll() was asked: tell it of all data */
	struct page *spare; /* [l] the next page to fill */
	struct anonymous_node node; /* of pipes without inode */
};

struct pipe *pipe_allocate(void);
void pipe_free(struct pipe *pipe);

static inline uint32_t pipe_used(const struct pipe *pipe)
{
	return pipe->head - pipe->tail;
}

static inline bool pipe_is_full(const struct pipe *pipe)
{
	return pipe_used(pipe) >= pipe->slot_count;
}

static inline bool pipe_is_empty(const struct pipe *pipe)
{
	return pipe->head == pipe->tail;
}

static inline struct pipe_slot *pipe_slot(struct pipe *pipe, uint32_t number)
{
	return &pipe->slots[number & (pipe->slot_count - 1)];
}

/* All with pipe->lock held. */

/* Empties the oldest slot. */
void pipe_release_slot(struct pipe *pipe);
/* Takes `size` bytes off the oldest slot, and the slot when it is empty. */
void pipe_consume(struct pipe *pipe, size_t size);
/* Adds a page (its own reference); the pipe is not full. */
void pipe_add_page(struct pipe *pipe, struct page *page, size_t offset,
		   size_t size, bool own, bool packet);
/* Copies: bytes moved, or -EFAULT / -ENOMEM when none. */
ssize_t pipe_drain(struct pipe *pipe, struct iov_iter *to);
ssize_t pipe_fill(struct pipe *pipe, struct iov_iter *from, bool packet);
/* Bytes that surely fit. */
size_t pipe_room(const struct pipe *pipe, bool packet);

/* What was true before a change; see pipe_wakeups(). */
struct pipe_before {
	uint64_t bytes;
	bool full;
	bool slept_for_data, slept_for_room;
};
void pipe_begin(const struct pipe *pipe, struct pipe_before *before);

/* Wait until there is something to read or a free slot, and note in *before how
 * it then is.  0; -EAGAIN (nonblock), -ERESTARTSYS, -EPIPE (with SIGPIPE); 1:
 * end of file. */
int pipe_wait_data(struct pipe *pipe, bool nonblock,
		   struct pipe_before *before);
int pipe_wait_room(struct pipe *pipe, bool nonblock,
		   struct pipe_before *before);

/* Whom the change since *before concerns: computed with the lock held, sent
 * after it was released (or before a sleep on the other queue). */
#define PIPE_WAKE_READERS (1u << 0)
#define PIPE_WAKE_WRITERS (1u << 1)
unsigned pipe_wakeups(const struct pipe *pipe,
		      const struct pipe_before *before);
void pipe_wake(struct pipe *pipe, unsigned wakeups);
