/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Upcalls from the architecture's entry code into the kernel.
 */
#include <stdbool.h>
#include <stdint.h>

struct thread;
struct trapframe;

#define TRAP_FAULT_WRITE   (1u << 0)
#define TRAP_FAULT_EXEC	   (1u << 1)
#define TRAP_FAULT_PRESENT (1u << 2) /* protection, not absence */
#define TRAP_FAULT_APP	   (1u << 3) /* by the application, not the kernel */

/*
 * core/mm/fault.c: a page fault at an application address.  Interrupts are
 * enabled (they were at the fault).  Returns 0 when the access can be retried,
 * or fills signal number and code and returns -EFAULT; for the kernel's
 * own accesses the architecture then uses the exception table.
 */
int trap_page_fault(uintptr_t addr, unsigned flags, int *signal_out,
		    int *code_out);

/*
 * core/process/signal.c: the application did something fatal: a
 * synchronous signal for the current thread.
 */
void trap_signal(struct trapframe *frame, int signal, int code, uintptr_t addr,
		 unsigned trap_number, uint64_t error_code);

/* linux/dispatch.c: a system call.  Stores the result in the frame. */
void trap_syscall(struct trapframe *frame);

/*
 * linux/dispatch.c: for entry code that calls sys_x() itself, with the
 * arguments in the registers of a C call: the functions by number, valid for
 * numbers below the limit (0 when every call must take trap_syscall()).
 * Numbers without function lead to arch_syscall_absent(), which the
 * architecture defines: it calls syscall_absent() with the frame.
 */
typedef void syscall_direct_func(void);
extern syscall_direct_func *const syscall_direct[];
extern unsigned long syscall_direct_limit;
void arch_syscall_absent(void);
long syscall_absent(const struct trapframe *frame);

/*
 * core/process/resume.c: runs before every return to the application with
 * work pending (thread->work != 0): reschedule, signals, task exit.
 * Interrupts disabled on entry and return; enabled inside.
 */
void trap_resume_work(struct trapframe *frame);

/* core/sched: the reschedule interrupt. */
void sched_ipi(void);

/*
 * core/sched: the first thing that a new thread does, on its own stack with
 * interrupts disabled, before its function or its first return to the
 * application.  `previous` is what context_switch() would have returned.
 */
void sched_thread_started(struct thread *previous);
