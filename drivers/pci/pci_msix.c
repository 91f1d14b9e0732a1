/* SPDX-License-Identifier: BSD-3-Clause */

/* Message-signalled interrupts, the MSI-X form (PCI 3.0, section 6.8.2). */
#include <drivers/pci.h>

#include "pci_hw.h"

#include <arch/io.h>
#include <uapi/errno.h>

static volatile uint8_t *entry_of(struct pci_device *device, unsigned entry)
{
	return device->msix_table + (size_t)entry * MSIX_ENTRY_SIZE;
}

int pci_msix_enable(struct pci_device *device)
{
	unsigned at = pci_find_capability(device, PCI_CAPABILITY_MSIX, 0);
	uint16_t control;
	uint32_t table;
	unsigned count;

	if (at == 0) {
		return -ENODEV;
	}
	control = pci_read16(device, at + MSIX_CONTROL);
	count = (control & MSIX_CONTROL_COUNT) + 1u;
	table = pci_read32(device, at + MSIX_TABLE);
	device->msix_table =
		pci_map(device, table & MSIX_BAR_MASK, table & ~MSIX_BAR_MASK,
			count * MSIX_ENTRY_SIZE);
	if (device->msix_table == NULL) {
		return -EINVAL;
	}
	device->msix_capability = (uint8_t)at;
	device->msix_count = (uint16_t)count;
	pci_write16(device, at + MSIX_CONTROL,
		    control | MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK);
	for (unsigned i = 0; i < count; i++) {
		mmio_write32(entry_of(device, i) + MSIX_ENTRY_CONTROL,
			     MSIX_ENTRY_MASKED);
	}
	pci_write16(device, PCI_COMMAND,
		    pci_read16(device, PCI_COMMAND) | PCI_COMMAND_NO_INTERRUPT);
	pci_write16(device, at + MSIX_CONTROL,
		    (control | MSIX_CONTROL_ENABLE) &
			    (uint16_t)~MSIX_CONTROL_MASK);
	return (int)count;
}

int pci_msix_request(struct pci_device *device, unsigned entry, unsigned cpu,
		     irq_handler *handler, void *arg)
{
	struct irq_message message;
	volatile uint8_t *slot;
	int vector;

	if (entry >= device->msix_count) {
		return -EINVAL;
	}
	vector = irq_message_request(cpu, handler, arg, &message);
	if (vector < 0) {
		return vector;
	}
	slot = entry_of(device, entry);
	mmio_write32(slot + MSIX_ENTRY_ADDRESS, (uint32_t)message.address);
	mmio_write32(slot + MSIX_ENTRY_HIGH, (uint32_t)(message.address >> 32));
	mmio_write32(slot + MSIX_ENTRY_DATA, message.data);
	mmio_write32(slot + MSIX_ENTRY_CONTROL, 0);
	return 0;
}
