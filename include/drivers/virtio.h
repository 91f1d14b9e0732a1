/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Virtio devices (Virtual I/O Device 1.2), modern interface only.
 *
 * 1. Life of a driver.  A const record, VIRTIO_DRIVER(record), names the device
 *    type and the features that the driver knows.  A transport (registers in
 *    memory, or PCI) finds a device; the core resets it, negotiates the
 *    common part of both feature sets plus VERSION_1, and calls probe(), which
 *
 *	reads the configuration	virtio_config_*()
 *	creates its queues	virtio_queue_create()
 *	says that it is ready	virtio_ready()
 *	registers with its room	block_device_register() ...
 *
 *    A probe that returns an error leaves the device reset.
 * 2. Queues.  virtio_queue_add() makes a chain of buffers available, with a
 *    token; virtio_queue_kick() tells the device if it wants to be told;
 *    virtio_queue_take() returns the token of a chain that came back.  The
 *    handler runs in interrupt context when something came back.
 * 3. Trust.  What the device writes into the used ring is checked: an unknown
 *    or repeated chain, a length beyond the buffers, an index that ran ahead
 *    make the device broken: one log line, it is reset, nothing is taken or
 *    added any more (virtio_is_broken()), and the driver answers what is in
 *    flight.  Descriptors are never read back from shared memory.
 * 4. Locks.  The caller's: one lock per queue, irq-safe when the handler takes
 *    it.  Nothing here sleeps but creation and probing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lib/types.h>

#define VIRTIO_ID_NET	  1
#define VIRTIO_ID_BLOCK	  2
#define VIRTIO_ID_CONSOLE 3
#define VIRTIO_ID_ENTROPY 4
#define VIRTIO_ID_FS	  26

/* Feature bits that belong to no device type. */
#define VIRTIO_F_INDIRECT    28
#define VIRTIO_F_EVENT_IDX   29
#define VIRTIO_F_VERSION_1   32
#define VIRTIO_F_PLATFORM    33 /* addresses as the platform's: ours are */
#define VIRTIO_FEATURE(bit)  (1ull << (bit))
#define VIRTIO_QUEUE_MAX     64	 /* queues of one device that we use */
#define VIRTIO_RING_SIZE_MAX 256 /* descriptors of one queue */

struct virtio_device;
struct virtio_queue;

struct virtio_driver {
	const char *name;
	uint32_t id;	   /* VIRTIO_ID_* */
	uint64_t features; /* VIRTIO_FEATURE() | ... of this type */
	/* Thread context.  0, -ENODEV (not wanted, no message), an error. */
	int (*probe)(struct virtio_device *device);
	/* Interrupt context; NULL: does not matter. */
	void (*config_changed)(struct virtio_device *device);
};

#define VIRTIO_DRIVER(record)                                                  \
	static const struct virtio_driver *const virtio_driver_##record        \
		__attribute__((section("virtio_drivers"), used)) = &(record)

/* Negotiated. */
bool virtio_has_feature(const struct virtio_device *device, unsigned bit);
bool virtio_is_broken(const struct virtio_device *device);
const char *virtio_name(const struct virtio_device *device);
void virtio_set_private(struct virtio_device *device, void *private);
void *virtio_private(const struct virtio_device *device);

/* Configuration space, little-endian; consistent within one call. */
void virtio_config_read(struct virtio_device *device, unsigned offset,
			void *buffer, size_t size);
uint8_t virtio_config_read8(struct virtio_device *device, unsigned offset);
uint16_t virtio_config_read16(struct virtio_device *device, unsigned offset);
uint32_t virtio_config_read32(struct virtio_device *device, unsigned offset);
uint64_t virtio_config_read64(struct virtio_device *device, unsigned offset);

/* From here on the device may use its queues. */
void virtio_ready(struct virtio_device *device);

typedef void virtio_handler(struct virtio_queue *queue, void *arg);

/*
 * Sets queue `index` up, at most VIRTIO_RING_SIZE_MAX long; interrupts go to
 * `cpu` if the device can choose.  Before virtio_ready().  0, -ENOENT (no such
 * queue), -EINVAL, -ENOMEM, -ENOSPC (interrupts).  May sleep.
 */
int virtio_queue_create(struct virtio_device *device, unsigned index,
			unsigned cpu, virtio_handler *handler, void *arg,
			struct virtio_queue **queue_out);

struct virtio_buffer {
	paddr_t address;
	uint32_t size;
};

/*
 * Makes a chain available: the first `out_count` buffers are read by the
 * device, the `in_count` behind them written.  token is not NULL.  0, -ENOSPC
 * (no descriptors now), -EIO (broken).
 */
int virtio_queue_add(struct virtio_queue *queue,
		     const struct virtio_buffer *buffers, unsigned out_count,
		     unsigned in_count, void *token);
void virtio_queue_kick(struct virtio_queue *queue);

/* A chain that came back and how many bytes were written to it; NULL: none. */
void *virtio_queue_take(struct virtio_queue *queue, uint32_t *length_out);

/* Interrupts are wanted from the start.  Off is a hint to the device; _on
 * returns true when something has come back meanwhile: take it first. */
void virtio_queue_interrupts_off(struct virtio_queue *queue);
bool virtio_queue_interrupts_on(struct virtio_queue *queue);

/* Longest chain that can be added to an empty queue. */
unsigned virtio_queue_size(const struct virtio_queue *queue);
