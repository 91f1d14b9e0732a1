/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What an epoll instance watches: items, their wait queues, nesting.  The
 * theory is in epoll.h.
 */
#include "epoll.h"

#include <mm/slab.h>
#include <uapi/errno.h>

struct mutex epoll_nest_lock = MUTEX_INIT(epoll_nest_lock, "epoll.nest");
static uint32_t item_count; /* [a] of all instances */

/* --- readiness ---------------------------------------------------------------
 */

void epoll_item_ready(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	unsigned long state = spin_lock_irqsave(&epoll->ready_lock);

	if (!list_is_linked(&item->ready_link)) {
		list_add_tail(&epoll->ready, &item->ready_link);
		epoll_count_ready(epoll, 1);
	}
	spin_unlock_irqrestore(&epoll->ready_lock, state);
	wait_queue_wake(&epoll->wait, 1, POLL_IN | POLL_RDNORM);
	wait_queue_wake(&epoll->poll_wait, UINT32_MAX, POLL_IN | POLL_RDNORM);
}

/*
 * A file's queue is woken; its lock is held.  An exclusive item takes the
 * wake-up only when somebody waits for it: otherwise the next one shall.
 */
static bool item_woken(struct waiter *waiter, uint32_t events)
{
	struct epoll_queue *q =
		container_of(waiter, struct epoll_queue, waiter);
	struct epoll_item *item = q->item;
	uint32_t wanted = __atomic_load_n(&item->events, __ATOMIC_RELAXED);
	bool somebody = !wait_queue_is_empty(&item->epoll->wait) ||
			!wait_queue_is_empty(&item->epoll->poll_wait);

	if ((wanted & ~EPOLL_PRIVATE) == 0) {
		return false; /* one-shot, and it was */
	}
	if (events != 0 && (events & wanted) == 0) {
		return false;
	}
	epoll_item_ready(item);
	return (wanted & EPOLL_EXCLUSIVE) == 0 || somebody;
}

uint32_t epoll_item_poll(struct epoll_item *item)
{
	return file_poll(item->file, NULL) & item->events & ~EPOLL_PRIVATE;
}

/* --- queues
 * --------------------------------------------------------------------- */

struct entering {
	struct poll_table table;
	struct epoll_item *item;
};

static struct epoll_queue *new_queue(struct epoll_item *item)
{
	struct epoll_queue *q;

	if (item->queue_count < EPOLL_INLINE_QUEUES) {
		return &item->queues[item->queue_count++];
	}
	q = kzalloc(sizeof(*q));
	if (q != NULL) {
		q->next = item->more;
		item->more = q;
	}
	return q;
}

static void enter_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct entering *entering = container_of(table, struct entering, table);
	struct epoll_item *item = entering->item;
	struct epoll_queue *q = new_queue(item);

	if (q == NULL) {
		item->no_memory = true;
		return;
	}
	waiter_init_func(&q->waiter, item_woken,
			 (item->events & EPOLL_EXCLUSIVE) != 0 ? WAIT_EXCLUSIVE
							       : 0);
	q->queue = queue;
	q->item = item;
	wait_queue_add(queue, &q->waiter);
}

/* After this no wake-up reaches the item any more. */
static void leave_queues(struct epoll_item *item)
{
	for (unsigned i = 0; i < item->queue_count; i++) {
		struct epoll_queue *q = &item->queues[i];

		wait_queue_remove(q->queue, &q->waiter);
	}
	while (item->more != NULL) {
		struct epoll_queue *q = item->more;

		item->more = q->next;
		wait_queue_remove(q->queue, &q->waiter);
		kfree(q);
	}
	item->queue_count = 0;
}

/* --- the tree
 * ----------------------------------------------------------------- */

static int compare(const struct epoll_item *item, const struct file *file,
		   int fd)
{
	if (item->file != file) {
		return (uintptr_t)file < (uintptr_t)item->file ? -1 : 1;
	}
	return fd < item->fd ? -1 : fd > item->fd;
}

static struct epoll_item *of_node(struct rbtree_node *node)
{
	return rbtree_entry(node, struct epoll_item, node);
}

struct epoll_item *epoll_item_find(struct epoll *epoll, const struct file *file,
				   int fd)
{
	struct rbtree_node *node = epoll->items.root;

	while (node != NULL) {
		int order = compare(of_node(node), file, fd);

		if (order == 0) {
			return of_node(node);
		}
		node = order < 0 ? node->left : node->right;
	}
	return NULL;
}

static void insert(struct epoll *epoll, struct epoll_item *item)
{
	struct rbtree_node **link = &epoll->items.root;
	struct rbtree_node *parent = NULL;

	while (*link != NULL) {
		parent = *link;
		link = compare(of_node(parent), item->file, item->fd) < 0
			       ? &parent->left
			       : &parent->right;
	}
	rbtree_insert_at(&epoll->items, &item->node, parent, link, NULL);
}

