/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * How fast the time-stamp counter and the local APIC's timer run.
 *
 * In this order: what the hypervisor says (CPUID 0x40000010), what the
 * processor says (CPUID 0x15), the hypervisor's clock page (KVM), QEMU's
 * emulated timer, which runs at 1 GHz, and the 8254 of a PC.  A measurement
 * takes MEASURE_NS at least; the readings at both ends are those of the
 * tightest of several brackets.  It begins early in the boot
 * (calibrate_start()), so that nothing is left to wait for at its end.
 */
#include "internal.h"

#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/mmu.h>
#include <asm/cpuid.h>
#include <asm/msr.h>
#include <debug/log.h>
#include <lib/string.h>

#include "../irq/internal.h"

#define LEAF_HYPERVISOR	    0x40000000u
#define LEAF_KVM_FEATURES   0x40000001u
#define LEAF_RATES	    0x40000010u
#define LEAF_CRYSTAL	    0x15u
#define CPUID_HYPERVISOR    (1u << 31)
#define KVM_FEATURE_CLOCK2  (1u << 3)
#define MSR_KVM_SYSTEM_TIME 0x4b564d01
#define EMULATED_TIMER_HZ   1000000000ull
#define PIT_HZ		    1193182ull
#define PIT_CHANNEL2	    0x42
#define PIT_COMMAND	    0x43
#define PIT_GATE	    0x61
#define PIT_ONE_SHOT_2	    0xb0
#define GATE_ON		    1
#define GATE_SPEAKER	    2
#define GATE_OUTPUT	    0x20
#define MEASURE_NS	    1000000ull
#define PIT_COUNT	    (PIT_HZ * 5 / 1000)
#define PIT_SPINS	    100000000u /* some 10 s: there is no 8254 */
#define BRACKETS	    8
#define GUESS_HZ	    2000000000ull

struct kvm_clock {
	uint32_t version;
	uint32_t pad;
	uint64_t counter;
	uint64_t system_ns;
	uint32_t factor;
	int8_t shift;
	uint8_t flags;
	uint8_t pad2[2];
};
_Static_assert(sizeof(struct kvm_clock) == 32, "KVM documentation, msr.rst");

static struct kvm_clock kvm_clock __attribute__((aligned(32)));

static bool has_hypervisor(void)
{
	return (cpuid_read(1, 0).ecx & CPUID_HYPERVISOR) != 0;
}

static bool hypervisor_is(const char *name)
{
	struct cpuid leaf = cpuid_read(LEAF_HYPERVISOR, 0);
	uint32_t words[3] = {leaf.ebx, leaf.ecx, leaf.edx};

	return has_hypervisor() && memcmp(words, name, sizeof(words)) == 0;
}

static uint64_t told_by_hypervisor(void)
{
	if (!has_hypervisor() ||
	    cpuid_read(LEAF_HYPERVISOR, 0).eax < LEAF_RATES) {
		return 0;
	}
	return cpuid_read(LEAF_RATES, 0).eax * 1000ull;
}

static uint64_t told_by_processor(void)
{
	struct cpuid leaf;

	if (cpuid_read(0, 0).eax < LEAF_CRYSTAL) {
		return 0;
	}
	leaf = cpuid_read(LEAF_CRYSTAL, 0);
	if (leaf.eax == 0 || leaf.ebx == 0 || leaf.ecx == 0) {
		return 0;
	}
	return (uint64_t)leaf.ecx * leaf.ebx / leaf.eax;
}

/* ns = ((counter << shift) * factor) >> 32, so the rate follows. */
static uint64_t told_by_kvm_clock(void)
{
	uint64_t rate;

	if (!hypervisor_is("KVMKVMKVM\0\0\0") ||
	    (cpuid_read(LEAF_KVM_FEATURES, 0).eax & KVM_FEATURE_CLOCK2) == 0) {
		return 0;
	}
	msr_write(MSR_KVM_SYSTEM_TIME, mmu_direct_paddr(&kvm_clock).value | 1);
	rate = kvm_clock.factor == 0 ? 0
				     : multiply_divide(1000000000u, 1ull << 32,
						       kvm_clock.factor);
	msr_write(MSR_KVM_SYSTEM_TIME, 0);
	return kvm_clock.shift < 0 ? rate << -kvm_clock.shift
				   : rate >> kvm_clock.shift;
}

