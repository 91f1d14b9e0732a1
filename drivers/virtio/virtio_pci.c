/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Virtio over PCI (specification 4.1), the modern interface: register blocks
 * named by vendor capabilities.  Transitional devices are driven through it
 * too.
 *
 * Interrupts: MSI-X entry 0 for configuration changes, the others for queues
 * in turn (several queues share one when there are too few); or the wired line
 * with the ISR register.
 */
#include "internal.h"

#include <arch/io.h>
#include <debug/log.h>
#include <drivers/pci.h>
#include <lib/compiler.h>
#include <lib/printf.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define BLOCK_COUNT 5 /* indexed by VIRTIO_CAP_* */

struct block {
	volatile uint8_t *base; /* [I] NULL: no such block */
	uint32_t size;		/* [I] */
};

struct pci_transport;

struct entry {
	struct pci_transport *transport; /* [I] NULL: not requested yet */
	uint16_t number;		 /* [I] */
};

struct pci_transport {
	struct virtio_device device;
	struct pci_device *pci;		  /* [I] */
	struct block blocks[BLOCK_COUNT]; /* [I] */
	uint32_t notify_multiplier;	  /* [I] */
	unsigned entry_count;		  /* [I] MSI-X; 0: wired line */
	struct entry entries[VIRTIO_QUEUE_MAX + 1]; /* [I] */
};

static struct pci_transport *transport_of(struct virtio_device *device)
{
	return container_of(device, struct pci_transport, device);
}

static volatile uint8_t *common(struct virtio_device *device)
{
	return transport_of(device)->blocks[VIRTIO_CAP_COMMON].base;
}

static uint64_t pci_features(struct virtio_device *device)
{
	volatile uint8_t *c = common(device);
	uint64_t features;

	mmio_write32(c + VIRTIO_PCI_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)mmio_read32(c + VIRTIO_PCI_DEVICE_FEATURES) << 32;
	mmio_write32(c + VIRTIO_PCI_DEVICE_FEATURES_SEL, 0);
	return features | mmio_read32(c + VIRTIO_PCI_DEVICE_FEATURES);
}

static void pci_set_features(struct virtio_device *device, uint64_t features)
{
	volatile uint8_t *c = common(device);

	mmio_write32(c + VIRTIO_PCI_DRIVER_FEATURES_SEL, 1);
	mmio_write32(c + VIRTIO_PCI_DRIVER_FEATURES,
		     (uint32_t)(features >> 32));
	mmio_write32(c + VIRTIO_PCI_DRIVER_FEATURES_SEL, 0);
	mmio_write32(c + VIRTIO_PCI_DRIVER_FEATURES, (uint32_t)features);
	if (transport_of(device)->entry_count != 0) { /* a reset forgot it */
		mmio_write16(c + VIRTIO_PCI_CONFIG_VECTOR, 0);
	}
}

static uint8_t pci_status(struct virtio_device *device)
{
	return mmio_read8(common(device) + VIRTIO_PCI_STATUS);
}

static void pci_set_status(struct virtio_device *device, uint8_t status)
{
	mmio_write8(common(device) + VIRTIO_PCI_STATUS, status);
}

static uint32_t pci_generation(struct virtio_device *device)
{
	return mmio_read8(common(device) + VIRTIO_PCI_GENERATION);
}

static volatile uint8_t *config_at(struct virtio_device *device,
				   unsigned offset, size_t width)
{
	const struct block *block =
		&transport_of(device)->blocks[VIRTIO_CAP_DEVICE];

	return block->base == NULL || offset + width > block->size
		       ? NULL
		       : block->base + offset;
}

static uint8_t pci_config8(struct virtio_device *device, unsigned offset)
{
	volatile uint8_t *at = config_at(device, offset, 1);

	return at == NULL ? 0 : mmio_read8(at);
}

static uint16_t pci_config16(struct virtio_device *device, unsigned offset)
{
	volatile uint8_t *at = config_at(device, offset, 2);

	return at == NULL ? 0 : mmio_read16(at);
}

static uint32_t pci_config32(struct virtio_device *device, unsigned offset)
{
	volatile uint8_t *at = config_at(device, offset, 4);

	return at == NULL ? 0 : mmio_read32(at);
}

