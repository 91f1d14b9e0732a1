/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * inotify(7): events on files, told by fs/vfs (vfs/notify.h), to be read.
 *
 * An instance has watches; a watch references its inode and stands in the
 * chain that starts at inode->watches.  One mutex guards chains, instances and
 * their queues: events on watched files are rare, and all other files never
 * take it.  It is dropped before an inode is put, which may do a lot.
 *
 * Bounds: QUEUE_MAX events per instance (then one IN_Q_OVERFLOW), WATCH_MAX
 * watches and INSTANCE_MAX instances in all.
 */
#include <linux/syscall.h>

#include <lib/align.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/signal.h>
#include <sync/mutex.h>
#include <sync/wait.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <uapi/ioctl.h>
#include <vfs/file.h>
#include <vfs/notify.h>
#include <vfs/path.h>
#include <vfs/poll.h>

#include "at.h"

#define QUEUE_MAX    16384
#define WATCH_MAX    65536
#define INSTANCE_MAX 1024

#define IN_ALL_EVENTS  0x00000fffu
#define IN_Q_OVERFLOW  0x00004000u
#define IN_IGNORED     0x00008000u
#define IN_ONLYDIR     0x01000000u
#define IN_DONT_FOLLOW 0x02000000u
#define IN_EXCL_UNLINK 0x04000000u
#define IN_MASK_CREATE 0x10000000u
#define IN_MASK_ADD    0x20000000u
#define IN_ONESHOT     0x80000000u
#define IN_KNOWN                                                               \
	(IN_ALL_EVENTS | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK |        \
	 IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT)

struct inotify {
	struct list watches; /* [w] */
	struct list events;  /* [w] oldest first */
	unsigned count;	     /* [w] of events */
	bool overflowed;     /* [w] IN_Q_OVERFLOW is queued */
	int last_id;	     /* [w] */
	struct wait_queue wait;
};

struct watch {
	struct inotify *instance; /* [I] */
	struct inode *inode;	  /* [I] one reference */
	struct watch *next;	  /* [w] of the inode */
	struct list_node link;	  /* [w] in instance->watches */
	int id;			  /* [I] */
	uint32_t mask;		  /* [w] */
};

struct event_head { /* struct inotify_event */
	int32_t watch;
	uint32_t mask;
	uint32_t cookie;
	uint32_t length;
};

struct event {
	struct list_node link;
	struct event_head head;
	char name[]; /* head.length bytes, padded with NULs */
};

static struct mutex watch_lock = MUTEX_INIT(watch_lock, "inotify"); /* w */
static unsigned watch_count;					    /* [w] */
static unsigned instance_count;					    /* [w] */

/* --- events
 * -------------------------------------------------------------------- */

static bool same_event(const struct event *event, const struct event_head *head,
		       const char *name)
{
	return event->head.watch == head->watch &&
	       event->head.mask == head->mask &&
	       event->head.cookie == head->cookie &&
	       event->head.length == head->length &&
	       (name == NULL || strcmp(event->name, name) == 0);
}

static struct event *make_event(const struct event_head *head, const char *name)
{
	struct event *event = kzalloc(sizeof(*event) + head->length);

	if (event != NULL) {
		event->head = *head;
		if (name != NULL) {
			memcpy(event->name, name, strlen(name));
		}
	}
	return event;
}

/* An event like the last one adds nothing; without memory or room the queue
 * says that something was lost. */
static void queue_locked(struct inotify *instance, int watch, uint32_t mask,
			 uint32_t cookie, const char *name)
{
	struct event_head head = {
		.watch = watch, .mask = mask, .cookie = cookie};
	struct event *last = list_last(&instance->events, struct event, link);
	struct event *event = NULL;

	if (name != NULL) {
		head.length = (uint32_t)ALIGN_UP(strlen(name) + 1,
						 sizeof(struct event_head));
	}
	if (last != NULL && same_event(last, &head, name)) {
		return;
	}
	if (instance->count < QUEUE_MAX) {
		event = make_event(&head, name);
	}
	if (event == NULL) {
		if (instance->overflowed) {
			return;
		}
		head = (struct event_head){.watch = -1, .mask = IN_Q_OVERFLOW};
		event = make_event(&head, NULL);
		if (event == NULL) {
			return;
		}
		instance->overflowed = true;
	}
	list_add_tail(&instance->events, &event->link);
	instance->count++;
	wait_queue_wake(&instance->wait, UINT32_MAX, POLL_IN | POLL_RDNORM);
}

