/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Sending signals on behalf of the current process. */
#include <process/signal.h>

struct process;

/* Fills in who sends. */
void kill_info(struct uapi_siginfo *info, int signal, int code);

/* With the checks of kill(2); signal 0 only checks.  0, -EINVAL, -EPERM,
 * -ESRCH (a process that is gone), -EAGAIN. */
int kill_process(struct process *process, int signal,
		 const struct uapi_siginfo *info);
