/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Job control: whose terminal it is and who is in the foreground.
 *
 * tty->session and tty->group are the terminal's side, process->tty (see
 * process/session.h) the processes'.  Both are changed with tty->lock held, so
 * they agree.
 */
#include "internal.h"

#include <arch/user.h>
#include <drivers/tty.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/session.h>
#include <process/signal.h>
#include <process/upcalls.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#define HANDLER_IGNORE 1 /* SIG_IGN */

static bool is_blocked_or_ignored(struct process *process, int signal)
{
	uint64_t bit = 1ull << (signal - 1);
	unsigned long irq;
	bool ignored = false;

	if ((thread_current()->linux.signal_blocked & bit) != 0) {
		return true;
	}
	irq = spin_lock_irqsave(&process->signals.lock);
	if (process->actions != NULL) {
		ignored = process->actions->actions[signal - 1].handler ==
			  HANDLER_IGNORE;
	}
	spin_unlock_irqrestore(&process->signals.lock, irq);
	return ignored;
}

int tty_job_check(struct tty *tty, int signal)
{
	struct process *process = process_current();
	int own_group;
	int group = READ_ONCE(tty->group);

	if (process == NULL || session_tty() != tty || group == 0) {
		return 0;
	}
	own_group = session_group_of(0);
	if (own_group == group) {
		return 0;
	}
	if (is_blocked_or_ignored(process, signal)) {
		return signal == UAPI_SIGTTIN ? -EIO : 0;
	}
	if (session_is_orphaned(process)) {
		return -EIO;
	}
	signal_send_group(own_group, signal, NULL);
	return -ERESTARTSYS;
}

void tty_job_signal(struct tty *tty, int signal)
{
	if (tty->group != 0) {
		signal_send_group(tty->group, signal, NULL);
	}
}

void tty_job_claim(struct tty *tty)
{
	if (process_current() == NULL || session_tty() != NULL) {
		return;
	}
	mutex_lock(&tty->lock);
	if (tty->session == 0 && !tty->hung_up && session_set_tty(tty) == 0) {
		tty->session = session_of(0);
		tty->group = session_group_of(0);
	}
	mutex_unlock(&tty->lock);
}

/* TIOCSCTTY; force: take it away from another session (root). */
static long claim(struct tty *tty, bool force)
{
	int session = session_of(0);
	int taken_from = 0;
	long err = -EPERM;

	mutex_lock(&tty->lock);
	if (tty->session == session && session_tty() == tty) {
		err = 0;
	} else if (!tty->hung_up &&
		   (tty->session == 0 ||
		    (force &&
		     credentials_capable(CREDENTIALS_CAP_SYS_ADMIN)))) {
		err = session_set_tty(tty);
		if (err == 0) {
			taken_from = tty->session;
			tty->session = session;
			tty->group = session_group_of(0);
		}
	}
	mutex_unlock(&tty->lock);
	if (taken_from != 0 && taken_from != session) {
		session_clear_tty(taken_from, tty);
	}
	return err;
}

/* The leader of `session` gives the terminal up. */
static void give_up(struct tty *tty, int session)
{
	int group = 0;

	mutex_lock(&tty->lock);
	if (tty->session == session) {
		group = tty->group;
		tty->session = 0;
		tty->group = 0;
	}
	mutex_unlock(&tty->lock);
	session_clear_tty(session, tty);
	if (group != 0) {
		signal_send_group(group, UAPI_SIGHUP, NULL);
		signal_send_group(group, UAPI_SIGCONT, NULL);
	}
}

static long release(struct tty *tty)
{
	struct process *process = process_current();

	if (session_tty() != tty) {
		return -ENOTTY;
	}
	if (session_of(0) == process->pid) {
		give_up(tty, process->pid);
	} else {
		session_leave_tty();
	}
	return 0;
}

static long get_group(struct tty *tty, void USER *to, bool master)
{
	if (!master && session_tty() != tty) {
		return -ENOTTY;
	}
	return user_put_u32(to, (uint32_t)READ_ONCE(tty->group));
}

static long get_session(struct tty *tty, void USER *to, bool master)
{
	int session = READ_ONCE(tty->session);

	if ((!master && session_tty() != tty) || session == 0) {
		return -ENOTTY;
	}
	return user_put_u32(to, (uint32_t)session);
}

static long set_group(struct tty *tty, const void USER *from)
{
	uint32_t value;
	long err = tty_job_check(tty, UAPI_SIGTTOU);

	if (err < 0) {
		return err == -EIO ? -ENOTTY : err;
	}
	err = user_get_u32(&value, from);
	if (err < 0) {
		return err;
	}
	if (session_tty() != tty) {
		return -ENOTTY;
	}
	if ((int32_t)value < 0) {
		return -EINVAL;
	}
	mutex_lock(&tty->lock);
	err = session_of_group((int)value);
	if (tty->session == 0 || tty->session != session_of(0)) {
		err = -ENOTTY;
	} else if (err >= 0 && err != tty->session) {
		err = -EPERM;
	} else if (err >= 0) {
		tty->group = (int)value;
		err = 0;
	}
	mutex_unlock(&tty->lock);
	return err;
}

long tty_job_ioctl(struct tty *tty, unsigned command, unsigned long arg,
		   bool master)
{
	void USER *user = (void USER *)arg;

	switch (command) {
	case UAPI_TIOCSCTTY:
		return master ? -EIO : claim(tty, arg == 1);
	case UAPI_TIOCNOTTY:
		return master ? -ENOTTY : release(tty);
	case UAPI_TIOCGPGRP:
		return get_group(tty, user, master);
	case UAPI_TIOCSPGRP:
		return set_group(tty, user);
	case UAPI_TIOCGSID:
		return get_session(tty, user, master);
	default:
		return -ENOTTY;
	}
}

bool tty_describe(const struct process *process, uint64_t *device_out,
		  int *group_out)
{
	struct tty *tty;
	bool known;

	mutex_lock(&tty_table_lock);
	tty = session_tty_of(process);
	known = tty != NULL && tty_is_known(tty);
	if (known) {
		*device_out = tty->device;
		*group_out = READ_ONCE(tty->group);
	}
	mutex_unlock(&tty_table_lock);
	return known;
}

void tty_session_end(struct tty *tty, int session)
{
	bool known;

	mutex_lock(&tty_table_lock);
	known = tty_is_known(tty);
	if (known) {
		tty_get(tty);
	}
	mutex_unlock(&tty_table_lock);
	if (known) {
		give_up(tty, session);
		tty_put(tty);
	}
}
