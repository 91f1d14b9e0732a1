/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Page-table entries.
 *
 * All architectures use the same tree: four levels of 512 entries, 4 KiB
 * pages; level 0 holds 4 KiB leaves, level 1 2 MiB, level 2 1 GiB, level 3 is
 * the root.  core/mm/pgtable.c walks it; the bits are here.  Whether a page of
 * the application carries the user bit is decided in pte_leaf() alone, by the
 * privilege mode of this boot (design.md, section 4).
 *
 * <asm/pte.h> gives as inlines, for `typedef struct { uint64_t value; } pte_t`:
 *
 *   pte_t pte_none(void);                        not present, all zero
 *   pte_t pte_leaf(paddr_t, unsigned prot, unsigned level);
 *   pte_t pte_table(paddr_t table);
 *   bool pte_is_none(pte_t);                     all zero
 *   bool pte_is_present(pte_t);
 *   bool pte_is_leaf(pte_t, unsigned level);     present and no table
 *   paddr_t pte_paddr(pte_t);                    of the leaf or the table
 *   unsigned pte_prot(pte_t);                    PTE_READ...: of a leaf
 *   pte_t pte_set_prot(pte_t, unsigned prot);    same frame, same dirty bits
 *   bool pte_is_dirty(pte_t);   pte_t pte_clear_dirty(pte_t);
 *   bool pte_is_young(pte_t);   pte_t pte_clear_young(pte_t);
 *   pte_t pte_load(const pte_t *slot);           one atomic read
 *   void pte_store(pte_t *slot, pte_t);          one atomic write
 *   pte_t pte_exchange(pte_t *slot, pte_t);      atomic; returns the old one
 *   bool pte_compare_exchange(pte_t *slot, pte_t old, pte_t new);
 *
 * A mapping of PROT_NONE pages is a leaf that is not present but not none
 * (PTE_READ, WRITE and EXEC all clear); pte_is_present() is false for it and
 * pte_paddr() still gives its frame.
 */
#include <lib/types.h>
#include <stdbool.h>
#include <stdint.h>

#define PTE_READ	    (1u << 0)
#define PTE_WRITE	    (1u << 1)
#define PTE_EXEC	    (1u << 2)
#define PTE_APP		    (1u << 3) /* a page of the application, not the kernel's */
#define PTE_DEVICE	    (1u << 4) /* uncached, strongly ordered */
#define PTE_GLOBAL	    (1u << 5) /* same in all address spaces */
#define PTE_WRITE_COMBINING (1u << 6)

#define PTE_ENTRY_COUNT 512
#define PTE_ROOT_LEVEL	3

#include <asm/pte.h>
