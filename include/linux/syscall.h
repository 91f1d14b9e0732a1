/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * System calls.
 *
 * linux/syscalls.def has one line per call: name, x86-64 and aarch64 numbers
 * (NO_NR: none there), status, typed arguments.  From it come the prototypes
 * below, the adapters from registers, the dispatch table, the tracer's names
 * and docs/syscalls.md.
 *
 * sys_x() copies in and validates everything, then calls do_x() or the
 * room that acts; nothing else interprets the application's pointers.  It runs
 * with interrupts enabled, on the thread's kernel stack, no locks held, may
 * sleep, and returns a result or a negative errno (or -ERESTART*, see
 * process/signal.h).
 *
 * Status: FULL, PARTIAL (docs/limits.md says what is missing), ABSENT.  Absent
 * calls and numbers without a line are ENOSYS, and one log line per number.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/user.h>
#include <lib/types.h>

#define NO_NR (-1)

#define SYSCALL0(name, x86, arm, status)	 long sys_##name(void);
#define SYSCALL1(name, x86, arm, status, t0, a0) long sys_##name(t0 a0);
#define SYSCALL2(name, x86, arm, status, t0, a0, t1, a1)                       \
	long sys_##name(t0 a0, t1 a1);
#define SYSCALL3(name, x86, arm, status, t0, a0, t1, a1, t2, a2)               \
	long sys_##name(t0 a0, t1 a1, t2 a2);
#define SYSCALL4(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3)       \
	long sys_##name(t0 a0, t1 a1, t2 a2, t3 a3);
#define SYSCALL5(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3, t4,   \
		 a4)                                                           \
	long sys_##name(t0 a0, t1 a1, t2 a2, t3 a3, t4 a4);
#define SYSCALL6(name, x86, arm, status, t0, a0, t1, a1, t2, a2, t3, a3, t4,   \
		 a4, t5, a5)                                                   \
	long sys_##name(t0 a0, t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);
#include <linux/syscalls.def>
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6

#define SYSCALL_ARG_MAX	   6
#define SYSCALL_NUMBER_MAX 512 /* numbers are smaller */

struct trapframe;

/* One argument as the table spells it, for the tracer. */
struct syscall_arg {
	const char *type;
	const char *name;
};

struct syscall_info {
	const char *name;
	unsigned arg_count;
	struct syscall_arg args[SYSCALL_ARG_MAX];
};

/* What the table says of a number; false: no line.  Without CONFIG_STRACE the
 * arguments are left out. */
bool syscall_info(unsigned long number, struct syscall_info *info_out);

/* linux/strace.c: runs the call of this frame and prints it. */
long strace_call(const struct trapframe *frame,
		 long (*enter)(const struct trapframe *frame));
