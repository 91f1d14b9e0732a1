/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * System V message queues.
 *
 * A queue is bounded by its bytes (IPC_SET changes that) and by one message per
 * byte.  Senders and receivers sleep on one queue each and look again when the
 * other side has done something.
 */
#include "sysv.h"

#include <linux/syscall.h>

#include <lib/compiler.h>
#include <lib/list.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/signal.h>
#include <sync/wait.h>
#include <uapi/errno.h>

#define QUEUES_MAX    32000
#define SIZE_LIMIT    8192  /* MSGMAX */
#define QUEUE_DEFAULT 16384 /* MSGMNB */

struct message {
	struct list_node link;
	long type;
	size_t size;
	uint8_t text[];
};

struct message_queue {
	struct sysv_object base;
	struct list messages; /* [o] */
	struct wait_queue senders, receivers;
	uint64_t bytes, count, bytes_max; /* [o] */
	int64_t send_time, receive_time;  /* [o] */
	int last_sender, last_receiver;	  /* [o] */
};

static struct sysv_table table = SYSV_TABLE(QUEUES_MAX);

static struct message_queue *queue_of(struct sysv_object *object)
{
	return container_of(object, struct message_queue, base);
}

static void free_queue(struct sysv_object *object)
{
	struct message_queue *queue = queue_of(object);
	struct message *message;
	struct message *next;

	list_for_each_safe (message, next, &queue->messages, link) {
		list_remove(&message->link);
		kfree(message);
	}
	kfree(queue);
}

static int create(void *arg, struct sysv_object **object_out)
{
	struct message_queue *queue = kzalloc(sizeof(*queue));

	(void)arg;
	if (queue == NULL) {
		return -ENOMEM;
	}
	list_init(&queue->messages);
	wait_queue_init(&queue->senders);
	wait_queue_init(&queue->receivers);
	queue->bytes_max = QUEUE_DEFAULT;
	queue->base.free = free_queue;
	*object_out = &queue->base;
	return 0;
}

long sys_msgget(int key, int flags)
{
	const struct sysv_maker maker = {.create = create};

	return sysv_get(&table, key, flags, &maker);
}

/* --- sending
 * ---------------------------------------------------------------------------------
 */

static int append(struct message_queue *queue, struct message *message,
		  int flags)
{
	int err = 0;

	spin_lock(&queue->base.lock);
	while (!queue->base.removed &&
	       (queue->bytes + message->size > queue->bytes_max ||
		queue->count + 1 > queue->bytes_max)) {
		if ((flags & UAPI_IPC_NOWAIT) != 0) {
			err = -EAGAIN;
		} else if (err == 0) {
			err = wait_queue_sleep(
				&queue->senders, &queue->base.lock,
				WAIT_INTERRUPTIBLE, WAIT_FOREVER);
			if (err == 0) {
				continue;
			}
			err = -ERESTARTNOHAND;
		}
		break;
	}
	if (queue->base.removed) {
		err = -EIDRM;
	}
	if (err == 0) {
		list_add_tail(&queue->messages, &message->link);
		queue->bytes += message->size;
		queue->count++;
		queue->send_time = sysv_now();
		queue->last_sender = process_current()->pid;
	}
	spin_unlock(&queue->base.lock);
	if (err == 0) {
		wait_queue_wake_all(&queue->receivers);
	}
	return err;
}

long sys_msgsnd(int id, const void USER *from, size_t size, int flags)
{
	const long USER *head = from;
	struct sysv_object *object;
	struct message *message;
	uint64_t type;
	int err;

	if (user_get_u64(&type, from) < 0) {
		return -EFAULT;
	}
	if ((long)type < 1 || size > SIZE_LIMIT || id < 0) {
		return -EINVAL;
	}
	message = kmalloc(sizeof(*message) + size);
	if (message == NULL) {
		return -ENOMEM;
	}
	list_node_init(&message->link);
	message->type = (long)type;
	message->size = size;
	err = user_copy_in(message->text, head + 1, size);
	if (err < 0) {
		goto free_message;
	}
	object = sysv_find(&table, id, &err);
	if (object == NULL) {
		goto free_message;
	}
	err = sysv_check(object, 2);
	if (err == 0) {
		err = append(queue_of(object), message, flags);
	}
	sysv_put(object);
	if (err == 0) {
		return 0;
	}
free_message:
	kfree(message);
	return err;
}

