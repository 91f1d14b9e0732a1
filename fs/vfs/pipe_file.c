/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Files on pipes: pipe(2), FIFOs, and their operations.
 *
 * A FIFO's pipe hangs on inode->pipe while a file is open on it; it comes and
 * goes under inode->lock.
 */
#include <vfs/pipe.h>

#include <fs/vfs/internal.h>
#include <fs/vfs/pipe.h>
#include <lib/align.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <uapi/capability.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/ioctl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/poll.h>

static bool nonblocking(const struct file *file)
{
	return (READ_ONCE(file->flags) & UAPI_O_NONBLOCK) != 0;
}

/* --- read and write
 * ----------------------------------------------------------------- */

static ssize_t pipe_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct pipe *pipe = file->private;
	struct pipe_before before = {.bytes = 0};
	unsigned wakeups;
	ssize_t result;

	(void)pos;
	if (to->remaining == 0) {
		return 0;
	}
	mutex_lock(&pipe->lock);
	result = pipe_wait_data(pipe, nonblocking(file), &before);
	if (result == 0) {
		result = pipe_drain(pipe, to);
	} else if (result == 1) {
		result = 0; /* end of file */
	}
	wakeups = pipe_wakeups(pipe, &before);
	mutex_unlock(&pipe->lock);
	pipe_wake(pipe, wakeups);
	return result;
}

/* Writes what fits; sleeps for the rest.  The lock is released in between. */
static ssize_t write_locked(struct pipe *pipe, struct iov_iter *from,
			    const struct file *file, struct pipe_before *before)
{
	bool packet = (READ_ONCE(file->flags) & UAPI_O_DIRECT) != 0;
	bool atomic = from->remaining <= PIPE_ATOMIC_SIZE;
	ssize_t done = 0;
	ssize_t moved;
	int err;

	for (;;) {
		if (pipe->readers == 0) {
			vfs_send_signal(UAPI_SIGPIPE);
			return done > 0 ? done : -EPIPE;
		}
		if (!atomic || pipe_room(pipe, packet) >= from->remaining) {
			moved = pipe_fill(pipe, from, packet);
			if (moved < 0) {
				return done > 0 ? done : moved;
			}
			done += moved;
		}
		if (from->remaining == 0) {
			return done;
		}
		if (!pipe_is_full(pipe)) {
			return done > 0 ? done : -EFAULT; /* a short copy */
		}
		/* Readers must know before we sleep. */
		pipe_wake(pipe, pipe_wakeups(pipe, before));
		err = pipe_wait_room(pipe, nonblocking(file), before);
		if (err < 0) {
			return done > 0 ? done : err;
		}
	}
}

static ssize_t pipe_write(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	struct pipe *pipe = file->private;
	struct pipe_before before = {.bytes = 0};
	unsigned wakeups;
	ssize_t result;

	(void)pos;
	if (from->remaining == 0) {
		return 0;
	}
	mutex_lock(&pipe->lock);
	pipe_begin(pipe, &before);
	result = write_locked(pipe, from, file, &before);
	wakeups = pipe_wakeups(pipe, &before);
	mutex_unlock(&pipe->lock);
	pipe_wake(pipe, wakeups);
	return result;
}

/* --- readiness
 * ------------------------------------------------------------------------ */

static uint32_t pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->private;
	uint32_t events = 0;

	if (table != NULL && !READ_ONCE(pipe->polled)) {
		mutex_lock(&pipe->lock);
		pipe->polled = true;
		mutex_unlock(&pipe->lock);
	}
	if ((file->mode & FILE_READ) != 0) {
		poll_wait(table, &pipe->read_wait);
	}
	if ((file->mode & FILE_WRITE) != 0) {
		poll_wait(table, &pipe->write_wait);
	}
	mutex_lock(&pipe->lock);
	if ((file->mode & FILE_READ) != 0) {
		events |= pipe_is_empty(pipe) ? 0 : POLL_IN | POLL_RDNORM;
		/* A FIFO that had no writer yet has not been hung up. */
		if (pipe->writers == 0 &&
		    (uint32_t)file->position != pipe->writer_opens) {
			events |= POLL_HUP;
		}
	}
	if ((file->mode & FILE_WRITE) != 0) {
		events |= pipe_is_full(pipe) ? 0 : POLL_OUT | POLL_WRNORM;
		events |= pipe->readers == 0 ? POLL_ERR : 0;
	}
	mutex_unlock(&pipe->lock);
	return events;
}

