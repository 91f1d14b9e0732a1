/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * The memory management unit: page size, address ranges, root, TLB.
 *
 * <asm/mmu.h> gives the constants
 *   PAGE_SHIFT, PAGE_SIZE, PAGE_MASK (~(PAGE_SIZE - 1)), HUGE_SHIFT, HUGE_SIZE
 *   USER_BASE, USER_END		the application's part [BASE, END)
 *   DIRECT_MAP_BASE			all RAM, from physical 0
 *   KMAP_BASE, KMAP_END		kernel mappings: stacks, devices
 * and as inlines
 *   void *mmu_direct(paddr_t);		address in the direct map
 *   paddr_t mmu_direct_paddr(const void *);	back; also for the kernel image
 */
#include <lib/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/mmu.h>

/* The root of the kernel's own tables; upper half shared by all. */
paddr_t mmu_kernel_root(void);

/*
 * Fills the upper half of a fresh root table with the shared entries.  The
 * entries exist from boot and never change.
 */
void mmu_root_init(void *root_table);

/* Makes this CPU use the root.  Interrupts disabled. */
void mmu_root_load(paddr_t root);
paddr_t mmu_root_current(void);

/* Forgets translations of this CPU.  Any context. */
void mmu_flush_page(uintptr_t vaddr);
void mmu_flush_range(uintptr_t start, uintptr_t end);
void mmu_flush_all(void);	 /* all but global entries */
void mmu_flush_all_global(void); /* all */

/* Widest physical address in bits. */
unsigned mmu_paddr_bits(void);

/* True when the application runs unprivileged (--isolate). */
bool mmu_isolated(void);
