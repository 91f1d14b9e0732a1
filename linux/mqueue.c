/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * POSIX message queues, mq_overview(7): queues, their names and descriptors.
 * Messages and notification are in mqueue_message.c.
 *
 * A queue has a name until it is unlinked, and lives as long as it has one or a
 * descriptor is open.  Messages are kept by priority, oldest first.  Senders
 * and receivers sleep on one wait queue each and look again when the other side
 * has moved.
 *
 * Bounded: QUEUES_MAX queues, and per queue as many messages of as many bytes
 * as it was made for.  Key: [t] table lock, [q] lock of the queue, [I]
 * immutable. The queue's lock comes before the signal locks.
 */
#include "mqueue.h"

#include <linux/syscall.h>

#include <lib/list.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/refcount.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/signal.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/path.h>
#include <vfs/poll.h>

#define QUEUES_MAX	 256
#define MESSAGES_DEFAULT 10
#define SIZE_DEFAULT	 8192
#define MESSAGES_HARD	 65536
#define SIZE_HARD	 (16ll << 20)

static struct spinlock table_lock = SPINLOCK_INIT("mqueue.table");
static struct list queues = LIST_INITIALIZER(queues); /* [t] */
static unsigned queue_count;			      /* [t] */

/* --- life of a queue
 * -----------------------------------------------------------------------
 */

static void queue_put(struct mq *queue)
{
	struct mq_message *message;
	struct mq_message *next;

	if (!refcount_put(&queue->refs)) {
		return;
	}
	list_for_each_safe (message, next, &queue->messages, link) {
		list_remove(&message->link);
		kfree(message);
	}
	if (queue->notify_process != NULL) {
		process_put(queue->notify_process);
	}
	kfree(queue);
}

/* Referenced, or NULL. */
static struct mq *find_locked(const char *name)
{
	struct mq *queue;

	list_for_each (queue, &queues, link) {
		if (strcmp(queue->name, name) == 0) {
			refcount_get(&queue->refs);
			return queue;
		}
	}
	return NULL;
}

static int check_attr(const struct uapi_mq_attr *attr)
{
	bool may_more = credentials_capable(CREDENTIALS_CAP_SYS_RESOURCE);
	int64_t messages_limit = may_more ? MESSAGES_HARD : MESSAGES_DEFAULT;
	int64_t size_limit = may_more ? SIZE_HARD : SIZE_DEFAULT;

	return attr->messages_max <= 0 || attr->size_max <= 0 ||
			       attr->messages_max > messages_limit ||
			       attr->size_max > size_limit
		       ? -EINVAL
		       : 0;
}

static int make_queue(const char *name, unsigned mode,
		      const struct uapi_mq_attr *attr, struct mq **queue_out)
{
	struct process *process = process_current();
	struct credentials own;
	struct mq *queue;
	int err = check_attr(attr);

	if (err < 0) {
		return err;
	}
	queue = kzalloc(sizeof(*queue));
	if (queue == NULL) {
		return -ENOMEM;
	}
	credentials_current(&own);
	refcount_init(&queue->refs);
	spinlock_init(&queue->lock, "mqueue");
	list_init(&queue->messages);
	wait_queue_init(&queue->senders);
	wait_queue_init(&queue->receivers);
	string_copy(queue->name, name, sizeof(queue->name));
	queue->uid = own.fsuid;
	queue->gid = own.fsgid;
	queue->mode = mode & 0777 &
		      ~__atomic_load_n(&process->fs->umask, __ATOMIC_RELAXED);
	queue->messages_max = (size_t)attr->messages_max;
	queue->size_max = (size_t)attr->size_max;
	*queue_out = queue;
	return 0;
}

/* access: 4 read, 2 write. */
static int check_access(const struct mq *queue, unsigned access)
{
	struct credentials own;
	unsigned granted = queue->mode;

	credentials_current(&own);
	if (own.fsuid == queue->uid) {
		granted >>= 6;
	} else if (credentials_in_group(&own, queue->gid)) {
		granted >>= 3;
	}
	return (access & ~granted & 7) == 0 ||
			       credentials_capable(1) /* CAP_DAC_OVERRIDE */
		       ? 0
		       : -EACCES;
}

/* --- descriptors
 * ---------------------------------------------------------------------------
 */

static uint32_t mq_poll(struct file *file, struct poll_table *table)
{
	struct mq *queue = file->private;
	uint32_t events = 0;

	poll_wait(table, &queue->receivers);
	poll_wait(table, &queue->senders);
	spin_lock(&queue->lock);
	if (queue->count > 0) {
		events |= POLL_IN | POLL_RDNORM;
	}
	if (queue->count < queue->messages_max) {
		events |= POLL_OUT | POLL_WRNORM;
	}
	spin_unlock(&queue->lock);
	return events;
}

struct process *mq_clear_notify_locked(struct mq *queue)
{
	struct process *process = queue->notify_process;

	queue->notify_process = NULL;
	wait_queue_wake_all(&queue->senders);
	return process;
}

/* Closing a descriptor ends the process's registration. */
static void mq_flush(struct file *file, struct process *process)
{
	struct mq *queue = file->private;
	struct process *old = NULL;

	spin_lock(&queue->lock);
	if (process != NULL && queue->notify_process == process) {
		old = mq_clear_notify_locked(queue);
	}
	spin_unlock(&queue->lock);
	if (old != NULL) {
		process_put(old);
	}
}

static void mq_release(struct file *file)
{
	queue_put(file->private);
}

static size_t mq_name(struct file *file, char *buf, size_t size)
{
	const struct mq *queue = file->private;

	return (size_t)ksnprintf(buf, size, "/%s", queue->name);
}

