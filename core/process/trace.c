/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The part of --strace that is no system call: signals that are delivered and
 * the ends of threads, as strace(1) shows them.
 *
 *	[7] --- SIGCHLD {si_code=CLD_EXITED, si_pid=8, si_uid=0, si_status=0}
 *--- [7] +++ exited with 0 +++
 *
 * Thread context.  `is_on` is written once at boot.
 */
#include "internal.h"

#include <debug/log.h>
#include <lib/signal_name.h>
#include <process/signal_sets.h>
#include <sched/thread.h>
#include <uapi/signal.h>

static bool is_on;

void process_trace_start(void)
{
	is_on = true;
}

static const char *child_code(int code)
{
	static const char *const names[] = {
		[UAPI_CLD_EXITED] = "CLD_EXITED",
		[UAPI_CLD_KILLED] = "CLD_KILLED",
		[UAPI_CLD_DUMPED] = "CLD_DUMPED",
		[UAPI_CLD_STOPPED] = "CLD_STOPPED",
		[UAPI_CLD_CONTINUED] = "CLD_CONTINUED",
	};

	if (code < 0 || code >= (int)ARRAY_SIZE(names) || names[code] == NULL) {
		return "?";
	}
	return names[code];
}

static const char *sender_code(int code)
{
	switch (code) {
	case UAPI_SI_USER:
		return "SI_USER";
	case UAPI_SI_KERNEL:
		return "SI_KERNEL";
	case UAPI_SI_QUEUE:
		return "SI_QUEUE";
	case UAPI_SI_TIMER:
		return "SI_TIMER";
	case UAPI_SI_MESGQ:
		return "SI_MESGQ";
	case UAPI_SI_TKILL:
		return "SI_TKILL";
	default:
		return "?";
	}
}

static void show_signal(const struct uapi_siginfo *info)
{
	const char *name = signal_name(info->signo);
	int tid = thread_current()->tid;

	if (info->signo == UAPI_SIGCHLD && info->code > 0 &&
	    info->code < UAPI_SI_KERNEL) {
		log_warning("[%d] --- %s {si_code=%s, si_pid=%d, si_uid=%u, "
			    "si_status=%d} ---",
			    tid, name, child_code(info->code), info->child.pid,
			    info->child.uid, info->child.status);
	} else if ((SIGNAL_BIT(info->signo) & SIGNAL_FAULTS) != 0 &&
		   info->code > 0 && info->code < UAPI_SI_KERNEL) {
		log_warning("[%d] --- %s {si_code=%d, si_addr=%#lx} ---", tid,
			    name, info->code, info->fault.addr);
	} else {
		log_warning("[%d] --- %s {si_signo=%d, si_code=%s, si_pid=%d, "
			    "si_uid=%u} ---",
			    tid, name, info->signo, sender_code(info->code),
			    info->kill.pid, info->kill.uid);
	}
}

void trace_signal(const struct uapi_siginfo *info)
{
	if (is_on) {
		show_signal(info);
	}
}

void trace_exit(uint32_t status)
{
	int tid = thread_current()->tid;

	if (!is_on) {
		return;
	}
	if ((status & 0x7f) != 0) {
		log_warning("[%d] +++ killed by %s +++", tid,
			    signal_name((int)(status & 0x7f)));
	} else {
		log_warning("[%d] +++ exited with %u +++", tid, status >> 8);
	}
}
