/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Virtio over registers in memory (specification 4.2), version 2.
 *
 * The devices are those of the command line, else those of the ACPI tables.
 * Lines are edge triggered; the handler goes on until the status is empty, so
 * that no edge is missed while the line is still up.
 */
#include "internal.h"

#include <arch/io.h>
#include <arch/irq.h>
#include <debug/log.h>
#include <drivers/acpi.h>
#include <drivers/bus.h>
#include <generated/config.h>
#include <init/hooks.h>
#include <init/options.h>
#include <lib/compiler.h>
#include <lib/printf.h>
#include <mm/frame.h>
#include <mm/kmap.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define VIRTIO_MMIO_ACPI_ID "LNRO0005"

#define VERSION_LEGACY	 1
#define VERSION_MODERN	 2
#define INTERRUPT_ROUNDS 1000 /* then the device gets no more attention */

struct mmio_transport {
	struct virtio_device device;
	volatile uint8_t *base; /* [I] */
	size_t size;		/* [I] */
	unsigned line;		/* [I] */
};

static uint32_t reg_read(struct virtio_device *device, unsigned offset)
{
	return mmio_read32(
		container_of(device, struct mmio_transport, device)->base +
		offset);
}

static void reg_write(struct virtio_device *device, unsigned offset,
		      uint32_t value)
{
	mmio_write32(container_of(device, struct mmio_transport, device)->base +
			     offset,
		     value);
}

