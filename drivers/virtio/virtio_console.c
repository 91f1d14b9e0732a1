/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The virtio console (specification 5.3): ports, and the control messages that
 * announce them.
 *
 * A port appears as /dev/vport0pN, a console port as /dev/hvcN, one with a name
 * as /dev/virtio-ports/NAME too.  At most PORT_COUNT_MAX ports are used: their
 * queues must exist before the device is started.  One device: a second one is
 * left alone.
 *
 * Control messages are handled by the thread "vconsole", since nodes are
 * registered in thread context; they travel like the bytes of a port, one
 * buffer each.
 */
#include <drivers/virtio.h>

#include "virtio_port.h"

#include <debug/log.h>
#include <lib/minmax.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <sched/thread.h>
#include <uapi/errno.h>

#define PORT_COUNT_MAX 4
#define CONTROL_QUEUE  2 /* and 3 */

#define VIRTIO_CONSOLE_F_MULTIPORT 1
#define CONFIG_PORT_COUNT	   4 /* 32 bits */

enum event {
	DEVICE_READY,
	DEVICE_ADD,
	DEVICE_REMOVE,
	PORT_READY,
	CONSOLE_PORT,
	RESIZE,
	PORT_OPEN,
	PORT_NAME,
};

struct control_message {
	uint32_t port;
	uint16_t event;
	uint16_t value;
};

_Static_assert(sizeof(struct control_message) == 8, "5.3.6.2");

static struct console {
	struct virtio_device *device; /* [I] NULL: none */
	bool multiport;		      /* [I] */
	unsigned port_count;	      /* [I] */
	struct virtio_port control;
	struct virtio_port ports[PORT_COUNT_MAX];
} console;

/* Waits for a buffer as long as it takes: there are few messages, and the
 * device answers each. */
static void send(unsigned port, enum event event, unsigned value)
{
	struct control_message message = {
		.port = port,
		.event = (uint16_t)event,
		.value = (uint16_t)value,
	};

	while (!virtio_port_send(&console.control, &message, sizeof(message)) &&
	       !virtio_is_broken(console.device)) {
		thread_sleep_ns(1000 * 1000);
	}
}

static void announce(struct virtio_port *port, bool open)
{
	if (console.multiport) {
		send(port->number, PORT_OPEN, open);
	}
}

static void add_port(struct virtio_port *port, bool is_console)
{
	char name[16];

	if (is_console) {
		__atomic_store_n(&port->is_console, true, __ATOMIC_RELEASE);
		ksnprintf(name, sizeof(name), "hvc%u", port->number);
	} else {
		ksnprintf(name, sizeof(name), "vport0p%u", port->number);
	}
	if (virtio_port_add_node(port, name) < 0) {
		log_warning("virtio-console: no node for port %u",
			    port->number);
	}
}

/* text: what follows the message, terminated. */
static void handle(const struct control_message *message, const char *text)
{
	struct virtio_port *port;

	if (message->port >= console.port_count) {
		if (message->event == DEVICE_ADD) {
			send(message->port, PORT_READY, 0); /* not used */
		}
		return;
	}
	port = &console.ports[message->port];
	switch (message->event) {
	case DEVICE_ADD:
		send(message->port, PORT_READY, 1);
		break;
	case CONSOLE_PORT:
		add_port(port, true);
		send(message->port, PORT_OPEN, 1);
		break;
	case PORT_OPEN:
		add_port(port, false);
		virtio_port_set_host_open(port, message->value != 0);
		break;
	case PORT_NAME:
		add_port(port, false);
		if (virtio_port_add_name(port, text) < 0) {
			log_warning("virtio-console: port %u: name not usable",
				    message->port);
		}
		break;
	case DEVICE_REMOVE:
		virtio_port_set_host_open(port, false);
		break;
	default: /* RESIZE: no terminal here; newer ones: ignored */
		break;
	}
}

static bool has_message(void)
{
	return !list_is_empty(&console.control.received);
}

/* Woken by the control queue's interrupt, after the fact. */
static void wait_for_message(void)
{
	struct waiter waiter;

	waiter_init(&waiter, 0);
	wait_queue_add(&console.control.wait, &waiter);
	for (;;) {
		thread_prepare_sleep(false);
		if (has_message()) {
			thread_cancel_sleep();
			break;
		}
		thread_sleep(WAIT_FOREVER);
	}
	wait_queue_remove(&console.control.wait, &waiter);
}

static void control_thread(void *arg)
{
	static char buffer[PORT_BUFFER_SIZE + 1]; /* of this thread */

	(void)arg;
	send(0, DEVICE_READY, 1);
	for (;;) {
		struct control_message message;
		size_t size;

		wait_for_message();
		size = virtio_port_take(&console.control, buffer,
					PORT_BUFFER_SIZE);
		if (size < sizeof(message)) {
			continue;
		}
		memcpy(&message, buffer, sizeof(message));
		buffer[MIN(size, sizeof(message) + PORT_NAME_SIZE - 1)] = '\0';
		handle(&message, buffer + sizeof(message));
	}
}

/* --- probing ---------------------------------------------------------------
 */

static int start_ports(struct virtio_device *device)
{
	for (unsigned i = 0; i < console.port_count; i++) {
		int err = virtio_port_start(&console.ports[i], device, i);

		if (err < 0) {
			return err;
		}
		console.ports[i].announce = announce;
	}
	return 0;
}

static int console_probe(struct virtio_device *device)
{
	struct thread *thread;
	int err;

	if (console.device != NULL) {
		return -ENODEV;
	}
	console.multiport =
		virtio_has_feature(device, VIRTIO_CONSOLE_F_MULTIPORT);
	console.port_count = 1;
	if (console.multiport) {
		uint32_t count =
			virtio_config_read32(device, CONFIG_PORT_COUNT);

		count = MIN(count, (uint32_t)PORT_COUNT_MAX);
		console.port_count = MAX(count, 1u);
		err = virtio_port_start_at(&console.control, device,
					   CONTROL_QUEUE);
		if (err < 0) {
			return err;
		}
	}
	err = start_ports(device);
	if (err < 0) {
		return err;
	}
	virtio_ready(device);
	console.device = device;
	for (unsigned i = 0; i < console.port_count; i++) {
		virtio_port_kick(&console.ports[i]);
	}
	if (!console.multiport) {
		add_port(&console.ports[0], true);
		return 0;
	}
	virtio_port_kick(&console.control);
	err = thread_create_kernel("vconsole", control_thread, NULL, &thread);
	if (err < 0) {
		return err;
	}
	thread_start(thread);
	thread_put(thread);
	return 0;
}

static const struct virtio_driver virtio_console = {
	.name = "virtio-console",
	.id = VIRTIO_ID_CONSOLE,
	.features = VIRTIO_FEATURE(VIRTIO_CONSOLE_F_MULTIPORT),
	.probe = console_probe,
};
VIRTIO_DRIVER(virtio_console);
