/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * memcpy, memmove and memset of x86-64.
 *
 * Up to 32 bytes: all loads before all stores, with overlapping words at both
 * ends, so there is no loop and overlapping areas need no care.  Above: blocks
 * of 32 or 64 bytes, or string instructions for long areas where they are fast
 * (fast_strings, cpu/cpu.c; emulators take them byte by byte).
 *
 * General registers only.  Arguments: rdi, rsi, rdx; result: rax.
 */

	.macro function name
	.section .text.\name, "ax", @progbits
	.balign 16
	.globl \name
	.type \name, @function
\name:
	.endm

	.macro end_function name
	.size \name, . - \name
	.endm

function memmove
	mov	%rdi, %rax
	sub	%rsi, %rax
	cmp	%rdx, %rax
	jae	memcpy			/* dst not inside [src, src + size) */
	mov	%rdi, %rax
.Lbackwards:
	cmp	$32, %rdx
	jbe	.Lcopy_small
	mov	-8(%rsi, %rdx), %rcx
	mov	-16(%rsi, %rdx), %r8
	mov	-24(%rsi, %rdx), %r9
	mov	-32(%rsi, %rdx), %r10
	mov	%rcx, -8(%rdi, %rdx)
	mov	%r8, -16(%rdi, %rdx)
	mov	%r9, -24(%rdi, %rdx)
	mov	%r10, -32(%rdi, %rdx)
	sub	$32, %rdx
	jmp	.Lbackwards
end_function memmove

	.macro move_32 offset
	mov	\offset(%rsi), %rcx
	mov	\offset+8(%rsi), %r8
	mov	\offset+16(%rsi), %r9
	mov	\offset+24(%rsi), %r10
	mov	%rcx, \offset(%rdi)
	mov	%r8, \offset+8(%rdi)
	mov	%r9, \offset+16(%rdi)
	mov	%r10, \offset+24(%rdi)
	.endm

function memcpy
	mov	%rdi, %rax
	cmp	$32, %rdx
	jbe	.Lcopy_small
	cmp	$1024, %rdx
	jb	1f
	cmpb	$0, fast_strings(%rip)
	je	1f
	mov	%rdx, %rcx
	rep movsb
	ret
1:	cmp	$64, %rdx
	jb	3f
2:	move_32 0
	move_32 32
	add	$64, %rsi
	add	$64, %rdi
	sub	$64, %rdx
	cmp	$64, %rdx
	jae	2b
3:	cmp	$32, %rdx
	jb	.Lcopy_small
	move_32 0
	add	$32, %rsi
	add	$32, %rdi
	sub	$32, %rdx
.Lcopy_small:				/* rax is set */
	cmp	$16, %edx
	jae	.Lcopy_16
	cmp	$8, %edx
	jae	.Lcopy_8
	cmp	$4, %edx
	jae	.Lcopy_4
	cmp	$1, %edx
	ja	.Lcopy_2
	jb	.Lcopy_0
	movzbl	(%rsi), %ecx
	mov	%cl, (%rdi)
.Lcopy_0:
	ret
.Lcopy_2:
	movzwl	(%rsi), %ecx
	movzwl	-2(%rsi, %rdx), %r8d
	mov	%cx, (%rdi)
	mov	%r8w, -2(%rdi, %rdx)
	ret
.Lcopy_4:
	mov	(%rsi), %ecx
	mov	-4(%rsi, %rdx), %r8d
	mov	%ecx, (%rdi)
	mov	%r8d, -4(%rdi, %rdx)
	ret
.Lcopy_8:
	mov	(%rsi), %rcx
	mov	-8(%rsi, %rdx), %r8
	mov	%rcx, (%rdi)
	mov	%r8, -8(%rdi, %rdx)
	ret
.Lcopy_16:
	mov	(%rsi), %rcx
	mov	8(%rsi), %r8
	mov	-16(%rsi, %rdx), %r9
	mov	-8(%rsi, %rdx), %r10
	mov	%rcx, (%rdi)
	mov	%r8, 8(%rdi)
	mov	%r9, -16(%rdi, %rdx)
	mov	%r10, -8(%rdi, %rdx)
	ret
end_function memcpy

function memset
	mov	%rdi, %r9
	movzbl	%sil, %eax
	movabs	$0x0101010101010101, %rcx
	imul	%rcx, %rax
	cmp	$8, %rdx
	jb	.Lset_small
	mov	%rax, -8(%rdi, %rdx)
	cmp	$1024, %rdx
	jb	1f
	cmpb	$0, fast_strings(%rip)
	je	1f
	mov	%rdx, %rcx
	rep stosb
	mov	%r9, %rax
	ret
1:	cmp	$64, %rdx
	jb	3f
2:	mov	%rax, (%rdi)
	mov	%rax, 8(%rdi)
	mov	%rax, 16(%rdi)
	mov	%rax, 24(%rdi)
	mov	%rax, 32(%rdi)
	mov	%rax, 40(%rdi)
	mov	%rax, 48(%rdi)
	mov	%rax, 56(%rdi)
	add	$64, %rdi
	sub	$64, %rdx
	cmp	$64, %rdx
	jae	2b
3:	cmp	$8, %rdx
	jb	4f
	mov	%rax, (%rdi)
	add	$8, %rdi
	sub	$8, %rdx
	jmp	3b
4:	mov	%r9, %rax
	ret
.Lset_small:
	cmp	$4, %edx
	jae	.Lset_4
	test	%edx, %edx
	jz	.Lset_0
	mov	%al, (%rdi)
	mov	%al, -1(%rdi, %rdx)
	shr	%edx
	mov	%al, (%rdi, %rdx)
.Lset_0:
	mov	%r9, %rax
	ret
.Lset_4:
	mov	%eax, (%rdi)
	mov	%eax, -4(%rdi, %rdx)
	mov	%r9, %rax
	ret
end_function memset

	.section .note.GNU-stack, "", @progbits
