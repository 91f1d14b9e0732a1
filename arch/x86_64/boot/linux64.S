/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Linux 64-bit entry (Documentation/x86/boot: "64-bit boot protocol"): e_entry
 * of the ELF file.  Long mode, paging on with kernel and parameters mapped
 * one to one, rsi = boot_params, interrupts off.
 *
 * The loader's page tables are replaced by ours, which pvh.S describes.  Until
 * the jump to the kernel's addresses, this code is position independent and
 * runs where it is loaded.
 */
#define KERNEL_BASE 0xffffffff80000000
#define PHYSICAL(symbol) ((symbol) - KERNEL_BASE)
#define PTE_TABLE 0x003
#define PTE_BLOCK 0x183
#define CR0_PE_MP_NE_WP_PG 0x80010023
#define CR4_PAE_PGE_OSFXSR 0x000006a0
#define MSR_EFER 0xc0000080
#define MSR_GS_BASE 0xc0000101
#define EFER_SCE_LME_LMA_NXE 0xd01

	.section .text.boot, "ax"
	.code64
	.globl linux64_entry
linux64_entry:
	cli
	cld
	movq %rsi, %r12
	movl $PHYSICAL(boot_directory), %edi
	movl $PTE_BLOCK, %eax
	movl $512, %ecx
1:	movq %rax, (%rdi)
	addq $0x200000, %rax
	addq $8, %rdi
	decl %ecx
	jnz 1b
	movl $(PHYSICAL(boot_directory) + PTE_TABLE), %eax
	movq %rax, PHYSICAL(boot_pointers_low)
	movq %rax, PHYSICAL(boot_pointers_high) + 510 * 8
	movl $(PHYSICAL(boot_pointers_low) + PTE_TABLE), %eax
	movq %rax, PHYSICAL(boot_root)
	movq %rax, PHYSICAL(boot_root) + 256 * 8
	movl $(PHYSICAL(boot_pointers_high) + PTE_TABLE), %eax
	movq %rax, PHYSICAL(boot_root) + 511 * 8
	movl $MSR_EFER, %ecx
	movl $EFER_SCE_LME_LMA_NXE, %eax
	xorl %edx, %edx
	wrmsr
	movl $CR4_PAE_PGE_OSFXSR, %eax
	movq %rax, %cr4
	movl $PHYSICAL(boot_root), %eax
	movq %rax, %cr3
	movl $CR0_PE_MP_NE_WP_PG, %eax
	movq %rax, %cr0
	movabsq $1f, %rax
	jmp *%rax
1:	movq $boot_stack_top, %rsp
	xorl %ebp, %ebp
	lgdt boot_gdt_pointer64(%rip)
	pushq $8
	leaq 2f(%rip), %rax
	pushq %rax
	lretq
2:	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movl %eax, %ss
	movq $boot_percpu, %rdx
	movl %edx, %eax
	shrq $32, %rdx
	movl $MSR_GS_BASE, %ecx
	wrmsr
	movq %r12, %rdi
	call boot_main_linux
3:	hlt
	jmp 3b

	.section .note.GNU-stack, "", @progbits