/* --- watches
 * ------------------------------------------------------------------- */

/* Takes it off its lists and says so; the caller frees it with free_watch()
 * without the lock. */
static void unlink_locked(struct watch *watch)
{
	struct watch **link = (struct watch **)&watch->inode->watches;

	while (*link != watch) {
		link = &(*link)->next;
	}
	__atomic_store_n(link, watch->next, __ATOMIC_RELEASE);
	list_remove(&watch->link);
	watch_count--;
	queue_locked(watch->instance, watch->id, IN_IGNORED, 0, NULL);
}

static void free_watch(struct watch *watch)
{
	inode_put(watch->inode);
	kfree(watch);
}

static bool wants(const struct watch *watch, uint32_t mask)
{
	return (watch->mask & mask & IN_ALL_EVENTS) != 0;
}

/* From fs/vfs: something happened to a watched inode. */
static void notify(struct inode *inode, const char *name, uint32_t mask,
		   uint32_t cookie)
{
	bool gone = (mask & NOTIFY_DELETE_SELF) != 0;
	struct watch *removed = NULL;
	struct watch *watch;
	struct watch *next;

	mutex_lock(&watch_lock);
	for (watch = inode->watches; watch != NULL; watch = next) {
		bool wanted = wants(watch, mask);

		next = watch->next;
		if (wanted) {
			queue_locked(watch->instance, watch->id, mask, cookie,
				     name);
		}
		if (gone || (wanted && (watch->mask & IN_ONESHOT) != 0)) {
			unlink_locked(watch);
			watch->next = removed;
			removed = watch;
		}
	}
	mutex_unlock(&watch_lock);
	while (removed != NULL) {
		watch = removed;
		removed = watch->next;
		free_watch(watch);
	}
}

static struct watch *find_locked(struct inotify *instance, struct inode *inode)
{
	struct watch *watch = inode->watches;

	while (watch != NULL && watch->instance != instance) {
		watch = watch->next;
	}
	return watch;
}

static int change_locked(struct watch *watch, uint32_t mask)
{
	uint32_t kept = mask & (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT);

	if ((mask & IN_MASK_CREATE) != 0) {
		return -EEXIST;
	}
	watch->mask = (mask & IN_MASK_ADD) != 0 ? watch->mask | kept : kept;
	return watch->id;
}

static int add_locked(struct inotify *instance, struct inode *inode,
		      uint32_t mask)
{
	struct watch *watch = find_locked(instance, inode);

	if (watch != NULL) {
		return change_locked(watch, mask);
	}
	if (watch_count >= WATCH_MAX || instance->last_id == INT32_MAX) {
		return -ENOSPC;
	}
	watch = kzalloc(sizeof(*watch));
	if (watch == NULL) {
		return -ENOMEM;
	}
	inode_get(inode);
	watch->instance = instance;
	watch->inode = inode;
	watch->id = ++instance->last_id;
	watch->mask = mask & (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT);
	watch->next = inode->watches;
	__atomic_store_n(&inode->watches, watch, __ATOMIC_RELEASE);
	list_add_tail(&instance->watches, &watch->link);
	watch_count++;
	return watch->id;
}

/* --- the file
 * ------------------------------------------------------------------- */

