/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Starting the other CPUs, all at once.
 *
 * One INIT-STARTUP pair to all others makes them run the trampoline
 * (trampoline.S), copied to a page below 1 MiB that is
 * theirs for ever.  Each takes the next number
 * from a counter; its stack and per-CPU area were made before.  A CPU beyond
 * the expected count halts for ever.  Nobody waits for them: they join
 * the scheduler when they come.
 */
#include <arch/smp.h>

#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <asm/firmware.h>
#include <asm/msr.h>
#include <debug/log.h>
#include <lib/align.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/kmap.h>
#include <sched/sched.h>
#include <sched/thread.h>

#include "../cpu/internal.h"
#include "../irq/internal.h"
#include "internal.h"

#define ENTRY_COUNT 512
#define ENTRY_TABLE 3ull /* present, writable */
#define ENTRY_BLOCK 0x83ull

extern const char trampoline_start[], trampoline_end[];
extern char __start_percpu[], __stop_percpu[];
extern uint64_t boot_root[ENTRY_COUNT];

/* Read by trampoline.S. */
uint64_t trampoline_root[ENTRY_COUNT] ALIGNED(4096);
uint32_t trampoline_next; /* [a] the next CPU's number - 1 */
uint32_t trampoline_count;
uintptr_t trampoline_stacks[CONFIG_CPU_MAX];

static uint64_t low_pointers[ENTRY_COUNT] ALIGNED(4096);
static uint64_t low_directory[ENTRY_COUNT] ALIGNED(4096);
static unsigned possible = 1; /* [I] after smp_discover() */
static struct cpumask online; /* [a] */

unsigned cpu_count(void)
{
	return possible;
}

const struct cpumask *smp_online(void)
{
	return &online;
}

void smp_set_online(unsigned cpu)
{
	cpumask_add_atomic(&online, cpu);
}

void smp_discover(void)
{
	firmware_init();
	possible = firmware_cpus()->cpu_count;
}

/* The kernel's tables, and the first 2 MiB where they are. */
static void make_root(void)
{
	memcpy(trampoline_root, boot_root, sizeof(trampoline_root));
	low_directory[0] = ENTRY_BLOCK;
	low_pointers[0] = mmu_direct_paddr(low_directory).value | ENTRY_TABLE;
	trampoline_root[0] = mmu_direct_paddr(low_pointers).value | ENTRY_TABLE;
}

/* Memory of one CPU; false: there is none, and fewer CPUs are started. */
static bool prepare(unsigned cpu)
{
	size_t size = (size_t)(__stop_percpu - __start_percpu);
	char *area = kmap_alloc(size);
	void *stack = kstack_alloc();
	struct cpu_local *local = (struct cpu_local *)area;

	if (area == NULL || stack == NULL) {
		return false;
	}
	memcpy(area, __start_percpu, size);
	local->offset = (uintptr_t)area - (uintptr_t)__start_percpu;
	local->id = cpu;
	local->canary = percpu(cpu_local).canary;
	percpu_offsets[cpu] = local->offset;
	trampoline_stacks[cpu] = (uintptr_t)stack + THREAD_STACK_SIZE;
	return descriptors_prepare(cpu);
}

void smp_start(void)
{
	unsigned cpu = 1;

	while (cpu < possible && prepare(cpu)) {
		cpu++;
	}
	if (cpu < possible) {
		log_error("no memory for more than %u CPUs", cpu);
		possible = cpu;
	}
	if (possible == 1) {
		return;
	}
	trampoline_count = possible - 1;
	make_root();
	memcpy(mmu_direct((paddr_t){.value = TRAMPOLINE_PAGE}),
	       trampoline_start, (size_t)(trampoline_end - trampoline_start));
	apic_start_others((uint8_t)(TRAMPOLINE_PAGE / PAGE_SIZE));
}

_Noreturn void smp_cpu_main(unsigned cpu)
{
	struct cpu_local *local =
		(struct cpu_local *)((uintptr_t)__start_percpu +
				     percpu_offsets[cpu]);

	msr_write(MSR_GS_BASE, (uint64_t)local);
	descriptors_load();
	features_init();
	vector_cpu_init();
	mmu_root_load(mmu_kernel_root());
	apic_cpu_init();
	local->apic_id = apic_id();
	sched_cpu_entry();
}
