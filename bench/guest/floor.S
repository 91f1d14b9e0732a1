/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floor of all boot times: a kernel that prints the same text to the
 * serial port as hello.c and ends QEMU.  Entered through the PVH note, in
 * 32-bit mode.
 */
	.section .note, "a", @note
	.long	4, 4, 18
	.asciz	"Xen"
	.long	start

	.text
	.code32
	.globl	start
start:
	mov	$text, %esi
	mov	$0x3f8, %dx
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, (%dx)
	jmp	1b
2:	mov	$0x10, %al
	out	%al, $0xf4
3:	hlt
	jmp	3b
text:	.asciz	"hello from main\n"
