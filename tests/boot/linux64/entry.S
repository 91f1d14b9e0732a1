/* SPDX-License-Identifier: BSD-3-Clause */
/* PVH entry of the test loader, and the way into long mode (loader.c). */
	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18
	.asciz "Xen"
	.long start

	.text
	.code32
	.globl start
start:
	cli
	cld
	movl $stack_top, %esp
	pushl %ebx
	call load
	movl %eax, %ebp
	movl $directory, %edi		/* the first 4 GiB, one to one */
	movl $0x83, %eax
	movl $2048, %ecx
1:	movl %eax, (%edi)
	movl $0, 4(%edi)
	addl $0x200000, %eax
	addl $8, %edi
	decl %ecx
	jnz 1b
	movl $directory + 0x003, %eax
	movl %eax, pointers
	addl $0x1000, %eax
	movl %eax, pointers + 8
	addl $0x1000, %eax
	movl %eax, pointers + 16
	addl $0x1000, %eax
	movl %eax, pointers + 24
	movl $pointers + 0x003, %eax
	movl %eax, root
	movl $0x20, %eax		/* PAE */
	movl %eax, %cr4
	movl $root, %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx
	rdmsr
	orl $0x100, %eax
	wrmsr
	movl $0x80000001, %eax
	movl %eax, %cr0
	lgdt table_pointer
	ljmp $0x10, $long
	.code64
long:
	movl $0x90000, %esi
	movl %ebp, %eax
	jmp *%rax

	.data
	.balign 8
table:	.quad 0, 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
table_pointer:
	.word . - table - 1
	.long table

	.bss
	.balign 4096
root:		.skip 4096
pointers:	.skip 4096
directory:	.skip 16384
		.skip 4096
stack_top:
	.section .note.GNU-stack, "", @progbits
