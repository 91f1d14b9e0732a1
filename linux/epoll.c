/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * epoll(7): instances, epoll_ctl(2), epoll_wait(2).  The theory is in epoll.h.
 */
#include "epoll.h"

#include <asm/syscall.h>
#include <init/hooks.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <linux/syscall.h>
#include <mm/slab.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>

#include "poll_wait.h"

#define CTL_ADD 1
#define CTL_DEL 2
#define CTL_MOD 3

/* What may be combined with EPOLLEXCLUSIVE. */
#define EXCLUSIVE_OK                                                           \
	(POLL_IN | POLL_OUT | POLL_ERR | POLL_HUP | EPOLL_WAKEUP |             \
	 EPOLL_EDGE | EPOLL_EXCLUSIVE)

#define EVENT_COUNT_MAX (INT32_MAX / EPOLL_EVENT_SIZE)

/* --- taking what is ready ---------------------------------------------------
 */

static bool has_ready(const struct epoll *epoll)
{
	return __atomic_load_n(&epoll->ready_count, __ATOMIC_SEQ_CST) != 0;
}

static struct epoll_item *pop_ready(struct epoll *epoll)
{
	unsigned long state = spin_lock_irqsave(&epoll->ready_lock);
	struct list_node *node = list_pop_head(&epoll->ready);

	if (node != NULL) {
		epoll_count_ready(epoll, -1);
	}
	spin_unlock_irqrestore(&epoll->ready_lock, state);
	return node == NULL ? NULL
			    : list_entry(node, struct epoll_item, ready_link);
}

/* Back on the list; nobody is woken.  At the head or at the end. */
static void push_ready(struct epoll_item *item, bool first)
{
	struct epoll *epoll = item->epoll;
	unsigned long state = spin_lock_irqsave(&epoll->ready_lock);

	if (!list_is_linked(&item->ready_link)) {
		if (first) {
			list_add_head(&epoll->ready, &item->ready_link);
		} else {
			list_add_tail(&epoll->ready, &item->ready_link);
		}
		epoll_count_ready(epoll, 1);
	}
	spin_unlock_irqrestore(&epoll->ready_lock, state);
}

static int put_event(void USER *events, int index, uint32_t bits, uint64_t data)
{
	uint8_t event[EPOLL_EVENT_SIZE];
	char USER *to = (char USER *)events + (size_t)index * sizeof(event);

	memset(event, 0, sizeof(event));
	memcpy(event, &bits, sizeof(bits));
	memcpy(event + EPOLL_EVENT_DATA_OFFSET, &data, sizeof(data));
	return user_copy_out(to, event, sizeof(event));
}

/*
 * The usual case, without the list's lock: the only item on the list is level-
 * triggered and ready.  It stays there, so a wake-up that comes meanwhile finds
 * it in its place, and whoever is about to sleep sees the list in use.
 * epoll->lock is held: others only append.  1, -EFAULT, or 0: look closely.
 */
static int take_sole(struct epoll *epoll, void USER *events)
{
	struct epoll_item *item =
		list_first(&epoll->ready, struct epoll_item, ready_link);
	uint32_t bits;

	if ((item->events & (EPOLL_EDGE | EPOLL_ONESHOT)) != 0) {
		return 0;
	}
	bits = epoll_item_poll(item);
	if (bits == 0) {
		return 0; /* it must leave the list before it is asked */
	}
	return put_event(events, 0, bits, item->data) < 0 ? -EFAULT : 1;
}

/*
 * Reports at most `count` events.  Each item that was on the list at the
 * start is looked at once, so the loop ends although level-triggered ones go
 * back.  How many, or -EFAULT.
 */
static int take_events(struct epoll *epoll, void USER *events, int count)
{
	uint32_t budget;
	int taken = 0;
	int err = 0;

	mutex_lock(&epoll->lock);
	budget = __atomic_load_n(&epoll->ready_count, __ATOMIC_ACQUIRE);
	if (budget == 1) {
		taken = take_sole(epoll, events);
	}
	if (taken != 0) {
		mutex_unlock(&epoll->lock);
		if (!wait_queue_is_empty(&epoll->wait)) {
			wait_queue_wake_one(&epoll->wait); /* still ready */
		}
		return taken;
	}
	while (budget-- > 0 && taken < count) {
		struct epoll_item *item = pop_ready(epoll);
		uint32_t bits;

		if (item == NULL) {
			break;
		}
		bits = epoll_item_poll(item);
		if (bits == 0) {
			continue;
		}
		err = put_event(events, taken, bits, item->data);
		if (err < 0) {
			push_ready(item, true);
			break;
		}
		taken++;
		if ((item->events & EPOLL_ONESHOT) != 0) {
			__atomic_store_n(&item->events,
					 item->events & EPOLL_PRIVATE,
					 __ATOMIC_RELAXED);
		} else if ((item->events & EPOLL_EDGE) == 0) {
			push_ready(item, false);
		}
	}
	mutex_unlock(&epoll->lock);
	if (taken > 0 && has_ready(epoll)) {
		wait_queue_wake_one(&epoll->wait); /* the rest is for others */
	}
	return taken > 0 ? taken : err;
}

