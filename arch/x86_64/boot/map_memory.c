/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The kernel's page tables, after the first ones of pvh.S.
 *
 *	entry 256 of the root	direct map: 1 GiB pages where the processor has
 *				them, else 2 MiB pages; never executable
 *	entry 511		the image in 4 KiB pages: text RX, rodata R,
 *				data RW
 *	entry 384		kernel mappings: present from the start, so that
 *				every address space can share it
 *	entry 0			empty: a null pointer faults
 *
 * Only what the memory map has is mapped, in units of the page size used.
 * Boot CPU, once.
 */
#include "internal.h"

#include <arch/boot.h>
#include <arch/mmu.h>
#include <debug/panic.h>
#include <lib/align.h>

#define PTE_PRESENT    (1ull << 0)
#define PTE_WRITABLE   (1ull << 1)
#define PTE_BLOCK      (1ull << 7)
#define PTE_GLOBAL     (1ull << 8)
#define PTE_NO_EXECUTE (1ull << 63)
#define PTE_ADDRESS    0x000ffffffffff000ull

#define ENTRIES		512
#define GIB		(1ull << 30)
#define DIRECT_MAP_GIBS 512 /* one table of the third level */
#define ROOT_DIRECT	256
#define ROOT_KMAP	384
#define ROOT_KERNEL	511
#define POINTERS_KERNEL 510

extern uint64_t boot_root[ENTRIES];
extern const char kernel_start[], kernel_text_end[], kernel_rodata_end[],
	kernel_end[];

static uint64_t *table_at(uint64_t entry)
{
	return mmu_direct((paddr_t){.value = entry & PTE_ADDRESS});
}

static uint64_t new_table(void)
{
	return boot_take_frame().value | PTE_PRESENT | PTE_WRITABLE;
}

static bool has_gib_pages(void)
{
	uint32_t eax = 0x80000001;
	uint32_t ebx;
	uint32_t ecx = 0;
	uint32_t edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return (edx & (1u << 26)) != 0;
}

static void map_gib(uint64_t *pointers, uint64_t number, bool big_pages)
{
	const uint64_t bits = PTE_PRESENT | PTE_WRITABLE | PTE_BLOCK |
			      PTE_GLOBAL | PTE_NO_EXECUTE;
	uint64_t *directory;
	uint64_t entry;

	if (big_pages) {
		pointers[number] = number * GIB | bits;
		return;
	}
	entry = new_table();
	directory = table_at(entry);
	for (uint64_t i = 0; i < ENTRIES; i++) {
		directory[i] = (number * GIB + i * HUGE_SIZE) | bits;
	}
	pointers[number] = entry;
}

/* A fresh third-level table: the one of pvh.S stays in use until the end. */
static uint64_t make_direct_map(void)
{
	const struct boot_info *boot = boot_info();
	bool big_pages = has_gib_pages();
	uint64_t entry = new_table();
	uint64_t *pointers = table_at(entry);

	map_gib(pointers, 0, big_pages);
	for (size_t i = 0; i < boot->range_count; i++) {
		uint64_t first = boot->ranges[i].start / GIB;
		uint64_t last = (boot->ranges[i].end - 1) / GIB;

		for (uint64_t n = first; n <= last && n < DIRECT_MAP_GIBS;
		     n++) {
			if (pointers[n] == 0) {
				map_gib(pointers, n, big_pages);
			}
		}
	}
	return entry;
}

static uint64_t image_bits(uintptr_t address)
{
	if (address < (uintptr_t)kernel_text_end) {
		return PTE_PRESENT | PTE_GLOBAL;
	}
	if (address < (uintptr_t)kernel_rodata_end) {
		return PTE_PRESENT | PTE_GLOBAL | PTE_NO_EXECUTE;
	}
	return PTE_PRESENT | PTE_WRITABLE | PTE_GLOBAL | PTE_NO_EXECUTE;
}

static uint64_t make_kernel_map(void)
{
	uint64_t entry = new_table();
	uint64_t directory_entry = new_table();
	uint64_t *directory = table_at(directory_entry);
	uintptr_t address = (uintptr_t)kernel_start;

	table_at(entry)[POINTERS_KERNEL] = directory_entry;
	for (; address < (uintptr_t)kernel_end; address += PAGE_SIZE) {
		uint64_t *slot = &directory[(address >> HUGE_SHIFT) % ENTRIES];

		if (*slot == 0) {
			*slot = new_table();
		}
		table_at(*slot)[(address >> PAGE_SHIFT) % ENTRIES] =
			mmu_direct_paddr((const void *)address).value |
			image_bits(address);
	}
	return entry;
}

void boot_map_memory(void)
{
	uint64_t direct = make_direct_map();
	uint64_t kernel = make_kernel_map();
	uint64_t root_address;

	boot_root[0] = 0;
	boot_root[ROOT_KMAP] = new_table();
	boot_root[ROOT_DIRECT] = direct;
	boot_root[ROOT_KERNEL] = kernel;
	root_address = mmu_direct_paddr(boot_root).value;
	/* Global entries survive a load of CR3: PGE off and on drops them. */
	__asm__ volatile("movq %%cr4, %%rax\n\t"
			 "movq %%rax, %%rdx\n\t"
			 "andq $~0x80, %%rax\n\t"
			 "movq %%rax, %%cr4\n\t"
			 "movq %0, %%cr3\n\t"
			 "movq %%rdx, %%cr4"
			 :
			 : "r"(root_address)
			 : "rax", "rdx", "memory");
}
