/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * prctl(2): settings of the process and the thread.
 *
 * Options about what does not exist here (seccomp, speculation control,
 * pointer authentication, memory tags, names of anonymous memory ...) are
 * EINVAL, as on a Linux built without them.
 */
#include <linux/syscall.h>

#include <lib/string.h>
#include <process/credentials.h>
#include <process/process.h>
#include <uapi/errno.h>
#include <uapi/prctl.h>

#define DEFAULT_SLACK_NS 50000ull

/* --- of the process
 * ----------------------------------------------------------------
 */

static long set_death_signal(struct process *process, unsigned long signal)
{
	if (signal > SIGNAL_COUNT) {
		return -EINVAL;
	}
	spin_lock(&process->lock);
	process->parent_death_signal = (int)signal;
	spin_unlock(&process->lock);
	return 0;
}

static void set_flag(struct process *process, bool *flag, bool value)
{
	spin_lock(&process->lock);
	*flag = value;
	spin_unlock(&process->lock);
}

static long no_new_privileges(struct process *process, bool set,
			      const unsigned long args[4])
{
	if (args[0] != (set ? 1u : 0u) || args[1] != 0 || args[2] != 0 ||
	    args[3] != 0) {
		return -EINVAL;
	}
	if (!set) {
		return process->no_new_privileges;
	}
	set_flag(process, &process->no_new_privileges, true);
	return 0;
}

static long of_process(int option, const unsigned long args[4])
{
	struct process *process = process_current();

	switch (option) {
	case UAPI_PR_SET_PDEATHSIG:
		return set_death_signal(process, args[0]);
	case UAPI_PR_GET_PDEATHSIG:
		return user_put_u32((void USER *)args[0],
				    (uint32_t)process->parent_death_signal);
	case UAPI_PR_GET_DUMPABLE:
		return process->dumpable;
	case UAPI_PR_SET_DUMPABLE:
		if (args[0] > 1) {
			return -EINVAL;
		}
		set_flag(process, &process->dumpable, args[0] != 0);
		return 0;
	case UAPI_PR_SET_CHILD_SUBREAPER:
		set_flag(process, &process->child_subreaper, args[0] != 0);
		return 0;
	case UAPI_PR_GET_CHILD_SUBREAPER:
		return user_put_u32((void USER *)args[0],
				    process->child_subreaper);
	case UAPI_PR_SET_NO_NEW_PRIVS:
		return no_new_privileges(process, true, args);
	case UAPI_PR_GET_NO_NEW_PRIVS:
		return no_new_privileges(process, false, args);
	default:
		return -EINVAL;
	}
}

/* --- capabilities
 * --------------------------------------------------------------------
 */

static long ambient(const unsigned long args[4])
{
	struct credentials own;

	if (args[2] != 0 || args[3] != 0) {
		return -EINVAL;
	}
	if (args[0] == UAPI_PR_CAP_AMBIENT_CLEAR_ALL) {
		if (args[1] != 0) {
			return -EINVAL;
		}
		credentials_clear_ambient();
		return 0;
	}
	if (args[1] > CREDENTIALS_CAP_LAST) {
		return -EINVAL;
	}
	switch (args[0]) {
	case UAPI_PR_CAP_AMBIENT_IS_SET:
		credentials_current(&own);
		return (long)(own.cap_ambient >> args[1] & 1);
	case UAPI_PR_CAP_AMBIENT_RAISE:
		return credentials_set_ambient((unsigned)args[1], true);
	case UAPI_PR_CAP_AMBIENT_LOWER:
		return credentials_set_ambient((unsigned)args[1], false);
	default:
		return -EINVAL;
	}
}

