/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What mqueue.c (queues, descriptors) and mqueue_message.c (messages,
 * notification) share.
 *
 * Key: [t] table lock, [q] lock of the queue, [I] immutable.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/user.h>
#include <lib/list.h>
#include <lib/refcount.h>
#include <sync/wait.h>
#include <uapi/time.h>
#include <vfs/file.h>

#define MQ_NAME_MAX 255

struct process;

struct uapi_mq_attr {
	int64_t flags, messages_max, size_max, messages, reserved[4];
};

struct mq_message {
	struct list_node link;
	unsigned priority;
	size_t size;
	uint8_t text[];
};

struct mq {
	struct refcount refs;
	struct spinlock lock;
	struct list_node link;	       /* [t] while it has its name */
	bool named;		       /* [t] */
	char name[MQ_NAME_MAX + 1];    /* [I] */
	uint32_t uid, gid, mode;       /* [I] */
	size_t messages_max, size_max; /* [I] */
	struct list messages;	       /* [q] by priority */
	size_t count;		       /* [q] */
	size_t bytes;		       /* [q] */
	unsigned receivers_waiting;    /* [q] */
	struct wait_queue senders, receivers;
	struct process *notify_process; /* [q] one reference; NULL: nobody */
	struct uapi_sigevent notify;	/* [q] */
};

/* The queue behind a descriptor that is open for `mode` (FILE_READ ...):
 * fd_put() it.  0 or -EBADF. */
int mq_get(int fd, uint32_t mode, struct file_ref *ref, struct mq **queue_out);

/* Nobody is told any more.  Returns the reference to drop without locks. */
struct process *mq_clear_notify_locked(struct mq *queue);
