/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Vector registers of the application: XSAVE where the processor has it, else
 * FXSAVE (SDM volume 1, chapter 13).
 *
 * The size comes from CPUID for all features that we enable, so wider
 * registers of newer processors need no change here.  The kernel itself never
 * touches these registers; context.c decides when they are saved and loaded.
 */
#include "vector.h"

#include <arch/percpu.h>
#include <asm/cpuid.h>
#include <lib/string.h>
#include <mm/frame.h>
#include <mm/slab.h>

#include "internal.h"

#define CPUID_XSAVE	   (1u << 26)
#define CR4_OSXSAVE	   (1ul << 18)
#define FXSAVE_SIZE	   512
#define XCR0_SUPPORTED	   0xe7ull /* x87 SSE AVX, AVX-512 parts */
#define MXCSR_DEFAULT	   0x1f80
#define FCW_DEFAULT	   0x37f
#define MXCSR_OFFSET	   24
#define MXCSR_MASK_OFFSET  28
#define MXCSR_MASK_DEFAULT 0xffbf

static uint64_t features; /* [I] XCR0; 0: FXSAVE only */
static size_t area_size;  /* [I] */

static uint32_t mxcsr_mask; /* [I] bits that may be set */

static void write_xcr0(uint64_t value)
{
	__asm__ volatile("xsetbv"
			 :
			 : "c"(0), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32)));
}

static void find_mxcsr_mask(void)
{
	static uint8_t area[FXSAVE_SIZE] __attribute__((aligned(16)));

	__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
	memcpy(&mxcsr_mask, area + MXCSR_MASK_OFFSET, sizeof(mxcsr_mask));
	if (mxcsr_mask == 0) {
		mxcsr_mask = MXCSR_MASK_DEFAULT; /* SDM 1, 11.6.6 */
	}
}

void vector_init(void)
{
	find_mxcsr_mask();
	if ((cpuid_read(1, 0).ecx & CPUID_XSAVE) != 0) {
		struct cpuid leaf = cpuid_read(0xd, 0);

		features =
			(leaf.eax | (uint64_t)leaf.edx << 32) & XCR0_SUPPORTED;
	}
	vector_cpu_init();
	area_size = features == 0 ? FXSAVE_SIZE : cpuid_read(0xd, 0).ebx;
}

void vector_cpu_init(void)
{
	unsigned long cr4;

	if (features == 0) {
		return;
	}
	__asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("movq %0, %%cr4" : : "r"(cr4 | CR4_OSXSAVE));
	write_xcr0(features);
}

uint32_t vector_mxcsr_mask(void)
{
	return mxcsr_mask;
}

size_t vector_size(void)
{
	return area_size;
}

uint64_t vector_features(void)
{
	return features;
}

/* kmalloc's larger sizes are powers of two aligned to 64 bytes at least. */
void *vector_create(void)
{
	void *area = kmalloc(area_size < 1024 ? 1024 : area_size);

	if (area != NULL) {
		vector_reset(area);
	}
	return area;
}

void vector_reset(void *area)
{
	const uint32_t mxcsr = MXCSR_DEFAULT;
	const uint16_t fcw = FCW_DEFAULT;

	memset(area, 0, area_size);
	memcpy(area, &fcw, sizeof(fcw));
	memcpy((uint8_t *)area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

void vector_destroy(void *area)
{
	kfree(area);
}

void vector_save(void *area)
{
	if (features == 0) {
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
		return;
	}
	__asm__ volatile("xsave64 (%0)"
			 :
			 : "r"(area), "a"(0xffffffff), "d"(0xffffffff)
			 : "memory");
}

void vector_load(const void *area)
{
	if (features == 0) {
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
		return;
	}
	__asm__ volatile("xrstor64 (%0)"
			 :
			 : "r"(area), "a"(0xffffffff), "d"(0xffffffff)
			 : "memory");
}

/*
 * Conditions that are raised and not masked, bit 0 invalid ... 5 precision
 * (SDM 1, 8.1.3 and 10.2.3), of the state in the registers.
 */
unsigned vector_float_conditions(bool simd)
{
	uint32_t mxcsr;
	uint16_t status;
	uint16_t control;

	if (simd) {
		__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
		return mxcsr & ~(mxcsr >> 7) & 0x3f;
	}
	__asm__ volatile("fnstsw %0; fnstcw %1" : "=m"(status), "=m"(control));
	return status & ~(unsigned)control & 0x3f;
}
