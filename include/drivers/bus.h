/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * How devices and drivers meet.
 *
 *	INIT_BUS	buses find their devices (pci_scan)
 *	INIT_DRIVER	each bus offers each device to its drivers' probe()
 *
 * Drivers are const records in linker sections: PCI_DRIVER() (drivers/pci.h),
 * VIRTIO_DRIVER() (drivers/virtio.h).  A driver answers for all devices of its
 * kind; a device that no driver wants is left alone, untouched.  Devices stay
 * for ever: there is no detach.
 *
 * This header has what needs no driver model: devices that the command line
 * describes, as hypervisors without a bus append them:
 * virtio_mmio.device=SIZE@ADDRESS:IRQ
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus_mmio {
	uint64_t address;
	uint64_t size;
	unsigned line; /* global interrupt number */
};

/* Parses the text behind the '='.  0 or -EINVAL (syntax, size 0, wraps). */
int bus_mmio_parse(const char *text, struct bus_mmio *device_out);
