/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Thread contexts: stack switch, thread pointer, vector registers.
 *
 * struct arch_thread (<asm/context.h>) is embedded in struct thread as
 * `arch`.  The vector registers of the application may stay in the processor
 * when its thread is switched away from; they are saved when another thread
 * uses them there.  The kernel itself never uses them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/context.h>

struct thread;
struct trapframe;

/*
 * Prepares a thread whose first run calls func(arg) on its kernel stack,
 * interrupts enabled.  func must not return.  Cannot fail.
 */
void context_init_kernel(struct thread *thread, void (*func)(void *),
			 void *arg);

/*
 * Prepares a thread whose first run returns to the application with a copy
 * of *frame.  Returns 0 or -ENOMEM (vector state).  The vector state is a copy
 * of the current thread's when `inherit`, else the initial one.
 */
int context_init_app(struct thread *thread, const struct trapframe *frame,
		     bool inherit);

/*
 * Switches stacks; returns, in the thread switched to, the thread that ran
 * before on this CPU.  Interrupts disabled.  Does not touch the page-table
 * root: the caller did (address_space_switch()).
 */
struct thread *context_switch(struct thread *prev, struct thread *next);

/* The current thread will not run again after its next switch: what the
 * processor still has of it is dropped.  Interrupts enabled. */
void context_leave(void);

/* Frees what context_init_app() allocated. */
void context_free(struct thread *thread);

/* Thread pointer of the application (fs base, TPIDR_EL0). */
void context_set_tls(struct thread *thread, uintptr_t base);
uintptr_t context_tls(struct thread *thread);

/* Makes the current (kernel) thread an application thread with fresh vector
 * state, thread pointer 0.  Used by exec.  Returns 0 or -ENOMEM. */
int context_become_app(void);

/* Leaves the kernel with these registers; the kernel stack is emptied. */
_Noreturn void context_enter_app(const struct trapframe *frame);
