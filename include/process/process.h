/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Processes: an address space, files, signal actions, identity, children.
 *
 * The parts that clone() can share (files, fs context, signal actions, address
 * space) are reference-counted objects of their own.  A process lives until
 * its parent has collected its status; its threads hold references.
 *
 * Key: [I] immutable, [l] process->lock, [t] process tree lock (private to
 * core/process), [s] signals.lock, [ls] both to write, either to read,
 * [g] group lock (private too), [a] atomic.
 *
 * Lock order: tree lock, process->lock, group lock, signals.lock,
 * actions->lock, run queue.  The last four are irq-safe; the tree lock and
 * process->lock are taken in thread context only; none is held over a sleep.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/compiler.h>
#include <lib/list.h>
#include <lib/refcount.h>
#include <process/credentials.h>
#include <process/rlimit.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <sync/wait.h>

struct address_space;
struct file;
struct file_table;
struct fs_context;
struct process_id;
struct trapframe;
struct tty;
struct vfork_wait;

enum process_state {
	PROCESS_ALIVE,
	PROCESS_EXITING, /* exit_group runs: threads are leaving */
	PROCESS_ZOMBIE,	 /* status not yet collected */
	PROCESS_DEAD,
};

/*
 * Job control: a stop is in force (threads are stopping or have stopped)
 * until SIGCONT or SIGKILL.  All [s].
 */
struct job_state {
	bool stopping;		/* threads stop before they return */
	bool complete;		/* all have stopped, the parent was told */
	bool dequeued;		/* a stop signal was taken, not yet acted on */
	bool report_stop;	/* wait4(WUNTRACED) has not seen it yet */
	bool report_continue;	/* wait4(WCONTINUED) has not seen it yet */
	bool notify_continue;	/* the first thread that goes on says so */
	int signal;		/* that stopped the process */
	unsigned stopped_count; /* threads in the stop */
};

struct process {
	struct refcount refs;
	int pid;	/* [I] */
	uint32_t state; /* [a] enum process_state */
	struct spinlock lock;
	struct list threads;		     /* [ls] */
	unsigned thread_count;		     /* [ls] */
	struct address_space *address_space; /* [l] changes in exec and exit;
					      * NULL for zombies */
	struct file_table *files;	     /* [l] */
	bool files_shared;     /* [l] by CLONE_FILES with another process */
	struct fs_context *fs; /* [l] */
	struct signal_actions *actions; /* [ls]; NULL for zombies */
	struct signal_shared signals;	/* pending for the whole process */
	struct job_state job;		/* [s] */
	struct credentials credentials; /* [l] */
	struct rlimits rlimits;		/* [l] */
	char name[THREAD_NAME_SIZE];	/* of the leader */
	struct file *executable;	/* [l] /proc/PID/exe */
	uint32_t exit_status;		/* [a] wait status once exiting */
	uint32_t leader_status;		/* [l] of a leader that left early */
	struct thread *exec_thread;	/* [ls] ends the others, or NULL */

	struct process_id *id;	       /* [t] the pid's entry */
	struct process_id *group_id;   /* [t] of process_group */
	struct process_id *session_id; /* [t] of session */
	struct list_node group_link;   /* [tg] in group_id->members */
	struct process *parent;	       /* [t] NULL: the kernel */
	int parent_pid;		       /* [a] what getppid() says */
	struct list children;	       /* [t] */
	struct list_node sibling;      /* [t] */
	int process_group;	       /* [t] */
	int session;		       /* [t] */
	struct tty *tty;	       /* [t] controlling terminal */
	bool kernel_waits;	       /* [t] process_wait() will reap it */
	int exit_signal;	       /* [t] SIGCHLD; 0: none.  Becomes
					* SIGCHLD for adopted children */
	int parent_death_signal;       /* [l] */
	bool child_subreaper;	       /* [l] */
	bool dumpable;		       /* [l] */
	bool no_new_privileges;	       /* [l] */
	bool did_exec;		       /* [l] */
	uint32_t personality;	       /* [l] */
	struct wait_queue child_wait;  /* wait4 sleeps here */
	struct wait_queue exit_wait;   /* pidfd, kernel's own wait */
	struct wait_queue stop_wait;   /* sleeps that only SIGKILL ends:
					* stop, vfork, exec */
	struct vfork_wait *vfork_wait; /* [l] who waits for our exec */
	struct list_node all_link;     /* process table */

	uint64_t start_ns;	     /* [I] monotonic */
	uint64_t user_ns, system_ns; /* [l] of threads that exited */
	uint64_t children_user_ns, children_system_ns; /* [t] */
	uint64_t minor_faults, major_faults;	       /* [l] exited threads */
	struct io_counts io;			       /* [l] exited threads */
	uint64_t voluntary_switches, involuntary_switches;     /* [l] exited */
	uint64_t children_minor_faults, children_major_faults; /* [t] */
	uint64_t resident_peak;		 /* [l] frames, kept at exit */
	uint64_t children_resident_peak; /* [t] */
	struct process_timers *timers;	 /* POSIX timers, itimers: linux/ */
	void (*timers_destroy)(struct process *process);
	struct list sem_undos;		/* SEM_UNDO records: linux/ */
	uint32_t membarrier_registered; /* [a] */
	int oom_score_adjust;		/* [l] */
};

