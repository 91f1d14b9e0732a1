/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Sets of signals by what they do when no handler is installed: signal(7). */
#include <process/signal_queue.h>
#include <uapi/signal.h>

#define SIGNAL_UNBLOCKABLE (SIGNAL_BIT(UAPI_SIGKILL) | SIGNAL_BIT(UAPI_SIGSTOP))

#define SIGNAL_DEFAULT_IGNORE                                                  \
	(SIGNAL_BIT(UAPI_SIGCHLD) | SIGNAL_BIT(UAPI_SIGCONT) |                 \
	 SIGNAL_BIT(UAPI_SIGURG) | SIGNAL_BIT(UAPI_SIGWINCH))

#define SIGNAL_DEFAULT_STOP                                                    \
	(SIGNAL_BIT(UAPI_SIGSTOP) | SIGNAL_BIT(UAPI_SIGTSTP) |                 \
	 SIGNAL_BIT(UAPI_SIGTTIN) | SIGNAL_BIT(UAPI_SIGTTOU))

/* Raised by an instruction: a report is worth its lines. */
#define SIGNAL_FAULTS                                                          \
	(SIGNAL_BIT(UAPI_SIGSEGV) | SIGNAL_BIT(UAPI_SIGBUS) |                  \
	 SIGNAL_BIT(UAPI_SIGILL) | SIGNAL_BIT(UAPI_SIGTRAP) |                  \
	 SIGNAL_BIT(UAPI_SIGFPE))

/* USER_HZ: the unit of si_utime, times(2), /proc/PID/stat. */
#define SIGNAL_TICK_NS 10000000ull
