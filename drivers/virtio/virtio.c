/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Virtio devices: negotiation (specification 3.1), configuration, drivers.
 */
#include "internal.h"

#include <arch/cpu.h>
#include <debug/log.h>
#include <lib/compiler.h>
#include <lib/errno_name.h>
#include <lib/minmax.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/errno.h>

#define COMMON_FEATURES                                                        \
	(VIRTIO_FEATURE(VIRTIO_F_VERSION_1) |                                  \
	 VIRTIO_FEATURE(VIRTIO_F_INDIRECT) |                                   \
	 VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX) |                                  \
	 VIRTIO_FEATURE(VIRTIO_F_PLATFORM))
#define RESET_SPIN_COUNT 1000000
#define CONFIG_RETRY_MAX 100 /* of a configuration that keeps changing */

extern const struct virtio_driver *const __start_virtio_drivers[];
extern const struct virtio_driver *const __stop_virtio_drivers[];

bool virtio_has_feature(const struct virtio_device *device, unsigned bit)
{
	return (device->features & VIRTIO_FEATURE(bit)) != 0;
}

bool virtio_is_broken(const struct virtio_device *device)
{
	return __atomic_load_n(&device->broken, __ATOMIC_ACQUIRE);
}

const char *virtio_name(const struct virtio_device *device)
{
	return device->name;
}

void virtio_set_private(struct virtio_device *device, void *private)
{
	device->private = private;
}

void *virtio_private(const struct virtio_device *device)
{
	return device->private;
}

/* --- status ----------------------------------------------------------------
 */

static void add_status(struct virtio_device *device, uint8_t bits)
{
	const struct virtio_transport *t = device->transport;

	t->set_status(device, t->status(device) | bits);
}

static int reset(struct virtio_device *device)
{
	device->transport->set_status(device, 0);
	for (unsigned i = 0; i < RESET_SPIN_COUNT; i++) {
		if (device->transport->status(device) == 0) {
			return 0;
		}
		cpu_relax();
	}
	return -EIO;
}

void virtio_ready(struct virtio_device *device)
{
	add_status(device, VIRTIO_STATUS_DRIVER_OK);
}

void virtio_device_break(struct virtio_device *device, const char *why)
{
	if (__atomic_exchange_n(&device->broken, true, __ATOMIC_ACQ_REL)) {
		return;
	}
	reset(device); /* it must not write to our memory any more */
	log_error("%s: broken: %s", device->name, why);
}

/* --- configuration ---------------------------------------------------------
 */

static void read_config(struct virtio_device *device, unsigned offset,
			uint8_t *bytes, size_t size)
{
	const struct virtio_transport *t = device->transport;

	while (size > 0) {
		size_t width = size >= 4 && offset % 4 == 0   ? 4
			       : size >= 2 && offset % 2 == 0 ? 2
							      : 1;
		uint32_t value = width == 4   ? t->config32(device, offset)
				 : width == 2 ? t->config16(device, offset)
					      : t->config8(device, offset);

		memcpy(bytes, &value, width); /* little endian */
		bytes += width;
		offset += (unsigned)width;
		size -= width;
	}
}

void virtio_config_read(struct virtio_device *device, unsigned offset,
			void *buffer, size_t size)
{
	for (unsigned i = 0; i < CONFIG_RETRY_MAX; i++) {
		uint32_t before = device->transport->generation(device);

		read_config(device, offset, buffer, size);
		if (device->transport->generation(device) == before) {
			return;
		}
	}
}

uint8_t virtio_config_read8(struct virtio_device *device, unsigned offset)
{
	uint8_t value;

	virtio_config_read(device, offset, &value, sizeof(value));
	return value;
}

uint16_t virtio_config_read16(struct virtio_device *device, unsigned offset)
{
	uint16_t value;

	virtio_config_read(device, offset, &value, sizeof(value));
	return value;
}

uint32_t virtio_config_read32(struct virtio_device *device, unsigned offset)
{
	uint32_t value;

	virtio_config_read(device, offset, &value, sizeof(value));
	return value;
}

uint64_t virtio_config_read64(struct virtio_device *device, unsigned offset)
{
	uint64_t value;

	virtio_config_read(device, offset, &value, sizeof(value));
	return value;
}

/* --- queues ----------------------------------------------------------------
 */

