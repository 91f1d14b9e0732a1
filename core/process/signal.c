/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Signals: actions, sending, masks.
 *
 * 1. A signal that the target ignores and does not block is dropped when it is
 *    sent.  Everything else is queued at the thread or at the process.
 * 2. THREAD_WORK_SIGNAL of a thread means: look.  It is set by whoever makes a
 *    signal deliverable, and cleared only by the thread itself, under
 *    signals.lock, when nothing is (signal_recalculate_locked()).  So a set bit
 *    may be stale but a deliverable signal never lacks one.
 * 3. A signal for the process is offered to one thread that does not block it,
 *    the first thread preferred; whoever looks first takes it.
 * 4. SIGKILL is never queued: it marks the process at once (process_kill()).
 *
 * Locks: signals.lock for queues, job state and the thread list; actions->lock
 * inside it.  Any context but where a function says otherwise.
 */
#include "internal.h"

#include <lib/string.h>
#include <mm/slab.h>
#include <process/signal_sets.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

/* --- actions ----------------------------------------------------------------
 */

struct signal_actions *signal_actions_create(void)
{
	struct signal_actions *actions = kzalloc(sizeof(*actions));

	if (actions != NULL) {
		refcount_init(&actions->refs);
		spinlock_init(&actions->lock, "signal.actions");
	}
	return actions;
}

struct signal_actions *signal_actions_clone(struct signal_actions *from,
					    bool clear_handlers)
{
	struct signal_actions *to = signal_actions_create();
	unsigned long state;

	if (to == NULL) {
		return NULL;
	}
	state = spin_lock_irqsave(&from->lock);
	memcpy(to->actions, from->actions, sizeof(to->actions));
	spin_unlock_irqrestore(&from->lock, state);
	for (int i = 0; clear_handlers && i < SIGNAL_COUNT; i++) {
		struct uapi_sigaction *action = &to->actions[i];

		if (action->handler != UAPI_SIG_IGN) {
			action->handler = UAPI_SIG_DFL;
		}
		action->flags = 0;
		action->restorer = 0;
		action->mask = 0;
	}
	return to;
}

void signal_actions_get(struct signal_actions *actions)
{
	refcount_get(&actions->refs);
}

void signal_actions_put(struct signal_actions *actions)
{
	if (refcount_put(&actions->refs)) {
		kfree(actions);
	}
}

static unsigned long handler_of(struct process *process, int signal)
{
	return __atomic_load_n(&process->actions->actions[signal - 1].handler,
			       __ATOMIC_RELAXED);
}

static bool is_ignored(struct process *process, int signal)
{
	unsigned long handler = handler_of(process, signal);

	return handler == UAPI_SIG_IGN ||
	       (handler == UAPI_SIG_DFL &&
		(SIGNAL_BIT(signal) & SIGNAL_DEFAULT_IGNORE) != 0);
}

int signal_set_action(int signal, const struct uapi_sigaction *action,
		      struct uapi_sigaction *old_out)
{
	struct process *process = process_current();
	struct signal_actions *actions = process->actions;
	struct thread *thread;
	unsigned long state;

	if (signal < 1 || signal > SIGNAL_COUNT ||
	    (action != NULL &&
	     (SIGNAL_BIT(signal) & SIGNAL_UNBLOCKABLE) != 0)) {
		return -EINVAL;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	spin_lock(&actions->lock);
	*old_out = actions->actions[signal - 1];
	if (action != NULL) {
		actions->actions[signal - 1] = *action;
		actions->actions[signal - 1].mask &= ~SIGNAL_UNBLOCKABLE;
	}
	spin_unlock(&actions->lock);
	if (action != NULL && is_ignored(process, signal)) {
		signal_queue_discard(process, &process->signals.pending,
				     SIGNAL_BIT(signal));
		list_for_each (thread, &process->threads, process_link) {
			signal_queue_discard(process, &thread->linux.pending,
					     SIGNAL_BIT(signal));
		}
	}
	spin_unlock_irqrestore(&process->signals.lock, state);
	return 0;
}

void signal_reset_handlers(struct process *process)
{
	struct signal_actions *actions = process->actions;
	unsigned long state = spin_lock_irqsave(&actions->lock);

	for (int i = 0; i < SIGNAL_COUNT; i++) {
		struct uapi_sigaction *action = &actions->actions[i];

		if (action->handler != UAPI_SIG_IGN) {
			action->handler = UAPI_SIG_DFL;
		}
		action->flags = 0;
		action->restorer = 0;
		action->mask = 0;
	}
	spin_unlock_irqrestore(&actions->lock, state);
}

/* --- who is told
 * -------------------------------------------------------------- */

void signal_wake(struct thread *thread)
{
	thread_add_work(thread, THREAD_WORK_SIGNAL);
	thread_wake_interruptible(thread);
}

/* Blocked, and not what sigtimedwait() waits for. */
static bool is_blocked(const struct thread *thread, int signal)
{
	return (SIGNAL_BIT(signal) & thread->linux.signal_blocked &
		~thread->linux.signal_wait) != 0;
}

static bool has_work(const struct thread *thread)
{
	return (__atomic_load_n(&thread->work, __ATOMIC_RELAXED) &
		THREAD_WORK_SIGNAL) != 0;
}

/* A thread that takes the signal soonest; NULL: all block it or will look
 * anyway. */
static struct thread *choose_thread(struct process *process, int signal)
{
	struct thread *thread;