/* --- receiving
 * --------------------------------------------------------------------------------
 */

/* 0: the first; > 0: of that type (or of another: MSG_EXCEPT); < 0: the lowest
 * type up to -type. */
static struct message *choose(struct message_queue *queue, long type, int flags)
{
	struct message *message;
	struct message *best = NULL;

	list_for_each (message, &queue->messages, link) {
		if (type == 0 ||
		    (type > 0 && (message->type == type) ==
					 ((flags & UAPI_MSG_EXCEPT) == 0))) {
			return message;
		}
		if (type < 0 && message->type <= -type &&
		    (best == NULL || message->type < best->type)) {
			best = message;
		}
	}
	return best;
}

/* Takes a message off the queue: 0 or an error. */
static int take(struct message_queue *queue, size_t size, long type, int flags,
		struct message **message_out)
{
	struct message *message;
	int err = 0;

	spin_lock(&queue->base.lock);
	for (;;) {
		if (queue->base.removed) {
			err = -EIDRM;
			break;
		}
		message = choose(queue, type, flags);
		if (message != NULL) {
			break;
		}
		if ((flags & UAPI_IPC_NOWAIT) != 0) {
			err = -ENOMSG;
			break;
		}
		if (wait_queue_sleep(&queue->receivers, &queue->base.lock,
				     WAIT_INTERRUPTIBLE, WAIT_FOREVER) < 0) {
			err = -ERESTARTNOHAND;
			break;
		}
	}
	if (err == 0 && message->size > size &&
	    (flags & UAPI_MSG_NOERROR) == 0) {
		err = -E2BIG;
	}
	if (err == 0) {
		list_remove(&message->link);
		queue->bytes -= message->size;
		queue->count--;
		queue->receive_time = sysv_now();
		queue->last_receiver = process_current()->pid;
		*message_out = message;
	}
	spin_unlock(&queue->base.lock);
	if (err == 0) {
		wait_queue_wake_all(&queue->senders);
	}
	return err;
}

long sys_msgrcv(int id, void USER *to, size_t size, long type, int flags)
{
	long USER *head = to;
	struct sysv_object *object;
	struct message *message = NULL;
	long result;
	int err;

	if (id < 0 || (ssize_t)size < 0) {
		return -EINVAL;
	}
	if ((flags & UAPI_MSG_COPY) != 0) {
		return -ENOSYS; /* as without checkpoint/restore */
	}
	if (type == INT64_MIN) {
		type = -INT64_MAX;
	}
	object = sysv_find(&table, id, &err);
	if (object == NULL) {
		return err;
	}
	err = sysv_check(object, 4);
	if (err == 0) {
		err = take(queue_of(object), size, type, flags, &message);
	}
	sysv_put(object);
	if (err < 0) {
		return err;
	}
	size = size < message->size ? size : message->size;
	result = (long)size;
	if (user_put_u64(to, (uint64_t)message->type) < 0 ||
	    user_copy_out(head + 1, message->text, size) < 0) {
		result = -EFAULT;
	}
	kfree(message);
	return result;
}

/* --- msgctl
 * -------------------------------------------------------------------------------------
 */

static long stat_queue(struct message_queue *queue, void USER *to, bool by_slot,
		       bool any)
{
	struct uapi_msqid_ds ds;
	int err = any ? 0 : sysv_check(&queue->base, 4);

	if (err < 0) {
		return err;
	}
	memset(&ds, 0, sizeof(ds));
	spin_lock(&queue->base.lock);
	sysv_fill_perm(&queue->base, &ds.perm);
	ds.send_time = queue->send_time;
	ds.receive_time = queue->receive_time;
	ds.change_time = queue->base.change_time;
	ds.bytes = queue->bytes;
	ds.count = queue->count;
	ds.bytes_max = queue->bytes_max;
	ds.last_sender = queue->last_sender;
	ds.last_receiver = queue->last_receiver;
	spin_unlock(&queue->base.lock);
	if (user_copy_out(to, &ds, sizeof(ds)) < 0) {
		return -EFAULT;
	}
	return by_slot ? queue->base.id : 0;
}