/* Takes the oldest event that fits; *too_small: there is one that does not. */
static struct event *take_event(struct inotify *instance, size_t room,
				bool *too_small)
{
	struct event *event;

	mutex_lock(&watch_lock);
	event = list_first(&instance->events, struct event, link);
	*too_small = event != NULL &&
		     sizeof(event->head) + event->head.length > room;
	if (*too_small) {
		event = NULL;
	} else if (event != NULL) {
		list_remove(&event->link);
		instance->count--;
		if (event->head.mask == IN_Q_OVERFLOW) {
			instance->overflowed = false;
		}
	}
	mutex_unlock(&watch_lock);
	return event;
}

static int wait_event(struct file *file, struct inotify *instance)
{
	int err = 0;

	if ((READ_ONCE(file->flags) & UAPI_O_NONBLOCK) != 0) {
		return -EAGAIN;
	}
	mutex_lock(&watch_lock);
	while (list_is_empty(&instance->events) && err == 0) {
		err = wait_queue_sleep_mutex(&instance->wait, &watch_lock,
					     WAIT_INTERRUPTIBLE, WAIT_FOREVER);
	}
	mutex_unlock(&watch_lock);
	return err < 0 ? -ERESTARTSYS : 0;
}

static ssize_t inotify_read(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	struct inotify *instance = file->private;
	ssize_t done = 0;

	(void)pos;
	for (;;) {
		bool too_small;
		struct event *event =
			take_event(instance, to->remaining, &too_small);
		size_t size;
		size_t copied;
		int err;

		if (event == NULL) {
			if (done > 0 || too_small) {
				return done > 0 ? done : -EINVAL;
			}
			err = wait_event(file, instance);
			if (err < 0) {
				return err;
			}
			continue;
		}
		size = sizeof(event->head) + event->head.length;
		copied = iov_copy_to(to, &event->head, size);
		kfree(event);
		if (copied != size) {
			return done > 0 ? done : -EFAULT;
		}
		done += (ssize_t)size;
	}
}
_Static_assert(offsetof(struct event, name) ==
		       offsetof(struct event, head) + sizeof(struct event_head),
	       "head and name are copied in one piece");

static uint32_t inotify_poll(struct file *file, struct poll_table *table)
{
	struct inotify *instance = file->private;

	poll_wait(table, &instance->wait);
	return READ_ONCE(instance->count) > 0 ? POLL_IN | POLL_RDNORM : 0;
}

static long inotify_ioctl(struct file *file, unsigned command,
			  unsigned long arg)
{
	struct inotify *instance = file->private;
	struct event *event;
	uint32_t size = 0;

	if (command != UAPI_FIONREAD) {
		return -ENOTTY;
	}
	mutex_lock(&watch_lock);
	list_for_each (event, &instance->events, link) {
		size += (uint32_t)sizeof(event->head) + event->head.length;
	}
	mutex_unlock(&watch_lock);
	return user_put_u32((void USER *)arg, size);
}

static void inotify_release(struct file *file)
{
	struct inotify *instance = file->private;
	struct list_node *node;

	for (;;) {
		struct watch *watch;

		mutex_lock(&watch_lock);
		watch = list_first(&instance->watches, struct watch, link);
		if (watch != NULL) {
			unlink_locked(watch);
		}
		mutex_unlock(&watch_lock);
		if (watch == NULL) {
			break;
		}
		free_watch(watch);
	}
	while ((node = list_pop_head(&instance->events)) != NULL) {
		kfree(list_entry(node, struct event, link));
	}
	mutex_lock(&watch_lock);
	instance_count--;
	mutex_unlock(&watch_lock);
	kfree(instance);
}

static size_t inotify_name(struct file *file, char *buf, size_t size)
{
	static const char name[] = "anon_inode:inotify";

	(void)file;
	return string_copy(buf, name, size);
}

static const struct file_ops inotify_ops = {
	.read = inotify_read,
	.poll = inotify_poll,
	.sends_sigio = true,
	.ioctl = inotify_ioctl,
	.release = inotify_release,
	.name = inotify_name,
};

