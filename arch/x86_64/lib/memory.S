/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * memcpy, memmove and memset of x86-64.
 *
 * Up to 32 bytes: all loads before all stores, with overlapping words at both
 * ends, so there is no loop and overlapping areas need no care.  Above: rep
 * movsq and stosq for whole words and one overlapping word at the end, which
 * is quick on processors (fast strings) and in emulators (8 bytes a step).
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

function memcpy
	mov	%rdi, %rax
	cmp	$32, %rdx
	jbe	.Lcopy_small
	mov	-8(%rsi, %rdx), %r8
	lea	-8(%rdi, %rdx), %r9
	lea	-1(%rdx), %rcx
	shr	$3, %rcx
	rep movsq
	mov	%r8, (%r9)
	ret
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
	lea	-1(%rdx), %rcx
	shr	$3, %rcx
	rep stosq
	mov	%r9, %rax
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
