/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * What core/process asks of the rooms above it.  core/ must not know files,
 * futexes and terminals; these functions are implemented there.  All run in
 * thread context and may sleep unless said otherwise.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file;
struct file_table;
struct fs_context;
struct process;
struct thread;
struct trapframe;
struct tty;

/* --- linux/resources.c: files and paths of a process ------------------ */

struct file_table *resources_files_clone(struct file_table *files);
void resources_files_get(struct file_table *files);
void resources_files_put(struct file_table *files);
struct fs_context *resources_fs_clone(struct fs_context *fs);
void resources_fs_get(struct fs_context *fs);
void resources_fs_put(struct fs_context *fs);
void resources_file_get(struct file *file);
/*
 * The program's file: while a process names it as its executable, it cannot be
 * opened for writing.  _open turns the caller's reference into such a one:
 * 0, or -ETXTBSY when it is open for writing (the reference stays as it was).
 */
int resources_executable_open(struct file *file);
void resources_executable_get(struct file *file);
void resources_executable_put(struct file *file);

/* --- linux/pidfd.c ---------------------------------------------------- */

/* A descriptor for the process in the current table, close-on-exec.  Returns
 * it, -EMFILE or -ENOMEM.  resources_close_fd() undoes it. */
int pidfd_create(struct process *process, unsigned flags);
void pidfd_cancel(int fd);

/* --- linux/futex.c ---------------------------------------------------- */

/* The current thread leaves its program (exit, exec): robust list and
 * priority-inheritance futexes are released.  Its memory is still there. */
void futex_exit_thread(struct thread *thread);
/* FUTEX_WAKE of a shared-or-private word: clear_child_tid. */
void futex_wake_address(uintptr_t address, unsigned count);

/* --- linux/rseq.c ----------------------------------------------------- */

/* Before the return to the application after a preemption or migration, and
 * before a signal frame is pushed. */
void rseq_resume(struct trapframe *frame);

/* --- linux/timers: the process loads another program ------------------ */

/* POSIX timers are deleted; interval timers stay. */
void timers_exec(struct process *process);
/* THREAD_WORK_TIMER: CPU-time timers of the current thread are due. */
void timers_check_cpu(void);

/* --- linux/sysv_sem.c -------------------------------------------------- */

/* The last thread has left: SEM_UNDO; process->sem_undos is not empty. */
void sem_exit_process(struct process *process);

/* --- the terminal driver ---------------------------------------------- */

/* The session leader goes: the terminal is given up; its foreground group
 * gets SIGHUP and SIGCONT. */
void tty_session_end(struct tty *tty, int session);
