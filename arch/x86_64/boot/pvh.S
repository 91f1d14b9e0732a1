/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * PVH entry: 32-bit protected mode, paging off, ebx = hvm_start_info (Xen's
 * "x86/HVM direct boot ABI").
 *
 * Builds the first page tables, in which the first GiB of memory appears three
 * times with 2 MiB pages: at 0 (dropped by mmu_init()), in the direct map and
 * at the kernel's address; then enters long mode and the kernel's addresses.
 */
#define KERNEL_BASE 0xffffffff80000000
#define PHYSICAL(symbol) ((symbol) - KERNEL_BASE)

#define PTE_TABLE 0x003		/* present, writable */
#define PTE_BLOCK 0x183		/* present, writable, 2 MiB, global */

#define CR0_PE_MP_NE_WP_PG 0x80010023
#define CR4_PAE_PGE_OSFXSR 0x000006a0
#define MSR_EFER 0xc0000080
#define MSR_GS_BASE 0xc0000101
#define EFER_SCE_LME_NXE 0x901

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18			/* name size, size, PHYS32_ENTRY */
	.asciz "Xen"
	.long PHYSICAL(pvh_entry)

	.section .text.boot, "ax"
	.code32
	.globl pvh_entry
pvh_entry:
	cli
	cld
	movl $PHYSICAL(boot_stack_top), %esp
	movl %ebx, PHYSICAL(pvh_start_info)

	movl $PHYSICAL(boot_directory), %edi
	movl $PTE_BLOCK, %eax
	movl $512, %ecx
1:	movl %eax, (%edi)
	movl $0, 4(%edi)
	addl $0x200000, %eax
	addl $8, %edi
	decl %ecx
	jnz 1b

	movl $(PHYSICAL(boot_directory) + PTE_TABLE), %eax
	movl %eax, PHYSICAL(boot_pointers_low)
	movl %eax, PHYSICAL(boot_pointers_high) + 510 * 8
	movl $(PHYSICAL(boot_pointers_low) + PTE_TABLE), %eax
	movl %eax, PHYSICAL(boot_root)
	movl %eax, PHYSICAL(boot_root) + 256 * 8
	movl $(PHYSICAL(boot_pointers_high) + PTE_TABLE), %eax
	movl %eax, PHYSICAL(boot_root) + 511 * 8

	movl $CR4_PAE_PGE_OSFXSR, %eax
	movl %eax, %cr4
	movl $PHYSICAL(boot_root), %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_SCE_LME_NXE, %eax
	wrmsr
	movl $CR0_PE_MP_NE_WP_PG, %eax
	movl %eax, %cr0
	lgdt PHYSICAL(boot_gdt_pointer)
	ljmp $8, $PHYSICAL(long_mode)

	.code64
long_mode:
	movabsq $high_half, %rax
	jmp *%rax
high_half:
	movq $boot_stack_top, %rsp
	xorl %ebp, %ebp
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movl %eax, %ss
	/* The stack guard of compiled code is read through gs. */
	movq $boot_percpu, %rdx
	movl %edx, %eax
	shrq $32, %rdx
	movl $MSR_GS_BASE, %ecx
	wrmsr
	movl pvh_start_info(%rip), %edi
	call boot_main
1:	hlt
	jmp 1b

	.section .rodata
	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 64-bit code, ring 0 */
boot_gdt_end:
	.globl boot_gdt_pointer64
boot_gdt_pointer64:
	.word boot_gdt_end - boot_gdt - 1
	.quad boot_gdt
boot_gdt_pointer:
	.word boot_gdt_end - boot_gdt - 1
	.long PHYSICAL(boot_gdt)

	.section .bss
	.balign 4096
	.globl boot_root
boot_root:		.skip 4096
	.globl boot_pointers_low, boot_pointers_high, boot_directory
boot_pointers_low:	.skip 4096
boot_pointers_high:	.skip 4096
boot_directory:		.skip 4096
	.globl boot_stack
boot_stack:		.skip 16384
	.globl boot_stack_top
boot_stack_top:
pvh_start_info:		.skip 4

	.section .note.GNU-stack, "", @progbits