static int start_queue(struct virtio_queue *queue, unsigned cpu)
{
	struct virtio_device *device = queue->device;
	unsigned size = device->transport->queue_size(device, queue->index);
	int err;

	if (size == 0) {
		return -ENOENT;
	}
	size = MIN(size, (unsigned)VIRTIO_RING_SIZE_MAX);
	while ((size & (size - 1)) != 0) {
		size &= size - 1; /* down to a power of two */
	}
	err = virtio_queue_allocate(queue, size);
	if (err < 0) {
		return err;
	}
	err = device->transport->queue_start(queue, cpu);
	if (err < 0) {
		virtio_queue_free(queue);
	}
	return err;
}

int virtio_queue_create(struct virtio_device *device, unsigned index,
			unsigned cpu, virtio_handler *handler, void *arg,
			struct virtio_queue **queue_out)
{
	struct virtio_queue *queue;
	int err;

	if (device->queue_count == VIRTIO_QUEUE_MAX) {
		return -EINVAL;
	}
	queue = kzalloc(sizeof(*queue));
	if (queue == NULL) {
		return -ENOMEM;
	}
	queue->device = device;
	queue->index = (uint16_t)index;
	queue->handler = handler;
	queue->arg = arg;
	err = start_queue(queue, cpu);
	if (err < 0) {
		kfree(queue);
		return err;
	}
	*queue_out = queue;
	device->queues[device->queue_count] = queue;
	__atomic_store_n(&device->queue_count, device->queue_count + 1,
			 __ATOMIC_RELEASE);
	return 0;
}

void virtio_interrupt_queues(struct virtio_device *device, uint16_t vector)
{
	unsigned count =
		__atomic_load_n(&device->queue_count, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < count; i++) {
		struct virtio_queue *queue = device->queues[i];

		if (vector == VIRTIO_PCI_NO_VECTOR || queue->vector == vector) {
			queue->handler(queue, queue->arg);
		}
	}
}

void virtio_interrupt_config(struct virtio_device *device)
{
	uint8_t status = device->transport->status(device);

	if ((status & VIRTIO_STATUS_NEEDS_RESET) != 0) {
		virtio_device_break(device, "it asks for a reset");
	}
	if (device->driver != NULL && device->driver->config_changed != NULL) {
		device->driver->config_changed(device);
	}
}

/* --- probing ---------------------------------------------------------------
 */

static const struct virtio_driver *find_driver(uint32_t id)
{
	for (const struct virtio_driver *const *at = __start_virtio_drivers;
	     at < __stop_virtio_drivers; at++) {
		if ((*at)->id == id) {
			return *at;
		}
	}
	return NULL;
}

static int negotiate(struct virtio_device *device)
{
	const struct virtio_transport *t = device->transport;
	uint64_t offered = t->features(device);

	if ((offered & VIRTIO_FEATURE(VIRTIO_F_VERSION_1)) == 0) {
		log_error("%s: legacy device: not supported", device->name);
		return -ENODEV;
	}
	device->features =
		offered & (device->driver->features | COMMON_FEATURES);
	t->set_features(device, device->features);
	add_status(device, VIRTIO_STATUS_FEATURES_OK);
	return (t->status(device) & VIRTIO_STATUS_FEATURES_OK) != 0 ? 0
								    : -EINVAL;
}

/* The device is reset before its rings are freed. */
static void give_up(struct virtio_device *device)
{
	unsigned count = device->queue_count;

	reset(device);
	__atomic_store_n(&device->queue_count, 0, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < count; i++) {
		virtio_queue_free(device->queues[i]);
		kfree(device->queues[i]);
	}
}

int virtio_device_add(struct virtio_device *device)
{
	int err = reset(device);

	device->driver = find_driver(device->id);
	if (device->driver == NULL) {
		return -ENODEV;
	}
	if (err == 0) {
		add_status(device, VIRTIO_STATUS_ACKNOWLEDGE);
		add_status(device, VIRTIO_STATUS_DRIVER);
		err = negotiate(device);
	}
	if (err == 0) {
		err = device->driver->probe(device);
	}
	if (err < 0) {
		if (err != -ENODEV) {
			log_error("%s: %s: %s", device->name,
				  device->driver->name, errno_name(err));
		}
		give_up(device);
	}
	return err;
}
