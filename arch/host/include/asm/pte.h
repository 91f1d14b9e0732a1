/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Page-table entries of the fake machine: the rights as they are in the low
 * bits, so a wrong use of the contract (arch/pte.h) shows up at once.
 *
 *	0-6 PTE_* rights and kinds, 7 valid, 8 table, 9 dirty, 10 young
 */
#include <arch/pte.h> /* the PTE_* rights, when included alone */
#include <lib/types.h>

#define HOST_PTE_VALID (1ull << 7)
#define HOST_PTE_TABLE (1ull << 8)
#define HOST_PTE_DIRTY (1ull << 9)
#define HOST_PTE_YOUNG (1ull << 10)
#define HOST_PTE_PROT  0x7full
#define HOST_PTE_RWX   (PTE_READ | PTE_WRITE | PTE_EXEC)

typedef struct {
	uint64_t value;
} pte_t;

static inline pte_t pte_none(void)
{
	return (pte_t){0};
}

static inline pte_t pte_leaf(paddr_t paddr, unsigned prot, unsigned level)
{
	(void)level;
	return (pte_t){paddr.value | HOST_PTE_VALID | prot};
}

static inline pte_t pte_table(paddr_t table)
{
	return (pte_t){table.value | HOST_PTE_VALID | HOST_PTE_TABLE};
}

static inline bool pte_is_none(pte_t pte)
{
	return pte.value == 0;
}

static inline bool pte_is_present(pte_t pte)
{
	return (pte.value & HOST_PTE_TABLE) != 0 ||
	       ((pte.value & HOST_PTE_VALID) != 0 &&
		(pte.value & HOST_PTE_RWX) != 0);
}

static inline bool pte_is_leaf(pte_t pte, unsigned level)
{
	(void)level;
	return pte_is_present(pte) && (pte.value & HOST_PTE_TABLE) == 0;
}

static inline paddr_t pte_paddr(pte_t pte)
{
	return (paddr_t){.value = pte.value & ~0xfffull};
}

static inline unsigned pte_prot(pte_t pte)
{
	return (unsigned)(pte.value & HOST_PTE_PROT);
}

static inline pte_t pte_set_prot(pte_t pte, unsigned prot)
{
	return (pte_t){(pte.value & ~HOST_PTE_PROT) | prot};
}

static inline bool pte_is_dirty(pte_t pte)
{
	return (pte.value & HOST_PTE_DIRTY) != 0;
}

static inline pte_t pte_clear_dirty(pte_t pte)
{
	return (pte_t){pte.value & ~HOST_PTE_DIRTY};
}

static inline bool pte_is_young(pte_t pte)
{
	return (pte.value & HOST_PTE_YOUNG) != 0;
}

static inline pte_t pte_clear_young(pte_t pte)
{
	return (pte_t){pte.value & ~HOST_PTE_YOUNG};
}

static inline pte_t pte_load(const pte_t *slot)
{
	return *slot;
}

static inline void pte_store(pte_t *slot, pte_t pte)
{
	*slot = pte;
}

static inline pte_t pte_exchange(pte_t *slot, pte_t pte)
{
	pte_t old = *slot;

	*slot = pte;
	return old;
}

static inline bool pte_compare_exchange(pte_t *slot, pte_t old, pte_t new)
{
	if (slot->value != old.value) {
		return false;
	}
	*slot = new;
	return true;
}
