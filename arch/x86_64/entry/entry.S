/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * All ways into the kernel and back (design.md, section 5).
 *
 * System calls.  A ring-0 application arrives with its own stack pointer; the
 * thread's kernel stack comes from gs.  The frame (struct trapframe) is built
 * at its top.  Return is a jump: registers are restored, the arithmetic flags
 * by sahf, then the application's stack pointer, then "jmp *%rcx".  Nothing is
 * written below the application's rsp: a leaf function keeps 128 live bytes
 * there.
 *
 * Interrupts stay enabled all the way, since switching them off and on costs
 * more than the rest of a short call.  entry_common repairs what an interrupt
 * would break in three places:
 *
 *   the entry, from entry_syscall to entry_complete: half a frame.  It is as
 *   if the interrupt had come before the system call: rip goes back to that
 *   instruction (rax and the arguments are still the application's; rcx and
 *   r11, which hold rip and flags, are lost by the call anyway).  So
 *   CPU_LOCAL_APP_SP is never needed after an interrupt: it is taken over, with
 *   interrupts off, before anything else runs on this CPU.
 *
 *   the last jump, at syscall_left: the application's stack and registers are
 *   back.  It is as if the jump had been made.
 *
 *   the exit, from syscall_done to syscall_left: the interrupt may have given
 *   the thread work behind the look at it.  The handler returns to
 *   syscall_done; all that the exit has loaded is still in the frame.
 *
 * Everywhere else an interrupt of a system call is one of kernel code.
 *
 * Interrupts and exceptions enter on the CPU's entry stack (IST 1) with
 * interrupts off.  The frame is built there, then copied to where it belongs:
 * the top of the thread's kernel stack when the application was interrupted,
 * below the interrupted rsp when the kernel was.  From then on the entry stack
 * is free again, so handlers may nest and may switch threads.  NMI, double
 * fault and machine check stay on stacks of their own.
 *
 * Unprivileged applications (--isolate) enter with interrupts off (FMASK), swap
 * gs and leave by iretq like any interrupt.
 */
#include <asm/context.h>
#include <asm/percpu.h>
#include <asm/selectors.h>

#define FRAME_RBP    32		/* offsets in struct trapframe */
#define FRAME_R11    48
#define FRAME_R10    56
#define FRAME_R9     64
#define FRAME_R8     72
#define FRAME_RAX    80
#define FRAME_RCX    88
#define FRAME_RDX    96
#define FRAME_RSI    104
#define FRAME_RDI    112
#define FRAME_VECTOR 120
#define FRAME_RIP    136
#define FRAME_CS     144
#define FRAME_RFLAGS 152
#define FRAME_RSP    160
#define FRAME_SIZE   176
#define FRAME_WORDS  22

#define FLAG_IF_BIT 9
#define UPPER_HALF_SHIFT 47
/* All but IF, bit 1, RF and the flags that sahf loads: then iretq is needed. */
#define FLAGS_UNUSUAL 0xfffefd28

	.macro push_registers
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
	.endm

	.macro pop_registers
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
	.endm

	.text
/* --- system calls --------------------------------------------------------- */

	/* At the top of the thread's kernel stack. */
	.macro build_syscall_frame code, data
	pushq $\data
	pushq %gs:CPU_LOCAL_APP_SP
	pushq %r11
	pushq $\code
	pushq %rcx
	pushq %rax			/* error slot: the call's number */
	pushq $VECTOR_SYSCALL
	push_registers
	.endm

	.globl entry_syscall_isolated
entry_syscall_isolated:
	swapgs
	movq %rsp, %gs:CPU_LOCAL_APP_SP
	movq %gs:CPU_LOCAL_STACK_TOP, %rsp
	build_syscall_frame SELECTOR_APP_CODE, SELECTOR_APP_DATA
	sti
	xorl %ebp, %ebp
	cmpq syscall_direct_limit(%rip), %rax
	jae 1f
	movq %r10, %rcx			/* else the registers of a C call */
	call *syscall_direct(, %rax, 8)
	movq %rax, FRAME_RAX(%rsp)
	cli
	jmp return_to_app
1:	movq %rsp, %rdi
	call trap_syscall
	cli
	jmp return_to_app

	.globl entry_syscall
entry_syscall:
	movq %rsp, %gs:CPU_LOCAL_APP_SP
	movq %gs:CPU_LOCAL_STACK_TOP, %rsp
