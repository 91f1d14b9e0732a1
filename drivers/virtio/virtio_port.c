/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Ports of a virtio console as byte streams and files.
 *
 * Input buffers are with the device until they come back filled; they go to
 * the list `received` in that order and are posted again when read, so a
 * program that does not read holds the host off.  Output buffers come back
 * when the host has taken them.
 */
#include "virtio_port.h"

#include <arch/mmu.h>
#include <lib/compiler.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <process/signal.h>
#include <sched/thread.h>
#include <uapi/errno.h>
#include <uapi/fcntl.h>
#include <vfs/file.h>
#include <vfs/inode.h>
#include <vfs/poll.h>
#include <vfs/stat.h>

/* --- queues ----------------------------------------------------------------
 */

/* Lock held. */
static void post(struct virtio_port *port, struct port_buffer *buffer)
{
	struct virtio_buffer to = {
		.address = mmu_direct_paddr(buffer->bytes),
		.size = PORT_BUFFER_SIZE,
	};

	virtio_queue_add(port->receive, &to, 0, 1, buffer);
}

static void receive_interrupt(struct virtio_queue *queue, void *arg)
{
	struct virtio_port *port = arg;
	struct port_buffer *buffer;
	unsigned long irq = spin_lock_irqsave(&port->lock);
	uint32_t length;

	do {
		while ((buffer = virtio_queue_take(queue, &length)) != NULL) {
			buffer->length = length;
			buffer->taken = 0;
			list_add_tail(&port->received, &buffer->link);
		}
	} while (virtio_queue_interrupts_on(queue));
	spin_unlock_irqrestore(&port->lock, irq);
	wait_queue_wake(&port->wait, UINT32_MAX, POLL_IN | POLL_RDNORM);
}

static void transmit_interrupt(struct virtio_queue *queue, void *arg)
{
	struct virtio_port *port = arg;
	struct port_buffer *buffer;
	unsigned long irq = spin_lock_irqsave(&port->lock);
	uint32_t length;

	do {
		while ((buffer = virtio_queue_take(queue, &length)) != NULL) {
			list_add_tail(&port->free, &buffer->link);
		}
	} while (virtio_queue_interrupts_on(queue));
	spin_unlock_irqrestore(&port->lock, irq);
	wait_queue_wake(&port->wait, UINT32_MAX, POLL_OUT | POLL_WRNORM);
}

static int make_buffers(struct virtio_port *port)
{
	for (unsigned i = 0; i < 2 * PORT_BUFFER_COUNT; i++) {
		struct port_buffer *buffer = kzalloc(sizeof(*buffer));

		if (buffer == NULL) {
			return -ENOMEM; /* the probe fails: a few are lost */
		}
		if (i < PORT_BUFFER_COUNT) {
			list_add_tail(&port->free, &buffer->link);
		} else {
			unsigned long irq = spin_lock_irqsave(&port->lock);

			post(port, buffer);
			spin_unlock_irqrestore(&port->lock, irq);
		}
	}
	return 0;
}

int virtio_port_start_at(struct virtio_port *port, struct virtio_device *device,
			 unsigned first)
{
	int err;

	spinlock_init(&port->lock, "virtio.port");
	list_init(&port->received);
	list_init(&port->free);
	wait_queue_init(&port->wait);
	err = virtio_queue_create(device, first, 0, receive_interrupt, port,
				  &port->receive);
	if (err == 0) {
		err = virtio_queue_create(device, first + 1, 0,
					  transmit_interrupt, port,
					  &port->transmit);
	}
	return err < 0 ? err : make_buffers(port);
}

/* Port 0 has queues 0 and 1; 2 and 3 are the control queues. */
int virtio_port_start(struct virtio_port *port, struct virtio_device *device,
		      unsigned number)
{
	port->number = number;
	return virtio_port_start_at(port, device,
				    number == 0 ? 0 : 2 * number + 2);
}

