/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The ring of pages behind pipes and FIFOs.
 *
 * A slot holds a stretch of one page.  Writes fill the newest slot up before
 * they take another, so small writes share a page; spliced pages are slots of
 * their own.  A read frees slots; room comes back only by that, so:
 *  (1) a writer sleeps only while all slots are taken,
 *  (2) a reader sleeps only while none is,
 * and wake-ups are sent only when a change leaves one of these states.  They
 * wake one sleeper (and tell all that poll); a sleeper that was woken and
 * leaves something behind, data or free slots, wakes the next.  Once poll() was
 * asked, all data that comes is told: edge-triggered epoll counts on it.
 *
 * Lock: pipe->lock, held while bytes are copied; copies may fault and sleep.
 * Wake-ups are sent after it was released.  Bound: slot_count pages.
 */
#include <fs/vfs/pipe.h>

#include <fs/vfs/internal.h>
#include <lib/minmax.h>
#include <mm/slab.h>
#include <process/signal.h>
#include <time/clock.h>
#include <uapi/errno.h>
#include <vfs/iov.h>
#include <vfs/poll.h>
#include <vfs/stat.h>

#define DEFAULT_SLOTS (PIPE_DEFAULT_SIZE / PAGE_SIZE)

static uint64_t last_number; /* [a] */

#define PIPE_DEVICE MAKE_DEVICE(0, 0xffff0) /* st_dev of pipes */

struct pipe *pipe_allocate(void)
{
	struct pipe *pipe = kzalloc(sizeof(*pipe));

	if (pipe == NULL) {
		return NULL;
	}
	pipe->slots = kcalloc(DEFAULT_SLOTS, sizeof(*pipe->slots));
	if (pipe->slots == NULL) {
		kfree(pipe);
		return NULL;
	}
	mutex_init(&pipe->lock, "pipe");
	wait_queue_init(&pipe->read_wait);
	wait_queue_init(&pipe->write_wait);
	wait_queue_init(&pipe->open_wait);
	pipe->slot_count = DEFAULT_SLOTS;
	anonymous_node_init(
		&pipe->node, PIPE_MAGIC, PIPE_DEVICE,
		__atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED),
		MODE_FIFO | 0600);
	pipe->node.atime_ns = clock_realtime_ns();
	pipe->node.mtime_ns = pipe->node.atime_ns;
	pipe->node.ctime_ns = pipe->node.atime_ns;
	return pipe;
}

void pipe_free(struct pipe *pipe)
{
	while (!pipe_is_empty(pipe)) {
		pipe_release_slot(pipe);
	}
	if (pipe->spare != NULL) {
		page_put(pipe->spare);
	}
	kfree(pipe->slots);
	kfree(pipe);
}

/* --- slots
 * ------------------------------------------------------------------------ */

void pipe_release_slot(struct pipe *pipe)
{
	struct pipe_slot *slot = pipe_slot(pipe, pipe->tail);

	pipe->bytes -= slot->size;
	if (slot->own && pipe->spare == NULL &&
	    __atomic_load_n(&slot->page->refs, __ATOMIC_ACQUIRE) == 1) {
		pipe->spare = slot->page;
	} else {
		page_put(slot->page);
	}
	slot->page = NULL;
	pipe->tail++;
}

void pipe_consume(struct pipe *pipe, size_t size)
{
	struct pipe_slot *slot = pipe_slot(pipe, pipe->tail);

	slot->offset += (uint32_t)size;
	slot->size -= (uint32_t)size;
	pipe->bytes -= size;
	if (slot->size == 0 || slot->packet) {
		pipe_release_slot(pipe);
	}
}

void pipe_add_page(struct pipe *pipe, struct page *page, size_t offset,
		   size_t size, bool own, bool packet)
{
	*pipe_slot(pipe, pipe->head) = (struct pipe_slot){
		.page = page,
		.offset = (uint32_t)offset,
		.size = (uint32_t)size,
		.own = own,
		.packet = packet,
	};
	pipe->bytes += size;
	pipe->head++;
}

/* The newest slot when something may be added to it, else NULL. */
static struct pipe_slot *open_slot(const struct pipe *pipe)
{
	struct pipe_slot *slot;

	if (pipe_is_empty(pipe)) {
		return NULL;
	}
	slot = pipe_slot((struct pipe *)(uintptr_t)pipe, pipe->head - 1);
	return slot->own && !slot->packet &&
			       slot->offset + slot->size < PAGE_SIZE
		       ? slot
		       : NULL;
}

size_t pipe_room(const struct pipe *pipe, bool packet)
{
	size_t room = (pipe->slot_count - pipe_used(pipe)) * PAGE_SIZE;
	const struct pipe_slot *slot = packet ? NULL : open_slot(pipe);

	return slot == NULL ? room
			    : room + PAGE_SIZE - slot->offset - slot->size;
}

/* --- copies
 * ------------------------------------------------------------------------ */