/* --- queues ----------------------------------------------------------------
 */

static unsigned pci_queue_size(struct virtio_device *device, unsigned index)
{
	volatile uint8_t *c = common(device);

	if (index >= mmio_read16(c + VIRTIO_PCI_QUEUE_COUNT)) {
		return 0;
	}
	mmio_write16(c + VIRTIO_PCI_QUEUE_SEL, (uint16_t)index);
	return mmio_read16(c + VIRTIO_PCI_QUEUE_SIZE);
}

static void message_interrupt(void *arg)
{
	struct entry *entry = arg;

	if (entry->number == 0) {
		virtio_interrupt_config(&entry->transport->device);
	} else {
		virtio_interrupt_queues(&entry->transport->device,
					entry->number);
	}
}

static int request_entry(struct pci_transport *t, unsigned number, unsigned cpu)
{
	struct entry *entry = &t->entries[number];
	int err;

	if (entry->transport != NULL) {
		return 0;
	}
	entry->transport = t;
	entry->number = (uint16_t)number;
	err = pci_msix_request(t->pci, number, cpu, message_interrupt, entry);
	if (err < 0) {
		entry->transport = NULL;
	}
	return err;
}

/* Selects the queue's interrupt; the queue is selected.  0 or an error. */
static int route_queue(struct virtio_queue *queue, unsigned cpu)
{
	struct pci_transport *t = transport_of(queue->device);
	volatile uint8_t *c = common(queue->device);
	unsigned number;
	int err;

	if (t->entry_count == 0) {
		queue->vector = VIRTIO_PCI_NO_VECTOR;
		return 0;
	}
	number = 1 + queue->index % (t->entry_count - 1);
	err = request_entry(t, number, cpu);
	if (err < 0) {
		return err;
	}
	queue->vector = (uint16_t)number;
	mmio_write16(c + VIRTIO_PCI_QUEUE_VECTOR, queue->vector);
	return mmio_read16(c + VIRTIO_PCI_QUEUE_VECTOR) == queue->vector
		       ? 0
		       : -ENOSPC;
}

static void write_address(volatile uint8_t *at, const volatile void *ring)
{
	uint64_t address = mmu_direct_paddr((const void *)ring).value;

	mmio_write32(at, (uint32_t)address);
	mmio_write32(at + 4, (uint32_t)(address >> 32));
}

static int pci_queue_start(struct virtio_queue *queue, unsigned cpu)
{
	struct pci_transport *t = transport_of(queue->device);
	const struct block *notify = &t->blocks[VIRTIO_CAP_NOTIFY];
	volatile uint8_t *c = common(queue->device);
	uint64_t notify_at;
	int err;

	mmio_write16(c + VIRTIO_PCI_QUEUE_SEL, queue->index);
	notify_at = (uint64_t)mmio_read16(c + VIRTIO_PCI_QUEUE_NOTIFY_OFF) *
		    t->notify_multiplier;
	if (notify_at + sizeof(uint16_t) > notify->size) {
		return -EINVAL;
	}
	queue->notify_address = notify->base + notify_at;
	err = route_queue(queue, cpu);
	if (err < 0) {
		return err;
	}
	mmio_write16(c + VIRTIO_PCI_QUEUE_SIZE, queue->size);
	write_address(c + VIRTIO_PCI_QUEUE_DESC, queue->desc);
	write_address(c + VIRTIO_PCI_QUEUE_AVAIL, queue->avail);
	write_address(c + VIRTIO_PCI_QUEUE_USED, queue->used);
	mmio_write16(c + VIRTIO_PCI_QUEUE_ENABLE, 1);
	return 0;
}

static void pci_notify(struct virtio_queue *queue)
{
	mmio_write16(queue->notify_address, queue->index);
}

static const struct virtio_transport pci_ops = {
	.features = pci_features,
	.set_features = pci_set_features,
	.status = pci_status,
	.set_status = pci_set_status,
	.generation = pci_generation,
	.config8 = pci_config8,
	.config16 = pci_config16,
	.config32 = pci_config32,
	.queue_size = pci_queue_size,
	.queue_start = pci_queue_start,
	.notify = pci_notify,
};

