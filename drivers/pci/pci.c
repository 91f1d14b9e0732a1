/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The list of PCI devices: scan, base addresses, capabilities, drivers.
 *
 * The scan starts at bus 0 and follows bridges by the bus number that the
 * firmware gave them; each of the PCI_BUS_COUNT buses is visited at most once.
 * The list is written by the scan alone and immutable afterwards.
 */
#include <drivers/pci.h>

#include "internal.h"
#include "pci_hw.h"

#include <debug/log.h>
#include <init/hooks.h>
#include <init/options.h>
#include <lib/bitmap.h>
#include <lib/errno_name.h>
#include <lib/printf.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define CAPABILITY_FIRST 0x40
#define CAPABILITY_MAX	 48 /* that fit into 256 bytes */

extern const struct pci_driver *const __start_pci_drivers[];
extern const struct pci_driver *const __stop_pci_drivers[];

static struct list devices = LIST_INITIALIZER(devices);
static uint64_t buses_to_scan[BITMAP_WORDS(PCI_BUS_COUNT)];
static uint64_t buses_scanned[BITMAP_WORDS(PCI_BUS_COUNT)];

struct pci_device *pci_next(struct pci_device *device)
{
	struct list_node *node =
		device == NULL ? list_first_node(&devices)
			       : list_next_node(&devices, &device->link);

	return node == NULL ? NULL : list_entry(node, struct pci_device, link);
}

unsigned pci_find_capability(struct pci_device *device, uint8_t id,
			     unsigned after)
{
	unsigned at;

	if ((pci_read16(device, PCI_STATUS) & PCI_STATUS_CAPABILITIES) == 0) {
		return 0;
	}
	at = pci_read8(device, PCI_CAPABILITIES) & ~3u;
	for (unsigned i = 0; i < CAPABILITY_MAX && at >= CAPABILITY_FIRST;
	     i++) {
		bool wanted = after == 0 && pci_read8(device, at) == id;

		if (wanted) {
			return at;
		}
		if (at == after) {
			after = 0;
		}
		at = pci_read8(device, at + 1) & ~3u;
	}
	return 0;
}

void *pci_map(struct pci_device *device, unsigned bar, uint64_t offset,
	      uint64_t size)
{
	const struct pci_bar *reg;

	if (bar >= PCI_BAR_COUNT) {
		return NULL;
	}
	reg = &device->bars[bar];
	if (reg->is_port || reg->address == 0 || size == 0 ||
	    offset > reg->size || size > reg->size - offset) {
		return NULL;
	}
	return kmap_device((paddr_t){.value = reg->address + offset}, size);
}

int pci_line_request(struct pci_device *device, irq_handler *handler, void *arg)
{
	if (pci_read8(device, PCI_INTERRUPT_PIN) == 0 ||
	    device->interrupt_line == 0xff || device->interrupt_line == 0) {
		return -ENODEV;
	}
	return irq_request(device->interrupt_line, true, handler, arg);
}

/* --- base addresses ------------------------------------------------------ */

/* Reads one register and its size, decoding off; returns how many 32-bit
 * registers it takes. */
static unsigned read_bar(struct pci_device *device, unsigned index)
{
	unsigned offset = PCI_BAR + 4 * index;
	struct pci_bar *bar = &device->bars[index];
	uint32_t low = pci_read32(device, offset);
	uint64_t value = low;
	uint64_t mask;
	unsigned width = 1;

	pci_write32(device, offset, UINT32_MAX);
	mask = pci_read32(device, offset);
	pci_write32(device, offset, low);
	if ((low & PCI_BAR_IS_PORT) != 0) {
		bar->is_port = true;
		mask = (mask & PCI_BAR_PORT_MASK) | 0xffffffffffff0000ull;
		bar->address = value & PCI_BAR_PORT_MASK;
	} else {
		if ((low & PCI_BAR_TYPE_MASK) == PCI_BAR_TYPE_64 &&
		    index + 1 < PCI_BAR_COUNT) {
			uint32_t high = pci_read32(device, offset + 4);

			pci_write32(device, offset + 4, UINT32_MAX);
			mask |= (uint64_t)pci_read32(device, offset + 4) << 32;
			pci_write32(device, offset + 4, high);
			value |= (uint64_t)high << 32;
			width = 2;
		} else if (mask != 0) {
			mask |= 0xffffffff00000000ull;
		}
		mask &= PCI_BAR_MEM_MASK;
		bar->address = value & PCI_BAR_MEM_MASK;
	}
	bar->size = ~mask + 1;
	if (mask == 0 || bar->address + bar->size < bar->address) {
		*bar = (struct pci_bar){0};
	}
	return width;
}

static bool has_driver(const struct pci_device *device)
{
	for (const struct pci_driver *const *at = __start_pci_drivers;
	     at < __stop_pci_drivers; at++) {
		if ((*at)->vendor == device->vendor) {
			return true;
		}
	}
	return false;
}

