/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * From the STARTUP interrupt (real mode, cs = page >> 4, ip = 0) to
 * smp_cpu_main(), on every CPU but the first.  Copied to a page below 1 MiB:
 * until the jump to 64-bit code, only addresses relative to that page (ebx)
 * are used.
 */
#include <asm/selectors.h>

#define KERNEL_BASE 0xffffffff80000000
#define MSR_EFER    0xc0000080
#define EFER_LME_NX 0x900	/* long mode, no-execute */
#define CR0_PAGING  0x80010023	/* as pvh.S: PG WP NE MP PE */
#define CR4_NEEDED  0x6a0	/* PAE, PGE, FXSR, exceptions */
#define CODE32	    0x08
#define CODE64	    0x10
#define DATA	    0x18

	.section .rodata
	.balign 16
	.globl trampoline_start
trampoline_start:
	.code16
	cli
	xorl %ebx, %ebx
	movw %cs, %bx
	movw %bx, %ds
	shll $4, %ebx			/* the page's address */
	leal (table - trampoline_start)(%ebx), %eax
	movl %eax, (pointer - trampoline_start + 2)
	leal (protected - trampoline_start)(%ebx), %eax
	movl %eax, (far32 - trampoline_start)
	leal (long - trampoline_start)(%ebx), %eax
	movl %eax, (far64 - trampoline_start)
	lgdtl (pointer - trampoline_start)
	movl %cr0, %eax
	orl $1, %eax
	movl %eax, %cr0
	ljmpl *(far32 - trampoline_start)

	.code32
protected:
	movw $DATA, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $CR4_NEEDED, %eax
	movl %eax, %cr4
	movl $(trampoline_root - KERNEL_BASE), %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_LME_NX, %eax
	wrmsr
	movl $CR0_PAGING, %eax
	movl %eax, %cr0
	ljmpl *(far64 - trampoline_start)(%ebx)

	.code64
long:
	movabsq $trampoline_cpu, %rax
	jmp *%rax

	.balign 8
table:
	.quad 0
	.quad 0x00cf9b000000ffff	/* 32-bit code */
	.quad 0x00af9b000000ffff	/* 64-bit code */
	.quad 0x00cf93000000ffff	/* data */
pointer:
	.word . - table - 1
	.long 0
far32:
	.long 0
	.word CODE32
far64:
	.long 0
	.word CODE64
	.globl trampoline_end
trampoline_end:

	.text
trampoline_cpu:
	movl $1, %edi
	lock xaddl %edi, trampoline_next
	cmpl trampoline_count, %edi
	jae 1f
	incl %edi			/* the boot CPU is 0 */
	movq trampoline_stacks(, %rdi, 8), %rsp
	xorl %ebp, %ebp
	call smp_cpu_main
1:	cli
	hlt
	jmp 1b

	.section .note.GNU-stack, "", @progbits