/* --- discovery -------------------------------------------------------------
 */

static uint32_t type_of(const struct pci_device *pci)
{
	if (pci->device >= VIRTIO_PCI_MODERN &&
	    pci->device < VIRTIO_PCI_MODERN_END) {
		return pci->device - VIRTIO_PCI_MODERN;
	}
	if (pci->device >= VIRTIO_PCI_TRANSITIONAL &&
	    pci->device < VIRTIO_PCI_TRANSITIONAL_END) {
		return pci->subsystem;
	}
	return 0;
}

/* The first usable block of each kind, as the specification says. */
static void find_blocks(struct pci_transport *t)
{
	struct pci_device *pci = t->pci;
	unsigned at = 0;

	while ((at = pci_find_capability(pci, PCI_CAPABILITY_VENDOR, at)) !=
	       0) {
		uint8_t type = pci_read8(pci, at + VIRTIO_CAP_TYPE);
		struct block *block;

		if (type == 0 || type >= BLOCK_COUNT ||
		    t->blocks[type].base != NULL) {
			continue;
		}
		block = &t->blocks[type];
		block->size = pci_read32(pci, at + VIRTIO_CAP_SIZE);
		block->base = pci_map(pci, pci_read8(pci, at + VIRTIO_CAP_BAR),
				      pci_read32(pci, at + VIRTIO_CAP_OFFSET),
				      block->size);
		if (type == VIRTIO_CAP_NOTIFY) {
			t->notify_multiplier = pci_read32(
				pci, at + VIRTIO_CAP_NOTIFY_MULTIPLIER);
		}
	}
}

static void line_interrupt(void *arg)
{
	struct pci_transport *t = arg;
	uint8_t status = mmio_read8(t->blocks[VIRTIO_CAP_ISR].base);

	if ((status & VIRTIO_ISR_QUEUE) != 0) {
		virtio_interrupt_queues(&t->device, VIRTIO_PCI_NO_VECTOR);
	}
	if ((status & VIRTIO_ISR_CONFIG) != 0) {
		virtio_interrupt_config(&t->device);
	}
}

static int start_interrupts(struct pci_transport *t)
{
	int count = pci_msix_enable(t->pci);

	if (count < 0) {
		return pci_line_request(t->pci, line_interrupt, t);
	}
	if (count == 1) {
		return -ENOSPC; /* queues and changes need one each */
	}
	t->entry_count = (unsigned)count > VIRTIO_QUEUE_MAX + 1
				 ? VIRTIO_QUEUE_MAX + 1
				 : (unsigned)count;
	return request_entry(t, 0, 0);
}

static int start(struct pci_transport *t)
{
	int err;

	find_blocks(t);
	if (t->blocks[VIRTIO_CAP_COMMON].base == NULL ||
	    t->blocks[VIRTIO_CAP_COMMON].size < VIRTIO_PCI_COMMON_SIZE ||
	    t->blocks[VIRTIO_CAP_NOTIFY].base == NULL ||
	    t->blocks[VIRTIO_CAP_ISR].base == NULL) {
		log_error("%s: legacy virtio device: not supported",
			  t->device.name);
		return -ENODEV;
	}
	err = start_interrupts(t);
	return err < 0 ? err : virtio_device_add(&t->device);
}

static int virtio_pci_probe(struct pci_device *pci)
{
	uint32_t type = type_of(pci);
	struct pci_transport *t;

	if (type == 0) {
		return -ENODEV;
	}
	t = kzalloc(sizeof(*t));
	if (t == NULL) {
		return -ENOMEM;
	}
	t->pci = pci;
	t->device.transport = &pci_ops;
	t->device.id = type;
	ksnprintf(t->device.name, sizeof(t->device.name), "virtio-pci %s",
		  pci->name);
	pci->driver_private = t;
	start(t); /* says what went wrong; interrupts may name t: it stays */
	return 0;
}

static const struct pci_driver virtio_pci = {
	.name = "virtio-pci",
	.vendor = VIRTIO_PCI_VENDOR,
	.probe = virtio_pci_probe,
};
PCI_DRIVER(virtio_pci);
