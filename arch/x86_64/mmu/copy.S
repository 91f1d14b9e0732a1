/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Accesses to application memory that may fault.
 *
 * Each faulting instruction has a record {address, fixup} in .extable, or lies
 * in a range {from, to, fixup} of .extable_ranges; the page-fault handler
 * continues at the fixup when the fault cannot be resolved.
 * Ranges are checked by the callers.  With SMAP the callers of user.c have
 * opened the window already.
 */
	.macro fixup at, to
	.section .extable, "a"
	.quad \at, \to
	.text
	.endm

	.text
/*
 * size_t user_copy_raw(void *dst, const void *src, size_t size): bytes left.
 *
 * Blocks of 64 bytes, 32, words, a tail of 4, 2, 1; rdx is what is left before each step, so a
 * fault goes on byte by byte from there and stops at the very byte.  Where
 * string instructions are fast (fast_strings, cpu.c) long copies use them.
 */
	.macro move_8 offset
	movq \offset(%rsi), %rax
	movq \offset+8(%rsi), %rcx
	movq \offset+16(%rsi), %r8
	movq \offset+24(%rsi), %r9
	movq %rax, \offset(%rdi)
	movq %rcx, \offset+8(%rdi)
	movq %r8, \offset+16(%rdi)
	movq %r9, \offset+24(%rdi)
	.endm
	.macro move_by count
	addq $\count, %rsi
	addq $\count, %rdi
	subq $\count, %rdx
	.endm
	.macro fixup_range from, to, target
	.section .extable_ranges, "a"
	.quad \from, \to, \target
	.text
	.endm

	.globl user_copy_raw
user_copy_raw:
	cmpq $512, %rdx
	jb 10f
	cmpb $0, fast_strings(%rip)
	jne 30f
10:	cmpq $64, %rdx
	jb 12f
11:
	move_8 0
	move_8 32
	addq $64, %rsi
	addq $64, %rdi
	subq $64, %rdx
	cmpq $64, %rdx
	jae 11b
12:	testb $32, %dl
	jz 13f
	move_8 0
	move_by 32
13:	cmpq $8, %rdx
	jb 14f
	movq (%rsi), %rax
	movq %rax, (%rdi)
	move_by 8
	jmp 13b
14:	testb $4, %dl			/* the tail: string instructions */
	jz 15f				/* are slow where emulated */
	movl (%rsi), %eax
	movl %eax, (%rdi)
	move_by 4
15:	testb $2, %dl
	jz 16f
	movzwl (%rsi), %eax
	movw %ax, (%rdi)
	move_by 2
16:	testb $1, %dl
	jz 17f
	movb (%rsi), %al
	movb %al, (%rdi)
17:	xorl %eax, %eax
	ret
30:	movq %rdx, %rcx
1:	rep movsb
2:	movq %rcx, %rax
	ret
	fixup 1b, 2b
	fixup_range 11b, 30b, 30b

/* size_t user_zero_raw(void *dst, size_t size): bytes left */
	.globl user_zero_raw
user_zero_raw:
	xorl %eax, %eax
	cmpq $512, %rsi
	jb 10f
	cmpb $0, fast_strings(%rip)
	jne 30f
10:	cmpq $32, %rsi
	jb 12f
11:	movq %rax, (%rdi)
	movq %rax, 8(%rdi)
	movq %rax, 16(%rdi)
	movq %rax, 24(%rdi)
	addq $32, %rdi
	subq $32, %rsi
	cmpq $32, %rsi
	jae 11b
12:	cmpq $8, %rsi
	jb 13f
	movq %rax, (%rdi)
	addq $8, %rdi
	subq $8, %rsi
	jmp 12b
13:	testq %rsi, %rsi
	jz 14f
	movb %al, (%rdi)
	incq %rdi
	decq %rsi
	jmp 13b
14:	ret
30:	movq %rsi, %rcx
1:	rep stosb
2:	movq %rcx, %rax
	ret
	fixup 1b, 2b
	fixup_range 11b, 30b, 30b

/* int user_cmpxchg_raw(u32 *addr, u32 expected, u32 desired, u32 *old_out) */
	.globl user_cmpxchg_raw
user_cmpxchg_raw:
	movl %esi, %eax
1:	lock cmpxchgl %edx, (%rdi)
	movl %eax, (%rcx)
	xorl %eax, %eax
	ret
2:	movl $-14, %eax		/* EFAULT */
	ret
	fixup 1b, 2b

/* int user_xchg_raw(u32 *addr, u32 value, u32 *old_out) */
	.globl user_xchg_raw
user_xchg_raw:
1:	xchgl %esi, (%rdi)
	movl %esi, (%rdx)
	xorl %eax, %eax
	ret
2:	movl $-14, %eax
	ret
	fixup 1b, 2b

/* int user_add_raw(u32 *addr, u32 value, u32 *old_out) */
	.globl user_add_raw
user_add_raw:
1:	lock xaddl %esi, (%rdi)
	movl %esi, (%rdx)
	xorl %eax, %eax
	ret
2:	movl $-14, %eax
	ret
	fixup 1b, 2b

	.section .note.GNU-stack, "", @progbits