static int create_instance(struct inotify **instance_out)
{
	struct inotify *instance = NULL;
	int err = -EMFILE;

	mutex_lock(&watch_lock);
	if (instance_count < INSTANCE_MAX) {
		instance = kzalloc(sizeof(*instance));
		err = instance == NULL ? -ENOMEM : 0;
		instance_count += instance != NULL;
	}
	mutex_unlock(&watch_lock);
	if (err == 0) {
		list_init(&instance->watches);
		list_init(&instance->events);
		wait_queue_init(&instance->wait);
		*instance_out = instance;
	}
	return err;
}

long sys_inotify_init1(int flags)
{
	struct inotify *instance;
	struct file *file;
	int err;

	if ((flags & ~(UAPI_O_NONBLOCK | UAPI_O_CLOEXEC)) != 0) {
		return -EINVAL;
	}
	err = create_instance(&instance);
	if (err < 0) {
		return err;
	}
	vfs_notify_set_handler(notify);
	err = file_create_anonymous(&inotify_ops, instance,
				    FILE_READ | FILE_STREAM,
				    (unsigned)(flags & UAPI_O_NONBLOCK), &file);
	if (err < 0) {
		mutex_lock(&watch_lock);
		instance_count--;
		mutex_unlock(&watch_lock);
		kfree(instance);
		return err;
	}
	err = fd_install(file, 0, (flags & UAPI_O_CLOEXEC) != 0);
	if (err < 0) {
		file_put(file);
	}
	return err;
}

long sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

/* --- add and remove
 * -------------------------------------------------------------- */

/* 0 and a reference to the file of an instance. */
static int instance_get(int fd, struct file_ref *ref_out)
{
	*ref_out = fd_get(fd);
	if (ref_out->file == NULL) {
		return -EBADF;
	}
	if (ref_out->file->ops != &inotify_ops) {
		fd_put(*ref_out);
		return -EINVAL;
	}
	return 0;
}

static int watch_path(struct inotify *instance, const char USER *user_path,
		      uint32_t mask)
{
	unsigned walk = (mask & IN_DONT_FOLLOW) != 0 ? 0 : WALK_FOLLOW;
	struct path path;
	int err;

	walk |= (mask & IN_ONLYDIR) != 0 ? WALK_DIRECTORY : 0;
	err = at_lookup(UAPI_AT_FDCWD, user_path, walk, &path);
	if (err < 0) {
		return err;
	}
	err = vfs_permission(path.dentry->inode, PERMISSION_READ);
	if (err == 0) {
		mutex_lock(&watch_lock);
		err = add_locked(instance, path.dentry->inode, mask);
		mutex_unlock(&watch_lock);
	}
	path_put(&path);
	return err;
}

long sys_inotify_add_watch(int fd, const char USER *path, uint32_t mask)
{
	struct file_ref ref;
	int err;

	if ((mask & ~IN_KNOWN) != 0 || (mask & IN_ALL_EVENTS) == 0 ||
	    (mask & (IN_MASK_ADD | IN_MASK_CREATE)) ==
		    (IN_MASK_ADD | IN_MASK_CREATE)) {
		return -EINVAL;
	}
	err = instance_get(fd, &ref);
	if (err < 0) {
		return err;
	}
	err = watch_path(ref.file->private, path, mask);
	fd_put(ref);
	return err;
}

long sys_inotify_rm_watch(int fd, int id)
{
	struct inotify *instance;
	struct watch *watch;
	struct watch *found = NULL;
	struct file_ref ref;
	int err = instance_get(fd, &ref);

	if (err < 0) {
		return err;
	}
	instance = ref.file->private;
	mutex_lock(&watch_lock);
	list_for_each (watch, &instance->watches, link) {
		if (watch->id == id) {
			found = watch;
			break;
		}
	}
	if (found != NULL) {
		unlink_locked(found);
	}
	mutex_unlock(&watch_lock);
	fd_put(ref);
	if (found == NULL) {
		return -EINVAL;
	}
	free_watch(found);
	return 0;
}
