/* SPDX-License-Identifier: BSD-3-Clause */

/* Names of signals; the table is indexed by the number. */
#include <lib/signal_name.h>

#include <lib/compiler.h>
#include <uapi/signal.h>

#define SIGNAL_MAX 64

#define NAME(signal) [UAPI_##signal] = #signal

static const char *const names[] = {
	NAME(SIGHUP),  NAME(SIGINT),	NAME(SIGQUIT), NAME(SIGILL),
	NAME(SIGTRAP), NAME(SIGABRT),	NAME(SIGBUS),  NAME(SIGFPE),
	NAME(SIGKILL), NAME(SIGUSR1),	NAME(SIGSEGV), NAME(SIGUSR2),
	NAME(SIGPIPE), NAME(SIGALRM),	NAME(SIGTERM), NAME(SIGSTKFLT),
	NAME(SIGCHLD), NAME(SIGCONT),	NAME(SIGSTOP), NAME(SIGTSTP),
	NAME(SIGTTIN), NAME(SIGTTOU),	NAME(SIGURG),  NAME(SIGXCPU),
	NAME(SIGXFSZ), NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH),
	NAME(SIGIO),   NAME(SIGPWR),	NAME(SIGSYS),
};

const char *signal_name(int signal)
{
	if (signal >= UAPI_SIGRTMIN && signal <= SIGNAL_MAX) {
		return "SIGRTMIN";
	}
	if (signal < UAPI_SIGHUP || signal > SIGNAL_MAX) {
		return "unknown signal";
	}
	return names[signal];
}