/* --- the file
 * ------------------------------------------------------------------ */

/* Is one of the items really ready?  Those that are not leave the list. */
static bool is_ready(struct epoll *epoll)
{
	struct epoll_item *item;
	bool ready = false;

	mutex_lock(&epoll->lock);
	while (!ready && (item = pop_ready(epoll)) != NULL) {
		ready = epoll_item_poll(item) != 0;
		if (ready) {
			push_ready(item, true);
		}
	}
	mutex_unlock(&epoll->lock);
	return ready;
}

static uint32_t epoll_file_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = file->private;

	poll_wait(table, &epoll->poll_wait);
	return has_ready(epoll) && is_ready(epoll) ? POLL_IN | POLL_RDNORM : 0;
}

void epoll_put(struct epoll *epoll)
{
	if (refcount_put(&epoll->refs)) {
		kfree(epoll);
	}
}

static void epoll_release(struct file *file)
{
	struct epoll *epoll = file->private;
	struct rbtree_node *node;

	mutex_lock(&epoll_nest_lock);
	mutex_lock(&epoll->lock);
	while ((node = rbtree_first(&epoll->items)) != NULL) {
		epoll_item_remove(rbtree_entry(node, struct epoll_item, node));
	}
	mutex_unlock(&epoll->lock);
	mutex_unlock(&epoll_nest_lock);
	epoll_put(epoll);
}

static size_t epoll_name(struct file *file, char *buf, size_t size)
{
	(void)file;
	return (size_t)ksnprintf(buf, size, "anon_inode:[eventpoll]");
}

static size_t epoll_info(struct file *file, char *buf, size_t size)
{
	struct epoll *epoll = file->private;
	struct rbtree_node *node;
	size_t length = 0;

	mutex_lock(&epoll->lock);
	rbtree_for_each (node, &epoll->items) {
		struct epoll_item *item =
			rbtree_entry(node, struct epoll_item, node);

		length += kscnprintf(buf + length, size - length,
				     "tfd: %8d events: %8x data: %16lx\n",
				     item->fd, item->events,
				     (unsigned long)item->data);
	}
	mutex_unlock(&epoll->lock);
	return length;
}

static const struct file_ops epoll_ops = {
	.poll = epoll_file_poll,
	.release = epoll_release,
	.name = epoll_name,
	.fdinfo = epoll_info,
};

struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_ops ? file->private : NULL;
}

long sys_epoll_create1(int flags)
{
	struct epoll *epoll;
	int err;

	if ((flags & ~UAPI_O_CLOEXEC) != 0) {
		return -EINVAL;
	}
	epoll = kzalloc(sizeof(*epoll));
	if (epoll == NULL) {
		return -ENOMEM;
	}
	refcount_init(&epoll->refs);
	mutex_init(&epoll->lock, "epoll");
	rbtree_init(&epoll->items);
	spinlock_init(&epoll->ready_lock, "epoll.ready");
	list_init(&epoll->ready);
	list_init(&epoll->nested);
	wait_queue_init(&epoll->wait);
	wait_queue_init(&epoll->poll_wait);
	err = file_create_anonymous(&epoll_ops, epoll,
				    FILE_READ | FILE_WRITE | FILE_STREAM,
				    UAPI_O_RDWR, &epoll->file);
	if (err < 0) {
		kfree(epoll);
		return err;
	}
	err = fd_install(epoll->file, 0, (flags & UAPI_O_CLOEXEC) != 0);
	if (err < 0) {
		file_put(epoll->file);
	}
	return err;
}

long sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

/* --- epoll_ctl
 * ------------------------------------------------------------------ */

struct change {
	int operation;
	int fd;
	uint32_t events;
	uint64_t data;
};

static int change_locked(struct epoll *epoll, struct file *target,
			 const struct change *change)
{
	uint32_t events = change->events | POLL_ERR | POLL_HUP;
	struct epoll_item *item = epoll_item_find(epoll, target, change->fd);

	if (change->operation == CTL_ADD) {
		return item != NULL ? -EEXIST
				    : epoll_item_add(epoll, target, change->fd,
						     events, change->data);
	}
	if (item == NULL) {
		return -ENOENT;
	}
	if (change->operation == CTL_DEL) {
		epoll_item_remove(item);
		return 0;
	}
	if ((item->events & EPOLL_EXCLUSIVE) != 0) {
		return -EINVAL;
	}
	epoll_item_modify(item, events, change->data);
	return 0;
}

static int check_change(const struct file *file, const struct file *target,
			const struct change *change)
{
	bool exclusive = (change->events & EPOLL_EXCLUSIVE) != 0 &&
			 change->operation != CTL_DEL;

	if (target->ops->poll == NULL) {
		return -EPERM;
	}
	if (epoll_of(file) == NULL || file == target) {
		return -EINVAL;
	}
	if (exclusive &&
	    (change->operation == CTL_MOD || epoll_of(target) != NULL ||
	     (change->events & ~EXCLUSIVE_OK) != 0)) {
		return -EINVAL;
	}
	return change->operation < CTL_ADD || change->operation > CTL_MOD
		       ? -EINVAL
		       : 0;
}