struct reading {
	uint64_t counter;
	uint32_t timer; /* counts down */
};

static struct reading start; /* of the measurement under way */

static struct reading read_both(void)
{
	struct reading best = {0, 0};
	uint64_t width = UINT64_MAX;

	for (unsigned i = 0; i < BRACKETS; i++) {
		uint64_t before = cpu_cycles();
		uint32_t timer = apic_timer_count();
		uint64_t after = cpu_cycles();

		if (after - before < width) {
			width = after - before;
			best = (struct reading){before + width / 2, timer};
		}
	}
	return best;
}

void calibrate_start(void)
{
	apic_timer_set(UINT32_MAX); /* four seconds at least */
	start = read_both();
}

static bool measure_emulated(struct time_rates *rates)
{
	struct reading end;

	if (!hypervisor_is("TCGTCGTCGTCG")) {
		return false;
	}
	while (start.timer - apic_timer_count() < MEASURE_NS) {
		cpu_relax();
	}
	end = read_both();
	rates->timer_hz = EMULATED_TIMER_HZ;
	rates->counter_hz =
		multiply_divide(end.counter - start.counter, EMULATED_TIMER_HZ,
				start.timer - end.timer);
	return true;
}

/* With a known counter only the event's rate is measured. */
static void measure_timer(struct time_rates *rates)
{
	uint64_t span = rates->counter_hz / (1000000000ull / MEASURE_NS);
	struct reading end;

	while (cpu_cycles() - start.counter < span) {
		cpu_relax();
	}
	end = read_both();
	rates->timer_hz =
		multiply_divide(start.timer - end.timer, rates->counter_hz,
				end.counter - start.counter);
}

static bool measure_pit(struct time_rates *rates)
{
	struct reading end;
	unsigned spins = 0;

	port_write8(PIT_GATE, (uint8_t)((port_read8(PIT_GATE) & ~GATE_SPEAKER) |
					GATE_ON));
	port_write8(PIT_COMMAND, PIT_ONE_SHOT_2);
	port_write8(PIT_CHANNEL2, (uint8_t)PIT_COUNT);
	port_write8(PIT_CHANNEL2, (uint8_t)(PIT_COUNT >> 8));
	apic_timer_set(UINT32_MAX);
	start = read_both();
	while ((port_read8(PIT_GATE) & GATE_OUTPUT) == 0) {
		if (++spins == PIT_SPINS) {
			return false;
		}
	}
	end = read_both();
	rates->counter_hz = (end.counter - start.counter) * PIT_HZ / PIT_COUNT;
	rates->timer_hz =
		(uint64_t)(start.timer - end.timer) * PIT_HZ / PIT_COUNT;
	return spins > 1 && rates->counter_hz != 0 && rates->timer_hz != 0;
}

static uint64_t told_rate(void)
{
	uint64_t rate = told_by_hypervisor();

	if (rate == 0) {
		rate = told_by_processor();
	}
	return rate != 0 ? rate : told_by_kvm_clock();
}

void calibrate(struct time_rates *rates_out, bool counter_only)
{
	rates_out->timer_hz = 0;
	rates_out->counter_hz = told_rate();
	if (rates_out->counter_hz != 0) {
		if (!counter_only) {
			measure_timer(rates_out);
		}
	} else if (!measure_emulated(rates_out) && !measure_pit(rates_out)) {
		log_error("time: nothing tells how fast the clock runs; "
			  "guessing");
		rates_out->counter_hz = GUESS_HZ;
		measure_timer(rates_out);
	}
	apic_timer_set(0);
}
