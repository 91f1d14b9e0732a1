/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * SIGIO: see vfs/async.h.
 *
 * A file gets its struct file_async when one of the calls first needs it, and
 * keeps it.  Owners are references to processes and threads, so that another
 * one with the same number is never meant; a group is a number.
 *
 * Locks: `change` is taken by who turns O_ASYNC on or off; `lock` guards the
 * owner and is irq-safe: wake-ups send under it, with the queue's lock held.
 * Key: [l] lock, [c] change, [a] atomic.
 */
#include <vfs/async.h>

#include <fs/vfs/internal.h>
#include <mm/slab.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/session.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/poll.h>

#define QUEUE_MAX 4 /* poll queues of one file */

struct async_queue {
	struct waiter waiter;
	struct wait_queue *queue;
	struct file_async *async;
};

struct file_async {
	struct spinlock lock;
	struct process *process; /* [l] one reference */
	struct thread *thread;	 /* [l] of `process`; one reference */
	int group;		 /* [l] 0: none */
	uint32_t uid, euid;	 /* [l] of who named the owner */
	int signal;		 /* [a] 0: SIGIO without details */
	int fd;			 /* [a] */
	struct mutex change;
	struct poll_table table;
	unsigned count;			      /* [c] queues that it stands on */
	struct async_queue queues[QUEUE_MAX]; /* [c] */
};

/* --- sending: from wake-ups
 * ------------------------------------------------------------------- */

struct reason {
	uint32_t events;
	int code;
	long band;
};

/* The first that fits; no events: data. */
static const struct reason reasons[] = {
	{POLL_HUP, UAPI_POLL_HUP, POLL_HUP | POLL_ERR},
	{POLL_IN, UAPI_POLL_IN, POLL_IN | POLL_RDNORM},
	{POLL_OUT, UAPI_POLL_OUT, POLL_OUT | POLL_WRNORM | POLL_WRBAND},
	{POLL_ERR, UAPI_POLL_ERR, POLL_ERR},
};

static const struct reason *reason_of(uint32_t events)
{
	for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if ((reasons[i].events & events) != 0) {
			return &reasons[i];
		}
	}
	return &reasons[1];
}

static bool may_signal(const struct file_async *async,
		       const struct process *process)
{
	uint32_t uid = READ_ONCE(process->credentials.uid);
	uint32_t suid = READ_ONCE(process->credentials.suid);

	return async->euid == 0 || async->euid == uid || async->euid == suid ||
	       async->uid == uid || async->uid == suid;
}

static int send_locked(struct file_async *async, int signal,
		       const struct uapi_siginfo *info)
{
	if (async->thread != NULL) {
		return READ_ONCE(async->thread->state) != THREAD_DEAD &&
				       may_signal(async, async->process)
			       ? signal_send_thread(async->thread, signal, info)
			       : 0;
	}
	if (async->process != NULL) {
		return may_signal(async, async->process)
			       ? signal_send_process(async->process, signal,
						     info)
			       : 0;
	}
	return async->group != 0 ? signal_send_group(async->group, signal, info)
				 : 0;
}

static bool async_woken(struct waiter *waiter, uint32_t events)
{
	struct async_queue *q =
		container_of(waiter, struct async_queue, waiter);
	struct file_async *async = q->async;
	int signal = __atomic_load_n(&async->signal, __ATOMIC_RELAXED);
	const struct reason *reason = reason_of(events);
	struct uapi_siginfo info = {.signo = signal, .code = reason->code};
	unsigned long irq = spin_lock_irqsave(&async->lock);

	info.poll.band = reason->band;
	info.poll.fd = READ_ONCE(async->fd);
	if (signal == 0 || send_locked(async, signal, &info) == -EAGAIN) {
		send_locked(async, UAPI_SIGIO, NULL);
	}
	spin_unlock_irqrestore(&async->lock, irq);
	return false;
}

/* --- life
 * --------------------------------------------------------------------- */

static void stand_on(struct poll_table *table, struct wait_queue *queue);

/* The file's own, made when it has none; NULL: no memory. */
static struct file_async *async_of(struct file *file)
{
	struct file_async *async =
		__atomic_load_n(&file->async, __ATOMIC_ACQUIRE);
	struct file_async *fresh;

	if (async != NULL) {
		return async;
	}
	fresh = kzalloc(sizeof(*fresh));
	if (fresh == NULL) {
		return NULL;
	}
	spinlock_init(&fresh->lock, "file.async");
	mutex_init(&fresh->change, "file.async.change");
	fresh->table.queue = stand_on;
	if (!__atomic_compare_exchange_n(&file->async, &async, fresh, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		kfree(fresh);
		return async;
	}
	return fresh;
}

static void replace_owner(struct file_async *async, struct process *process,
			  struct thread *thread, int group)
{
	struct process *old_process;
	struct thread *old_thread;
	struct credentials who;
	unsigned long irq;