void virtio_port_kick(struct virtio_port *port)
{
	unsigned long irq = spin_lock_irqsave(&port->lock);

	virtio_queue_kick(port->receive);
	spin_unlock_irqrestore(&port->lock, irq);
}

size_t virtio_port_take(struct virtio_port *port, void *buffer, size_t size)
{
	unsigned long irq = spin_lock_irqsave(&port->lock);
	struct port_buffer *from =
		list_first(&port->received, struct port_buffer, link);
	size_t count = 0;

	if (from != NULL) {
		count = MIN(size, (size_t)(from->length - from->taken));
		memcpy(buffer, from->bytes + from->taken, count);
		from->taken += (uint32_t)count;
		if (from->taken == from->length) {
			list_remove(&from->link);
			post(port, from);
			virtio_queue_kick(port->receive);
		}
	}
	spin_unlock_irqrestore(&port->lock, irq);
	return count;
}

bool virtio_port_send(struct virtio_port *port, const void *text, size_t size)
{
	unsigned long irq = spin_lock_irqsave(&port->lock);
	struct list_node *node = list_pop_head(&port->free);
	struct port_buffer *buffer;
	struct virtio_buffer from;

	if (node != NULL) {
		buffer = list_entry(node, struct port_buffer, link);
		memcpy(buffer->bytes, text, size);
		from.address = mmu_direct_paddr(buffer->bytes);
		from.size = (uint32_t)size;
		if (virtio_queue_add(port->transmit, &from, 1, 0, buffer) ==
		    0) {
			virtio_queue_kick(port->transmit);
		} else {
			list_add_head(&port->free, &buffer->link);
			node = NULL;
		}
	}
	spin_unlock_irqrestore(&port->lock, irq);
	return node != NULL;
}

void virtio_port_set_host_open(struct virtio_port *port, bool open)
{
	__atomic_store_n(&port->host_open, open, __ATOMIC_RELEASE);
	wait_queue_wake_all(&port->wait);
}

/* --- the file --------------------------------------------------------------
 */

static bool is_open(const struct virtio_port *port)
{
	return __atomic_load_n(&port->host_open, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&port->is_console, __ATOMIC_RELAXED);
}

static bool has_input(const struct virtio_port *port)
{
	return !list_is_empty(&port->received);
}

static bool has_room(const struct virtio_port *port)
{
	return !list_is_empty(&port->free);
}

/* Sleeps until the condition or the host's closing; woken by the interrupts
 * and by virtio_port_set_host_open(), after the fact. */
static int wait_for(struct virtio_port *port,
		    bool (*condition)(const struct virtio_port *port))
{
	unsigned long irq = spin_lock_irqsave(&port->lock);
	int err = 0;

	while (!condition(port) && is_open(port) && err == 0) {
		struct waiter waiter;

		waiter_init(&waiter, WAIT_INTERRUPTIBLE);
		wait_queue_add(&port->wait, &waiter);
		thread_prepare_sleep(true);
		spin_unlock_irqrestore(&port->lock, irq);
		err = thread_sleep(WAIT_FOREVER);
		wait_queue_remove(&port->wait, &waiter);
		irq = spin_lock_irqsave(&port->lock);
	}
	spin_unlock_irqrestore(&port->lock, irq);
	return err < 0 ? -ERESTARTSYS : 0;
}

static ssize_t port_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct virtio_port *port = file->private;
	uint8_t chunk[512];
	size_t count;

	(void)pos;
	if (to->remaining == 0) {
		return 0;
	}
	for (;;) {
		int err;

		count = virtio_port_take(port, chunk,
					 MIN(sizeof(chunk), to->remaining));
		if (count > 0) {
			break;
		}
		if (!is_open(port)) {
			return 0;
		}
		if ((file->flags & UAPI_O_NONBLOCK) != 0) {
			return -EAGAIN;
		}
		err = wait_for(port, has_input);
		if (err < 0) {
			return err;
		}
	}
	return iov_copy_to(to, chunk, count) == 0 ? -EFAULT : (ssize_t)count;
}

