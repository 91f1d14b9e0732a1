/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * I/O APICs (82093AA datasheet, section 3): wired lines to vectors.
 *
 * The controllers come from the MADT, or one at the usual address where there
 * is no ACPI (microvm).  At most FIRMWARE_IOAPIC_MAX.  The register window is
 * a pair of registers: lock.
 */
#include "internal.h"

#include <arch/io.h>
#include <asm/firmware.h>
#include <mm/kmap.h>
#include <sync/spinlock.h>
#include <uapi/errno.h>

#define WINDOW_SELECT 0x00
#define WINDOW_DATA   0x10
#define WINDOW_SIZE   0x20
#define REG_VERSION   1
#define REG_ENTRY     0x10
#define ENTRY_LOW     (1u << 13)
#define ENTRY_LEVEL   (1u << 15)
#define ENTRY_MASKED  (1u << 16)

struct ioapic {
	volatile uint8_t *window; /* [I] */
	unsigned first;		  /* [I] global number of its line 0 */
	unsigned count;		  /* [I] */
};

static struct ioapic ioapics[FIRMWARE_IOAPIC_MAX];
static unsigned ioapic_count; /* [I] */
static struct spinlock lock = SPINLOCK_INIT("ioapic");

static uint32_t ioapic_read(const struct ioapic *ioapic, unsigned reg)
{
	mmio_write32(ioapic->window + WINDOW_SELECT, reg);
	return mmio_read32(ioapic->window + WINDOW_DATA);
}

static void ioapic_write(const struct ioapic *ioapic, unsigned reg,
			 uint32_t value)
{
	mmio_write32(ioapic->window + WINDOW_SELECT, reg);
	mmio_write32(ioapic->window + WINDOW_DATA, value);
}

int ioapic_init(void)
{
	const struct firmware_cpus *info = firmware_cpus();

	for (unsigned i = 0; i < info->ioapic_count; i++) {
		struct ioapic *ioapic = &ioapics[ioapic_count];

		ioapic->window = kmap_device(
			(paddr_t){.value = info->ioapics[i].address},
			WINDOW_SIZE);
		if (ioapic->window == NULL) {
			return -ENOMEM;
		}
		ioapic->first = info->ioapics[i].first_line;
		ioapic->count =
			(ioapic_read(ioapic, REG_VERSION) >> 16 & 0xff) + 1;
		for (unsigned line = 0; line < ioapic->count; line++) {
			ioapic_write(ioapic, REG_ENTRY + 2 * line,
				     ENTRY_MASKED);
		}
		ioapic_count++;
	}
	return 0;
}

static const struct ioapic *find(unsigned line)
{
	for (unsigned i = 0; i < ioapic_count; i++) {
		if (line >= ioapics[i].first &&
		    line - ioapics[i].first < ioapics[i].count) {
			return &ioapics[i];
		}
	}
	return NULL;
}

int ioapic_route(unsigned line, bool level, bool active_low, unsigned vector,
		 uint32_t apic)
{
	const struct ioapic *ioapic = find(line);
	unsigned long irq;
	unsigned reg;

	if (ioapic == NULL || apic > 0xff) {
		return -EINVAL;
	}
	reg = REG_ENTRY + 2 * (line - ioapic->first);
	irq = spin_lock_irqsave(&lock);
	ioapic_write(ioapic, reg + 1, apic << 24);
	ioapic_write(ioapic, reg,
		     vector | (level ? ENTRY_LEVEL : 0) |
			     (active_low ? ENTRY_LOW : 0));
	spin_unlock_irqrestore(&lock, irq);
	return 0;
}

int ioapic_mask(unsigned line)
{
	const struct ioapic *ioapic = find(line);
	unsigned long irq;

	if (ioapic == NULL) {
		return -EINVAL;
	}
	irq = spin_lock_irqsave(&lock);
	ioapic_write(ioapic, REG_ENTRY + 2 * (line - ioapic->first),
		     ENTRY_MASKED);
	spin_unlock_irqrestore(&lock, irq);
	return 0;
}
