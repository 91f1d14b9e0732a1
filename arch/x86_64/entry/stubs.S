/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Exception stubs: make every vector look alike (error code, vector number,
 * all registers: struct trapframe) and call exception_handle(frame).
 *
 * A vector pushes an error code itself or gets a 0; the table below says
 * which.  exception_stubs holds the addresses for the IDT.
 */
	.macro exception vector, has_error
	.text
exception_stub_\vector:
	.if !\has_error
	pushq $0
	.endif
	pushq $\vector
	jmp exception_common
	.section .rodata
	.quad exception_stub_\vector
	.endm

	.section .rodata
	.balign 8
	.globl exception_stubs
exception_stubs:
	exception 0, 0		/* #DE */
	exception 1, 0		/* #DB */
	exception 2, 0		/* NMI */
	exception 3, 0		/* #BP */
	exception 4, 0		/* #OF */
	exception 5, 0		/* #BR */
	exception 6, 0		/* #UD */
	exception 7, 0		/* #NM */
	exception 8, 1		/* #DF */
	exception 9, 0
	exception 10, 1		/* #TS */
	exception 11, 1		/* #NP */
	exception 12, 1		/* #SS */
	exception 13, 1		/* #GP */
	exception 14, 1		/* #PF */
	exception 15, 0
	exception 16, 0		/* #MF */
	exception 17, 1		/* #AC */
	exception 18, 0		/* #MC */
	exception 19, 0		/* #XM */
	exception 20, 0		/* #VE */
	exception 21, 1		/* #CP */

	.text
exception_common:
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	cld
	movq %rsp, %rdi
	movq %rsp, %rbp
	andq $-16, %rsp
	call exception_handle
	movq %rbp, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	addq $16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