	list_for_each (thread, &process->threads, process_link) {
		if (!is_blocked(thread, signal) && !has_work(thread)) {
			return thread;
		}
	}
	return NULL;
}

void signal_retarget_locked(struct process *process, struct thread *leaving,
			    uint64_t set)
{
	uint64_t left = process->signals.pending.pending & set;
	struct thread *thread;

	if (left == 0) {
		return;
	}
	list_for_each (thread, &process->threads, process_link) {
		uint64_t mine = left & ~thread->linux.signal_blocked;

		if (thread == leaving || mine == 0) {
			continue;
		}
		if (!has_work(thread)) {
			signal_wake(thread);
		}
		left &= ~mine;
	}
}

/* --- sending
 * -------------------------------------------------------------------- */

static void discard_everywhere(struct process *process, uint64_t set)
{
	struct thread *thread;

	signal_queue_discard(process, &process->signals.pending, set);
	list_for_each (thread, &process->threads, process_link) {
		signal_queue_discard(process, &thread->linux.pending, set);
	}
}

/* SIGCONT and the stop signals cancel each other, delivered or not. */
static void cancel_opposites(struct process *process, int signal)
{
	if (signal == UAPI_SIGCONT) {
		discard_everywhere(process, SIGNAL_DEFAULT_STOP);
		job_continue_locked(process);
	} else if ((SIGNAL_BIT(signal) & SIGNAL_DEFAULT_STOP) != 0) {
		discard_everywhere(process, SIGNAL_BIT(UAPI_SIGCONT));
	}
}

/* thread NULL: for the process.  Returns 0, -EAGAIN; 1: dropped. */
static int send_locked(struct process *process, struct thread *thread,
		       int signal, const struct uapi_siginfo *info,
		       struct signal_info_node *node)
{
	struct signal_queue *queue = thread != NULL ? &thread->linux.pending
						    : &process->signals.pending;
	struct thread *judge = thread;
	int err;

