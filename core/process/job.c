/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Job control: stopping and continuing all threads of a process.
 *
 * A thread that takes a stop signal puts the stop in force (job.stopping) and
 * wakes the others; each thread stops before it returns to the application.
 * The last one to stop tells the parent.  SIGCONT ends the stop when it is
 * sent; the first thread that goes on tells the parent.  A stop signal that was
 * taken but not yet acted on (job.dequeued) is forgotten when SIGCONT comes
 * in between.
 */
#include "internal.h"

#include <process/signal_sets.h>
#include <uapi/signal.h>

/* To the parent, unless it does not want to hear of stops. */
static void notify_parent(struct process *process, int code)
{
	struct process *parent;
	struct signal_actions *actions;
	unsigned long state;
	bool quiet = true;

	tree_lock();
	parent = process->parent;
	if (parent != NULL) {
		state = spin_lock_irqsave(&parent->signals.lock);
		actions = parent->actions;
		if (actions != NULL) {
			const struct uapi_sigaction *action =
				&actions->actions[UAPI_SIGCHLD - 1];

			quiet = action->handler == UAPI_SIG_IGN ||
				(action->flags & UAPI_SA_NOCLDSTOP) != 0;
		}
		spin_unlock_irqrestore(&parent->signals.lock, state);
		signal_notify_parent_locked(
			process, quiet ? 0 : UAPI_SIGCHLD, code,
			code == UAPI_CLD_CONTINUED ? UAPI_SIGCONT
						   : process->job.signal);
	}
	tree_unlock();
}

/* signals.lock held: all threads have stopped now. */
static bool complete_locked(struct process *process)
{
	struct job_state *job = &process->job;

	if (!job->stopping || job->complete ||
	    job->stopped_count < process->thread_count) {
		return false;
	}
	job->complete = true;
	job->report_stop = true;
	job->report_continue = false;
	job->notify_continue = false;
	return true;
}

static bool stop_has_ended(void *arg)
{
	struct process *process = arg;

	return !__atomic_load_n(&process->job.stopping, __ATOMIC_ACQUIRE);
}

bool job_stop_current(void)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	struct job_state *job = &process->job;
	unsigned long state;
	bool last;
	bool notify;

	if (stop_has_ended(process)) {
		return false;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	if (!job->stopping || process->state != PROCESS_ALIVE) {
		spin_unlock_irqrestore(&process->signals.lock, state);
		return false;
	}
	thread->linux.stopped = true;
	job->stopped_count++;
	last = complete_locked(process);
	spin_unlock_irqrestore(&process->signals.lock, state);
	if (last) {
		notify_parent(process, UAPI_CLD_STOPPED);
	}
	process_sleep_killable(stop_has_ended, process);
	state = spin_lock_irqsave(&process->signals.lock);
	thread->linux.stopped = false;
	job->stopped_count--;
	notify = job->notify_continue;
	job->notify_continue = false;
	spin_unlock_irqrestore(&process->signals.lock, state);
	if (notify) {
		notify_parent(process, UAPI_CLD_CONTINUED);
	}
	return true;
}

void job_stop_process(int signal)
{
	struct process *process = process_current();
	struct job_state *job = &process->job;
	unsigned long state = spin_lock_irqsave(&process->signals.lock);
	struct thread *thread;

	if (job->dequeued && !job->stopping &&
	    process->state == PROCESS_ALIVE) {
		job->complete = false;
		job->signal = signal;
		__atomic_store_n(&job->stopping, true, __ATOMIC_RELEASE);
		list_for_each (thread, &process->threads, process_link) {
			signal_wake(thread);
		}
	}
	job->dequeued = false;
	spin_unlock_irqrestore(&process->signals.lock, state);
}

void job_continue_locked(struct process *process)
{
	struct job_state *job = &process->job;

	job->dequeued = false;
	if (!job->stopping) {
		return;
	}
	if (job->complete) {
		job->report_stop = false;
		job->report_continue = true;
		job->notify_continue = true;
	}
	__atomic_store_n(&job->stopping, false, __ATOMIC_RELEASE);
	wait_queue_wake_all(&process->stop_wait);
}

void job_thread_left(struct process *process)
{
	unsigned long state;
	bool last;

	if (stop_has_ended(process)) {
		return;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	last = process->thread_count > 0 && complete_locked(process);
	spin_unlock_irqrestore(&process->signals.lock, state);
	if (last) {
		notify_parent(process, UAPI_CLD_STOPPED);
	}
}
