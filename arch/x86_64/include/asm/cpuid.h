/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The CPUID instruction. */
#include <stdbool.h>
#include <stdint.h>

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid_read(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r = {.eax = leaf, .ecx = subleaf};

	__asm__ volatile("cpuid"
			 : "+a"(r.eax), "=b"(r.ebx), "+c"(r.ecx), "=d"(r.edx));
	return r;
}

static inline bool cpuid_has_rdtscp(void)
{
	return (cpuid_read(0x80000001, 0).edx & (1u << 27)) != 0;
}
