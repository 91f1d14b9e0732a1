/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Wait queues.
 *
 * A waiter is an entry with a function; the usual one wakes a thread and says
 * whether that thread was asleep.  Non-exclusive waiters stand in front, so a
 * wake-up tells all of them and then as many exclusive ones as asked for.
 * An exclusive waiter that was awake already does not count: it has
 * been woken by somebody else, and this wake-up goes to the next.
 *
 * Queues are as long as the threads (and epoll entries) that wait.
 */
#include <sync/wait.h>

#include <stddef.h>

#include <arch/cpu.h>
#include <lib/compiler.h>
#include <sched/thread.h>
#include <sync/lockdep.h>

void wait_queue_init(struct wait_queue *queue)
{
	spinlock_init(&queue->lock, "wait");
	list_init(&queue->waiters);
}

static bool wake_thread(struct waiter *waiter, uint32_t events)
{
	(void)events;
	return thread_wake(waiter->thread);
}

void waiter_init(struct waiter *waiter, unsigned flags)
{
	waiter_init_func(waiter, wake_thread, flags);
}

void waiter_init_func(struct waiter *waiter, waiter_func *func, unsigned flags)
{
	list_node_init(&waiter->link);
	waiter->thread = thread_current();
	waiter->func = func;
	waiter->exclusive = (flags & WAIT_EXCLUSIVE) != 0;
}

void wait_queue_add(struct wait_queue *queue, struct waiter *waiter)
{
	unsigned long irq = spin_lock_irqsave(&queue->lock);

	if (waiter->exclusive) {
		list_add_tail(&queue->waiters, &waiter->link);
	} else {
		list_add_head(&queue->waiters, &waiter->link);
	}
	spin_unlock_irqrestore(&queue->lock, irq);
}

void wait_queue_remove(struct wait_queue *queue, struct waiter *waiter)
{
	unsigned long irq = spin_lock_irqsave(&queue->lock);

	if (list_is_linked(&waiter->link)) {
		list_remove(&waiter->link);
	}
	spin_unlock_irqrestore(&queue->lock, irq);
}

bool wait_queue_is_empty(const struct wait_queue *queue)
{
	return __atomic_load_n(&queue->waiters.head.next, __ATOMIC_RELAXED) ==
	       &queue->waiters.head;
}

void wait_queue_wake(struct wait_queue *queue, unsigned count, uint32_t events)
{
	struct waiter *waiter;
	struct waiter *next;
	unsigned long irq;

	/* Pairs with the fence in thread_prepare_sleep(): a waiter that this
	 * test misses sees the condition that the caller made true. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (wait_queue_is_empty(queue)) {
		return;
	}
	irq = spin_lock_irqsave(&queue->lock);
	list_for_each_safe (waiter, next, &queue->waiters, link) {
		bool exclusive = waiter->exclusive;

		if (exclusive && count == 0) {
			break;
		}
		if (waiter->func(waiter, events) && exclusive) {
			count--;
		}
	}
	spin_unlock_irqrestore(&queue->lock, irq);
}

void wait_queue_wake_one(struct wait_queue *queue)
{
	wait_queue_wake(queue, 1, 0);
}

void wait_queue_wake_all(struct wait_queue *queue)
{
	wait_queue_wake(queue, UINT32_MAX, 0);
}

int wait_queue_sleep(struct wait_queue *queue, struct spinlock *lock,
		     unsigned flags, uint64_t deadline_ns)
{
	struct waiter waiter;
	unsigned long irq;
	int err;

	waiter_init(&waiter, flags);
	irq = cpu_irq_save(); /* once, not three times */
	wait_queue_add(queue, &waiter);
	/* The condition changes under the lock, so a waker comes either before
	 * the caller's test or after this store, and then wakes. */
	thread_prepare_sleep((flags & WAIT_INTERRUPTIBLE) != 0);
	if (lock != NULL) {
		spin_unlock(lock);
	}
	err = thread_sleep(deadline_ns);
	wait_queue_remove(queue, &waiter);
	cpu_irq_restore(irq);
	if (lock != NULL) {
		spin_lock(lock);
	}
	return err;
}

int wait_queue_sleep_mutex(struct wait_queue *queue, struct mutex *mutex,
			   unsigned flags, uint64_t deadline_ns)
{
	struct waiter waiter;
	unsigned long irq;
	int err;

	waiter_init(&waiter, flags);
	irq = cpu_irq_save();
	wait_queue_add(queue, &waiter);
	/* mutex_unlock() does not sleep, so the state stays. */
	thread_prepare_sleep((flags & WAIT_INTERRUPTIBLE) != 0);
	mutex_unlock(mutex);
	err = thread_sleep(deadline_ns);
	wait_queue_remove(queue, &waiter);
	cpu_irq_restore(irq);
	mutex_lock(mutex);
	return err;
}
