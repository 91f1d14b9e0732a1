/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Stack switch between threads.
 *
 * context_swap(prev, next) saves the callee-saved registers on the stack of
 * prev, its stack pointer in prev->arch.sp, and continues next where it did the
 * same; it returns prev there.  A new thread's stack is made by context.c so
 * that the final ret goes to context_start, with the function in r12, its
 * argument in r13.
 */
#include <asm/context.h>

	.text
	.globl context_swap
context_swap:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, ARCH_THREAD_SP(%rdi)
	movq ARCH_THREAD_SP(%rsi), %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	movq %rdi, %rax
	ret

	.globl context_start
context_start:
	movq %rax, %rdi
	xorl %ebp, %ebp
	call sched_thread_started
	movq %r13, %rdi
	call *%r12
	ud2

	.section .note.GNU-stack, "", @progbits