entry_on_stack:
	build_syscall_frame SELECTOR_KERNEL_CODE, SELECTOR_KERNEL_DATA
entry_complete:
	xorl %ebp, %ebp
	cmpq syscall_direct_limit(%rip), %rax
	jae syscall_slow
	movq %r10, %rcx			/* else the registers of a C call */
	call *syscall_direct(, %rax, 8)
	movq %rax, FRAME_RAX(%rsp)
/* The frame is complete and at rsp, interrupts on. */
syscall_done:
	movq %gs:CPU_LOCAL_THREAD, %rax
	cmpl $0, THREAD_WORK_OFFSET(%rax)
	jne syscall_unusual
	cmpl $VECTOR_SYSCALL, FRAME_VECTOR(%rsp)
	jne syscall_unusual		/* registers were replaced */
	/* C code kept rbx and r12 to r15; rcx and r11 are the call's. */
	movq FRAME_RBP(%rsp), %rbp
	movq FRAME_R10(%rsp), %r10
	movq FRAME_R9(%rsp), %r9
	movq FRAME_R8(%rsp), %r8
	movq FRAME_RDX(%rsp), %rdx
	movq FRAME_RSI(%rsp), %rsi
	movq FRAME_RDI(%rsp), %rdi
	movq FRAME_RIP(%rsp), %rcx
	movq FRAME_RFLAGS(%rsp), %r11
	testl $FLAGS_UNUSUAL, %r11d	/* clears OF */
	jnz syscall_unusual
	movl %r11d, %eax		/* the arithmetic flags, by sahf */
	movb %al, %ah
	sahf
	movq FRAME_RAX(%rsp), %rax
	movq FRAME_RSP(%rsp), %rsp
syscall_left:
	jmp *%rcx

syscall_slow:
	movq %rsp, %rdi
	call trap_syscall
	jmp syscall_done

/* All of it with interrupts off: the way of the interrupts. */
syscall_unusual:
	cli
	jmp return_to_app

/* A number without function, from the table: the frame is above our return
 * address. */
	.globl arch_syscall_absent
arch_syscall_absent:
	leaq 8(%rsp), %rdi
	jmp syscall_absent

/* The frame is at rsp, interrupts off, the thread has work. */
return_with_work:
	movq %rsp, %rdi
	call trap_resume_work
	movq %gs:CPU_LOCAL_THREAD, %rax
	cmpl $0, THREAD_WORK_OFFSET(%rax)
	jne return_with_work
return_by_iret:
	testb $3, FRAME_CS(%rsp)
	jnz 2f
	movl FRAME_RFLAGS(%rsp), %eax
	btl $FLAG_IF_BIT, %eax
	jnc 1f
	testl $FLAGS_UNUSUAL, %eax	/* clears OF */
	jnz 1f
	/* To ring 0 without iretq, which is slow where it is emulated: the
	 * target is in the per-CPU area, since all registers are taken. */
	movq FRAME_RIP(%rsp), %rcx
	movq %rcx, %gs:CPU_LOCAL_RESUME
	movb %al, %ah
	sahf
	pop_registers
	movq FRAME_RSP - FRAME_VECTOR(%rsp), %rsp
	sti
	jmp *%gs:CPU_LOCAL_RESUME
2:	swapgs
1:	pop_registers
	addq $16, %rsp
	iretq

/* _Noreturn void context_enter_app(const struct trapframe *frame): the frame
 * is copied to the top of the emptied kernel stack. */
	.globl context_enter_app
context_enter_app:
	cli
	movq %rdi, %rsi
	movq %gs:CPU_LOCAL_STACK_TOP, %rdi
	subq $FRAME_SIZE, %rdi
	cmpq %rdi, %rsi
	je 2f
	movq %rdi, %rax
	movl $FRAME_WORDS, %ecx
	ja 1f				/* source above: forward is safe */
	std
	addq $FRAME_SIZE - 8, %rsi
	addq $FRAME_SIZE - 8, %rdi
1:	rep movsq
	cld
	movq %rax, %rdi
2:	movq %rdi, %rsp
	xorl %ebp, %ebp
/* The frame is at rsp, interrupts off: on to the application. */
	.globl return_to_app
return_to_app:
	movq %gs:CPU_LOCAL_THREAD, %rax
	cmpl $0, THREAD_WORK_OFFSET(%rax)
	jne return_with_work
	jmp return_by_iret

