/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * POSIX message queues: mq_overview(7).
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
#include <uapi/signal.h>
#include <uapi/time.h>
#include <vfs/file.h>
#include <vfs/path.h>
#include <vfs/poll.h>

#include "timespec.h"

#define NAME_LENGTH_MAX	 255
#define QUEUES_MAX	 256
#define MESSAGES_DEFAULT 10
#define SIZE_DEFAULT	 8192
#define MESSAGES_HARD	 65536
#define SIZE_HARD	 (16ll << 20)
#define PRIORITY_MAX	 32768

struct uapi_mq_attr {
	int64_t flags, messages_max, size_max, messages, reserved[4];
};

struct message {
	struct list_node link;
	unsigned priority;
	size_t size;
	uint8_t text[];
};

struct queue {
	struct refcount refs;
	struct spinlock lock;
	struct list_node link;		/* [t] while it has its name */
	bool named;			/* [t] */
	char name[NAME_LENGTH_MAX + 1]; /* [I] */
	uint32_t uid, gid, mode;	/* [I] */
	size_t messages_max, size_max;	/* [I] */
	struct list messages;		/* [q] by priority */
	size_t count;			/* [q] */
	size_t bytes;			/* [q] */
	unsigned receivers_waiting;	/* [q] */
	struct wait_queue senders, receivers;
	struct process *notify_process; /* [q] one reference; NULL: nobody */
	struct uapi_sigevent notify;	/* [q] */
};

static struct spinlock table_lock = SPINLOCK_INIT("mqueue.table");
static struct list queues = LIST_INITIALIZER(queues); /* [t] */
static unsigned queue_count;			      /* [t] */

/* --- life of a queue
 * -----------------------------------------------------------------------
 */

