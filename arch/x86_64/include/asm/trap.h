/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The address of the last page fault of this CPU. */
#include <stdint.h>

static inline uint64_t fault_address(void)
{
	uint64_t address;

	__asm__ volatile("movq %%cr2, %0" : "=r"(address));
	return address;
}
