/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Waiting for children: what wait4(2) and waitid(2) share.
 */
#include <stdbool.h>
#include <stdint.h>

#include <process/process.h>

enum process_wait_which {
	PROCESS_WAIT_ANY,
	PROCESS_WAIT_PID,     /* the child with that pid */
	PROCESS_WAIT_GROUP,   /* any of that process group */
	PROCESS_WAIT_PROCESS, /* that very process (pidfd) */
};

struct process_wait_request {
	enum process_wait_which which;
	int id;			 /* pid or group */
	struct process *process; /* PROCESS_WAIT_PROCESS */
	unsigned options;	 /* UAPI_W*: at least one of WEXITED ... */
};

/* What became of a child. */
struct process_wait_result {
	int pid; /* 0: WNOHANG, and nothing has happened */
	uint32_t uid;
	int code;	 /* UAPI_CLD_* */
	uint32_t status; /* as wait4() gives it */
	struct process_usage usage;
};

/*
 * Waits as the options say; reaps a zombie unless WNOWAIT.  0, -ECHILD,
 * -ERESTARTSYS.  May sleep.
 */
int process_wait_child(const struct process_wait_request *request,
		       struct process_wait_result *result_out);