static void queue_put(struct queue *queue)
{
	struct message *message;
	struct message *next;

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
static struct queue *find_locked(const char *name)
{
	struct queue *queue;

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
		      const struct uapi_mq_attr *attr, struct queue **queue_out)
{
	struct process *process = process_current();
	struct credentials own;
	struct queue *queue;
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
static int check_access(const struct queue *queue, unsigned access)
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
	struct queue *queue = file->private;
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

/* Returns the reference to drop without locks. */
static struct process *clear_notify_locked(struct queue *queue)
{
	struct process *process = queue->notify_process;

	queue->notify_process = NULL;
	wait_queue_wake_all(&queue->senders);
	return process;
}

/* Closing a descriptor ends the process's registration. */
static void mq_flush(struct file *file, struct process *process)
{
	struct queue *queue = file->private;
	struct process *old = NULL;

	spin_lock(&queue->lock);
	if (process != NULL && queue->notify_process == process) {
		old = clear_notify_locked(queue);
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
	const struct queue *queue = file->private;

	return (size_t)ksnprintf(buf, size, "/%s", queue->name);
}

static ssize_t mq_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct queue *queue = file->private;
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
static long make_fd(struct queue *queue, int flags)
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
	ssize_t length = user_copy_string(name, from, NAME_LENGTH_MAX + 1);

	if (length < 0) {
		return (int)length;
	}
	if (length == 0) {
		return -ENOENT;
	}
	return strchr(name, '/') != NULL ? -EACCES : 0;
}

/* Finds or publishes `fresh`: the queue, referenced, and whether it is old. */
static int find_or_add(const char *name, int flags, struct queue *fresh,
		       struct queue **queue_out, bool *old_out)
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
	char copy[NAME_LENGTH_MAX + 1];
	struct queue *fresh = NULL;
	struct queue *queue = NULL;
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
	char copy[NAME_LENGTH_MAX + 1];
	struct credentials own;
	struct queue *queue;
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

/* The queue behind a descriptor that is open for `mode`; fd_put() it. */
static int get_queue(int fd, uint32_t mode, struct file_ref *ref,
		     struct queue **queue_out)
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

/* --- sending and receiving
 * ----------------------------------------------------------------
 */

/* 0, -EFAULT, -EINVAL; *ns_out WAIT_FOREVER without timeout. */
static int get_timeout(const void USER *timeout, uint64_t *ns_out)
{
	*ns_out = WAIT_FOREVER;
	return timeout != NULL ? timespec_get_ns(ns_out, timeout) : 0;
}

static bool is_nonblocking(const struct file *file)
{
	return (__atomic_load_n(&file->flags, __ATOMIC_RELAXED) &
		UAPI_O_NONBLOCK) != 0;
}

/* Queue locked. */
static int sleep_on(struct queue *queue, struct wait_queue *wait, uint64_t ns)
{
	int err = wait_queue_sleep(
		wait, &queue->lock, WAIT_INTERRUPTIBLE,
		ns == WAIT_FOREVER ? ns : deadline_of_realtime(ns));

	return err == -EINTR ? -ERESTARTSYS : err;
}

static void insert_locked(struct queue *queue, struct message *message)
{
	struct message *other;

	queue->count++;
	queue->bytes += message->size;
	list_for_each (other, &queue->messages, link) {
		if (other->priority < message->priority) {
			list_insert_before(&other->link, &message->link);
			return;
		}
	}
	list_add_tail(&queue->messages, &message->link);
}

/* Queue locked: the first message has come and nobody waits for it. */
static struct process *tell_locked(struct queue *queue)
{
	struct process *process = queue->notify_process;
	struct credentials own;
	struct uapi_siginfo info;

	if (process == NULL || queue->count != 1 ||
	    queue->receivers_waiting > 0) {
		return NULL;
	}
	if (queue->notify.notify == UAPI_SIGEV_SIGNAL) {
		credentials_current(&own);
		memset(&info, 0, sizeof(info));
		info.signo = queue->notify.signo;
		info.code = UAPI_SI_MESGQ;
		info.queue.pid = process_current()->pid;
		info.queue.uid = own.uid;
		info.queue.value.ptr_value = queue->notify.value;
		signal_send_process(process, queue->notify.signo, &info);
	}
	return clear_notify_locked(queue);
}

static int send(struct queue *queue, struct message *message, bool nonblocking,
		uint64_t ns)
{
	struct process *told = NULL;
	int err = 0;

	spin_lock(&queue->lock);
	while (queue->count >= queue->messages_max && err == 0) {
		err = nonblocking ? -EAGAIN
				  : sleep_on(queue, &queue->senders, ns);
	}
	if (queue->count < queue->messages_max) {
		insert_locked(queue, message);
		told = tell_locked(queue);
		err = 0;
	}
	spin_unlock(&queue->lock);
	if (err == 0) {
		wait_queue_wake_all(&queue->receivers);
	}
	if (told != NULL) {
		process_put(told);
	}
	return err;
}

long sys_mq_timedsend(int fd, const void USER *text, size_t size,
		      unsigned priority, const void USER *timeout)
{
	struct message *message;
	struct queue *queue;
	struct file_ref ref;
	uint64_t ns;
	int err = get_timeout(timeout, &ns);

	if (err < 0) {
		return err;
	}
	if (priority >= PRIORITY_MAX) {
		return -EINVAL;
	}
	err = get_queue(fd, FILE_WRITE, &ref, &queue);
	if (err < 0) {
		return err;
	}
	if (size > queue->size_max) {
		err = -EMSGSIZE;
		goto put_fd;
	}
	message = kmalloc(sizeof(*message) + size);
	if (message == NULL) {
		err = -ENOMEM;
		goto put_fd;
	}
	list_node_init(&message->link);
	message->priority = priority;
	message->size = size;
	err = user_copy_in(message->text, text, size);
	if (err == 0) {
		err = send(queue, message, is_nonblocking(ref.file), ns);
	}
	if (err < 0) {
		kfree(message);
	}
put_fd:
	fd_put(ref);
	return err;
}

static int receive(struct queue *queue, bool nonblocking, uint64_t ns,
		   struct message **message_out)
{
	struct message *message = NULL;
	int err = 0;

	spin_lock(&queue->lock);
	while (queue->count == 0 && err == 0) {
		if (nonblocking) {
			err = -EAGAIN;
			break;
		}
		queue->receivers_waiting++;
		err = sleep_on(queue, &queue->receivers, ns);
		queue->receivers_waiting--;
	}
	if (queue->count > 0) {
		message = list_first(&queue->messages, struct message, link);
		list_remove(&message->link);
		queue->count--;
		queue->bytes -= message->size;
		err = 0;
	}
	spin_unlock(&queue->lock);
	if (err == 0) {
		wait_queue_wake_all(&queue->senders);
	}
	*message_out = message;
	return err;
}

long sys_mq_timedreceive(int fd, void USER *text, size_t size,
			 void USER *priority, const void USER *timeout)
{
	struct message *message;
	struct queue *queue;
	struct file_ref ref;
	uint64_t ns;
	long result = get_timeout(timeout, &ns);

	if (result < 0) {
		return result;
	}
	result = get_queue(fd, FILE_READ, &ref, &queue);
	if (result < 0) {
		return result;
	}
	if (size < queue->size_max) {
		result = -EMSGSIZE;
	} else {
		result = receive(queue, is_nonblocking(ref.file), ns, &message);
	}
	fd_put(ref);
	if (result < 0) {
		return result;
	}
	result = (long)message->size;
	if ((priority != NULL &&
	     user_put_u32(priority, message->priority) < 0) ||
	    user_copy_out(text, message->text, message->size) < 0) {
		result = -EFAULT;
	}
	kfree(message);
	return result;
}

/* --- notification, attributes
 * -----------------------------------------------------------------
 */

/* SIGEV_THREAD needs a netlink socket, which the C library makes: there are
 * none of that kind. */
static int check_event(const struct uapi_sigevent *event)
{
	switch (event->notify) {
	case UAPI_SIGEV_NONE:
		return 0;
	case UAPI_SIGEV_SIGNAL:
		return event->signo < 1 || event->signo > SIGNAL_COUNT ? -EINVAL
								       : 0;
	default:
		return -EINVAL;
	}
}

static int set_notify(struct queue *queue, const struct uapi_sigevent *event,
		      struct process **put_out)
{
	struct process *process = process_current();
	int err = 0;

	spin_lock(&queue->lock);
	if (event == NULL) {
		if (queue->notify_process == process) {
			*put_out = clear_notify_locked(queue);
		}
	} else if (queue->notify_process != NULL) {
		err = -EBUSY;
	} else {
		process_get(process);
		queue->notify_process = process;
		queue->notify = *event;
	}
	spin_unlock(&queue->lock);
	return err;
}

long sys_mq_notify(int fd, const void USER *event)
{
	struct process *old = NULL;
	struct uapi_sigevent wanted;
	struct queue *queue;
	struct file_ref ref;
	int err;

	if (event != NULL) {
		if (user_copy_in(&wanted, event, sizeof(wanted)) < 0) {
			return -EFAULT;
		}
		err = check_event(&wanted);
		if (err < 0) {
			return err;
		}
	}
	err = get_queue(fd, 0, &ref, &queue);
	if (err < 0) {
		return err;
	}
	err = set_notify(queue, event != NULL ? &wanted : NULL, &old);
	fd_put(ref);
	if (old != NULL) {
		process_put(old);
	}
	return err;
}

long sys_mq_getsetattr(int fd, const void USER *attr, void USER *old_attr)
{
	struct uapi_mq_attr old = {0};
	struct uapi_mq_attr wanted;
	struct queue *queue;
	struct file_ref ref;
	int err;

	if (attr != NULL) {
		if (user_copy_in(&wanted, attr, sizeof(wanted)) < 0) {
			return -EFAULT;
		}
		if ((wanted.flags & ~(int64_t)UAPI_O_NONBLOCK) != 0) {
			return -EINVAL;
		}
	}
	err = get_queue(fd, 0, &ref, &queue);
	if (err < 0) {
		return err;
	}
	old.flags = is_nonblocking(ref.file) ? UAPI_O_NONBLOCK : 0;
	old.messages_max = (int64_t)queue->messages_max;
	old.size_max = (int64_t)queue->size_max;
	spin_lock(&queue->lock);
	old.messages = (int64_t)queue->count;
	spin_unlock(&queue->lock);
	if (attr != NULL) {
		uint32_t keep =
			__atomic_load_n(&ref.file->flags, __ATOMIC_RELAXED) &
			~(uint32_t)UAPI_O_NONBLOCK;

		err = file_set_flags(ref.file, keep | (uint32_t)wanted.flags);
	}
	fd_put(ref);
	if (err == 0 && old_attr != NULL) {
		err = user_copy_out(old_attr, &old, sizeof(old));
	}
	return err;
}