int epoll_item_add(struct epoll *epoll, struct file *file, int fd,
		   uint32_t events, uint64_t data)
{
	struct epoll_item *item;
	struct entering entering;

	if (__atomic_fetch_add(&item_count, 1, __ATOMIC_RELAXED) >=
	    EPOLL_ITEM_MAX) {
		__atomic_fetch_sub(&item_count, 1, __ATOMIC_RELAXED);
		return -ENOSPC;
	}
	item = kzalloc(sizeof(*item));
	if (item == NULL) {
		__atomic_fetch_sub(&item_count, 1, __ATOMIC_RELAXED);
		return -ENOMEM;
	}
	item->epoll = epoll;
	item->file = file;
	item->fd = fd;
	item->events = events;
	item->data = data;
	insert(epoll, item);
	spin_lock(&file->epoll_lock);
	list_add_tail(&file->epoll_items, &item->file_link);
	spin_unlock(&file->epoll_lock);
	if (epoll_of(file) != NULL) {
		list_add_tail(&epoll->nested, &item->nested_link);
	}
	entering.table.queue = enter_queue;
	entering.item = item;
	events = file_poll(file, &entering.table) & events & ~EPOLL_PRIVATE;
	if (item->no_memory) {
		epoll_item_remove(item);
		return -ENOMEM;
	}
	if (events != 0) {
		epoll_item_ready(item);
	}
	return 0;
}

/* A wake-up that comes meanwhile sees the old or the new events; what is true
 * afterwards is asked for. */
void epoll_item_modify(struct epoll_item *item, uint32_t events, uint64_t data)
{
	item->data = data;
	__atomic_store_n(&item->events, events, __ATOMIC_SEQ_CST);
	if (epoll_item_poll(item) != 0) {
		epoll_item_ready(item);
	}
}

void epoll_item_remove(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	unsigned long state;

	leave_queues(item);
	state = spin_lock_irqsave(&epoll->ready_lock);
	if (list_is_linked(&item->ready_link)) {
		list_remove(&item->ready_link);
		epoll_count_ready(epoll, -1);
	}
	spin_unlock_irqrestore(&epoll->ready_lock, state);
	spin_lock(&item->file->epoll_lock);
	list_remove(&item->file_link);
	spin_unlock(&item->file->epoll_lock);
	if (list_is_linked(&item->nested_link)) {
		list_remove(&item->nested_link);
	}
	rbtree_erase(&epoll->items, &item->node, NULL);
	__atomic_fetch_sub(&item_count, 1, __ATOMIC_RELAXED);
	kfree(item);
}

/* --- a file goes
 * ----------------------------------------------------------------
 */

/* The instance of the first item on the file, referenced, or NULL. */
static struct epoll *first_watcher(struct file *file)
{
	struct epoll_item *item;
	struct epoll *epoll = NULL;

	spin_lock(&file->epoll_lock);
	item = list_first(&file->epoll_items, struct epoll_item, file_link);
	if (item != NULL) {
		epoll = item->epoll;
		refcount_get(&epoll->refs);
	}
	spin_unlock(&file->epoll_lock);
	return epoll;
}

/* epoll->lock held, so its items stay: one of them on the file, or NULL. */
static struct epoll_item *item_of(struct file *file, struct epoll *epoll)
{
	struct epoll_item *item;
	struct epoll_item *found = NULL;

	spin_lock(&file->epoll_lock);
	list_for_each (item, &file->epoll_items, file_link) {
		if (item->epoll == epoll) {
			found = item;
			break;
		}
	}
	spin_unlock(&file->epoll_lock);
	return found;
}

void epoll_file_gone(struct file *file)
{
	bool nested = epoll_of(file) != NULL;
	struct epoll *epoll;

	if (nested) {
		mutex_lock(&epoll_nest_lock);
	}
	while ((epoll = first_watcher(file)) != NULL) {
		struct epoll_item *item;

		mutex_lock(&epoll->lock);
		while ((item = item_of(file, epoll)) != NULL) {
			epoll_item_remove(item);
		}
		mutex_unlock(&epoll->lock);
		epoll_put(epoll);
	}
	if (nested) {
		mutex_unlock(&epoll_nest_lock);
	}
}

/* --- nesting
 * -------------------------------------------------------------------- */

struct visit {
	const struct epoll *forbidden;
	unsigned steps;
	bool failed;
};

/* Instances on the longest way down from here. */
static unsigned depth_below(struct epoll *epoll, struct visit *visit,
			    unsigned level)
{
	struct epoll_item *item;
	unsigned deepest = 0;

	if (epoll == visit->forbidden || level > EPOLL_NEST_MAX ||
	    ++visit->steps > EPOLL_VISIT_MAX) {
		visit->failed = true;
		return 0;
	}
	list_for_each (item, &epoll->nested, nested_link) {
		unsigned depth =
			depth_below(epoll_of(item->file), visit, level + 1);

		if (visit->failed) {
			return 0;
		}
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

/* The same upwards: items on an instance's file are edges, so nest_lock keeps
 * the list as it is. */
static unsigned depth_above(struct epoll *epoll, struct visit *visit,
			    unsigned level)
{
	struct epoll_item *item;
	unsigned deepest = 0;

	if (level > EPOLL_NEST_MAX || ++visit->steps > EPOLL_VISIT_MAX) {
		visit->failed = true;
		return 0;
	}
	list_for_each (item, &epoll->file->epoll_items, file_link) {
		unsigned depth = depth_above(item->epoll, visit, level + 1);

		if (visit->failed) {
			return 0;
		}
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

int epoll_check_nesting(struct epoll *epoll, struct epoll *target)
{
	struct visit visit = {.forbidden = epoll};
	unsigned depth = depth_below(target, &visit, 1);

	if (!visit.failed) {
		depth += depth_above(epoll, &visit, 1);
	}
	return visit.failed || depth > EPOLL_NEST_MAX ? -ELOOP : 0;
}
