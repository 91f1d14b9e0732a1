/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Processes: an address space, files, signal actions, identity, children.
 *
 * The parts that clone() can share (files, fs context, signal actions, address
 * space) are reference-counted objects of their own.  A process lives until
 * its parent has collected its status; its threads hold references.
 *
 * Key: [I] immutable, [l] process->lock, [t] process tree lock, [a] atomic.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
struct tty;

enum process_state {
	PROCESS_ALIVE,
	PROCESS_EXITING, /* exit_group runs: threads are leaving */
	PROCESS_ZOMBIE,	 /* status not yet collected */
	PROCESS_DEAD,
};

struct process {
	struct refcount refs;
	int pid;	/* [I] */
	uint32_t state; /* [a] enum process_state */
	struct spinlock lock;
	struct list threads;		     /* [l] */
	unsigned thread_count;		     /* [l] */
	struct address_space *address_space; /* [l] changes in exec only */
	struct file_table *files;	     /* [l] */
	struct fs_context *fs;		     /* [l] */
	struct signal_actions *actions;	     /* [l] */
	struct signal_shared signals;	     /* pending for the whole process */
	struct credentials credentials;	     /* [l] */
	struct rlimits rlimits;		     /* [l] */
	char name[THREAD_NAME_SIZE];	     /* of the leader */
	struct file *executable;	     /* [l] /proc/PID/exe */
	uint32_t exit_status;		     /* [a] wait status once exiting */

	struct process *parent;	      /* [t] */
	struct list children;	      /* [t] */
	struct list_node sibling;     /* [t] */
	int process_group;	      /* [t] */
	int session;		      /* [t] */
	struct tty *tty;	      /* [t] controlling terminal */
	int exit_signal;	      /* [I] SIGCHLD or 0 */
	int parent_death_signal;      /* [l] */
	bool child_subreaper;	      /* [l] */
	bool dumpable;		      /* [l] */
	bool no_new_privileges;	      /* [l] */
	bool did_exec;		      /* [l] */
	uint32_t personality;	      /* [l] */
	struct wait_queue child_wait; /* wait4 sleeps here */
	struct wait_queue exit_wait;  /* pidfd, kernel's own wait */
	struct list_node all_link;    /* process table */

	uint64_t start_ns;	     /* [I] monotonic */
	uint64_t user_ns, system_ns; /* [l] of threads that exited */
	uint64_t children_user_ns, children_system_ns; /* [t] */
	uint64_t minor_faults, major_faults;	       /* [l] exited threads */
	struct process_timers *timers; /* POSIX timers, itimers: linux/ */
	void (*timers_destroy)(struct process *process);
	uint32_t membarrier_registered; /* [a] */
	int oom_score_adjust;		/* [l] */
};

struct process *process_current(void); /* NULL in kernel threads */

/* Finds by pid; referenced, or NULL. */
struct process *process_find(int pid);
void process_get(struct process *process);
void process_put(struct process *process);

/* Calls func for every process (tree lock held: must not sleep); stops and
 * returns its value when it is not 0. */
int process_for_each(int (*func)(struct process *process, void *arg),
		     void *arg);

/*
 * Creates a process with a first thread in state NEW and empty address
 * space; files, fs context are taken over (references).  For the kernel's
 * own start of programs; fork uses process_clone.  0, -ENOMEM, -EAGAIN.
 */
int process_create(struct file_table *files, struct fs_context *fs,
		   struct process **process_out);

/* The first thread, while the process has not been started. */
struct thread *process_leader(struct process *process);

/* clone/clone3 arguments, checked by process_clone(). */
struct clone_args {
	uint64_t flags;
	uintptr_t pidfd;
	uintptr_t child_tid;
	uintptr_t parent_tid;
	int exit_signal;
	uintptr_t stack; /* top of the stack for the child, 0: same */
	uintptr_t tls;
};
/* Returns the tid of the new thread or process, or a negative errno. */
long process_clone(const struct clone_args *args);

/* The current thread leaves; the last one ends the process. */
_Noreturn void process_exit_thread(int code);
/* All threads leave; status is a wait status. */
_Noreturn void process_exit_group(uint32_t status);
/* The same from outside or from signal delivery: marks and wakes. */
void process_kill(struct process *process, uint32_t status);

/* Kernel's own wait for a program it started: sleeps until it is a zombie,
 * returns its wait status and reaps it. */
uint32_t process_wait(struct process *process);
