/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Allocation failures, one after another: a trial makes a system call again and
 * again, and the kernel fails its first allocation, then its second, and so on
 * until one call needs no more.  Each call must succeed or fail for want of
 * memory, and memory is where it was when all is over.
 *
 * The kernel does so by /proc/self/fail-nth (Linux: CONFIG_FAULT_INJECTION,
 * Linnet: the debug configuration with --fail-alloc).  Where that is missing
 * each call is made once, without failures.
 */
#pragma once

#include "abi_test.h"

/* `before` and `after` are spared; `after` gets the result of `call`, and may
 * be NULL as `before` may. */
void trial(void (*before)(void), long (*call)(void), void (*after)(long));

/* The same for a call that only a child can make: execve, exit.  `call` runs in
 * the child, which may end in any way but by a fault. */
void trial_in_child(long (*call)(void));

/* What a failed allocation may be told as. */
int is_shortage(int error);

/* TRIAL(name, code before, call, code after): `r` is the result. */
#define TRIAL(id, before_code, call_value, after_code)                         \
	static void id##_before(void)                                          \
	{                                                                      \
		before_code;                                                   \
	}                                                                      \
	static long id##_call(void)                                            \
	{                                                                      \
		return (long)(call_value);                                     \
	}                                                                      \
	static void id##_after(long r)                                         \
	{                                                                      \
		(void)r;                                                       \
		after_code;                                                    \
	}                                                                      \
	ABI_CASE(id)                                                           \
	{                                                                      \
		trial(id##_before, id##_call, id##_after);                     \
	}

/* Calls that return a descriptor. */
#define TRIAL_FD(id, call_value) TRIAL(id, (void)0, call_value, close_fd(r))

void close_fd(long fd);

/* What the trials work with. */
extern int a, b, c; /* descriptors */
extern char *area;  /* pages */
extern char big[64 * 1024];
