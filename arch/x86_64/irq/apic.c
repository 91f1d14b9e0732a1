/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The local APIC (SDM volume 3, chapter 11): x2APIC registers where the
 * processor has them, else memory-mapped ones.
 *
 * Register numbers are those of the mapped form; an x2APIC register is MSR
 * 0x800 + number / 16.  Each CPU writes only its own; no locks.  The base is
 * written once at boot.
 */
#include "internal.h"

#include <arch/cpu.h>
#include <arch/io.h>
#include <asm/cpuid.h>
#include <asm/msr.h>
#include <mm/kmap.h>
#include <uapi/errno.h>

#define REG_ID		  0x20
#define REG_TASK_PRIORITY 0x80
#define REG_EOI		  0xb0
#define REG_SPURIOUS	  0xf0
#define REG_ICR_LOW	  0x300
#define REG_ICR_HIGH	  0x310
#define REG_TIMER	  0x320
#define REG_LINT0	  0x350
#define REG_LINT1	  0x360
#define REG_ERROR	  0x370
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE  0x3e0

#define BASE_ENABLE	(1ull << 11)
#define BASE_X2APIC	(1ull << 10)
#define BASE_ADDRESS	0x000ffffffffff000ull
#define CPUID_X2APIC	(1u << 21)
#define SPURIOUS_ENABLE 0x100
#define LVT_MASKED	0x10000
#define LVT_NMI		0x400
#define LVT_DEADLINE	0x40000
#define DIVIDE_BY_1	0xb
#define ICR_PENDING	0x1000
#define ICR_ASSERT	0x4000
#define ICR_INIT	0x500
#define ICR_STARTUP	0x600
#define ICR_ALL_OTHERS	0xc0000
#define PENDING_SPINS	1000000 /* the bus delivers within microseconds */
#define X2APIC_MSR	0x800
#define APIC_SIZE	4096

static volatile uint8_t *registers; /* [I] NULL: x2APIC */

static uint32_t apic_read(unsigned reg)
{
	if (registers != NULL) {
		return mmio_read32(registers + reg);
	}
	return (uint32_t)msr_read(X2APIC_MSR + reg / 16);
}

static void apic_write(unsigned reg, uint32_t value)
{
	if (registers != NULL) {
		mmio_write32(registers + reg, value);
	} else {
		msr_write(X2APIC_MSR + reg / 16, value);
	}
}

int apic_init(void)
{
	paddr_t base = {.value = msr_read(MSR_APIC_BASE) & BASE_ADDRESS};

	if ((cpuid_read(1, 0).ecx & CPUID_X2APIC) == 0) {
		registers = kmap_device(base, APIC_SIZE);
		if (registers == NULL) {
			return -ENOMEM;
		}
	}
	apic_cpu_init();
	return 0;
}

void apic_cpu_init(void)
{
	uint64_t base = msr_read(MSR_APIC_BASE) | BASE_ENABLE;

	msr_write(MSR_APIC_BASE, registers == NULL ? base | BASE_X2APIC : base);
	apic_write(REG_TASK_PRIORITY, 0);
	apic_write(REG_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(REG_LINT0, LVT_MASKED);
	apic_write(REG_LINT1, LVT_NMI);
	apic_write(REG_ERROR, LVT_MASKED | VECTOR_SPURIOUS);
	apic_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_write(REG_TIMER, VECTOR_TIMER);
}

uint32_t apic_id(void)
{
	uint32_t id = apic_read(REG_ID);

	return registers != NULL ? id >> 24 : id;
}

void apic_eoi(void)
{
	apic_write(REG_EOI, 0);
}

static void wait_sent(void)
{
	for (unsigned i = 0; i < PENDING_SPINS; i++) {
		if ((apic_read(REG_ICR_LOW) & ICR_PENDING) == 0) {
			return;
		}
		cpu_relax();
	}
}

/* Interrupts off: the two halves belong together. */
static void send(uint32_t apic, uint32_t low)
{
	unsigned long state = cpu_irq_save();

	if (registers == NULL) {
		/* The write of an MSR does not order earlier stores. */
		io_barrier();
		msr_write(X2APIC_MSR + REG_ICR_LOW / 16,
			  (uint64_t)apic << 32 | low);
	} else {
		wait_sent();
		apic_write(REG_ICR_HIGH, apic << 24);
		apic_write(REG_ICR_LOW, low);
	}
	cpu_irq_restore(state);
}

void apic_send(uint32_t apic, unsigned vector)
{
	send(apic, ICR_ASSERT | vector);
}

void apic_send_all_others(unsigned vector)
{
	send(0, ICR_ALL_OTHERS | ICR_ASSERT | vector);
}

void apic_start_others(uint8_t page)
{
	send(0, ICR_ALL_OTHERS | ICR_ASSERT | ICR_INIT);
	send(0, ICR_ALL_OTHERS | ICR_ASSERT | ICR_STARTUP | page);
}

void apic_timer_set(uint32_t count)
{
	apic_write(REG_TIMER_INITIAL, count);
}

void apic_timer_mode_deadline(void)
{
	apic_write(REG_TIMER, LVT_DEADLINE | VECTOR_TIMER);
	io_barrier(); /* SDM 3, 11.5.4.1: before the first deadline */
}

uint32_t apic_timer_count(void)
{
	return apic_read(REG_TIMER_CURRENT);
}
