/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Signals: sending, queues, actions, delivery.
 *
 * A signal is directed at a thread or at a process.  Each thread has a
 * queue and a blocked mask; each process a shared queue; actions are shared by
 * CLONE_SIGHAND.  Delivery happens on the way back to the application
 * (trap_resume_work()); a synchronous fault is forced on the thread.
 * One lock guards the queues of a process: signal_shared.lock, irq-safe, so
 * timers may send; actions have a lock of their own inside it, since
 * CLONE_SIGHAND shares them between processes.
 */
#include <stdbool.h>
#include <stdint.h>

#include <lib/refcount.h>
#include <process/signal_queue.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <uapi/signal.h>

struct process;
struct thread;
struct trapframe;

/* Actions of all signals; shared by CLONE_SIGHAND. */
struct signal_actions {
	struct refcount refs;
	struct spinlock lock;
	struct uapi_sigaction actions[SIGNAL_COUNT]; /* [lock] signal - 1 */
};

struct signal_shared {
	struct spinlock lock;
	struct signal_queue pending; /* [lock] for any thread */
	struct wait_queue signalfd;  /* woken when something becomes pending */
	uint32_t queued_count;	     /* [lock] against RLIMIT_SIGPENDING */
};

/* What arch_signal_push() needs. */
struct signal_delivery {
	struct uapi_siginfo info;
	struct uapi_sigaction action;
	uint64_t saved_mask; /* goes into uc_sigmask */
};

/*
 * Sends.  Any context, no sleep.  `info` NULL: SI_KERNEL.  0, -EAGAIN (queue
 * limit, real-time signals only).  Ignored signals are dropped.
 */
int signal_send_thread(struct thread *thread, int signal,
		       const struct uapi_siginfo *info);
int signal_send_process(struct process *process, int signal,
			const struct uapi_siginfo *info);
/* All members of a process group; 0 or -ESRCH. */
int signal_send_group(int process_group, int signal,
		      const struct uapi_siginfo *info);

/* A fault of the current thread: cannot be blocked or ignored. */
void signal_force(int signal, const struct uapi_siginfo *info);

enum signal_sent {
	SIGNAL_SENT,
	SIGNAL_OVERRUN, /* the entry was still queued */
	SIGNAL_IGNORED, /* nobody will see it: ignored, or no process */
};
/* Preallocated entry for POSIX timers: never fails, queued at most once. */
struct signal_info_node;
struct signal_info_node *signal_node_create(void); /* NULL: no memory */
void signal_node_destroy(struct signal_info_node *node);
/* Sent and not yet taken; a hint, it may change at once. */
bool signal_node_is_pending(const struct signal_info_node *node);
enum signal_sent signal_send_node(struct process *process,
				  struct thread *thread,
				  struct signal_info_node *node,
				  const struct uapi_siginfo *info);

/* Takes a pending signal of the set from the current thread's queues.
 * Returns its number, 0 when none. */
int signal_take(uint64_t set, struct uapi_siginfo *info_out);

/* Pending for the current thread (own and shared). */
uint64_t signal_pending_set(const struct thread *thread);

/* Replaces the blocked mask of the current thread (SIGKILL and SIGSTOP are
 * never blocked); wakes others when shared signals can now go elsewhere. */
void signal_set_mask(uint64_t mask);

/*
 * For ppoll, pselect, epoll_pwait, sigsuspend: sets the mask; the old one
 * comes back after the call, or after the handler that interrupted it.
 * signal_restore_mask(interrupted) ends the call.
 */
void signal_set_temporary_mask(uint64_t mask);
void signal_restore_mask(bool interrupted);

/* sigaction: NULL only asks.  -EINVAL (no such signal, SIGKILL, SIGSTOP). */
int signal_set_action(int signal, const struct uapi_sigaction *action,
		      struct uapi_sigaction *old_out);

/* The set that sigtimedwait() waits for: these wake the current thread although
 * they are blocked.  0 ends it. */
void signal_set_wait(uint64_t set);

/* Delivers what is due; called by trap_resume_work(), interrupts enabled. */
void signal_deliver(struct trapframe *frame);

/* exec: handlers back to default; exit: queues emptied. */
void signal_reset_handlers(struct process *process);
void signal_queue_init(struct signal_queue *queue);
void signal_queue_flush(struct process *process, struct signal_queue *queue);

/*
 * Kernel-internal results of system calls that a signal interrupted; the
 * delivery code turns them into -EINTR or a restart as SA_RESTART says.
 */
#define ERESTARTSYS	      512 /* restart if SA_RESTART */
#define ERESTARTNOINTR	      513 /* always restart */
#define ERESTARTNOHAND	      514 /* restart only if no handler ran */
#define ERESTART_RESTARTBLOCK 516 /* by restart_syscall (sleeps) */
