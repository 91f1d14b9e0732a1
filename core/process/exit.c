/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The end of threads and processes, and of all but one thread in exec.
 *
 * A thread leaves by itself: process_kill() only marks and wakes.  Each
 * thread gives back what it owns in the program's memory, then leaves the list;
 * the last one closes the files, drops the memory, hands its children on and
 * becomes a zombie:
 *
 *	ALIVE -> EXITING	process_kill(), or the last thread left
 *	EXITING -> ZOMBIE	nothing but the status is left
 *	ZOMBIE -> DEAD		reaped by the parent, or by nobody: the kernel
 *
 * A status is fixed once, by the first who ends the process.
 */
#include "internal.h"

#include <arch/cpu.h>
#include <arch/user.h>
#include <debug/log.h>
#include <mm/address_space.h>
#include <process/upcalls.h>
#include <uapi/errno.h>
#include <uapi/signal.h>
#include <uapi/wait.h>

/* --- what a program's memory knows of a thread --------------------------- */

void process_release_memory(struct thread *thread)
{
	uintptr_t tid_address = thread->linux.clear_child_tid;
	bool shared = thread->process->thread_count > 1;

	futex_exit_thread(thread);
	thread->linux.robust_list = 0;
	thread->linux.clear_child_tid = 0;
	if (tid_address == 0) {
		return;
	}
	/* Nobody can wait for it in memory that ends with this thread, but a
	 * process that shares the memory by CLONE_VM may. */
	if (shared || thread->address_space == NULL ||
	    refcount_read(&thread->address_space->refs) > 1) {
		if (user_put_u32((void *)tid_address, 0) == 0) {
			futex_wake_address(tid_address, 1);
		}
	}
}

void process_release_vfork(struct process *process)
{
	struct vfork_wait *wait;

	spin_lock(&process->lock);
	wait = process->vfork_wait;
	process->vfork_wait = NULL;
	if (wait != NULL) {
		__atomic_store_n(&wait->done, true, __ATOMIC_RELEASE);
		wait_queue_wake_all(&wait->parent->stop_wait);
	}
	spin_unlock(&process->lock);
}

/* --- the process ends ------------------------------------------------------
 */

void process_kill_locked(struct process *process, uint32_t status)
{
	struct thread *thread;

	if (process->state == PROCESS_ALIVE) {
		process->exit_status = status;
		process->state = PROCESS_EXITING;
	}
	process->job.stopping = false;
	list_for_each (thread, &process->threads, process_link) {
		thread_add_work(thread, THREAD_WORK_EXIT | THREAD_WORK_SIGNAL);
		thread_wake_interruptible(thread);
	}
	wait_queue_wake_all(&process->stop_wait);
}

void process_kill(struct process *process, uint32_t status)
{
	unsigned long state = spin_lock_irqsave(&process->signals.lock);

	process_kill_locked(process, status);
	spin_unlock_irqrestore(&process->signals.lock, state);
}

void process_release_thread_space(struct thread *thread)
{
	unsigned long state = cpu_irq_save();

	thread->address_space = NULL;
	cpu_irq_restore(state);
}

void process_drop_space(struct address_space *space)
{
	if (space != NULL) {
		address_space_put(space);
	}
}

static void release_resources(struct process *process)
{
	struct address_space *space;
	struct file_table *files;
	struct fs_context *fs;
	struct file *executable;

	if (process->timers_destroy != NULL) {
		process->timers_destroy(process);
	}
	if (!list_is_empty(&process->sem_undos)) {
		sem_exit_process(process);
	}
	spin_lock(&process->lock);
	space = process->address_space;
	files = process->files;
	fs = process->fs;
	executable = process->executable;
	if (space != NULL) {
		process->resident_peak = __atomic_load_n(&space->resident_peak,
							 __ATOMIC_RELAXED);
	}
	process->address_space = NULL;
	process->files = NULL;
	process->fs = NULL;
	process->executable = NULL;
	spin_unlock(&process->lock);
	process_drop_space(space);
	if (files != NULL) {
		resources_files_put(files);
	}
	if (fs != NULL) {
		resources_fs_put(fs);
	}
	if (executable != NULL) {
		resources_executable_put(executable);
	}
}

/* The session leader takes the terminal away from its session. */
static void release_terminal(struct process *process)
{
	struct tty *tty;
	bool leads;

	tree_lock();
	tty = process->tty;
	leads = process->session == process->pid;
	process->tty = NULL;
	tree_unlock();
	if (tty != NULL && leads) {
		tty_session_end(tty, process->pid);
	}
}