static long pipe_ioctl(struct file *file, unsigned command, unsigned long arg)
{
	struct pipe *pipe = file->private;
	uint64_t bytes;

	if (command != UAPI_FIONREAD) {
		return -ENOTTY;
	}
	mutex_lock(&pipe->lock);
	bytes = pipe->bytes;
	mutex_unlock(&pipe->lock);
	return user_put_u32((void USER *)arg, (uint32_t)bytes);
}

/* --- life
 * --------------------------------------------------------------------------------
 */

static void wake_everybody(struct pipe *pipe)
{
	wait_queue_wake(&pipe->read_wait, UINT32_MAX,
			POLL_IN | POLL_RDNORM | POLL_HUP);
	wait_queue_wake(&pipe->write_wait, UINT32_MAX,
			POLL_OUT | POLL_WRNORM | POLL_ERR);
}

static void leave(struct pipe *pipe, uint32_t mode)
{
	mutex_lock(&pipe->lock);
	pipe->readers -= (mode & FILE_READ) != 0;
	pipe->writers -= (mode & FILE_WRITE) != 0;
	mutex_unlock(&pipe->lock);
	wake_everybody(pipe);
}

static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private;
	bool last;

	leave(pipe, file->mode);
	mutex_lock(&pipe->lock);
	last = --pipe->file_count == 0;
	mutex_unlock(&pipe->lock);
	if (last) {
		pipe_free(pipe);
	}
}

static void fifo_put(struct inode *inode, struct pipe *pipe)
{
	bool last;

	mutex_lock(&inode->lock);
	last = --pipe->file_count == 0;
	if (last) {
		inode->pipe = NULL;
	}
	mutex_unlock(&inode->lock);
	if (last) {
		pipe_free(pipe);
	}
}

static void fifo_release(struct file *file)
{
	leave(file->private, file->mode);
	fifo_put(file->inode, file->private);
}

static struct anonymous_node *pipe_node(struct file *file)
{
	struct pipe *pipe = file->private;

	return &pipe->node;
}

static size_t pipe_name(struct file *file, char *buf, size_t size)
{
	const struct pipe *pipe = file->private;

	return kscnprintf(buf, size, "pipe:[%llu]",
			  (unsigned long long)pipe->node.ino);
}

static const struct file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.sends_sigio = true,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
	.node = pipe_node,
	.name = pipe_name,
};

static const struct file_ops fifo_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.sends_sigio = true,
	.ioctl = pipe_ioctl,
	.release = fifo_release,
};

struct pipe *pipe_of(const struct file *file)
{
	return file->ops == &pipe_ops || file->ops == &fifo_ops ? file->private
								: NULL;
}

int pipe_create(unsigned flags, struct file *files_out[2])
{
	struct pipe *pipe = pipe_allocate();
	uint32_t nonblock = flags & UAPI_O_NONBLOCK;
	int err;

	if (pipe == NULL) {
		return -ENOMEM;
	}
	pipe->readers = 1;
	pipe->writers = 1;
	pipe->writer_opens = 1; /* file->position is 0: it had a writer */
	pipe->file_count = 2;
	err = file_create_anonymous(&pipe_ops, pipe, FILE_READ | FILE_STREAM,
				    UAPI_O_RDONLY | nonblock, &files_out[0]);
	if (err < 0) {
		pipe_free(pipe);
		return err;
	}
	err = file_create_anonymous(&pipe_ops, pipe, FILE_WRITE | FILE_STREAM,
				    UAPI_O_WRONLY | nonblock |
					    (flags & UAPI_O_DIRECT),
				    &files_out[1]);
	if (err < 0) {
		pipe->writers = 0;
		pipe->file_count = 1;
		file_put(files_out[0]);
	}
	return err;
}

/* --- size
 * -----------------------------------------------------------------------------------
 */

long pipe_get_size(struct pipe *pipe)
{
	return (long)(READ_ONCE(pipe->slot_count) * PAGE_SIZE);
}

