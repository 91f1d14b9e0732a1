/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Sending signals: kill, tkill, tgkill, rt_sigqueueinfo.
 *
 * Permission as kill(2) has it: real or effective uid of the sender equals
 * real or saved uid of the target; SIGCONT also within the session.
 */
#include "kill.h"

#include <linux/syscall.h>

#include <lib/string.h>
#include <process/credentials.h>
#include <process/process.h>
#include <process/session.h>
#include <uapi/errno.h>

void kill_info(struct uapi_siginfo *info, int signal, int code)
{
	struct credentials own;

	credentials_current(&own);
	memset(info, 0, sizeof(*info));
	info->signo = signal;
	info->code = code;
	info->kill.pid = process_current()->pid;
	info->kill.uid = own.uid;
}

static bool may_signal(struct process *process, int signal)
{
	struct process *self = process_current();
	struct credentials own;
	uint32_t uid;
	uint32_t suid;

	if (process == self || credentials_capable(CREDENTIALS_CAP_KILL)) {
		return true;
	}
	credentials_current(&own);
	uid = __atomic_load_n(&process->credentials.uid, __ATOMIC_RELAXED);
	suid = __atomic_load_n(&process->credentials.suid, __ATOMIC_RELAXED);
	return own.euid == suid || own.euid == uid || own.uid == suid ||
	       own.uid == uid ||
	       (signal == UAPI_SIGCONT && process->session == self->session);
}

int kill_process(struct process *process, int signal,
		 const struct uapi_siginfo *info)
{
	if (signal < 0 || signal > SIGNAL_COUNT) {
		return -EINVAL;
	}
	if (__atomic_load_n(&process->state, __ATOMIC_ACQUIRE) ==
	    PROCESS_DEAD) {
		return -ESRCH;
	}
	if (!may_signal(process, signal)) {
		return -EPERM;
	}
	return signal == 0 ? 0 : signal_send_process(process, signal, info);
}

/* --- kill
 * ------------------------------------------------------------------------
 */

struct broadcast {
	int group; /* 0: everybody but the sender */
	int signal;
	struct uapi_siginfo info;
	unsigned sent;
	unsigned found;
	int err;
};

static int kill_one(struct process *process, void *arg)
{
	struct broadcast *all = arg;
	int err;

	if (all->group != 0
		    ? process->process_group != all->group
		    : process == process_current() || process->pid == 1) {
		return 0;
	}
	if (all->group == 0 && process->state >= PROCESS_ZOMBIE) {
		return 0;
	}
	all->found++;
	err = kill_process(process, all->signal, &all->info);
	if (err == 0) {
		all->sent++;
	} else if (all->err == 0 || all->err == -EPERM) {
		all->err = err;
	}
	return 0;
}

static int kill_many(int group, int signal)
{
	struct broadcast all = {.group = group, .signal = signal};

	if (signal < 0 || signal > SIGNAL_COUNT) {
		return -EINVAL;
	}
	kill_info(&all.info, signal, UAPI_SI_USER);
	process_for_each(kill_one, &all);
	if (all.sent > 0) {
		return 0;
	}
	return all.found > 0 ? all.err : -ESRCH;
}

/* The process of any of its threads, as Linux finds it. */
static struct process *find_process(int id)
{
	struct process *process = process_find(id);
	struct thread *thread;

	if (process != NULL) {
		return process;
	}
	thread = thread_find(id);
	if (thread == NULL) {
		return NULL;
	}
	process = thread->process;
	if (process != NULL && !thread->linux.exiting) {
		process_get(process);
	} else {
		process = NULL;
	}
	thread_put(thread);
	return process;
}

static int kill_by_pid(int pid, int signal, const struct uapi_siginfo *info)
{
	struct process *process = find_process(pid);
	int err;

	if (process == NULL) {
		return -ESRCH;
	}
	err = kill_process(process, signal, info);
	process_put(process);
	return err;
}

long sys_kill(int pid, int signal)
{
	struct uapi_siginfo info;

	if (pid > 0) {
		kill_info(&info, signal, UAPI_SI_USER);
		return kill_by_pid(pid, signal, &info);
	}
	if (pid == 0) {
		return kill_many(session_group_of(0), signal);
	}
	if (pid == -1) {
		return kill_many(0, signal);
	}
	return pid == INT32_MIN ? -ESRCH : kill_many(-pid, signal);
}

/* --- threads
 * ----------------------------------------------------------------------
 */

/* pid 0: a thread of any process. */
static int kill_thread(int pid, int tid, int signal,
		       const struct uapi_siginfo *info)
{
	struct thread *thread = thread_find(tid);
	int err = -ESRCH;

	if (thread == NULL) {
		return -ESRCH;
	}
	if (thread->process == NULL ||
	    (pid != 0 && thread->process->pid != pid)) {
		goto put_thread;
	}
	if (signal < 0 || signal > SIGNAL_COUNT) {
		err = -EINVAL;
	} else if (!may_signal(thread->process, signal)) {
		err = -EPERM;
	} else if (thread->linux.exiting) {
		/* A zombie can be sent anything; other threads are gone. */
		err = thread->tid == thread->process->pid ? 0 : -ESRCH;
	} else {
		err = signal == 0 ? 0
				  : signal_send_thread(thread, signal, info);
	}
put_thread:
	thread_put(thread);
	return err;
}

long sys_tkill(int tid, int signal)
{
	struct uapi_siginfo info;

	if (tid <= 0) {
		return -EINVAL;
	}
	kill_info(&info, signal, UAPI_SI_TKILL);
	return kill_thread(0, tid, signal, &info);
}

long sys_tgkill(int pid, int tid, int signal)
{
	struct uapi_siginfo info;

	if (pid <= 0 || tid <= 0) {
		return -EINVAL;
	}
	kill_info(&info, signal, UAPI_SI_TKILL);
	return kill_thread(pid, tid, signal, &info);
}

/* --- with data
 * ----------------------------------------------------------------------
 */

/* Codes of the kernel and of kill() may be used towards oneself only. */
static int get_info(struct uapi_siginfo *info, int signal,
		    const void USER *from, bool self)
{
	if (user_copy_in(info, from, sizeof(*info)) < 0) {
		return -EFAULT;
	}
	if (!self && (info->code >= 0 || info->code == UAPI_SI_TKILL)) {
		return -EPERM;
	}
	info->signo = signal;
	return 0;
}

long sys_rt_sigqueueinfo(int pid, int signal, const void USER *info)
{
	struct uapi_siginfo given;
	int err = get_info(&given, signal, info, pid == process_current()->pid);

	return err < 0 ? err : kill_by_pid(pid, signal, &given);
}

long sys_rt_tgsigqueueinfo(int pid, int tid, int signal, const void USER *info)
{
	struct uapi_siginfo given;
	int err;

	if (user_copy_in(&given, info, sizeof(given)) < 0) {
		return -EFAULT;
	}
	if (pid <= 0 || tid <= 0) {
		return -EINVAL;
	}
	err = get_info(&given, signal, info, pid == process_current()->pid);
	return err < 0 ? err : kill_thread(pid, tid, signal, &given);
}