static ssize_t port_write(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	struct virtio_port *port = file->private;
	uint8_t chunk[PORT_BUFFER_SIZE];
	ssize_t total = 0;

	(void)pos;
	while (from->remaining > 0) {
		size_t size = iov_copy_from(from, chunk, sizeof(chunk));
		int err = size == 0 ? -EFAULT : 0;

		while (err == 0 && !virtio_port_send(port, chunk, size)) {
			if (!is_open(port)) {
				err = -ENODEV;
			} else if ((file->flags & UAPI_O_NONBLOCK) != 0) {
				err = -EAGAIN;
			} else {
				err = wait_for(port, has_room);
			}
		}
		if (err < 0) {
			return total > 0 ? total : err;
		}
		total += (ssize_t)size;
	}
	return total;
}

static uint32_t port_poll(struct file *file, struct poll_table *table)
{
	struct virtio_port *port = file->private;
	unsigned long irq;
	uint32_t events = 0;

	poll_wait(table, &port->wait);
	irq = spin_lock_irqsave(&port->lock);
	if (has_input(port)) {
		events |= POLL_IN | POLL_RDNORM;
	}
	if (has_room(port) && is_open(port)) {
		events |= POLL_OUT | POLL_WRNORM;
	}
	if (!is_open(port)) {
		events |= POLL_HUP;
	}
	spin_unlock_irqrestore(&port->lock, irq);
	return events;
}

static void set_guest_open(struct virtio_port *port, bool open)
{
	unsigned long irq = spin_lock_irqsave(&port->lock);

	port->guest_open = open;
	spin_unlock_irqrestore(&port->lock, irq);
	if (port->announce != NULL) {
		port->announce(port, open);
	}
}

static void port_release(struct file *file)
{
	set_guest_open(file->private, false);
}

static const struct file_ops port_ops = {
	.read = port_read,
	.write = port_write,
	.poll = port_poll,
	.release = port_release,
};

/* file->private is the node's: the port. */
static int port_open(struct inode *inode, struct file *file)
{
	struct virtio_port *port = file->private;
	unsigned long irq = spin_lock_irqsave(&port->lock);
	bool busy = port->guest_open;

	(void)inode;
	port->guest_open = true;
	spin_unlock_irqrestore(&port->lock, irq);
	if (busy) {
		return -EBUSY;
	}
	set_guest_open(port, true);
	return 0;
}

/* --- nodes -----------------------------------------------------------------
 */

#define PORT_MAJOR 244 /* dynamic on Linux too */
#define NAMED	   128 /* minor numbers of the second node */

static void fill_node(struct virtio_port *port, struct char_device *node,
		      const char *name, unsigned minor)
{
	*node = (struct char_device){
		.name = name,
		.device = MAKE_DEVICE(PORT_MAJOR, minor),
		.mode = MODE_CHARACTER | 0600,
		.ops = &port_ops,
		.open = port_open,
		.private = port,
	};
}

int virtio_port_add_node(struct virtio_port *port, const char *node_name)
{
	int err;

	if (port->node_there) {
		return 0;
	}
	string_copy(port->node_name, node_name, sizeof(port->node_name));
	fill_node(port, &port->node, port->node_name, port->number);
	err = char_device_register(&port->node);
	port->node_there = err == 0;
	return err;
}

int virtio_port_add_name(struct virtio_port *port, const char *name)
{
	int err;

	if (port->name_there || name[0] == '\0' || strchr(name, '/') != NULL ||
	    name[0] == '.') {
		return -EINVAL;
	}
	ksnprintf(port->name, sizeof(port->name), "virtio-ports/%s", name);
	fill_node(port, &port->by_name, port->name, NAMED + port->number);
	err = char_device_register(&port->by_name);
	port->name_there = err == 0;
	return err;
}
