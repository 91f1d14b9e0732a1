/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Address layout of the fake machine: physical 0 is the arena's start, so the
 * direct map is the arena.  Application addresses are those of x86-64; nothing
 * can be accessed there but through the page tables (mm tests walk them).
 */
#include <lib/types.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#define HUGE_SHIFT 21
#define HUGE_SIZE  (1ul << HUGE_SHIFT)

#define USER_BASE	0x0000000000001000ul
#define USER_END	0x00007ffffffff000ul
#define DIRECT_MAP_BASE ((uintptr_t)host_memory)
#define KMAP_BASE	0xffffc00000000000ul
#define KMAP_END	0xffffc08000000000ul

extern unsigned char *host_memory;

static inline void *mmu_direct(paddr_t paddr)
{
	return host_memory + paddr.value;
}

static inline paddr_t mmu_direct_paddr(const void *address)
{
	return (paddr_t){.value = (uint64_t)((const unsigned char *)address -
					     host_memory)};
}
