/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* One CPU: the master copy of each per-CPU variable is the variable. */
#include <stdint.h>

static inline uintptr_t percpu_offset(void)
{
	return 0;
}

static inline uintptr_t percpu_offset_of(unsigned cpu)
{
	(void)cpu;
	return 0;
}