static int resize_locked(struct pipe *pipe, struct pipe_slot *slots,
			 uint32_t count)
{
	uint32_t used = pipe_used(pipe);

	if (used > count) {
		return -EBUSY;
	}
	for (uint32_t i = 0; i < used; i++) {
		slots[i] = *pipe_slot(pipe, pipe->tail + i);
	}
	kfree(pipe->slots);
	pipe->slots = slots;
	pipe->slot_count = count;
	pipe->tail = 0;
	pipe->head = used;
	return 0;
}

long pipe_set_size(struct pipe *pipe, size_t size)
{
	struct pipe_before before = {.bytes = 0};
	unsigned wakeups;
	struct pipe_slot *slots;
	uint32_t count;
	int err;

	if (size > INT32_MAX) {
		return -EINVAL;
	}
	count = 1u << log2_ceil(MAX(DIV_ROUND_UP(size, PAGE_SIZE), 1ul));
	if (count * PAGE_SIZE > PIPE_MAX_SIZE &&
	    !vfs_capable(UAPI_CAP_SYS_RESOURCE)) {
		return -EPERM;
	}
	slots = kcalloc(count, sizeof(*slots));
	if (slots == NULL) {
		return -ENOMEM;
	}
	mutex_lock(&pipe->lock);
	pipe_begin(pipe, &before);
	err = resize_locked(pipe, slots, count);
	wakeups = pipe_wakeups(pipe, &before);
	mutex_unlock(&pipe->lock);
	if (err < 0) {
		kfree(slots);
		return err;
	}
	pipe_wake(pipe, wakeups);
	return (long)(count * PAGE_SIZE);
}

/* --- FIFOs
 * ------------------------------------------------------------------------------------
 */

static struct pipe *fifo_get(struct inode *inode)
{
	struct pipe *pipe;

	mutex_lock(&inode->lock);
	if (inode->pipe == NULL) {
		inode->pipe = pipe_allocate();
	}
	pipe = inode->pipe;
	if (pipe != NULL) {
		pipe->file_count++;
	}
	mutex_unlock(&inode->lock);
	return pipe;
}

/* Sleeps until somebody opens the other end: *opens changes, and that wakes. It
 * counts before a signal: the partner has gone on, may have left again, and
 * would not come for a second open. */
static int wait_partner(struct pipe *pipe, const uint32_t *opens)
{
	uint32_t before = *opens;

	while (*opens == before) {
		if (wait_queue_sleep_mutex(&pipe->open_wait, &pipe->lock,
					   WAIT_INTERRUPTIBLE,
					   WAIT_FOREVER) < 0) {
			break; /* a signal */
		}
	}
	return *opens == before ? -ERESTARTSYS : 0;
}

static int join_locked(struct pipe *pipe, struct file *file)
{
	bool reads = (file->mode & FILE_READ) != 0;
	bool writes = (file->mode & FILE_WRITE) != 0;
	bool nonblock = nonblocking(file);

	if (writes && !reads && nonblock && pipe->readers == 0) {
		return -ENXIO;
	}
	file->position = (int64_t)(pipe->writers == 0 ? pipe->writer_opens
						      : pipe->writer_opens - 1);
	pipe->readers += reads;
	pipe->reader_opens += reads;
	pipe->writers += writes;
	pipe->writer_opens += writes;
	wait_queue_wake_all(&pipe->open_wait);
	if (reads && writes) {
		return 0;
	}
	if (reads && pipe->writers == 0 && !nonblock) {
		return wait_partner(pipe, &pipe->writer_opens);
	}
	if (writes && pipe->readers == 0) {
		return wait_partner(pipe, &pipe->reader_opens);
	}
	return 0;
}

int fifo_open(struct inode *inode, struct file *file)
{
	struct pipe *pipe = fifo_get(inode);
	int err;

	if (pipe == NULL) {
		return -ENOMEM;
	}
	file->ops = &fifo_ops;
	file->private = pipe;
	mutex_lock(&pipe->lock);
	err = join_locked(pipe, file);
	mutex_unlock(&pipe->lock);
	if (err == -ERESTARTSYS) {
		leave(pipe, file->mode);
	}
	if (err < 0) {
		fifo_put(inode, pipe);
	}
	return err;
}
