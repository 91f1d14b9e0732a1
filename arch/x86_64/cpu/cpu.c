/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Identity and features of the CPUs.
 */
#include <arch/cpu.h>

#include <arch/boot.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <arch/smp.h>
#include <arch/time.h>
#include <asm/cpuid.h>
#include <asm/msr.h>
#include <asm/pte.h>
#include <asm/selectors.h>
#include <debug/panic.h>
#include <lib/string.h>

#include "../irq/internal.h"
#include "../mmu/internal.h"
#include "../time/internal.h"
#include "../vdso/internal.h"
#include "internal.h"

#define CR0_TS		      (1ul << 3)
#define CR0_EM		      (1ul << 2)
#define CR4_OSXMMEXCPT	      (1ul << 10)
#define CR4_FSGSBASE	      (1ul << 16)
#define CR4_SMEP	      (1ul << 20)
#define CR4_SMAP	      (1ul << 21)
#define CPUID_SMEP	      (1u << 7)
#define CPUID_SMAP	      (1u << 20)
#define CPUID_ERMS	      (1u << 9)
#define CPUID_HYPERVISOR      (1u << 31)
#define CPUID_HYPERVISOR_LEAF 0x40000000u
#define MSR_TSC_AUX	      0xc0000103
#define EFER_SYSCALL	      1ul
#define STAR_VALUE                                                             \
	((uint64_t)(SELECTOR_APP_DATA - 8) << 48 |                             \
	 (uint64_t)SELECTOR_KERNEL_CODE << 32)
#define FMASK_RING0    0x47500 /* AC NT IOPL DF TF */
#define FMASK_ISOLATED (FMASK_RING0 | RFLAGS_IF)

bool fast_strings; /* [I] read by copy.S and memory.S */

extern const char entry_syscall[], entry_syscall_isolated[];

unsigned cpu_id(void)
{
	return percpu(cpu_local).id;
}

bool cpu_has_fsgsbase(void)
{
	return (cpuid_read(7, 0).ebx & 1) != 0;
}

void features_init(void)
{
	unsigned long cr0;
	unsigned long cr4;

	__asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
	cr4 |= CR4_OSXMMEXCPT;
	if (cpu_has_fsgsbase()) {
		cr4 |= CR4_FSGSBASE;
	}
	/* An application in ring 0 needs both off (design.md, section 4). */
	if (mmu_isolated()) {
		uint32_t offered = cpuid_read(7, 0).ebx;

		cr4 |= (offered & CPUID_SMEP) != 0 ? CR4_SMEP : 0;
		cr4 |= (offered & CPUID_SMAP) != 0 ? CR4_SMAP : 0;
	}
	if (cpuid_has_rdtscp()) {
		msr_write(MSR_TSC_AUX, cpu_id()); /* node 0: vdso/user.c */
	}
	__asm__ volatile("movq %0, %%cr0" : : "r"(cr0 & ~(CR0_TS | CR0_EM)));
	__asm__ volatile("movq %0, %%cr4" : : "r"(cr4));
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SYSCALL);
	msr_write(MSR_STAR, STAR_VALUE);
	msr_write(MSR_LSTAR,
		  (uint64_t)(pte_app_bits != 0 ? entry_syscall_isolated
					       : entry_syscall));
	msr_write(MSR_FMASK, pte_app_bits != 0 ? FMASK_ISOLATED : FMASK_RING0);
}

/* Long copies by string instructions: fast where the processor says so, except
 * in QEMU's emulator, which claims it too. */
static void find_fast_strings(void)
{
	struct cpuid leaf = cpuid_read(CPUID_HYPERVISOR_LEAF, 0);
	bool emulated = (cpuid_read(1, 0).ecx & CPUID_HYPERVISOR) != 0 &&
			memcmp(&leaf.ebx, "TCGT", 4) == 0;

	fast_strings = (cpuid_read(7, 0).ebx & CPUID_ERMS) != 0 && !emulated;
}

/* The guard changes in percpu_boot_init(). */
__attribute__((no_stack_protector)) void arch_init(void)
{
	percpu_boot_init();
	descriptors_init();
	descriptors_load();
	features_init();
	vector_init();
	context_arch_init();
	find_fast_strings();
}

void arch_set_isolated(void)
{
	pte_app_bits = X86_PTE_USER;
	smap_enabled = (cpuid_read(7, 0).ebx & CPUID_SMAP) != 0;
	features_init();
}

void arch_start_clock(void)
{
	if (apic_init() < 0) {
		panic("no memory for the local APIC");
	}
	calibrate_start();
}

void arch_start_devices(void)
{
	smp_discover();
	irq_init();
	arch_time_init();
	if (vdso_init() < 0) {
		panic("no memory for the vDSO");
	}
}

uint64_t cpu_hwcap(void)
{
	return cpuid_read(1, 0).edx; /* as Linux defines AT_HWCAP on x86 */
}

uint64_t cpu_hwcap2(void)
{
	return cpu_has_fsgsbase() ? 2 : 0; /* HWCAP2_FSGSBASE */
}

const char *cpu_platform(void)
{
	return "x86_64";
}

bool cpu_random(uint64_t *value_out)
{
	uint64_t value = 0;
	uint8_t ok = 0;

	if ((cpuid_read(1, 0).ecx & (1u << 30)) == 0) {
		return false;
	}
	for (unsigned tries = 0; tries < 10 && ok == 0; tries++) {
		__asm__ volatile("rdrand %0; setc %1"
				 : "=r"(value), "=qm"(ok)
				 :
				 : "cc");
	}
	*value_out = value;
	return ok != 0;
}