/* True when the parent does not want to wait for its children. */
static bool parent_ignores_locked(struct process *parent, bool *quiet_out)
{
	struct uapi_sigaction action = {.handler = UAPI_SIG_DFL};
	unsigned long state = spin_lock_irqsave(&parent->signals.lock);

	if (parent->actions != NULL) {
		action = parent->actions->actions[UAPI_SIGCHLD - 1];
	}
	spin_unlock_irqrestore(&parent->signals.lock, state);
	*quiet_out = action.handler == UAPI_SIG_IGN;
	return *quiet_out || (action.flags & UAPI_SA_NOCLDWAIT) != 0;
}

/* CLD_EXITED ... and the status that SIGCHLD and waitid() carry. */
static int exit_code_kind(uint32_t status, int *value_out)
{
	if ((status & 0x7f) == 0) {
		*value_out = (int)(status >> 8) & 0xff;
		return UAPI_CLD_EXITED;
	}
	*value_out = (int)(status & 0x7f);
	return (status & 0x80) != 0 ? UAPI_CLD_DUMPED : UAPI_CLD_KILLED;
}

/* ZOMBIE, and the parent is told; DEAD at once when nobody will ask. */
static void become_zombie(struct process *process)
{
	struct process *parent;
	bool quiet = false;
	bool reap;
	int value;
	int kind = exit_code_kind(process->exit_status, &value);

	tree_lock();
	parent = process->parent;
	reap = parent == NULL && !process->kernel_waits;
	__atomic_store_n(&process->state, PROCESS_ZOMBIE, __ATOMIC_RELEASE);
	if (parent != NULL) {
		if (process->exit_signal == UAPI_SIGCHLD) {
			reap = parent_ignores_locked(parent, &quiet);
		}
		signal_notify_parent_locked(
			process, quiet ? 0 : process->exit_signal, kind, value);
	}
	if (reap) {
		process_unlink_locked(process);
	}
	wait_queue_wake_all(&process->exit_wait);
	tree_unlock();
	if (reap) {
		process_reap_finish(process);
	}
}

static void finish_process(struct process *process)
{
	struct signal_actions *actions;
	unsigned long state;

	release_resources(process);
	release_terminal(process);
	session_group_left(process);
	process_reparent_children(process);
	signal_queue_flush(process, &process->signals.pending);
	state = spin_lock_irqsave(&process->signals.lock);
	actions = process->actions;
	process->actions = NULL;
	spin_unlock_irqrestore(&process->signals.lock, state);
	signal_actions_put(actions);
	process_get(process);
	become_zombie(process);
	process_put(process);
}

/* --- threads leave ------------------------------------------------------- */

static _Noreturn void leave(int status)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;

	trace_exit((uint32_t)status);
	thread->linux.exit_code = status;
	thread->linux.exiting = true;
	process_release_memory(thread);
	process_release_thread_space(thread);
	if (process_remove_thread(process, thread)) {
		process_release_vfork(process);
		finish_process(process);
	}
	thread_put(thread); /* the process's reference */
	thread_exit();
}

_Noreturn void process_exit_thread(int code)
{
	leave((int)UAPI_WAIT_EXITED(code));
}

_Noreturn void process_exit_group(uint32_t status)
{
	struct process *process = process_current();

	process_kill(process, status);
	leave((int)process->exit_status);
}

/* --- the kernel waits --------------------------------------------------------
 */

uint32_t process_wait(struct process *process)
{
	struct waiter waiter;

	waiter_init(&waiter, 0);
	wait_queue_add(&process->exit_wait, &waiter);
	while (true) {
		thread_prepare_sleep(false);
		if (__atomic_load_n(&process->state, __ATOMIC_ACQUIRE) >=
		    PROCESS_ZOMBIE) {
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	thread_cancel_sleep();
	wait_queue_remove(&process->exit_wait, &waiter);
	tree_lock();
	process_unlink_locked(process);
	tree_unlock();
	process_reap_finish(process);
	return process->exit_status;
}

bool process_sleep_killable(bool (*done)(void *arg), void *arg)
{
	struct process *process = process_current();
	struct waiter waiter;
	bool finished;

	waiter_init(&waiter, 0);
	wait_queue_add(&process->stop_wait, &waiter);
	while (true) {
		thread_prepare_sleep(false);
		finished = done(arg);
		if (finished || (__atomic_load_n(&thread_current()->work,
						 __ATOMIC_ACQUIRE) &
				 THREAD_WORK_EXIT) != 0) {
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	thread_cancel_sleep();
	wait_queue_remove(&process->stop_wait, &waiter);
	return finished;
}