static int do_change(struct file *file, struct file *target,
		     const struct change *change)
{
	struct epoll *epoll = epoll_of(file);
	struct epoll *nested = epoll_of(target);
	int err = check_change(file, target, change);

	if (err < 0) {
		return err;
	}
	if (nested != NULL) {
		mutex_lock(&epoll_nest_lock);
		if (change->operation == CTL_ADD) {
			err = epoll_check_nesting(epoll, nested);
		}
	}
	if (err == 0) {
		mutex_lock(&epoll->lock);
		err = change_locked(epoll, target, change);
		mutex_unlock(&epoll->lock);
	}
	if (nested != NULL) {
		mutex_unlock(&epoll_nest_lock);
	}
	return err;
}

long sys_epoll_ctl(int fd, int operation, int target_fd, const void USER *event)
{
	struct change change = {.operation = operation, .fd = target_fd};
	struct file_ref file;
	struct file_ref target;
	uint8_t in[EPOLL_EVENT_SIZE];
	int err = -EBADF;

	if (operation != CTL_DEL) {
		if (user_copy_in(in, event, sizeof(in)) < 0) {
			return -EFAULT;
		}
		memcpy(&change.events, in, sizeof(change.events));
		memcpy(&change.data, in + EPOLL_EVENT_DATA_OFFSET,
		       sizeof(change.data));
	}
	file = fd_get(fd);
	target = fd_get(target_fd);
	if (file.file != NULL && target.file != NULL) {
		err = do_change(file.file, target.file, &change);
	}
	fd_put(target);
	fd_put(file);
	return err;
}

/* --- epoll_wait
 * ----------------------------------------------------------------- */

/* Until something is on the ready list.  One wake-up ends one such sleep. */
static int wait_ready(struct epoll *epoll, uint64_t deadline_ns)
{
	struct waiter waiter;
	int err = 0;

	waiter_init(&waiter, WAIT_EXCLUSIVE);
	wait_queue_add(&epoll->wait, &waiter);
	thread_prepare_sleep(true);
	if (has_ready(epoll)) {
		thread_cancel_sleep();
	} else {
		err = thread_sleep(deadline_ns);
	}
	wait_queue_remove(&epoll->wait, &waiter);
	return err;
}

static int wait_events(struct epoll *epoll, void USER *events, int count,
		       uint64_t deadline_ns)
{
	for (;;) {
		int result = 0;

		if (has_ready(epoll)) {
			result = take_events(epoll, events, count);
		}
		if (result != 0 || deadline_ns == 0) {
			return result;
		}
		result = wait_ready(epoll, deadline_ns);
		if (result == -ETIMEDOUT) {
			deadline_ns = 0; /* a last look */
		} else if (result < 0 && !has_ready(epoll)) {
			return -EINTR;
		}
	}
}

static int do_wait(int fd, void USER *events, int count, uint64_t deadline_ns)
{
	struct file_ref ref;
	int result = -EINVAL;

	if (count <= 0 || count > EVENT_COUNT_MAX) {
		return -EINVAL;
	}
	if (!user_range_ok(events, (size_t)count * EPOLL_EVENT_SIZE)) {
		return -EFAULT;
	}
	ref = fd_get(fd);
	if (ref.file == NULL) {
		return -EBADF;
	}
	if (epoll_of(ref.file) != NULL) {
		result = wait_events(epoll_of(ref.file), events, count,
				     deadline_ns);
	}
	fd_put(ref);
	return result;
}

static int do_wait_masked(int fd, void USER *events, int count,
			  uint64_t deadline_ns, const void USER *mask,
			  size_t mask_size)
{
	int result = poll_set_mask(mask, mask_size);

	if (result < 0) {
		return result;
	}
	result = do_wait(fd, events, count, deadline_ns);
	if (mask != NULL) {
		signal_restore_mask(result == -EINTR);
	}
	return result;
}

long sys_epoll_wait(int fd, void USER *events, int count, int timeout_ms)
{
	return do_wait(fd, events, count, poll_deadline_ms(timeout_ms));
}

long sys_epoll_pwait(int fd, void USER *events, int count, int timeout_ms,
		     const void USER *mask, size_t mask_size)
{
	return do_wait_masked(fd, events, count, poll_deadline_ms(timeout_ms),
			      mask, mask_size);
}

long sys_epoll_pwait2(int fd, void USER *events, int count,
		      const void USER *timeout, const void USER *mask,
		      size_t mask_size)
{
	uint64_t deadline;
	int err = poll_deadline_timespec(timeout, &deadline);

	return err < 0 ? err
		       : do_wait_masked(fd, events, count, deadline, mask,
					mask_size);
}

static int epoll_start(void)
{
	file_set_epoll_release(epoll_file_gone);
	return 0;
}
INIT_HOOK(epoll, epoll_start, INIT_CORE);