ssize_t pipe_drain(struct pipe *pipe, struct iov_iter *to)
{
	size_t done = 0;

	while (to->remaining > 0 && !pipe_is_empty(pipe)) {
		struct pipe_slot *slot = pipe_slot(pipe, pipe->tail);
		size_t wanted = MIN((size_t)slot->size, to->remaining);
		size_t moved = iov_copy_to(
			to, (char *)page_address(slot->page) + slot->offset,
			wanted);
		bool packet = slot->packet;

		if (moved > 0) {
			pipe_consume(pipe, moved);
		}
		done += moved;
		if (moved < wanted) {
			return done > 0 ? (ssize_t)done : -EFAULT;
		}
		if (packet) {
			break;
		}
	}
	return (ssize_t)done;
}

static struct page *take_page(struct pipe *pipe)
{
	struct page *page = pipe->spare;

	pipe->spare = NULL;
	return page != NULL ? page : frame_alloc(0, 0);
}

static size_t append(struct pipe *pipe, struct pipe_slot *slot,
		     struct iov_iter *from, size_t size)
{
	size_t moved = iov_copy_from(from,
				     (char *)page_address(slot->page) +
					     slot->offset + slot->size,
				     size);

	slot->size += (uint32_t)moved;
	pipe->bytes += moved;
	return moved;
}

/* Bytes moved into a fresh slot, or -ENOMEM. */
static ssize_t add_slot(struct pipe *pipe, struct iov_iter *from, size_t size,
			bool packet)
{
	struct page *page = take_page(pipe);
	size_t moved;

	if (page == NULL) {
		return -ENOMEM;
	}
	moved = iov_copy_from(from, page_address(page), size);
	if (moved == 0) {
		pipe->spare = page;
		return 0;
	}
	pipe_add_page(pipe, page, 0, moved, true, packet);
	return (ssize_t)moved;
}

ssize_t pipe_fill(struct pipe *pipe, struct iov_iter *from, bool packet)
{
	size_t done = 0;

	while (from->remaining > 0) {
		struct pipe_slot *slot = packet ? NULL : open_slot(pipe);
		size_t space = slot == NULL
				       ? PAGE_SIZE
				       : PAGE_SIZE - slot->offset - slot->size;
		size_t wanted = MIN(space, from->remaining);
		ssize_t moved;

		if (slot == NULL && pipe_is_full(pipe)) {
			break;
		}
		moved = slot != NULL ? (ssize_t)append(pipe, slot, from, wanted)
				     : add_slot(pipe, from, wanted, packet);
		if (moved < (ssize_t)wanted) {
			if (moved > 0) {
				done += (size_t)moved;
			}
			if (done > 0) {
				break;
			}
			return moved < 0 ? moved : -EFAULT;
		}
		done += (size_t)moved;
	}
	return (ssize_t)done;
}

/* --- sleeping and waking
 * ------------------------------------------------------------ */

void pipe_begin(const struct pipe *pipe, struct pipe_before *before)
{
	before->bytes = pipe->bytes;
	before->full = pipe_is_full(pipe);
}

static int sleep_on(struct pipe *pipe, struct wait_queue *queue)
{
	return wait_queue_sleep_mutex(queue, &pipe->lock,
				      WAIT_INTERRUPTIBLE | WAIT_EXCLUSIVE,
				      WAIT_FOREVER) < 0
		       ? -ERESTARTSYS
		       : 0;
}

int pipe_wait_data(struct pipe *pipe, bool nonblock, struct pipe_before *before)
{
	int err = 0;

	while (err == 0 && pipe_is_empty(pipe)) {
		if (pipe->writers == 0) {
			err = 1;
		} else if (nonblock) {
			err = -EAGAIN;
		} else {
			err = sleep_on(pipe, &pipe->read_wait);
			before->slept_for_data = true;
		}
	}
	pipe_begin(pipe, before);
	return err;
}

int pipe_wait_room(struct pipe *pipe, bool nonblock, struct pipe_before *before)
{
	int err = 0;

	while (err == 0) {
		if (pipe->readers == 0) {
			vfs_send_signal(UAPI_SIGPIPE);
			err = -EPIPE;
		} else if (!pipe_is_full(pipe)) {
			break;
		} else if (nonblock) {
			err = -EAGAIN;
		} else {
			err = sleep_on(pipe, &pipe->write_wait);
			before->slept_for_room = true;
		}
	}
	pipe_begin(pipe, before);
	return err;
}

unsigned pipe_wakeups(const struct pipe *pipe, const struct pipe_before *before)
{
	unsigned wakeups = 0;
	bool more = pipe->bytes > before->bytes &&
		    (before->bytes == 0 || pipe->polled);

	if (!pipe_is_empty(pipe) && (more || before->slept_for_data) &&
	    !wait_queue_is_empty(&pipe->read_wait)) {
		wakeups |= PIPE_WAKE_READERS;
	}
	if (!pipe_is_full(pipe) && (before->full || before->slept_for_room) &&
	    !wait_queue_is_empty(&pipe->write_wait)) {
		wakeups |= PIPE_WAKE_WRITERS;
	}
	return wakeups;
}

void pipe_wake(struct pipe *pipe, unsigned wakeups)
{
	if ((wakeups & PIPE_WAKE_READERS) != 0) {
		wait_queue_wake(&pipe->read_wait, 1, POLL_IN | POLL_RDNORM);
	}
	if ((wakeups & PIPE_WAKE_WRITERS) != 0) {
		wait_queue_wake(&pipe->write_wait, 1, POLL_OUT | POLL_WRNORM);
	}
}
