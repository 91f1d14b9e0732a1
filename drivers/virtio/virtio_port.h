/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/*
 * One port of a virtio console: a byte stream in both directions, and its file.
 *
 * Key: [I] immutable once registered, [l] lock, [a] atomic.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <drivers/virtio.h>
#include <lib/list.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <vfs/device.h>

#define PORT_BUFFER_SIZE  1024
#define PORT_BUFFER_COUNT 4 /* in each direction */
#define PORT_NAME_SIZE	  64

struct port_buffer {
	struct list_node link; /* [l] received or free */
	uint32_t length;
	uint32_t taken;
	uint8_t bytes[PORT_BUFFER_SIZE];
};

struct virtio_port {
	struct virtio_queue *receive;  /* [l] */
	struct virtio_queue *transmit; /* [l] */
	struct spinlock lock;	       /* irq safe */
	struct list received;	       /* [l] struct port_buffer, in order */
	struct list free;	       /* [l] for output */
	struct wait_queue wait;	       /* input, room, host's connection */
	unsigned number;	       /* [I] on its device */
	bool host_open;		       /* [a] */
	bool guest_open;	       /* [l] one file at a time */
	bool is_console;	       /* [a] */
	/* Tells the host that the file was opened or closed.  May sleep. */
	void (*announce)(struct virtio_port *port, bool open); /* [I] */
	struct char_device node;    /* /dev/vport0p1, /dev/hvc0 */
	struct char_device by_name; /* /dev/virtio-ports/NAME */
	char node_name[16];
	char name[PORT_NAME_SIZE + 16]; /* "virtio-ports/NAME"; "": none */
	bool node_there, name_there;
};

/* Queues of port `number` are created and its input buffers posted; the device
 * may not be ready yet.  0 or an error.  May sleep. */
int virtio_port_start(struct virtio_port *port, struct virtio_device *device,
		      unsigned number);
/* The same with queues `first` and first + 1, for the control messages. */
int virtio_port_start_at(struct virtio_port *port, struct virtio_device *device,
			 unsigned first);
/* Tells the device of the input buffers, once it is ready. */
void virtio_port_kick(struct virtio_port *port);
/* Takes what has come, for the kernel's own use: bytes, 0 when there is
 * nothing. */
size_t virtio_port_take(struct virtio_port *port, void *buffer, size_t size);
/* Queues one buffer (<= PORT_BUFFER_SIZE) of output: false, no room. */
bool virtio_port_send(struct virtio_port *port, const void *text, size_t size);
void virtio_port_set_host_open(struct virtio_port *port, bool open);
/* Registers the node once, and the name's.  May sleep. */
int virtio_port_add_node(struct virtio_port *port, const char *node_name);
int virtio_port_add_name(struct virtio_port *port, const char *name);
