/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Shoot-downs: what was unmapped is collected, all CPUs that use the address
 * space forget it at once, and only then the pages are free.
 *
 * Whom to ask: the CPUs in space->active.  A CPU adds itself there (full
 * barrier) before it loads the root; here the leaves were exchanged (full
 * barrier) before the mask is read.  So a CPU that is missed in the mask reads
 * the new leaves.
 */
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/smp.h>
#include <lib/minmax.h>

#include "internal.h"

/* More pages than this: forgetting everything is cheaper. */
#define FLUSH_PAGES_MAX 32

struct flush {
	uintptr_t start, end;
};

static void flush_here(void *arg)
{
	const struct flush *flush = arg;

	if ((flush->end - flush->start) / PAGE_SIZE > FLUSH_PAGES_MAX) {
		mmu_flush_all();
		return;
	}
	for (uintptr_t at = flush->start; at < flush->end; at += PAGE_SIZE) {
		mmu_flush_page(at);
	}
}

static void flush_kernel_here(void *arg)
{
	const struct flush *flush = arg;

	mmu_flush_range(flush->start, flush->end);
}

void tlb_flush(struct address_space *space, uintptr_t start, uintptr_t end)
{
	struct flush flush = {.start = start, .end = end};
	unsigned long state = cpu_irq_save();
	unsigned self = cpu_id();
	bool others = false;

	if (cpumask_has(&space->active, self)) {
		flush_here(&flush);
	}
	for (size_t i = 0; i < CPUMASK_WORD_COUNT && !others; i++) {
		unsigned long word = __atomic_load_n(&space->active.words[i],
						     __ATOMIC_RELAXED);

		if (self / CPUMASK_BITS == i) {
			word &= ~(1ul << (self % CPUMASK_BITS));
		}
		others = word != 0;
	}
	cpu_irq_restore(state);
	if (others) {
		/* A CPU that starts to use the space now needs no call, and
		 * one that stops can stand it. */
		struct cpumask mask = space->active;

		smp_call(&mask, flush_here, &flush);
	}
}

void tlb_flush_kernel(uintptr_t start, uintptr_t end)
{
	struct flush flush = {.start = start, .end = end};

	mmu_flush_range(start, end);
	smp_call(smp_online(), flush_kernel_here, &flush);
}

void tlb_gather_init(struct tlb_gather *gather, struct address_space *space)
{
	gather->space = space;
	gather->start = UINTPTR_MAX;
	gather->end = 0;
	gather->count = 0;
}

void tlb_gather_range(struct tlb_gather *gather, uintptr_t start, uintptr_t end)
{
	gather->start = MIN(gather->start, start);
	gather->end = MAX(gather->end, end);
}

void tlb_gather_finish(struct tlb_gather *gather)
{
	if (gather->start < gather->end) {
		tlb_flush(gather->space, gather->start, gather->end);
	}
	for (unsigned i = 0; i < gather->count; i++) {
		page_put(gather->pages[i]);
	}
	tlb_gather_init(gather, gather->space);
}

void tlb_gather_page(struct tlb_gather *gather, struct page *page)
{
	gather->pages[gather->count++] = page;
	if (gather->count == TLB_GATHER_MAX) {
		tlb_gather_finish(gather);
	}
}
