/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * Between the virtio core, the rings and the transports.
 *
 * Key: [I] immutable once the device is ready, [q] the driver's lock of the
 * queue, [a] atomic.
 */
#include <drivers/virtio.h>

#include "virtio_hw.h"

struct page;

struct virtio_transport {
	uint64_t (*features)(struct virtio_device *device);
	void (*set_features)(struct virtio_device *device, uint64_t features);
	uint8_t (*status)(struct virtio_device *device);
	void (*set_status)(struct virtio_device *device, uint8_t status);
	uint32_t (*generation)(struct virtio_device *device);
	uint8_t (*config8)(struct virtio_device *device, unsigned offset);
	uint16_t (*config16)(struct virtio_device *device, unsigned offset);
	uint32_t (*config32)(struct virtio_device *device, unsigned offset);
	/* Descriptors that the device allows; 0: no such queue. */
	unsigned (*queue_size)(struct virtio_device *device, unsigned index);
	/* Tells the device where the rings are and routes the interrupt.
	 * 0 or an error. */
	int (*queue_start)(struct virtio_queue *queue, unsigned cpu);
	void (*notify)(struct virtio_queue *queue); /* any context */
};

struct virtio_device {
	const struct virtio_transport *transport; /* [I] */
	const struct virtio_driver *driver;	  /* [I] NULL: none yet */
	uint32_t id;				  /* [I] */
	char name[32];				  /* [I] "virtio-mmio@fe..." */
	uint64_t features;			  /* [I] negotiated */
	bool broken;				  /* [a] */
	unsigned queue_count;			  /* [a] grows in probe */
	struct virtio_queue *queues[VIRTIO_QUEUE_MAX]; /* [I] created ones */
	void *private;				       /* [I] of the driver */
};

/* What we know of a chain; the descriptors themselves are the device's. */
struct virtio_slot {
	void *token;		     /* [q] of a chain's head, else NULL */
	struct vring_desc *indirect; /* [q] table, or NULL */
	uint16_t next;		     /* [q] in the chain or the free list */
	uint16_t count;		     /* [q] descriptors of the chain */
	uint32_t writable;	     /* [q] bytes that the device may write */
};

struct virtio_queue {
	struct virtio_device *device;	    /* [I] */
	uint16_t index;			    /* [I] */
	uint16_t size;			    /* [I] power of two */
	uint16_t vector;		    /* [I] of the transport */
	volatile void *notify_address;	    /* [I] of the transport */
	virtio_handler *handler;	    /* [I] */
	void *arg;			    /* [I] */
	struct page *memory;		    /* [I] of the rings */
	unsigned order;			    /* [I] of memory */
	volatile struct vring_desc *desc;   /* [q] shared */
	volatile struct vring_avail *avail; /* [q] shared */
	volatile struct vring_used *used;   /* [q] shared */
	volatile uint16_t *used_event;	    /* [q] shared, ours */
	volatile uint16_t *avail_event;	    /* [q] shared, the device's */
	uint16_t free_head;		    /* [q] */
	uint16_t free_count;		    /* [q] */
	uint16_t avail_index;		    /* [q] chains ever made available */
	uint16_t kicked_index;		    /* [q] as of the last kick */
	uint16_t used_index;		    /* [q] chains ever taken back */
	struct virtio_slot *slots;	    /* [q] `size` of them */
};

/* virtio.c: negotiates and probes.  0, -ENODEV (no driver, not wanted) or the
 * error; the device stays reset then and the transport may free it. */
int virtio_device_add(struct virtio_device *device);
void virtio_device_break(struct virtio_device *device, const char *why);
/* Interrupt: queues with this vector, or all (VIRTIO_PCI_NO_VECTOR). */
void virtio_interrupt_queues(struct virtio_device *device, uint16_t vector);
void virtio_interrupt_config(struct virtio_device *device);

/* virtio_queue.c */
int virtio_queue_allocate(struct virtio_queue *queue, unsigned size);
void virtio_queue_free(struct virtio_queue *queue);
