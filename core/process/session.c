/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Process groups, sessions, controlling terminals.
 *
 * A group is orphaned when no member has a parent in another group of the same
 * session: nobody could continue it, so stop signals of the terminal do not
 * stop it, and when it becomes orphaned while a member is stopped, it gets
 * SIGHUP and SIGCONT.  All under the tree lock; process->tty is one pointer per
 * process, as fork copies it.
 */
#include <process/session.h>

#include "internal.h"

#include <uapi/errno.h>
#include <uapi/signal.h>

int session_create(void)
{
	struct process *process = process_current();
	int result = -EPERM;

	tree_lock();
	if (list_is_empty(&process->id->members)) { /* leads no group */
		process_set_group_locked(process, process->id);
		process_set_session_locked(process, process->id);
		process->tty = NULL;
		result = process->pid;
	}
	tree_unlock();
	return result;
}

static int set_group_locked(struct process *self, struct process *process,
			    int group)
{
	struct process_id *id;

	if (process == NULL || (process != self && process->parent != self)) {
		return -ESRCH;
	}
	if (process != self) {
		if (process->session != self->session) {
			return -EPERM;
		}
		if (process->did_exec) {
			return -EACCES;
		}
	}
	if (process->session == process->pid) {
		return -EPERM; /* a session leader stays */
	}
	if (group == process->pid) {
		process_set_group_locked(process, process->id);
		return 0;
	}
	id = process_id_find_locked(group);
	if (id == NULL || list_is_empty(&id->members) ||
	    list_first(&id->members, struct process, group_link)->session !=
		    self->session) {
		return -EPERM;
	}
	process_set_group_locked(process, id);
	return 0;
}

int session_set_group(int pid, int group)
{
	struct process *self = process_current();
	int err;

	if (group < 0) {
		return -EINVAL;
	}
	pid = pid != 0 ? pid : self->pid;
	group = group != 0 ? group : pid;
	tree_lock();
	err = set_group_locked(self, process_find_locked(pid), group);
	tree_unlock();
	process_ids_collect();
	return err;
}

static int lookup(int pid, bool session)
{
	struct process *process = process_current();
	int result = -ESRCH;

	tree_lock();
	if (pid != 0) {
		process = process_find_locked(pid);
	}
	if (process != NULL) {
		result = session ? process->session : process->process_group;
	}
	tree_unlock();
	return result;
}

int session_group_of(int pid)
{
	return lookup(pid, false);
}

int session_of(int pid)
{
	return lookup(pid, true);
}

int session_of_group(int group)
{
	struct process_id *id;
	int session = -ESRCH;

	tree_lock();
	id = process_id_find_locked(group);
	if (id != NULL && !list_is_empty(&id->members)) {
		session = list_first(&id->members, struct process, group_link)
				  ->session;
	}
	tree_unlock();
	return session;
}

/* --- orphaned groups
 * ---------------------------------------------------------- */

/* Tree lock held.  `except` is treated as gone already. */
static bool is_orphaned_locked(struct process_id *id, struct process *except)
{
	struct process *member;

	list_for_each (member, &id->members, group_link) {
		struct process *parent = member->parent;

		if (member == except || parent == NULL || parent == except ||
		    member->state >= PROCESS_ZOMBIE) {
			continue;
		}
		if (parent->group_id != id &&
		    parent->session == member->session) {
			return false;
		}
	}
	return true;
}

static bool has_stopped_locked(struct process_id *id)
{
	struct process *member;

	list_for_each (member, &id->members, group_link) {
		if (__atomic_load_n(&member->job.stopping, __ATOMIC_RELAXED)) {
			return true;
		}
	}
	return false;
}

bool session_is_orphaned(struct process *process)
{
	bool orphaned;

	tree_lock();
	orphaned = is_orphaned_locked(process->group_id, NULL);
	tree_unlock();
	return orphaned;
}

static void hang_up_if_orphaned_locked(struct process_id *id,
				       struct process *leaving)
{
	if (is_orphaned_locked(id, leaving) && has_stopped_locked(id)) {
		signal_send_group(id->value, UAPI_SIGHUP, NULL);
		signal_send_group(id->value, UAPI_SIGCONT, NULL);
	}
}

void session_group_left(struct process *process)
{
	struct process *parent;
	struct process *child;

	tree_lock();
	parent = process->parent;
	if (parent != NULL && parent->group_id != process->group_id &&
	    parent->session == process->session) {
		hang_up_if_orphaned_locked(process->group_id, process);
	}
	list_for_each (child, &process->children, sibling) {
		if (child->group_id != process->group_id &&
		    child->session == process->session) {
			hang_up_if_orphaned_locked(child->group_id, process);
		}
	}
	tree_unlock();
}

/* --- the controlling terminal
 * ------------------------------------------------- */

struct tty *session_tty_of(const struct process *process)
{
	struct tty *tty;

	tree_lock();
	tty = process->tty;
	tree_unlock();
	return tty;
}

struct tty *session_tty(void)
{
	const struct process *process = process_current();

	return process != NULL ? session_tty_of(process) : NULL;
}

int session_set_tty(struct tty *tty)
{
	struct process *process = process_current();
	int err = -EPERM;

	tree_lock();
	if (process->session == process->pid &&
	    (process->tty == NULL || process->tty == tty)) {
		process->tty = tty;
		err = 0;
	}
	tree_unlock();
	return err;
}

struct clear_request {
	int session;
	struct tty *tty;
};

static int clear_tty_of(struct process *process, void *arg)
{
	const struct clear_request *request = arg;

	if (process->session == request->session &&
	    process->tty == request->tty) {
		process->tty = NULL;
	}
	return 0;
}

void session_clear_tty(int session, struct tty *tty)
{
	struct clear_request request = {.session = session, .tty = tty};

	process_for_each(clear_tty_of, &request);
}

void session_leave_tty(void)
{
	tree_lock();
	process_current()->tty = NULL;
	tree_unlock();
}
