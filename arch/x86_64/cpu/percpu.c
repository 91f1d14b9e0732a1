/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Per-CPU areas.
 *
 * The section .percpu is only the master copy: the boot CPU gets its own copy
 * in .bss like every other CPU, so that the master stays as the program says.
 */
#include "internal.h"

#include <arch/cpu.h>
#include <arch/percpu.h>
#include <asm/cpuid.h>
#include <asm/msr.h>
#include <generated/config.h>
#include <lib/string.h>

extern char __start_percpu[], __stop_percpu[], boot_percpu[];

__attribute__((section(".percpu.first"), used)) struct cpu_local cpu_local;
uintptr_t percpu_offsets[CONFIG_CPU_MAX];

/* Changes the guard under its own feet. */
__attribute__((no_stack_protector, noinline)) void percpu_boot_init(void)
{
	struct cpu_local *local = (struct cpu_local *)boot_percpu;
	uint64_t canary;

	memcpy(boot_percpu, __start_percpu,
	       (size_t)(__stop_percpu - __start_percpu));
	local->offset = (uintptr_t)boot_percpu - (uintptr_t)__start_percpu;
	local->apic_id = cpuid_read(1, 0).ebx >> 24;
	if (!cpu_random(&canary)) {
		canary = cpu_cycles() * 0x9e3779b97f4a7c15ull;
	}
	/* All CPUs have the same: threads move.  The low byte is zero, so that
	 * no string can write it. */
	local->canary = canary & ~0xffull;
	percpu_offsets[0] = local->offset;
	msr_write(MSR_GS_BASE, (uint64_t)local);
}
