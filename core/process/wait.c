/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Waiting for children.
 *
 * A parent sleeps on its child_wait; whoever changes the state of a child
 * wakes it after the change, under the tree lock.  The scan takes the tree
 * lock too, after the sleep was announced, so no change is missed.
 */
#include <process/wait.h>

#include "internal.h"

#include <lib/minmax.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/signal.h>
#include <uapi/wait.h>

/* --- one child: tree lock held
 * -------------------------------------------------
 */

/* Children that signal something else than SIGCHLD are "clone" children. */
static bool has_kind(const struct process *child, unsigned options)
{
	bool clone = child->exit_signal != UAPI_SIGCHLD;

	return (options & UAPI_WALL) != 0 ||
	       clone == ((options & UAPI_WCLONE) != 0);
}

static bool is_wanted(const struct process *child,
		      const struct process_wait_request *request)
{
	switch (request->which) {
	case PROCESS_WAIT_PID:
		if (child->pid != request->id) {
			return false;
		}
		break;
	case PROCESS_WAIT_GROUP:
		if (child->process_group != request->id) {
			return false;
		}
		break;
	case PROCESS_WAIT_PROCESS:
		if (child != request->process) {
			return false;
		}
		break;
	case PROCESS_WAIT_ANY:
		break;
	}
	return has_kind(child, request->options);
}

static void describe_exit(const struct process *child,
			  struct process_wait_result *result)
{
	result->status = child->exit_status;
	if ((child->exit_status & 0x7f) == 0) {
		result->code = UAPI_CLD_EXITED;
	} else {
		result->code = (child->exit_status & 0x80) != 0
				       ? UAPI_CLD_DUMPED
				       : UAPI_CLD_KILLED;
	}
}

/* True when the child has stopped or gone on, unreported as yet. */
static bool take_job_event(struct process *child, unsigned options,
			   struct process_wait_result *result)
{
	struct job_state *job = &child->job;
	bool keep = (options & UAPI_WNOWAIT) != 0;
	unsigned long irq = spin_lock_irqsave(&child->signals.lock);
	bool found = true;

	if (job->report_stop && (options & UAPI_WSTOPPED) != 0) {
		result->code = UAPI_CLD_STOPPED;
		result->status = UAPI_WAIT_STOPPED(job->signal);
		job->report_stop = keep;
	} else if (job->report_continue && (options & UAPI_WCONTINUED) != 0) {
		result->code = UAPI_CLD_CONTINUED;
		result->status = UAPI_WAIT_CONTINUED;
		job->report_continue = keep;
	} else {
		found = false;
	}
	spin_unlock_irqrestore(&child->signals.lock, irq);
	return found;
}

static void add_to_parent(struct process *parent, const struct process *child,
			  const struct process_usage *usage)
{
	uint64_t peak =
		MAX(usage->resident_peak, child->children_resident_peak);

	parent->children_user_ns += usage->user_ns + child->children_user_ns;
	parent->children_system_ns +=
		usage->system_ns + child->children_system_ns;
	parent->children_minor_faults +=
		usage->minor_faults + child->children_minor_faults;
	parent->children_major_faults +=
		usage->major_faults + child->children_major_faults;
	if (peak > parent->children_resident_peak) {
		parent->children_resident_peak = peak;
	}
}

/* --- the scan
 * ------------------------------------------------------------------
 */

enum scan {
	SCAN_NONE,    /* there is no such child: -ECHILD */
	SCAN_NOTHING, /* there is, but nothing has happened */
	SCAN_FOUND,
	SCAN_REAPED, /* found, and *reaped_out is to be finished */
};

static enum scan take_from(struct process *parent, struct process *child,
			   const struct process_wait_request *request,
			   struct process_wait_result *result)
{
	bool zombie = child->state == PROCESS_ZOMBIE;

	if (zombie && (request->options & UAPI_WEXITED) != 0) {
		describe_exit(child, result);
	} else if (zombie || !take_job_event(child, request->options, result)) {
		return SCAN_NOTHING;
	}
	result->pid = child->pid;
	result->uid = child->credentials.uid;
	process_usage(child, &result->usage);
	if (!zombie || (request->options & UAPI_WNOWAIT) != 0) {
		return SCAN_FOUND;
	}
	add_to_parent(parent, child, &result->usage);
	process_unlink_locked(child);
	return SCAN_REAPED;
}

static enum scan scan_children(const struct process_wait_request *request,
			       struct process_wait_result *result)
{
	struct process *parent = process_current();
	struct process *child;
	struct process *next;
	enum scan state = SCAN_NONE;

	tree_lock();
	list_for_each_safe (child, next, &parent->children, sibling) {
		enum scan found;

		if (!is_wanted(child, request)) {
			continue;
		}
		found = take_from(parent, child, request, result);
		if (found != SCAN_NOTHING) {
			state = found;
			break;
		}
		state = SCAN_NOTHING;
	}
	tree_unlock();
	if (state == SCAN_REAPED) {
		process_reap_finish(child);
	}
	return state;
}

static int scan_or_sleep(const struct process_wait_request *request,
			 struct process_wait_result *result)
{
	bool interrupted = false;
	int err = 0;

	while (err == 0) {
		enum scan state;

		thread_prepare_sleep(true);
		state = scan_children(request, result);
		if (state >= SCAN_FOUND) {
			break;
		}
		if (state == SCAN_NONE) {
			err = -ECHILD;
			break;
		}
		if ((request->options & UAPI_WNOHANG) != 0) {
			result->pid = 0;
			break;
		}
		/* The signal may be that of the last child: one more look. */
		if (interrupted) {
			err = -ERESTARTSYS;
			break;
		}
		interrupted = thread_sleep(WAIT_FOREVER) != 0;
	}
	thread_cancel_sleep();
	return err;
}

int process_wait_child(const struct process_wait_request *request,
		       struct process_wait_result *result_out)
{
	struct process *process = process_current();
	struct waiter waiter;
	int err;

	waiter_init(&waiter, 0);
	wait_queue_add(&process->child_wait, &waiter);
	err = scan_or_sleep(request, result_out);
	wait_queue_remove(&process->child_wait, &waiter);
	return err;
}
