/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Address layout of x86-64: see arch/mmu.h and design.md, section 4. */
#include <lib/types.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#define HUGE_SHIFT 21
#define HUGE_SIZE  (1ul << HUGE_SHIFT)

#define USER_BASE	0x0000000000001000ul
#define USER_END	0x00007ffffffff000ul
#define DIRECT_MAP_BASE 0xffff800000000000ul
#define KMAP_BASE	0xffffc00000000000ul
#define KMAP_END	0xffffc08000000000ul
#define KERNEL_BASE	0xffffffff80000000ul

static inline void *mmu_direct(paddr_t paddr)
{
	return (void *)(DIRECT_MAP_BASE + paddr.value);
}

static inline paddr_t mmu_direct_paddr(const void *address)
{
	uintptr_t value = (uintptr_t)address;
	uintptr_t base = value >= KERNEL_BASE ? KERNEL_BASE : DIRECT_MAP_BASE;

	return (paddr_t){.value = value - base};
}
