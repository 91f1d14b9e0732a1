/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Process groups, sessions and controlling terminals.  Thread context; none
 * sleeps.
 *
 * A terminal driver keeps its session and foreground group itself; it asks
 * here who is who, and is told by tty_session_end() (process/upcalls.h) when
 * the leader of the session goes.
 */
#include <stdbool.h>

struct process;
struct tty;

/* setsid(): the new session's id, or -EPERM (leads a group already). */
int session_create(void);

/* setpgid(): 0, -EINVAL, -ESRCH, -EPERM, -EACCES (the child has exec'ed). */
int session_set_group(int pid, int group);

/* getpgid(), getsid(): 0 is the current process; or -ESRCH. */
int session_group_of(int pid);
int session_of(int pid);

/* The session that a group belongs to, or -ESRCH (no such group). */
int session_of_group(int group);

/* True when nobody in the session outside the process's group could continue
 * it: a terminal's stop signals then have no effect, reads give -EIO. */
bool session_is_orphaned(struct process *process);

/* The controlling terminal of the current process, or NULL. */
struct tty *session_tty(void);
/* Of any process that the caller has a reference to. */
struct tty *session_tty_of(const struct process *process);

/* The current session leader takes the terminal: 0, or -EPERM (no leader, or it
 * has another one). */
int session_set_tty(struct tty *tty);

/* All processes of the session lose the terminal. */
void session_clear_tty(int session, struct tty *tty);

/* TIOCNOTTY of a process that leads no session: it alone loses the terminal. */
void session_leave_tty(void);
