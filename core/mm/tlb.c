/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Shoot-downs: what was unmapped is collected, all CPUs that use the address
 * space forget it at once, and only then the pages are free.
 *
 * Whom to ask: the CPUs in space->active.  A CPU adds itself there (full
 * barrier) before it loads the root; here the leaves were exchanged (full
 * barrier) before the mask is read.  So a CPU that is missed in the mask reads
 * the new leaves.
 *
 * A CPU that runs a kernel thread, or idles, on the borrowed root is left
 * alone: it touches no application memory.  Each shoot-down has a number,
 * space->tlb_generation; the CPU knows the last one that it took part in, and
 * flushes everything when it comes back to the space and that one is old.
 * Either it sees the new number or the sender sees its new thread: it stores
 * thread_running before it reads the number, the sender counts the number up
 * before it reads thread_running, with full barriers on both sides.  Only when
 * page tables are freed is it asked as well, since the processor may walk them
 * unasked.
 */
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <lib/minmax.h>
#include <sched/thread.h>

#include "internal.h"

/* More pages than this: forgetting everything is cheaper. */
#define FLUSH_PAGES_MAX 32

struct flush {
	uintptr_t start, end;
	uint64_t generation;
};

/* The last shoot-down of the loaded space that this CPU took part in. */
static PERCPU_DEFINE(uint64_t, tlb_generation_seen); /* [c] */

static void flush_here(void *arg)
{
	const struct flush *flush = arg;
	uint64_t *seen = &percpu(tlb_generation_seen);

	/* With one missed in between, the next catch-up flushes all. */
	if (*seen == flush->generation - 1) {
		*seen = flush->generation;
	}
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

void tlb_catch_up(struct address_space *space, bool fresh)
{
	uint64_t generation;

	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* after thread_running */
	generation = __atomic_load_n(&space->tlb_generation, __ATOMIC_SEQ_CST);
	if (!fresh && percpu(tlb_generation_seen) != generation) {
		mmu_flush_all();
	}
	percpu(tlb_generation_seen) = generation;
}

/* Threads are freed after an RCU grace period: they may be looked at. */
static bool runs_space(unsigned cpu, const struct address_space *space)
{
	const struct thread *thread = __atomic_load_n(
		&percpu_of(thread_running, cpu), __ATOMIC_SEQ_CST);

	return thread == NULL || __atomic_load_n(&thread->address_space,
						 __ATOMIC_RELAXED) == space;
}

/* The other CPUs to ask; false: none. */
static bool choose_cpus(struct address_space *space, bool lazy_too,
			struct cpumask *mask)
{
	unsigned self = cpu_id();
	bool any = false;

	*mask = space->active;
	for (unsigned cpu = cpumask_next(mask, 0); cpu < CONFIG_CPU_MAX;
	     cpu = cpumask_next(mask, cpu + 1)) {
		if (cpu == self || (!lazy_too && !runs_space(cpu, space))) {
			cpumask_remove(mask, cpu);
		} else {
			any = true;
		}
	}
	return any;
}

static void flush_space(struct address_space *space, uintptr_t start,
			uintptr_t end, bool lazy_too)
{
	struct flush flush = {.start = start, .end = end};
	struct cpumask mask;
	unsigned long state;

	flush.generation =
		__atomic_add_fetch(&space->tlb_generation, 1, __ATOMIC_SEQ_CST);
	state = cpu_irq_save();
	if (cpumask_has(&space->active, cpu_id())) {
		flush_here(&flush);
	}
	cpu_irq_restore(state);
	/* A CPU that starts to use the space now needs no call, and one that
	 * stops can stand it. */
	if (cpu_count() > 1 && choose_cpus(space, lazy_too, &mask)) {
		smp_call(&mask, flush_here, &flush);
	}
}

void tlb_flush(struct address_space *space, uintptr_t start, uintptr_t end)
{
	flush_space(space, start, end, false);
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
	gather->tables = false;
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
		flush_space(gather->space, gather->start, gather->end,
			    gather->tables);
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
