/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * POSIX message queues: sending, receiving, notification, attributes.  The
 * queues and their bounds: mqueue.c.
 */
#include "mqueue.h"

#include <linux/syscall.h>

#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/signal.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/signal.h>

#include "timespec.h"

#define MQ_PRIORITY_MAX 32768

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
static int sleep_on(struct mq *queue, struct wait_queue *wait, uint64_t ns)
{
	int err = wait_queue_sleep(
		wait, &queue->lock, WAIT_INTERRUPTIBLE,
		ns == WAIT_FOREVER ? ns : deadline_of_realtime(ns));

	return err == -EINTR ? -ERESTARTSYS : err;
}

static void insert_locked(struct mq *queue, struct mq_message *message)
{
	struct mq_message *other;

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
static struct process *tell_locked(struct mq *queue)
{
	struct process *process = queue->notify_process;
	struct credentials own;
	struct uapi_siginfo info;

	if (process == NULL || queue->count != 1 ||
	    queue->receivers_waiting > 0) {
		return NULL;
	}
	if (queue->notify.notify == UAPI_SIGEV_SIGNAL &&
	    queue->notify.signo != 0) {
		credentials_current(&own);
		memset(&info, 0, sizeof(info));
		info.signo = queue->notify.signo;
		info.code = UAPI_SI_MESGQ;
		info.queue.pid = process_current()->pid;
		info.queue.uid = own.uid;
		info.queue.value.ptr_value = queue->notify.value;
		signal_send_process(process, queue->notify.signo, &info);
	}
	return mq_clear_notify_locked(queue);
}

static int send(struct mq *queue, struct mq_message *message, bool nonblocking,
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
	struct mq_message *message;
	struct mq *queue;
	struct file_ref ref;
	uint64_t ns;
	int err = get_timeout(timeout, &ns);

	if (err < 0) {
		return err;
	}
	if (priority >= MQ_PRIORITY_MAX) {
		return -EINVAL;
	}
	err = mq_get(fd, FILE_WRITE, &ref, &queue);
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

static int receive(struct mq *queue, bool nonblocking, uint64_t ns,
		   struct mq_message **message_out)
{
	struct mq_message *message = NULL;
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
		message = list_first(&queue->messages, struct mq_message, link);
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
	struct mq_message *message;
	struct mq *queue;
	struct file_ref ref;
	uint64_t ns;
	long result = get_timeout(timeout, &ns);

	if (result < 0) {
		return result;
	}
	result = mq_get(fd, FILE_READ, &ref, &queue);
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

/* Signal 0 registers and sends nothing, as on Linux.  SIGEV_THREAD needs a
 * netlink socket, which the C library makes: there are none of that kind. */
static int check_event(const struct uapi_sigevent *event)
{
	switch (event->notify) {
	case UAPI_SIGEV_NONE:
		return 0;
	case UAPI_SIGEV_SIGNAL:
		return event->signo < 0 || event->signo > SIGNAL_COUNT ? -EINVAL
								       : 0;
	default:
		return -EINVAL;
	}
}

static int set_notify(struct mq *queue, const struct uapi_sigevent *event,
		      struct process **put_out)
{
	struct process *process = process_current();
	int err = 0;

	spin_lock(&queue->lock);
	if (event == NULL) {
		if (queue->notify_process == process) {
			*put_out = mq_clear_notify_locked(queue);
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
	struct mq *queue;
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
	err = mq_get(fd, 0, &ref, &queue);
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
	struct mq *queue;
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
	err = mq_get(fd, 0, &ref, &queue);
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

		err = file_set_flags(ref.file, fd,
				     keep | (uint32_t)wanted.flags);
	}
	fd_put(ref);
	if (err == 0 && old_attr != NULL) {
		err = user_copy_out(old_attr, &old, sizeof(old));
	}
	return err;
}
