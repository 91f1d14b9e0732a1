/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Time: the time-stamp counter, and the local APIC's timer as event.
 *
 * The counter's rate comes from CPUID where it is told there, else it is
 * measured (calibrate.c).  Nanoseconds are counter * factor >> 32 in 128 bits.
 * The event is the TSC deadline where the processor has it, else the one-shot
 * count; a count is cut at 2^32 - 1, the interrupt then finds nothing due and
 * arms again.
 *
 * Written once on the boot CPU; no locks.
 */
#include <arch/time.h>

#include <arch/cpu.h>
#include <asm/cpuid.h>
#include <asm/msr.h>
#include <debug/log.h>

#include "../irq/internal.h"
#include "internal.h"

#define NSEC_PER_SEC	   1000000000ull
#define CPUID_TSC_DEADLINE (1u << 24)
#define MSR_TSC_DEADLINE   0x6e0
#define COUNT_MAX	   0xffffffffull
#define SCALE_ONE	   (1ull << 32)

static uint64_t counter_start; /* counter at nanosecond 0 */
static uint64_t counter_hz;
static uint64_t timer_hz;
static uint64_t ns_factor;	/* (10^9 << 32) / counter_hz */
static uint64_t timer_factor;	/* (timer_hz << 32) / 10^9 */
static uint64_t counter_factor; /* (counter_hz << 32) / 10^9 */
static bool has_deadline;

static uint64_t scale(uint64_t value, uint64_t factor)
{
	return (uint64_t)((unsigned __int128)value * factor >> 32);
}

uint64_t arch_time_ns(void)
{
	return scale(cpu_cycles() - counter_start, ns_factor);
}

uint64_t arch_time_cycles_hz(void)
{
	return counter_hz;
}

void arch_time_factors(struct time_factors *factors_out)
{
	factors_out->start = counter_start;
	factors_out->factor = ns_factor;
}

void arch_time_init(void)
{
	struct time_rates rates;

	has_deadline = (cpuid_read(1, 0).ecx & CPUID_TSC_DEADLINE) != 0;
	calibrate(&rates, has_deadline);
	counter_hz = rates.counter_hz;
	timer_hz = rates.timer_hz;
	ns_factor = multiply_divide(NSEC_PER_SEC, SCALE_ONE, counter_hz);
	timer_factor = multiply_divide(timer_hz, SCALE_ONE, NSEC_PER_SEC);
	counter_factor = multiply_divide(counter_hz, SCALE_ONE, NSEC_PER_SEC);
	counter_start = cpu_cycles();
	log_debug("time: counter %llu kHz, event %llu kHz",
		  (unsigned long long)counter_hz / 1000,
		  (unsigned long long)timer_hz / 1000);
}

void arch_time_cpu_init(void)
{
	if (has_deadline) {
		apic_timer_mode_deadline();
	}
}

void arch_time_arm(uint64_t deadline_ns)
{
	uint64_t now;
	uint64_t count;

	if (has_deadline) {
		msr_write(MSR_TSC_DEADLINE,
			  deadline_ns == UINT64_MAX
				  ? 0
				  : counter_start +
					    scale(deadline_ns, counter_factor) +
					    1);
		return;
	}
	if (deadline_ns == UINT64_MAX) {
		apic_timer_set(0);
		return;
	}
	now = arch_time_ns();
	count = deadline_ns > now ? scale(deadline_ns - now, timer_factor) : 0;
	apic_timer_set((uint32_t)(count < COUNT_MAX ? count + 1 : COUNT_MAX));
}
