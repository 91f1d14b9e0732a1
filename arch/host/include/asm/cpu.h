/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The fake machine has one CPU and no interrupts; a flag stands for theirs. */
#include <stdbool.h>
#include <stdint.h>

extern bool host_irqs_enabled;

static inline bool cpu_irqs_enabled(void)
{
	return host_irqs_enabled;
}

static inline void cpu_irq_enable(void)
{
	host_irqs_enabled = true;
}

static inline void cpu_irq_disable(void)
{
	host_irqs_enabled = false;
}

static inline unsigned long cpu_irq_save(void)
{
	unsigned long state = host_irqs_enabled;

	host_irqs_enabled = false;
	return state;
}

static inline void cpu_irq_restore(unsigned long state)
{
	host_irqs_enabled = state != 0;
}

static inline void cpu_relax(void)
{
}

static inline void cpu_wait_irq(void)
{
	host_irqs_enabled = true;
}

static inline uint64_t cpu_cycles(void)
{
	static uint64_t cycles;

	return cycles += 100;
}
