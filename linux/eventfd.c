/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * eventfd(2): a 64-bit counter that writers add to and readers take.
 *
 * Invariant: count < UINT64_MAX.  Readers sleep while it is 0, writers while
 * their value does not fit.  Each wakes the other side after its change.
 */
#include <linux/syscall.h>

#include <lib/printf.h>
#include <mm/slab.h>
#include <process/signal.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/poll.h>

#define EVENTFD_SEMAPHORE 1

struct eventfd {
	struct spinlock lock;
	uint64_t count; /* [lock] */
	bool semaphore; /* [I] */
	struct wait_queue wait;
};

/* The lock is held; sleeps until woken.  0 or an error to return. */
static int sleep_locked(struct file *file, struct eventfd *event)
{
	if ((READ_ONCE(file->flags) & UAPI_O_NONBLOCK) != 0) {
		return -EAGAIN;
	}
	return wait_queue_sleep(&event->wait, &event->lock, WAIT_INTERRUPTIBLE,
				WAIT_FOREVER) == 0
		       ? 0
		       : -ERESTARTSYS;
}

static ssize_t eventfd_read(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	struct eventfd *event = file->private;
	uint64_t value = 0;
	int err = 0;

	(void)pos;
	if (to->remaining < sizeof(value)) {
		return -EINVAL;
	}
	spin_lock(&event->lock);
	while (event->count == 0 && err == 0) {
		err = sleep_locked(file, event);
	}
	if (err == 0) {
		value = event->semaphore ? 1 : event->count;
		event->count -= value;
	}
	spin_unlock(&event->lock);
	if (err < 0) {
		return err;
	}
	wait_queue_wake(&event->wait, UINT32_MAX, POLL_OUT | POLL_WRNORM);
	return iov_copy_to(to, &value, sizeof(value)) == sizeof(value)
		       ? (ssize_t)sizeof(value)
		       : -EFAULT;
}

static ssize_t eventfd_write(struct file *file, struct iov_iter *from,
			     int64_t *pos)
{
	struct eventfd *event = file->private;
	uint64_t value;
	int err = 0;

	(void)pos;
	if (from->remaining < sizeof(value)) {
		return -EINVAL;
	}
	if (iov_copy_from(from, &value, sizeof(value)) != sizeof(value)) {
		return -EFAULT;
	}
	if (value == UINT64_MAX) {
		return -EINVAL;
	}
	spin_lock(&event->lock);
	while (value > UINT64_MAX - 1 - event->count && err == 0) {
		err = sleep_locked(file, event);
	}
	if (err == 0) {
		event->count += value;
	}
	spin_unlock(&event->lock);
	if (err < 0) {
		return err;
	}
	wait_queue_wake(&event->wait, UINT32_MAX, POLL_IN | POLL_RDNORM);
	return sizeof(value);
}

static uint32_t eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *event = file->private;
	uint32_t events = 0;
	uint64_t count;

	poll_wait(table, &event->wait);
	count = __atomic_load_n(&event->count, __ATOMIC_ACQUIRE);
	if (count > 0) {
		events |= POLL_IN | POLL_RDNORM;
	}
	if (count < UINT64_MAX - 1) {
		events |= POLL_OUT | POLL_WRNORM;
	}
	return events;
}

static void eventfd_release(struct file *file)
{
	kfree(file->private);
}

static size_t eventfd_name(struct file *file, char *buf, size_t size)
{
	(void)file;
	return (size_t)ksnprintf(buf, size, "anon_inode:[eventfd]");
}

static size_t eventfd_info(struct file *file, char *buf, size_t size)
{
	struct eventfd *event = file->private;

	return (size_t)ksnprintf(buf, size, "eventfd-count: %16lx\n",
				 (unsigned long)READ_ONCE(event->count));
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.name = eventfd_name,
	.fdinfo = eventfd_info,
};

long sys_eventfd2(unsigned value, int flags)
{
	struct eventfd *event;
	struct file *file;
	int err;

	if ((flags & ~(EVENTFD_SEMAPHORE | UAPI_O_NONBLOCK | UAPI_O_CLOEXEC)) !=
	    0) {
		return -EINVAL;
	}
	event = kzalloc(sizeof(*event));
	if (event == NULL) {
		return -ENOMEM;
	}
	spinlock_init(&event->lock, "eventfd");
	wait_queue_init(&event->wait);
	event->count = value;
	event->semaphore = (flags & EVENTFD_SEMAPHORE) != 0;
	err = file_create_anonymous(
		&eventfd_ops, event, FILE_READ | FILE_WRITE | FILE_STREAM,
		UAPI_O_RDWR | (unsigned)(flags & UAPI_O_NONBLOCK), &file);
	if (err < 0) {
		kfree(event);
		return err;
	}
	err = fd_install(file, 0, (flags & UAPI_O_CLOEXEC) != 0);
	if (err < 0) {
		file_put(file);
	}
	return err;
}

long sys_eventfd(unsigned value)
{
	return sys_eventfd2(value, 0);
}
