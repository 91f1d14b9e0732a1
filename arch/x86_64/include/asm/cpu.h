/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The processor: x86-64 part of arch/cpu.h. */
#include <stdbool.h>
#include <stdint.h>

#define RFLAGS_IF (1ul << 9)

static inline unsigned long cpu_flags(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline bool cpu_irqs_enabled(void)
{
	return (cpu_flags() & RFLAGS_IF) != 0;
}

static inline void cpu_irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void cpu_irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline unsigned long cpu_irq_save(void)
{
	unsigned long flags = cpu_flags();

	cpu_irq_disable();
	return flags;
}

static inline void cpu_irq_restore(unsigned long state)
{
	if ((state & RFLAGS_IF) != 0) {
		cpu_irq_enable();
	}
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* sti takes effect after the next instruction, so no interrupt is lost
 * between the two. */
static inline void cpu_wait_irq(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

static inline uint64_t cpu_cycles(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

bool cpu_has_fsgsbase(void);