static ssize_t mq_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct mq *queue = file->private;
	char text[96];
	size_t length;

	spin_lock(&queue->lock);
	length = kscnprintf(
		text, sizeof(text),
		"QSIZE:%-10zu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
		queue->bytes,
		queue->notify_process != NULL ? queue->notify.notify : 0,
		queue->notify_process != NULL ? queue->notify.signo : 0,
		queue->notify_process != NULL ? queue->notify_process->pid : 0);
	spin_unlock(&queue->lock);
	if ((size_t)*pos >= length) {
		return 0;
	}
	length = iov_copy_to(to, text + *pos,
			     MIN(length - (size_t)*pos, to->remaining));
	*pos += (int64_t)length;
	return (ssize_t)length;
}

static const struct file_ops mq_ops = {
	.read = mq_read,
	.poll = mq_poll,
	.flush = mq_flush,
	.release = mq_release,
	.name = mq_name,
};

/* A descriptor; takes over the reference to the queue. */
static long make_fd(struct mq *queue, int flags)
{
	struct file *file;
	uint32_t mode = FILE_SEEKABLE;
	int fd;
	int err;

	if ((flags & UAPI_O_ACCMODE) != UAPI_O_WRONLY) {
		mode |= FILE_READ;
	}
	if ((flags & UAPI_O_ACCMODE) != UAPI_O_RDONLY) {
		mode |= FILE_WRITE;
	}
	err = file_create_anonymous(
		&mq_ops, queue, mode,
		(uint32_t)flags & (UAPI_O_ACCMODE | UAPI_O_NONBLOCK), &file);
	if (err < 0) {
		queue_put(queue);
		return err;
	}
	fd = fd_install(file, 0, true); /* always close-on-exec */
	if (fd < 0) {
		file_put(file);
	}
	return fd;
}

static int copy_name(char *name, const char USER *from)
{
	ssize_t length = user_copy_string(name, from, MQ_NAME_MAX + 1);

	if (length < 0) {
		return (int)length;
	}
	if (length == 0) {
		return -ENOENT;
	}
	return strchr(name, '/') != NULL ? -EACCES : 0;
}

/* Finds or publishes `fresh`: the queue, referenced, and whether it is old. */
static int find_or_add(const char *name, int flags, struct mq *fresh,
		       struct mq **queue_out, bool *old_out)
{
	int err = 0;

	spin_lock(&table_lock);
	*queue_out = find_locked(name);
	*old_out = *queue_out != NULL;
	if (*old_out) {
		if ((flags & UAPI_O_CREAT) != 0 && (flags & UAPI_O_EXCL) != 0) {
			err = -EEXIST;
		}
	} else if (fresh == NULL) {
		err = -ENOENT;
	} else if (queue_count >= QUEUES_MAX) {
		err = -ENOSPC;
	} else {
		refcount_get(&fresh->refs); /* the name's */
		fresh->named = true;
		list_add_tail(&queues, &fresh->link);
		queue_count++;
		*queue_out = fresh;
	}
	spin_unlock(&table_lock);
	return err;
}

long sys_mq_open(const char USER *name, int flags, unsigned mode,
		 const void USER *attr)
{
	static const unsigned access[] = {4, 2, 6, 6};
	struct uapi_mq_attr wanted = {
		.messages_max = MESSAGES_DEFAULT,
		.size_max = SIZE_DEFAULT,
	};
	char copy[MQ_NAME_MAX + 1];
	struct mq *fresh = NULL;
	struct mq *queue = NULL;
	bool old;
	int err;

	if (attr != NULL && user_copy_in(&wanted, attr, sizeof(wanted)) < 0) {
		return -EFAULT;
	}
	err = copy_name(copy, name);
	if (err < 0) {
		return err;
	}
	if ((flags & UAPI_O_ACCMODE) == UAPI_O_ACCMODE) {
		return -EINVAL;
	}
	spin_lock(&table_lock);
	queue = find_locked(copy);
	spin_unlock(&table_lock);
	if (queue == NULL && (flags & UAPI_O_CREAT) != 0) {
		err = make_queue(copy, mode, &wanted, &fresh);
		if (err < 0) {
			return err;
		}
	}
	if (queue != NULL) {
		queue_put(queue);
	}
	err = find_or_add(copy, flags, fresh, &queue, &old);
	if (fresh != NULL && queue != fresh) {
		queue_put(fresh);
	}
	if (err == 0 && old) {
		err = check_access(queue, access[flags & UAPI_O_ACCMODE]);
	}
	if (err < 0) {
		if (queue != NULL) {
			queue_put(queue);
		}
		return err;
	}
	return make_fd(queue, flags);
}

long sys_mq_unlink(const char USER *name)
{
	char copy[MQ_NAME_MAX + 1];
	struct credentials own;
	struct mq *queue;
	int err = copy_name(copy, name);

	if (err < 0) {
		return err;
	}
	credentials_current(&own);
	spin_lock(&table_lock);
	queue = find_locked(copy);
	err = queue == NULL ? -ENOENT : 0;
	if (queue != NULL && own.fsuid != queue->uid && own.fsuid != 0) {
		err = -EACCES;
	}
	if (err == 0) {
		queue->named = false;
		list_remove(&queue->link);
		queue_count--;
	}
	spin_unlock(&table_lock);
	if (queue != NULL) {
		queue_put(queue);
	}
	if (err == 0) {
		queue_put(queue); /* the name's */
	}
	return err;
}

int mq_get(int fd, uint32_t mode, struct file_ref *ref, struct mq **queue_out)
{
	*ref = fd_get(fd);
	if (ref->file == NULL) {
		return -EBADF;
	}
	if (ref->file->ops != &mq_ops || (ref->file->mode & mode) != mode) {
		fd_put(*ref);
		return -EBADF;
	}
	*queue_out = ref->file->private;
	return 0;
}
