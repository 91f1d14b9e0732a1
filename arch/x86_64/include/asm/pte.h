/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Page-table entries of x86-64 (Intel SDM volume 3, chapter 4); the contract
 * is in arch/pte.h.
 *
 * A leaf without any right is kept as "not present" with X86_PTE_NO_ACCESS, so
 * it still names its frame.
 */
#include <arch/pte.h> /* the PTE_* rights, when included alone */
#include <lib/types.h>

#define X86_PTE_PRESENT	      (1ull << 0)
#define X86_PTE_WRITABLE      (1ull << 1)
#define X86_PTE_USER	      (1ull << 2)
#define X86_PTE_WRITE_THROUGH (1ull << 3)
#define X86_PTE_NO_CACHE      (1ull << 4)
#define X86_PTE_ACCESSED      (1ull << 5)
#define X86_PTE_DIRTY	      (1ull << 6)
#define X86_PTE_BLOCK	      (1ull << 7) /* levels 1 and 2 */
#define X86_PTE_GLOBAL	      (1ull << 8)
#define X86_PTE_NO_ACCESS     (1ull << 9)  /* software: PROT_NONE leaf */
#define X86_PTE_APP	      (1ull << 10) /* software: application page */
#define X86_PTE_NO_EXECUTE    (1ull << 63)
#define X86_PTE_ADDRESS	      0x000ffffffffff000ull

typedef struct {
	uint64_t value;
} pte_t;

/* X86_PTE_USER with --isolate, else 0: decided once at boot. */
extern uint64_t pte_app_bits;

static inline pte_t pte_none(void)
{
	return (pte_t){0};
}

static inline uint64_t pte_right_bits(unsigned prot)
{
	uint64_t bits = 0;

	if ((prot & (PTE_READ | PTE_WRITE | PTE_EXEC)) == 0) {
		bits |= X86_PTE_NO_ACCESS;
	} else {
		bits |= X86_PTE_PRESENT;
	}
	if ((prot & PTE_WRITE) != 0) {
		bits |= X86_PTE_WRITABLE;
	}
	if ((prot & PTE_EXEC) == 0) {
		bits |= X86_PTE_NO_EXECUTE;
	}
	if ((prot & PTE_APP) != 0) {
		bits |= X86_PTE_APP | pte_app_bits;
	}
	return bits;
}

static inline pte_t pte_leaf(paddr_t paddr, unsigned prot, unsigned level)
{
	uint64_t bits = paddr.value | pte_right_bits(prot);

	if (level > 0) {
		bits |= X86_PTE_BLOCK;
	}
	if ((prot & PTE_DEVICE) != 0) {
		bits |= X86_PTE_NO_CACHE | X86_PTE_WRITE_THROUGH;
	}
	if ((prot & PTE_WRITE_COMBINING) != 0) {
		bits |= X86_PTE_WRITE_THROUGH; /* PAT entry 1 */
	}
	if ((prot & PTE_GLOBAL) != 0) {
		bits |= X86_PTE_GLOBAL;
	}
	return (pte_t){bits};
}

static inline pte_t pte_table(paddr_t table)
{
	return (pte_t){table.value | X86_PTE_PRESENT | X86_PTE_WRITABLE |
		       pte_app_bits};
}

static inline bool pte_is_none(pte_t pte)
{
	return pte.value == 0;
}

static inline bool pte_is_present(pte_t pte)
{
	return (pte.value & X86_PTE_PRESENT) != 0;
}

static inline bool pte_is_leaf(pte_t pte, unsigned level)
{
	return pte_is_present(pte) &&
	       (level == 0 || (pte.value & X86_PTE_BLOCK) != 0);
}

static inline paddr_t pte_paddr(pte_t pte)
{
	return (paddr_t){.value = pte.value & X86_PTE_ADDRESS};
}

static inline unsigned pte_prot(pte_t pte)
{
	unsigned prot = 0;

	if (pte_is_present(pte)) {
		prot |= PTE_READ;
		prot |= (pte.value & X86_PTE_WRITABLE) != 0 ? PTE_WRITE : 0;
		prot |= (pte.value & X86_PTE_NO_EXECUTE) == 0 ? PTE_EXEC : 0;
	}
	prot |= (pte.value & X86_PTE_APP) != 0 ? PTE_APP : 0;
	prot |= (pte.value & X86_PTE_GLOBAL) != 0 ? PTE_GLOBAL : 0;
	prot |= (pte.value & X86_PTE_NO_CACHE) != 0 ? PTE_DEVICE : 0;
	return prot;
}

static inline pte_t pte_set_prot(pte_t pte, unsigned prot)
{
	uint64_t kept = pte.value & ~(X86_PTE_PRESENT | X86_PTE_NO_ACCESS |
				      X86_PTE_WRITABLE | X86_PTE_NO_EXECUTE |
				      X86_PTE_USER | X86_PTE_APP);

	return (pte_t){kept | pte_right_bits(prot)};
}

static inline bool pte_is_dirty(pte_t pte)
{
	return (pte.value & X86_PTE_DIRTY) != 0;
}

static inline pte_t pte_clear_dirty(pte_t pte)
{
	return (pte_t){pte.value & ~X86_PTE_DIRTY};
}

static inline bool pte_is_young(pte_t pte)
{
	return (pte.value & X86_PTE_ACCESSED) != 0;
}

static inline pte_t pte_clear_young(pte_t pte)
{
	return (pte_t){pte.value & ~X86_PTE_ACCESSED};
}

static inline pte_t pte_load(const pte_t *slot)
{
	return (pte_t){__atomic_load_n(&slot->value, __ATOMIC_RELAXED)};
}

static inline void pte_store(pte_t *slot, pte_t pte)
{
	__atomic_store_n(&slot->value, pte.value, __ATOMIC_RELEASE);
}

static inline pte_t pte_exchange(pte_t *slot, pte_t pte)
{
	return (pte_t){
		__atomic_exchange_n(&slot->value, pte.value, __ATOMIC_ACQ_REL)};
}

static inline bool pte_compare_exchange(pte_t *slot, pte_t old, pte_t new)
{
	return __atomic_compare_exchange_n(&slot->value, &old.value, new.value,
					   false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}