/* Sizes the registers and turns the device on if there is a driver for it. */
static void read_bars(struct pci_device *device)
{
	uint16_t command = pci_read16(device, PCI_COMMAND);

	pci_write16(device, PCI_COMMAND,
		    command &
			    (uint16_t) ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	for (unsigned i = 0; i < PCI_BAR_COUNT;) {
		i += read_bar(device, i);
	}
	if (has_driver(device)) {
		command |= PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
			   PCI_COMMAND_MASTER;
	}
	pci_write16(device, PCI_COMMAND, command);
}

/* --- the scan ------------------------------------------------------------ */

static int add_device(const struct pci_device *found)
{
	struct pci_device *device = kmalloc(sizeof(*device));
	uint32_t class_and_revision;

	if (device == NULL) {
		return -ENOMEM;
	}
	*device = *found;
	class_and_revision = pci_read32(device, PCI_REVISION);
	device->class_code = class_and_revision >> 8;
	device->revision = (uint8_t)class_and_revision;
	device->subsystem = pci_read16(device, PCI_SUBSYSTEM_ID);
	device->interrupt_line = pci_read8(device, PCI_INTERRUPT_LINE);
	ksnprintf(device->name, sizeof(device->name), "%02x:%02x.%x",
		  device->bus, device->slot, device->function);
	read_bars(device);
	list_add_tail(&devices, &device->link);
	log_debug("pci %s: %04x:%04x class %06x", device->name, device->vendor,
		  device->device, device->class_code);
	return 0;
}

/* Sets *multifunction_out for function 0.  0 or -ENOMEM. */
static int scan_function(struct pci_device *probe, bool *multifunction_out)
{
	uint32_t ids = pci_read32(probe, PCI_VENDOR_ID);
	uint8_t type;

	if ((ids & 0xffff) == PCI_NO_DEVICE || (ids & 0xffff) == 0) {
		return probe->function == 0 ? -ENODEV : 0;
	}
	probe->vendor = (uint16_t)ids;
	probe->device = (uint16_t)(ids >> 16);
	type = pci_read8(probe, PCI_HEADER_TYPE);
	if (probe->function == 0) {
		*multifunction_out = (type & PCI_HEADER_MULTIFUNCTION) != 0;
	}
	if ((type & PCI_HEADER_MASK) == PCI_HEADER_BRIDGE) {
		bitmap_set(buses_to_scan, pci_read8(probe, PCI_SECONDARY_BUS));
		return 0;
	}
	return (type & PCI_HEADER_MASK) == PCI_HEADER_DEVICE ? add_device(probe)
							     : 0;
}

static int scan_slot(volatile uint8_t *space, unsigned bus, unsigned slot)
{
	bool multifunction = false;

	for (unsigned f = 0; f < PCI_FUNCTION_COUNT; f++) {
		struct pci_device probe = {
			.bus = (uint8_t)bus,
			.slot = (uint8_t)slot,
			.function = (uint8_t)f,
			.config = space == NULL
					  ? NULL
					  : space + (slot << 15) + (f << 12),
		};
		int err = scan_function(&probe, &multifunction);

		if (err == -ENOMEM) {
			return err;
		}
		if (err < 0 || !multifunction) {
			break;
		}
	}
	return 0;
}

static int scan_bus(unsigned bus)
{
	volatile uint8_t *space = pci_config_map_bus(bus);
	int err = 0;

	bitmap_set(buses_scanned, bus);
	for (unsigned slot = 0; slot < PCI_SLOT_COUNT && err == 0; slot++) {
		err = scan_slot(space, bus, slot);
	}
	return err;
}

static int pci_scan(void)
{
	int err = 0;

	if (options()->nopci || !pci_config_init()) {
		return 0;
	}
	bitmap_set(buses_to_scan, 0);
	for (unsigned round = 0; round < PCI_BUS_COUNT && err == 0; round++) {
		unsigned bus = 0;

		while (bus < PCI_BUS_COUNT &&
		       (!bitmap_test(buses_to_scan, bus) ||
			bitmap_test(buses_scanned, bus))) {
			bus++;
		}
		if (bus == PCI_BUS_COUNT) {
			break;
		}
		err = scan_bus(bus);
	}
	return err;
}
INIT_HOOK(pci, pci_scan, INIT_BUS);

/* --- drivers ------------------------------------------------------------- */

static void offer(struct pci_device *device)
{
	for (const struct pci_driver *const *at = __start_pci_drivers;
	     at < __stop_pci_drivers; at++) {
		int err;

		if ((*at)->vendor != device->vendor) {
			continue;
		}
		err = (*at)->probe(device);
		if (err == 0) {
			return;
		}
		if (err != -ENODEV) {
			log_error("pci %s: %s: %s", device->name, (*at)->name,
				  errno_name(err));
			return;
		}
	}
}

static int pci_probe(void)
{
	struct pci_device *device = NULL;

	while ((device = pci_next(device)) != NULL) {
		offer(device);
	}
	return 0;
}
INIT_HOOK(pci_drivers, pci_probe, INIT_DRIVER);
