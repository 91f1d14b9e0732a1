/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Segment selectors.  The application's are Linux's numbers.  SYSCALL takes
 * code and stack from STAR[47:32] and + 8, SYSRET from STAR[63:48] + 16 and
 * + 8 (AMD64 manual volume 2, 6.1.1).
 */
#define SELECTOR_KERNEL_CODE 0x10
#define SELECTOR_KERNEL_DATA 0x18
#define SELECTOR_APP_DATA    0x2b
#define SELECTOR_APP_CODE    0x33
#define SELECTOR_TASK	     0x40

#define VECTOR_SYSCALL	256 /* in struct trapframe: came by SYSCALL */
#define VECTOR_NONE	257 /* made by the kernel */
#define SYSCALL_RESTART 219 /* restart_syscall */
#define SYSCALL_SIZE	2   /* bytes of the instruction */