	credentials_current(&who);
	irq = spin_lock_irqsave(&async->lock);
	old_process = async->process;
	old_thread = async->thread;
	async->process = process;
	async->thread = thread;
	async->group = group;
	async->uid = who.uid;
	async->euid = who.euid;
	spin_unlock_irqrestore(&async->lock, irq);
	if (old_process != NULL) {
		process_put(old_process);
	}
	if (old_thread != NULL) {
		thread_put(old_thread);
	}
}

/* --- owners
 * ------------------------------------------------------------------- */

/* Members of other groups may be anybody's; they are not looked at one by one
 * when the signal is sent. */
static int check_group(int group)
{
	struct credentials who;

	credentials_current(&who);
	return who.euid == 0 || group == 0 || group == session_group_of(0)
		       ? 0
		       : -EPERM;
}

int file_async_set_owner(struct file *file, int type, int pid)
{
	struct file_async *async = async_of(file);
	struct process *process = NULL;
	struct thread *thread = NULL;
	int err = 0;

	if (async == NULL) {
		return -ENOMEM;
	}
	if (type == UAPI_F_OWNER_PGRP) {
		err = check_group(pid);
		if (err == 0 && pid != 0) {
			err = signal_send_group(pid, 0, NULL);
		}
	} else if (type == UAPI_F_OWNER_TID && pid != 0) {
		thread = thread_find(pid);
		if (thread == NULL) {
			return -ESRCH;
		}
		process = thread->process;
		if (process == NULL) {
			thread_put(thread);
			return -ESRCH;
		}
		process_get(process);
	} else if (pid != 0) {
		process = process_find(pid);
		err = process == NULL ? -ESRCH : 0;
	}
	if (err == 0) {
		replace_owner(async, process, thread,
			      type == UAPI_F_OWNER_PGRP ? pid : 0);
	}
	return err;
}

void file_async_get_owner(struct file *file, int *type_out, int *pid_out)
{
	struct file_async *async =
		__atomic_load_n(&file->async, __ATOMIC_ACQUIRE);
	unsigned long irq;

	*type_out = UAPI_F_OWNER_PID;
	*pid_out = 0;
	if (async == NULL) {
		return;
	}
	irq = spin_lock_irqsave(&async->lock);
	if (async->group != 0) {
		*type_out = UAPI_F_OWNER_PGRP;
		*pid_out = async->group;
	} else if (async->thread != NULL) {
		*type_out = UAPI_F_OWNER_TID;
		*pid_out = READ_ONCE(async->thread->state) == THREAD_DEAD
				   ? 0
				   : async->thread->tid;
	} else if (async->process != NULL &&
		   READ_ONCE(async->process->state) < PROCESS_DEAD) {
		*pid_out = async->process->pid;
	}
	spin_unlock_irqrestore(&async->lock, irq);
}

int file_async_set_signal(struct file *file, unsigned long signal)
{
	struct file_async *async;

	if (signal > SIGNAL_COUNT) {
		return -EINVAL;
	}
	async = async_of(file);
	if (async == NULL) {
		return -ENOMEM;
	}
	__atomic_store_n(&async->signal, (int)signal, __ATOMIC_RELAXED);
	return 0;
}

int file_async_get_signal(struct file *file)
{
	struct file_async *async =
		__atomic_load_n(&file->async, __ATOMIC_ACQUIRE);

	return async == NULL
		       ? 0
		       : __atomic_load_n(&async->signal, __ATOMIC_RELAXED);
}

/* --- on and off
 * --------------------------------------------------------------------- */

static void stand_on(struct poll_table *table, struct wait_queue *queue)
{
	struct file_async *async =
		container_of(table, struct file_async, table);
	struct async_queue *q;

	if (async->count == QUEUE_MAX) {
		return; /* no file has so many */
	}
	q = &async->queues[async->count++];
	waiter_init_func(&q->waiter, async_woken, 0);
	q->queue = queue;
	q->async = async;
	wait_queue_add(queue, &q->waiter);
}

static void leave_queues(struct file_async *async)
{
	for (unsigned i = 0; i < async->count; i++) {
		wait_queue_remove(async->queues[i].queue,
				  &async->queues[i].waiter);
	}
	async->count = 0;
}

int file_async_enable(struct file *file, int fd, bool on)
{
	struct file_async *async = async_of(file);

	if (async == NULL) {
		return -ENOMEM;
	}
	mutex_lock(&async->change);
	leave_queues(async);
	if (on) {
		WRITE_ONCE(async->fd, fd);
		file->ops->poll(file, &async->table);
	}
	mutex_unlock(&async->change);
	return 0;
}

void file_async_release(struct file *file)
{
	struct file_async *async = file->async;

	if (async == NULL) {
		return;
	}
	leave_queues(async);
	if (async->process != NULL) {
		process_put(async->process);
	}
	if (async->thread != NULL) {
		thread_put(async->thread);
	}
	file->async = NULL;
	kfree(async);
}
