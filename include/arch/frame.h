/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The saved registers of interrupted code.
 *
 * struct trapframe lies at the top of the thread's kernel stack while the
 * thread is in the kernel on behalf of the application, whether it came by a
 * system call, an exception or an interrupt.  Its layout is the
 * architecture's (<asm/frame.h>); the rest of the kernel uses these inlines,
 * which <asm/frame.h> defines:
 *
 *   bool frame_is_app(const struct trapframe *);   interrupted the application
 *   uintptr_t frame_pc(const struct trapframe *);
 *   uintptr_t frame_sp(const struct trapframe *);
 *   uintptr_t frame_fp(const struct trapframe *);
 *   void frame_set_pc(struct trapframe *, uintptr_t);
 *   void frame_set_sp(struct trapframe *, uintptr_t);
 *   unsigned long frame_syscall_number(const struct trapframe *);
 *   unsigned long frame_syscall_arg(const struct trapframe *, unsigned i);
 *   void frame_set_result(struct trapframe *, long);
 *   long frame_result(const struct trapframe *);
 *   bool frame_in_syscall(const struct trapframe *);  came by a system call
 *   void frame_end_syscall(struct trapframe *);  no restart from here on
 *   void frame_restart_syscall(struct trapframe *);   run it again on return
 *   void frame_restart_syscall_block(struct trapframe *);  as restart_syscall
 *   void frame_init_app(struct trapframe *, uintptr_t pc, uintptr_t sp);
 *				all other registers zero, as after execve
 */
#include <stdbool.h>
#include <stdint.h>

#include <asm/frame.h>

struct thread;

/* The application's registers of the current thread; NULL for kernel threads.
 */
struct trapframe *frame_current(void);

/*
 * The application's registers of a thread that sleeps; false for kernel
 * threads.  The caller keeps the thread from ending; when it wakes meanwhile,
 * the copy is mixed.
 */
bool frame_copy_of(const struct thread *thread, struct trapframe *copy_out);

/* Prints all registers to the log (panic, fatal signal).  Any context. */
void frame_print(const struct trapframe *frame);

/*
 * Walks frame pointers from the frame or from the caller (NULL) and stores at
 * most `count` return addresses of kernel code; returns how many.
 */
unsigned frame_backtrace(const struct trapframe *frame, uintptr_t *pcs,
			 unsigned count);
