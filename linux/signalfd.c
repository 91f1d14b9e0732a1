/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * signalfd(2): pending signals as records to read.
 *
 * A descriptor is a set of signals; what is pending is asked of the thread
 * that reads or polls.  Pollers wait on their process's queue, which
 * must live as long as they may stand on it: the descriptor keeps a
 * reference to every process that has polled it.  Those that ended are let go
 * when nobody stands on their queue any more: who would come has ended.
 */
#include <linux/syscall.h>

#include <lib/list.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/process.h>
#include <process/signal.h>
#include <process/signal_sets.h>
#include <sched/thread.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/poll.h>

struct watcher {
	struct list_node link;
	struct process *process; /* referenced */
};

struct signalfd {
	uint64_t mask; /* [a] */
	struct spinlock lock;
	struct list watchers; /* [lock] one for each process that polled */
};

/* struct signalfd_siginfo */
struct signalfd_record {
	uint32_t signo;
	int32_t error;
	int32_t code;
	uint32_t pid;
	uint32_t uid;
	int32_t fd;
	uint32_t timer_id;
	uint32_t band;
	uint32_t overrun;
	uint32_t trap;
	int32_t status;
	int32_t int_value;
	uint64_t ptr_value;
	uint64_t utime;
	uint64_t stime;
	uint64_t addr;
	uint16_t addr_lsb;
	uint16_t pad0;
	int32_t syscall;
	uint64_t call_addr;
	uint32_t arch;
	uint8_t pad[28];
};
_Static_assert(sizeof(struct signalfd_record) == 128, "signalfd(2)");

static void fill_fault(struct signalfd_record *record,
		       const struct uapi_siginfo *info)
{
	record->addr = info->fault.addr;
	record->addr_lsb = (uint16_t)info->fault.addr_lsb;
}

static void fill_child(struct signalfd_record *record,
		       const struct uapi_siginfo *info)
{
	record->pid = (uint32_t)info->child.pid;
	record->uid = info->child.uid;
	record->status = info->child.status;
	record->utime = (uint64_t)info->child.utime;
	record->stime = (uint64_t)info->child.stime;
}

/* Which members count follows from signal and code, as in sigaction(2). */
static void fill_record(struct signalfd_record *record,
			const struct uapi_siginfo *info)
{
	memset(record, 0, sizeof(*record));
	record->signo = (uint32_t)info->signo;
	record->error = info->error;
	record->code = info->code;
	if (info->code == UAPI_SI_TIMER) {
		record->timer_id = (uint32_t)info->timer.id;
		record->overrun = (uint32_t)info->timer.overrun;
		record->int_value = info->timer.value.int_value;
		record->ptr_value = info->timer.value.ptr_value;
	} else if (info->code > 0 && info->code != UAPI_SI_KERNEL &&
		   (SIGNAL_BIT(info->signo) & SIGNAL_FAULTS) != 0) {
		fill_fault(record, info);
	} else if (info->code > 0 && info->signo == UAPI_SIGCHLD) {
		fill_child(record, info);
	} else if (info->code > 0 && info->signo == UAPI_SIGIO) {
		record->band = (uint32_t)info->poll.band;
		record->fd = info->poll.fd;
	} else {
		record->pid = (uint32_t)info->queue.pid;
		record->uid = info->queue.uid;
		record->int_value = info->queue.value.int_value;
		record->ptr_value = info->queue.value.ptr_value;
	}
}

static bool is_pending(uint64_t mask)
{
	return (signal_pending_set(thread_current()) & mask) != 0;
}

/* The waiter is queued before the test: no signal is missed. */
static int wait_pending(uint64_t mask)
{
	struct wait_queue *queue = &process_current()->signals.signalfd;
	struct waiter waiter;
	int err = 0;

	waiter_init(&waiter, 0);
	wait_queue_add(queue, &waiter);
	while (err == 0) {
		thread_prepare_sleep(true);
		if (is_pending(mask)) {
			thread_cancel_sleep();
			break;
		}
		err = thread_sleep(WAIT_FOREVER);
	}
	wait_queue_remove(queue, &waiter);
	return err < 0 ? -ERESTARTSYS : 0;
}

static ssize_t signalfd_read(struct file *file, struct iov_iter *to,
			     int64_t *pos)
{
	struct signalfd *s = file->private;
	struct signalfd_record record;
	struct uapi_siginfo info;
	ssize_t done = 0;

	(void)pos;
	if (to->remaining < sizeof(record)) {
		return -EINVAL;
	}
	while (to->remaining >= sizeof(record)) {
		uint64_t mask = __atomic_load_n(&s->mask, __ATOMIC_RELAXED);
		int err;

		if (signal_take(mask, &info) != 0) {
			fill_record(&record, &info);
			if (iov_copy_to(to, &record, sizeof(record)) !=
			    sizeof(record)) {
				return done > 0 ? done : -EFAULT;
			}
			done += (ssize_t)sizeof(record);
			continue;
		}
		if (done > 0) {
			break;
		}
		if ((READ_ONCE(file->flags) & UAPI_O_NONBLOCK) != 0) {
			return -EAGAIN;
		}
		err = wait_pending(mask);
		if (err < 0) {
			return err;
		}
	}
	return done;
}

