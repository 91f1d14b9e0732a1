/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Access to configuration space.
 *
 * Memory-mapped (ECAM) for the buses that the MCFG describes: a bus is mapped
 * when the scan first looks at it, 1 MiB each.  For others through the port
 * pair 0xcf8/0xcfc, which a lock guards.
 */
#include <drivers/pci.h>

#include "internal.h"
#include "pci_hw.h"

#include <arch/firmware.h>
#include <arch/io.h>
#include <lib/string.h>
#include <mm/kmap.h>
#include <sync/spinlock.h>

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define ADDRESS_ON   0x80000000u

#define MCFG_ENTRIES	44
#define MCFG_ENTRY_SIZE 16

#define ECAM_BUS_SIZE	   (1u << 20)
#define ECAM_FUNCTION_SIZE 4096u

static struct spinlock port_lock = SPINLOCK_INIT("pci.ports");
static uint64_t ecam_base; /* [I] of bus 0; 0: none */
static unsigned ecam_first, ecam_last;
static bool has_ports; /* [I] */

/* Segment 0 only: others exist on no machine that we run on. */
static void find_ecam(void)
{
	const struct acpi_table *mcfg = firmware_table("MCFG", 0);

	for (size_t at = MCFG_ENTRIES;
	     mcfg != NULL && at + MCFG_ENTRY_SIZE <= mcfg->length;
	     at += MCFG_ENTRY_SIZE) {
		const uint8_t *entry = (const uint8_t *)mcfg + at;
		uint16_t segment;

		memcpy(&segment, entry + 8, sizeof(segment));
		if (segment != 0 || entry[10] > entry[11]) {
			continue;
		}
		memcpy(&ecam_base, entry, sizeof(ecam_base));
		ecam_first = entry[10];
		ecam_last = entry[11];
		return;
	}
}

static bool probe_ports(void)
{
	bool there = false;

	if (IO_HAS_PORTS) {
		uint32_t old = port_read32(PORT_ADDRESS);

		port_write32(PORT_ADDRESS, ADDRESS_ON);
		there = port_read32(PORT_ADDRESS) == ADDRESS_ON;
		port_write32(PORT_ADDRESS, old);
	}
	return there;
}

bool pci_config_init(void)
{
	find_ecam();
	has_ports = probe_ports();
	return ecam_base != 0 || has_ports;
}

volatile uint8_t *pci_config_map_bus(unsigned bus)
{
	if (ecam_base == 0 || bus < ecam_first || bus > ecam_last) {
		return NULL;
	}
	return kmap_device(
		(paddr_t){.value = ecam_base + (uint64_t)bus * ECAM_BUS_SIZE},
		ECAM_BUS_SIZE);
}

static void select_port(const struct pci_device *device, unsigned offset)
{
	port_write32(PORT_ADDRESS, ADDRESS_ON | (uint32_t)device->bus << 16 |
					   (uint32_t)device->slot << 11 |
					   (uint32_t)device->function << 8 |
					   (offset & 0xfc));
}

static uint32_t read_port(const struct pci_device *device, unsigned offset)
{
	unsigned long irq;
	uint32_t value;

	if (!has_ports) {
		return UINT32_MAX;
	}
	irq = spin_lock_irqsave(&port_lock);
	select_port(device, offset);
	value = port_read32(PORT_DATA);
	spin_unlock_irqrestore(&port_lock, irq);
	return value;
}

uint32_t pci_read32(struct pci_device *device, unsigned offset)
{
	return device->config != NULL ? mmio_read32(device->config + offset)
				      : read_port(device, offset);
}

uint16_t pci_read16(struct pci_device *device, unsigned offset)
{
	return (uint16_t)(pci_read32(device, offset & ~3u) >>
			  (8 * (offset & 2)));
}

uint8_t pci_read8(struct pci_device *device, unsigned offset)
{
	return (uint8_t)(pci_read32(device, offset & ~3u) >>
			 (8 * (offset & 3)));
}

void pci_write32(struct pci_device *device, unsigned offset, uint32_t value)
{
	unsigned long irq;

	if (device->config != NULL) {
		mmio_write32(device->config + offset, value);
		return;
	}
	if (has_ports) {
		irq = spin_lock_irqsave(&port_lock);
		select_port(device, offset);
		port_write32(PORT_DATA, value);
		spin_unlock_irqrestore(&port_lock, irq);
	}
}

void pci_write16(struct pci_device *device, unsigned offset, uint16_t value)
{
	unsigned long irq;

	if (device->config != NULL) {
		mmio_write16(device->config + offset, value);
		return;
	}
	if (has_ports) {
		irq = spin_lock_irqsave(&port_lock);
		select_port(device, offset);
		port_write16((uint16_t)(PORT_DATA + (offset & 2)), value);
		spin_unlock_irqrestore(&port_lock, irq);
	}
}
