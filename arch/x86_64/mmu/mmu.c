/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Root tables and the TLB of one CPU.
 *
 * The upper half of every root is a copy of the kernel's root entries, which
 * exist from boot.  Stateless but for the privilege mode, which is set once.
 */
#include <arch/mmu.h>

#include <arch/pte.h>
#include <lib/string.h>

#define ENTRY_COUNT	512
#define CR4_PGE		(1ul << 7)
#define FLUSH_ALL_PAGES 64 /* beyond, flushing everything is cheaper */

extern uint64_t boot_root[ENTRY_COUNT];

uint64_t pte_app_bits;

paddr_t mmu_kernel_root(void)
{
	return mmu_direct_paddr(boot_root);
}

void mmu_root_init(void *root_table)
{
	uint64_t *entries = root_table;

	memset(entries, 0, PAGE_SIZE / 2);
	memcpy(entries + ENTRY_COUNT / 2, boot_root + ENTRY_COUNT / 2,
	       PAGE_SIZE / 2);
}

void mmu_root_load(paddr_t root)
{
	__asm__ volatile("movq %0, %%cr3" : : "r"(root.value) : "memory");
}

paddr_t mmu_root_current(void)
{
	uint64_t value;

	__asm__ volatile("movq %%cr3, %0" : "=r"(value));
	return (paddr_t){.value = value & ~0xffful};
}

void mmu_flush_page(uintptr_t vaddr)
{
	__asm__ volatile("invlpg (%0)" : : "r"(vaddr) : "memory");
}

void mmu_flush_range(uintptr_t start, uintptr_t end)
{
	if ((end - start) / PAGE_SIZE > FLUSH_ALL_PAGES) {
		mmu_flush_all_global();
		return;
	}
	for (; start < end; start += PAGE_SIZE) {
		mmu_flush_page(start);
	}
}

void mmu_flush_all(void)
{
	mmu_root_load(mmu_root_current());
}

void mmu_flush_all_global(void)
{
	unsigned long cr4;

	__asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("movq %0, %%cr4\n\tmovq %1, %%cr4"
			 :
			 : "r"(cr4 & ~CR4_PGE), "r"(cr4)
			 : "memory");
}

unsigned mmu_paddr_bits(void)
{
	uint32_t eax = 0x80000008;
	uint32_t ebx;
	uint32_t ecx = 0;
	uint32_t edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return eax & 0xff;
}

bool mmu_isolated(void)
{
	return pte_app_bits != 0;
}