/* getppid() of a process whose parent died: the kernel adopted it. */
#define PROCESS_ORPHAN_PARENT 1

/* NULL in kernel threads. */
static inline struct process *process_current(void)
{
	struct thread *thread = thread_current();

	return likely(thread != NULL) ? thread->process : NULL;
}

/* Finds by pid; referenced, or NULL. */
struct process *process_find(int pid);
void process_get(struct process *process);
void process_put(struct process *process);

/* Calls func for every process, zombies too (tree lock held: must not sleep);
 * stops and returns its value when it is not 0. */
int process_for_each(int (*func)(struct process *process, void *arg),
		     void *arg);

/* Calls func for every thread of the process (its lock held: no sleep). */
int process_for_each_thread(struct process *process,
			    int (*func)(struct thread *thread, void *arg),
			    void *arg);

/* References to what another process uses, or NULL (zombies, kernel). */
struct address_space *process_get_space(struct process *process);
struct file_table *process_get_files(struct process *process);
struct fs_context *process_get_fs(struct process *process);
struct file *process_get_executable(struct process *process);

/* pid of the parent as the process sees it. */
int process_parent_pid(const struct process *process);

/* CPU time, faults and switches: what getrusage() and wait4() report. */
struct process_usage {
	uint64_t user_ns, system_ns;
	uint64_t minor_faults, major_faults;
	uint64_t voluntary_switches, involuntary_switches;
	uint64_t resident_peak; /* frames */
};
/* All threads, dead ones too. */
void process_usage(struct process *process, struct process_usage *usage_out);
/* /proc/PID/io, of all threads. */
void process_io_counts(struct process *process, struct io_counts *counts_out);
void io_counts_add(struct io_counts *sum, const struct io_counts *part);
/* Children that were waited for, and theirs. */
void process_usage_children(struct process *process,
			    struct process_usage *usage_out);
/* The letter of /proc/PID/stat: R S D T Z X. */
char process_state_letter(struct process *process);

/*
 * Creates a process with a first thread in state NEW and empty address
 * space; files, fs context are taken over (references).  For the kernel's
 * own start of programs; fork uses process_clone.  0, -ENOMEM, -EAGAIN.
 */
int process_create(struct file_table *files, struct fs_context *fs,
		   struct process **process_out);

/* The first thread, while the process has not been started. */
struct thread *process_leader(struct process *process);

/*
 * clone, clone3, fork, vfork: all of Linux's flags but namespaces (-EPERM).
 * Pointers are the application's and are written here.  `frame` holds the
 * registers that the child gets a copy of, with result 0.  Returns the id of
 * the new thread or process; -EINVAL, -EAGAIN (limits), -ENOMEM, -EPERM,
 * -EFAULT, -EMFILE (pidfd), -ERESTARTNOINTR (signals come first).  With
 * CLONE_VFORK returns after the child's exec or exit.
 */
struct clone_args {
	uint64_t flags; /* CLONE_*, without the signal number */
	uintptr_t pidfd;
	uintptr_t child_tid;
	uintptr_t parent_tid;
	int exit_signal;
	uintptr_t stack; /* top of the stack for the child, 0: same */
	uintptr_t tls;
};
long process_clone(const struct clone_args *args,
		   const struct trapframe *frame);

/* The current thread leaves; the last one ends the process.  `code` is the
 * argument of exit(2). */
_Noreturn void process_exit_thread(int code);
/* All threads leave; status is a wait status. */
_Noreturn void process_exit_group(uint32_t status);
/* The same from outside or from signal delivery: marks and wakes.  Any
 * context.  The first status wins. */
void process_kill(struct process *process, uint32_t status);

/*
 * Kernel's own wait for a program it started: sleeps until it is a zombie,
 * returns its wait status and reaps it.  The caller's reference stays.
 */
uint32_t process_wait(struct process *process);

/*
 * A sleep on process->stop_wait of the current process that only SIGKILL and
 * the end of the process cut short: returns false then.  done(arg) is called
 * without locks; whoever makes it true wakes the queue.
 */
bool process_sleep_killable(bool (*done)(void *arg), void *arg);

/* --strace: signals taken and ends of threads are logged.  Once, at boot. */
void process_trace_start(void);

/* A descriptor table shared with another process by CLONE_FILES becomes a copy
 * of its own: exec, unshare.  0 or -ENOMEM. */
int process_unshare_files(void);

/* --- exec: called by loader/exec.c in this order ---------------------- */

/* Ends all other threads of the current process and takes over the pid.
 * 0, or -EINTR when the process itself is being killed. */
int process_exec_alone(void);
/*
 * The point of no return: the new space and executable (references taken over)
 * replace the old ones; signal actions are unshared and reset; what belonged
 * to the old program (robust list, alternate stack ...) is forgotten; a vfork
 * parent goes on.  0 or -ENOMEM (the caller kills the process).
 */
int process_exec_replace(struct address_space *space, struct file *executable,
			 const char *name);
