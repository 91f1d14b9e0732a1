/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Splicing with pipes: file to pipe, pipe to file, pipe to pipe, tee.
 *
 * A pipe's lock is held while its pages are written to a file, so nobody else
 * reads them meanwhile; it is not held while a file is read that may make us
 * wait.  Two pipes are locked in the order of their addresses.
 */
#include <vfs/splice.h>

#include <fs/vfs/internal.h>
#include <fs/vfs/pipe.h>
#include <lib/minmax.h>
#include <process/signal.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/iov.h>

static bool nonblocking(const struct file *pipe_file, unsigned flags)
{
	return (flags & UAPI_SPLICE_F_NONBLOCK) != 0 ||
	       (READ_ONCE(pipe_file->flags) & UAPI_O_NONBLOCK) != 0;
}

/* --- pipe to file
 * --------------------------------------------------------------- */

/* Writes the oldest slot: bytes, 0 or an error. */
static ssize_t write_slot(struct pipe *pipe, struct file *out, int64_t *out_pos,
			  size_t count)
{
	struct pipe_slot *slot = pipe_slot(pipe, pipe->tail);
	struct iov_iter iter;
	ssize_t written;

	iov_init_kernel(&iter, (char *)page_address(slot->page) + slot->offset,
			MIN((size_t)slot->size, count));
	written = file_write(out, &iter, out_pos);
	if (written > 0) {
		pipe_consume(pipe, (size_t)written);
	}
	return written;
}

static ssize_t from_pipe(struct pipe *pipe, struct file *out, int64_t *out_pos,
			 size_t count, bool nonblock)
{
	struct pipe_before before = {.bytes = 0};
	size_t done = 0;
	ssize_t moved;
	unsigned wakeups;

	mutex_lock(&pipe->lock);
	moved = pipe_wait_data(pipe, nonblock, &before);
	if (moved == 1) {
		moved = 0;
		count = 0;
	}
	while (moved >= 0 && done < count && !pipe_is_empty(pipe)) {
		moved = write_slot(pipe, out, out_pos, count - done);
		if (moved <= 0) {
			break;
		}
		done += (size_t)moved;
	}
	wakeups = pipe_wakeups(pipe, &before);
	mutex_unlock(&pipe->lock);
	pipe_wake(pipe, wakeups);
	return done > 0 ? (ssize_t)done : moved;
}

/* --- file to pipe
 * ---------------------------------------------------------------- */

/* The next page of the file, with a reference: bytes in it, 0 at the end. */
static ssize_t cached_page(struct file *in, uint64_t pos, size_t count,
			   struct page **page_out)
{
	struct page_cache *cache = &in->inode->cache;
	uint64_t size = READ_ONCE(cache->size);
	size_t offset = pos & (PAGE_SIZE - 1);
	int err;

	if (pos >= size) {
		return 0;
	}
	err = page_cache_get(cache, pos >> PAGE_SHIFT, false, page_out);
	if (err < 0) {
		return err == -ERANGE ? 0 : err;
	}
	count = MIN(count, PAGE_SIZE - offset);
	return (ssize_t)MIN((uint64_t)count, size - pos);
}

/* Reads at most a page into a fresh one. */
static ssize_t read_fresh_page(struct file *in, int64_t *pos, size_t count,
			       struct page **page_out)
{
	struct page *page = frame_alloc(0, 0);
	struct iov_iter iter;
	ssize_t got;

	if (page == NULL) {
		return -ENOMEM;
	}
	iov_init_kernel(&iter, page_address(page), MIN(count, PAGE_SIZE));
	got = file_read(in, &iter, pos);
	if (got <= 0) {
		page_put(page);
		return got;
	}
	*page_out = page;
	return got;
}

static int wait_room(struct pipe *pipe, bool nonblock)
{
	struct pipe_before before = {.bytes = 0};
	int err;

	mutex_lock(&pipe->lock);
	err = pipe_wait_room(pipe, nonblock, &before);
	mutex_unlock(&pipe->lock);
	return err;
}

/* Adds what has been read.  Somebody may have filled the pipe since we saw
 * room: the bytes are ours to keep, so this waits without regard to signals. */
