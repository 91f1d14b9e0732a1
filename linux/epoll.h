/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * epoll(7), private to epoll.c (calls, waiting) and epoll_item.c (what is
 * watched).
 *
 * 1. Objects.  An instance (struct epoll) has one item per watched (file,
 *    descriptor).  An item stands on the wait queues of its file; a wake-up
 *    there puts it on the instance's ready list and wakes one sleeper of
 *    epoll_wait().  Cost of a wait: O(ready).
 * 2. The ready list holds items that may be ready.  epoll_wait() takes each
 *    off, asks its file, reports it; a level-triggered one goes back to the
 *    end.  A wake-up in between puts an item on again: nothing is lost.
 * 3. Life.  The instance is referenced by its file and by whoever removes items
 *    from outside.  An item holds no reference to its file: when the file goes,
 *    epoll_file_gone() removes its items, before the file's release.
 * 4. Nesting.  An instance may watch instances, EPOLL_NEST_MAX deep, without
 *    loops.  Edges between instances change under nest_lock, so the graph can
 * be walked under it.
 *
 * Locks, in order: nest_lock, epoll->lock (outer instance before inner),
 * file->epoll_lock; wait queue lock, epoll->ready_lock.  The last two are
 * irq-safe.
 *
 * Key: [I] immutable, [l] epoll->lock, [r] ready_lock, [n] nest_lock,
 * [f] file->epoll_lock.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>
#include <lib/rbtree.h>
#include <lib/refcount.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <vfs/file.h>
#include <vfs/poll.h>

#define EPOLL_NEST_MAX	5	/* instances on a path */
#define EPOLL_VISIT_MAX 4096	/* steps of a walk through nested instances */
#define EPOLL_ITEM_MAX	1048576 /* of all instances */

#define EPOLL_EXCLUSIVE (1u << 28)
#define EPOLL_WAKEUP	(1u << 29)
#define EPOLL_ONESHOT	(1u << 30)
#define EPOLL_EDGE	(1u << 31)
#define EPOLL_PRIVATE                                                          \
	(EPOLL_EXCLUSIVE | EPOLL_WAKEUP | EPOLL_ONESHOT | EPOLL_EDGE)

struct epoll {
	struct refcount refs;
	struct mutex lock;
	struct rbtree items; /* [l] by file, then descriptor */
	struct spinlock ready_lock;
	struct list ready;	     /* [r] items */
	uint32_t ready_count;	     /* [r] written; [a] read */
	struct wait_queue wait;	     /* epoll_wait() */
	struct wait_queue poll_wait; /* who polls or watches this instance */
	struct file *file;	     /* [I] its own; no reference */
	struct list nested;	     /* [n] items whose file is an instance */
};

#define EPOLL_INLINE_QUEUES 2

/* An item on one wait queue. */
struct epoll_queue {
	struct waiter waiter;
	struct wait_queue *queue; /* [I] */
	struct epoll_item *item;  /* [I] */
	struct epoll_queue *next; /* [l] allocated ones */
};

struct epoll_item {
	struct rbtree_node node;      /* [l] */
	struct epoll *epoll;	      /* [I] */
	struct file *file;	      /* [I] alive while the item is linked */
	int fd;			      /* [I] */
	uint32_t events;	      /* [a] POLL_* and EPOLL_*; written [l] */
	uint64_t data;		      /* [l] */
	struct list_node ready_link;  /* [r] */
	struct list_node file_link;   /* [f] in file->epoll_items */
	struct list_node nested_link; /* [n] in epoll->nested */
	bool no_memory;		      /* [l] a queue could not be entered */
	unsigned queue_count;	      /* [l] of queues in use */
	struct epoll_queue queues[EPOLL_INLINE_QUEUES]; /* [l] */
	struct epoll_queue *more;			/* [l] */
};

extern struct mutex epoll_nest_lock;

/* ready_lock held, after the list was changed: whoever reads the count without
 * the lock then finds so many items. */
static inline void epoll_count_ready(struct epoll *epoll, int change)
{
	__atomic_store_n(&epoll->ready_count,
			 epoll->ready_count + (uint32_t)change,
			 __ATOMIC_RELEASE);
}

/* NULL: the file is no instance. */
struct epoll *epoll_of(const struct file *file);
void epoll_put(struct epoll *epoll);

/* Puts the item on the ready list and wakes sleepers.  Any context. */
void epoll_item_ready(struct epoll_item *item);

/* epoll->lock held.  The item for (file, fd), or NULL. */
struct epoll_item *epoll_item_find(struct epoll *epoll, const struct file *file,
				   int fd);
/* epoll->lock held, nest_lock too when the file is an instance.  0, -ENOMEM,
 * -ENOSPC. */
int epoll_item_add(struct epoll *epoll, struct file *file, int fd,
		   uint32_t events, uint64_t data);
void epoll_item_modify(struct epoll_item *item, uint32_t events, uint64_t data);
/* Removes and frees; same locks. */
void epoll_item_remove(struct epoll_item *item);
/* What is true of its file now, of what it is watched for. */
uint32_t epoll_item_poll(struct epoll_item *item);

/* The file goes: all items on it. */
void epoll_file_gone(struct file *file);

/* nest_lock held: may `epoll` watch `target`?  0 or -ELOOP. */
int epoll_check_nesting(struct epoll *epoll, struct epoll *target);
