/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Queues of pending signals.
 *
 * A bit per signal says that it is pending; the list holds the data of those
 * that came with some.  A standard signal has at most one node; a real-time
 * one as many as RLIMIT_SIGPENDING of the target allows, which bounds the list.
 * A pending signal without node is one whose node could not be had: it is
 * delivered with an empty siginfo of code SI_USER, as on Linux.
 *
 * Preallocated nodes (POSIX timers) are owned by the timer; one that is
 * destroyed while queued is freed when it is taken.
 *
 * Locks: signals.lock of the process is held for everything but create.
 */
#include "internal.h"

#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

struct signal_info_node {
	struct list_node link;
	struct uapi_siginfo info;
	struct process *process; /* [s] queued there */
	bool preallocated;	 /* [I] */
	bool queued;		 /* [s] */
	bool orphan;		 /* [s] destroyed while queued */
};

/* Taken first: they belong to the instruction that was interrupted. */
#define SYNCHRONOUS                                                            \
	(SIGNAL_BIT(UAPI_SIGSEGV) | SIGNAL_BIT(UAPI_SIGBUS) |                  \
	 SIGNAL_BIT(UAPI_SIGILL) | SIGNAL_BIT(UAPI_SIGTRAP) |                  \
	 SIGNAL_BIT(UAPI_SIGFPE) | SIGNAL_BIT(UAPI_SIGSYS))

void signal_queue_init(struct signal_queue *queue)
{
	queue->pending = 0;
	list_init(&queue->infos);
}

struct signal_info_node *signal_node_create(void)
{
	struct signal_info_node *node = kzalloc(sizeof(*node));

	if (node != NULL) {
		node->preallocated = true;
	}
	return node;
}

bool signal_node_is_queued(const struct signal_info_node *node)
{
	return node->queued;
}

void signal_node_add_overrun(struct signal_info_node *node,
			     const struct uapi_siginfo *info)
{
	int sum;

	if (__builtin_add_overflow(node->info.timer.overrun,
				   info->timer.overrun, &sum) ||
	    sum == INT32_MAX) {
		sum = INT32_MAX - 1; /* DELAYTIMER_MAX */
	}
	node->info.timer.overrun = sum + 1;
}

bool signal_node_is_pending(const struct signal_info_node *node)
{
	return __atomic_load_n(&node->queued, __ATOMIC_RELAXED);
}

void signal_node_destroy(struct signal_info_node *node)
{
	struct process *process = node->process;
	unsigned long state;
	bool queued;

	if (process == NULL) { /* was never sent */
		kfree(node);
		return;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	queued = node->queued;
	node->orphan = true;
	spin_unlock_irqrestore(&process->signals.lock, state);
	if (!queued) {
		kfree(node);
	}
}

static struct signal_info_node *allocate(struct process *process)
{
	uint64_t limit = process->rlimits.limits[RLIMIT_SIGPENDING].soft;
	struct signal_info_node *node;

	if (process->signals.queued_count >= limit) {
		return NULL;
	}
	node = kmalloc_flags(sizeof(*node), SLAB_NOWAIT | SLAB_ZERO);
	if (node != NULL) {
		process->signals.queued_count++;
	}
	return node;
}

static void unlink_node(struct process *process, struct signal_info_node *node)
{
	list_remove(&node->link);
	node->queued = false;
	if (!node->preallocated) {
		process->signals.queued_count--;
	}
	if (!node->preallocated || node->orphan) {
		kfree(node);
	}
}

int signal_queue_add(struct process *process, struct signal_queue *queue,
		     int signal, const struct uapi_siginfo *info,
		     struct signal_info_node *node)
{
	if (signal < UAPI_SIGRTMIN &&
	    (queue->pending & SIGNAL_BIT(signal)) != 0) {
		return 0; /* pending already: one is enough */
	}
	if (node == NULL) {
		node = allocate(process);
	}
	if (node == NULL) {
		if (signal >= UAPI_SIGRTMIN && info->code != UAPI_SI_USER) {
			return -EAGAIN;
		}
	} else {
		node->info = *info;
		node->process = process;
		node->queued = true;
		list_add_tail(&queue->infos, &node->link);
	}
	queue->pending |= SIGNAL_BIT(signal);
	return 0;
}

static int most_urgent(uint64_t set)
{
	uint64_t first = (set & SYNCHRONOUS) != 0 ? set & SYNCHRONOUS : set;

	return __builtin_ctzll(first) + 1;
}

int signal_queue_take(struct process *process, struct signal_queue *queue,
		      uint64_t set, struct uapi_siginfo *info_out)
{
	struct signal_info_node *node;
	struct signal_info_node *found = NULL;
	bool more = false;
	int signal;

	if ((queue->pending & set) == 0) {
		return 0;
	}
	signal = most_urgent(queue->pending & set);
	list_for_each (node, &queue->infos, link) {
		if (node->info.signo != signal) {
			continue;
		}
		if (found != NULL) {
			more = true;
			break;
		}
		found = node;
	}
	if (!more) {
		queue->pending &= ~SIGNAL_BIT(signal);
	}
	if (found != NULL) {
		*info_out = found->info;
		unlink_node(process, found);
	} else {
		memset(info_out, 0, sizeof(*info_out));
		info_out->signo = signal;
	}
	return signal;
}

void signal_queue_discard(struct process *process, struct signal_queue *queue,
			  uint64_t set)
{
	struct signal_info_node *node;
	struct signal_info_node *next;

	if ((queue->pending & set) == 0) {
		return;
	}
	queue->pending &= ~set;
	list_for_each_safe (node, next, &queue->infos, link) {
		if ((SIGNAL_BIT(node->info.signo) & set) != 0) {
			unlink_node(process, node);
		}
	}
}

void signal_queue_flush(struct process *process, struct signal_queue *queue)
{
	unsigned long state = spin_lock_irqsave(&process->signals.lock);

	signal_queue_discard(process, queue, ~0ull);
	spin_unlock_irqrestore(&process->signals.lock, state);
}