static long of_capabilities(int option, const unsigned long args[4])
{
	struct credentials own;

	credentials_current(&own);
	switch (option) {
	case UAPI_PR_GET_KEEPCAPS:
		return own.secure_bits >> 4 & 1;
	case UAPI_PR_SET_KEEPCAPS:
		return args[0] > 1 ? -EINVAL
				   : credentials_set_keep_caps(args[0] != 0);
	case UAPI_PR_CAPBSET_READ:
		return args[0] > CREDENTIALS_CAP_LAST
			       ? -EINVAL
			       : (long)(own.cap_bounding >> args[0] & 1);
	case UAPI_PR_CAPBSET_DROP:
		return args[0] > CREDENTIALS_CAP_LAST
			       ? -EINVAL
			       : credentials_drop_bounding((unsigned)args[0]);
	case UAPI_PR_GET_SECUREBITS:
		return own.secure_bits;
	case UAPI_PR_SET_SECUREBITS:
		return args[0] > UINT32_MAX
			       ? -EINVAL
			       : credentials_set_secure_bits((uint32_t)args[0]);
	case UAPI_PR_CAP_AMBIENT:
		return ambient(args);
	default:
		return -EINVAL;
	}
}

/* --- of the thread
 * ---------------------------------------------------------------------
 */

static long set_name(struct thread *thread, const char USER *from)
{
	char name[THREAD_NAME_SIZE];
	/* A longer name is cut. */
	ssize_t length = user_copy_string(name, from, sizeof(name) - 1);

	if (length == -EFAULT) {
		return -EFAULT;
	}
	name[length < 0 ? (ssize_t)sizeof(name) - 1 : length] = '\0';
	string_copy(thread->name, name, sizeof(thread->name));
	if (thread->tid == thread->process->pid) {
		string_copy(thread->process->name, name,
			    sizeof(thread->process->name));
	}
	return 0;
}

static long get_name(const struct thread *thread, void USER *to)
{
	char name[THREAD_NAME_SIZE];

	memset(name, 0, sizeof(name));
	string_copy(name, thread->name, sizeof(name));
	return user_copy_out(to, name, sizeof(name));
}

static long of_thread(int option, const unsigned long args[4])
{
	struct thread *thread = thread_current();
	void USER *pointer = (void USER *)args[0];

	switch (option) {
	case UAPI_PR_SET_NAME:
		return set_name(thread, pointer);
	case UAPI_PR_GET_NAME:
		return get_name(thread, pointer);
	case UAPI_PR_SET_TIMERSLACK:
		thread->linux.timer_slack_ns =
			(long)args[0] <= 0 ? DEFAULT_SLACK_NS : args[0];
		return 0;
	case UAPI_PR_GET_TIMERSLACK:
		return (long)thread->linux.timer_slack_ns;
	case UAPI_PR_GET_TID_ADDRESS:
		return user_put_u64(pointer, thread->linux.clear_child_tid);
	default:
		return -EINVAL;
	}
}

long sys_prctl(int option, unsigned long arg2, unsigned long arg3,
	       unsigned long arg4, unsigned long arg5)
{
	const unsigned long args[4] = {arg2, arg3, arg4, arg5};

	switch (option) {
	case UAPI_PR_GET_TIMING: /* PR_TIMING_STATISTICAL */
	case UAPI_PR_GET_SECCOMP:
		return 0;
	case UAPI_PR_SET_TIMING:
		return arg2 == 0 ? 0 : -EINVAL;
	case UAPI_PR_GET_THP_DISABLE:
		return (arg2 | arg3 | arg4 | arg5) != 0 ? -EINVAL : 0;
	case UAPI_PR_GET_TSC:
		return user_put_u32((void USER *)arg2, UAPI_PR_TSC_ENABLE);
	case UAPI_PR_SET_TSC:
		return arg2 == UAPI_PR_TSC_ENABLE ? 0 : -EINVAL;
	case UAPI_PR_GET_KEEPCAPS:
	case UAPI_PR_SET_KEEPCAPS:
	case UAPI_PR_CAPBSET_READ:
	case UAPI_PR_CAPBSET_DROP:
	case UAPI_PR_GET_SECUREBITS:
	case UAPI_PR_SET_SECUREBITS:
	case UAPI_PR_CAP_AMBIENT:
		return of_capabilities(option, args);
	case UAPI_PR_SET_NAME:
	case UAPI_PR_GET_NAME:
	case UAPI_PR_SET_TIMERSLACK:
	case UAPI_PR_GET_TIMERSLACK:
	case UAPI_PR_GET_TID_ADDRESS:
		return of_thread(option, args);
	default:
		return of_process(option, args);
	}
}
