/* SPDX-License-Identifier: BSD-3-Clause */

/* wait4(2), waitid(2). */
#include <linux/syscall.h>

#include <lib/string.h>
#include <process/process.h>
#include <process/session.h>
#include <process/wait.h>
#include <uapi/errno.h>
#include <uapi/signal.h>
#include <uapi/wait.h>

#include "pidfd.h"
#include "usage.h"

#define COMMON_OPTIONS                                                         \
	(UAPI_WNOHANG | UAPI_WNOTHREAD | (int)UAPI_WCLONE | UAPI_WALL)

static int put_usage(void USER *to, const struct process_usage *usage)
{
	struct uapi_rusage rusage;

	if (to == NULL) {
		return 0;
	}
	usage_to_uapi(usage, &rusage);
	return user_copy_out(to, &rusage, sizeof(rusage));
}

long sys_wait4(int pid, void USER *status, int options, void USER *usage)
{
	struct process_wait_request request = {
		.options = (unsigned)options | UAPI_WEXITED,
	};
	struct process_wait_result result;
	int err;

	if ((options & ~(COMMON_OPTIONS | UAPI_WUNTRACED | UAPI_WCONTINUED)) !=
	    0) {
		return -EINVAL;
	}
	if (pid == INT32_MIN) {
		return -ESRCH;
	}
	if (pid > 0) {
		request.which = PROCESS_WAIT_PID;
		request.id = pid;
	} else if (pid == -1) {
		request.which = PROCESS_WAIT_ANY;
	} else {
		request.which = PROCESS_WAIT_GROUP;
		request.id = pid == 0 ? session_group_of(0) : -pid;
	}
	err = process_wait_child(&request, &result);
	if (err < 0 || result.pid == 0) {
		return err;
	}
	if ((status != NULL && user_put_u32(status, result.status) < 0) ||
	    put_usage(usage, &result.usage) < 0) {
		return -EFAULT;
	}
	return result.pid;
}

/* What is waited for, from waitid()'s first two arguments. */
static int get_target(struct process_wait_request *request, int which, int id)
{
	switch (which) {
	case UAPI_P_ALL:
		request->which = PROCESS_WAIT_ANY;
		return 0;
	case UAPI_P_PID:
		request->which = PROCESS_WAIT_PID;
		request->id = id;
		return id <= 0 ? -EINVAL : 0;
	case UAPI_P_PGID:
		request->which = PROCESS_WAIT_GROUP;
		request->id = id == 0 ? session_group_of(0) : id;
		return id < 0 ? -EINVAL : 0;
	case UAPI_P_PIDFD:
		request->which = PROCESS_WAIT_PROCESS;
		return id < 0 ? -EINVAL
			      : pidfd_get_process(id, &request->process);
	default:
		return -EINVAL;
	}
}

/* si_status: the exit code, or the signal. */
static int status_of(const struct process_wait_result *result)
{
	switch (result->code) {
	case UAPI_CLD_EXITED:
		return (int)(result->status >> 8) & 0xff;
	case UAPI_CLD_STOPPED:
		return (int)(result->status >> 8) & 0xff;
	case UAPI_CLD_CONTINUED:
		return UAPI_SIGCONT;
	default:
		return (int)result->status & 0x7f;
	}
}

static int put_info(void USER *to, const struct process_wait_result *result)
{
	struct uapi_siginfo info;

	if (to == NULL) {
		return 0;
	}
	memset(&info, 0, sizeof(info));
	if (result->pid != 0) {
		info.signo = UAPI_SIGCHLD;
		info.code = result->code;
		info.child.pid = result->pid;
		info.child.uid = result->uid;
		info.child.status = status_of(result);
	}
	return user_copy_out(to, &info, sizeof(info));
}

long sys_waitid(int which, int pid, void USER *info, int options,
		void USER *usage)
{
	int events = UAPI_WEXITED | UAPI_WSTOPPED | UAPI_WCONTINUED;
	struct process_wait_request request = {
		.options = (unsigned)options,
	};
	struct process_wait_result result = {.pid = 0};
	bool nonblocking = false;
	int err;

	if ((options & ~(COMMON_OPTIONS | UAPI_WNOWAIT | events)) != 0 ||
	    (options & events) == 0) {
		return -EINVAL;
	}
	err = get_target(&request, which, pid);
	if (err < 0) {
		return err;
	}
	if (which == UAPI_P_PIDFD && pidfd_is_nonblocking(pid)) {
		nonblocking = (options & UAPI_WNOHANG) == 0;
		request.options |= UAPI_WNOHANG;
	}
	err = process_wait_child(&request, &result);
	if (request.process != NULL) {
		process_put(request.process);
	}
	if (err == 0 && result.pid == 0 && nonblocking) {
		err = -EAGAIN;
	}
	if (err < 0) {
		return err;
	}
	if ((result.pid != 0 && put_usage(usage, &result.usage) < 0) ||
	    put_info(info, &result) < 0) {
		return -EFAULT;
	}
	return 0;
}