static int add_read_page(struct pipe *pipe, struct page *page, size_t offset,
			 size_t size)
{
	struct pipe_before before = {.bytes = 0};
	unsigned wakeups;

	mutex_lock(&pipe->lock);
	while (pipe_is_full(pipe) && pipe->readers != 0) {
		wait_queue_sleep_mutex(&pipe->write_wait, &pipe->lock,
				       WAIT_EXCLUSIVE, WAIT_FOREVER);
	}
	if (pipe->readers == 0) {
		mutex_unlock(&pipe->lock);
		page_put(page);
		vfs_send_signal(UAPI_SIGPIPE);
		return -EPIPE;
	}
	pipe_begin(pipe, &before);
	before.slept_for_room = true; /* wait_room() may have */
	pipe_add_page(pipe, page, offset, size, false, false);
	wakeups = pipe_wakeups(pipe, &before);
	mutex_unlock(&pipe->lock);
	pipe_wake(pipe, wakeups);
	return 0;
}

static bool is_cached(const struct file *file)
{
	return file->inode != NULL && inode_is_regular(file->inode) &&
	       file->ops->read == page_cache_file_read;
}

/* Moves one page: bytes, 0 at the end, or an error. */
static ssize_t move_page(struct file *in, int64_t *pos, struct pipe *pipe,
			 size_t count)
{
	struct page *page;
	size_t offset = 0;
	ssize_t got;
	int err;

	if (is_cached(in)) {
		offset = (uint64_t)*pos & (PAGE_SIZE - 1);
		got = cached_page(in, (uint64_t)*pos, count, &page);
		if (got > 0) {
			*pos += got;
		}
	} else {
		got = read_fresh_page(in, pos, count, &page);
	}
	if (got <= 0) {
		return got;
	}
	err = add_read_page(pipe, page, offset, (size_t)got);
	return err < 0 ? err : got;
}

static ssize_t to_pipe_at(struct file *in, int64_t *pos, struct pipe *pipe,
			  size_t count, bool nonblock)
{
	size_t done = 0;
	ssize_t moved = 0;

	while (done < count) {
		/* What is there may be read first: wait for the first only. */
		moved = wait_room(pipe, nonblock || done > 0);
		if (moved == 0) {
			moved = move_page(in, pos, pipe, count - done);
		}
		if (moved <= 0) {
			break;
		}
		done += (size_t)moved;
		if (!is_cached(in)) {
			break; /* the next read might wait */
		}
	}
	return done > 0 ? (ssize_t)done : moved;
}

static ssize_t to_pipe(struct file *in, int64_t *in_pos, struct pipe *pipe,
		       size_t count, bool nonblock)
{
	ssize_t result;
	bool locked;

	if (in_pos != NULL) {
		return to_pipe_at(in, in_pos, pipe, count, nonblock);
	}
	locked = file_position_lock(in);
	result = to_pipe_at(in, &in->position, pipe, count, nonblock);
	file_position_unlock(in, locked);
	return result;
}

/* --- pipe to pipe
 * ----------------------------------------------------------------- */

static void lock_both(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock(a < b ? &b->lock : &a->lock);
}

/* Moves (or, tee, copies) slots while both have something to give and room. */
static size_t transfer_locked(struct pipe *in, struct pipe *out, size_t count,
			      bool tee)
{
	uint32_t number = in->tail;
	size_t done = 0;

	while (done < count && number != in->head && !pipe_is_full(out)) {
		struct pipe_slot *slot = pipe_slot(in, number);
		size_t piece = MIN((size_t)slot->size, count - done);

		page_get(slot->page);
		pipe_add_page(out, slot->page, slot->offset, piece, false,
			      slot->packet);
		done += piece;
		if (tee) {
			number++;
		} else {
			pipe_consume(in, piece);
			number = in->tail;
		}
	}
	return done;
}

/* 0, 1 (end of file) or an error; both unlocked again. */
static int wait_both(struct pipe *in, struct pipe *out, bool nonblock)
{
	struct pipe_before before = {.bytes = 0};
	int err;

	mutex_lock(&in->lock);
	err = pipe_wait_data(in, nonblock, &before);
	mutex_unlock(&in->lock);
	return err != 0 ? err : wait_room(out, nonblock);
}

