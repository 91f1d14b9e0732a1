/* SPDX-License-Identifier: BSD-3-Clause */
/* The vDSO, linked before, as data of the kernel. */
	.section .rodata
	.balign 16
	.globl vdso_image_start, vdso_image_end
vdso_image_start:
	.incbin VDSO_FILE
vdso_image_end:

	.section .note.GNU-stack, "", @progbits