/* A new application thread starts here (context.c); its frame is at the top of
 * its stack, which is where rsp ends up. */
	.globl context_start_app
context_start_app:
	movq %rax, %rdi
	xorl %ebp, %ebp
	movq %rsp, %rbx
	andq $-16, %rsp
	call sched_thread_started
	movq %rbx, %rsp
	cli
	jmp return_to_app

/* --- interrupts and exceptions --------------------------------------------- */

entry_common:
	push_registers
	cld
	cmpb $0, smap_enabled(%rip)
	je 5f
	clac				/* interrupts leave AC as it was */
5:
	xorl %r12d, %r12d		/* kept over the call; -1: the kernel */
	movq FRAME_RSP(%rsp), %rdi
	testb $3, FRAME_CS(%rsp)
	jnz 1f
	movq FRAME_RIP(%rsp), %rax
	leaq entry_syscall(%rip), %rdx
	movq %rax, %rcx
	subq %rdx, %rcx
	cmpq $(syscall_left - entry_syscall), %rcx
	jbe entry_interrupted
4:	/* The kernel's own: rip and rsp in the upper half (asm/frame.h). */
	andq %rdi, %rax
	sarq $UPPER_HALF_SHIFT, %rax
	movq %rax, %r12
	incq %rax
	jz 2f
	jmp app_interrupted
1:	swapgs
app_interrupted:
	movq %gs:CPU_LOCAL_STACK_TOP, %rdi
2:	movq %rsp, %rsi
	andq $-16, %rdi
	subq $FRAME_SIZE, %rdi
	movq %rdi, %rax
	movl $FRAME_WORDS, %ecx
	rep movsq
	movq %rax, %rsp
	movq %rax, %rdi
	movq %rsp, %rbx			/* callee-saved: the frame */
	xorl %ebp, %ebp
	incq %r12
	jnz 3f
	movq FRAME_RBP(%rsp), %rbp	/* kernel: go on with its frame chain */
3:	call trap_handle
	cli
	movq %rbx, %rsp
	testq %r12, %r12
	jnz return_to_app
	leaq syscall_done(%rip), %rax	/* on the way back to the application? */
	movq FRAME_RIP(%rsp), %rcx
	subq %rax, %rcx
	cmpq $(syscall_left - syscall_done), %rcx
	jae 5f
	movq %rax, FRAME_RIP(%rsp)	/* look at the thread's work again */
5:	pop_registers
	addq $16, %rsp
	iretq

/* Between entry_syscall and syscall_left, at distance rcx: in the first steps
 * of a system call or in its last jump? */
entry_interrupted:
	movq FRAME_RCX(%rsp), %rdx
	cmpq $(syscall_left - entry_syscall), %rcx
	je 1f				/* as good as made */
	cmpq $(entry_complete - entry_syscall), %rcx
	jae 4b				/* neither */
	subq $SYSCALL_SIZE, %rdx
	movq FRAME_R11(%rsp), %rax
	movq %rax, FRAME_RFLAGS(%rsp)
	cmpq $(entry_on_stack - entry_syscall), %rcx
	jb 1f				/* rsp is still the application's */
	movq %gs:CPU_LOCAL_APP_SP, %rax
	movq %rax, FRAME_RSP(%rsp)
1:	movq %rdx, FRAME_RIP(%rsp)
	jmp app_interrupted

/* NMI, double fault, machine check: on their own stack, no thread switch. */
entry_fatal:
	push_registers
	cld
	movq %rsp, %rdi
	movq %rsp, %rbx
	testb $3, FRAME_CS(%rsp)
	jz 1f
	swapgs
1:	call trap_handle
	movq %rbx, %rsp
	testb $3, FRAME_CS(%rsp)
	jz 2f
	swapgs
2:	pop_registers
	addq $16, %rsp
	iretq

/* The stubs of the 256 vectors, 16 bytes each, entry_stubs + 16 * vector. */
	.balign 16
	.globl entry_stubs
entry_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if (vector != 8) && (vector < 10 || vector > 14) && (vector != 17) && (vector != 21)
	pushq $0
	.endif
	pushq $vector
	.if (vector == 2) || (vector == 8) || (vector == 18)
	jmp entry_fatal
	.else
	jmp entry_common
	.endif
	.set vector, vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