static bool is_gone(struct process *process)
{
	return __atomic_load_n(&process->state, __ATOMIC_ACQUIRE) >=
		       PROCESS_ZOMBIE &&
	       wait_queue_is_empty(&process->signals.signalfd);
}

/* The current process has its watcher; those that are gone are moved out. */
static bool find_watcher_locked(struct signalfd *s, struct list *gone)
{
	struct process *process = process_current();
	struct watcher *watcher;
	struct watcher *next;
	bool found = false;

	list_for_each_safe (watcher, next, &s->watchers, link) {
		if (watcher->process == process) {
			found = true;
		} else if (is_gone(watcher->process)) {
			list_move_tail(gone, &watcher->link);
		}
	}
	return found;
}

static void free_watchers(struct list *watchers)
{
	struct list_node *node;

	while ((node = list_pop_head(watchers)) != NULL) {
		struct watcher *watcher =
			list_entry(node, struct watcher, link);

		process_put(watcher->process);
		kfree(watcher);
	}
}

/* True when the current process's queue outlives the descriptor. */
static bool keep_process(struct signalfd *s)
{
	struct watcher *fresh;
	struct list gone;
	bool found;

	list_init(&gone);
	spin_lock(&s->lock);
	found = find_watcher_locked(s, &gone);
	spin_unlock(&s->lock);
	free_watchers(&gone);
	if (found) {
		return true;
	}
	fresh = kzalloc(sizeof(*fresh));
	if (fresh == NULL) {
		return false;
	}
	fresh->process = process_current();
	process_get(fresh->process);
	/* another thread may be adding one too: two do no harm */
	spin_lock(&s->lock);
	list_add_head(&s->watchers, &fresh->link);
	spin_unlock(&s->lock);
	return true;
}

static uint32_t signalfd_poll(struct file *file, struct poll_table *table)
{
	struct signalfd *s = file->private;

	if (table != NULL) {
		if (!keep_process(s)) {
			return POLL_ERR; /* no memory: it could not be woken */
		}
		poll_wait(table, &process_current()->signals.signalfd);
	}
	return is_pending(__atomic_load_n(&s->mask, __ATOMIC_RELAXED))
		       ? POLL_IN | POLL_RDNORM
		       : 0;
}

static void signalfd_release(struct file *file)
{
	struct signalfd *s = file->private;

	free_watchers(&s->watchers);
	kfree(s);
}

static size_t signalfd_name(struct file *file, char *buf, size_t size)
{
	static const char name[] = "anon_inode:[signalfd]";

	(void)file;
	return string_copy(buf, name, size);
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.name = signalfd_name,
};

static long change_mask(int fd, uint64_t mask)
{
	struct file_ref ref = fd_get(fd);
	long result = -EINVAL;

	if (ref.file == NULL) {
		return -EBADF;
	}
	if (ref.file->ops == &signalfd_ops) {
		struct signalfd *s = ref.file->private;

		__atomic_store_n(&s->mask, mask, __ATOMIC_RELAXED);
		wait_queue_wake_all(&process_current()->signals.signalfd);
		result = fd;
	}
	fd_put(ref);
	return result;
}

static long create(uint64_t mask, int flags)
{
	struct signalfd *s = kzalloc(sizeof(*s));
	struct file *file;
	int err;

	if (s == NULL) {
		return -ENOMEM;
	}
	spinlock_init(&s->lock, "signalfd");
	list_init(&s->watchers);
	s->mask = mask;
	err = file_create_anonymous(
		&signalfd_ops, s, FILE_READ | FILE_WRITE | FILE_STREAM,
		UAPI_O_RDWR | (unsigned)(flags & UAPI_O_NONBLOCK), &file);
	if (err < 0) {
		kfree(s);
		return err;
	}
	err = fd_install(file, 0, (flags & UAPI_O_CLOEXEC) != 0);
	if (err < 0) {
		file_put(file);
	}
	return err;
}

long sys_signalfd4(int fd, const void USER *user_mask, size_t mask_size,
		   int flags)
{
	uint64_t mask;

	if ((flags & ~(UAPI_O_NONBLOCK | UAPI_O_CLOEXEC)) != 0 ||
	    mask_size != sizeof(mask)) {
		return -EINVAL;
	}
	if (user_get_u64(&mask, user_mask) < 0) {
		return -EFAULT;
	}
	mask &= ~(uint64_t)SIGNAL_UNBLOCKABLE;
	return fd == -1 ? create(mask, flags) : change_mask(fd, mask);
}

long sys_signalfd(int fd, const void USER *mask, size_t mask_size)
{
	return sys_signalfd4(fd, mask, mask_size, 0);
}