	if (process->actions == NULL || list_is_empty(&process->threads)) {
		return 1; /* a zombie: nobody to tell */
	}
	if (signal == UAPI_SIGKILL) {
		process_kill_locked(process, UAPI_SIGKILL);
		return 0;
	}
	cancel_opposites(process, signal);
	if (judge == NULL) {
		judge = list_first(&process->threads, struct thread,
				   process_link);
	}
	if (is_ignored(process, signal) &&
	    (judge->linux.signal_blocked & SIGNAL_BIT(signal)) == 0) {
		return 1;
	}
	err = signal_queue_add(process, queue, signal, info, node);
	if (err < 0) {
		return err;
	}
	wait_queue_wake_all(&process->signals.signalfd);
	if (thread == NULL) {
		thread = choose_thread(process, signal);
	} else if (is_blocked(thread, signal)) {
		thread = NULL;
	}
	if (thread != NULL) {
		signal_wake(thread);
	}
	return 0;
}

static int send(struct process *process, struct thread *thread, int signal,
		const struct uapi_siginfo *info)
{
	struct uapi_siginfo from_kernel = {
		.signo = signal,
		.code = UAPI_SI_KERNEL,
	};
	unsigned long state;
	int result;

	if (signal < 1 || signal > SIGNAL_COUNT) {
		return -EINVAL;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	result = send_locked(process, thread, signal,
			     info != NULL ? info : &from_kernel, NULL);
	spin_unlock_irqrestore(&process->signals.lock, state);
	return result < 0 ? result : 0;
}

int signal_send_thread(struct thread *thread, int signal,
		       const struct uapi_siginfo *info)
{
	if (thread->process == NULL) {
		return 0; /* kernel threads take none */
	}
	return send(thread->process, thread, signal, info);
}

int signal_send_process(struct process *process, int signal,
			const struct uapi_siginfo *info)
{
	return send(process, NULL, signal, info);
}

int signal_send_group(int process_group, int signal,
		      const struct uapi_siginfo *info)
{
	unsigned long state = spin_lock_irqsave(&process_group_lock);
	struct process_id *id = process_id_find_locked(process_group);
	struct process *process;
	int err = -ESRCH;

	if (id != NULL) {
		list_for_each (process, &id->members, group_link) {
			err = 0;
			if (signal != 0) {
				send(process, NULL, signal, info);
			}
		}
	}
	spin_unlock_irqrestore(&process_group_lock, state);
	return err;
}

enum signal_sent signal_send_node(struct process *process,
				  struct thread *thread,
				  struct signal_info_node *node,
				  const struct uapi_siginfo *info)
{
	unsigned long state = spin_lock_irqsave(&process->signals.lock);
	enum signal_sent sent = SIGNAL_OVERRUN;

	if (signal_node_is_queued(node)) {
		signal_node_add_overrun(node, info);
	} else {
		sent = send_locked(process, thread, info->signo, info, node) > 0
			       ? SIGNAL_IGNORED
			       : SIGNAL_SENT;
	}
	spin_unlock_irqrestore(&process->signals.lock, state);
	return sent;
}

void signal_force(int signal, const struct uapi_siginfo *info)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	struct signal_actions *actions = process->actions;
	struct uapi_sigaction *action = &actions->actions[signal - 1];
	struct uapi_siginfo from_kernel = {
		.signo = signal,
		.code = UAPI_SI_KERNEL,
	};
	uint64_t bit = SIGNAL_BIT(signal);
	bool blocked = (thread->linux.signal_blocked & bit) != 0;
	unsigned long state = spin_lock_irqsave(&process->signals.lock);

	spin_lock(&actions->lock);
	if (blocked || action->handler == UAPI_SIG_IGN) {
		action->handler = UAPI_SIG_DFL;
	}
	spin_unlock(&actions->lock);
	thread->linux.signal_blocked &= ~bit;
	send_locked(process, thread, signal, info != NULL ? info : &from_kernel,
		    NULL);
	spin_unlock_irqrestore(&process->signals.lock, state);
}

void signal_notify_parent_locked(struct process *child, int signal, int code,
				 int status)
{
	struct process *parent = child->parent;
	struct process_usage usage;
	struct uapi_siginfo info = {.signo = signal, .code = code};

	if (parent == NULL) {
		return;
	}
	if (signal != 0) {
		process_usage(child, &usage);
		info.child.pid = child->pid;
		info.child.uid = child->credentials.uid;
		info.child.status = status;
		info.child.utime = (long)(usage.user_ns / SIGNAL_TICK_NS);
		info.child.stime = (long)(usage.system_ns / SIGNAL_TICK_NS);
		signal_send_process(parent, signal, &info);
	}
	wait_queue_wake_all(&parent->child_wait);
}

/* --- the current thread
 * ---------------------------------------------------------- */

uint64_t signal_pending_set(const struct thread *thread)
{
	return __atomic_load_n(&thread->linux.pending.pending,
			       __ATOMIC_RELAXED) |
	       __atomic_load_n(&thread->process->signals.pending.pending,
			       __ATOMIC_RELAXED);
}

bool signal_recalculate_locked(struct thread *thread)
{
	struct process *process = thread->process;

	if ((signal_pending_set(thread) & ~thread->linux.signal_blocked) != 0 ||
	    process->job.stopping || process->state != PROCESS_ALIVE) {
		thread_add_work(thread, THREAD_WORK_SIGNAL);
		return true;
	}
	__atomic_fetch_and(&thread->work, ~THREAD_WORK_SIGNAL,
			   __ATOMIC_RELAXED);
	return false;
}

int signal_take(uint64_t set, struct uapi_siginfo *info_out)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	unsigned long state;
	int signal;

	if ((signal_pending_set(thread) & set) == 0) {
		return 0;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	signal = signal_queue_take(process, &thread->linux.pending, set,
				   info_out);
	if (signal == 0) {
		signal = signal_queue_take(process, &process->signals.pending,
					   set, info_out);
	}
	if (signal != 0 && (SIGNAL_BIT(signal) & SIGNAL_DEFAULT_STOP) != 0) {
		process->job.dequeued = true;
	}
	signal_recalculate_locked(thread);
	spin_unlock_irqrestore(&process->signals.lock, state);
	return signal;
}

void signal_set_mask(uint64_t mask)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	uint64_t old = thread->linux.signal_blocked;
	unsigned long state;

	mask &= ~SIGNAL_UNBLOCKABLE;
	if (mask == old) {
		return;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	thread->linux.signal_blocked = mask;
	signal_retarget_locked(process, thread, mask & ~old);
	signal_recalculate_locked(thread);
	spin_unlock_irqrestore(&process->signals.lock, state);
}

void signal_set_wait(uint64_t set)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	unsigned long state = spin_lock_irqsave(&process->signals.lock);

	thread->linux.signal_wait = set;
	if (set == 0) {
		signal_recalculate_locked(thread);
	}
	spin_unlock_irqrestore(&process->signals.lock, state);
}

void signal_set_temporary_mask(uint64_t mask)
{
	struct thread *thread = thread_current();

	thread->linux.signal_saved = thread->linux.signal_blocked;
	thread->linux.has_saved_mask = true;
	signal_set_mask(mask);
}

void signal_restore_mask(bool interrupted)
{
	struct thread *thread = thread_current();

	if (interrupted) { /* signal_deliver() does it */
		thread_add_work(thread, THREAD_WORK_RESTORE_MASK);
		return;
	}
	thread->linux.has_saved_mask = false;
	signal_set_mask(thread->linux.signal_saved);
}
