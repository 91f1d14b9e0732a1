/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * PCI and PCI Express.
 *
 * 1. Devices are found once, at INIT_BUS: through the memory-mapped
 *    configuration space that the ACPI MCFG names, else through ports; bridges
 *    are followed as the firmware numbered them, and base addresses are taken
 *    as it assigned them.  --nopci leaves the bus alone.
 * 2. Whatever changes the machine's memory map is done then, while one CPU
 *    runs: sizing base addresses, and turning on memory, port and bus-master
 *    access of each device whose vendor a driver names.  QEMU before 8.1
 *    switches its tables under CPUs that run: another CPU's access to its
 *    interrupt controller then reaches some other device, or ends QEMU.
 * 3. At INIT_DRIVER each device is offered to the drivers that name its vendor;
 *    a probe() that returns 0 owns it, -ENODEV: not mine, other errors are
 *    logged.
 * 4. A driver maps base addresses with pci_map() and asks for interrupts:
 *    MSI-X entries, or the wired line if there are none.
 *
 * Thread context, no locks: a device belongs to the one driver that probes it.
 * What a device says (sizes, offsets, capability lists) is checked.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arch/irq.h>
#include <lib/list.h>

#define PCI_BAR_COUNT 6

#define PCI_CAPABILITY_VENDOR 0x09
#define PCI_CAPABILITY_MSIX   0x11

struct pci_bar {
	uint64_t address; /* 0: not assigned, or no such register */
	uint64_t size;
	bool is_port;
};

struct pci_device {
	uint8_t bus, slot, function; /* [I] */
	uint8_t interrupt_line;	     /* [I] 0xff: none */
	uint16_t vendor, device;     /* [I] */
	uint16_t subsystem;	     /* [I] */
	uint32_t class_code;	     /* [I] class << 16 | subclass << 8 | if */
	uint8_t revision;	     /* [I] */
	char name[16];		     /* [I] "00:04.0" */
	volatile uint8_t *config;    /* [I] memory-mapped, NULL: by ports */
	struct pci_bar bars[PCI_BAR_COUNT]; /* [I] */
	struct list_node link;
	uint8_t msix_capability; /* 0: none; by pci_msix_enable() */
	uint16_t msix_count;
	volatile uint8_t *msix_table;
	void *driver_private;
};

struct pci_driver {
	const char *name;
	uint16_t vendor;
	int (*probe)(struct pci_device *device);
};

#define PCI_DRIVER(record)                                                     \
	static const struct pci_driver *const pci_driver_##record              \
		__attribute__((section("pci_drivers"), used)) = &(record)

/* Configuration space, at a naturally aligned offset below 256. */
uint8_t pci_read8(struct pci_device *device, unsigned offset);
uint16_t pci_read16(struct pci_device *device, unsigned offset);
uint32_t pci_read32(struct pci_device *device, unsigned offset);
void pci_write16(struct pci_device *device, unsigned offset, uint16_t value);
void pci_write32(struct pci_device *device, unsigned offset, uint32_t value);

/* Offset of the next capability with this id behind `after` (0: the first);
 * 0: none.  A list that loops ends. */
unsigned pci_find_capability(struct pci_device *device, uint8_t id,
			     unsigned after);

/* `size` bytes at `offset` of a memory register, mapped uncached; NULL: no such
 * register, beyond its end, or no memory.  May sleep. */
void *pci_map(struct pci_device *device, unsigned bar, uint64_t offset,
	      uint64_t size);

/* Turns MSI-X on, all entries masked: how many entries there are, -ENODEV (no
 * such capability), -EINVAL (nonsense), -ENOMEM. */
int pci_msix_enable(struct pci_device *device);
/* Points an entry at a CPU.  0, -EINVAL (no such entry), -ENOSPC. */
int pci_msix_request(struct pci_device *device, unsigned entry, unsigned cpu,
		     irq_handler *handler, void *arg);
/* The wired interrupt, shared.  0, -ENODEV, or irq_request()'s error. */
int pci_line_request(struct pci_device *device, irq_handler *handler,
		     void *arg);

/* The device after this one, NULL: the first one; NULL at the end. */
struct pci_device *pci_next(struct pci_device *device);
