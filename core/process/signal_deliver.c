/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Delivery: what happens to a pending signal on the way back to the
 * application.
 *
 * One handler is started per call; trap_resume_work() calls again while a
 * deliverable signal is left, so that handlers stack up as on Linux.  A system
 * call that was interrupted has left -ERESTART* in the frame: here it becomes
 * -EINTR or a second run.  Runs in the thread, interrupts enabled, may sleep.
 */
#include "internal.h"

#include <arch/frame.h>
#include <arch/signal.h>
#include <process/signal_sets.h>
#include <process/upcalls.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

enum verdict {
	VERDICT_NONE,	 /* nothing pending */
	VERDICT_HANDLE,	 /* a handler is to run */
	VERDICT_STOP,	 /* the process is to stop */
	VERDICT_DIE,	 /* the process is to end */
	VERDICT_IGNORED, /* dropped: look again */
};

/* Takes one signal and says what its action is. */
static enum verdict take_one(struct thread *thread,
			     struct signal_delivery *delivery)
{
	struct process *process = thread->process;
	struct signal_actions *actions = process->actions;
	uint64_t wanted = ~thread->linux.signal_blocked;
	struct uapi_sigaction *action;
	unsigned long state;
	enum verdict verdict;
	uint64_t bit;
	int signal;

	signal = signal_take(wanted, &delivery->info);
	if (signal == 0) {
		return VERDICT_NONE;
	}
	bit = SIGNAL_BIT(signal);
	action = &actions->actions[signal - 1];
	state = spin_lock_irqsave(&actions->lock);
	delivery->action = *action;
	verdict = VERDICT_DIE;
	if (action->handler == UAPI_SIG_IGN) {
		verdict = VERDICT_IGNORED;
	} else if (action->handler != UAPI_SIG_DFL) {
		verdict = VERDICT_HANDLE;
		if ((action->flags & UAPI_SA_RESETHAND) != 0) {
			action->handler = UAPI_SIG_DFL;
		}
	} else if ((bit & SIGNAL_DEFAULT_IGNORE) != 0) {
		verdict = VERDICT_IGNORED;
	} else if ((bit & SIGNAL_DEFAULT_STOP) != 0) {
		verdict = VERDICT_STOP;
	}
	spin_unlock_irqrestore(&actions->lock, state);
	return verdict;
}

static _Noreturn void die(struct trapframe *frame,
			  const struct uapi_siginfo *info)
{
	struct process *process = process_current();

	/* No core files are written, so the core flag is never set. */
	process_kill(process, (uint32_t)info->signo);
	if (process->exit_status == (uint32_t)info->signo &&
	    (SIGNAL_BIT(info->signo) & SIGNAL_FAULTS) != 0 && info->code > 0) {
		report_fatal_signal(frame, info->signo, info);
	}
	process_exit_group((uint32_t)info->signo);
}

/* The result of a call that a handler interrupts. */
static void interrupt_syscall(struct trapframe *frame, unsigned long flags)
{
	struct thread *thread = thread_current();

	if (!frame_in_syscall(frame)) {
		return;
	}
	switch (frame_result(frame)) {
	case -ERESTARTSYS:
		if ((flags & UAPI_SA_RESTART) != 0) {
			frame_restart_syscall(frame);
			break;
		}
		frame_set_result(frame, -EINTR);
		break;
	case -ERESTARTNOINTR:
		frame_restart_syscall(frame);
		break;
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		thread->linux.in_restart_block = false;
		frame_set_result(frame, -EINTR);
		break;
	default:
		break;
	}
	frame_end_syscall(frame);
}

/* No handler ran: the call goes on as if nothing had been. */
static void resume_syscall(struct trapframe *frame)
{
	if (!frame_in_syscall(frame)) {
		return;
	}
	switch (frame_result(frame)) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
		frame_restart_syscall(frame);
		break;
	case -ERESTART_RESTARTBLOCK:
		frame_restart_syscall_block(frame);
		break;
	default:
		break;
	}
	frame_end_syscall(frame);
}

/* A handler's stack cannot be written: SIGSEGV, which kills if it is the one
 * that failed. */
static void force_stack_fault(int failed)
{
	struct process *process = process_current();
	struct signal_actions *actions = process->actions;
	unsigned long state;

	if (failed == UAPI_SIGSEGV) {
		state = spin_lock_irqsave(&actions->lock);
		actions->actions[UAPI_SIGSEGV - 1].handler = UAPI_SIG_DFL;
		spin_unlock_irqrestore(&actions->lock, state);
	}
	signal_force(UAPI_SIGSEGV, NULL);
}

/* Returns false when the frame could not be pushed. */
static bool start_handler(struct trapframe *frame,
			  struct signal_delivery *delivery)
{
	struct thread_state_linux *own = &thread_current()->linux;
	uint64_t blocked = own->signal_blocked | delivery->action.mask;
	int signal = delivery->info.signo;

	interrupt_syscall(frame, delivery->action.flags);
	delivery->saved_mask =
		own->has_saved_mask ? own->signal_saved : own->signal_blocked;
	rseq_resume(frame);
	if (arch_signal_push(frame, delivery) < 0) {
		force_stack_fault(signal);
		return false;
	}
	own->has_saved_mask = false;
	if ((own->altstack_flags & UAPI_SS_AUTODISARM) != 0) {
		own->altstack_base = 0;
		own->altstack_size = 0;
		own->altstack_flags = UAPI_SS_DISABLE;
	}
	if ((delivery->action.flags & UAPI_SA_NODEFER) == 0) {
		blocked |= SIGNAL_BIT(signal);
	}
	signal_set_mask(blocked);
	return true;
}

static void recalculate(struct thread *thread)
{
	unsigned long state = spin_lock_irqsave(&thread->process->signals.lock);

	signal_recalculate_locked(thread);
	spin_unlock_irqrestore(&thread->process->signals.lock, state);
}

void signal_deliver(struct trapframe *frame)
{
	struct thread *thread = thread_current();
	struct signal_delivery delivery;

	while (true) {
		enum verdict verdict;

		if (job_stop_current()) {
			continue;
		}
		if (thread->process->state != PROCESS_ALIVE) {
			return; /* THREAD_WORK_EXIT does the rest */
		}
		verdict = take_one(thread, &delivery);
		if (verdict == VERDICT_NONE) {
			break;
		}
		trace_signal(&delivery.info);
		if (verdict == VERDICT_DIE) {
			die(frame, &delivery.info);
		}
		if (verdict == VERDICT_STOP &&
		    (delivery.info.signo == UAPI_SIGSTOP ||
		     !session_is_orphaned(thread->process))) {
			job_stop_process(delivery.info.signo);
		}
		if (verdict == VERDICT_HANDLE &&
		    start_handler(frame, &delivery)) {
			recalculate(thread);
			return;
		}
	}
	resume_syscall(frame);
	if (thread->linux.has_saved_mask) {
		thread->linux.has_saved_mask = false;
		signal_set_mask(thread->linux.signal_saved);
	}
	recalculate(thread);
}
