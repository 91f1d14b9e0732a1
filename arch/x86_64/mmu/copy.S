/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Accesses to application memory that may fault.
 *
 * Each faulting instruction has a record {address, fixup} in .extable; the
 * page-fault handler continues at the fixup when the fault cannot be resolved.
 * Ranges are checked by the callers.  With SMAP the callers of user.c have
 * opened the window already.
 */
	.macro fixup at, to
	.section .extable, "a"
	.quad \at, \to
	.text
	.endm

	.text
/* size_t user_copy_raw(void *dst, const void *src, size_t size): bytes left */
	.globl user_copy_raw
user_copy_raw:
	movq %rdx, %rcx
1:	rep movsb
2:	movq %rcx, %rax
	ret
	fixup 1b, 2b

/* size_t user_zero_raw(void *dst, size_t size): bytes left */
	.globl user_zero_raw
user_zero_raw:
	movq %rsi, %rcx
	xorl %eax, %eax
1:	rep stosb
2:	movq %rcx, %rax
	ret
	fixup 1b, 2b

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