static uint64_t mmio_features(struct virtio_device *device)
{
	uint64_t features;

	reg_write(device, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)reg_read(device, VIRTIO_MMIO_DEVICE_FEATURES)
		   << 32;
	reg_write(device, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return features | reg_read(device, VIRTIO_MMIO_DEVICE_FEATURES);
}

static void mmio_set_features(struct virtio_device *device, uint64_t features)
{
	reg_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	reg_write(device, VIRTIO_MMIO_DRIVER_FEATURES,
		  (uint32_t)(features >> 32));
	reg_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	reg_write(device, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
}

static uint8_t mmio_status(struct virtio_device *device)
{
	return (uint8_t)reg_read(device, VIRTIO_MMIO_STATUS);
}

static void mmio_set_status(struct virtio_device *device, uint8_t status)
{
	reg_write(device, VIRTIO_MMIO_STATUS, status);
}

static uint32_t mmio_generation(struct virtio_device *device)
{
	return reg_read(device, VIRTIO_MMIO_CONFIG_GENERATION);
}

/* The register's address, or NULL beyond the window. */
static volatile uint8_t *config_at(struct virtio_device *device,
				   unsigned offset, size_t width)
{
	struct mmio_transport *t =
		container_of(device, struct mmio_transport, device);

	if (offset + width > t->size - VIRTIO_MMIO_CONFIG) {
		return NULL;
	}
	return t->base + VIRTIO_MMIO_CONFIG + offset;
}

static uint8_t mmio_config8(struct virtio_device *device, unsigned offset)
{
	volatile uint8_t *at = config_at(device, offset, 1);

	return at == NULL ? 0 : mmio_read8(at);
}

static uint16_t mmio_config16(struct virtio_device *device, unsigned offset)
{
	volatile uint8_t *at = config_at(device, offset, 2);

	return at == NULL ? 0 : mmio_read16(at);
}

static uint32_t mmio_config32(struct virtio_device *device, unsigned offset)
{
	volatile uint8_t *at = config_at(device, offset, 4);

	return at == NULL ? 0 : mmio_read32(at);
}

static unsigned mmio_queue_size(struct virtio_device *device, unsigned index)
{
	reg_write(device, VIRTIO_MMIO_QUEUE_SEL, index);
	if (reg_read(device, VIRTIO_MMIO_QUEUE_READY) != 0) {
		return 0;
	}
	return reg_read(device, VIRTIO_MMIO_QUEUE_SIZE_MAX);
}

static void write_address(struct virtio_device *device, unsigned offset,
			  const volatile void *ring)
{
	uint64_t address = mmu_direct_paddr((const void *)ring).value;

	reg_write(device, offset, (uint32_t)address);
	reg_write(device, offset + 4, (uint32_t)(address >> 32));
}

static int mmio_queue_start(struct virtio_queue *queue, unsigned cpu)
{
	struct virtio_device *device = queue->device;

	(void)cpu; /* one line for all queues */
	reg_write(device, VIRTIO_MMIO_QUEUE_SEL, queue->index);
	reg_write(device, VIRTIO_MMIO_QUEUE_SIZE, queue->size);
	write_address(device, VIRTIO_MMIO_QUEUE_DESC, queue->desc);
	write_address(device, VIRTIO_MMIO_QUEUE_AVAIL, queue->avail);
	write_address(device, VIRTIO_MMIO_QUEUE_USED, queue->used);
	reg_write(device, VIRTIO_MMIO_QUEUE_READY, 1);
	return 0;
}

static void mmio_notify(struct virtio_queue *queue)
{
	reg_write(queue->device, VIRTIO_MMIO_QUEUE_NOTIFY, queue->index);
}

static const struct virtio_transport mmio_ops = {
	.features = mmio_features,
	.set_features = mmio_set_features,
	.status = mmio_status,
	.set_status = mmio_set_status,
	.generation = mmio_generation,
	.config8 = mmio_config8,
	.config16 = mmio_config16,
	.config32 = mmio_config32,
	.queue_size = mmio_queue_size,
	.queue_start = mmio_queue_start,
	.notify = mmio_notify,
};

static void mmio_interrupt(void *arg)
{
	struct mmio_transport *t = arg;

	for (unsigned i = 0; i < INTERRUPT_ROUNDS; i++) {
		uint32_t status =
			reg_read(&t->device, VIRTIO_MMIO_INTERRUPT_STATUS);

		if (status == 0) {
			return;
		}
		reg_write(&t->device, VIRTIO_MMIO_INTERRUPT_ACK, status);
		if ((status & VIRTIO_ISR_QUEUE) != 0) {
			virtio_interrupt_queues(&t->device,
						VIRTIO_PCI_NO_VECTOR);
		}
		if ((status & VIRTIO_ISR_CONFIG) != 0) {
			virtio_interrupt_config(&t->device);
		}
	}
}

/* --- discovery -------------------------------------------------------------
 */

/* 0, or -ENODEV: nobody there, or nothing for us. */
static int identify(struct mmio_transport *t)
{
	uint32_t version;

	if (reg_read(&t->device, VIRTIO_MMIO_MAGIC) !=
	    VIRTIO_MMIO_MAGIC_VALUE) {
		log_error("%s: no virtio device there", t->device.name);
		return -ENODEV;
	}
	t->device.id = reg_read(&t->device, VIRTIO_MMIO_DEVICE_ID);
	if (t->device.id == 0) {
		return -ENODEV; /* an empty slot */
	}
	version = reg_read(&t->device, VIRTIO_MMIO_VERSION);
	if (version == VERSION_LEGACY) {
		log_error("%s: legacy virtio device, not supported: start QEMU "
			  "with -global virtio-mmio.force-legacy=off",
			  t->device.name);
	}
	return version == VERSION_MODERN ? 0 : -ENODEV;
}

static int probe(struct mmio_transport *t, const struct bus_mmio *bus)
{
	int err;

	t->device.transport = &mmio_ops;
	ksnprintf(t->device.name, sizeof(t->device.name), "virtio-mmio@%llx",
		  (unsigned long long)bus->address);
	t->size = bus->size;
	t->line = bus->line;
	if (bus->size < VIRTIO_MMIO_CONFIG) {
		return -EINVAL;
	}
	t->base = kmap_device((paddr_t){.value = bus->address}, bus->size);
	if (t->base == NULL) {
		return -ENOMEM;
	}
	err = identify(t);
	if (err == 0) {
		err = irq_request(t->line, false, mmio_interrupt, t);
		if (err < 0) {
			log_error("%s: interrupt %u: not available",
				  t->device.name, t->line);
		}
	}
	if (err == 0) {
		err = virtio_device_add(&t->device);
		if (err < 0) {
			irq_release(t->line, mmio_interrupt, t);
		}
	}
	if (err < 0) {
		kunmap_device((void *)t->base, bus->size);
	}
	return err;
}

/* t is not freed: a released handler may still run. */
static int add(const struct bus_mmio *bus)
{
	struct mmio_transport *t = kzalloc(sizeof(*t));

	if (t == NULL) {
		return -ENOMEM;
	}
	probe(t, bus); /* says what went wrong */
	return 0;
}

static int add_from_command_line(void)
{
	const struct options *opts = options();
	int err = 0;

	for (size_t i = 0; i < opts->mmio_device_count && err == 0; i++) {
		struct bus_mmio bus;

		if (bus_mmio_parse(opts->mmio_devices[i], &bus) < 0) {
			log_error("virtio_mmio.device=%s: SIZE@ADDRESS:IRQ "
				  "expected",
				  opts->mmio_devices[i]);
			continue;
		}
		err = add(&bus);
	}
	return err;
}

/* Where the monitor describes them by ACPI alone. */
static int add_from_acpi(void)
{
	const struct acpi_table *dsdt = acpi_dsdt();
	struct acpi_device_range range;
	int err = 0;

	for (unsigned i = 0;
	     dsdt != NULL && i < OPTIONS_MMIO_MAX && err == 0 &&
	     acpi_table_find_device(dsdt, VIRTIO_MMIO_ACPI_ID, i, &range) == 0;
	     i++) {
		err = add(&(struct bus_mmio){
			.address = range.address,
			.size = range.size,
			.line = range.line,
		});
	}
	return err;
}

static int virtio_mmio_init(void)
{
	if (options()->mmio_device_count == 0 && CONFIG_ACPI) {
		return add_from_acpi();
	}
	return add_from_command_line();
}
INIT_HOOK(virtio_mmio, virtio_mmio_init, INIT_DRIVER);
