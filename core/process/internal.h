/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Private to core/process: the locks of the tree, process ids, signal
 * internals.
 *
 * The tree lock guards parents, children, groups, sessions and the table of
 * ids; thread context only, outermost.  Groups and the table are changed under
 * the group lock too, which is irq-safe and comes right before signals.lock, so
 * that an interrupt (the terminal's) can signal a group.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/list.h>
#include <process/process.h>
#include <process/session.h>
#include <process/signal.h>
#include <sync/spinlock.h>

extern struct spinlock process_tree_lock;
extern struct spinlock process_group_lock;

static inline void tree_lock(void)
{
	spin_lock(&process_tree_lock);
}

static inline void tree_unlock(void)
{
	spin_unlock(&process_tree_lock);
}

/*
 * A number in use as the id of a process, a group or a session.  The holder is
 * a thread that was allocated under the number: while the entry holds it, the
 * number is not given out again, so that a group outlives its leader.
 */
struct process_id {
	struct process_id *next; /* [tg] hash chain */
	int value;		 /* [I] */
	unsigned uses;		 /* [t] process itself, members, sessions */
	struct process *process; /* [t] NULL: has been reaped */
	struct thread *holder;	 /* [t] one reference */
	struct list members;	 /* [tg] of the group with this id */
};

/* The wait of vfork(): on the parent's stack, named by child->vfork_wait under
 * child->lock until the child lets go. */
struct vfork_wait {
	struct process *parent; /* [I] its stop_wait is woken */
	bool done;		/* [a] the child has exec'ed or gone */
};

/* --- process.c ---------------------------------------------------------- */

/* An unlinked process with one reference; actions, files, fs and space are
 * left NULL.  NULL: no memory. */
struct process *process_alloc(void);
void process_free_unstarted(struct process *process);

/* Publishes the process under its first thread's id, as a child of `parent`
 * (NULL: the kernel) or, as_sibling, of that one's parent; in the parent's
 * group and session or its own. */
int process_publish(struct process *process, struct thread *leader,
		    struct process *parent, bool as_sibling);

/* Adds a thread; counterpart: process_remove_thread(), true for the last. */
void process_add_thread(struct process *process, struct thread *thread);
bool process_remove_thread(struct process *process, struct thread *thread);

/* Tree lock held.  Finds without taking a reference. */
struct process *process_find_locked(int pid);
/* Tree lock or group lock held. */
struct process_id *process_id_find_locked(int id);

/* Tree lock held.  Takes a zombie out of all tables; the caller then calls
 * process_reap_finish() without locks. */
void process_unlink_locked(struct process *process);
void process_reap_finish(struct process *process);

/* Tree lock held.  Moves the process into a group (session). */
void process_set_group_locked(struct process *process, struct process_id *id);
void process_set_session_locked(struct process *process, struct process_id *id);

/* Puts ids whose last use ended; called without locks. */
void process_ids_collect(void);

/* Makes `thread` the holder of the process's id (exec by another thread). */
void process_id_set_holder(struct process *process, struct thread *thread);

/* Moves the children of a dying process to a subreaper or the kernel. */
void process_reparent_children(struct process *process);

/* --- exit.c ------------------------------------------------------------- */

/* The thread gives up the space; the process gives up its reference. */
void process_release_thread_space(struct thread *thread);
void process_drop_space(struct address_space *space);

/* What a thread leaves behind in its program's memory. */
void process_release_memory(struct thread *thread);
/* Ends a vfork parent's wait. */
void process_release_vfork(struct process *process);

/* --- session.c ---------------------------------------------------------- */

/* The process is about to go: groups that this orphans get SIGHUP and SIGCONT
 * if a member is stopped.  Before its children are handed on. */
void session_group_left(struct process *process);

/* --- signal.c ----------------------------------------------------------- */

struct signal_actions *signal_actions_create(void);
struct signal_actions *signal_actions_clone(struct signal_actions *from,
					    bool clear_handlers);
void signal_actions_get(struct signal_actions *actions);
void signal_actions_put(struct signal_actions *actions);

/* Tells the parent what became of its child: tree lock held.  `code`
 * UAPI_CLD_*.  Sends SIGCHLD (or `signal`) and wakes its wait4(). */
void signal_notify_parent_locked(struct process *child, int signal, int code,
				 int status);

/* signals.lock held.  True when the thread has a deliverable signal; updates
 * THREAD_WORK_SIGNAL of the current thread accordingly. */
bool signal_recalculate_locked(struct thread *thread);

/* Sets the work bit and ends an interruptible sleep. */
void signal_wake(struct thread *thread);

/* signals.lock held: process_kill() without the locks. */
void process_kill_locked(struct process *process, uint32_t status);

/* Shared pending signals that this thread will no longer take are offered to
 * the others: signals.lock held. */
void signal_retarget_locked(struct process *process, struct thread *leaving,
			    uint64_t set);

/* --- signal_queue.c ------------------------------------------------------- */

/* All with signals.lock held.  Takes the most urgent signal of the set out of
 * the queue with its info: its number, 0: none. */
int signal_queue_take(struct process *process, struct signal_queue *queue,
		      uint64_t set, struct uapi_siginfo *info_out);
/* Appends; `node` NULL: allocates within the limit.  0, -EAGAIN when a
 * real-time signal that carries data cannot be queued. */
int signal_queue_add(struct process *process, struct signal_queue *queue,
		     int signal, const struct uapi_siginfo *info,
		     struct signal_info_node *node);
/* Drops all signals of the set. */
void signal_queue_discard(struct process *process, struct signal_queue *queue,
			  uint64_t set);
bool signal_node_is_queued(const struct signal_info_node *node);
/* A timer expired again while its signal is queued. */
void signal_node_add_overrun(struct signal_info_node *node,
			     const struct uapi_siginfo *info);

/* --- job.c -------------------------------------------------------------- */

/* Stops the current thread if a stop is in force.  True: it was stopped. */
bool job_stop_current(void);
/* The action of a stop signal.  */
void job_stop_process(int signal);
/* signals.lock held: SIGCONT or SIGKILL was sent. */
void job_continue_locked(struct process *process);
/* A thread left while a stop was in force. */
void job_thread_left(struct process *process);

/* --- trace.c ------------------------------------------------------------ */

/* With --strace: a signal that the thread takes; the end of the thread. */
void trace_signal(const struct uapi_siginfo *info);
void trace_exit(uint32_t status);

/* --- report.c ----------------------------------------------------------- */

/* A fatal fault of the current thread, to the log. */
void report_fatal_signal(const struct trapframe *frame, int signal,
			 const struct uapi_siginfo *info);
