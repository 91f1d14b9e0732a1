/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The process's part of execve: one thread, a new memory, a clean state.
 *
 * process_exec_alone() makes the caller the only thread; after it a failure
 * can only end the process.  If the caller was not the first thread, it takes
 * over the first thread's id, so the pid names it as Linux wants it.
 */
#include "internal.h"

#include <arch/context.h>
#include <arch/cpu.h>
#include <lib/string.h>
#include <mm/address_space.h>
#include <process/upcalls.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/signal.h>

static bool is_alone(void *arg)
{
	struct process *process = arg;

	return __atomic_load_n(&process->thread_count, __ATOMIC_ACQUIRE) == 1;
}

/* Claims the process for this exec and asks the others to go. */
static bool claim(struct process *process, struct thread *thread)
{
	unsigned long state = spin_lock_irqsave(&process->signals.lock);
	bool mine =
		process->state == PROCESS_ALIVE && process->exec_thread == NULL;
	struct thread *other;

	if (mine) {
		process->exec_thread = thread;
		list_for_each (other, &process->threads, process_link) {
			if (other == thread) {
				continue;
			}
			thread_add_work(other,
					THREAD_WORK_EXIT | THREAD_WORK_SIGNAL);
			thread_wake_interruptible(other);
		}
		if (process->job.stopping) { /* others may sit in the stop */
			wait_queue_wake_all(&process->stop_wait);
		}
	}
	spin_unlock_irqrestore(&process->signals.lock, state);
	return mine;
}

static void unclaim(struct process *process)
{
	unsigned long state = spin_lock_irqsave(&process->signals.lock);

	process->exec_thread = NULL;
	spin_unlock_irqrestore(&process->signals.lock, state);
}

int process_exec_alone(void)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	bool alone;

	if (!claim(process, thread)) {
		return -EINTR;
	}
	alone = process_sleep_killable(is_alone, process);
	unclaim(process);
	if (!alone) {
		return -EINTR;
	}
	if (thread->tid != process->pid) {
		thread_exchange_ids(thread, process->id->holder);
		process_id_set_holder(process, thread);
	}
	return 0;
}

/* Actions shared with another process (CLONE_SIGHAND) are its own from here. */
static int unshare_actions(struct process *process)
{
	struct signal_actions *old = process->actions;
	struct signal_actions *own;
	unsigned long state;

	if (refcount_read(&old->refs) == 1) {
		signal_reset_handlers(process);
		return 0;
	}
	own = signal_actions_clone(old, true);
	if (own == NULL) {
		return -ENOMEM;
	}
	state = spin_lock_irqsave(&process->signals.lock);
	process->actions = own;
	spin_unlock_irqrestore(&process->signals.lock, state);
	signal_actions_put(old);
	return 0;
}

static void forget_program(struct thread *thread)
{
	struct thread_state_linux *own = &thread->linux;

	own->altstack_base = 0;
	own->altstack_size = 0;
	own->altstack_flags = UAPI_SS_DISABLE;
	own->set_child_tid = 0;
	own->rseq.area = 0;
	own->rseq.size = 0;
	own->in_restart_block = false;
}

static void switch_space(struct thread *thread, struct address_space *space)
{
	unsigned long state = cpu_irq_save();

	thread->address_space = space;
	address_space_switch(space);
	cpu_irq_restore(state);
}

static void set_name(struct thread *thread, const char *name)
{
	struct process *process = thread->process;

	strlcpy(thread->name, name, sizeof(thread->name));
	strlcpy(process->name, name, sizeof(process->name));
}

int process_exec_replace(struct address_space *space, struct file *executable,
			 const char *name)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	struct address_space *old_space;
	struct file *old_executable;

	process_release_memory(thread);
	timers_exec(process);
	spin_lock(&process->lock);
	old_space = process->address_space;
	old_executable = process->executable;
	process->address_space = space;
	process->executable = executable;
	process->dumpable = true;
	process->did_exec = true;
	__atomic_store_n(&process->membarrier_registered, 0, __ATOMIC_RELAXED);
	credentials_exec(&process->credentials);
	set_name(thread, name);
	spin_unlock(&process->lock);
	switch_space(thread, space);
	process_release_vfork(process);
	address_space_put(old_space);
	if (old_executable != NULL) {
		resources_executable_put(old_executable);
	}
	forget_program(thread);
	tree_lock();
	process->exit_signal = UAPI_SIGCHLD;
	tree_unlock();
	return unshare_actions(process);
}
