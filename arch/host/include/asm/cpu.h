/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The fake machine has one CPU and no interrupts. */
#include <stdbool.h>

static inline unsigned long cpu_irq_save(void)
{
	return 0;
}

static inline void cpu_irq_restore(unsigned long state)
{
	(void)state;
}

static inline void cpu_relax(void)
{
}