static long set_queue(struct message_queue *queue, const void USER *from)
{
	struct uapi_msqid_ds ds;
	int err;

	if (user_copy_in(&ds, from, sizeof(ds)) < 0) {
		return -EFAULT;
	}
	err = sysv_check_owner(&queue->base);
	if (err < 0) {
		return err;
	}
	if (ds.bytes_max > QUEUE_DEFAULT &&
	    !credentials_capable(CREDENTIALS_CAP_SYS_RESOURCE)) {
		return -EPERM;
	}
	spin_lock(&queue->base.lock);
	sysv_set_perm(&queue->base, &ds.perm);
	queue->bytes_max = ds.bytes_max;
	spin_unlock(&queue->base.lock);
	wait_queue_wake_all(&queue->senders);
	wait_queue_wake_all(&queue->receivers);
	return 0;
}

static long remove_queue(struct message_queue *queue)
{
	int err = sysv_check_owner(&queue->base);
	bool first = false;

	if (err < 0) {
		return err;
	}
	spin_lock(&queue->base.lock);
	if (!queue->base.removed) {
		sysv_remove(&table, &queue->base);
		first = true;
	}
	spin_unlock(&queue->base.lock);
	wait_queue_wake_all(&queue->senders);
	wait_queue_wake_all(&queue->receivers);
	if (first) {
		sysv_put(&queue->base);
	}
	return 0;
}

struct totals {
	uint64_t messages, bytes;
};

static void add_totals(struct totals *totals)
{
	for (int slot = sysv_highest(&table); slot >= 0; slot--) {
		struct sysv_object *object = sysv_find_slot(&table, slot);

		if (object != NULL) {
			totals->messages += queue_of(object)->count;
			totals->bytes += queue_of(object)->bytes;
			sysv_put(object);
		}
	}
}

static long put_info(void USER *to, bool usage)
{
	struct totals totals = {0, 0};
	struct uapi_msginfo info = {
		.max = SIZE_LIMIT,
		.queue_max = QUEUE_DEFAULT,
		.ids = QUEUES_MAX,
		.segment = 16,
		.segments = 0xffff,
		.pool = QUEUES_MAX * (QUEUE_DEFAULT / 1024),
		.map = QUEUE_DEFAULT,
		.headers = QUEUE_DEFAULT,
	};

	if (usage) {
		add_totals(&totals);
		info.pool = (int32_t)sysv_count(&table);
		info.map = (int32_t)totals.messages;
		info.headers = (int32_t)totals.bytes;
	}
	return user_copy_out(to, &info, sizeof(info)) < 0
		       ? -EFAULT
		       : sysv_highest(&table);
}

static long control(struct message_queue *queue, int command, void USER *buf)
{
	switch (command) {
	case UAPI_IPC_STAT:
		return stat_queue(queue, buf, false, false);
	case UAPI_MSG_STAT:
		return stat_queue(queue, buf, true, false);
	case UAPI_MSG_STAT_ANY:
		return stat_queue(queue, buf, true, true);
	case UAPI_IPC_SET:
		return set_queue(queue, buf);
	case UAPI_IPC_RMID:
		return remove_queue(queue);
	default:
		return -EINVAL;
	}
}

long sys_msgctl(int id, int command, void USER *buf)
{
	struct sysv_object *object;
	int err = -EINVAL;
	long result;

	command &= ~UAPI_IPC_64;
	if (id < 0 || command < 0) {
		return -EINVAL;
	}
	if (command == UAPI_IPC_INFO || command == UAPI_MSG_INFO) {
		return put_info(buf, command == UAPI_MSG_INFO);
	}
	if (command == UAPI_MSG_STAT || command == UAPI_MSG_STAT_ANY) {
		object = sysv_find_slot(&table, id);
	} else {
		object = sysv_find(&table, id, &err);
	}
	if (object == NULL) {
		return err;
	}
	result = control(queue_of(object), command, buf);
	sysv_put(object);
	return result;
}