static ssize_t between_pipes(struct pipe *in, struct pipe *out, size_t count,
			     bool nonblock, bool tee)
{
	size_t done = 0;
	unsigned wake_in;
	unsigned wake_out;

	if (in == out) {
		return -EINVAL;
	}
	while (done == 0) {
		/* whether wait_both() has slept does not matter: wake */
		struct pipe_before before_in = {.slept_for_data = true};
		struct pipe_before before_out = {.slept_for_room = true};
		int err = wait_both(in, out, nonblock);

		if (err != 0) {
			return err < 0 ? err : 0;
		}
		lock_both(in, out);
		pipe_begin(in, &before_in);
		pipe_begin(out, &before_out);
		done = transfer_locked(in, out, count, tee);
		wake_in = pipe_wakeups(in, &before_in);
		wake_out = pipe_wakeups(out, &before_out);
		mutex_unlock(&in->lock);
		mutex_unlock(&out->lock);
		pipe_wake(in, wake_in);
		pipe_wake(out, wake_out);
	}
	return (ssize_t)done;
}

/* --- system calls
 * -------------------------------------------------------------------- */

static int check(struct file *in, const int64_t *in_pos, struct file *out,
		 const int64_t *out_pos)
{
	if ((in->mode & FILE_READ) == 0 || (out->mode & FILE_WRITE) == 0) {
		return -EBADF;
	}
	if ((pipe_of(in) != NULL && in_pos != NULL) ||
	    (pipe_of(out) != NULL && out_pos != NULL)) {
		return -ESPIPE;
	}
	if ((in_pos != NULL && (in->mode & FILE_SEEKABLE) == 0) ||
	    (out_pos != NULL && (out->mode & FILE_SEEKABLE) == 0)) {
		return -EINVAL;
	}
	if ((in_pos != NULL && *in_pos < 0) ||
	    (out_pos != NULL && *out_pos < 0)) {
		return -EINVAL;
	}
	if (in->ops->read == NULL || out->ops->write == NULL) {
		return -EINVAL;
	}
	if (pipe_of(out) == NULL &&
	    (READ_ONCE(out->flags) & UAPI_O_APPEND) != 0) {
		return -EINVAL;
	}
	return pipe_of(in) == NULL && pipe_of(out) == NULL ? -EINVAL : 0;
}

ssize_t splice_splice(struct file *in, int64_t *in_pos, struct file *out,
		      int64_t *out_pos, size_t count, unsigned flags)
{
	int err = check(in, in_pos, out, out_pos);
	struct pipe *from = pipe_of(in);
	struct pipe *to = pipe_of(out);

	if (err < 0 || count == 0) {
		return err;
	}
	count = MIN(count, (size_t)IOV_TOTAL_MAX);
	if (from != NULL && to != NULL) {
		return between_pipes(from, to, count,
				     nonblocking(in, flags) ||
					     nonblocking(out, flags),
				     false);
	}
	if (from != NULL) {
		return from_pipe(from, out, out_pos, count,
				 nonblocking(in, flags));
	}
	return to_pipe(in, in_pos, to, count, nonblocking(out, flags));
}

ssize_t splice_tee(struct file *in, struct file *out, size_t count,
		   unsigned flags)
{
	if ((in->mode & FILE_READ) == 0 || (out->mode & FILE_WRITE) == 0) {
		return -EBADF;
	}
	if (pipe_of(in) == NULL || pipe_of(out) == NULL) {
		return -EINVAL;
	}
	if (count == 0) {
		return 0;
	}
	return between_pipes(pipe_of(in), pipe_of(out), count,
			     nonblocking(in, flags) || nonblocking(out, flags),
			     true);
}

ssize_t splice_vmsplice(struct file *file, struct iov_iter *iter,
			unsigned flags)
{
	struct pipe *pipe = pipe_of(file);
	bool nonblock = nonblocking(file, flags);
	struct pipe_before before = {.bytes = 0};
	ssize_t result;
	unsigned wakeups;

	if (pipe == NULL) {
		return -EBADF;
	}
	if (iter->remaining == 0) {
		return 0;
	}
	mutex_lock(&pipe->lock);
	if ((file->mode & FILE_WRITE) != 0) {
		result = pipe_wait_room(pipe, nonblock, &before);
		if (result == 0) {
			result = pipe_fill(pipe, iter, false);
		}
	} else {
		result = pipe_wait_data(pipe, nonblock, &before);
		if (result == 0) {
			result = pipe_drain(pipe, iter);
		} else if (result == 1) {
			result = 0;
		}
	}
	wakeups = pipe_wakeups(pipe, &before);
	mutex_unlock(&pipe->lock);
	pipe_wake(pipe, wakeups);
	return result;
}
